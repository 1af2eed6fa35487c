/* SPDX-License-Identifier: Apache-2.0 */
/* The accounting: gives every cycle of every unit exactly one cause.
 *
 * Each unit's account is complete up to a cycle and only ever extended, so
 * the causes of a unit add up to the run's length by construction.  What a
 * unit does while it reads memory depends on whose beats move, so bursts are
 * kept from their issue until they lie in the past; then they extend the
 * account of the memory and of all units that read.  Nothing is booked ahead
 * of the run's events except what precedes FINISH anyway, and the cycle in
 * which FINISH is done bounds the rest. */
#include <string.h>

#include "tsim/sim.h"

void books_begin(Sim *sim) {
  for (int unit = 0; unit < TSIM_UNITS; unit++)
    sim->books.account[unit].total = sim->result->causes[unit];
}

void books_span(Sim *sim, TsimUnit unit, TsimCause cause, Cycle end) {
  Books *books = &sim->books;
  Account *account = &books->account[unit];
  Cycle begin = account->at;
  end = sooner(end, books->limit);
  if (end <= begin) return;
  account->total[cause] += (uint64_t)(end - begin);
  account->insn[cause] += (uint64_t)(end - begin);
  account->at = end;
  if (books->sink && books->sink->span) {
    const TsimSpan span = {unit, cause, account->spent_on, (uint64_t)begin,
                           (uint64_t)end};
    books->sink->span(books->sink->self, &span);
  }
}

/* ---- Reading memory ----------------------------------------------------- */

void books_reading(Sim *sim, TsimUnit unit, Cycle posted) {
  sim->books.account[unit].reading = true;
  sim->books.account[unit].reads_from = posted + 1;
}

void books_burst(Sim *sim, Burst burst) {
  Books *books = &sim->books;
  books_flush(sim, sim->earliest == NEVER
                       ? burst.issued - 1
                       : sooner(burst.issued - 1, sim->earliest));
  books->bursts[(books->oldest + books->count++) & books->mask] = burst;
}

static void book_reader(Sim *sim, TsimUnit unit, const Burst *burst) {
  static const TsimCause taken[ACTORS] = {TSIM_BUS_FETCH, TSIM_BUS_LOAD,
                                          TSIM_BUS_COMPUTE, TSIM_LATENCY};
  Account *account = &sim->books.account[unit];
  if (!account->reading || account->reads_from > burst->last) return;
  if (unit != TSIM_FETCH && account->at < account->reads_from)
    books_until_reading(sim, unit);
  books_span(sim, unit, TSIM_LATENCY, burst->first);
  books_span(sim, unit, unit == burst->unit ? TSIM_WORK : taken[burst->unit],
             burst->last + 1);
  /* A chunk of instructions is one burst; a load says itself when it ends. */
  if (unit == TSIM_FETCH && burst->unit == TSIM_FETCH) account->reading = false;
}

static void book_memory(Sim *sim, const Burst *burst) {
  Account *account = &sim->books.account[TSIM_MEMORY];
  bool first = !account->total[TSIM_WORK];
  account->spent_on = burst->insn;
  books_span(sim, TSIM_MEMORY, first ? TSIM_START : TSIM_NO_INSN,
             burst->issued + 1);
  books_span(sim, TSIM_MEMORY, TSIM_LATENCY, burst->first);
  books_span(sim, TSIM_MEMORY, TSIM_WORK, burst->last + 1);
}

static void book_oldest(Sim *sim) {
  Books *books = &sim->books;
  const Burst burst = books->bursts[books->oldest++ & books->mask];
  books->count--;
  book_memory(sim, &burst);
  for (int unit = TSIM_FETCH; unit <= TSIM_COMPUTE; unit++)
    book_reader(sim, (TsimUnit)unit, &burst);
}

void books_flush(Sim *sim, Cycle now) {
  Books *books = &sim->books;
  while (books->count && books->bursts[books->oldest & books->mask].last <= now)
    book_oldest(sim);
}

/* ---- Instructions ------------------------------------------------------- */

void books_insn(Sim *sim, int number) {
  const Unit *unit = &sim->units[number];
  const Entry *entry = &unit->queue[unit->head & sim->queue_mask];
  const TsimSink *sink = sim->books.sink;
  Account *account = &sim->books.account[number];
  books_work(sim, number, &sim->insns[entry->insn]);
  if (sink && sink->insn) {
    TsimInsn insn = {.index = entry->insn,
                     .unit = (TsimUnit)number,
                     .visible = (uint64_t)entry->visible,
                     .start = (uint64_t)unit->start,
                     .done = (uint64_t)unit->done};
    memcpy(insn.causes, account->insn, sizeof insn.causes);
    sink->insn(sink->self, &insn);
  }
  memset(account->insn, 0, sizeof account->insn);
}

/* What a unit does whose last instruction FINISH leaves behind. */
static void end_unit(Sim *sim, int number) {
  Unit *unit = &sim->units[number];
  if (unit->busy && !sim->books.account[number].reading)
    books_work(sim, number,
               &sim->insns[unit->queue[unit->head & sim->queue_mask].insn]);
  else if (unit->busy)
    books_until_reading(sim, number);
  TsimCause rest = unit->busy ? TSIM_LATENCY : TSIM_DRAIN;
  if (!unit->busy && unit->count) {
    unit->start = sim->books.limit;
    books_until_reading(sim, number);
  }
  if (!unit->count) sim->books.account[number].spent_on = TSIM_NONE_LEFT;
  books_span(sim, (TsimUnit)number, rest, sim->books.limit);
}

void books_end(Sim *sim) {
  while (sim->books.count) book_oldest(sim);
  sim->books.account[TSIM_FETCH].spent_on = TSIM_NONE_LEFT;
  sim->books.account[TSIM_MEMORY].spent_on = TSIM_NONE_LEFT;
  books_span(sim, TSIM_FETCH, TSIM_DRAIN, sim->books.limit);
  for (int unit = TSIM_LOAD; unit <= TSIM_STORE; unit++) end_unit(sim, unit);
  books_span(sim, TSIM_MEMORY, TSIM_DRAIN, sim->books.limit);
}
