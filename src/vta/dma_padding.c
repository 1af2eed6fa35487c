/* SPDX-License-Identifier: Apache-2.0 */
/* The padding of a copy.
 *
 * A copy that reads its source under a condition, and zeros elsewhere, pads.
 * The conjuncts of the condition that use a loop of the copy clip it: so many
 * steps at its begin and so many at its end read nothing.  The others hold for
 * all of the copy or for none.  A transfer pads its rows and its columns; what
 * is padded further out becomes transfers of nothing but zeros.
 *
 * The terms are those of TVM 0.9's VTA back end, since dumps show them.  Cost:
 * a few simplifications for each loop. */
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/debug_text.h"
#include "vta/dma.h"

/* ---- Out of the condition ------------------------------------------------ */

static const Expr *at_least(const Copy *copy, const Expr *least,
                            const Expr *expr) {
  return simplify(copy->analyzer, ex_max(copy->arena, expr, least));
}

/* Padding is at most the whole extent, even where the copy lies entirely
 * outside the source. */
static void limit_padding(Copy *copy, int i, const Expr *extent) {
  Arena *arena = copy->arena;
  const Expr *rest = ex_sub(arena, extent, copy->before[i]);
  if (can_prove_ge_by_cases(copy->facts, ex_sub(arena, rest, copy->after[i]),
                            0))
    return;
  copy->cut = true;
  copy->before[i] =
      simplify(copy->analyzer, ex_min(arena, copy->before[i], extent));
  rest = ex_sub(arena, extent, copy->before[i]);
  copy->after[i] =
      simplify(copy->analyzer, ex_min(arena, copy->after[i], rest));
}

/* What the condition says: bounds on single loops, bounds on loops of the
 * transfer that depend on loops around it, and what holds for the whole
 * transfer or not at all. */
typedef struct Bounds {
  const Expr *single, *inner, *whole;
} Bounds;

static int count_loops(const Copy *copy, const Expr *expr, int first) {
  int count = 0;
  for (int i = first; i < copy->n; i++) count += expr_uses(expr, copy->var[i]);
  return count;
}

/* An equation as two bounds. */
static const Expr *between(Arena *arena, const Expr *equation) {
  const Binary *op = AS(Binary, equation);
  if (op->a->type.code != TYPE_INT) return equation;
  return ex_and(arena, ex_le(arena, op->a, op->b), ex_ge(arena, op->a, op->b));
}

static bool is_bound(const Copy *copy, const Expr *conjunct, int first) {
  Clip *clip = ARENA_ARRAY(copy->arena, Clip, copy->n);
  return count_loops(copy, conjunct, first) == 1 &&
         detect_clip(copy->arena, conjunct, copy->n - first, copy->var + first,
                     clip);
}

static const char *sort_condition(const Copy *copy, const Expr *condition,
                                  Bounds *ret) {
  const Expr *bounds =
      condition->kind == EQ ? between(copy->arena, condition) : condition;
  if (bounds->kind == AND) {
    const Binary *both = AS(Binary, bounds);
    const char *why = sort_condition(copy, both->a, ret);
    return why ? why : sort_condition(copy, both->b, ret);
  }
  const Expr **part = NULL;
  if (is_bound(copy, condition, 0))
    part = &ret->single;
  else if (!count_loops(copy, condition, copy->outer))
    part = &ret->whole;
  else if (is_bound(copy, condition, copy->outer))
    part = &ret->inner;
  else
    return arena_printf(
        copy->arena,
        "condition %s is no set of bounds on the loops of the copy",
        brief_text(copy->arena, copy->condition));
  *part = *part ? ex_and(copy->arena, *part, condition) : condition;
  return NULL;
}

/* Adds to the padding of the loops from `first` on. */
static void add_padding(Copy *copy, const Expr *bounds, int first) {
  Arena *arena = copy->arena;
  Clip *clip = ARENA_ARRAY(arena, Clip, copy->n);
  if (!bounds ||
      !detect_clip(arena, bounds, copy->n - first, copy->var + first, clip))
    return;
  for (int i = first; i < copy->n; i++, clip++) {
    const Expr *extent = copy->loop[i]->extent;
    if (clip->min) copy->before[i] = at_least(copy, copy->before[i], clip->min);
    if (clip->max)
      copy->after[i] =
          at_least(copy, copy->after[i],
                   ex_addi(arena, ex_sub(arena, extent, clip->max), -1));
  }
}

const char *dma_match_padding(Copy *copy) {
  Arena *arena = copy->arena;
  int n = copy->n;
  Bounds bounds = {NULL, NULL, NULL};
  const char *why = sort_condition(copy, copy->condition, &bounds);
  if (why) return why;
  copy->whole = bounds.whole;
  copy->before = ARENA_ARRAY(arena, const Expr *, n);
  copy->cut = false;
  copy->after = ARENA_ARRAY(arena, const Expr *, n);
  for (int i = 0; i < n; i++)
    copy->before[i] = copy->after[i] = make_i32(arena, 0);
  add_padding(copy, bounds.single, 0);
  add_padding(copy, bounds.inner, copy->outer);
  for (int i = 0; i < n; i++) limit_padding(copy, i, copy->loop[i]->extent);
  return NULL;
}

/* ---- Into one transfer --------------------------------------------------- */

Region dma_source_region(const Copy *copy) {
  Arena *arena = copy->arena;
  Region src = copy->src;
  if (!copy->condition) return dma_inner_region(copy, &src);
  src.shape = arena_copy(arena, src.shape, (size_t)src.n * sizeof *src.shape);
  for (int i = copy->outer; i < copy->n; i++) {
    const Expr *rest = ex_sub(arena, src.shape[i], copy->before[i]);
    src.offset = ex_add(arena, src.offset,
                        ex_mul(arena, copy->before[i], src.stride[i]));
    src.shape[i] =
        simplify(copy->analyzer, ex_sub(arena, rest, copy->after[i]));
  }
  src.offset = simplify(copy->analyzer, src.offset);
  return dma_inner_region(copy, &src);
}

static bool no_padding(const Copy *copy, int loop) {
  return dma_is_provably(copy->analyzer, copy->before[loop], 0) &&
         dma_is_provably(copy->analyzer, copy->after[loop], 0);
}

static const char *too_much(const Copy *copy, const Expr *pad) {
  int64_t most = const_bound(copy->facts, pad).hi;
  if (most <= DMA_MAX_PAD || most >= INT32_MAX) return NULL;
  return arena_printf(copy->arena, "a pad of %lld; the limit is %d",
                      (long long)most, DMA_MAX_PAD);
}

static const char *pads_too_much(const Copy *copy, const Transfer *t) {
  const Expr *pads[4] = {t->x_before, t->x_after, t->y_before, t->y_after};
  const char *why = NULL;
  for (int i = 0; !why && i < 4; i++) why = too_much(copy, pads[i]);
  return why;
}

const char *dma_place_padding(const Copy *copy, Transfer *ret) {
  int outer = copy->outer;
  int x = copy->n - ret->dram.tile_dims - 1, y = x - 1;
  for (int i = outer; i < copy->n; i++) {
    if (i == x || i == y || no_padding(copy, i)) continue;
    return arena_printf(copy->arena,
                        "loop '%s' is padded; only the two next to the block "
                        "of a transfer can be",
                        copy->var[i]->hint);
  }
  if (x >= outer) {
    ret->x_before = copy->before[x];
    ret->x_after = copy->after[x];
  }
  if (y >= outer) {
    ret->y_before = copy->before[y];
    ret->y_after = copy->after[y];
  }
  return pads_too_much(copy, ret);
}

/* Dimensions of a padded region outside of its block, taken together where
 * they continue each other without padding between them. */
typedef struct PaddedDim {
  const Expr *size, *stride, *before, *after;
} PaddedDim;

static bool is_plain(const Copy *copy, const PaddedDim *dim) {
  return dma_is_provably(copy->analyzer, dim->before, 0) &&
         dma_is_provably(copy->analyzer, dim->after, 0);
}

static bool continues(const Copy *copy, const PaddedDim *outer,
                      const PaddedDim *inner) {
  const Expr *end = ex_mul(copy->arena, inner->size, inner->stride);
  return is_plain(copy, outer) && is_plain(copy, inner) &&
         can_prove_equal(copy->analyzer, outer->stride, end);
}

/* Returns how many there are, innermost first, at most two; -1 if more. */
static int fold_padded(const Copy *copy, const Region *region, int tile_dims,
                       int64_t block, PaddedDim ret[2]) {
  Arena *arena = copy->arena;
  const Expr *zero = make_i32(arena, 0), *unit = make_i32(arena, block);
  int n = 0, inside = copy->n - region->n; /* of the loop of a dimension */
  for (int i = region->n - tile_dims - 1; i >= 0; i--) {
    PaddedDim dim = {region->shape[i], region->stride[i],
                     copy->before[inside + i], copy->after[inside + i]};
    if (n && continues(copy, &dim, &ret[n - 1])) {
      ret[n - 1].size = ex_mul(arena, ret[n - 1].size, dim.size);
      continue;
    }
    if (!n && !can_prove_equal(copy->analyzer, dim.stride, unit))
      ret[n++] = (PaddedDim){make_i32(arena, 1), unit, zero, zero};
    if (n == 2) return -1;
    ret[n++] = dim;
  }
  return n;
}

/* The distance of rows in blocks, or NULL if it is none. */
static const Expr *row_distance(const Copy *copy, const Expr *stride,
                                int64_t block) {
  Arena *arena = copy->arena;
  const Expr *unit = make_const(arena, stride->type, block);
  const Expr *rest = ex_floormod(arena, stride, unit);
  if (!dma_is_provably(copy->analyzer, rest, 0) ||
      !can_prove_ge(copy->facts, stride, 0))
    return NULL;
  return ex_floordiv(arena, stride, unit);
}

bool dma_padded_rows(const Copy *copy, const Region *region, int64_t block,
                     Transfer *ret) {
  PaddedDim dim[2];
  const Expr *zero = make_i32(copy->arena, 0), *one = make_i32(copy->arena, 1);
  int tile_dims = dma_block_dims(copy->analyzer, region, block);
  if (tile_dims < 0 || copy->outer == copy->n) return false;
  int n = fold_padded(copy, region, tile_dims, block, dim);
  if (n < 0) return false;
  for (; n < 2; n++) dim[n] = (PaddedDim){one, NULL, zero, zero};
  const Expr *stride =
      dim[1].stride ? row_distance(copy, dim[1].stride, block) : dim[0].size;
  const Expr *unit = make_const(copy->arena, region->offset->type, block);
  ret->dram.x_size = simplify(copy->analyzer, dim[0].size);
  ret->dram.y_size = simplify(copy->analyzer, dim[1].size);
  ret->dram.x_stride = stride;
  ret->dram.offset = ex_floordiv(copy->arena, region->offset, unit);
  ret->dram.tile_dims = tile_dims;
  ret->x_before = dim[0].before;
  ret->x_after = dim[0].after;
  ret->y_before = dim[1].before;
  ret->y_after = dim[1].after;
  const Expr *rest = ex_floormod(copy->arena, region->offset, unit);
  return stride && dma_is_provably(copy->analyzer, rest, 0) &&
         !pads_too_much(copy, ret);
}

const char *dma_padding_in_block(const Copy *copy, int64_t block) {
  int64_t elements = 1;
  for (int i = copy->n - 1; i >= 0 && elements < block; i--) {
    const IntImm *extent = as_int(copy->loop[i]->extent);
    if (!no_padding(copy, i))
      return arena_printf(copy->arena,
                          "loop '%s' runs inside one block of %lld elements "
                          "and cannot be padded",
                          copy->var[i]->hint, (long long)block);
    if (!extent) break;
    elements *= extent->value;
  }
  return NULL;
}

const Expr *dma_unpadded_step(const Copy *copy, int i) {
  Arena *arena = copy->arena;
  const Expr *step = &copy->var[i]->e, *some = make_bool(arena, true);
  const Expr *end = ex_sub(arena, copy->loop[i]->extent, copy->after[i]);
  if (!is_const(copy->before[i], 0)) some = ex_le(arena, copy->before[i], step);
  if (is_const(copy->after[i], 0)) return some;
  return ex_and(arena, some, ex_lt(arena, step, end));
}
