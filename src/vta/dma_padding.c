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

static bool is_bound(const Copy *copy, const Expr *conjunct, int first) {
  Clip *clip = ARENA_ARRAY(copy->arena, Clip, copy->n);
  return count_loops(copy, conjunct, first) == 1 &&
         detect_clip(copy->arena, conjunct, copy->n - first, copy->var + first,
                     clip);
}

static const char *sort_condition(const Copy *copy, const Expr *condition,
                                  Bounds *ret) {
  if (condition->kind == AND) {
    const Binary *both = AS(Binary, condition);
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
  const IntImm *imm = as_int(pad);
  if (!imm || imm->value <= DMA_MAX_PAD) return NULL;
  return arena_printf(copy->arena, "a pad of %lld; the limit is %d",
                      (long long)imm->value, DMA_MAX_PAD);
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
  const Expr *pads[4] = {ret->x_before, ret->x_after, ret->y_before,
                         ret->y_after};
  const char *why = NULL;
  for (int i = 0; !why && i < 4; i++) why = too_much(copy, pads[i]);
  return why;
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
