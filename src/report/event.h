/* SPDX-License-Identifier: Apache-2.0 */
/* What the recorder tells the writers of pictures.  Cycles are counted from
 * the launch of the first run; a run begins where the one before it ended. */
#ifndef REPORT_EVENT_H
#define REPORT_EVENT_H

#include "hw/asm.h"
#include "report/groups.h"

typedef struct InsnEvent {
  const Insn *insn;
  const char *text; /* its line of assembly */
  uint32_t run, index;
  uint32_t line; /* of the program's text, from 1; 0 if it has none */
  TsimUnit unit;
  uint64_t visible, start, end; /* `end` is the cycle behind the last one */
  const uint64_t *causes;
} InsnEvent;

/* The program that a recording is of; all members NULL without one. */
typedef struct Program {
  void *self;
  const char *text;
  /* Whether a run is one of those that the program is known to make. */
  bool (*knows)(void *self, uint32_t run, const Insn *insns, uint32_t count);
  /* In such a run, the line, from 1, that made an instruction; 0 if that is not
   * known. */
  uint32_t (*line)(void *self, uint32_t run, uint32_t insn);
  /* Whose work a line is; "" for nobody's. */
  const char *(*stage)(void *self, uint32_t line);
} Program;

typedef struct TokenEvent {
  HwToken token;
  bool taken;
  uint32_t insn;
  uint64_t cycle;
} TokenEvent;

/* Who posts a queue's tokens, and who takes them. */
TsimUnit token_from(HwToken token);
TsimUnit token_to(HwToken token);

#endif
