/* SPDX-License-Identifier: Apache-2.0 */
/* From the value that an ALU loop stores to the unit's instructions. */
#ifndef VTA_ALU_STEPS_H
#define VTA_ALU_STEPS_H

#include <stdnoreturn.h>

#include "arith/arith.h"
#include "base/vec.h"
#include "hw/insn.h"
#include "ir/ir.h"
#include "vta/alu_value.h"

typedef enum AluStepKind {
  ALU_RESET,    /* dst = 0 */
  ALU_WITH_IMM, /* dst = opcode(dst, imm) */
  ALU_WITH_SRC  /* dst = opcode(dst, src) */
} AluStepKind;

typedef struct AluStep {
  AluStepKind kind;
  HwAlu opcode;
  int64_t imm;
  const Load *src;
} AluStep;
typedef VEC(AluStep) AluSteps;

/* The value of `store`, step by step.  There is at least one step: a value that
 * is where it belongs is shifted by 0. */
typedef struct AluStage {
  Arena *arena;
  Analyzer *analyzer;
  const char *name; /* what messages call it */
  const Store *store;
  DType type; /* of accumulators */
  AluPlace place;
} AluStage;
AluSteps alu_steps(const AluStage *stage);

/* Ends the compilation with a message about an ALU stage. */
noreturn void alu_refuse(Arena *arena, const char *name, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

#endif
