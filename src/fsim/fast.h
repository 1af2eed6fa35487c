/* SPDX-License-Identifier: Apache-2.0 */
/* Fast paths of the functional simulator, for 8-bit lanes with 32-bit
 * accumulators.  Each has the effect of its plain counterpart in
 * hw/semantics.h, bit for bit, on instructions that passed the check. */
#ifndef FSIM_FAST_H
#define FSIM_FAST_H

#include "hw/semantics.h"

/* A multiplication of tiles: acc += inp * transpose(wgt). */
typedef struct FastTile {
  int32_t *acc;         /* [batch][block] */
  const int8_t *inp;    /* [batch][block] */
  const int8_t *wgt;    /* [block][block], a row for each output */
  const int16_t *pairs; /* the weights packed, see gemm_avx2.c */
} FastTile;

typedef struct Fast {
  OnChip *chip;
  bool avx2;
  Uop *uops;       /* the decoded micro-ops of the running instruction */
  int16_t *pairs;  /* packed weights, as many as the memory has */
  uint8_t *reuses; /* of a weight since it was loaded; FAST_PACKED at last */
} Fast;

enum { FAST_PACKED = 2 };

/* Whether the fast paths cover `config` on this host. */
bool fast_supports(const HwConfig *config);

vtac_status fast_create(OnChip *chip, bool portable, Fast **ret, Diag *diag);
void fast_destroy(Fast *fast); /* NULL is fine */

void fast_gemm(Fast *fast, const GemmInsn *gemm);
void fast_alu(Fast *fast, const AluInsn *alu);
void fast_store(Fast *fast, const MemInsn *mem, const Dram *dram);
/* To be told after weights `first` to `first + count - 1` changed. */
void fast_weights_changed(Fast *fast, uint32_t first, uint64_t count);

/* Decodes the micro-ops of a loop into `fast->uops`. */
void fast_decode_uops(Fast *fast, const GemmInsn *loops);

/* gemm_avx2.c: whether the host has it and the tile suits it; packing; and
 * the loops of one instruction. */
bool gemm_avx2_supports(const HwConfig *config);
void gemm_avx2(Fast *fast, const GemmInsn *gemm);

/* gemm_fast.c: portable C. */
void gemm_portable(Fast *fast, const GemmInsn *gemm);

#endif
