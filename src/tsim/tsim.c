/* SPDX-License-Identifier: Apache-2.0 */
/* The port of the timing simulator: hands everything to the functional port
 * inside and times what that has run.
 *
 * The model keeps nothing between runs but the tokens: a run starts with idle
 * units, as the hardware's launch does. */
#include "tsim/tsim.h"

#include <stdlib.h>
#include <string.h>

#include "tsim/memo.h"

typedef struct Tsim {
  HwPort port;
  HwPort *inner;
  uint64_t tokens[HW_TOKENS];
  TsimResult sums;
  TimeMemo memo;
  const TsimSink *sink;
  bool account;
  Insn *insns; /* the decoded stream of a run */
  uint32_t capacity;
} Tsim;

static HwPort *inner_of(const HwPort *port) {
  return ((const Tsim *)port->self)->inner;
}

static void tsim_destroy(HwPort *port) {
  Tsim *sim = port->self;
  port_destroy(sim->inner);
  memo_clear(&sim->memo);
  free(sim->insns);
  free(sim);
}

/* ---- Memory: the inner port's ------------------------------------------- */

static vtac_status tsim_alloc(HwPort *port, size_t size, HwAddr *ret,
                              Diag *diag) {
  HwPort *inner = inner_of(port);
  return inner->ops->alloc(inner, size, ret, diag);
}

static vtac_status tsim_free(HwPort *port, HwAddr addr, Diag *diag) {
  HwPort *inner = inner_of(port);
  return inner->ops->free(inner, addr, diag);
}

static vtac_status tsim_host(HwPort *port, HwAddr addr, size_t size, void **ret,
                             Diag *diag) {
  HwPort *inner = inner_of(port);
  return inner->ops->host(inner, addr, size, ret, diag);
}

/* ---- Runs --------------------------------------------------------------- */

static vtac_status decode(Tsim *sim, const uint8_t *stream, uint32_t count,
                          Diag *diag) {
  if (count > sim->capacity) {
    Insn *bigger = realloc(sim->insns, (size_t)count * sizeof *bigger);
    if (!bigger)
      return diag_set(diag, D_NO_MEMORY, "no memory for %u instructions",
                      count);
    sim->insns = bigger;
    sim->capacity = count;
  }
  HwDecoder decoder;
  hw_decoder_init(&decoder, &sim->port.config);
  vtac_status status = VTAC_OK;
  for (uint32_t i = 0; i < count && !status; i++) {
    uint64_t word[2];
    hw_insn_read(stream + (size_t)i * HW_INSN_BYTES, word);
    status = hw_decoder_run(&decoder, word, &sim->insns[i], diag);
  }
  return status;
}

/* What a stream takes, and the tokens behind it. */
static vtac_status time_stream(Tsim *sim, const uint8_t *stream, uint32_t count,
                               MemoRow *ret, Diag *diag) {
  const bool watched = sim->account || sim->sink;
  const MemoRow *known =
      watched ? NULL : memo_find(&sim->memo, stream, count, sim->tokens);
  if (known) {
    *ret = *known;
    return VTAC_OK;
  }
  vtac_status status = decode(sim, stream, count, diag);
  if (status) return status;
  const TsimJob job = {.config = &sim->port.config,
                       .timing = &sim->port.config.timing,
                       .insns = sim->insns,
                       .count = count,
                       .tokens = sim->tokens,
                       .account = sim->account,
                       .sink = sim->sink};
  *ret = (MemoRow){.count = count};
  status = tsim_time(&job, &ret->result, diag);
  if (status) return status;
  memcpy(ret->before, sim->tokens, sizeof ret->before);
  memcpy(ret->after, sim->tokens, sizeof ret->after);
  tsim_tokens_after(sim->insns, count, ret->after);
  return watched ? VTAC_OK : memo_add(&sim->memo, stream, ret, diag);
}

/* The stream is timed before it runs, for it may write over itself; but what
 * the functional port has to say against it comes first. */
static vtac_status tsim_run(HwPort *port, HwAddr addr, uint32_t count,
                            Diag *diag) {
  Tsim *sim = port->self;
  void *stream;
  MemoRow row;
  Diag why;
  vtac_status timed =
      tsim_host(port, addr, (size_t)count * HW_INSN_BYTES, &stream, &why);
  if (!timed) timed = time_stream(sim, stream, count, &row, &why);
  vtac_status status = sim->inner->ops->run(sim->inner, addr, count, diag);
  if (status) return status;
  if (timed) {
    if (diag) *diag = why;
    return timed;
  }
  memcpy(sim->tokens, row.after, sizeof sim->tokens);
  tsim_add(&sim->sums, &row.result);
  return VTAC_OK;
}

/* ---- Counters ----------------------------------------------------------- */

static void tsim_counters(const HwPort *port, uint64_t ret[HW_COUNTERS]) {
  const HwPort *inner = inner_of(port);
  inner->ops->counters(inner, ret);
}

static void tsim_counters_clear(HwPort *port) {
  Tsim *sim = port->self;
  sim->inner->ops->counters_clear(sim->inner);
  sim->sums = (TsimResult){0};
}

static bool tsim_timing(const HwPort *port, HwTiming *ret) {
  const Tsim *sim = port->self;
  *ret = (HwTiming){sim->sums.cycles, sim->sums.acc_writes};
  return true;
}

static void tsim_skip_execution(HwPort *port, bool skip) {
  HwPort *inner = inner_of(port);
  inner->ops->skip_execution(inner, skip);
}

static void tsim_reset(HwPort *port) {
  Tsim *sim = port->self;
  sim->inner->ops->reset(sim->inner);
  memset(sim->tokens, 0, sizeof sim->tokens);
}

void tsim_watch(HwPort *port, const TsimSink *sink, bool account) {
  Tsim *sim = port->self;
  sim->sink = sink;
  sim->account = account;
}

void tsim_sums(const HwPort *port, TsimResult *ret) {
  *ret = ((const Tsim *)port->self)->sums;
}

static const HwPortOps tsim_ops = {
    .destroy = tsim_destroy,
    .alloc = tsim_alloc,
    .free = tsim_free,
    .host = tsim_host,
    .run = tsim_run,
    .counters = tsim_counters,
    .counters_clear = tsim_counters_clear,
    .timing = tsim_timing,
    .skip_execution = tsim_skip_execution,
    .reset = tsim_reset,
};

vtac_status tsim_create(const HwConfig *config, HwPort *inner, HwPort **ret,
                        Diag *diag) {
  Tsim *sim = calloc(1, sizeof *sim);
  if (!sim) {
    port_destroy(inner);
    return diag_set(diag, D_NO_MEMORY, "no memory for a timing simulator");
  }
  sim->port = (HwPort){&tsim_ops, sim, *config, inner->uop_hazard_distance,
                       inner->has_output_memory};
  sim->inner = inner;
  *ret = &sim->port;
  return VTAC_OK;
}
