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

static const Expr *at_least_zero(const Copy *copy, const Expr *expr) {
  const Expr *zero = make_const(copy->arena, expr->type, 0);
  return simplify(copy->analyzer, ex_max(copy->arena, expr, zero));
}

/* Padding is at most the whole extent, even where the copy lies entirely
 * outside the source. */
static void limit_padding(Copy *copy, int i, const Expr *extent) {
  Arena *arena = copy->arena;
  const Expr *rest = ex_sub(arena, extent, copy->before[i]);
  if (can_prove_ge(copy->facts, ex_sub(arena, rest, copy->after[i]), 0)) return;
  copy->before[i] =
      simplify(copy->analyzer, ex_min(arena, copy->before[i], extent));
  rest = ex_sub(arena, extent, copy->before[i]);
  copy->after[i] =
      simplify(copy->analyzer, ex_min(arena, copy->after[i], rest));
}

/* Sorts the conjuncts of the condition: those that use a loop of the copy
 * bound it, the others decide about the whole copy.  Returns the bounds. */
static const Expr *split_condition(Copy *copy, const Expr *condition) {
  Arena *arena = copy->arena;
  if (condition->kind == AND) {
    const Binary *both = AS(Binary, condition);
    const Expr *a = split_condition(copy, both->a);
    const Expr *b = split_condition(copy, both->b);
    return ex_and(arena, a, b);
  }
  for (int i = 0; i < copy->n; i++)
    if (expr_uses(condition, copy->var[i])) return condition;
  copy->whole = copy->whole ? ex_and(arena, copy->whole, condition) : condition;
  return make_bool(arena, true);
}

void dma_match_padding(Copy *copy) {
  Arena *arena = copy->arena;
  int n = copy->n;
  Clip *clip = ARENA_ARRAY(arena, Clip, n);
  const Expr *bounds = split_condition(copy, copy->condition);
  if (bounds->kind != INT && !detect_clip(arena, bounds, n, copy->var, clip))
    dma_refuse(copy, NULL,
               "condition %s is no set of bounds on the loops of the copy",
               brief_text(arena, copy->condition));
  copy->before = ARENA_ARRAY(arena, const Expr *, n);
  copy->after = ARENA_ARRAY(arena, const Expr *, n);
  for (int i = 0; i < n; i++) {
    const Expr *extent = copy->loop[i]->extent, *zero = make_i32(arena, 0);
    copy->before[i] = copy->after[i] = zero;
    if (clip[i].min) copy->before[i] = at_least_zero(copy, clip[i].min);
    if (clip[i].max)
      copy->after[i] = at_least_zero(
          copy, ex_addi(arena, ex_sub(arena, extent, clip[i].max), -1));
    limit_padding(copy, i, extent);
  }
}

/* ---- Into one transfer --------------------------------------------------- */

Region dma_source_region(const Copy *copy, int outer) {
  Arena *arena = copy->arena;
  Region src = copy->src;
  if (!copy->condition) return dma_inner_region(copy, &src, outer);
  src.shape = arena_copy(arena, src.shape, (size_t)src.n * sizeof *src.shape);
  for (int i = outer; i < copy->n; i++) {
    const Expr *rest = ex_sub(arena, src.shape[i], copy->before[i]);
    src.offset = ex_add(arena, src.offset,
                        ex_mul(arena, copy->before[i], src.stride[i]));
    src.shape[i] =
        simplify(copy->analyzer, ex_sub(arena, rest, copy->after[i]));
  }
  src.offset = simplify(copy->analyzer, src.offset);
  return dma_inner_region(copy, &src, outer);
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

const char *dma_place_padding(const Copy *copy, int outer, Transfer *ret) {
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
