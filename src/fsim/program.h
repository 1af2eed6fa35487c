/* SPDX-License-Identifier: Apache-2.0 */
/* Program: a stream made ready to run, and to run again.
 *
 * Which instruction runs when depends on the stream and the tokens alone, so
 * decoding and ordering are done once: a program is a list of operations in
 * the order of execution.  It is found again by the stream's bytes. */
#ifndef FSIM_PROGRAM_H
#define FSIM_PROGRAM_H

#include "fsim/plan.h"
#include "hw/insn.h"

/* One instruction, or several stores that together store one rectangle. */
typedef struct ProgramOp {
  Insn insn;
  uint32_t first, count; /* of the program's order */
  bool legal;            /* a transfer's range on chip was checked */
  Plan *plan;            /* the last one used, of this generation */
  uint32_t generation;
} ProgramOp;

typedef struct Program {
  uint8_t *bytes; /* the stream */
  uint32_t count;
  uint32_t *order; /* of the instructions */
  uint32_t ordered;
  ProgramOp *op;
  uint32_t ops;
  uint64_t before[HW_TOKENS], after[HW_TOKENS];
  bool complete; /* it ends in FINISH, not in `failure` */
  Diag failure;
  uint64_t used;
} Program;

/* The programs of a simulator.  Long ones are not kept. */
enum { PROGRAMS = 8, PROGRAM_MOST_KEPT = 1 << 17 };
typedef struct ProgramCache {
  Program *program[PROGRAMS];
  Program *passing; /* one that is not kept */
  uint64_t tick;
  Insn *insns; /* decoded, while a program is made */
  uint32_t capacity;
} ProgramCache;

void program_cache_clear(ProgramCache *cache);

/* The program of a stream that starts with `tokens`; the cache owns it, until
 * the next call.  Fails where an instruction cannot be decoded.  A stream that
 * comes to a halt gives an incomplete program. */
vtac_status program_get(ProgramCache *cache, const HwConfig *config,
                        const uint8_t *bytes, uint32_t count,
                        const uint64_t tokens[HW_TOKENS], Program **ret,
                        Diag *diag);

/* The stream's instructions as they are; valid until the next call. */
vtac_status program_decode(ProgramCache *cache, const HwConfig *config,
                           const uint8_t *bytes, uint32_t count,
                           const Insn **ret, Diag *diag);

/* Instruction `index` of the stream. */
Insn program_insn(const Program *program, const HwConfig *config,
                  uint32_t index);

/* The tokens when the instruction in place `place` of the order starts. */
void program_tokens_at(ProgramCache *cache, const Program *program,
                       const HwConfig *config, uint32_t place,
                       uint64_t ret_tokens[HW_TOKENS]);

/* A check's message, with the instruction that failed it. */
vtac_status program_error(uint32_t index, const Insn *insn, const Diag *why,
                          Diag *diag);

#endif
