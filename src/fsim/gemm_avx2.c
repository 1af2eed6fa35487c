/* SPDX-License-Identifier: Apache-2.0 */
/* GEMM for x86-64 with AVX2, chosen at run time.
 *
 * A weight tile [block j][block k] of bytes is packed as 16-bit pairs
 * [k / 2][j][2].  A row of the product then needs no horizontal sums: the pair
 * of activations k, k+1 is broadcast, multiplied with the pairs of eight
 * outputs j at once and added to their accumulators.  The pair products fit 32
 * bits (2 * 2^14), the sums wrap.
 *
 * Packing costs as much as several products, so a weight is packed when it is
 * used for the second time since it was loaded; before, dot products over the
 * bytes serve. */
#include "fsim/tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

enum { MAX_BLOCK = 64 }; /* a weight tile takes at most a page */

bool gemm_avx2_supports(const HwConfig *config) {
  return config->block_in >= 8 && __builtin_cpu_supports("avx2");
}

static void pack_pairs(const int8_t *wgt, int block, int16_t *ret) {
  for (int k = 0; k < block; k += 2)
    for (int j = 0; j < block; j++) {
      ret[(k / 2 * block + j) * 2] = wgt[j * block + k];
      ret[(k / 2 * block + j) * 2 + 1] = wgt[j * block + k + 1];
    }
}

/* Pairs k of 16-bit activations, read as the 32 bits that are broadcast. */
typedef union InpPairs {
  int16_t lane[MAX_BLOCK];
  int32_t pair[MAX_BLOCK / 2];
} InpPairs;

AVX2 FAST_INLINE __m256i load_lanes(const void *from) {
  return _mm256_loadu_si256((const __m256i *)from);
}

/* `sums` * 8 accumulators of one row, kept in registers over all pairs. */
AVX2 FAST_INLINE void add_products(int32_t *acc, const InpPairs *inp,
                                   const int16_t *weights, int block,
                                   int sums) {
  __m256i sum[4];
  for (int s = 0; s < sums; s++) sum[s] = load_lanes(acc + 8 * s);
  for (int k = 0; k < block / 2; k++) {
    __m256i pair = _mm256_set1_epi32(inp->pair[k]);
    for (int s = 0; s < sums; s++) {
      __m256i weight = load_lanes(weights + (k * block + 8 * s) * 2);
      sum[s] = _mm256_add_epi32(sum[s], _mm256_madd_epi16(pair, weight));
    }
  }
  for (int s = 0; s < sums; s++)
    _mm256_storeu_si256((__m256i *)(void *)(acc + 8 * s), sum[s]);
}

AVX2 FAST_INLINE void row_product(int32_t *acc, const InpPairs *inp,
                                  const int16_t *pairs, int block) {
  if (block == 8) {
    add_products(acc, inp, pairs, block, 1);
  } else if (block == 16) {
    add_products(acc, inp, pairs, block, 2);
  } else {
    for (int j = 0; j < block; j += 32)
      add_products(acc + j, inp, pairs + 2 * j, block, 4);
  }
}

AVX2 FAST_INLINE void widen_row(const int8_t *from, int block, InpPairs *ret) {
  if (block == 8) {
    __m128i lanes = _mm_loadl_epi64((const __m128i *)(const void *)from);
    _mm_storeu_si128((__m128i *)(void *)ret->lane, _mm_cvtepi8_epi16(lanes));
    return;
  }
  for (int k = 0; k < block; k += 16) {
    __m128i lanes = _mm_loadu_si128((const __m128i *)(const void *)(from + k));
    _mm256_storeu_si256((__m256i *)(void *)(ret->lane + k),
                        _mm256_cvtepi8_epi16(lanes));
  }
}

AVX2 FAST_INLINE void tile_pairs(FastTile tile, int batch, int block) {
  for (int i = 0; i < batch; i++) {
    InpPairs inp;
    widen_row(tile.inp + i * block, block, &inp);
    row_product(tile.acc + i * block, &inp, tile.pairs, block);
  }
}

AVX2 FAST_INLINE void multiply(Fast *fast, const GemmInsn *gemm, int batch,
                               int block) {
  const uint32_t n = gemm->uop_end - gemm->uop_bgn;
  for (uint32_t y = 0; y < gemm->iter_out; y++)
    for (uint32_t x = 0; x < gemm->iter_in; x++) {
      Uop base = iteration_base(gemm, y, x);
      for (uint32_t u = 0; u < n; u++) {
        uint32_t wgt = base.wgt + fast->uops[u].wgt;
        FastTile tile = tile_at(fast, base, fast->uops[u], batch, block);
        if (fast->reuses[wgt] == FAST_PACKED) {
          tile_pairs(tile, batch, block);
          continue;
        }
        tile_dot(tile, batch, block);
        if (++fast->reuses[wgt] == FAST_PACKED)
          pack_pairs(tile.wgt, block, fast->pairs + (tile.pairs - fast->pairs));
      }
    }
}

AVX2 void gemm_avx2(Fast *fast, const GemmInsn *gemm) {
  const int batch = fast->chip->config->batch;
  const int block = fast->chip->config->block_in;
  if (batch == 1 && block == 16)
    multiply(fast, gemm, 1, 16); /* constants, for the usual shape */
  else
    multiply(fast, gemm, batch, block);
}

#else

bool gemm_avx2_supports(const HwConfig *config) {
  (void)config;
  return false;
}

void gemm_avx2(Fast *fast, const GemmInsn *gemm) { gemm_portable(fast, gemm); }

#endif
