/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86-64 with AVX2: 16 lanes of 16 bits in a vector. */
#include "fsim/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define VEC_INLINE TARGET static inline __attribute__((always_inline))

enum { LANES = 16, MEMBERS_8 = 8, VECS_8 = 1 };
typedef __m256i Vec;

VEC_INLINE Vec vec_zero(void) { return _mm256_setzero_si256(); }

VEC_INLINE Vec vec_load(const void *from) {
  return _mm256_loadu_si256((const __m256i *)from);
}

VEC_INLINE void vec_store(void *to, Vec vec) {
  _mm256_storeu_si256((__m256i *)to, vec);
}

VEC_INLINE Vec vec_repeat_32(int32_t value) { return _mm256_set1_epi32(value); }

VEC_INLINE Vec vec_add_32(Vec a, Vec b) { return _mm256_add_epi32(a, b); }

VEC_INLINE Vec vec_add_pairs(Vec a, Vec b) { return _mm256_madd_epi16(a, b); }

VEC_INLINE Vec load_bytes(const int8_t *from) {
  return _mm256_cvtepi8_epi16(
      _mm_loadu_si128((const __m128i *)(const void *)from));
}

VEC_INLINE __m128i load_groups(const int8_t *from) {
  return _mm_cvtepi8_epi16(
      _mm_loadl_epi64((const __m128i *)(const void *)from));
}

VEC_INLINE Vec repeat_row(const int16_t *from, int block) {
  if (block == 8)
    return _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)from));
  return vec_load(from);
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

#include "fsim/pair_kernels.h"

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
