/* SPDX-License-Identifier: Apache-2.0 */
/* The timing model: an event-driven simulation at the granularity of bursts
 * and instructions, exact to the cycle.
 *
 * All that instructions do between start and end is a closed formula, except
 * where loads and fetch share the memory's read channel; there every burst is
 * served on its own.  See sim.h for the order of events.
 *
 * Cost: one event an instruction, one a chunk of fetch, one step a burst. */
#include "tsim/model.h"

#include <stdio.h>
#include <stdlib.h>

#include "tsim/sim.h"

const char *tsim_unit_name(TsimUnit unit) {
  static const char *const names[] = {"fetch", "load", "compute", "store",
                                      "memory"};
  return unit < TSIM_UNITS ? names[unit] : "?";
}

const char *tsim_cause_name(TsimCause cause) {
  static const char *const names[] = {
#define TSIM_CAUSE(NAME, name, meaning) name,
#include "tsim/causes.def"
  };
  return cause < TSIM_CAUSES ? names[cause] : "?";
}

const char *tsim_cause_meaning(TsimCause cause) {
  static const char *const meanings[] = {
#define TSIM_CAUSE(NAME, name, meaning) meaning,
#include "tsim/causes.def"
  };
  return cause < TSIM_CAUSES ? meanings[cause] : "?";
}

/* ---- Setting up --------------------------------------------------------- */

static uint32_t ring_size(uint32_t least) {
  uint32_t size = 1;
  while (size < least) size *= 2;
  return size;
}

static void set_transfer(Sim *sim, const HwConfig *config, uint32_t memory,
                         Slot slot) {
  uint32_t bytes = hw_elem_bytes(config, memory);
  bool wide = memory == HW_MEM_UOP || bytes <= 1u << sim->log_bytes;
  sim->transfers[memory] = (Transfer){bytes, wide, slot, wide ? 1 : 2};
}

static void set_transfers(Sim *sim, const HwConfig *config) {
  const uint32_t bus = 1u << sim->log_bytes;
  for (uint32_t memory = 0; memory < 8; memory++)
    set_transfer(sim, config, memory, SLOT_ACC);
  set_transfer(sim, config, HW_MEM_UOP, SLOT_UOP);
  set_transfer(sim, config, HW_MEM_INP, SLOT_LOAD);
  set_transfer(sim, config, HW_MEM_WGT, SLOT_LOAD);
  sim->out_bytes = (uint32_t)config->out_elem_bytes;
  sim->wide_store = sim->out_bytes <= bus;
  uint32_t row = sim->out_bytes / (uint32_t)config->batch;
  sim->log_out_row = row > bus ? __builtin_ctz(row / bus) : 0;
  sim->out_row_beats = 1u << sim->log_out_row;
}

static void set_shell(Sim *sim, const TimingConfig *timing) {
  sim->log_bytes = timing->log_bus_width - 3;
  sim->log_burst = timing->log_burst;
  sim->burst_beats = 1u << timing->log_burst;
  sim->span_mask = ((uint64_t)sim->burst_beats << sim->log_bytes) - 1;
  sim->wide_fetch = 1u << sim->log_bytes >= HW_INSN_BYTES;
  sim->fetch_most = sim->wide_fetch ? sim->burst_beats : sim->burst_beats / 2;
  sim->queue_depth = (uint32_t)timing->queue_depth;
  sim->queue_mask = ring_size(sim->queue_depth) - 1;
  sim->memory.channel.most = (uint32_t)timing->read_tags;
  sim->memory.channel.mask = ring_size(sim->memory.channel.most) - 1;
  sim->memory.channel.latency = timing->latency;
  sim->memory.channel.full = sim->burst_beats;
}

static void set_idle(Sim *sim) {
  for (int slot = 0; slot < SLOTS; slot++) sim->memory.posted[slot] = NEVER;
  for (int unit = 0; unit < ACTORS; unit++) sim->next[unit] = NEVER;
  sim->memory.channel.last_taken = sim->memory.channel.last_beat = -1;
  sim->earliest = NEVER;
  sim->books.limit = NEVER;
}

/* One block holds all rings: of the queues, the tags and the books. */
static void *reserve(Sim *sim, bool books) {
  size_t entries = (size_t)sim->queue_mask + 1;
  size_t tags = (size_t)sim->memory.channel.mask + 1;
  size_t bursts =
      books ? ring_size(sim->memory.channel.most + 2 * LOOKAHEAD) : 0;
  Entry *entry = malloc(3 * entries * sizeof *entry + tags * sizeof(Cycle) +
                        bursts * sizeof(Burst));
  if (!entry) return NULL;
  for (int unit = TSIM_LOAD; unit <= TSIM_STORE; unit++)
    sim->units[unit].queue = entry + (size_t)(unit - TSIM_LOAD) * entries;
  sim->memory.channel.tags = (Cycle *)(entry + 3 * entries);
  sim->books.bursts = (Burst *)(sim->memory.channel.tags + tags);
  sim->books.mask = (uint32_t)bursts - 1;
  return entry;
}

/* ---- Running ------------------------------------------------------------ */

static void run_events(Sim *sim, Cycle now) {
  if (sim->books.open) books_flush(sim, now);
  if (sim->next[TSIM_FETCH] == now) fetch_event(sim, now);
  for (int unit = TSIM_LOAD; unit <= TSIM_STORE && !sim->finished; unit++)
    if (sim->next[unit] == now) unit_done(sim, unit, now);
  sim->earliest = sooner(sooner(sim->next[0], sim->next[1]),
                         sooner(sim->next[2], sim->next[3]));
}

/* Returns false when nothing can happen any more. */
static bool run(Sim *sim) {
  fetch_begin(sim);
  while (!sim->finished) {
    memory_run(sim);
    if (sim->earliest == NEVER) return false;
    run_events(sim, sim->earliest);
  }
  return true;
}

/* ---- Refusing ----------------------------------------------------------- */

static int describe_unit(const Sim *sim, int number, char *to, size_t size) {
  const Unit *unit = &sim->units[number];
  const char *name = tsim_unit_name((TsimUnit)number);
  if (!unit->count) return snprintf(to, size, "; %s has no instruction", name);
  const Entry *entry = &unit->queue[unit->head & sim->queue_mask];
  const Insn *insn = &sim->insns[entry->insn];
  HwToken prev = hw_pop_token((HwStage)number, true);
  bool lacks_prev = insn->pop_prev && prev < HW_TOKENS && !sim->tokens[prev];
  HwToken lacks = lacks_prev ? prev : hw_pop_token((HwStage)number, false);
  return snprintf(
      to, size, "; %s is at instruction %u (%s) and lacks a token %s", name,
      entry->insn, hw_opcode_name(insn->opcode), hw_token_name(lacks));
}

static vtac_status refuse(const Sim *sim, Diag *diag) {
  char text[512] = "";
  size_t used = 0;
  uint32_t next = sim->fetch.dispatched;
  bool waits = false;
  for (int unit = TSIM_LOAD; unit <= TSIM_STORE; unit++) {
    waits = waits || sim->units[unit].count;
    used += (size_t)describe_unit(sim, unit, text + used, sizeof text - used);
  }
  if (!waits)
    return diag_set(diag, D_STREAM_END, "none of the %u instructions is FINISH",
                    sim->count);
  if (sim->fetch.blocked)
    snprintf(text + used, sizeof text - used,
             "; fetch is at instruction %u and the %s queue of %u entries is "
             "full",
             next, tsim_unit_name((TsimUnit)sim->fetch.blocked),
             sim->queue_depth);
  return diag_set(diag, D_DEADLOCK, "the stream cannot go on%s", text);
}

vtac_status tsim_time(const TsimJob *job, TsimResult *ret, Diag *diag) {
  TsimResult result = {0};
  Sim sim = {.insns = job->insns, .count = job->count, .result = &result};
  if (!job->count)
    return diag_set(diag, D_STREAM_END, "the stream has no instruction");
  set_shell(&sim, job->timing);
  set_transfers(&sim, job->config);
  set_idle(&sim);
  sim.books.open = job->account || job->sink;
  sim.books.sink = job->sink;
  for (int i = 0; job->tokens && i < HW_TOKENS; i++)
    sim.tokens[i] = job->tokens[i] < 255 ? (uint32_t)job->tokens[i] : 255;
  void *rings = reserve(&sim, sim.books.open);
  if (!rings)
    return diag_set(diag, D_NO_MEMORY, "no memory for the instruction queues");
  if (job->sink && job->sink->begin) job->sink->begin(job->sink->self, job);
  if (sim.books.open) books_begin(&sim);
  bool finished = run(&sim);
  result.cycles = (uint64_t)sim.units[TSIM_COMPUTE].done;
  result.insns[TSIM_FETCH] = sim.fetch.dispatched;
  if (finished && sim.books.open) books_end(&sim);
  vtac_status status = finished ? VTAC_OK : refuse(&sim, diag);
  free(rings);
  if (!finished) return status;
  if (job->sink && job->sink->end) job->sink->end(job->sink->self, &result);
  *ret = result;
  return VTAC_OK;
}

/* ---- Between streams ---------------------------------------------------- */

void tsim_tokens_after(const Insn *insns, uint32_t count,
                       uint64_t tokens[HW_TOKENS]) {
  uint64_t flags[HW_TOKENS + 1] = {0};
  for (uint32_t i = 0; i < count; i++) {
    const Insn *insn = &insns[i];
    if (!(insn->push_prev | insn->push_next | insn->pop_prev | insn->pop_next))
      continue; /* as most */
    HwStage stage = hw_stage(insn);
    flags[hw_push_token(stage, true)] += insn->push_prev;
    flags[hw_push_token(stage, false)] += insn->push_next;
    flags[hw_pop_token(stage, true)] -= insn->pop_prev;
    flags[hw_pop_token(stage, false)] -= insn->pop_next;
  }
  for (int i = 0; i < HW_TOKENS; i++) tokens[i] += flags[i];
}

void tsim_add(TsimResult *sums, const TsimResult *result) {
  uint64_t *to = (uint64_t *)sums;
  const uint64_t *from = (const uint64_t *)result;
  _Static_assert(sizeof *sums % sizeof *to == 0, "a result is all counters");
  for (size_t i = 0; i < sizeof *sums / sizeof *to; i++) to[i] += from[i];
}
