/* SPDX-License-Identifier: Apache-2.0 */
/* What the copy matcher (inject_dma.c) and the pattern of one transfer
 * (dma_pattern.c) share. */
#ifndef VTA_DMA_H
#define VTA_DMA_H

#include "arith/arith.h"
#include "ir/ir.h"

/* One side of a copy: a strided box of a buffer, in elements of its type. */
typedef struct Region {
  const Buffer *buffer;
  int n; /* at least 1 */
  const Expr **shape, **stride;
  const Expr *offset;
} Region;

/* A transfer of y_size rows of x_size blocks, in units of blocks. */
typedef struct DmaPattern {
  const Expr *x_size, *y_size, *x_stride, *offset;
  int tile_dims; /* inner dimensions of the region that make one block */
} DmaPattern;

/* Finds the transfer that a region in DRAM amounts to.  With `fold`,
 * dimensions that lie one behind the other in memory are taken as one first;
 * a padded region is taken as it is.  Returns NULL, or what is wrong. */
const char *dma_pattern(Analyzer *analyzer, const Region *region, int64_t block,
                        bool fold, DmaPattern *ret);

/* Is the expression provably this number? */
bool dma_is_provably(Analyzer *analyzer, const Expr *expr, int64_t value);
/* "[a, b, c]" */
const char *dma_list_text(Arena *arena, int n, const Expr *const *at);

#endif
