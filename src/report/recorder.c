/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the simulator's reports into events: counts cycles through all runs,
 * writes instructions as text, sums up. */
#include "report/recorder.h"

#include <stdlib.h>
#include <string.h>

#include "hw/bounds.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/trace.h"

struct Recorder {
  HwConfig config;
  TsimSink sink;
  MemoryView view;
  AsmTable table;
  char *title, *plot; /* copies */
  Trace trace;
  Page page;
  Bins (*groups)[GROUPS]; /* by unit */
  Occupancy *occupancy;
  Summary summary;
  TsimSpan open[TSIM_UNITS]; /* spans that the next one may lengthen */
  const TsimJob *job;        /* of the run under way */
  bool known;                /* the program knows its instructions */
  uint64_t base;             /* the cycle in which it began */
  uint64_t last;             /* the last cycle of which anything is known */
};

/* ---- Reports ------------------------------------------------------------ */

/* The part of a span that the plot shows. */
static void bin_span(Recorder *recorder, const TsimSpan *span) {
  const PlotWindow window = recorder->summary.window;
  const uint64_t begin =
      span->begin > window.begin ? span->begin : window.begin;
  const uint64_t end = span->end < window.end ? span->end : window.end;
  if (begin < end)
    bins_add(&recorder->groups[span->unit][group_of(span->cause)],
             begin - window.begin, end - window.begin);
}

static void flush_span(Recorder *recorder, TsimUnit unit) {
  TsimSpan *span = &recorder->open[unit];
  if (span->begin == span->end) return;
  trace_span(&recorder->trace, span);
  page_span(&recorder->page, span);
  bin_span(recorder, span);
  recorder->summary.causes[unit][span->cause] += span->end - span->begin;
  span->begin = span->end;
}

static void flush_spans(Recorder *recorder) {
  for (int unit = 0; unit < TSIM_UNITS; unit++)
    flush_span(recorder, (TsimUnit)unit);
}

/* A stream that is refused leaves the units in different cycles.  What is not
 * known of it lies behind all that they did. */
static void catch_up(Recorder *recorder) {
  flush_spans(recorder);
  for (int unit = 0; unit < TSIM_UNITS; unit++) {
    TsimSpan *open = &recorder->open[unit];
    if (open->end == recorder->last) continue;
    *open = (TsimSpan){(TsimUnit)unit, TSIM_DRAIN, TSIM_NONE_LEFT, open->end,
                       recorder->last};
    flush_span(recorder, (TsimUnit)unit);
  }
}

static void on_begin(void *self, const TsimJob *job) {
  Recorder *recorder = self;
  const Program *program = &recorder->summary.program;
  const uint32_t run = recorder->summary.runs;
  recorder->job = job;
  catch_up(recorder);
  recorder->base = recorder->last;
  if (!recorder->summary.runs)
    trace_tokens_before(&recorder->trace, job->tokens);
  trace_run(&recorder->trace, recorder->summary.runs, recorder->base);
  page_run(&recorder->page, job->insns, job->count);
  recorder->known = program->knows &&
                    program->knows(program->self, run, job->insns, job->count);
  recorder->summary.runs++;
}

/* Spans that follow each other with one cause become one. */
static void on_span(void *self, const TsimSpan *told) {
  Recorder *recorder = self;
  TsimSpan *open = &recorder->open[told->unit];
  const uint64_t begin = recorder->base + told->begin;
  if (open->cause != told->cause || open->end != begin) {
    flush_span(recorder, told->unit);
    *open = *told;
    open->begin = begin;
  }
  open->end = recorder->base + told->end;
  if (open->end > recorder->last) recorder->last = open->end;
}

static void count_steps(Summary *summary, const Insn *insn) {
  if (insn->opcode != HW_OP_GEMM && insn->opcode != HW_OP_ALU) return;
  const GemmInsn loops = hw_loops(insn);
  if (hw_loops_are_empty(&loops)) return;
  const uint64_t steps = (uint64_t)(loops.uop_end - loops.uop_bgn) *
                         loops.iter_out * loops.iter_in;
  if (insn->opcode == HW_OP_ALU)
    summary->alu_steps += steps;
  else if (!loops.reset_reg)
    summary->gemm_steps += steps;
}

static void print_insn(const Recorder *recorder, const Insn *insn,
                       char ret[ASM_LINE_MAX]) {
  uint64_t word[2] = {0, 0};
  hw_encode(&recorder->config, insn, word, NULL);
  asm_print(&recorder->table, word, ret);
}

/* FINISH ends the run in its last cycle; behind any other instruction the unit
 * may start the next one a cycle later. */
static uint64_t end_of(const TsimInsn *timed, const Insn *insn) {
  return timed->done + (insn->opcode != HW_OP_FINISH);
}

static uint32_t line_of(const Recorder *recorder, uint32_t run, uint32_t insn) {
  const Program *program = &recorder->summary.program;
  return recorder->known ? program->line(program->self, run, insn) : 0;
}

static void on_insn(void *self, const TsimInsn *timed) {
  Recorder *recorder = self;
  const Insn *insn = &recorder->job->insns[timed->index];
  const uint64_t base = recorder->base;
  const uint32_t run = recorder->summary.runs - 1;
  char text[ASM_LINE_MAX];
  const InsnEvent event = {.insn = insn,
                           .text = text,
                           .run = run,
                           .index = timed->index,
                           .line = line_of(recorder, run, timed->index),
                           .unit = timed->unit,
                           .visible = base + timed->visible,
                           .start = base + timed->start,
                           .end = base + end_of(timed, insn),
                           .causes = timed->causes};
  if (recorder->trace.out.file) print_insn(recorder, insn, text);
  trace_insn(&recorder->trace, &event);
  page_insn(&recorder->page, &event);
  occupancy_insn(recorder->occupancy, insn, event.end, &recorder->view);
  count_steps(&recorder->summary, insn);
}

static void on_token(void *self, HwToken token, bool taken, uint32_t insn,
                     uint64_t cycle) {
  Recorder *recorder = self;
  const TokenEvent event = {token, taken, insn, recorder->base + cycle};
  trace_token(&recorder->trace, &event);
  page_token(&recorder->page, &event);
}

static void on_end(void *self, const TsimResult *result) {
  Recorder *recorder = self;
  for (int unit = TSIM_FETCH; unit <= TSIM_COMPUTE; unit++)
    recorder->summary.beats += result->beats[unit];
  recorder->last = recorder->base + result->cycles;
}

/* ---- Life --------------------------------------------------------------- */

static void recorder_free(Recorder *recorder) {
  occupancy_free(recorder->occupancy);
  free(recorder->groups);
  free(recorder->title);
  free(recorder->plot);
  free(recorder);
}

/* A copy of a text that may be missing; false without memory. */
static bool keep(const char *text, char **ret) {
  *ret = text ? strdup(text) : NULL;
  return !text || *ret;
}

static bool keep_texts(Recorder *recorder, const RecorderOptions *options) {
  return keep(options->title ? options->title : "vtac", &recorder->title) &&
         keep(options->plot, &recorder->plot);
}

static vtac_status prepare(Recorder *recorder, const RecorderOptions *options,
                           Diag *diag) {
  asm_table_init(&recorder->table, &recorder->config);
  recorder->sink =
      (TsimSink){recorder, on_span, on_insn, on_token, on_begin, on_end};
  recorder->groups = calloc(TSIM_UNITS, sizeof *recorder->groups);
  if (!recorder->groups || !keep_texts(recorder, options))
    return diag_set(diag, D_NO_MEMORY, "no memory for a recording");
  recorder->occupancy = occupancy_new(&recorder->config, diag);
  return recorder->occupancy ? VTAC_OK : VTAC_NOMEM;
}

/* A plot that cannot be written is better known before the run. */
static vtac_status open_files(Recorder *recorder,
                              const RecorderOptions *options, Diag *diag) {
  Output plot;
  vtac_status status = trace_open(&recorder->trace, &recorder->config,
                                  options->trace, recorder->title, diag);
  if (!status)
    status = page_open(&recorder->page, &recorder->config, options->page,
                       recorder->title, diag);
  if (!status) status = output_open(&plot, options->plot, diag);
  if (!status) status = output_close(&plot, diag);
  return status;
}

vtac_status recorder_open(const HwConfig *config,
                          const RecorderOptions *options, Recorder **ret,
                          Diag *diag) {
  Recorder *recorder = calloc(1, sizeof *recorder);
  if (!recorder)
    return diag_set(diag, D_NO_MEMORY, "no memory for a recording");
  recorder->config = *config;
  vtac_status status = prepare(recorder, options, diag);
  if (!status) status = open_files(recorder, options, diag);
  if (status) {
    output_close(&recorder->trace.out, NULL);
    output_close(&recorder->page.out, NULL);
    recorder_free(recorder);
    return status;
  }
  recorder->summary =
      (Summary){.title = recorder->title,
                .program = options->program,
                .config = &recorder->config,
                .window = {options->plot_begin,
                           options->plot_end ? options->plot_end : UINT64_MAX},
                .groups = (const Bins(*)[GROUPS])recorder->groups,
                .occupancy = recorder->occupancy};
  *ret = recorder;
  return VTAC_OK;
}

/* Every file is finished; the first failure is reported. */
vtac_status recorder_close(Recorder *recorder, Diag *diag) {
  Summary *summary = &recorder->summary;
  Diag other;
  flush_spans(recorder);
  summary->cycles = recorder->last;
  if (summary->window.end > recorder->last)
    summary->window.end = recorder->last;
  occupancy_end(recorder->occupancy);
  vtac_status first =
      trace_close(&recorder->trace, recorder->last, recorder->occupancy, diag);
  vtac_status next =
      page_close(&recorder->page, summary, first ? &other : diag);
  if (!first) first = next;
  next = plot_write(recorder->plot, summary, first ? &other : diag);
  recorder_free(recorder);
  return first ? first : next;
}

const HwConfig *recorder_config(const Recorder *recorder) {
  return &recorder->config;
}

const TsimSink *recorder_sink(const Recorder *recorder) {
  return &recorder->sink;
}

void recorder_view(Recorder *recorder, MemoryView view) {
  recorder->view = view;
}
