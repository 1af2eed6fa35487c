/* SPDX-License-Identifier: Apache-2.0 */
/* Values of ALU stages in the form that the unit computes best. */
#ifndef VTA_ALU_VALUE_H
#define VTA_ALU_VALUE_H

#include "ir/ir.h"

enum {
  ALU_IMM_MIN = -32768, /* immediates have 16 bits */
  ALU_IMM_MAX = 32767,
  ALU_MOST_SUMS = 16 /* instructions that add one constant */
};

/* Whether a load reads the very element that the stage writes. */
typedef struct AluPlace {
  bool (*holds)(void *self, const Load *load);
  void *self;
} AluPlace;

/* The same value, its outermost operations in an order and with constants that
 * suit the unit. */
const Expr *alu_value(Arena *arena, const Expr *value, const AluPlace *place);

#endif
