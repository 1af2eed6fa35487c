/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary of the text form, and the way from bits to text. */
#include "hw/asm.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Names -------------------------------------------------------------- */

static const char *const opcode_names[8] = {
#define HW_OPCODE(NAME, value, layout) [value] = #NAME,
#include "hw/insns.def"
};

static const char *const memory_names[8] = {
#define HW_MEMORY(NAME, value, bytes, meaning) [value] = #NAME,
#include "hw/insns.def"
};

static const char *const alu_names[8] = {
#define HW_ALU(NAME, value, listed, listed_imm, meaning) [value] = #NAME,
#include "hw/insns.def"
};

/* The lower-case form of one of eight names. */
static bool find_name(const char *const names[8], uint32_t value,
                      char ret[ASM_NAME_MAX]) {
  if (value >= 8 || !names[value]) return false;
  int n = 0;
  for (const char *at = names[value]; *at && n < ASM_NAME_MAX - 1; at++)
    ret[n++] = (char)tolower((unsigned char)*at);
  ret[n] = '\0';
  return true;
}

bool asm_opcode(uint32_t opcode, char ret[ASM_NAME_MAX]) {
  return find_name(opcode_names, opcode, ret);
}

bool asm_kind(HwLayoutId layout, uint32_t value, char ret[ASM_NAME_MAX]) {
  switch (layout) {
    case HW_LAYOUT_MEM: return find_name(memory_names, value, ret);
    case HW_LAYOUT_ALU: return find_name(alu_names, value, ret);
    default: return false;
  }
}

/* ---- Fields ------------------------------------------------------------- */

static uint64_t field_mask(const HwField *field) {
  return (UINT64_C(1) << field->width) - 1;
}

uint64_t asm_field_get(const HwField *field, const uint64_t word[2]) {
  return word[field->position / 64] >> field->position % 64 & field_mask(field);
}

void asm_field_put(const HwField *field, uint64_t bits, uint64_t word[2]) {
  word[field->position / 64] |= (bits & field_mask(field))
                                << field->position % 64;
}

static const char *kind_field(int layout) {
  switch (layout) {
    case HW_LAYOUT_MEM: return "memory_type";
    case HW_LAYOUT_ALU: return "alu_opcode";
    default: return "";
  }
}

void asm_table_init(AsmTable *table, const HwConfig *config) {
  for (int id = 0; id < HW_LAYOUTS; id++) {
    AsmLayout *layout = &table->layout[id];
    uint64_t taken[2] = {0, 0};
    layout->kind = -1;
    layout->count = hw_layout(config, (HwLayoutId)id, layout->field);
    for (int i = 0; i < layout->count; i++) {
      asm_field_put(&layout->field[i], ~UINT64_C(0), taken);
      if (!strcmp(layout->field[i].name, kind_field(id))) layout->kind = i;
    }
    layout->spare[0] = ~taken[0];
    layout->spare[1] = ~taken[1];
  }
}

/* ---- Printing ----------------------------------------------------------- */

typedef struct Writer {
  char *text;
  int length;
} Writer;

static void put(Writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put(Writer *writer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  writer->length +=
      vsnprintf(writer->text + writer->length,
                (size_t)(ASM_LINE_MAX - writer->length), format, args);
  va_end(args);
}

/* Addresses are easier to read in hexadecimal. */
static void put_field(Writer *writer, const HwField *field, uint64_t bits) {
  if (field->width == 1)
    put(writer, " %s", field->name);
  else if (field->width >= 32)
    put(writer, " %s=0x%llx", field->name, (unsigned long long)bits);
  else if (field->is_signed && bits >> (field->width - 1))
    put(writer, " %s=-%llu", field->name,
        (unsigned long long)(field_mask(field) + 1 - bits));
  else
    put(writer, " %s=%llu", field->name, (unsigned long long)bits);
}

static void put_fields(Writer *writer, const AsmLayout *layout, bool has_kind,
                       const uint64_t word[2]) {
  for (int i = 1; i < layout->count; i++) { /* the first is the opcode */
    uint64_t bits = asm_field_get(&layout->field[i], word);
    bool told = has_kind && i == layout->kind;
    if (bits && !told) put_field(writer, &layout->field[i], bits);
  }
  for (int i = 0; i < 2; i++)
    if (word[i] & layout->spare[i])
      put(writer, " spare%d=0x%llx", i,
          (unsigned long long)(word[i] & layout->spare[i]));
}

int asm_print(const AsmTable *table, const uint64_t word[2],
              char ret[ASM_LINE_MAX]) {
  Writer writer = {ret, 0};
  char opcode[ASM_NAME_MAX], kind[ASM_NAME_MAX];
  uint32_t number = (uint32_t)(word[0] & 7);
  if (!asm_opcode(number, opcode)) {
    put(&writer, ".word 0x%016llx 0x%016llx", (unsigned long long)word[1],
        (unsigned long long)word[0]);
    return writer.length;
  }
  HwLayoutId id = hw_opcode_layout(number);
  const AsmLayout *layout = &table->layout[id];
  bool has_kind =
      layout->kind >= 0 &&
      asm_kind(id, (uint32_t)asm_field_get(&layout->field[layout->kind], word),
               kind);
  put(&writer, "%s%s%s", opcode, has_kind ? "." : "", has_kind ? kind : "");
  put_fields(&writer, layout, has_kind, word);
  return writer.length;
}
