/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs by cases: an expression of few small variables is computed for each
 * of their values.
 *
 * Interval arithmetic takes operands as independent.  It cannot see that of
 * max(2 - y, 0) and max(y - 4, 0) one is always 0, as of the padding at the
 * begin and at the end of a tile.  Trying every y can.
 *
 * Cost: at most MAX_CASES evaluations, and only where intervals do not tell. */
#include "arith/analyzer.h"
#include "ir/build.h"
#include "ir/traverse.h"

enum { MAX_VARS = 4, MAX_CASES = 1 << 14 };

/* A value for each variable of the expression, and the ranges of these. */
typedef struct Case {
  Walker walker;
  Analyzer *analyzer;
  int n;
  const Var *var[MAX_VARS];
  Bound range[MAX_VARS];
  int64_t value[MAX_VARS];
  int64_t count; /* of cases; 0: too many */
} Case;

/* ---- Which cases there are ---------------------------------------------- */

static void note_var(Walker *walker, const Expr *expr) {
  Case *c = (Case *)walker;
  for (int i = 0; i < c->n; i++)
    if (&c->var[i]->e == expr) return;
  Bound range = const_bound(c->analyzer, expr);
  bool few = c->n < MAX_VARS && range.lo > INT32_MIN && range.hi < INT32_MAX &&
             range.lo <= range.hi &&
             c->count * (range.hi - range.lo + 1) <= MAX_CASES;
  c->count = few ? c->count * (range.hi - range.lo + 1) : 0;
  if (!few) return;
  c->var[c->n] = AS(Var, expr);
  c->range[c->n] = range;
  c->value[c->n++] = range.lo;
}

/* The next case, like a counter; false after the last. */
static bool next_case(Case *c) {
  for (int i = 0; i < c->n; i++) {
    if (++c->value[i] <= c->range[i].hi) return true;
    c->value[i] = c->range[i].lo;
  }
  return false;
}

/* ---- One case ----------------------------------------------------------- */

static bool apply(ExprKind kind, int64_t a, int64_t b, int64_t *ret) {
  switch (kind) {
    case ADD: return !__builtin_add_overflow(a, b, ret);
    case SUB: return !__builtin_sub_overflow(a, b, ret);
    case MUL: return !__builtin_mul_overflow(a, b, ret);
    case MIN: return *ret = a < b ? a : b, true;
    case MAX: return *ret = a > b ? a : b, true;
    case FLOORDIV: return b > 0 ? (*ret = floor_div(a, b), true) : false;
    case FLOORMOD: return b > 0 ? (*ret = floor_mod(a, b), true) : false;
    default: return false;
  }
}

/* False where the expression has a part that is no plain arithmetic. */
static bool evaluate(const Case *c, const Expr *expr, int64_t *ret) {
  if (expr->kind == INT) return *ret = AS(IntImm, expr)->value, true;
  for (int i = 0; expr->kind == VAR && i < c->n; i++)
    if (&c->var[i]->e == expr) return *ret = c->value[i], true;
  if (!is_binary(expr)) return false;
  const Binary *op = AS(Binary, expr);
  int64_t a, b;
  return evaluate(c, op->a, &a) && evaluate(c, op->b, &b) &&
         apply((ExprKind)expr->kind, a, b, ret);
}

bool can_prove_ge_by_cases(Analyzer *analyzer, const Expr *expr,
                           int64_t bound) {
  if (can_prove_ge(analyzer, expr, bound)) return true;
  static const ExprVisit visits[EXPR_KINDS] = {[VAR] = note_var};
  Case c = {.walker = WALKER(visits, NULL), .analyzer = analyzer, .count = 1};
  walk_expr(&c.walker, expr);
  if (!c.count) return false;
  do {
    int64_t value;
    if (!evaluate(&c, expr, &value) || value < bound) return false;
  } while (next_case(&c));
  return true;
}
