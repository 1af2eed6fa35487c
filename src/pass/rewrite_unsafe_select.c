/* SPDX-License-Identifier: Apache-2.0 */
/* RewriteUnsafeSelect: a select computes both of its values, so one whose
 * value must not be computed unless it is chosen (it loads, or calls
 * something with effects) becomes a call of if_then_else. */
#include "ir/build.h"
#include "ir/traverse.h"
#include "pass/pass.h"

typedef struct UnsafeWalk {
  Walker walker;
  bool found;
} UnsafeWalk;

static void on_load(Walker *walker, const Expr *expr) {
  (void)expr;
  ((UnsafeWalk *)walker)->found = true;
}

/* Inner conditionals guard their own values. */
static void on_inner_select(Walker *walker, const Expr *expr) {
  walk_expr(walker, AS(Select, expr)->condition);
}

static void on_call(Walker *walker, const Expr *expr) {
  const Call *call = AS(Call, expr);
  if (call->op == OP_IF_THEN_ELSE) {
    walk_expr(walker, call->arg[0]);
  } else if (call->op == OP_ADDRESS_OF && call->arg[0]->kind == LOAD) {
    walk_expr_children(walker, call->arg[0]); /* nothing is loaded */
  } else if (op_effect(call->op) > EFFECT_PURE) {
    ((UnsafeWalk *)walker)->found = true;
  } else {
    walk_expr_children(walker, expr);
  }
}

static bool is_unsafe(const Expr *expr) {
  static const ExprVisit exprs[EXPR_KINDS] = {
      [LOAD] = on_load, [SELECT] = on_inner_select, [CALL] = on_call};
  UnsafeWalk walk = {WALKER(exprs, NULL), false};
  walk_expr(&walk.walker, expr);
  return walk.found;
}

static const Expr *on_select(Rewriter *rw, const Expr *expr) {
  expr = rewrite_expr_children(rw, expr);
  const Select *select = AS(Select, expr);
  if (!dtype_eq(select->condition->type, BOOL)) return expr;
  if (!is_unsafe(select->if_true) && !is_unsafe(select->if_false)) return expr;
  const Expr *arg[] = {select->condition, select->if_true, select->if_false};
  return make_call(rw->arena, expr->type, OP_IF_THEN_ELSE, 3, arg);
}

const Func *pass_rewrite_unsafe_select(const PassContext *context,
                                       const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[SELECT] = on_select};
  Rewriter rw = REWRITER(context->arena, exprs, NULL);
  return func_with_body(context->arena, func, rewrite_stmt(&rw, func->body));
}
