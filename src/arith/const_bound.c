/* SPDX-License-Identifier: Apache-2.0 */
/* Constant bounds: the smallest and largest value an expression can take,
 * by interval arithmetic from the leaves up (TVM 0.9's ConstIntBound).
 *
 * INT64_MAX and -INT64_MAX stand for infinity and absorb what overflows.  A
 * node's bound is narrowed by every condition in force that names an equal
 * expression.  Each node is computed once while nothing new is learnt. */
#include <stdlib.h>

#include "arith/analyzer.h"
#include "ir/analysis.h"
#include "ir/build.h"

#define POS BOUND_INF
#define NEG (-BOUND_INF)

static bool is_inf(int64_t v) { return v == POS || v == NEG; }

static int64_t clamp_min(int64_t v) { return v < NEG ? NEG : v; }

static int64_t inf_add(int64_t a, int64_t b) {
  int64_t sum;
  if (is_inf(a)) return a;
  if (is_inf(b)) return b;
  if (__builtin_add_overflow(a, b, &sum)) return a > 0 ? POS : NEG;
  return clamp_min(sum);
}

static int64_t inf_mul(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product))
    return (a > 0) == (b > 0) ? POS : NEG;
  return clamp_min(product);
}

static int64_t inf_div(int64_t a, int64_t b) {
  if (b == 0) return a;
  if (is_inf(a)) return b > 0 ? a : -a;
  return a / b;
}

static int64_t inf_floordiv(int64_t a, int64_t b) {
  if (b == 0) return a;
  if (is_inf(a)) return b > 0 ? a : -a;
  return floor_div(a, b);
}

static int64_t inf_shift_right(int64_t a, int64_t b) {
  return is_inf(a) ? a : a >> (b > 63 ? 63 : b);
}

static int64_t inf_shift_left(int64_t a, int64_t b) {
  if (is_inf(a) || a == 0) return a;
  int bits = 64 - __builtin_clzll((unsigned long long)llabs(a));
  return b < 64 - bits ? a << b : POS;
}

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

static Bound hull(Bound a, Bound b) {
  return (Bound){min64(a.lo, b.lo), max64(a.hi, b.hi)};
}

static Bound intersection(Bound a, Bound b) {
  return (Bound){max64(a.lo, b.lo), min64(a.hi, b.hi)};
}

static Bound type_bound(DType type) {
  if (!is_integer(type)) return (Bound){NEG, POS};
  int bits = type.bits - (type.code == TYPE_INT);
  int64_t hi = bits >= 63 ? POS : ((int64_t)1 << bits) - 1;
  if (type.code == TYPE_UINT) return (Bound){0, hi};
  return (Bound){bits >= 63 ? NEG : -hi - 1, hi};
}

/* The bound of a function that is monotonic in each operand. */
static Bound corners(Bound a, Bound b, int64_t (*f)(int64_t, int64_t)) {
  int64_t low_low = f(a.lo, b.lo), high_high = f(a.hi, b.hi);
  int64_t low_high = f(a.lo, b.hi), high_low = f(a.hi, b.lo);
  return hull((Bound){min64(low_low, high_high), max64(low_low, high_high)},
              (Bound){min64(low_high, high_low), max64(low_high, high_low)});
}

/* Division is monotonic on each side of zero only. */
static Bound quotient(Bound a, Bound b, DType type,
                      int64_t (*f)(int64_t, int64_t)) {
  if (b.lo > 0 || b.hi < 0) return corners(a, b, f);
  if (b.lo == 0 && b.hi == 0) return type_bound(type);
  if (type.code == TYPE_UINT) return corners(a, (Bound){1, b.hi}, f);
  Bound any = type_bound(type);
  Bound below = b.lo < 0 ? (Bound){b.lo, -1} : any;
  Bound above = b.hi > 0 ? (Bound){1, b.hi} : any;
  return hull(corners(a, below, f), corners(a, above, f));
}

static Bound truncated_remainder(Bound a, Bound b, DType type) {
  if (b.lo <= 0) return type_bound(type);
  int64_t most = inf_add(b.hi, -1);
  if (a.lo < 0) return (Bound){max64(a.lo, -most), min64(max64(a.hi, 0), most)};
  return a.hi < b.lo ? a : (Bound){0, min64(a.hi, most)};
}

static Bound floored_remainder(Bound a, Bound b, DType type) {
  int64_t least = min64(0, inf_add(b.lo, 1));
  int64_t most = max64(0, inf_add(b.hi, -1));
  if (b.lo <= 0) return intersection((Bound){least, most}, type_bound(type));
  if (a.lo < 0) return (Bound){0, most};
  return a.hi < b.lo ? a : (Bound){0, min64(a.hi, most)};
}

static Bound binary_bound(Analyzer *analyzer, const Expr *expr) {
  Bound a = const_bound(analyzer, AS(Binary, expr)->a);
  Bound b = const_bound(analyzer, AS(Binary, expr)->b);
  switch ((ExprKind)expr->kind) {
    case ADD: return (Bound){inf_add(a.lo, b.lo), inf_add(a.hi, b.hi)};
    case SUB: return (Bound){inf_add(a.lo, -b.hi), inf_add(a.hi, -b.lo)};
    case MUL: return corners(a, b, inf_mul);
    case DIV: return quotient(a, b, expr->type, inf_div);
    case FLOORDIV: return quotient(a, b, expr->type, inf_floordiv);
    case MOD: return truncated_remainder(a, b, expr->type);
    case FLOORMOD: return floored_remainder(a, b, expr->type);
    case MIN: return (Bound){min64(a.lo, b.lo), min64(a.hi, b.hi)};
    case MAX: return (Bound){max64(a.lo, b.lo), max64(a.hi, b.hi)};
    default: return type_bound(expr->type);
  }
}

static Bound masked(Bound a, Bound b, DType type) {
  if (a.lo >= 0 && b.lo >= 0) return (Bound){0, min64(a.hi, b.hi)};
  if (b.lo >= 0) return (Bound){0, b.hi};
  if (a.lo >= 0) return (Bound){0, a.hi};
  return type_bound(type);
}

static Bound call_bound(Analyzer *analyzer, const Call *call) {
  Op op = call->op;
  if (op != OP_SHIFT_RIGHT && op != OP_SHIFT_LEFT && op != OP_BITWISE_AND)
    return type_bound(call->e.type);
  Bound a = const_bound(analyzer, call->arg[0]);
  Bound b = const_bound(analyzer, call->arg[1]);
  if (op == OP_BITWISE_AND) return masked(a, b, call->e.type);
  if (b.lo < 0) return type_bound(call->e.type);
  if (op == OP_SHIFT_RIGHT) return corners(a, b, inf_shift_right);
  if (a.lo < 0) return type_bound(call->e.type);
  return corners(a, b, inf_shift_left);
}

/* The variable of a Let is bounded by its value while the body is seen. */
static Bound let_bound(Analyzer *analyzer, const Let *let) {
  VarFacts *facts = analyzer_own_facts(analyzer, let->var);
  if (facts->has_bound) return const_bound(analyzer, let->body);
  facts->bound = const_bound(analyzer, let->value);
  facts->has_bound = true;
  analyzer_changed(analyzer);
  Bound bound = const_bound(analyzer, let->body);
  facts->has_bound = false;
  analyzer_changed(analyzer);
  return bound;
}

static Bound ramp_bound(Analyzer *analyzer, const Ramp *ramp) {
  Arena *arena = analyzer->arena;
  const Expr *steps = ex_muli(arena, ramp->stride, ramp->e.type.lanes - 1);
  return hull(const_bound(analyzer, ramp->base),
              const_bound(analyzer, ex_add(arena, ramp->base, steps)));
}

static Bound var_bound(Analyzer *analyzer, const Expr *expr) {
  const VarFacts *facts = analyzer_facts(analyzer, AS(Var, expr));
  return facts && facts->has_bound ? facts->bound : type_bound(expr->type);
}

static Bound node_bound(Analyzer *analyzer, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return var_bound(analyzer, expr);
    case INT: {
      int64_t value = clamp_min(AS(IntImm, expr)->value);
      return (Bound){value, value};
    }
    case CAST:
      return intersection(const_bound(analyzer, AS(Unary, expr)->a),
                          type_bound(expr->type));
    case SELECT:
      return hull(const_bound(analyzer, AS(Select, expr)->if_true),
                  const_bound(analyzer, AS(Select, expr)->if_false));
    case CALL: return call_bound(analyzer, AS(Call, expr));
    case LET: return let_bound(analyzer, AS(Let, expr));
    case RAMP: return ramp_bound(analyzer, AS(Ramp, expr));
    default:
      return is_binary(expr) ? binary_bound(analyzer, expr)
                             : type_bound(expr->type);
  }
}

static Bound known_bound(Analyzer *analyzer, const Expr *expr) {
  Bound bound = node_bound(analyzer, expr);
  for (int i = 0; i < analyzer->bounds.n; i++)
    if (expr_equal(expr, analyzer->bounds.at[i].expr))
      bound = intersection(bound, analyzer->bounds.at[i].bound);
  return bound;
}

Bound const_bound(Analyzer *analyzer, const Expr *expr) {
  if (expr->kind == VAR || expr->kind == INT)
    return known_bound(analyzer, expr);
  BoundSlot *slot = &analyzer->bound[analyzer_slot(expr, BOUND_SLOTS)];
  if (slot->expr == expr && slot->version == analyzer->version)
    return slot->bound;
  Bound bound = known_bound(analyzer, expr);
  *slot = (BoundSlot){expr, analyzer->version, bound};
  return bound;
}

/* ---- Conditions --------------------------------------------------------- */

static void push_bound(Analyzer *analyzer, const Expr *expr, int64_t lo,
                       int64_t hi) {
  if (expr->kind == INT) return;
  vec_push(analyzer->arena, &analyzer->bounds, (BoundFact){expr, {lo, hi}});
}

void bound_enter(Analyzer *analyzer, const Expr *condition) {
  if (!is_binary(condition)) return;
  const Binary *op = AS(Binary, condition);
  if (condition->kind == AND) {
    bound_enter(analyzer, op->a);
    bound_enter(analyzer, op->b);
    return;
  }
  const IntImm *left = as_int(op->a), *right = as_int(op->b);
  bool strict = condition->kind == LT;
  if (condition->kind == EQ && (left || right)) {
    int64_t value = right ? right->value : left->value;
    push_bound(analyzer, right ? op->a : op->b, value, value);
  } else if (condition->kind != LT && condition->kind != LE) {
    return;
  } else if (left) {
    push_bound(analyzer, op->b, inf_add(left->value, strict), POS);
  } else if (right) {
    push_bound(analyzer, op->a, NEG, inf_add(right->value, -strict));
  }
}
