/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for any processor: lanes of 16 bits in the vectors that every x86-64
 * has, else plain C (kernels_plain.c). */
#include "fsim/kernels.h"

#if defined(__SSE2__)
#include <emmintrin.h>

#define TARGET
#define VEC_INLINE static inline __attribute__((always_inline))

enum { LANES = 8, MEMBERS_8 = 4, VECS_8 = 2 };
typedef __m128i Vec;

VEC_INLINE Vec vec_zero(void) { return _mm_setzero_si128(); }

VEC_INLINE Vec vec_load(const void *from) {
  return _mm_loadu_si128((const __m128i *)from);
}

VEC_INLINE void vec_store(void *to, Vec vec) {
  _mm_storeu_si128((__m128i *)to, vec);
}

VEC_INLINE Vec vec_repeat_32(int32_t value) { return _mm_set1_epi32(value); }

VEC_INLINE Vec vec_add_32(Vec a, Vec b) { return _mm_add_epi32(a, b); }

VEC_INLINE Vec vec_add_pairs(Vec a, Vec b) { return _mm_madd_epi16(a, b); }

VEC_INLINE Vec load_bytes(const int8_t *from) {
  __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)from);
  return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
}

VEC_INLINE __m128i load_groups(const int8_t *from) { return load_bytes(from); }

VEC_INLINE Vec repeat_row(const int16_t *from, int block) {
  (void)block;
  return vec_load(from);
}

VEC_INLINE void add_row_sums(int32_t *acc, const Vec sums[4], int block) {
  const Vec low = _mm_add_epi32(_mm_unpacklo_epi32(sums[0], sums[1]),
                                _mm_unpackhi_epi32(sums[0], sums[1]));
  const Vec high = _mm_add_epi32(_mm_unpacklo_epi32(sums[2], sums[3]),
                                 _mm_unpackhi_epi32(sums[2], sums[3]));
  const Vec rows = _mm_add_epi32(_mm_unpacklo_epi64(low, high),
                                 _mm_unpackhi_epi64(low, high));
  (void)block;
  vec_store(acc, vec_add_32(rows, vec_load(acc)));
}

#include "fsim/pair_kernels.h"

const Kernels *kernels_portable(int width) {
  return width <= 16 ? &kernels : kernels_plain();
}

#else

const Kernels *kernels_portable(int width) {
  (void)width;
  return kernels_plain();
}

#endif
