/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about IR: equality, effect and use. */
#include "ir/analysis.h"

#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/traverse.h"

static bool exprs_equal(int n, const Expr *const *a, const Expr *const *b) {
  for (int i = 0; i < n; i++)
    if (!expr_equal(a[i], b[i])) return false;
  return true;
}

static bool calls_equal(const Call *a, const Call *b) {
  return a->op == b->op && a->n == b->n && exprs_equal(a->n, a->arg, b->arg);
}

static bool reduces_equal(const Reduce *a, const Reduce *b) {
  if (a->combiner != b->combiner || a->n != b->n) return false;
  for (int i = 0; i < a->n; i++)
    if (a->axis[i] != b->axis[i]) return false;
  return expr_equal(a->source, b->source) &&
         expr_equal(a->condition, b->condition);
}

static bool same_kind_equal(const Expr *a, const Expr *b) {
  switch ((ExprKind)a->kind) {
    case VAR: return false;
    case INT: return AS(IntImm, a)->value == AS(IntImm, b)->value;
    case FLOAT: return AS(FloatImm, a)->value == AS(FloatImm, b)->value;
    case STRING:
      return !strcmp(AS(StringImm, a)->value, AS(StringImm, b)->value);
    case CAST:
    case NOT: return expr_equal(AS(Unary, a)->a, AS(Unary, b)->a);
    case SELECT:
      return expr_equal(AS(Select, a)->condition, AS(Select, b)->condition) &&
             expr_equal(AS(Select, a)->if_true, AS(Select, b)->if_true) &&
             expr_equal(AS(Select, a)->if_false, AS(Select, b)->if_false);
    case CALL: return calls_equal(AS(Call, a), AS(Call, b));
    case LOAD:
      return AS(Load, a)->buffer == AS(Load, b)->buffer &&
             AS(Load, a)->n == AS(Load, b)->n &&
             exprs_equal(AS(Load, a)->n, AS(Load, a)->index,
                         AS(Load, b)->index);
    case REDUCE: return reduces_equal(AS(Reduce, a), AS(Reduce, b));
    case LET:
      return AS(Let, a)->var == AS(Let, b)->var &&
             expr_equal(AS(Let, a)->value, AS(Let, b)->value) &&
             expr_equal(AS(Let, a)->body, AS(Let, b)->body);
    case RAMP:
      return expr_equal(AS(Ramp, a)->base, AS(Ramp, b)->base) &&
             expr_equal(AS(Ramp, a)->stride, AS(Ramp, b)->stride);
    case BROADCAST:
      return expr_equal(AS(Broadcast, a)->value, AS(Broadcast, b)->value);
    default:
      return expr_equal(AS(Binary, a)->a, AS(Binary, b)->a) &&
             expr_equal(AS(Binary, a)->b, AS(Binary, b)->b);
  }
}

bool expr_equal(const Expr *a, const Expr *b) {
  if (a == b) return true;
  if (!a || !b || a->kind != b->kind || !dtype_eq(a->type, b->type))
    return false;
  if (a->kind == STRING &&
      (a == POS_INF || a == NEG_INF || b == POS_INF || b == NEG_INF))
    return false;
  return same_kind_equal(a, b);
}

/* ---- Effect ------------------------------------------------------------- */

typedef struct EffectWalk {
  Walker walker;
  Effect worst;
} EffectWalk;

static void effect_of_call(Walker *walker, const Expr *expr) {
  EffectWalk *walk = (EffectWalk *)walker;
  Effect effect = op_effect(AS(Call, expr)->op);
  if (effect > walk->worst) walk->worst = effect;
  walk_expr_children(walker, expr);
}

static void effect_of_load(Walker *walker, const Expr *expr) {
  EffectWalk *walk = (EffectWalk *)walker;
  if (walk->worst < EFFECT_READS) walk->worst = EFFECT_READS;
  walk_expr_children(walker, expr);
}

Effect expr_effect(const Expr *expr) {
  static const ExprVisit visits[EXPR_KINDS] = {
      [CALL] = effect_of_call, [LOAD] = effect_of_load};
  EffectWalk walk = {WALKER(visits, NULL), EFFECT_ANNOTATION};
  walk_expr(&walk.walker, expr);
  return walk.worst;
}

/* ---- Use ---------------------------------------------------------------- */

typedef struct UseWalk {
  Walker walker;
  const Var *var;     /* looked for, or */
  const PtrMap *vars; /* any of these */
  bool found;
} UseWalk;

static void use_var(UseWalk *walk, const Var *var) {
  if (walk->vars ? ptrmap_has(walk->vars, var) : var == walk->var)
    walk->found = true;
}

static void use_of_var(Walker *walker, const Expr *expr) {
  use_var((UseWalk *)walker, AS(Var, expr));
}

static void use_of_load(Walker *walker, const Expr *expr) {
  use_var((UseWalk *)walker, AS(Load, expr)->buffer->data);
  walk_expr_children(walker, expr);
}

static void use_of_store(Walker *walker, const Stmt *stmt) {
  use_var((UseWalk *)walker, AS(Store, stmt)->buffer->data);
  walk_stmt_children(walker, stmt);
}

static const ExprVisit use_exprs[EXPR_KINDS] = {
    [VAR] = use_of_var, [LOAD] = use_of_load};
static const StmtVisit use_stmts[STMT_KINDS] = {[STORE] = use_of_store};

bool expr_uses(const Expr *expr, const Var *var) {
  UseWalk walk = {WALKER(use_exprs, use_stmts), var, NULL, false};
  walk_expr(&walk.walker, expr);
  return walk.found;
}

bool expr_uses_any(const Expr *expr, const PtrMap *vars) {
  UseWalk walk = {WALKER(use_exprs, use_stmts), NULL, vars, false};
  walk_expr(&walk.walker, expr);
  return walk.found;
}

bool stmt_uses(const Stmt *stmt, const Var *var) {
  UseWalk walk = {WALKER(use_exprs, use_stmts), var, NULL, false};
  walk_stmt(&walk.walker, stmt);
  return walk.found;
}
