/* SPDX-License-Identifier: Apache-2.0 */
/* GEMM in portable C: micro-ops decoded once, dot products that vectorise.
 * The accumulation is a sum modulo 2^32, so its order is free. */
#include <string.h>

#include "fsim/tile.h"
#include "hw/bounds.h"

static void reset_tiles(Fast *fast, const GemmInsn *gemm) {
  const size_t bytes = (size_t)fast->chip->config->acc_elem_bytes;
  const uint32_t n = gemm->uop_end - gemm->uop_bgn;
  for (uint32_t y = 0; y < gemm->iter_out; y++)
    for (uint32_t x = 0; x < gemm->iter_in; x++) {
      uint32_t base = iteration_base(gemm, y, x).dst;
      for (uint32_t u = 0; u < n; u++)
        memset(fast->chip->acc + (base + fast->uops[u].dst) * bytes, 0, bytes);
    }
}

FAST_INLINE void multiply(Fast *fast, const GemmInsn *gemm, int batch,
                          int block) {
  const uint32_t n = gemm->uop_end - gemm->uop_bgn;
  for (uint32_t y = 0; y < gemm->iter_out; y++)
    for (uint32_t x = 0; x < gemm->iter_in; x++) {
      Uop base = iteration_base(gemm, y, x);
      for (uint32_t u = 0; u < n; u++)
        tile_dot(tile_at(fast, base, fast->uops[u], batch, block), batch,
                 block);
    }
}

void gemm_portable(Fast *fast, const GemmInsn *gemm) {
  const int batch = fast->chip->config->batch;
  const int block = fast->chip->config->block_in;
  if (batch == 1 && block == 16)
    multiply(fast, gemm, 1, 16); /* constants, for the usual shape */
  else
    multiply(fast, gemm, batch, block);
}

void fast_gemm(Fast *fast, const GemmInsn *gemm) {
  if (hw_loops_are_empty(gemm)) return;
  fast_decode_uops(fast, gemm);
  if (gemm->reset_reg)
    reset_tiles(fast, gemm);
  else if (fast->avx2)
    gemm_avx2(fast, gemm);
  else
    gemm_portable(fast, gemm);
}
