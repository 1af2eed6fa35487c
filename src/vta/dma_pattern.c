/* SPDX-License-Identifier: Apache-2.0 */
/* The 2D pattern of one transfer.
 *
 * The machine moves y_size rows of x_size blocks; a row begins x_stride blocks
 * behind the one before, the blocks of a row lie side by side.  A block is one
 * element of the on-chip memory, a tile of consecutive numbers.  So a region
 * fits if its innermost dimensions make exactly one block, the next one steps
 * by one block, and the last one by a multiple of a block.
 *
 * Folding goes from the inside out: dimensions are multiplied together until
 * they make a block, then each dimension that continues where the ones inside
 * it end is taken as one with them.
 *
 * The rules are those of TVM 0.9's VTA back end, since they decide the sizes
 * that dumps show.  Cost: a few simplifications for each dimension. */
#include "vta/dma.h"

#include "base/strbuf.h"
#include "base/vec.h"
#include "ir/build.h"
#include "ir/debug_text.h"

bool dma_is_provably(Analyzer *analyzer, const Expr *expr, int64_t value) {
  if (expr->kind == INT) return is_const(expr, value);
  return is_const(simplify(analyzer, expr), value);
}

const char *dma_list_text(Arena *arena, int n, const Expr *const *at) {
  Strbuf text;
  strbuf_init(&text, arena);
  strbuf_char(&text, '[');
  for (int i = 0; i < n; i++)
    strbuf_printf(&text, "%s%s", i ? ", " : "", brief_text(arena, at[i]));
  strbuf_char(&text, ']');
  return text.text;
}

static bool is_equal(Analyzer *analyzer, const Expr *a, const Expr *b) {
  if (a->kind == INT && b->kind == INT)
    return AS(IntImm, a)->value == AS(IntImm, b)->value;
  return dma_is_provably(analyzer, ex_sub(analyzer_arena(analyzer), a, b), 0);
}

static bool is_multiple(Analyzer *analyzer, const Expr *expr, int64_t block) {
  Arena *arena = analyzer_arena(analyzer);
  const Expr *divisor = make_const(arena, expr->type, block);
  return dma_is_provably(analyzer, ex_floormod(arena, expr, divisor), 0);
}

/* The numbers of a region, innermost dimension last. */
typedef VEC(const Expr *) ExprVec;
typedef struct Dims {
  ExprVec shape, stride;
} Dims;

static void add_dim(Arena *arena, Dims *dims, const Expr *shape,
                    const Expr *stride) {
  vec_push(arena, &dims->shape, shape);
  vec_push(arena, &dims->stride, stride);
}

static void reverse(ExprVec *vec) {
  for (int i = 0, j = vec->n - 1; i < j; i++, j--) {
    const Expr *first = vec->at[i];
    vec->at[i] = vec->at[j];
    vec->at[j] = first;
  }
}

int dma_block_dims(Analyzer *analyzer, const Region *region, int64_t block) {
  Arena *arena = analyzer_arena(analyzer);
  const Expr *size = make_i32(arena, 1);
  if (block == 1) return 0;
  for (int i = region->n - 1; i >= 0; i--) {
    if (!is_equal(analyzer, region->stride[i], size)) return -1;
    size = ex_mul(arena, size, region->shape[i]);
    if (dma_is_provably(analyzer, size, block)) return region->n - i;
  }
  return -1;
}

/* Takes the dimensions outside the block together where they continue each
 * other.  False if one steps by a part of a block. */
static bool fold_dims(Analyzer *analyzer, const Region *region, int inner,
                      int64_t block, Dims *ret) {
  Arena *arena = analyzer_arena(analyzer);
  const Expr *unit = make_i32(arena, block);
  int k = region->n - inner - 1;
  *ret = (Dims){0};
  add_dim(arena, ret, unit, make_i32(arena, 1));
  if (k >= 0 && !is_equal(analyzer, region->stride[k], unit))
    add_dim(arena, ret, make_i32(arena, 1), unit);
  while (k >= 0) {
    const Expr *size = make_i32(arena, 1), *stride = region->stride[k];
    if (!is_multiple(analyzer, stride, block)) return false;
    do {
      size = ex_mul(arena, size, region->shape[k--]);
    } while (k >= 0 && is_equal(analyzer, ex_mul(arena, size, stride),
                                region->stride[k]));
    add_dim(arena, ret, simplify(analyzer, size), stride);
  }
  reverse(&ret->shape);
  reverse(&ret->stride);
  return true;
}

/* How many of the innermost dimensions make a block: one or two; or none where
 * a block is a single element, whose loops are gone.  -1 if there is no block.
 */
static int tile_dims(Analyzer *analyzer, const Dims *dims, int64_t block) {
  int n = dims->shape.n;
  const Expr *const *shape = dims->shape.at, *const *stride = dims->stride.at;
  if (n == 0) return block == 1 ? 0 : -1;
  if (!dma_is_provably(analyzer, stride[n - 1], 1)) return -1;
  if (dma_is_provably(analyzer, shape[n - 1], block)) return 1;
  if (block == 1) return 0;
  if (n < 2 || !is_equal(analyzer, stride[n - 2], shape[n - 1])) return -1;
  const Expr *tile =
      ex_mul(analyzer_arena(analyzer), shape[n - 1], shape[n - 2]);
  return dma_is_provably(analyzer, tile, block) ? 2 : -1;
}

/* Rows follow each other upwards. */
static bool goes_back(const Expr *stride) {
  const IntImm *step = as_int(stride);
  return step && step->value < 0;
}

static bool match_rows(Analyzer *analyzer, const Dims *dims, int64_t block,
                       DmaPattern *ret) {
  Arena *arena = analyzer_arena(analyzer);
  const Expr *one = make_i32(arena, 1);
  int tile = tile_dims(analyzer, dims, block);
  int outer = dims->shape.n - tile;
  const Expr *const *shape = dims->shape.at, *const *stride = dims->stride.at;
  if (tile < 0 || outer > 2) return false;
  ret->tile_dims = tile;
  ret->x_size = ret->y_size = ret->x_stride = one;
  if (outer == 0) return true;
  if (!dma_is_provably(analyzer, stride[outer - 1], block)) return false;
  ret->x_size = ret->x_stride = shape[outer - 1];
  if (outer == 1) return true;
  if (!is_multiple(analyzer, stride[0], block) || goes_back(stride[0]))
    return false;
  ret->y_size = shape[0];
  ret->x_stride =
      ex_floordiv(arena, stride[0], make_const(arena, stride[0]->type, block));
  return true;
}

static const char *no_pattern(Arena *arena, const Region *region,
                              int64_t block) {
  return arena_printf(arena,
                      "shape %s with strides %s is no set of rows of blocks of "
                      "%lld elements",
                      dma_list_text(arena, region->n, region->shape),
                      dma_list_text(arena, region->n, region->stride),
                      (long long)block);
}

static const char *bad_block(Arena *arena, const Region *region,
                             int64_t block) {
  return arena_printf(arena,
                      "the innermost dimensions of shape %s with strides %s "
                      "make no block of %lld consecutive elements",
                      dma_list_text(arena, region->n, region->shape),
                      dma_list_text(arena, region->n, region->stride),
                      (long long)block);
}

const char *dma_pattern(Analyzer *analyzer, const Region *region, int64_t block,
                        bool fold, DmaPattern *ret) {
  Arena *arena = analyzer_arena(analyzer);
  if (!is_multiple(analyzer, region->offset, block))
    return arena_printf(arena,
                        "it starts at element %s, which is no multiple of the "
                        "block of %lld elements",
                        brief_text(arena, region->offset), (long long)block);
  Dims dims = {{(const Expr **)region->shape, region->n, region->n},
               {(const Expr **)region->stride, region->n, region->n}};
  if (fold) {
    int inner = dma_block_dims(analyzer, region, block);
    if (inner < 0 || !fold_dims(analyzer, region, inner, block, &dims))
      return bad_block(arena, region, block);
  }
  if (!match_rows(analyzer, &dims, block, ret))
    return no_pattern(arena, region, block);
  ret->offset = ex_floordiv(arena, region->offset,
                            make_const(arena, region->offset->type, block));
  return NULL;
}

const char *dma_too_large(Arena *arena, const DmaPattern *dram) {
  enum { MAX_SIZE = 65535 };
  const struct {
    const char *what;
    const Expr *value;
  } fields[] = {{"a row of %lld blocks", dram->x_size},
                {"%lld rows", dram->y_size},
                {"rows %lld blocks apart", dram->x_stride}};
  for (int i = 0; i < 3; i++) {
    const IntImm *imm = as_int(fields[i].value);
    if (!imm || imm->value <= MAX_SIZE) continue;
    Strbuf text;
    strbuf_init(&text, arena);
    strbuf_printf(&text, fields[i].what, (long long)imm->value);
    strbuf_printf(&text, "; the limit is %d", MAX_SIZE);
    return text.text;
  }
  return NULL;
}
