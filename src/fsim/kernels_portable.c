/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for any processor; with what every x86-64 has, lanes of 16 bits as
 * in kernels_avx2.c.  The rest is C: lanes of 32 bits for wide lanes and small
 * blocks. */
#include "fsim/kernels.h"

#define TARGET
#define VEC_INLINE static inline __attribute__((always_inline))

#include "fsim/lane_loops.h"

static void gemm_any_member(const GemmJob *job, const GemmMember *member) {
  const int block = job->block;
  int32_t *acc = job->acc + member->dst;
  const int32_t *inp = (const int32_t *)job->inp + member->src;
  for (uint32_t s = 0; s < job->steps; s++) {
    const int32_t *wgt = (const int32_t *)job->wgt + job->step[s].wgt;
    const int32_t *row = inp + job->step[s].src;
    for (int j = 0; j < block; j++, wgt += block) {
      uint32_t sum = (uint32_t)acc[j];
      for (int k = 0; k < block; k++)
        sum += (uint32_t)row[k] * (uint32_t)wgt[k];
      acc[j] = (int32_t)sum;
    }
  }
}

void gemm_any(const GemmJob *job) {
  for (uint32_t m = 0; m < job->members; m++)
    gemm_any_member(job, &job->member[m]);
}

static void widen_to_32(void *to, const void *from, size_t lanes) {
  int32_t *target = to;
  const int8_t *source = from;
  for (size_t l = 0; l < lanes; l++) target[l] = source[l];
}

/* As limits.h, without vectors. */
static uint64_t multiply_plain(uint32_t rounds) {
  enum { SUMS = 8 };
  volatile uint32_t factor = 3, sink = 0;
  uint32_t sum[SUMS] = {0};
  for (uint32_t round = 0; round < rounds; round++) {
    const uint32_t weight = factor;
    for (uint32_t i = 0; i < SUMS; i++) sum[i] += weight * (round + i);
  }
  for (int i = 0; i < SUMS; i++) sink = sink ^ sum[i];
  return (uint64_t)rounds * SUMS;
}

static void read_plain(const void *from, size_t size) {
  const uint64_t *at = from;
  volatile uint64_t sink;
  uint64_t sum = 0;
  for (size_t i = 0; i < size / sizeof *at; i++) sum += at[i];
  sink = sum;
  (void)sink;
}

static const Kernels wide_kernels = {
    .lane_bits = 32,
    .gemm = {gemm_any, gemm_any, gemm_any, gemm_any, gemm_any, gemm_any,
             gemm_any, gemm_any},
    .load_inp = widen_to_32,
    .alu = alu_run,
    .narrow = narrow,
    .multiply = multiply_plain,
    .read = read_plain};

#if defined(__SSE2__)
#include <emmintrin.h>

enum { LANES = 8 };
typedef int16_t Lane;
typedef __m128i Vec;

VEC_INLINE Vec vec_zero(void) { return _mm_setzero_si128(); }

VEC_INLINE Vec load_weights(const Lane *from) {
  return _mm_loadu_si128((const __m128i *)(const void *)from);
}

VEC_INLINE Vec repeat_group(const Lane *from, int group) {
  int32_t pair;
  (void)group;
  __builtin_memcpy(&pair, from, sizeof pair);
  return _mm_set1_epi32(pair);
}

VEC_INLINE Vec add_products(Vec sums, Vec weights, Vec group) {
  sums = _mm_add_epi32(sums, _mm_madd_epi16(weights, group));
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
  __m128i *to = (__m128i *)(void *)acc;
  (void)group;
  _mm_storeu_si128(to, _mm_add_epi32(sums, _mm_loadu_si128(to)));
}

VEC_INLINE Vec load_bytes(const int8_t *from) {
  __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)from);
  return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
}

VEC_INLINE Vec repeat_row(const Lane *from, int block) {
  (void)block;
  return load_weights(from);
}

VEC_INLINE void add_row_sums(int32_t *acc, const Vec sums[4], int block) {
  const Vec low = _mm_add_epi32(_mm_unpacklo_epi32(sums[0], sums[1]),
                                _mm_unpackhi_epi32(sums[0], sums[1]));
  const Vec high = _mm_add_epi32(_mm_unpacklo_epi32(sums[2], sums[3]),
                                 _mm_unpackhi_epi32(sums[2], sums[3]));
  const Vec rows = _mm_add_epi32(_mm_unpacklo_epi64(low, high),
                                 _mm_unpackhi_epi64(low, high));
  add_to_outputs(acc, rows, block);
}

#include "fsim/gemm_groups.h"

#include "fsim/gemm_rows.h"

#define VEC_REGISTER "x"
#include "fsim/limits.h"

GEMM_GROUPS(8, 2, 4, 2, 0)
GEMM_GROUPS(16, 2, 4, 2, 0)
GEMM_GROUPS(32, 2, 4, 2, 0)
GEMM_GROUPS(64, 2, 4, 2, 0)
GEMM_ROWS(8, 4)
GEMM_ROWS(16, 4)
GEMM_ROWS(32, 4)
GEMM_ROWS(64, 4)

enum { GROUP = 2 };

VEC_INLINE __m128i load_groups(const int8_t *from) { return load_bytes(from); }

#include "fsim/prepare_x86.h"

#include "fsim/prepare_wide.h"

static void prepare(void *to, const int8_t *from, size_t tiles, int block) {
  const size_t lanes = (size_t)(block * block);
  for (size_t t = 0; t < tiles; t++)
    prepare_tile((Lane *)to + t * lanes, from + t * lanes, block);
}

static void widen_to_16(void *to, const void *from, size_t lanes) {
  int16_t *target = to;
  const int8_t *source = from;
  for (size_t l = 0; l < lanes; l++) target[l] = source[l];
}

static const Kernels pair_kernels = {
    .lane_bits = 16,
    .gemm = {[3] = gemm_8, [4] = gemm_16, [5] = gemm_32, [6] = gemm_64},
    .gemm_raw = {[3] = gemm_raw_8,
                 [4] = gemm_raw_16,
                 [5] = gemm_raw_32,
                 [6] = gemm_raw_64},
    .prepare = prepare,
    .prepare_wide = prepare_wide,
    .load_inp = widen_to_16,
    .alu = alu_run,
    .narrow = narrow,
    .multiply = multiply_only,
    .read = read_only};

const Kernels *kernels_portable(int width) {
  return width <= 16 ? &pair_kernels : &wide_kernels;
}

#else

const Kernels *kernels_portable(int width) {
  (void)width;
  return &wide_kernels;
}

#endif
