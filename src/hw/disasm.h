/* SPDX-License-Identifier: Apache-2.0 */
/* Text listings of micro-ops and instructions, in the form that the reference
 * runtime prints. */
#ifndef HW_DISASM_H
#define HW_DISASM_H

#include "base/strbuf.h"
#include "hw/insn.h"

/* Where a listing goes, piece by piece. */
typedef struct HwSink {
  void (*write)(void *self, const char *text, size_t length);
  void *self;
} HwSink;

HwSink hw_sink_strbuf(Strbuf *buf);

/* "There are N uops", a line for each, an empty line. */
void hw_list_uops(HwSink sink, const Uop *uops, uint32_t count);

/* "There are N instructions", then each with its fields and the number of
 * tokens in the queues after it, counted from zero in the order of the
 * stream.  Illegal instructions are listed, too. */
void hw_list_insns(HwSink sink, const Insn *insns, uint32_t count);

/* "LOAD INP", "ALU min imm": for messages.  Returns `ret`. */
enum { HW_BRIEF_MAX = 32 };
const char *hw_insn_brief(const Insn *insn, char ret[HW_BRIEF_MAX]);

#endif
