/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over lanes in plain C, compiled for each instruction set: the files
 * that include this define TARGET, and the compiler vectorises. */
#include "fsim/kernels.h"
#include "hw/alu.h"

#define LANE_LOOP TARGET static inline __attribute__((always_inline))

LANE_LOOP int32_t cut_lane(int32_t value, int cut) {
  return (int32_t)((uint32_t)value << cut) >> cut;
}

/* Called with constants.  Lane l is read before it is written, in ascending
 * order: elements may be their own source, or overlap. */
LANE_LOOP void alu_steps(const AluLoop *loop, HwAlu operation, int cut) {
  int32_t *dst = loop->dst;
  const int32_t *src = loop->src;
  const int32_t imm = loop->imm;
  const size_t lanes = loop->lanes;
  if (src)
    for (size_t l = 0; l < lanes; l++)
      dst[l] = cut_lane(alu_lane(operation, dst[l], src[l]), cut);
  else
    for (size_t l = 0; l < lanes; l++)
      dst[l] = cut_lane(alu_lane(operation, dst[l], imm), cut);
}

TARGET static void alu_run(const AluLoop *loop) {
  switch (loop->operation) {
#define HW_ALU(NAME, value, listed, listed_imm, meaning) \
  case value:                                            \
    if (loop->cut)                                       \
      alu_steps(loop, (HwAlu)value, loop->cut);          \
    else                                                 \
      alu_steps(loop, (HwAlu)value, 0);                  \
    break;
#include "hw/insns.def"
  }
}

TARGET static void narrow(void *to, const int32_t *from, size_t lanes) {
  uint8_t *bytes = to;
  for (size_t l = 0; l < lanes; l++) bytes[l] = (uint8_t)from[l];
}
