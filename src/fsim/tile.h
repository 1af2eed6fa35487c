/* SPDX-License-Identifier: Apache-2.0 */
/* The tile product in portable C, inlined into functions that are compiled
 * for different processors, and the addressing they share. */
#ifndef FSIM_TILE_H
#define FSIM_TILE_H

#include "fsim/fast.h"

#define FAST_INLINE static inline __attribute__((always_inline))

/* Plain dot products; compilers turn the inner loop into multiply-adds of
 * 16-bit pairs.  A dot product of at most 64 lanes cannot overflow, the
 * accumulation wraps. */
FAST_INLINE void tile_dot(FastTile tile, int batch, int block) {
  for (int i = 0; i < batch; i++)
    for (int j = 0; j < block; j++) {
      int32_t sum = 0;
      for (int k = 0; k < block; k++)
        sum +=
            (int16_t)tile.inp[i * block + k] * (int16_t)tile.wgt[j * block + k];
      int32_t *acc = &tile.acc[i * block + j];
      *acc = (int32_t)((uint32_t)*acc + (uint32_t)sum);
    }
}

/* The indices of the micro-ops are relative to those of an iteration. */
FAST_INLINE Uop iteration_base(const GemmInsn *loops, uint32_t y, uint32_t x) {
  return (Uop){y * loops->dst_factor_out + x * loops->dst_factor_in,
               y * loops->src_factor_out + x * loops->src_factor_in,
               y * loops->wgt_factor_out + x * loops->wgt_factor_in};
}

FAST_INLINE FastTile tile_at(const Fast *fast, Uop base, Uop uop, int batch,
                             int block) {
  const size_t row = (size_t)batch * (size_t)block;
  const size_t square = (size_t)block * (size_t)block;
  const size_t wgt = base.wgt + uop.wgt;
  return (FastTile){
      (int32_t *)(void *)fast->chip->acc + (base.dst + uop.dst) * row,
      (const int8_t *)fast->chip->inp + (base.src + uop.src) * row,
      (const int8_t *)fast->chip->wgt + wgt * square,
      fast->pairs ? fast->pairs + wgt * square : NULL};
}

#endif
