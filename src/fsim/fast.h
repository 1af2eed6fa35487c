/* SPDX-License-Identifier: Apache-2.0 */
/* Fast: the memories on chip as the kernels want them, and the effect of
 * instructions on them; bit for bit that of hw/semantics.h.
 *
 * Loading weights of bytes only notes where the tiles lie.  A product that
 * uses a tile for many rows prepares it first, one that uses it for a few
 * takes it from DRAM.  What is still there is fetched before DRAM changes:
 * before a store over it, and at the end of a run. */
#ifndef FSIM_FAST_H
#define FSIM_FAST_H

#include "fsim/kernels.h"
#include "fsim/plan.h"
#include "hw/semantics.h"

/* Lanes are copied as they lie in DRAM. */
enum { FAST_HOST = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

enum { FAST_MOST_MEMBERS = 4096 }; /* of a job */

typedef struct Fast {
  OnChip *chip; /* its configuration and its micro-ops serve */
  const Kernels *kernels;
  int32_t *acc;
  void *inp, *wgt;    /* lanes of kernels->lane_bits */
  int8_t *tile_bytes; /* one tile of weights, while it is converted */
  const int8_t **raw; /* weights that are still in DRAM; NULL: prepared */
  uint32_t raws;      /* how many are */
  uintptr_t raw_begin, raw_end; /* around them */
  int32_t *row_sums; /* of each row of activations, if kernels are biased */
  int32_t *bias;     /* of each member of the running job */
} Fast;

vtac_status fast_create(OnChip *chip, FsimIsa isa, Fast **ret, Diag *diag);
void fast_destroy(Fast *fast); /* NULL is fine */
void fast_forget(Fast *fast);  /* memories of zeros, but for micro-ops */

/* Instructions that passed the check; `from` and `to` are the host's view of
 * the transfer's first element (NULL when it moves none). */
void fast_load(Fast *fast, const MemInsn *mem, const void *from);
void fast_store(Fast *fast, const MemInsn *mem, void *to);
/* Fetches all weights that are still in DRAM. */
void fast_settle(Fast *fast);
/* Prepares weight `index`, and perhaps those behind it. */
void fast_prepare(Fast *fast, size_t index);
void fast_gemm(Fast *fast, const Plan *plan);
void fast_alu(Fast *fast, const Plan *plan, const AluInsn *alu);

#endif
