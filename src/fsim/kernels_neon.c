/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for AArch64 with the dot-product extension: four products of signed
 * bytes to each 32-bit lane, no bias needed. */
#include "fsim/kernels.h"

#if defined(__aarch64__) && defined(__linux__)
#include <arm_neon.h>
#include <sys/auxv.h>

#define TARGET __attribute__((target("arch=armv8.2-a+dotprod")))
#define VEC_INLINE TARGET static inline __attribute__((always_inline))

#include "fsim/lane_loops.h"

enum { LANES = 16 };
typedef int8_t Lane;
typedef int32x4_t Vec;

VEC_INLINE Vec vec_zero(void) { return vdupq_n_s32(0); }

VEC_INLINE Vec load_weights(const Lane *from) {
  return vreinterpretq_s32_s8(vld1q_s8(from));
}

VEC_INLINE Vec load_bytes(const int8_t *from) { return load_weights(from); }

VEC_INLINE Vec repeat_group(const Lane *from, int group) {
  int32_t lanes;
  (void)group;
  __builtin_memcpy(&lanes, from, sizeof lanes);
  return vdupq_n_s32(lanes);
}

VEC_INLINE Vec repeat_row(const Lane *from, int block) {
  if (block > 8) return load_weights(from);
  int8x8_t lanes = vld1_s8(from);
  return vreinterpretq_s32_s8(vcombine_s8(lanes, lanes));
}

VEC_INLINE Vec add_products(Vec sums, Vec weights, Vec group) {
  return vdotq_s32(sums, vreinterpretq_s8_s32(weights),
                   vreinterpretq_s8_s32(group));
}

VEC_INLINE void add_to_outputs(int32_t *acc, Vec sums, int group) {
  (void)group;
  vst1q_s32(acc, vaddq_s32(sums, vld1q_s32(acc)));
}

VEC_INLINE void add_row_sums(int32_t *acc, const Vec sums[4], int block) {
  Vec low = vpaddq_s32(sums[0], sums[1]), high = vpaddq_s32(sums[2], sums[3]);
  if (block == 8) { /* two rows in a vector */
    add_to_outputs(acc, low, 4);
    add_to_outputs(acc + 4, high, 4);
  } else {
    add_to_outputs(acc, vpaddq_s32(low, high), 4);
  }
}

#include "fsim/gemm_groups.h"

#include "fsim/gemm_rows.h"

#define VEC_REGISTER "w"
#include "fsim/limits.h"

GEMM_GROUPS(8, 4, 8, 2, 0)
GEMM_GROUPS(16, 4, 4, 4, 0)
GEMM_GROUPS(32, 4, 4, 4, 0)
GEMM_GROUPS(64, 4, 4, 4, 0)
GEMM_ROWS(8, 4)
GEMM_ROWS(16, 4)
GEMM_ROWS(32, 4)
GEMM_ROWS(64, 4)

static void prepare(void *to, const int8_t *from, size_t tiles, int block) {
  const size_t bytes = (size_t)(block * block);
  int8_t *target = to;
  for (size_t t = 0; t < tiles; t++, target += bytes, from += bytes)
    for (int output = 0; output < block; output++)
      for (int k = 0; k < block; k += 4)
        __builtin_memcpy(target + k * block + output * 4,
                         from + output * block + k, 4);
}

static void copy_bytes(void *to, const void *from, size_t lanes) {
  __builtin_memcpy(to, from, lanes);
}

static const Kernels kernels = {.lane_bits = 8,
                                GEMM_BY_BLOCK,
                                .prepare = prepare,
                                .load_inp = copy_bytes,
                                .alu = alu_run,
                                .narrow = narrow,
                                .multiply = multiply_only,
                                .read = read_only};

const Kernels *kernels_neondot(int width) {
  const unsigned long dot_product = 1ul << 20; /* HWCAP_ASIMDDP */
  if (!(getauxval(AT_HWCAP) & dot_product)) return NULL;
  return width <= 8 ? &kernels : kernels_portable(width);
}

#else

const Kernels *kernels_neondot(int width) {
  (void)width;
  return NULL;
}

#endif
