/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of splits: how they grow, and the expression they are printed as.
 *
 * Adding a split looks for its index among those present (linear in the
 * number of terms, which is small).  Normalising merges the splits of an
 * index that recombine, sorts by scale, lower and upper factor, and writes
 * positive terms first.  The sort is stable and never looks at the index, so
 * terms of one scale keep the order in which they were first added.  The
 * representation is that of TVM 0.9's CanonicalSimplifier. */
#include "arith/form.h"

#include "ir/analysis.h"
#include "ir/build.h"

/* ---- Forms -------------------------------------------------------------- */

Form form_expr(const Expr *expr) {
  return (Form){.kind = FORM_EXPR, .expr = expr};
}
Form form_split(Split split) {
  return (Form){.kind = FORM_SPLIT, .split = split};
}
Form form_sum(Sum *sum) { return (Form){.kind = FORM_SUM, .sum = sum}; }

DType form_type(const Form *form) {
  switch (form->kind) {
    case FORM_SPLIT: return form->split.type;
    case FORM_SUM: return form->sum->type;
    default: return form->expr->type;
  }
}

const IntImm *form_int(const Form *form) {
  return form->kind == FORM_EXPR ? as_int(form->expr) : NULL;
}

const Expr *form_normal(Analyzer *analyzer, const Form *form) {
  switch (form->kind) {
    case FORM_SPLIT: return split_normal(analyzer, &form->split);
    case FORM_SUM: return sum_normal(analyzer, form->sum);
    default: return form->expr;
  }
}

void form_release(Analyzer *analyzer, Form *form) {
  if (form->kind == FORM_SUM) sum_release(analyzer, form->sum);
}

Form form_copy(Analyzer *analyzer, const Form *form) {
  Form copy = *form;
  if (form->kind == FORM_SUM) copy.sum = sum_copy(analyzer, form->sum);
  return copy;
}

Split form_to_split(Analyzer *analyzer, Form form) {
  if (form.kind == FORM_SPLIT) return form.split;
  if (form.kind == FORM_SUM && form.sum->base == 0 && form.sum->args.n == 1) {
    Split only = form.sum->args.at[0];
    sum_release(analyzer, form.sum);
    return only;
  }
  const Expr *index = form_normal(analyzer, &form);
  form_release(analyzer, &form);
  return (Split){.index = index,
                 .lower = 1,
                 .upper = UPPER_INF,
                 .scale = 1,
                 .type = index->type};
}

Sum *form_to_sum(Analyzer *analyzer, Form form) {
  if (form.kind == FORM_SUM) return form.sum;
  Sum *sum = sum_new(analyzer, form_type(&form));
  const IntImm *imm = form_int(&form);
  if (imm)
    sum->base = imm->value;
  else
    vec_push(analyzer->arena, &sum->args, form_to_split(analyzer, form));
  return sum;
}

/* ---- Splits ------------------------------------------------------------- */

bool split_has_mode(const Split *split, DivMode mode) {
  return split->mode == mode ||
         (split->lower == 1 && split->upper == UPPER_INF);
}

static bool same_index(const Split *a, const Split *b) {
  const Expr *in_a = a->index, *in_b = b->index;
  if (in_a == in_b) return true;
  return in_a->kind == in_b->kind && in_a->kind != VAR &&
         expr_equal(in_a, in_b);
}

/* The builder, where it is clear that an operator on two index expressions
 * folds only if one is a constant. */
static const Expr *join(Arena *arena, ExprKind kind, const Expr *a,
                        const Expr *b) {
  bool folds = a->kind == INT || b->kind == INT;
  return folds ? ex_binary(arena, kind, a, b) : make_binary(arena, kind, a, b);
}

const Expr *make_div(Arena *arena, DivMode mode, const Expr *a, int64_t b) {
  const Expr *divisor = make_const(arena, a->type, b);
  return ex_binary(arena, mode == FLOORED ? FLOORDIV : DIV, a, divisor);
}

const Expr *make_mod(Arena *arena, DivMode mode, const Expr *a, int64_t b) {
  const Expr *divisor = make_const(arena, a->type, b);
  return ex_binary(arena, mode == FLOORED ? FLOORMOD : MOD, a, divisor);
}

static const Expr *split_term(Arena *arena, const Split *split, int sign) {
  const Expr *term = split->index;
  if (split->scale == 0) return make_const(arena, split->type, 0);
  if (split->upper != UPPER_INF)
    term = make_mod(arena, split->mode, term, split->upper);
  if (split->lower != 1)
    term = make_div(arena, split->mode, term, split->lower);
  int64_t scale = wrap_mul(split->scale, sign);
  if (scale == 1) return term;
  const Expr *factor = make_const(arena, term->type, scale);
  return term->kind == INT ? ex_mul(arena, term, factor)
                           : make_binary(arena, MUL, term, factor);
}

const Expr *split_normal(Analyzer *analyzer, const Split *split) {
  return split_term(analyzer->arena, split, 1);
}

/* ---- Sums --------------------------------------------------------------- */

Sum *sum_new(Analyzer *analyzer, DType type) {
  Sum *sum = analyzer->free_sums;
  if (!sum) {
    sum = ARENA_NEW(analyzer->arena, Sum);
  } else {
    analyzer->free_sums = sum->next;
  }
  sum->type = type;
  sum->base = 0;
  sum->args.n = 0;
  return sum;
}

void sum_assign(Analyzer *analyzer, Sum *sum, const Sum *from) {
  sum->base = from->base;
  sum->args.n = 0;
  for (int i = 0; i < from->args.n; i++)
    vec_push(analyzer->arena, &sum->args, from->args.at[i]);
}

Sum *sum_copy(Analyzer *analyzer, const Sum *sum) {
  Sum *copy = sum_new(analyzer, sum->type);
  sum_assign(analyzer, copy, sum);
  return copy;
}

void sum_release(Analyzer *analyzer, Sum *sum) {
  sum->next = analyzer->free_sums;
  analyzer->free_sums = sum;
}

void sums_lend(Analyzer *analyzer, SumRoom *room) {
  for (int i = 0; i < ROOM_SUMS; i++) {
    room->sum[i] = (Sum){.args = {room->split[i], 0, ROOM_SPLITS}};
    sum_release(analyzer, &room->sum[i]);
  }
}

bool sum_is_zero(const Sum *sum) { return sum->base == 0 && sum->args.n == 0; }

void sum_add_split(Analyzer *analyzer, Sum *sum, Split split, int64_t scale) {
  if (split.scale == 0) return;
  split.scale = wrap_mul(split.scale, scale);
  int i = 0;
  while (i < sum->args.n && !same_index(&sum->args.at[i], &split)) i++;
  for (; i < sum->args.n; i++) {
    Split *present = &sum->args.at[i];
    if (!same_index(present, &split) || split.lower > present->lower) break;
    if (split.lower == present->lower && split.upper == present->upper &&
        split_has_mode(&split, present->mode)) {
      present->scale = wrap_add(present->scale, split.scale);
      return;
    }
  }
  vec_insert(analyzer->arena, &sum->args, i, split);
}

void sum_add(Analyzer *analyzer, Sum *sum, Form form, int64_t scale) {
  const IntImm *imm = form_int(&form);
  if (imm) {
    sum->base = wrap_add(sum->base, wrap_mul(imm->value, scale));
  } else if (form.kind != FORM_SUM) {
    sum_add_split(analyzer, sum, form_to_split(analyzer, form), scale);
  } else {
    for (int i = 0; i < form.sum->args.n; i++)
      sum_add_split(analyzer, sum, form.sum->args.at[i], scale);
    sum->base = wrap_add(sum->base, wrap_mul(form.sum->base, scale));
    sum_release(analyzer, form.sum);
  }
}

void sum_scale(Sum *sum, int64_t scale) {
  sum->base = wrap_mul(sum->base, scale);
  for (int i = 0; i < sum->args.n; i++)
    sum->args.at[i].scale = wrap_mul(sum->args.at[i].scale, scale);
}

void sum_divide(Sum *sum, int64_t divisor) {
  sum->base /= divisor;
  for (int i = 0; i < sum->args.n; i++) sum->args.at[i].scale /= divisor;
}

Sum *sum_take_rest(Analyzer *analyzer, Sum *sum, int64_t divisor) {
  Sum *rest = sum_new(analyzer, sum->type);
  int kept = 0;
  for (int i = 0; i < sum->args.n; i++) {
    Split split = sum->args.at[i];
    if (split.scale % divisor == 0)
      sum->args.at[kept++] = split;
    else
      vec_push(analyzer->arena, &rest->args, split);
  }
  sum->args.n = kept;
  if (sum->base % divisor != 0) {
    rest->base = sum->base;
    sum->base = 0;
  }
  return rest;
}

/* ---- Normal form -------------------------------------------------------- */

/* Recombines x div (c*s) * s + (x mod (c*s)) div c into x div c, which holds
 * in either division; here s is the ratio of the scales, c = low->lower. */
static bool recombines(const Split *high, const Split *low) {
  if (high->lower != low->upper || low->scale == 0 ||
      !divides(low->scale, high->scale) || !split_has_mode(high, low->mode))
    return false;
  return high->lower == wrap_mul(high->scale / low->scale, low->lower);
}

static void merge_split(Sum *sum, int i) {
  Split *high = &sum->args.at[i];
  for (int j = i + 1; j < sum->args.n && high->scale != 0; j++) {
    Split *low = &sum->args.at[j];
    if (!same_index(high, low) || high->upper < low->lower) return;
    if (high->upper == low->upper && high->lower == low->lower &&
        split_has_mode(high, low->mode)) {
      low->scale = wrap_add(low->scale, high->scale);
      high->scale = 0;
    } else if (recombines(high, low)) {
      low->upper = high->upper;
      high->scale = 0;
    }
  }
}

static int compare(int64_t a, int64_t b) { return (a > b) - (a < b); }

static bool goes_before(const Split *a, const Split *b) {
  int order = compare(a->scale, b->scale);
  if (!order) order = compare(a->lower, b->lower);
  if (!order) order = compare(a->upper, b->upper);
  if (!order) order = compare(a->mode, b->mode);
  return order > 0;
}

void sum_sort(Sum *sum) {
  Split *at = sum->args.at;
  for (int i = 1; i < sum->args.n; i++) {
    Split moving = at[i];
    int to = i;
    for (; to > 0 && goes_before(&moving, &at[to - 1]); to--)
      at[to] = at[to - 1];
    at[to] = moving;
  }
}

static const Expr *write_sum(Arena *arena, const Sum *sum) {
  const Expr *to = make_const(arena, sum->type, 0);
  for (int i = 0; i < sum->args.n; i++)
    if (sum->args.at[i].scale > 0)
      to = join(arena, ADD, to, split_term(arena, &sum->args.at[i], 1));
  if (sum->base > 0) to = ex_addi(arena, to, sum->base);
  for (int i = 0; i < sum->args.n; i++)
    if (sum->args.at[i].scale < 0)
      to = join(arena, SUB, to, split_term(arena, &sum->args.at[i], -1));
  if (sum->base < 0)
    to =
        ex_sub(arena, to, make_const(arena, sum->type, wrap_sub(0, sum->base)));
  return to;
}

const Expr *sum_normal(Analyzer *analyzer, const Sum *sum) {
  if (sum->args.n == 0)
    return make_const(analyzer->arena, sum->type, sum->base);
  Sum *sorted = sum_copy(analyzer, sum);
  for (int i = 0; i < sorted->args.n; i++) merge_split(sorted, i);
  sum_sort(sorted);
  const Expr *to = write_sum(analyzer->arena, sorted);
  sum_release(analyzer, sorted);
  return to;
}

/* ---- Casts -------------------------------------------------------------- */

static bool fits(Analyzer *analyzer, const Expr *expr, DType type) {
  if (expr->type.bits <= type.bits) return true;
  Bound bound = const_bound(analyzer, expr);
  return bound.lo >= dtype_min(type) && bound.hi <= dtype_max(type);
}

/* Every partial result of the split must fit. */
static bool split_fits(Analyzer *analyzer, const Split *split, DType type) {
  Arena *arena = analyzer->arena;
  const Expr *part = split->index;
  if (type.bits >= split->type.bits || split->scale == 0) return true;
  if (!fits(analyzer, part, type)) return false;
  if (split->upper != UPPER_INF) {
    part = make_mod(arena, split->mode, part, split->upper);
    if (!fits(analyzer, part, type)) return false;
  }
  if (split->lower != 1) {
    part = make_div(arena, split->mode, part, split->lower);
    if (!fits(analyzer, part, type)) return false;
  }
  return split->scale == 1 ||
         fits(analyzer, ex_muli(arena, part, split->scale), type);
}

static bool partial_sums_fit(Analyzer *analyzer, const Sum *sum, DType type) {
  Arena *arena = analyzer->arena;
  const Expr *part = make_const(arena, type, 0);
  for (int pass = 1; pass >= -1; pass -= 2) {
    for (int i = 0; i < sum->args.n; i++) {
      const Split *split = &sum->args.at[i];
      if (compare(split->scale, 0) != pass) continue;
      const Expr *term = split_term(arena, split, pass);
      part = ex_binary(arena, pass > 0 ? ADD : SUB, part, term);
      if (!fits(analyzer, part, type)) return false;
    }
    if (compare(sum->base, 0) != pass) continue;
    part = ex_add(arena, part, make_const(arena, type, sum->base));
    if (!fits(analyzer, part, type)) return false;
  }
  return true;
}

bool form_cast_moves_in(Analyzer *analyzer, const Form *form, DType type) {
  if (form->kind == FORM_EXPR) return false;
  if (type.bits >= form_type(form).bits) return true;
  if (form->kind == FORM_SPLIT) return split_fits(analyzer, &form->split, type);
  if (!partial_sums_fit(analyzer, form->sum, type)) return false;
  for (int i = 0; i < form->sum->args.n; i++)
    if (!split_fits(analyzer, &form->sum->args.at[i], type)) return false;
  return true;
}

static void cast_split(Arena *arena, Split *split, DType type) {
  split->index = ex_cast(arena, type, split->index);
  split->type = type;
}

void form_cast_parts(Analyzer *analyzer, Form *form, DType type) {
  if (form->kind == FORM_SPLIT) {
    cast_split(analyzer->arena, &form->split, type);
    return;
  }
  for (int i = 0; i < form->sum->args.n; i++)
    cast_split(analyzer->arena, &form->sum->args.at[i], type);
  form->sum->type = type;
}
