/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86-64 with AVX2: lanes of 16 bits, multiplied and added in
 * pairs.  A pair's sum wraps at 2^31 only for lanes of 16 bits in DRAM, as it
 * should. */
#include "fsim/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define VEC_INLINE TARGET static inline __attribute__((always_inline))

#include "fsim/lane_loops.h"

enum { LANES = 16 };
typedef int16_t Lane;
typedef __m256i Vec;

VEC_INLINE Vec vec_zero(void) { return _mm256_setzero_si256(); }

VEC_INLINE Vec load_weights(const Lane *from) {
  return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

VEC_INLINE Vec repeat_group(const Lane *from, int group) {
  int32_t pair;
  (void)group;
  __builtin_memcpy(&pair, from, sizeof pair);
  return _mm256_set1_epi32(pair);
}

VEC_INLINE Vec add_products(Vec sums, Vec weights, Vec group) {
  sums = _mm256_add_epi32(sums, _mm256_madd_epi16(weights, group));
  /* Else compilers regroup the sums of many steps and run out of registers. */
  __asm__("" : "+x"(sums));
  return sums;
}

VEC_INLINE Vec start_sums(int32_t start, int group) {
  (void)start;
  (void)group;
  return vec_zero();
}

VEC_INLINE void add_to_outputs(int32_t *acc, Vec sums, int group) {
  __m256i *to = (__m256i *)(void *)acc;
  (void)group;
  _mm256_storeu_si256(to, _mm256_add_epi32(sums, _mm256_loadu_si256(to)));
}

VEC_INLINE Vec load_bytes(const int8_t *from) {
  return _mm256_cvtepi8_epi16(
      _mm_loadu_si128((const __m128i *)(const void *)from));
}

VEC_INLINE Vec repeat_row(const Lane *from, int block) {
  if (block == 8)
    return _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)from));
  return load_weights(from);
}

VEC_INLINE void add_4(int32_t *acc, __m128i sums) {
  __m128i *to = (__m128i *)(void *)acc;
  _mm_storeu_si128(to, _mm_add_epi32(sums, _mm_loadu_si128(to)));
}

VEC_INLINE void add_row_sums(int32_t *acc, const Vec sums[4], int block) {
  const Vec halves = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]),
                                       _mm256_hadd_epi32(sums[2], sums[3]));
  const __m128i low = _mm256_castsi256_si128(halves);
  const __m128i high = _mm256_extracti128_si256(halves, 1);
  if (block == 8) { /* two rows in a vector */
    add_4(acc, _mm_unpacklo_epi32(low, high));
    add_4(acc + 4, _mm_unpackhi_epi32(low, high));
  } else {
    add_4(acc, _mm_add_epi32(low, high));
  }
}

#include "fsim/gemm_groups.h"

#include "fsim/gemm_rows.h"

#define VEC_REGISTER "x"
#include "fsim/limits.h"

GEMM_GROUPS(8, 2, 8, 1, 0)
GEMM_GROUPS(16, 2, 4, 2, 0)
GEMM_GROUPS(32, 2, 4, 2, 0)
GEMM_GROUPS(64, 2, 4, 2, 0)
GEMM_ROWS(8, 4)
GEMM_ROWS(16, 4)
GEMM_ROWS(32, 4)
GEMM_ROWS(64, 4)

enum { GROUP = 2 };

VEC_INLINE __m128i load_groups(const int8_t *from) {
  return _mm_cvtepi8_epi16(
      _mm_loadl_epi64((const __m128i *)(const void *)from));
}

#include "fsim/prepare_x86.h"

#include "fsim/prepare_wide.h"

TARGET static void prepare(void *to, const int8_t *from, size_t tiles,
                           int block) {
  const size_t lanes = (size_t)(block * block);
  for (size_t t = 0; t < tiles; t++)
    prepare_tile((Lane *)to + t * lanes, from + t * lanes, block);
}

TARGET static void widen(void *to, const void *from, size_t lanes) {
  int16_t *target = to;
  const int8_t *source = from;
  for (size_t l = 0; l < lanes; l++) target[l] = source[l];
}

static const Kernels kernels = {
    .lane_bits = 16,
    .gemm = {[3] = gemm_8, [4] = gemm_16, [5] = gemm_32, [6] = gemm_64},
    .gemm_raw = {[3] = gemm_raw_8,
                 [4] = gemm_raw_16,
                 [5] = gemm_raw_32,
                 [6] = gemm_raw_64},
    .prepare = prepare,
    .prepare_wide = prepare_wide,
    .load_inp = widen,
    .alu = alu_run,
    .narrow = narrow,
    .multiply = multiply_only,
    .read = read_only};

const Kernels *kernels_avx2(int width) {
  if (!__builtin_cpu_supports("avx2")) return NULL;
  return width <= 16 ? &kernels : kernels_portable(width);
}

#else

const Kernels *kernels_avx2(int width) {
  (void)width;
  return NULL;
}

#endif
