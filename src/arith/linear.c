/* SPDX-License-Identifier: Apache-2.0 */
/* Linear forms: an expression as coeff * var + base, for one variable after
 * the other.  A missing part is NULL while it is computed, so that removing
 * a term leaves the others in their order (TVM 0.9's DetectLinearEquation
 * and DetectClipBound). */
#include "arith/arith.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"

typedef struct Linear {
  const Expr *base, *coeff; /* NULL: zero */
} Linear;

typedef struct Detector {
  Arena *arena;
  const Var *var;
  bool failed;
} Detector;

static Linear detect(Detector *detector, const Expr *expr);

static const Expr *add_parts(Arena *arena, const Expr *a, const Expr *b) {
  if (!a || !b) return a ? a : b;
  return ex_add(arena, a, b);
}

static const Expr *sub_parts(Arena *arena, const Expr *a, const Expr *b) {
  if (!b) return a;
  return a ? ex_sub(arena, a, b) : ex_neg(arena, b);
}

static const Expr *mul_parts(Arena *arena, const Expr *a, const Expr *b) {
  return a && b ? ex_mul(arena, a, b) : NULL;
}

/* One factor at least must be free of the variable. */
static Linear product(Detector *detector, Linear a, Linear b) {
  if (a.coeff && b.coeff) {
    detector->failed = true;
    return (Linear){0};
  }
  Linear constant = a.coeff ? b : a, other = a.coeff ? a : b;
  return (Linear){mul_parts(detector->arena, constant.base, other.base),
                  mul_parts(detector->arena, constant.base, other.coeff)};
}

static Linear detect_operator(Detector *detector, const Expr *expr) {
  Arena *arena = detector->arena;
  Linear a = detect(detector, AS(Binary, expr)->a);
  Linear b = detect(detector, AS(Binary, expr)->b);
  if (expr->kind == MUL) return product(detector, a, b);
  const Expr *(*combined)(Arena *, const Expr *, const Expr *) =
      expr->kind == ADD ? add_parts : sub_parts;
  const Expr *base = combined(arena, a.base, b.base);
  return (Linear){base, combined(arena, a.coeff, b.coeff)};
}

static Linear detect(Detector *detector, const Expr *expr) {
  if (detector->failed) return (Linear){0};
  switch ((ExprKind)expr->kind) {
    case ADD:
    case SUB:
    case MUL: return detect_operator(detector, expr);
    case VAR:
      if (expr != &detector->var->e) return (Linear){.base = expr};
      return (Linear){.coeff = make_const(detector->arena, expr->type, 1)};
    default:
      detector->failed = expr_uses(expr, detector->var);
      return (Linear){.base = expr};
  }
}

/* Both parts are set on success. */
static bool detect_var(Arena *arena, const Expr *expr, const Var *var,
                       Linear *ret_linear) {
  Detector detector = {arena, var, false};
  Linear linear = detect(&detector, expr);
  if (detector.failed) return false;
  if (!linear.base) linear.base = make_const(arena, var->e.type, 0);
  if (!linear.coeff) linear.coeff = make_const(arena, var->e.type, 0);
  *ret_linear = linear;
  return true;
}

bool detect_linear(Arena *arena, const Expr *expr, int n,
                   const Var *const *vars, const Expr **ret_coeff) {
  Linear linear = {.base = expr};
  for (int i = 0; i < n; i++) {
    if (!detect_var(arena, linear.base, vars[i], &linear)) return false;
    ret_coeff[i] = linear.coeff;
    for (int earlier = 0; earlier < i; earlier++)
      if (expr_uses(ret_coeff[earlier], vars[i])) return false;
  }
  ret_coeff[n] = linear.base;
  return true;
}

/* ---- Clips -------------------------------------------------------------- */

/* The one of the variables that the conjunct mentions, or -1. */
static int only_var(const Expr *conjunct, int n, const Var *const *vars) {
  int only = -1;
  for (int i = 0; i < n; i++) {
    if (!expr_uses(conjunct, vars[i])) continue;
    if (only >= 0) return -1;
    only = i;
  }
  return only;
}

/* The expression that is >= 0 where the comparison holds, or NULL. */
static const Expr *slack(Arena *arena, const Expr *comparison) {
  ExprKind kind = comparison->kind;
  if (kind < LT || kind > GE) return NULL;
  const Expr *less = AS(Binary, comparison)->a;
  const Expr *more = AS(Binary, comparison)->b;
  if (less->type.code != TYPE_INT) return NULL;
  bool turned = kind == GT || kind == GE;
  const Expr *gap =
      turned ? ex_sub(arena, less, more) : ex_sub(arena, more, less);
  bool strict = kind == LT || kind == GT;
  return strict ? ex_sub(arena, gap, make_const(arena, less->type, 1)) : gap;
}

/* How many whole steps of that size there are. */
static const Expr *steps_in(Arena *arena, const Expr *gap, int64_t step) {
  if (step == 1) return gap;
  return ex_floordiv(arena, gap, make_const(arena, gap->type, step));
}

static bool clip_by(Arena *arena, const Expr *conjunct, const Var *var,
                    Clip *clip) {
  Linear linear;
  const Expr *gap = slack(arena, conjunct);
  if (!gap || !detect_var(arena, gap, var, &linear)) return false;
  const IntImm *coeff = as_int(simplify_alone(arena, linear.coeff));
  if (!coeff || coeff->value == 0) return false;
  if (coeff->value > 0) {
    const Expr *low = ex_neg(arena, steps_in(arena, linear.base, coeff->value));
    clip->min = clip->min ? ex_max(arena, clip->min, low) : low;
    return true;
  }
  const Expr *high = steps_in(arena, linear.base, -coeff->value);
  clip->max = clip->max ? ex_min(arena, clip->max, high) : high;
  return true;
}

static bool clip_conjuncts(Arena *arena, const Expr *condition, int n,
                           const Var *const *vars, Clip *clip) {
  if (condition->kind == AND)
    return clip_conjuncts(arena, AS(Binary, condition)->a, n, vars, clip) &&
           clip_conjuncts(arena, AS(Binary, condition)->b, n, vars, clip);
  int only = only_var(condition, n, vars);
  return only >= 0 && clip_by(arena, condition, vars[only], &clip[only]);
}

bool detect_clip(Arena *arena, const Expr *condition, int n,
                 const Var *const *vars, Clip *ret_clip) {
  for (int i = 0; i < n; i++) ret_clip[i] = (Clip){0};
  if (!clip_conjuncts(arena, condition, n, vars, ret_clip)) return false;
  for (int i = 0; i < n; i++) {
    Clip *clip = &ret_clip[i];
    if (clip->min) clip->min = simplify_alone(arena, clip->min);
    if (clip->max) clip->max = simplify_alone(arena, clip->max);
  }
  return true;
}
