/* SPDX-License-Identifier: Apache-2.0 */
/* Squares in vectors of 32 bytes: x86-64 with AVX2. */
#include "runtime/squares.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define LANE_INLINE TARGET static inline __attribute__((always_inline))

enum { LANES = 2 };
typedef __m256i Row;

LANE_INLINE Row load_whole(const char *from) {
  return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

LANE_INLINE Row load_lanes(const char *from, int64_t apart) {
  const __m128i *low = (const void *)from;
  const __m128i *high = (const void *)(from + apart);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)),
                                 _mm_loadu_si128(high), 1);
}

LANE_INLINE void store_whole(char *to, Row row) {
  _mm256_storeu_si256((__m256i *)(void *)to, row);
}

LANE_INLINE __m128i lane_of(Row row, const int lane) {
  return lane == 0 ? _mm256_castsi256_si128(row)
                   : _mm256_extracti128_si256(row, 1);
}

LANE_INLINE void store_lane(char *to, Row row, const int lane) {
  _mm_storeu_si128((__m128i *)(void *)to, lane_of(row, lane));
}

LANE_INLINE void store_first(char *to, Row row, const int lane, int64_t size) {
  const __m128i part = lane_of(row, lane);
  store_part(to, (const char *)&part, size);
}

LANE_INLINE Row low_halves(Row a, Row b, const int bytes) {
  return bytes == 1   ? _mm256_unpacklo_epi8(a, b)
         : bytes == 2 ? _mm256_unpacklo_epi16(a, b)
                      : _mm256_unpacklo_epi32(a, b);
}

LANE_INLINE Row high_halves(Row a, Row b, const int bytes) {
  return bytes == 1   ? _mm256_unpackhi_epi8(a, b)
         : bytes == 2 ? _mm256_unpackhi_epi16(a, b)
                      : _mm256_unpackhi_epi32(a, b);
}

LANE_INLINE Row turn_parts(Row row) {
  return _mm256_permute4x64_epi64(row, 0xd8); /* 0 2 1 3 */
}

#include "runtime/squares_loops.h"

const SquaresIsa *squares_avx2(void) {
  return __builtin_cpu_supports("avx2") ? &squares : NULL;
}

#else

const SquaresIsa *squares_avx2(void) { return NULL; }

#endif
