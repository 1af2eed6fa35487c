/* SPDX-License-Identifier: Apache-2.0 */
/* Preparing tiles of weights on x86-64 (see gemm_groups.h), four outputs and
 * four groups at a time; included by a file that defines TARGET, GROUP (the
 * weights in a group) and
 *
 *   load_groups(const int8_t *): four groups of one output, 32 bits each */
#define PREPARE_INLINE TARGET static inline __attribute__((always_inline))

PREPARE_INLINE void store_transposed(__m128i *to, size_t stride, __m128i r0,
                                     __m128i r1, __m128i r2, __m128i r3) {
  const __m128i a = _mm_unpacklo_epi32(r0, r1), b = _mm_unpackhi_epi32(r0, r1);
  const __m128i c = _mm_unpacklo_epi32(r2, r3), d = _mm_unpackhi_epi32(r2, r3);
  _mm_storeu_si128(to, _mm_unpacklo_epi64(a, c));
  _mm_storeu_si128(to + stride, _mm_unpackhi_epi64(a, c));
  _mm_storeu_si128(to + 2 * stride, _mm_unpacklo_epi64(b, d));
  _mm_storeu_si128(to + 3 * stride, _mm_unpackhi_epi64(b, d));
}

/* A prepared group of all outputs takes `block` times 32 bits. */
PREPARE_INLINE void prepare_tile(void *to, const int8_t *from, int block) {
  const size_t stride = (size_t)block / 4;
  __m128i *target = to;
  for (int output = 0; output < block; output += 4)
    for (int k = 0; k < block; k += 4 * GROUP) {
      const int8_t *row = from + output * block + k;
      store_transposed(target + (size_t)(k / GROUP) * stride + output / 4,
                       stride, load_groups(row), load_groups(row + block),
                       load_groups(row + 2 * block),
                       load_groups(row + 3 * block));
    }
}
#undef PREPARE_INLINE
