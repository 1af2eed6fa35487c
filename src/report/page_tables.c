/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the tables of the page.  All names come from the tables of hw and
 * tsim, so that the scripts hold none of them. */
#include "report/page_tables.h"

#include <string.h>

#include "report/event.h"

enum { LEVELS = 1024 /* of a memory's occupancy */ };

typedef unsigned long long ull;

/* ---- Pieces of JSON ----------------------------------------------------- */

static void key(Output *out, const char *name) {
  output_printf(out, ",\n\"%s\":", name);
}

static void number(Output *out, const char *name, ull value) {
  output_printf(out, ",\"%s\":%llu", name, value);
}

static void text(Output *out, const char *name, const char *value) {
  output_printf(out, ",\"%s\":", name);
  output_json(out, value);
}

static void open_item(Output *out, int i) {
  output_printf(out, "%s{\"id\":%d", i ? ",\n" : "", i);
}

/* ---- The machine -------------------------------------------------------- */

static void write_units(Output *out, const Summary *summary) {
  key(out, "units");
  output_text(out, "[");
  for (int unit = 0; unit < TSIM_UNITS; unit++) {
    open_item(out, unit);
    text(out, "name", tsim_unit_name((TsimUnit)unit));
    output_text(out, ",\"causes\":[");
    for (int cause = 0; cause < TSIM_CAUSES; cause++)
      output_printf(out, "%s%llu", cause ? "," : "",
                    (ull)summary->causes[unit][cause]);
    output_text(out, "]}");
  }
  output_text(out, "]");
}

static void write_causes(Output *out) {
  key(out, "causes");
  output_text(out, "[");
  for (int cause = 0; cause < TSIM_CAUSES; cause++) {
    open_item(out, cause);
    text(out, "name", tsim_cause_name((TsimCause)cause));
    text(out, "meaning", tsim_cause_meaning((TsimCause)cause));
    number(out, "group", (ull)group_of((TsimCause)cause));
    output_text(out, "}");
  }
  output_text(out, "]");
  key(out, "groups");
  output_text(out, "[");
  for (int group = 0; group < GROUPS; group++) {
    const GroupRow *row = &group_rows[group];
    open_item(out, group);
    text(out, "name", row->name);
    text(out, "light", row->light);
    text(out, "dark", row->dark);
    output_text(out, "}");
  }
  output_text(out, "]");
}

static void write_tokens(Output *out) {
  key(out, "tokens");
  output_text(out, "[");
  for (int token = 0; token < HW_TOKENS; token++) {
    open_item(out, token);
    text(out, "name", hw_token_name((HwToken)token));
    number(out, "from", token_from((HwToken)token));
    number(out, "to", token_to((HwToken)token));
    output_text(out, "}");
  }
  output_text(out, "]");
}

/* ---- The text of instructions (hw/asm.h) -------------------------------- */

static void write_kinds(Output *out, HwLayoutId layout) {
  char name[ASM_NAME_MAX];
  output_text(out, ",\"kinds\":[");
  for (uint32_t kind = 0; kind < 8; kind++)
    output_printf(out, "%s\"%s\"", kind ? "," : "",
                  asm_kind(layout, kind, name) ? name : "");
  output_text(out, "]");
}

static void write_layout(Output *out, HwLayoutId id, const AsmLayout *layout) {
  output_printf(out, ",\"kind\":%d", layout->kind);
  write_kinds(out, id);
  output_text(out, ",\"fields\":[");
  for (int i = 0; i < layout->count; i++) {
    const HwField *field = &layout->field[i];
    output_printf(out, "%s[\"%s\",%d,%d,%d]", i ? "," : "", field->name,
                  field->position, field->width, field->is_signed);
  }
  output_text(out, "]");
}

static void write_opcodes(Output *out, const HwConfig *config) {
  AsmTable table;
  char name[ASM_NAME_MAX];
  asm_table_init(&table, config);
  key(out, "opcodes");
  output_text(out, "[");
  for (uint32_t opcode = 0; opcode < 8; opcode++) {
    open_item(out, (int)opcode);
    if (asm_opcode(opcode, name)) {
      HwLayoutId id = hw_opcode_layout(opcode);
      text(out, "name", name);
      write_layout(out, id, &table.layout[id]);
    }
    output_text(out, "}");
  }
  output_text(out, "]");
}

/* ---- The run ------------------------------------------------------------ */

static void write_levels(Output *out, const Bins *bins, uint64_t cycles) {
  double level[LEVELS];
  const int n = cycles < LEVELS ? (int)cycles : LEVELS;
  bins_read(bins, cycles, n ? n : 1, level);
  output_text(out, ",\"levels\":[");
  for (int i = 0; i < n; i++)
    output_printf(out, "%s%.4g", i ? "," : "", level[i]);
  output_text(out, "]");
}

static void write_memories(Output *out, const Summary *summary) {
  key(out, "memories");
  output_text(out, "[");
  for (int memory = 0; memory < OCCUPANCY_MEMORIES; memory++) {
    open_item(out, memory);
    text(out, "name", hw_memory_name((uint32_t)memory));
    number(out, "depth", hw_depth(summary->config, (uint32_t)memory));
    number(out, "bytes", hw_elem_bytes(summary->config, (uint32_t)memory));
    write_levels(out, occupancy_bins(summary->occupancy, (HwMemory)memory),
                 summary->cycles);
    output_text(out, "}");
  }
  output_text(out, "]");
  number(out, "unknown", occupancy_unknown(summary->occupancy));
}

static uint32_t count_lines(const char *text) {
  uint32_t lines = 0;
  while ((text = strchr(text, '\n'))) lines++, text++;
  return lines;
}

/* The text, and the stages of its lines. */
static void write_program(Output *out, const Program *program) {
  const char *comma = "";
  key(out, "program");
  output_json(out, program->text ? program->text : "");
  key(out, "stages");
  output_text(out, "{");
  const uint32_t lines = program->text ? count_lines(program->text) : 0;
  for (uint32_t line = 1; line <= lines && program->stage; line++) {
    const char *stage = program->stage(program->self, line);
    if (!*stage) continue;
    output_printf(out, "%s\"%u\":", comma, line);
    output_json(out, stage);
    comma = ",";
  }
  output_text(out, "}");
}

void page_tables(Output *out, const Summary *summary) {
  output_printf(out, "{\"cycles\":%llu", (ull)summary->cycles);
  text(out, "title", summary->title);
  number(out, "runs", summary->runs);
  number(out, "gemmSteps", summary->gemm_steps);
  number(out, "aluSteps", summary->alu_steps);
  write_units(out, summary);
  write_causes(out);
  write_tokens(out);
  write_opcodes(out, summary->config);
  write_memories(out, summary);
  write_program(out, &summary->program);
  output_text(out, "}\n");
}
