/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction fetch: chunks of instructions, one burst each, dispatched in
 * program order to the three queues, one a cycle.
 *
 * Narrow fetch reads a chunk and empties it before it asks for the next one.
 * Wide fetch puts a pipe of two instructions in between and asks for the next
 * chunk when the last instruction of this one has entered the pipe.
 *
 * An event of fetch is a dispatch.  Where a queue has room at the event, it
 * still has when later instructions of the chunk arrive, so they go with the
 * same event: their queue entries say when they become visible. */
#include "tsim/sim.h"

/* Cycles from a chunk's last beat to its first instruction's dispatch, and to
 * its entering the pipe. */
enum { BUFFER_DELAY = 2, PIPE_DELAY = 4 };

static TsimCause full_queue(int unit) {
  return (TsimCause)(TSIM_QUEUE_LOAD + (unit - TSIM_LOAD));
}

/* Books the fetch unit's cycles until an instruction leaves in `cycle`, which
 * could have been `earliest` but for the queue of a unit. */
static void book_instruction(Sim *sim, uint32_t insn, int full, Cycle earliest,
                             Cycle cycle) {
  sim->books.account[TSIM_FETCH].spent_on = insn;
  books_span(sim, TSIM_FETCH, TSIM_START, sooner(earliest, cycle));
  if (full) books_span(sim, TSIM_FETCH, full_queue(full), cycle);
  books_span(sim, TSIM_FETCH, TSIM_START, cycle);
  books_span(sim, TSIM_FETCH, TSIM_WORK, cycle + 1);
}

static void request_chunk(Sim *sim, Cycle cycle) {
  Fetch *fetch = &sim->fetch;
  uint32_t left = sim->count - fetch->requested;
  uint32_t n = left < sim->fetch_most ? left : sim->fetch_most;
  uint64_t bytes = (uint64_t)n * HW_INSN_BYTES;
  fetch->requested += n;
  memory_post(sim, SLOT_FETCH, cycle,
              (uint32_t)((bytes - 1) >> sim->log_bytes) + 1);
  if (!sim->books.open) return;
  if (cycle > 1) books_span(sim, TSIM_FETCH, TSIM_DRAIN, cycle);
  sim->books.account[TSIM_FETCH].spent_on = fetch->requested - n;
  books_span(sim, TSIM_FETCH, TSIM_START, cycle + 1);
  books_reading(sim, TSIM_FETCH, cycle);
}

void fetch_begin(Sim *sim) { request_chunk(sim, 1); }

void fetch_issued(Sim *sim, Cycle last_beat) {
  Fetch *fetch = &sim->fetch;
  fetch->last_beat = last_beat;
  fetch->arrived = fetch->requested;
  if (!fetch->blocked)
    schedule(sim, TSIM_FETCH,
             sooner(sim->next[TSIM_FETCH], last_beat + BUFFER_DELAY));
}

/* Moves instructions into the pipe's free places. */
static void fill_pipe(Sim *sim) {
  Fetch *fetch = &sim->fetch;
  while (fetch->enqueued < fetch->arrived &&
         fetch->enqueued < fetch->dispatched + 2) {
    uint32_t i = fetch->enqueued++;
    Cycle cycle =
        later(fetch->last_beat + PIPE_DELAY, fetch->dispatch[i & 1] + 1);
    cycle = later(cycle, fetch->enqueue[(i + 1) & 1] + 1);
    fetch->enqueue[i & 1] = cycle;
    if (sim->books.open)
      book_instruction(sim, i,
                       i < 2 ? TSIM_FETCH : (int)stage_of(&sim->insns[i - 2]),
                       fetch->last_beat + PIPE_DELAY, cycle);
    if (i + 1 == fetch->requested && i + 1 < sim->count)
      request_chunk(sim, cycle + 3);
  }
}

/* The first cycle in which the next instruction could be dispatched, or NEVER
 * when none is there. */
static Cycle next_dispatch(Sim *sim) {
  Fetch *fetch = &sim->fetch;
  if (!sim->wide_fetch)
    return fetch->dispatched < fetch->arrived
               ? later(fetch->bound, fetch->last_beat + BUFFER_DELAY)
               : NEVER;
  fill_pipe(sim);
  return fetch->dispatched < fetch->enqueued
             ? later(fetch->bound, fetch->enqueue[fetch->dispatched & 1] + 1)
             : NEVER;
}

static void dispatch(Sim *sim, int unit, Cycle now, Cycle cycle) {
  Fetch *fetch = &sim->fetch;
  Unit *to = &sim->units[unit];
  uint32_t i = fetch->dispatched++;
  to->queue[(to->head + to->count++) & sim->queue_mask] = (Entry){cycle + 1, i};
  fetch->bound = cycle + 1;
  fetch->dispatch[i & 1] = cycle;
  if (!sim->wide_fetch) {
    if (sim->books.open)
      book_instruction(sim, i, fetch->blocked, fetch->last_beat + BUFFER_DELAY,
                       cycle);
    if (i + 1 == fetch->requested && i + 1 < sim->count)
      request_chunk(sim, cycle + 2);
  }
  fetch->blocked = TSIM_FETCH;
  unit_step(sim, unit, now);
}

void fetch_event(Sim *sim, Cycle now) {
  Fetch *fetch = &sim->fetch;
  sim->next[TSIM_FETCH] = NEVER;
  for (;;) {
    Cycle cycle = next_dispatch(sim);
    if (cycle == NEVER) return;
    int unit = stage_of(&sim->insns[fetch->dispatched]);
    if (sim->units[unit].count < sim->queue_depth) {
      dispatch(sim, unit, now, cycle);
    } else if (cycle > now) {
      schedule(sim, TSIM_FETCH, cycle);
      return;
    } else {
      fetch->blocked = unit;
      return;
    }
  }
}

void fetch_wake(Sim *sim, int unit, Cycle freed) {
  if (sim->fetch.blocked != unit) return;
  sim->fetch.bound = freed + 1;
  schedule(sim, TSIM_FETCH, freed + 1);
}
