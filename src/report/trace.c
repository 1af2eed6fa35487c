/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the Trace Event Format: one JSON object a line. */
#include "report/trace.h"

#include <ctype.h>

enum { PROCESS = 1, COUNTS = 1024 /* points of a memory's counter */ };

typedef unsigned long long ull;

/* The tracks of a unit, in the order in which they are shown. */
static int insn_track(TsimUnit unit) { return 2 * (int)unit + 1; }
static int span_track(TsimUnit unit) { return 2 * (int)unit + 2; }

/* ---- Events ------------------------------------------------------------- */

static void separate(Trace *trace) {
  output_text(&trace->out, trace->any ? ",\n" : "\n");
  trace->any = true;
}

static void write_name(Trace *trace, const char *kind, int track,
                       const char *name) {
  separate(trace);
  output_printf(&trace->out,
                "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\","
                "\"args\":{\"name\":",
                PROCESS, track, kind);
  output_json(&trace->out, name);
  output_text(&trace->out, "}}");
}

static void name_track(Trace *trace, int track, TsimUnit unit,
                       const char *what) {
  char name[48];
  snprintf(name, sizeof name, "%s: %s", tsim_unit_name(unit), what);
  write_name(trace, "thread_name", track, name);
  separate(trace);
  output_printf(&trace->out,
                "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,"
                "\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%d}}",
                PROCESS, track, track);
}

static void write_counter(Trace *trace, const char *what, const char *name,
                          ull cycle, ull count) {
  separate(trace);
  output_printf(&trace->out,
                "{\"ph\":\"C\",\"pid\":%d,\"name\":\"%s %s\",\"ts\":%llu,"
                "\"args\":{\"count\":%llu}}",
                PROCESS, what, name, cycle, count);
}

vtac_status trace_open(Trace *trace, const HwConfig *config, const char *path,
                       const char *title, Diag *diag) {
  *trace = (Trace){.config = config};
  vtac_status status = output_open(&trace->out, path, diag);
  if (status || !path) return status;
  output_text(&trace->out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
  write_name(trace, "process_name", 0, title);
  for (int unit = 0; unit < TSIM_UNITS; unit++) {
    if (unit != TSIM_FETCH && unit != TSIM_MEMORY)
      name_track(trace, insn_track((TsimUnit)unit), (TsimUnit)unit,
                 "instructions");
    name_track(trace, span_track((TsimUnit)unit), (TsimUnit)unit, "cycles");
  }
  return VTAC_OK;
}

void trace_run(Trace *trace, uint32_t run, uint64_t begin) {
  if (!trace->out.file) return;
  separate(trace);
  output_printf(&trace->out,
                "{\"ph\":\"i\",\"pid\":%d,\"tid\":%d,\"s\":\"p\","
                "\"name\":\"run %u\",\"ts\":%llu}",
                PROCESS, span_track(TSIM_FETCH), run, (ull)begin);
}

void trace_span(Trace *trace, const TsimSpan *span) {
  if (!trace->out.file) return;
  separate(trace);
  output_printf(&trace->out,
                "{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"cat\":\"%s\","
                "\"name\":\"%s\",\"ts\":%llu,\"dur\":%llu}",
                PROCESS, span_track(span->unit),
                group_rows[group_of(span->cause)].name,
                tsim_cause_name(span->cause), (ull)span->begin,
                (ull)(span->end - span->begin));
}

static void write_causes(Trace *trace, const uint64_t causes[TSIM_CAUSES]) {
  for (int cause = 0; cause < TSIM_CAUSES; cause++)
    if (causes[cause])
      output_printf(&trace->out, ",\"%s\":%llu",
                    tsim_cause_name((TsimCause)cause), (ull)causes[cause]);
}

/* "load.inp" of "load.inp sram_base=4 …". */
static void write_mnemonic(Trace *trace, const char *text) {
  size_t length = 0;
  while (text[length] && text[length] != ' ') length++;
  output_printf(&trace->out, "\"%.*s\"", (int)length, text);
}

void trace_insn(Trace *trace, const InsnEvent *insn) {
  if (!trace->out.file) return;
  separate(trace);
  output_printf(&trace->out,
                "{\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"cat\":\"instruction\","
                "\"ts\":%llu,\"dur\":%llu,\"name\":",
                PROCESS, insn_track(insn->unit), (ull)insn->start,
                (ull)(insn->end - insn->start));
  write_mnemonic(trace, insn->text);
  output_text(&trace->out, ",\"args\":{\"text\":");
  output_json(&trace->out, insn->text);
  output_printf(&trace->out, ",\"run\":%u,\"index\":%u,\"visible\":%llu",
                insn->run, insn->index, (ull)insn->visible);
  if (insn->line) output_printf(&trace->out, ",\"line\":%u", insn->line);
  write_causes(trace, insn->causes);
  output_text(&trace->out, "}}");
}

/* ---- Tokens ------------------------------------------------------------- */

static void write_tokens(Trace *trace, HwToken token, ull cycle, ull count) {
  write_counter(trace, "tokens", hw_token_name(token), cycle, count);
}

static void flush_take(Trace *trace, HwToken token) {
  TraceTokens *tokens = &trace->tokens[token];
  if (!tokens->pends) return;
  tokens->pends = false;
  tokens->taken++;
  write_tokens(trace, token, tokens->pending, tokens->posted - tokens->taken);
}

void trace_tokens_before(Trace *trace, const uint64_t before[HW_TOKENS]) {
  for (int token = 0; token < HW_TOKENS; token++) {
    TraceTokens *tokens = &trace->tokens[token];
    tokens->posted = tokens->before = before ? before[token] : 0;
  }
}

static void write_flow(Trace *trace, const TokenEvent *event, ull number) {
  TsimUnit unit =
      event->taken ? token_to(event->token) : token_from(event->token);
  separate(trace);
  output_printf(&trace->out,
                "{\"ph\":\"%s,\"pid\":%d,\"tid\":%d,\"cat\":\"token\","
                "\"name\":\"%s\",\"id\":%llu,\"ts\":%llu}",
                event->taken ? "f\",\"bp\":\"e\"" : "s\"", PROCESS,
                insn_track(unit), hw_token_name(event->token),
                number * HW_TOKENS + event->token, (ull)event->cycle);
}

void trace_token(Trace *trace, const TokenEvent *event) {
  TraceTokens *tokens = &trace->tokens[event->token];
  if (!trace->out.file) return;
  if (event->taken || tokens->pending <= event->cycle)
    flush_take(trace, event->token);
  if (event->taken) {
    if (tokens->taken >= tokens->before)
      write_flow(trace, event, tokens->taken);
    tokens->pends = true;
    tokens->pending = event->cycle;
    return;
  }
  write_flow(trace, event, tokens->posted);
  tokens->posted++;
  write_tokens(trace, event->token, event->cycle,
               tokens->posted - tokens->taken);
}

/* ---- The end ------------------------------------------------------------ */

static void write_occupancy(Trace *trace, HwMemory memory, uint64_t cycles,
                            const Bins *bins) {
  double level[COUNTS];
  char name[16];
  int n = cycles < COUNTS ? (int)cycles : COUNTS;
  int length = 0;
  ull last = 0;
  for (const char *c = hw_memory_name(memory); *c; c++)
    name[length++] = (char)tolower((unsigned char)*c);
  name[length] = '\0';
  bins_read(bins, cycles, n, level);
  for (int i = 0; i < n; i++) {
    const ull count = (ull)(level[i] + 0.5);
    if (i && count == last) continue;
    write_counter(trace, "elements in use:", name,
                  (ull)((double)cycles / n * i), last = count);
  }
}

vtac_status trace_close(Trace *trace, uint64_t cycles,
                        const Occupancy *occupancy, Diag *diag) {
  if (!trace->out.file) return VTAC_OK;
  for (int token = 0; token < HW_TOKENS; token++)
    flush_take(trace, (HwToken)token);
  for (int memory = 0; occupancy && memory < OCCUPANCY_MEMORIES; memory++)
    write_occupancy(trace, (HwMemory)memory, cycles,
                    occupancy_bins(occupancy, (HwMemory)memory));
  output_printf(&trace->out,
                "\n],\"otherData\":{\"unit\":\"1 us is 1 cycle\","
                "\"cycles\":\"%llu\"}}\n",
                (ull)cycles);
  return output_close(&trace->out, diag);
}
