/* SPDX-License-Identifier: Apache-2.0 */
/* RenormalizeSplitPattern: divisions and comparisons that split axes leave
 * behind are written so that common factors cancel.
 *
 *   (x % c) / d            -> (x / d) % (c / d)          if d divides c
 *   (x * c + y) / d        -> (x * (c/g) + y / g) / (d/g)   g = gcd(c, d) > 1
 *   (x * c + y + z) / d    -> likewise, with (y + z) / g
 *   x < c                  -> x / c < 1                      if c > 0
 * where / and % round down.  All other comparisons are brought to "less
 * than", and Not is pushed over comparisons.  A result is rewritten again, at
 * most RECURSIONS levels deep; x < c stops there.  Simplify, which follows,
 * turns back what did not help.  The rules and their order are those of the
 * pass of the same name in TVM 0.9. */
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "pass/pass.h"

enum { RECURSIONS = 5 };

typedef struct Renormalizer {
  Rewriter rw;
  int depth;
} Renormalizer;

static const Expr *rewrite_again(Rewriter *rw, const Expr *expr) {
  Renormalizer *state = (Renormalizer *)rw;
  if (state->depth >= RECURSIONS) return expr;
  state->depth++;
  const Expr *again = rewrite_expr(rw, expr);
  state->depth--;
  return again;
}

static int64_t gcd(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static const Expr *over(Arena *arena, const Expr *a, int64_t divisor) {
  return ex_floordiv(arena, a, make_const(arena, a->type, divisor));
}

/* (x % c) / d */
static const Expr *swap_remainder(Arena *arena, const Expr *numerator,
                                  int64_t divisor) {
  const Binary *mod = AS(Binary, numerator);
  const IntImm *c = as_int(mod->b);
  if (!c || divisor == 0 || c->value % divisor) return NULL;
  const Expr *modulus =
      make_const(arena, c->e.type, floor_div(c->value, divisor));
  return ex_floormod(arena, over(arena, mod->a, divisor), modulus);
}

/* (product + rest) / d with a common factor of the product and d */
static const Expr *cancel(Arena *arena, const Expr *product, const Expr *rest,
                          int64_t divisor) {
  const IntImm *c =
      product->kind == MUL ? as_int(AS(Binary, product)->b) : NULL;
  if (!c || c->value <= 0 || divisor <= 0) return NULL;
  int64_t common = gcd(c->value, divisor);
  if (common <= 1) return NULL;
  const Expr *factor = make_const(arena, c->e.type, c->value / common);
  const Expr *scaled = ex_mul(arena, AS(Binary, product)->a, factor);
  const Expr *sum = ex_add(arena, scaled, over(arena, rest, common));
  return over(arena, sum, divisor / common);
}

static const Expr *divide_sum(Arena *arena, const Binary *sum,
                              int64_t divisor) {
  const Expr *result = cancel(arena, sum->a, sum->b, divisor);
  if (result || sum->a->kind != ADD) return result;
  const Binary *inner = AS(Binary, sum->a);
  if (inner->a->kind != MUL) return NULL;
  return cancel(arena, inner->a, ex_add(arena, inner->b, sum->b), divisor);
}

static const Expr *on_floordiv(Rewriter *rw, const Expr *expr) {
  const Binary *old = AS(Binary, expr);
  const Expr *a = rewrite_expr(rw, old->a);
  const Expr *b = rewrite_expr(rw, old->b);
  bool same = a == old->a && b == old->b;
  const Expr *quotient = same ? expr : ex_floordiv(rw->arena, a, b);
  if (quotient->kind != FLOORDIV) return quotient;
  const Expr *numerator = AS(Binary, quotient)->a;
  const IntImm *divisor = as_int(AS(Binary, quotient)->b);
  const Expr *better = NULL;
  if (!divisor) return quotient;
  if (numerator->kind == FLOORMOD)
    better = swap_remainder(rw->arena, numerator, divisor->value);
  else if (numerator->kind == ADD)
    better = divide_sum(rw->arena, AS(Binary, numerator), divisor->value);
  return better ? rewrite_again(rw, better) : quotient;
}

static const Expr *on_lt(Rewriter *rw, const Expr *expr) {
  expr = rewrite_expr_children(rw, expr);
  const Binary *less = AS(Binary, expr);
  const IntImm *bound = as_int(less->b);
  if (!bound || bound->value <= 0) return expr;
  const Expr *one = make_const(rw->arena, less->a->type, 1);
  const Expr *quotient = over(rw->arena, less->a, bound->value);
  if (quotient == less->a) return expr; /* x < 1 */
  return rewrite_again(rw, ex_lt(rw->arena, quotient, one));
}

/* Rewrites `less`, which says the same as `old`; often it comes back as it. */
static const Expr *by_less_than(Rewriter *rw, const Expr *old,
                                const Expr *less) {
  const Expr *result = rewrite_expr(rw, less);
  return expr_equal(result, old) ? old : result;
}

static const Expr *not_less(Rewriter *rw, const Expr *old, const Expr *a,
                            const Expr *b) {
  const Expr *less = ex_lt(rw->arena, a, b);
  return by_less_than(rw, old, make_unary(rw->arena, NOT, old->type, less));
}

static const Expr *on_gt(Rewriter *rw, const Expr *expr) {
  const Binary *old = AS(Binary, expr);
  return by_less_than(rw, expr, ex_lt(rw->arena, old->b, old->a));
}

static const Expr *on_le(Rewriter *rw, const Expr *expr) {
  const Binary *old = AS(Binary, expr);
  return not_less(rw, expr, old->b, old->a);
}

static const Expr *on_ge(Rewriter *rw, const Expr *expr) {
  const Binary *old = AS(Binary, expr);
  return not_less(rw, expr, old->a, old->b);
}

static const Expr *on_not(Rewriter *rw, const Expr *expr) {
  expr = rewrite_expr_children(rw, expr);
  const Expr *a = AS(Unary, expr)->a;
  if (a->kind == NOT) return AS(Unary, a)->a;
  if (!is_comparison(a)) return expr;
  const Binary *compare = AS(Binary, a);
  switch ((ExprKind)a->kind) {
    case LE: return ex_lt(rw->arena, compare->b, compare->a);
    case GE: return ex_lt(rw->arena, compare->a, compare->b);
    case LT: return ex_le(rw->arena, compare->b, compare->a);
    case GT: return ex_le(rw->arena, compare->a, compare->b);
    default: return expr;
  }
}

const Func *pass_renormalize_split(const PassContext *context,
                                   const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[FLOORDIV] = on_floordiv,
                                                [LT] = on_lt,
                                                [LE] = on_le,
                                                [GT] = on_gt,
                                                [GE] = on_ge,
                                                [NOT] = on_not};
  Renormalizer state = {REWRITER(context->arena, exprs, NULL), 0};
  const Stmt *body = rewrite_stmt(&state.rw, func->body);
  return func_with_body(context->arena, func, body);
}
