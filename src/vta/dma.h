/* SPDX-License-Identifier: Apache-2.0 */
/* What a copy is (dma_match.c), its padding (dma_padding.c), the pattern of one
 * transfer (dma_pattern.c), and making transfers (inject_dma.c). */
#ifndef VTA_DMA_H
#define VTA_DMA_H

#include <stdnoreturn.h>

#include "arith/arith.h"
#include "ir/ir.h"
#include "vta/env.h"

/* One side of a copy: a strided box of a buffer, in elements of its type. */
typedef struct Region {
  const Buffer *buffer;
  int n;
  const Expr **shape, **stride;
  const Expr *offset;
} Region;

/* A transfer of y_size rows of x_size blocks, in units of blocks. */
typedef struct DmaPattern {
  const Expr *x_size, *y_size, *x_stride, *offset;
  int tile_dims; /* inner dimensions of the region that make one block */
} DmaPattern;

/* A copy under the pragma. */
typedef struct Copy {
  const VtaEnv *env;
  Arena *arena;
  Analyzer *analyzer; /* knows nothing: it decides how texts look */
  Analyzer *facts;    /* knows the loops around the copy */
  const Var *dram;    /* any buffer there, for transfers that read nothing */
  const char *name;   /* what messages call it */
  int n;              /* loops, outermost first */
  const For **loop;
  const Var **var;
  const Store *store;
  const Load *load;
  const Expr *condition; /* of the load; NULL: always */
  int casts;             /* of the load: at most one */
  int outer;             /* loops that remain around the transfer */
  /* while they do: */
  Region dst, src;              /* by loop */
  const Expr *whole;            /* condition of all of the transfer, or NULL */
  const Expr **before, **after; /* padding by loop; NULL without condition */
  bool cut;                     /* some of it to the extent of its loop */
} Copy;

/* One instruction. */
typedef struct Transfer {
  DmaPattern dram;
  const Expr *sram; /* pointer to the on-chip side */
  const Expr *x_before, *x_after, *y_before, *y_after;
} Transfer;

/* Fails, in the name of the copy; `cure` is a static text, or NULL for what
 * helps copies in general. */
noreturn void dma_refuse(const Copy *copy, const char *cure, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));
/* Finds loops, store and load. */
void dma_match_copy(Copy *copy, const Stmt *stmt);
/* Finds both sides inside the outer loops.  NULL, or why that does not go. */
const char *dma_match_regions(Copy *copy);
/* The region of one transfer; has a dimension at least. */
Region dma_inner_region(const Copy *copy, const Region *region);

/* ---- Padding (dma_padding.c) -------------------------------------------- */

enum { DMA_MAX_PAD = 15 }; /* four bits in the instruction */

/* Finds the padding that the condition makes, loop by loop.  NULL, or why that
 * does not go. */
const char *dma_match_padding(Copy *copy);
/* The source of one transfer: its padding is no part of it. */
Region dma_source_region(const Copy *copy);
/* Padding is of whole blocks.  NULL, or which loop inside a block has some. */
const char *dma_padding_in_block(const Copy *copy, int64_t block);
/* Gives the padding to the two dimensions outside the block, of which one may
 * be missing.  NULL, or why that does not go. */
const char *dma_place_padding(const Copy *copy, Transfer *ret);
/* The transfer of a padded region of which more dimensions can be taken
 * together.  False if there is none. */
bool dma_padded_rows(const Copy *copy, const Region *region, int64_t block,
                     Transfer *ret);
/* Is the current step of loop `i` around the transfer outside its padding? */
const Expr *dma_unpadded_step(const Copy *copy, int i);

/* ---- One transfer (dma_pattern.c) --------------------------------------- */

/* Finds the transfer that a region in DRAM amounts to.  With `fold`,
 * dimensions that lie one behind the other in memory are taken as one first;
 * a padded region is taken as it is.  Returns NULL, or what is wrong. */
const char *dma_pattern(Analyzer *analyzer, const Region *region, int64_t block,
                        bool fold, DmaPattern *ret);

/* How many of the innermost dimensions make one block of consecutive
 * elements; -1 if none do. */
int dma_block_dims(Analyzer *analyzer, const Region *region, int64_t block);

/* The limits of the instruction's fields: sizes and distances have 16 bits.
 * NULL, or which is too large. */
const char *dma_too_large(Arena *arena, const DmaPattern *dram);

/* Is the expression provably this number? */
bool dma_is_provably(Analyzer *analyzer, const Expr *expr, int64_t value);
/* "[a, b, c]" */
const char *dma_list_text(Arena *arena, int n, const Expr *const *at);

#endif
