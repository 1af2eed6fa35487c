/* SPDX-License-Identifier: Apache-2.0 */
/* The trace of a run in the Trace Event Format, which Perfetto and Chrome
 * (chrome://tracing) read.  One cycle is shown as one microsecond.
 *
 * Load, compute and store have a track of instructions each, and every unit,
 * fetch and memory included, one that says what its cycles went to.  Tokens
 * are flows from the instruction that posts one to the one that takes it; how
 * many a queue holds, and how full the memories on chip are, are counters.
 * Events are written as they come. */
#ifndef REPORT_TRACE_H
#define REPORT_TRACE_H

#include "report/event.h"
#include "report/occupancy.h"
#include "report/output.h"

/* A queue of tokens: what was posted and taken.  A token may be announced as
 * taken before other ones are posted that come earlier. */
typedef struct TraceTokens {
  uint64_t posted, taken, before; /* `before` the recording: without a flow */
  uint64_t pending;               /* the cycle of the newest take, if any */
  bool pends;
} TraceTokens;

typedef struct Trace {
  Output out;
  const HwConfig *config;
  bool any; /* an event has been written */
  TraceTokens tokens[HW_TOKENS];
} Trace;

vtac_status trace_open(Trace *trace, const HwConfig *config, const char *path,
                       const char *title, Diag *diag);
void trace_tokens_before(Trace *trace, const uint64_t tokens[HW_TOKENS]);
void trace_run(Trace *trace, uint32_t run, uint64_t begin);
void trace_span(Trace *trace, const TsimSpan *span);
void trace_insn(Trace *trace, const InsnEvent *insn);
void trace_token(Trace *trace, const TokenEvent *token);
/* Writes what is known at the end only. */
vtac_status trace_close(Trace *trace, uint64_t cycles,
                        const Occupancy *occupancy, Diag *diag);

#endif
