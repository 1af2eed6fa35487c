/* SPDX-License-Identifier: Apache-2.0 */
/* One lane of an arithmetic instruction, before the result is cut to the
 * lane's width: sums and products wrap; a shift by more than 31 either way
 * leaves sign bits (right) or zero (left). */
#ifndef HW_ALU_H
#define HW_ALU_H

#include "hw/insn.h"

static inline int32_t alu_shift(int32_t a, int32_t b) {
  if (b >= 0) return a >> (b > 31 ? 31 : b);
  return b < -31 ? 0 : (int32_t)((uint32_t)a << -b);
}

static inline int32_t alu_lane(HwAlu operation, int32_t a, int32_t b) {
  switch (operation) {
    case HW_ALU_MIN: return a < b ? a : b;
    case HW_ALU_MAX: return a > b ? a : b;
    case HW_ALU_ADD: return (int32_t)((uint32_t)a + (uint32_t)b);
    case HW_ALU_SHR: return alu_shift(a, b);
    case HW_ALU_MUL: return (int32_t)((uint32_t)a * (uint32_t)b);
  }
  return a; /* no check lets another operation pass */
}

#endif
