/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels with lanes of 16 bits, multiplied and added in pairs, for vectors of
 * any width of x86-64; included by a file that first defines
 *
 *   TARGET, VEC_INLINE  the functions' attributes
 *   LANES, Vec          lanes of 16 bits in a vector, and the vector
 *   vec_zero(), vec_load(from), vec_store(to, vec)
 *   vec_repeat_32(int32_t), vec_add_32(a, b)
 *   vec_add_pairs(a, b): the sums of neighbouring products, of 32 bits
 *   load_bytes, repeat_row, add_row_sums: as gemm_rows.h takes them
 *   load_groups: as prepare_x86.h takes it
 *   MEMBERS_8, VECS_8: members and vectors at a time for a block of 8
 *
 * and is left with `kernels`.  A pair's sum wraps at 2^31 only for lanes of 16
 * bits in DRAM, as it should. */
#include "fsim/kernels.h"

enum { GROUP = 2 };
typedef int16_t Lane;

VEC_INLINE Vec load_weights(const Lane *from) { return vec_load(from); }

VEC_INLINE Vec repeat_group(const Lane *from, int group) {
  int32_t pair;
  (void)group;
  __builtin_memcpy(&pair, from, sizeof pair);
  return vec_repeat_32(pair);
}

VEC_INLINE Vec add_products(Vec sums, Vec weights, Vec group) {
  sums = vec_add_32(sums, vec_add_pairs(weights, group));
  /* Else compilers regroup the sums of many steps and run out of registers. */
  __asm__("" : "+x"(sums));
  return sums;
}

VEC_INLINE void add_to_outputs(int32_t *acc, Vec sums, int group) {
  (void)group;
  vec_store(acc, vec_add_32(sums, vec_load(acc)));
}

#define VEC_REGISTER "x"
#include "fsim/lane_loops.h"

#include "fsim/gemm_groups.h"

#include "fsim/gemm_rows.h"

#include "fsim/limits.h"

#include "fsim/prepare_x86.h"

#include "fsim/prepare_wide.h"

GEMM_GROUPS(8, GROUP, MEMBERS_8, VECS_8, 0)
GEMM_GROUPS(16, GROUP, 4, 2, 0)
GEMM_GROUPS(32, GROUP, 4, 2, 0)
GEMM_GROUPS(64, GROUP, 4, 2, 0)
GEMM_ROWS(8, 4)
GEMM_ROWS(16, 4)
GEMM_ROWS(32, 4)
GEMM_ROWS(64, 4)

TARGET static void prepare(void *to, const int8_t *from, size_t tiles,
                           int block) {
  const size_t lanes = (size_t)(block * block);
  for (size_t t = 0; t < tiles; t++)
    prepare_tile((Lane *)to + t * lanes, from + t * lanes, block);
}

TARGET static void widen(void *to, const void *from, size_t lanes) {
  Lane *target = to;
  const int8_t *source = from;
  for (size_t l = 0; l < lanes; l++) target[l] = source[l];
}

static const Kernels kernels = {.lane_bits = 16,
                                GEMM_BY_BLOCK,
                                .prepare = prepare,
                                .prepare_wide = prepare_wide,
                                .load_inp = widen,
                                .alu = alu_run,
                                .narrow = narrow,
                                .multiply = multiply_only,
                                .read = read_only};
