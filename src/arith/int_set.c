/* SPDX-License-Identifier: Apache-2.0 */
/* Interval sets: the smallest and largest value of an expression as
 * expressions, given such sets for its variables (TVM 0.9's IntervalSet).
 *
 * The ends are built with folding and not simplified, so that callers see
 * them in the order in which they arose.  Whether two ends are one point, and
 * what an end simplifies to, is asked with nothing known about variables;
 * only the sign of a factor or divisor is asked of the analyzer.  The set of
 * a variable is evaluated in turn, as it may mention others; that stops after
 * as many steps as there are sets. */
#include "arith/analyzer.h"
#include "ir/analysis.h"
#include "ir/build.h"

typedef struct Evaluator {
  Analyzer *analyzer;
  Arena *arena;
  const PtrMap *sets;
  int depth;
} Evaluator;

static IntSet eval(Evaluator *ev, const Expr *expr);

/* ---- Sets --------------------------------------------------------------- */

IntSet set_point(const Expr *value) { return (IntSet){value, value}; }

IntSet set_everything(void) { return (IntSet){NEG_INF, POS_INF}; }

static IntSet nothing(void) { return (IntSet){POS_INF, NEG_INF}; }

static const Expr *minus_one(Arena *arena, const Expr *expr) {
  return ex_sub(arena, expr, make_const(arena, expr->type, 1));
}

static const Expr *last_of(Arena *arena, Range range) {
  return minus_one(arena, ex_add(arena, range.extent, range.min));
}

IntSet set_range(Arena *arena, Range range) {
  if (is_const(range.extent, 1)) return set_point(range.min);
  return (IntSet){range.min, last_of(arena, range)};
}

bool set_is_point(const IntSet *set) { return set->lo == set->hi; }

static bool is_empty(const IntSet *set) {
  return set->lo == POS_INF || set->hi == NEG_INF;
}

bool set_is_everything(const IntSet *set) {
  return set->lo == NEG_INF && set->hi == POS_INF;
}

static bool has_low(const IntSet *set) {
  return set->lo != NEG_INF && !is_empty(set);
}
static bool has_high(const IntSet *set) {
  return set->hi != POS_INF && !is_empty(set);
}
static bool is_finite(const IntSet *set) {
  return has_low(set) && has_high(set);
}

static const Expr *simpler_end(Arena *arena, const Expr *end) {
  return end == POS_INF || end == NEG_INF ? end : simplify_alone(arena, end);
}

static bool single(Arena *arena, const IntSet *set) {
  return can_prove_equal_alone(arena, set->lo, set->hi);
}

bool set_is_single(Analyzer *analyzer, const IntSet *set) {
  return single(analyzer->arena, set);
}

static bool difference_is_zero(Arena *arena, const Expr *a, const Expr *b) {
  int64_t difference;
  if (plain_difference(a, b, &difference)) return difference == 0;
  return is_const(simplify_alone(arena, ex_sub(arena, a, b)), 0);
}

bool set_is_range(Analyzer *analyzer, const IntSet *set, Range range) {
  Arena *arena = analyzer->arena;
  return is_finite(set) && difference_is_zero(arena, set->lo, range.min) &&
         difference_is_zero(arena, set->hi, last_of(arena, range));
}

static IntSet hull(Arena *arena, IntSet a, IntSet b) {
  if (is_empty(&a)) return b;
  if (is_empty(&b)) return a;
  return (IntSet){ex_min(arena, a.lo, b.lo), ex_max(arena, a.hi, b.hi)};
}

IntSet set_union(Analyzer *analyzer, int n, const IntSet *sets) {
  Arena *arena = analyzer->arena;
  if (n == 0) return nothing();
  IntSet all = sets[0];
  if (n == 1) return all;
  for (int i = 1; i < n; i++) all = hull(arena, all, sets[i]);
  return (IntSet){simpler_end(arena, all.lo), simpler_end(arena, all.hi)};
}

Range set_cover(Analyzer *analyzer, const IntSet *set, Range fallback) {
  Arena *arena = analyzer->arena;
  if (!is_finite(set)) return fallback;
  int64_t last = 0; /* of the steps from lo on */
  if (set_is_point(set) || plain_difference(set->hi, set->lo, &last))
    return (Range){simplify_alone(arena, set->lo),
                   make_const(arena, set->lo->type, wrap_add(last, 1))};
  const Expr *extent = ex_sub(arena, ex_addi(arena, set->hi, 1), set->lo);
  return (Range){simplify_alone(arena, set->lo), simplify_alone(arena, extent)};
}

/* ---- Operators ---------------------------------------------------------- */

static const Expr *op_or(bool possible, Arena *arena, ExprKind kind,
                         const Expr *a, const Expr *b, const Expr *otherwise) {
  return possible ? ex_binary(arena, kind, a, b) : otherwise;
}

static IntSet eval_add(Evaluator *ev, IntSet a, IntSet b) {
  bool low = has_low(&a) && has_low(&b), high = has_high(&a) && has_high(&b);
  return (IntSet){op_or(low, ev->arena, ADD, a.lo, b.lo, NEG_INF),
                  op_or(high, ev->arena, ADD, a.hi, b.hi, POS_INF)};
}

static IntSet eval_sub(Evaluator *ev, IntSet a, IntSet b) {
  bool low = has_low(&a) && has_high(&b), high = has_high(&a) && has_low(&b);
  return (IntSet){op_or(low, ev->arena, SUB, a.lo, b.hi, NEG_INF),
                  op_or(high, ev->arena, SUB, a.hi, b.lo, POS_INF)};
}

/* a * k or a / k for one k: the ends keep their order, change places, or,
 * where the sign of k is not known, do what it says. */
static IntSet eval_by_point(Evaluator *ev, ExprKind kind, IntSet a,
                            const Expr *k) {
  Arena *arena = ev->arena;
  if (can_prove_ge(ev->analyzer, k, 0))
    return (IntSet){op_or(has_low(&a), arena, kind, a.lo, k, NEG_INF),
                    op_or(has_high(&a), arena, kind, a.hi, k, POS_INF)};
  if (can_prove_ge(ev->analyzer, ex_neg(arena, k), 1))
    return (IntSet){op_or(has_high(&a), arena, kind, a.hi, k, NEG_INF),
                    op_or(has_low(&a), arena, kind, a.lo, k, POS_INF)};
  if (!is_finite(&a)) return set_everything();
  DType element = k->type;
  element.lanes = 1;
  const Expr *sign = ex_ge(arena, k, make_const(arena, element, 0));
  const Expr *from_lo = ex_binary(arena, kind, a.lo, k);
  const Expr *from_hi = ex_binary(arena, kind, a.hi, k);
  return (IntSet){make_select(arena, sign, from_lo, from_hi),
                  make_select(arena, sign, from_hi, from_lo)};
}

static IntSet eval_mul(Evaluator *ev, IntSet a, bool a_single, IntSet b) {
  if (a_single) {
    IntSet point = a;
    a = b, b = point;
  } else if (!single(ev->arena, &b)) {
    return set_everything();
  }
  if (is_const(b.lo, 0)) return b;
  if (is_const(b.lo, 1)) return a;
  return eval_by_point(ev, MUL, a, b.lo);
}

static IntSet eval_div(Evaluator *ev, ExprKind kind, IntSet a, IntSet b) {
  if (!single(ev->arena, &b) || is_const(b.lo, 0)) return set_everything();
  if (is_const(b.lo, 1)) return a;
  return eval_by_point(ev, kind, a, b.lo);
}

static const Expr *magnitude(Arena *arena, const Expr *k) {
  const IntImm *imm = as_int(k);
  if (imm)
    return make_const(arena, k->type,
                      imm->value < 0 ? wrap_sub(0, imm->value) : imm->value);
  const Expr *positive = ex_ge(arena, k, make_const(arena, k->type, 0));
  return make_select(arena, positive, k, ex_neg(arena, k));
}

/* The remainders of an interval that lies in one period of the divisor. */
static bool eval_one_period(Evaluator *ev, IntSet a, const Expr *k,
                            IntSet *ret_set) {
  Arena *arena = ev->arena;
  if (k->kind != INT || !is_finite(&a)) return false;
  const Expr *last = ex_floordiv(arena, a.hi, k);
  const Expr *first = ex_floordiv(arena, a.lo, k);
  if (!can_prove(ev->analyzer, ex_eq(arena, last, first))) return false;
  const Expr *start = ex_mul(arena, k, first);
  *ret_set = (IntSet){ex_sub(arena, a.lo, start), ex_sub(arena, a.hi, start)};
  return true;
}

static IntSet eval_mod(Evaluator *ev, ExprKind kind, IntSet a, IntSet b) {
  Arena *arena = ev->arena;
  const Expr *k = b.lo;
  if (!single(arena, &b) || is_const(k, 0)) return set_everything();
  if (!can_prove_ge(ev->analyzer, k, 0)) {
    const Expr *most = minus_one(arena, magnitude(arena, k));
    return (IntSet){ex_neg(arena, most), most};
  }
  IntSet exact;
  if (kind == FLOORMOD && eval_one_period(ev, a, k, &exact)) return exact;
  return (IntSet){make_const(arena, k->type, 0), minus_one(arena, k)};
}

static IntSet eval_minmax(Evaluator *ev, ExprKind kind, IntSet a, IntSet b) {
  return (IntSet){ex_binary(ev->arena, kind, a.lo, b.lo),
                  ex_binary(ev->arena, kind, a.hi, b.hi)};
}

static IntSet combine_sets(Evaluator *ev, ExprKind kind, IntSet a,
                           bool a_single, IntSet b) {
  switch (kind) {
    case ADD: return eval_add(ev, a, b);
    case SUB: return eval_sub(ev, a, b);
    case MUL: return eval_mul(ev, a, a_single, b);
    case DIV:
    case FLOORDIV: return eval_div(ev, kind, a, b);
    case MOD:
    case FLOORMOD: return eval_mod(ev, kind, a, b);
    case MIN:
    case MAX: return eval_minmax(ev, kind, a, b);
    default: return set_everything();
  }
}

static bool is_exactly(const IntSet *set, const Expr *value) {
  return set->lo == value && set->hi == value;
}

static bool is_truth(ExprKind kind) { return kind >= EQ && kind <= OR; }

static IntSet eval_binary(Evaluator *ev, const Expr *expr) {
  Arena *arena = ev->arena;
  const Binary *op = AS(Binary, expr);
  ExprKind kind = expr->kind;
  IntSet a = eval(ev, op->a), b = eval(ev, op->b);
  if (is_exactly(&a, op->a) && is_exactly(&b, op->b)) return set_point(expr);
  bool a_single = single(arena, &a);
  if (a_single && single(arena, &b))
    return set_point(ex_binary(arena, kind, a.lo, b.lo));
  if (is_truth(kind)) {
    DType type = op->a->type;
    return (IntSet){make_const(arena, type, 0), make_const(arena, type, 1)};
  }
  if (is_empty(&a)) return a;
  if (is_empty(&b)) return b;
  return combine_sets(ev, kind, a, a_single, b);
}

/* ---- Other nodes -------------------------------------------------------- */

static const Expr *low_end(Evaluator *ev, const Expr *end) {
  return end == NEG_INF || end == POS_INF ? end : eval(ev, end).lo;
}
static const Expr *high_end(Evaluator *ev, const Expr *end) {
  return end == NEG_INF || end == POS_INF ? end : eval(ev, end).hi;
}

static IntSet eval_var(Evaluator *ev, const Expr *expr) {
  const IntSet *set = ptrmap_get(ev->sets, expr);
  if (!set) return set_point(expr);
  if (is_exactly(set, expr) || ev->depth >= ev->sets->n) return *set;
  ev->depth++;
  IntSet relaxed = {low_end(ev, set->lo), high_end(ev, set->hi)};
  ev->depth--;
  return relaxed;
}

static IntSet eval_cast(Evaluator *ev, const Expr *expr) {
  IntSet set = eval(ev, AS(Unary, expr)->a);
  if (has_low(&set))
    set.lo = ex_cast(ev->arena, expr->type, set.lo);
  else
    set.lo = NEG_INF;
  if (has_high(&set))
    set.hi = ex_cast(ev->arena, expr->type, set.hi);
  else
    set.hi = POS_INF;
  return set;
}

/* What memory holds is not known, but an element that does not move is one
 * value. */
static IntSet eval_load(Evaluator *ev, const Expr *expr) {
  const Load *load = AS(Load, expr);
  if (!is_integer(expr->type)) return set_everything();
  for (int i = 0; i < load->n; i++)
    if (expr_uses_any(load->index[i], ev->sets)) return set_everything();
  return set_point(expr);
}

static IntSet eval(Evaluator *ev, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case INT: return set_point(expr);
    case VAR: return eval_var(ev, expr);
    case CAST: return eval_cast(ev, expr);
    case SELECT: {
      IntSet if_true = eval(ev, AS(Select, expr)->if_true);
      IntSet if_false = eval(ev, AS(Select, expr)->if_false);
      return hull(ev->arena, if_false, if_true);
    }
    case LOAD: return eval_load(ev, expr);
    default: return is_binary(expr) ? eval_binary(ev, expr) : set_everything();
  }
}

IntSet eval_set(Analyzer *analyzer, const Expr *expr, const PtrMap *sets) {
  Evaluator evaluator = {analyzer, analyzer->arena, sets, 0};
  return eval(&evaluator, expr);
}
