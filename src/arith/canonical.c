/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical simplifier: linear arithmetic, division and remainder by
 * constants computed on sums of splits (form.h), everything else by the
 * rewriter's code with operands in canonical form.  As TVM 0.9's
 * CanonicalSimplifier.
 *
 * A visit yields a form; only where a node needs an expression is the form
 * normalised.  A sum is flattened once, however deeply its additions nest.
 * The forms of dividends are kept, see is_below. */
#include "arith/form.h"

#include <stdlib.h>

#include "arith/rewrite.h"
#include "ir/analysis.h"
#include "ir/build.h"

static Form mutate(Simplifier *simplifier, const Expr *expr);

const Expr *canonical_visit(Simplifier *simplifier, const Expr *expr) {
  if (is_canonical_sum(simplifier->analyzer, expr)) return expr;
  Form form = mutate(simplifier, expr);
  const Expr *to = form_normal(simplifier->analyzer, &form);
  form_release(simplifier->analyzer, &form);
  return expr_equal(to, expr) ? expr : to;
}

/* ---- Forms to be met again ---------------------------------------------- */

static FormSlot *form_slot(Analyzer *analyzer, const Expr *expr) {
  return &analyzer->forms[analyzer_slot(expr, FORM_SLOTS)];
}

static bool is_kept(const Simplifier *simplifier, const Expr *expr) {
  Analyzer *analyzer = simplifier->analyzer;
  if (!analyzer->forms) return false;
  const FormSlot *slot = form_slot(analyzer, expr);
  return slot->expr == expr && slot->version == analyzer->version &&
         slot->depth == simplifier->depth;
}

static void keep_form(Simplifier *simplifier, const Expr *expr) {
  Analyzer *analyzer = simplifier->analyzer;
  if (expr->kind == INT || expr->kind == VAR) return;
  if (!analyzer->forms)
    analyzer->forms = ARENA_ARRAY(analyzer->arena, FormSlot, FORM_SLOTS);
  Form form = mutate(simplifier, expr);
  FormSlot *slot = form_slot(analyzer, expr);
  form_release(analyzer, &slot->form);
  *slot = (FormSlot){expr, analyzer->version, simplifier->depth, form};
}

static Form take_normal(Analyzer *analyzer, Form *form) {
  Form normal = form_expr(form_normal(analyzer, form));
  form_release(analyzer, form);
  return normal;
}

/* ---- Folding ------------------------------------------------------------ */

/* Of index operators only those with two constants, a 0 or a 1 fold. */
static bool may_fold(const IntImm *a, const IntImm *b) {
  if (a && b) return true;
  const IntImm *imm = a ? a : b;
  return imm && (imm->value == 0 || imm->value == 1);
}

/* What the builder folds two forms to: it looks at constants only, so
 * nameless variables stand for whatever else they are. */
static bool fold_forms(Analyzer *analyzer, ExprKind kind, Form *a, Form *b,
                       Form *ret_form) {
  const IntImm *int_a = form_int(a), *int_b = form_int(b);
  if (!may_fold(int_a, int_b)) return false;
  Var hole_a = {.e = {.kind = VAR, .type = form_type(a)}};
  Var hole_b = {.e = {.kind = VAR, .type = form_type(b)}};
  const Expr *folded =
      fold_binary(analyzer->arena, kind, int_a ? &int_a->e : &hole_a.e,
                  int_b ? &int_b->e : &hole_b.e);
  if (!folded) return false;
  if (folded == &hole_a.e) {
    *ret_form = *a;
    form_release(analyzer, b);
  } else if (folded == &hole_b.e) {
    *ret_form = *b;
    form_release(analyzer, a);
  } else {
    *ret_form = form_expr(folded);
    form_release(analyzer, a);
    form_release(analyzer, b);
  }
  return true;
}

/* Operands that do not form a sum: the node of their normal forms. */
static Form plain_binary(Simplifier *simplifier, const Expr *expr, Form *a,
                         Form *b) {
  const Expr *to_a = take_normal(simplifier->analyzer, a).expr;
  const Expr *to_b = take_normal(simplifier->analyzer, b).expr;
  const Binary *op = AS(Binary, expr);
  if (to_a == op->a && to_b == op->b) return form_expr(expr);
  return form_expr(
      make_binary(simplifier->analyzer->arena, expr->kind, to_a, to_b));
}

/* ---- Linear operators --------------------------------------------------- */

static Form add_forms(Analyzer *analyzer, Form a, Form b, int sign) {
  Sum *sum = form_to_sum(analyzer, a);
  sum_add(analyzer, sum, b, sign);
  return form_sum(sum);
}

static Form scale_form(Analyzer *analyzer, Form form, int64_t scale) {
  if (form.kind == FORM_SUM) {
    sum_scale(form.sum, scale);
    return form;
  }
  Split split = form_to_split(analyzer, form);
  split.scale = wrap_mul(split.scale, scale);
  return form_split(split);
}

static Form mul_forms(Simplifier *simplifier, const Expr *expr, Form a,
                      Form b) {
  const IntImm *int_a = form_int(&a), *int_b = form_int(&b);
  if (int_b) return scale_form(simplifier->analyzer, a, int_b->value);
  if (int_a) return scale_form(simplifier->analyzer, b, int_a->value);
  return plain_binary(simplifier, expr, &a, &b);
}

/* ---- Division and remainder of a split ---------------------------------- */

static Split in_mode(Analyzer *analyzer, Split split, DivMode mode) {
  if (!split_has_mode(&split, mode))
    split = form_to_split(analyzer, form_expr(split_normal(analyzer, &split)));
  split.mode = mode;
  return split;
}

static Split fresh_split(Analyzer *analyzer, const Split *split, DivMode mode) {
  Split fresh =
      form_to_split(analyzer, form_expr(split_normal(analyzer, split)));
  fresh.mode = mode;
  return fresh;
}

/* May a constant that divides the split be divided by its scale and taken
 * inside the division by `lower`?  Flooring, -(x div 4) div 8 is no quotient
 * of x.  (TVM 0.9 does not ask.) */
static bool scale_moves_in(const Split *split) {
  return split->scale > 0 || split->lower == 1 || split->mode == TRUNCATED;
}

/* Is (index mod upper) div lower always 0?  (TVM 0.9 asks the first only,
 * which is enough where both are positive.) */
static bool quotient_is_zero(const Split *split, int64_t lower) {
  bool same_side =
      split->mode == TRUNCATED || (split->upper < 0) == (lower < 0);
  return split->upper <= lower && llabs(split->upper) <= llabs(lower) &&
         same_side;
}

static Split split_div(Analyzer *analyzer, Split split, int64_t divisor,
                       DivMode mode) {
  split = in_mode(analyzer, split, mode);
  if (split.scale % divisor == 0) {
    split.scale /= divisor;
    return split;
  }
  if (!scale_moves_in(&split) || divisor % split.scale != 0) {
    split = fresh_split(analyzer, &split, mode);
    split.lower = divisor;
    return split;
  }
  int64_t lower = wrap_mul(split.lower, divisor / split.scale);
  if (split.upper != UPPER_INF && !divides(lower, split.upper)) {
    if (quotient_is_zero(&split, lower))
      return form_to_split(
          analyzer, form_expr(make_const(analyzer->arena, split.type, 0)));
    split.index = make_mod(analyzer->arena, mode, split.index, split.upper);
    split.upper = UPPER_INF;
  }
  split.scale = 1;
  split.lower = lower;
  return split;
}

/* index mod upper, where a smaller upper may let the index shrink. */
static Split split_narrow(Simplifier *simplifier, Split split, int64_t upper,
                          DivMode mode) {
  Analyzer *analyzer = simplifier->analyzer;
  const Expr *index = make_mod(analyzer->arena, mode, split.index, upper);
  Split narrow =
      form_to_split(analyzer, form_expr(canonical_visit(simplifier, index)));
  if (split.lower != 1) narrow = split_div(analyzer, narrow, split.lower, mode);
  narrow.scale = wrap_mul(narrow.scale, split.scale);
  return narrow;
}

static Split split_mod(Simplifier *simplifier, Split split, int64_t divisor,
                       DivMode mode) {
  Analyzer *analyzer = simplifier->analyzer;
  split = in_mode(analyzer, split, mode);
  if (split.scale % divisor == 0) {
    split.scale = 0;
    return split;
  }
  if (scale_moves_in(&split) && divisor % split.scale == 0) {
    int64_t upper = wrap_mul(split.lower, divisor / split.scale);
    if (split.upper == UPPER_INF) {
      split.upper = upper;
      return split;
    }
    if (divides(upper, split.upper)) {
      if (upper < split.upper)
        return split_narrow(simplifier, split, upper, mode);
      split.upper = upper;
      return split;
    }
    bool same_side = mode == TRUNCATED || (upper < 0) == (split.upper < 0);
    if (same_side && divides(split.upper, upper)) return split;
  }
  split = fresh_split(analyzer, &split, mode);
  split.upper = divisor;
  return split;
}

/* ---- Division ----------------------------------------------------------- */

static bool within(Analyzer *analyzer, const Form *form, int64_t divisor) {
  Bound bound = const_bound(analyzer, form_normal(analyzer, form));
  return bound.lo >= 0 && bound.hi < divisor;
}

/* The expression was made here and becomes the index of a split: its form is
 * kept, as a division further out will ask for it.  Without that, a chain of
 * divisions would take time exponential in its length. */
static bool is_below(Simplifier *simplifier, const Expr *expr,
                     int64_t divisor) {
  keep_form(simplifier, expr);
  return try_compare(simplifier, expr, divisor) == ORDER_LT;
}

/* quotient += rest / divisor, where quotient * divisor + rest is divided. */
static void add_quotient(Simplifier *simplifier, Sum *quotient,
                         const Expr *rest, int64_t divisor, DivMode mode) {
  Analyzer *analyzer = simplifier->analyzer;
  const IntImm *imm = as_int(rest);
  if (imm) {
    int64_t value =
        mode == FLOORED ? floor_div(imm->value, divisor) : imm->value / divisor;
    quotient->base = wrap_add(quotient->base, value);
    return;
  }
  bool vanishes = is_below(simplifier, rest, divisor) &&
                  (mode == TRUNCATED || can_prove_ge(analyzer, rest, 0));
  if (vanishes) return;
  Split split = form_to_split(analyzer, form_expr(rest));
  sum_add_split(analyzer, quotient, split_div(analyzer, split, divisor, mode),
                1);
}

/* Divides a sum term by term, if that is right: truncation demands that
 * neither the part that divides evenly nor the rest be negative. */
static bool divide_sum(Simplifier *simplifier, Sum *sum, int64_t divisor,
                       DivMode mode) {
  Analyzer *analyzer = simplifier->analyzer;
  Sum *quotient = sum_copy(analyzer, sum);
  Sum *rest = sum_take_rest(analyzer, quotient, divisor);
  const Expr *rest_expr = sum_normal(analyzer, rest);
  bool even = sum_is_zero(rest);
  bool ok = even || mode == FLOORED ||
            (can_prove_ge(analyzer, sum_normal(analyzer, quotient), 0) &&
             can_prove_ge(analyzer, rest_expr, 0));
  if (ok) {
    sum_divide(quotient, divisor);
    if (!even) add_quotient(simplifier, quotient, rest_expr, divisor, mode);
    sum_assign(analyzer, sum, quotient);
  }
  sum_release(analyzer, rest);
  sum_release(analyzer, quotient);
  return ok;
}

static Form div_forms(Simplifier *simplifier, Form a, int64_t divisor,
                      DivMode mode) {
  Analyzer *analyzer = simplifier->analyzer;
  if (a.kind == FORM_SUM) {
    if (divide_sum(simplifier, a.sum, divisor, mode)) return a;
  } else if (within(analyzer, &a, divisor)) {
    return form_expr(make_const(analyzer->arena, form_type(&a), 0));
  }
  Split split = form_to_split(analyzer, a);
  return form_split(split_div(analyzer, split, divisor, mode));
}

/* ---- Remainder ---------------------------------------------------------- */

/* sum mod divisor, where `expr` is the sum and its form is kept, or NULL. */
static Form mod_sum(Simplifier *simplifier, Sum *sum, const Expr *expr,
                    int64_t divisor, DivMode mode) {
  Analyzer *analyzer = simplifier->analyzer;
  bool is_split = sum->base == 0 && sum->args.n == 1;
  Form dividend = form_sum(sum);
  if (expr && !is_split) {
    sum_release(analyzer, sum);
    dividend = form_expr(expr);
  }
  Split split = form_to_split(analyzer, dividend);
  if (!expr && !is_split) keep_form(simplifier, split.index);
  return form_split(split_mod(simplifier, split, divisor, mode));
}

/* What divides evenly is dropped. */
static Form floormod_sum(Simplifier *simplifier, Sum *sum, int64_t divisor) {
  Analyzer *analyzer = simplifier->analyzer;
  Sum *rest = sum_take_rest(analyzer, sum, divisor);
  sum_release(analyzer, sum);
  const Expr *rest_expr = sum_normal(analyzer, rest);
  const IntImm *imm = as_int(rest_expr);
  bool decided = imm || (is_below(simplifier, rest_expr, divisor) &&
                         can_prove_ge(analyzer, rest_expr, 0));
  if (!decided) {
    int64_t base = floor_mod(rest->base, divisor);
    if (base != rest->base) rest_expr = NULL;
    rest->base = base;
    return mod_sum(simplifier, rest, rest_expr, divisor, FLOORED);
  }
  sum_release(analyzer, rest);
  return form_expr(imm ? make_const(analyzer->arena, rest_expr->type,
                                    floor_mod(imm->value, divisor))
                       : rest_expr);
}

/* (x - 5) mod 3 = (x - 2) mod 3 as long as neither dividend is negative. */
static bool reduce_base(Analyzer *analyzer, Sum *sum, int64_t divisor) {
  int64_t base = sum->base % divisor;
  Bound bound = const_bound(analyzer, sum_normal(analyzer, sum));
  if (base == sum->base || bound.lo < 0 ||
      wrap_add(wrap_sub(bound.lo, sum->base), base) < 0)
    return false;
  sum->base = base;
  return true;
}

/* As long as nothing is negative, what divides evenly is dropped. */
static Form truncmod_sum(Simplifier *simplifier, Sum *sum, int64_t divisor) {
  Analyzer *analyzer = simplifier->analyzer;
  Sum *even = sum_copy(analyzer, sum);
  Sum *rest = sum_take_rest(analyzer, even, divisor);
  const Expr *rest_expr = sum_normal(analyzer, rest);
  const IntImm *imm = as_int(rest_expr);
  bool positive = can_prove_ge(analyzer, sum_normal(analyzer, even), 0) &&
                  can_prove_ge(analyzer, rest_expr, 0);
  bool decided =
      sum_is_zero(rest) ||
      (positive && (imm || is_below(simplifier, rest_expr, divisor)));
  sum_release(analyzer, even);
  sum_release(analyzer, positive || decided ? sum : rest);
  if (!decided) {
    Sum *dividend = positive ? rest : sum;
    bool reduced = reduce_base(analyzer, dividend, divisor);
    return mod_sum(simplifier, dividend,
                   positive && !reduced ? rest_expr : NULL, divisor, TRUNCATED);
  }
  sum_release(analyzer, rest);
  return form_expr(
      imm ? make_const(analyzer->arena, rest_expr->type, imm->value % divisor)
          : rest_expr);
}

static Form mod_forms(Simplifier *simplifier, Form a, int64_t divisor,
                      DivMode mode) {
  Analyzer *analyzer = simplifier->analyzer;
  if (a.kind == FORM_SUM)
    return mode == FLOORED ? floormod_sum(simplifier, a.sum, divisor)
                           : truncmod_sum(simplifier, a.sum, divisor);
  if (within(analyzer, &a, divisor)) return a;
  Split split = form_to_split(analyzer, a);
  return form_split(split_mod(simplifier, split, divisor, mode));
}

/* ---- Dispatch ----------------------------------------------------------- */

static Form mutate_binary(Simplifier *simplifier, const Expr *expr) {
  Analyzer *analyzer = simplifier->analyzer;
  Form a = mutate(simplifier, AS(Binary, expr)->a);
  Form b = mutate(simplifier, AS(Binary, expr)->b), folded;
  ExprKind kind = expr->kind;
  if (fold_forms(analyzer, kind, &a, &b, &folded)) return folded;
  const IntImm *divisor = form_int(&b);
  switch (kind) {
    case ADD: return add_forms(analyzer, a, b, 1);
    case SUB: return add_forms(analyzer, a, b, -1);
    case MUL: return mul_forms(simplifier, expr, a, b);
    default: break;
  }
  if (!divisor || divisor->value <= 0)
    return plain_binary(simplifier, expr, &a, &b);
  DivMode mode = kind == DIV || kind == MOD ? TRUNCATED : FLOORED;
  return kind == DIV || kind == FLOORDIV
             ? div_forms(simplifier, a, divisor->value, mode)
             : mod_forms(simplifier, a, divisor->value, mode);
}

static Form mutate_cast(Simplifier *simplifier, const Expr *expr) {
  Analyzer *analyzer = simplifier->analyzer;
  const Unary *cast = AS(Unary, expr);
  Form value = mutate(simplifier, cast->a);
  if (form_cast_moves_in(analyzer, &value, expr->type)) {
    form_cast_parts(analyzer, &value, expr->type);
    return value;
  }
  const Expr *a = take_normal(analyzer, &value).expr;
  if (a == cast->a && a->kind != INT && a->kind != FLOAT)
    return form_expr(expr);
  return form_expr(ex_cast(analyzer->arena, expr->type, a));
}

static Form mutate(Simplifier *simplifier, const Expr *expr) {
  if (is_index(expr->type)) {
    if (is_kept(simplifier, expr)) {
      Analyzer *analyzer = simplifier->analyzer;
      return form_copy(analyzer, &form_slot(analyzer, expr)->form);
    }
    if (expr->kind >= ADD && expr->kind <= FLOORMOD)
      return mutate_binary(simplifier, expr);
    if (expr->kind == CAST) return mutate_cast(simplifier, expr);
  }
  return form_expr(rewrite_node(simplifier, expr));
}
