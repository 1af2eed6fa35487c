/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86-64 with AVX-512 VNNI.
 *
 * The instruction multiplies unsigned by signed bytes and adds four products
 * to each 32-bit lane: 64 multiply-accumulates.  Weights are the unsigned
 * side, 128 more than their value; what that adds too much, 128 times the sum
 * of the activations, is known by row (sum_rows), and sums start with less by
 * as much.  A group is four activations; in a block of 8, where two groups
 * of all outputs fill one vector, it is all eight. */
#include "fsim/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define VEC_INLINE TARGET static inline __attribute__((always_inline))

#include "fsim/lane_loops.h"

#define BIASED /* sums start at what start_sums says */
enum { LANES = 64 };
typedef uint8_t Lane;
typedef __m512i Vec;

VEC_INLINE Vec vec_zero(void) { return _mm512_setzero_si512(); }

VEC_INLINE Vec load_weights(const Lane *from) {
  return _mm512_loadu_si512(from);
}

VEC_INLINE int64_t load_64(const void *from) {
  int64_t value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

VEC_INLINE Vec repeat_group(const Lane *from, int group) {
  int32_t value;
  if (group == 8) return _mm512_set1_epi64(load_64(from));
  __builtin_memcpy(&value, from, sizeof value);
  return _mm512_set1_epi32(value);
}

VEC_INLINE Vec add_products(Vec sums, Vec weights, Vec row) {
  return _mm512_dpbusd_epi32(sums, weights, row);
}

VEC_INLINE Vec start_sums(int32_t start, int group) {
  if (group == 8) return _mm512_set1_epi64((int64_t)(uint32_t)start);
  return _mm512_set1_epi32(start);
}

/* ---- Sums of rows ------------------------------------------------------- */

/* Lane 4 p + v: the sum of 128-bit part p of vector v. */
VEC_INLINE Vec sum_parts(const Vec sums[4]) {
  Vec low = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]),
                             _mm512_unpackhi_epi32(sums[0], sums[1]));
  Vec high = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]),
                              _mm512_unpackhi_epi32(sums[2], sums[3]));
  return _mm512_add_epi32(_mm512_unpacklo_epi64(low, high),
                          _mm512_unpackhi_epi64(low, high));
}

/* The sums of the rows in 4 vectors (1 where the block is 8), in order: in the
 * first 8, 16, 8 or 4 lanes. */
VEC_INLINE Vec row_sums(const Vec sums[4], int block) {
  if (block == 8) {
    Vec pairs = _mm512_add_epi32(sums[0], _mm512_srli_epi64(sums[0], 32));
    return _mm512_zextsi256_si512(_mm512_cvtepi64_epi32(pairs));
  }
  Vec parts = sum_parts(sums);
  if (block == 16) {
    const Vec order =
        _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
    return _mm512_permutexvar_epi32(order, parts);
  }
  parts = _mm512_add_epi32(parts, _mm512_shuffle_i32x4(parts, parts, 0xb1));
  if (block == 32) {
    const Vec order =
        _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 11, 3, 10, 2, 9, 1, 8, 0);
    return _mm512_permutexvar_epi32(order, parts);
  }
  return _mm512_add_epi32(parts, _mm512_shuffle_i32x4(parts, parts, 0x4e));
}

VEC_INLINE void add_16(int32_t *acc, Vec sums) {
  _mm512_storeu_si512(acc, _mm512_add_epi32(sums, _mm512_loadu_si512(acc)));
}

VEC_INLINE void add_8(int32_t *acc, Vec sums) {
  __m256i *to = (__m256i *)(void *)acc;
  __m256i eight = _mm512_castsi512_si256(sums);
  _mm256_storeu_si256(to, _mm256_add_epi32(eight, _mm256_loadu_si256(to)));
}

VEC_INLINE void add_to_outputs(int32_t *acc, Vec sums, int group) {
  const Vec all[4] = {sums, sums, sums, sums};
  if (group == 8)
    add_8(acc, row_sums(all, 8));
  else
    add_16(acc, sums);
}

VEC_INLINE void add_row_sums(int32_t *acc, const Vec sums[4], int block) {
  const Vec rows = row_sums(sums, block);
  if (block == 16) {
    add_16(acc, rows);
  } else if (block == 64) {
    __m128i *to = (__m128i *)(void *)acc;
    __m128i four = _mm512_castsi512_si128(rows);
    _mm_storeu_si128(to, _mm_add_epi32(four, _mm_loadu_si128(to)));
  } else {
    add_8(acc, rows);
  }
}

/* ---- Products ----------------------------------------------------------- */

VEC_INLINE Vec repeat_row(const Lane *from, int block) {
  if (block == 8) return _mm512_set1_epi64(load_64(from));
  if (block == 16)
    return _mm512_broadcast_i32x4(
        _mm_loadu_si128((const __m128i *)(const void *)from));
  if (block == 32)
    return _mm512_broadcast_i64x4(
        _mm256_loadu_si256((const __m256i *)(const void *)from));
  return _mm512_loadu_si512(from);
}

/* A biased byte is the byte with its top bit turned. */
VEC_INLINE Vec load_bytes(const int8_t *from) {
  return _mm512_xor_si512(_mm512_set1_epi8((char)0x80),
                          _mm512_loadu_si512(from));
}

#include "fsim/gemm_groups.h"

#include "fsim/gemm_rows.h"

#define VEC_REGISTER "x"
#include "fsim/limits.h"

/* Strips of 14: what the widths of the usual images are multiples of. */
GEMM_GROUPS(8, 8, 8, 1, 14)
GEMM_GROUPS(16, 4, 8, 1, 14)
GEMM_GROUPS(32, 4, 6, 2, 0)
GEMM_GROUPS(64, 4, 4, 4, 0)
GEMM_ROWS(8, 1)
GEMM_ROWS(16, 4)
GEMM_ROWS(32, 4)
GEMM_ROWS(64, 4)

/* ---- Preparing ---------------------------------------------------------- */

/* Groups of a 16 x 16 tile: dword 4 o + g becomes dword 16 g + o. */
VEC_INLINE void prepare_16(uint8_t *to, const int8_t *from) {
  const Vec even = _mm512_set_epi32(29, 25, 21, 17, 13, 9, 5, 1, 28, 24, 20, 16,
                                    12, 8, 4, 0);
  const Vec odd = _mm512_add_epi32(even, _mm512_set1_epi32(2));
  const Vec v0 = load_bytes(from), v1 = load_bytes(from + 64);
  const Vec v2 = load_bytes(from + 128), v3 = load_bytes(from + 192);
  /* Groups 0 and 1, then 2 and 3, of outputs 0..7 and of 8..15. */
  const Vec low01 = _mm512_permutex2var_epi32(v0, even, v1);
  const Vec low23 = _mm512_permutex2var_epi32(v0, odd, v1);
  const Vec high01 = _mm512_permutex2var_epi32(v2, even, v3);
  const Vec high23 = _mm512_permutex2var_epi32(v2, odd, v3);
  _mm512_storeu_si512(to, _mm512_shuffle_i64x2(low01, high01, 0x44));
  _mm512_storeu_si512(to + 64, _mm512_shuffle_i64x2(low01, high01, 0xee));
  _mm512_storeu_si512(to + 128, _mm512_shuffle_i64x2(low23, high23, 0x44));
  _mm512_storeu_si512(to + 192, _mm512_shuffle_i64x2(low23, high23, 0xee));
}

enum { GROUP = 4 };

VEC_INLINE __m128i load_groups(const int8_t *from) {
  return _mm_xor_si128(_mm_set1_epi8((char)0x80),
                       _mm_loadu_si128((const __m128i *)(const void *)from));
}

#include "fsim/prepare_x86.h"

TARGET static void prepare(void *to, const int8_t *from, size_t tiles,
                           int block) {
  const size_t bytes = (size_t)(block * block);
  uint8_t *target = to;
  for (size_t t = 0; t < tiles; t++, target += bytes, from += bytes) {
    if (block == 8)
      _mm512_storeu_si512(target, load_bytes(from));
    else if (block == 16)
      prepare_16(target, from);
    else
      prepare_tile(target, from, block);
  }
}

TARGET static void load_inp(void *to, const void *from, size_t lanes) {
  __builtin_memcpy(to, from, lanes);
}

/* As many rows at a time as a reduction takes. */
VEC_INLINE void sum_rows_of(int32_t *to, const uint8_t *inp, size_t rows,
                            const int block) {
  const int vecs = block == 8 ? 1 : 4;
  const size_t group = (size_t)(vecs * LANES / block);
  const Vec bias = _mm512_set1_epi8((char)0x80);
  for (size_t row = 0; row < rows; row += group) {
    Vec sums[4];
    for (int v = 0; v < vecs; v++)
      sums[v] = _mm512_dpbusd_epi32(
          vec_zero(), bias,
          _mm512_loadu_si512(inp + row * (size_t)block + v * LANES));
    Vec all = row_sums(sums, block);
    _mm512_mask_storeu_epi32(to + row, (__mmask16)((1u << group) - 1), all);
  }
}

TARGET static void sum_rows(int32_t *to, const void *inp, size_t rows,
                            int block) {
  switch (block) {
    case 8: sum_rows_of(to, inp, rows, 8); break;
    case 16: sum_rows_of(to, inp, rows, 16); break;
    case 32: sum_rows_of(to, inp, rows, 32); break;
    default: sum_rows_of(to, inp, rows, 64); break;
  }
}

TARGET static void sum_strip(int32_t *to, const int32_t *sums, uint32_t n,
                             const GemmStep *step, uint32_t steps, int shift) {
  for (uint32_t m = 0; m < n; m += 16) {
    const uint32_t left = n - m;
    const __mmask16 rows = left < 16 ? (__mmask16)((1u << left) - 1) : 0xffff;
    Vec sum = vec_zero();
    for (uint32_t s = 0; s < steps; s++)
      sum = _mm512_sub_epi32(sum, _mm512_maskz_loadu_epi32(
                                      rows, sums + (step[s].src >> shift) + m));
    _mm512_mask_storeu_epi32(to + m, rows, sum);
  }
}

static const Kernels kernels = {.lane_bits = 8,
                                .biased = true,
                                GEMM_BY_BLOCK,
                                .prepare = prepare,
                                .load_inp = load_inp,
                                .sum_rows = sum_rows,
                                .sum_strip = sum_strip,
                                .alu = alu_run,
                                .narrow = narrow,
                                .multiply = multiply_only,
                                .read = read_only};

const Kernels *kernels_avx512vnni(int width) {
  bool has = __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vnni");
  if (!has) return NULL;
  return width <= 8 ? &kernels : kernels_avx2(width);
}

#else

const Kernels *kernels_avx512vnni(int width) {
  (void)width;
  return NULL;
}

#endif
