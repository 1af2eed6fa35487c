/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of instructions (docs/stream.md): one line for any 128 bits,
 * from which the same bits come back.
 *
 * Mnemonics and fields have their names in insns.def.  Both directions work on
 * the encoded words, so that illegal values and bits of no field survive. */
#ifndef HW_ASM_H
#define HW_ASM_H

#include "hw/insn.h"

/* The fields of a layout, and which of the 128 bits belong to none. */
typedef struct AsmLayout {
  int count;
  int kind; /* the field that the mnemonic's suffix names, or -1 */
  HwField field[HW_FIELDS_MAX];
  uint64_t spare[2];
} AsmLayout;

typedef struct AsmTable {
  AsmLayout layout[HW_LAYOUTS];
} AsmTable;

void asm_table_init(AsmTable *table, const HwConfig *config);

/* A field of an encoded instruction, as unsigned bits. */
uint64_t asm_field_get(const HwField *field, const uint64_t word[2]);
void asm_field_put(const HwField *field, uint64_t bits, uint64_t word[2]);

/* The longest name of asm_opcode and asm_kind. */
enum { ASM_NAME_MAX = 16 };
/* "load", "gemm", …: false for a number without an instruction. */
bool asm_opcode(uint32_t opcode, char ret[ASM_NAME_MAX]);
/* The suffix of a layout's mnemonic for a value of its kind field: a memory
 * ("inp") or an arithmetic operation ("add"); false for an illegal value. */
bool asm_kind(HwLayoutId layout, uint32_t value, char ret[ASM_NAME_MAX]);

/* Writes an instruction's line, without its end; returns its length. */
enum { ASM_LINE_MAX = 1024 };
int asm_print(const AsmTable *table, const uint64_t word[2],
              char ret[ASM_LINE_MAX]);

/* One line of a text; `name` and `number` are for messages. */
typedef struct AsmLine {
  const char *text, *name;
  size_t length; /* without the line's end */
  uint32_t number;
} AsmLine;

/* Encodes a line; *ret_any is false for one without an instruction.  The
 * message of a refusal starts with name:line:column. */
vtac_status asm_parse(const AsmTable *table, const AsmLine *line, bool *ret_any,
                      uint64_t ret_word[2], Diag *diag);

#endif
