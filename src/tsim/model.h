/* SPDX-License-Identifier: Apache-2.0 */
/* The timing of a stream: how many cycles the hardware takes for it, and on
 * what every unit spends each of them.
 *
 * Time depends on no data: neither memories nor micro-ops are needed, so a
 * stream can be timed that could not be run. */
#ifndef TSIM_MODEL_H
#define TSIM_MODEL_H

#include "hw/insn.h"

/* Load, compute and store have the numbers of HwStage. */
typedef enum TsimUnit {
  TSIM_FETCH,
  TSIM_LOAD = HW_STAGE_LOAD,
  TSIM_COMPUTE = HW_STAGE_COMPUTE,
  TSIM_STORE = HW_STAGE_STORE,
  TSIM_MEMORY, /* its read side; stores have a path of their own */
  TSIM_UNITS
} TsimUnit;

typedef enum TsimCause {
#define TSIM_CAUSE(NAME, name, meaning) TSIM_##NAME,
#include "tsim/causes.def"
  TSIM_CAUSES
} TsimCause;

const char *tsim_unit_name(TsimUnit unit);
const char *tsim_cause_name(TsimCause cause);
const char *tsim_cause_meaning(TsimCause cause);

/* An instruction that its unit ended.  `causes` covers the unit's cycles
 * since its previous instruction was done, waiting included. */
typedef struct TsimInsn {
  uint32_t index;
  TsimUnit unit;
  uint64_t visible; /* at the head of its queue, or behind others, from here */
  uint64_t start, done;
  uint64_t causes[TSIM_CAUSES];
} TsimInsn;

/* Cycles begin <= cycle < end of a unit, and the instruction that they are
 * spent on: for fetch, the next one that it dispatches; for the memory, the one
 * whose data it reads next, or the first of a chunk that fetch reads. */
typedef struct TsimSpan {
  TsimUnit unit;
  TsimCause cause;
  uint32_t insn; /* or TSIM_NONE_LEFT */
  uint64_t begin, end;
} TsimSpan;
#define TSIM_NONE_LEFT UINT32_MAX

struct TsimJob;
struct TsimResult;

/* Receives what happens, while it happens; any member may be NULL.  The spans
 * of a unit come in order, without gaps or overlaps, cover the run, and are
 * never empty; so do its instructions come in order. */
typedef struct TsimSink {
  void *self;
  void (*span)(void *self, const TsimSpan *span);
  void (*insn)(void *self, const TsimInsn *insn);
  /* An instruction posts or takes a token. */
  void (*token)(void *self, HwToken token, bool taken, uint32_t insn,
                uint64_t cycle);
  /* Before all else, and after it; a stream that is refused does not end. */
  void (*begin)(void *self, const struct TsimJob *job);
  void (*end)(void *self, const struct TsimResult *result);
} TsimSink;

typedef struct TsimJob {
  const HwConfig *config;
  const TimingConfig *timing;
  const Insn *insns;
  uint32_t count;
  const uint64_t *tokens; /* in the queues at the start; NULL for none */
  bool account;           /* say on what cycles are spent */
  const TsimSink *sink;   /* implies `account`; NULL for none */
} TsimJob;

typedef struct TsimResult {
  uint64_t cycles;     /* until FINISH is done: the counter ecnt[0] */
  uint64_t acc_writes; /* iterations of GEMM and ALU: the counter ucnt[0] */
  uint64_t insns[TSIM_UNITS];  /* run to their end, by unit; fetched */
  uint64_t bursts[TSIM_UNITS]; /* of memory reads, by who asked */
  uint64_t beats[TSIM_UNITS];
  /* With `account`: the causes of a unit add up to `cycles`. */
  uint64_t causes[TSIM_UNITS][TSIM_CAUSES];
} TsimResult;

/* Times a stream up to its first FINISH.  Memory is bounded by the queues and
 * does not grow with the cycles.  Refuses a stream without FINISH and a
 * deadlock, naming what each unit waits for.
 *
 * Where the hardware leaves the time open the model chooses: loops without
 * iterations cost the pipeline's depth, a transfer of no rows one cycle, and
 * ACC_8BIT loads like ACC with its own element size. */
vtac_status tsim_time(const TsimJob *job, TsimResult *ret, Diag *diag);

/* Adds what a stream of `count` instructions leaves in the token queues to what
 * was there before. */
void tsim_tokens_after(const Insn *insns, uint32_t count,
                       uint64_t tokens[HW_TOKENS]);
void tsim_add(TsimResult *sums, const TsimResult *result);

#endif
