/* SPDX-License-Identifier: Apache-2.0 */
/* Squares in vectors of 64 bytes: x86-64 with AVX-512 BW and VL. */
#include "runtime/squares.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl")))
#define LANE_INLINE TARGET static inline __attribute__((always_inline))

enum { LANES = 4 };
typedef __m512i Row;

LANE_INLINE __m128i load_16(const char *from) {
  return _mm_loadu_si128((const __m128i *)(const void *)from);
}

LANE_INLINE Row load_whole(const char *from) {
  return _mm512_loadu_si512(from);
}

LANE_INLINE Row load_lanes(const char *from, int64_t apart) {
  Row row = _mm512_castsi128_si512(load_16(from));
  row = _mm512_inserti32x4(row, load_16(from + apart), 1);
  row = _mm512_inserti32x4(row, load_16(from + 2 * apart), 2);
  return _mm512_inserti32x4(row, load_16(from + 3 * apart), 3);
}

LANE_INLINE void store_whole(char *to, Row row) {
  _mm512_storeu_si512(to, row);
}

LANE_INLINE __m128i lane_of(Row row, const int lane) {
  switch (lane) {
    case 0: return _mm512_castsi512_si128(row);
    case 1: return _mm512_extracti32x4_epi32(row, 1);
    case 2: return _mm512_extracti32x4_epi32(row, 2);
    default: return _mm512_extracti32x4_epi32(row, 3);
  }
}

LANE_INLINE void store_lane(char *to, Row row, const int lane) {
  _mm_storeu_si128((__m128i *)(void *)to, lane_of(row, lane));
}

LANE_INLINE void store_first(char *to, Row row, const int lane, int64_t size) {
  const __mmask16 bytes = (__mmask16)((1u << size) - 1);
  _mm_mask_storeu_epi8(to, bytes, lane_of(row, lane));
}

LANE_INLINE Row low_halves(Row a, Row b, const int bytes) {
  return bytes == 1   ? _mm512_unpacklo_epi8(a, b)
         : bytes == 2 ? _mm512_unpacklo_epi16(a, b)
                      : _mm512_unpacklo_epi32(a, b);
}

LANE_INLINE Row high_halves(Row a, Row b, const int bytes) {
  return bytes == 1   ? _mm512_unpackhi_epi8(a, b)
         : bytes == 2 ? _mm512_unpackhi_epi16(a, b)
                      : _mm512_unpackhi_epi32(a, b);
}

LANE_INLINE Row turn_parts(Row row) {
  const __m512i order =
      _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
  return _mm512_permutexvar_epi32(order, row);
}

#include "runtime/squares_loops.h"

const SquaresIsa *squares_avx512(void) {
  const bool has =
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return has ? &squares : NULL;
}

#else

const SquaresIsa *squares_avx512(void) { return NULL; }

#endif
