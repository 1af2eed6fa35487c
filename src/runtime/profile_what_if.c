/* SPDX-License-Identifier: Apache-2.0 */
/* Experiments: the profile of the same run with one thing changed.
 *
 * Waits are taken away with the tokens' flags; the last one stays, for the end
 * of the run has to await the work of all units.  Where instructions change,
 * time is what counts: the result need not be right to compute. */
#include "runtime/profile.h"

typedef enum Experiment {
#define EXPERIMENT(NAME, name, premise, means) NAME,
#include "runtime/experiments.def"
  EXPERIMENTS
} Experiment;

static const vtac_what_if experiments[EXPERIMENTS] = {
#define EXPERIMENT(NAME, name, premise, means) {name, premise, means},
#include "runtime/experiments.def"
};

int vtac_what_if_at(int index, vtac_what_if *ret) {
  if (index < 0 || index >= EXPERIMENTS) return 0;
  *ret = experiments[index];
  return 1;
}

/* ---- Instructions ------------------------------------------------------- */

/* Is `next` what `first` would go on with, token flags included? */
static bool continues(const Insn *first, const Insn *next) {
  if (first->opcode != HW_OP_STORE || next->opcode != HW_OP_STORE) return false;
  if (!first->mem.x_size || !next->mem.x_size) return false;
  if (first->push_prev || first->push_next || next->pop_prev || next->pop_next)
    return false;
  return next->mem.memory_type == first->mem.memory_type &&
         next->mem.sram_base ==
             first->mem.sram_base + first->mem.x_size * first->mem.y_size;
}

/* One row and the row behind it, as a longer row. */
static bool extend_row(Insn *first, const Insn *next) {
  const uint32_t most = UINT16_MAX;
  MemInsn *row = &first->mem;
  if (row->y_size != 1 || next->mem.y_size != 1 ||
      next->mem.dram_base != row->dram_base + row->x_size ||
      row->x_size + next->mem.x_size > most)
    return false;
  row->x_size += next->mem.x_size;
  return true;
}

/* Rows of one size, equally far apart, and one more. */
static bool add_row(Insn *first, const Insn *next) {
  const uint32_t most = UINT16_MAX;
  MemInsn *box = &first->mem;
  uint32_t apart = next->mem.dram_base - box->dram_base;
  if (next->mem.y_size != 1 || next->mem.x_size != box->x_size ||
      next->mem.dram_base < box->dram_base || box->y_size == most)
    return false;
  uint32_t stride = box->y_size == 1 ? apart : box->x_stride;
  if (stride > most || stride < box->x_size || apart != stride * box->y_size)
    return false;
  box->x_stride = stride;
  box->y_size++;
  return true;
}

/* Joins the stores of a stream that continue each other. */
static void merge_stores(vtac_profile *profile, ProfileStream *stream,
                         bool (*join)(Insn *first, const Insn *next)) {
  Insn *insns = profile->insns + stream->first;
  uint32_t *site = profile->site + stream->first, kept = 0;
  for (uint32_t i = 0; i < stream->count; i++) {
    Insn *last = kept ? &insns[kept - 1] : NULL;
    if (last && continues(last, &insns[i]) && join(last, &insns[i])) {
      last->push_prev = insns[i].push_prev;
      last->push_next = insns[i].push_next;
      continue;
    }
    insns[kept] = insns[i];
    site[kept++] = site[i];
  }
  stream->count = kept;
}

/* A load that does nothing still carries its tokens. */
static void drop_uop_loads(vtac_profile *profile, const ProfileStream *stream) {
  for (uint32_t i = 0; i < stream->count; i++) {
    Insn *insn = &profile->insns[stream->first + i];
    if (insn->opcode == HW_OP_LOAD && insn->mem.memory_type == HW_MEM_UOP)
      insn->mem.x_size = 0;
  }
}

/* ---- Experiments -------------------------------------------------------- */

/* Where an instruction says that it takes a token from a queue, or that it
 * sends one there; NULL if its unit does not do that. */
static uint32_t *token_flag(Insn *insn, HwToken queue, bool pop) {
  HwStage stage = hw_stage(insn);
  HwToken prev = pop ? hw_pop_token(stage, true) : hw_push_token(stage, true);
  HwToken next = pop ? hw_pop_token(stage, false) : hw_push_token(stage, false);
  if (prev == queue) return pop ? &insn->pop_prev : &insn->push_prev;
  if (next == queue) return pop ? &insn->pop_next : &insn->push_next;
  return NULL;
}

static void drop_flags(vtac_profile *profile, const ProfileStream *stream,
                       HwToken queue, bool pop) {
  bool last = true;
  for (uint32_t i = stream->count; i-- > 0;) {
    uint32_t *flag = token_flag(&profile->insns[stream->first + i], queue, pop);
    if (!flag || !*flag) continue;
    *flag = last;
    last = false;
  }
}

static void drop_waits(vtac_profile *profile, HwToken queue) {
  for (uint32_t i = 0; i < profile->stream_count; i++) {
    drop_flags(profile, &profile->streams[i], queue, true);
    drop_flags(profile, &profile->streams[i], queue, false);
  }
}

static int at_most(int value, int most) { return value < most ? value : most; }

static void change(vtac_profile *profile, Experiment experiment) {
  enum { MOST_BUS = 9, MOST_BURST = 8, MOST_DEPTH = 65536, DEEPER = 16 };
  TimingConfig *timing = &profile->config.timing;
  switch (experiment) {
    case LOAD_AHEAD: drop_waits(profile, HW_G2L); break;
    case INPUTS_READY: drop_waits(profile, HW_L2G); break;
    case STORE_BEHIND: drop_waits(profile, HW_S2G); break;
    case MERGED_STORES:
      for (uint32_t i = 0; i < profile->stream_count; i++) {
        merge_stores(profile, &profile->streams[i], extend_row);
        merge_stores(profile, &profile->streams[i], add_row);
      }
      break;
    case RESIDENT_UOPS:
      for (uint32_t i = 0; i < profile->stream_count; i++)
        drop_uop_loads(profile, &profile->streams[i]);
      break;
    case NO_LATENCY: timing->latency = 0; break;
    case WIDE_BUS:
      timing->log_bus_width = at_most(timing->log_bus_width + 1, MOST_BUS);
      break;
    case LONG_BURSTS: timing->log_burst = MOST_BURST; break;
    case DEEP_QUEUES:
      timing->queue_depth = at_most(timing->queue_depth, MOST_DEPTH / DEEPER);
      timing->queue_depth *= DEEPER;
      break;
    case EXPERIMENTS: break;
  }
}

vtac_profile *vtac_profile_what_if(const vtac_profile *profile, int index,
                                   vtac_error *error) {
  Diag diag;
  if (is_missing(profile, "vtac_profile_what_if", "profile", error))
    return NULL;
  if (index < 0 || index >= EXPERIMENTS) {
    diag_set(&diag, D_ARGUMENT, "there is no experiment %d", index);
    report_error(error, &diag);
    return NULL;
  }
  vtac_profile *other = NULL;
  vtac_status status = profile_copy(profile, &other, &diag);
  if (!status) change(other, (Experiment)index);
  if (!status) status = profile_seal(other, &diag);
  if (!status) status = profile_account(other, &diag);
  if (!status) return other;
  report_error(error, &diag);
  vtac_profile_free(other);
  return NULL;
}
