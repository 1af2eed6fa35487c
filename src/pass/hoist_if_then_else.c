/* SPDX-License-Identifier: Apache-2.0 */
/* HoistIfThenElse: moves conditions out of the loops they don't depend on.
 *
 * A first walk finds for each If the outermost loop that its condition may be
 * tested outside of.  From the innermost loop outwards, the search stops at a
 * loop whose variable the condition uses, at one in which a sequence was met
 * (the condition would guard its other statements too), and at an attribute
 * of a variable.  The loop just inside the stop is the one.
 *
 * A second walk wraps each such loop in an If of the condition.  The inner If
 * is left in place: Simplify, which runs behind, knows the condition there
 * and drops it.  Let variables are not moved, and so no condition that uses
 * one.  As in TVM 0.9; cost: a walk over each condition for each loop that it
 * leaves. */
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "pass/pass.h"

typedef struct Hoisted {
  const Expr *condition;
  bool has_else;
} Hoisted;

/* An enclosing loop, or an attribute of a variable. */
typedef struct Loop {
  const Var *var;
  bool is_attribute;
  bool has_sequence;
  VEC(Hoisted) hoisted; /* in the order met */
} Loop;

typedef struct Collector {
  Walker walker;
  Arena *scratch;
  VEC(Loop *) active; /* innermost last */
  PtrMap lets;        /* let variables met */
  PtrMap loops;       /* For -> Loop, of those with hoisted conditions */
} Collector;

/* The outermost loop that the condition can leave, or NULL. */
static Loop *destination(const Collector *collector, const Expr *condition) {
  Loop *inside = NULL;
  for (int i = collector->active.n - 1; i >= 0; i--) {
    Loop *loop = collector->active.at[i];
    if (loop->is_attribute || loop->has_sequence ||
        expr_uses(condition, loop->var))
      break;
    inside = loop;
  }
  return inside;
}

static void on_if(Walker *walker, const Stmt *stmt) {
  Collector *collector = (Collector *)walker;
  const If *branch = AS(If, stmt);
  Loop *loop = NULL;
  if (expr_effect(branch->condition) <= EFFECT_PURE &&
      !expr_uses_any(branch->condition, &collector->lets))
    loop = destination(collector, branch->condition);
  if (loop)
    vec_push(collector->scratch, &loop->hoisted,
             (Hoisted){branch->condition, branch->else_part != NULL});
  walk_stmt_children(walker, stmt);
}

static Loop *walk_inside(Collector *collector, const Stmt *stmt, Loop loop) {
  Loop *active = arena_copy(collector->scratch, &loop, sizeof loop);
  vec_push(collector->scratch, &collector->active, active);
  walk_stmt_children(&collector->walker, stmt);
  collector->active.n--;
  return active;
}

static void on_for(Walker *walker, const Stmt *stmt) {
  Collector *collector = (Collector *)walker;
  Loop *loop = walk_inside(collector, stmt, (Loop){.var = AS(For, stmt)->var});
  if (loop->hoisted.n) ptrmap_set(&collector->loops, stmt, loop);
}

static void on_attr_stmt(Walker *walker, const Stmt *stmt) {
  const Attr *attr = AS(Attr, stmt);
  if (attr->node.on == ON_ITER || attr->node.on == ON_VAR)
    walk_inside((Collector *)walker, stmt, (Loop){.is_attribute = true});
  else
    walk_stmt_children(walker, stmt);
}

static void on_seq(Walker *walker, const Stmt *stmt) {
  const Collector *collector = (Collector *)walker;
  if (collector->active.n)
    collector->active.at[collector->active.n - 1]->has_sequence = true;
  walk_stmt_children(walker, stmt);
}

static void on_let(Walker *walker, const Stmt *stmt) {
  ptrmap_set(&((Collector *)walker)->lets, AS(LetStmt, stmt)->var, stmt);
  walk_stmt_children(walker, stmt);
}

static void on_expr(Walker *walker, const Expr *expr) {
  (void)walker;
  (void)expr;
}

static Collector collect(const PassContext *context, const Stmt *body) {
  static const ExprVisit exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = on_expr,
#include "ir/nodes.def"
  };
  static const StmtVisit stmts[STMT_KINDS] = {[FOR] = on_for,
                                              [ATTR] = on_attr_stmt,
                                              [SEQ] = on_seq,
                                              [LET_STMT] = on_let,
                                              [IF] = on_if};
  Collector collector = {.walker = WALKER(exprs, stmts),
                         .scratch = context->scratch};
  ptrmap_init(&collector.lets, context->scratch);
  ptrmap_init(&collector.loops, context->scratch);
  walk_stmt(&collector.walker, body);
  return collector;
}

/* ---- Rewriting ---------------------------------------------------------- */

typedef struct Hoister {
  Rewriter rw;
  const PtrMap *loops;
} Hoister;

static const Stmt *wrap_for(Rewriter *rw, const Stmt *stmt) {
  const Loop *loop = ptrmap_get(((Hoister *)rw)->loops, stmt);
  const Stmt *wrapped = rewrite_stmt_children(rw, stmt);
  if (!loop) return wrapped;
  for (int i = loop->hoisted.n - 1; i >= 0; i--) {
    const Hoisted *hoisted = &loop->hoisted.at[i];
    const Stmt *otherwise = hoisted->has_else ? wrapped : NULL;
    wrapped = make_if(rw->arena, hoisted->condition, wrapped, otherwise);
  }
  return wrapped;
}

static const Stmt *hoist(const PassContext *context, const Stmt *body,
                         const PtrMap *loops) {
  static const StmtRewrite stmts[STMT_KINDS] = {[FOR] = wrap_for};
  Hoister hoister = {REWRITER(context->arena, NULL, stmts), loops};
  return convert_ssa(context->arena, rewrite_stmt(&hoister.rw, body));
}

/* The function is simplified even where nothing moved: once is not enough
 * where the canonical form leaves what a rewrite rule takes up, as in
 * (y*8 + max(1 - y*8, 0)). */
const Func *pass_hoist_if_then_else(const PassContext *context,
                                    const Func *func) {
  Collector collector = collect(context, func->body);
  if (collector.loops.n > 0) {
    const Stmt *body = hoist(context, func->body, &collector.loops);
    func = func_with_body(context->arena, func, body);
  }
  return pass_remove_no_op(context, pass_simplify(context, func));
}
