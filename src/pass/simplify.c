/* SPDX-License-Identifier: Apache-2.0 */
/* Simplify: every expression of a function in its simplest form, under what
 * the loops and conditions around it say.
 *
 * One analyzer serves the whole walk: what is bound about a loop variable
 * stays bound behind the loop.  An expression is handed to the analyzer as a
 * whole; where the result equals it, the old node is kept, so that a function
 * in simplest form comes back as it is. */
#include <string.h>

#include "arith/arith.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "pass/pass.h"

typedef struct Simplifier {
  Rewriter rw;
  Analyzer *analyzer;
  PtrMap kept; /* variables of lets that stay -> their values */
} Simplifier;

static const Expr *on_expr(Rewriter *rw, const Expr *expr) {
  const Expr *simple = simplify(((Simplifier *)rw)->analyzer, expr);
  return expr_equal(simple, expr) ? expr : simple;
}

/* ---- Scopes ------------------------------------------------------------- */

/* Of a loop with constant bounds the binding says all. */
static bool has_constant_bounds(const For *loop) {
  return loop->min->kind == INT && loop->extent->kind == INT;
}

static const Stmt *on_for(Rewriter *rw, const Stmt *stmt) {
  Analyzer *analyzer = ((Simplifier *)rw)->analyzer;
  const For *loop = AS(For, stmt);
  analyzer_bind(analyzer, loop->var, (Range){loop->min, loop->extent});
  if (has_constant_bounds(loop)) return rewrite_stmt_children(rw, stmt);
  const Expr *end = ex_add(rw->arena, loop->min, loop->extent);
  Constraint above =
      analyzer_enter(analyzer, ex_ge(rw->arena, &loop->var->e, loop->min));
  Constraint below =
      analyzer_enter(analyzer, ex_lt(rw->arena, &loop->var->e, end));
  const Stmt *simple = rewrite_stmt_children(rw, stmt);
  analyzer_leave(analyzer, below);
  analyzer_leave(analyzer, above);
  return simple;
}

static const Stmt *on_attr_stmt(Rewriter *rw, const Stmt *stmt) {
  const Attr *attr = AS(Attr, stmt);
  if (!strcmp(attr->key, "virtual_thread")) {
    const IterVar *thread = attr->node.first;
    Range range = {make_const(rw->arena, attr->value->type, 0), attr->value};
    analyzer_bind(((Simplifier *)rw)->analyzer, thread->var, range);
  }
  return rewrite_stmt_children(rw, stmt);
}

static const Stmt *on_assert(Rewriter *rw, const Stmt *stmt) {
  Analyzer *analyzer = ((Simplifier *)rw)->analyzer;
  const Assert *old = AS(Assert, stmt);
  const Expr *condition = rewrite_expr(rw, old->condition);
  Constraint holds = analyzer_enter(analyzer, condition);
  const Stmt *body = rewrite_stmt(rw, old->body);
  analyzer_leave(analyzer, holds);
  if (condition == old->condition && body == old->body) return stmt;
  return make_assert(rw->arena, condition, old->message, body);
}

/* ---- Lets --------------------------------------------------------------- */

static bool is_inlined(const Expr *value) {
  if (value->kind == INT || value->kind == FLOAT || value->kind == VAR)
    return true;
  return value->type.code == TYPE_INT && expr_effect(value) <= EFFECT_PURE;
}

static const Stmt *on_let(Rewriter *rw, const Stmt *stmt) {
  Simplifier *simplifier = (Simplifier *)rw;
  const LetStmt *let = AS(LetStmt, stmt);
  const Expr *value = rewrite_expr(rw, let->value);
  if (is_inlined(let->value)) {
    analyzer_bind_value(simplifier->analyzer, let->var, value);
    return rewrite_stmt(rw, let->body);
  }
  if (expr_effect(let->value) <= EFFECT_PURE)
    ptrmap_set(&simplifier->kept, let->var, value);
  const Stmt *body = rewrite_stmt(rw, let->body);
  if (value == let->value && body == let->body) return stmt;
  return make_let_stmt(rw->arena, let->var, value, body);
}

/* ---- Conditions --------------------------------------------------------- */

static const Stmt *branch(Rewriter *rw, const Stmt *part,
                          const Expr *condition) {
  Analyzer *analyzer = ((Simplifier *)rw)->analyzer;
  Constraint holds = analyzer_enter(analyzer, condition);
  const Stmt *simple = rewrite_stmt(rw, part);
  analyzer_leave(analyzer, holds);
  return simple;
}

/* The branch that a constant condition takes. */
static const Stmt *taken(Rewriter *rw, const If *old, bool condition) {
  if (condition) return rewrite_stmt(rw, old->then_part);
  if (old->else_part) return rewrite_stmt(rw, old->else_part);
  return make_nop(rw->arena);
}

static const Stmt *on_if(Rewriter *rw, const Stmt *stmt) {
  Simplifier *simplifier = (Simplifier *)rw;
  const If *old = AS(If, stmt);
  const Expr *condition = rewrite_expr(rw, old->condition);
  const Expr *known = simplifier->kept.n == 0
                          ? condition
                          : simplify(simplifier->analyzer,
                                     substitute_expr(rw->arena, old->condition,
                                                     &simplifier->kept));
  if (known->kind == INT) return taken(rw, old, !is_const(known, 0));

  const Call *likely = as_call_of(condition, OP_LIKELY);
  const Expr *real = likely ? likely->arg[0] : condition;
  const Stmt *then_part = branch(rw, old->then_part, real);
  const Stmt *else_part = NULL;
  if (old->else_part) {
    const Expr *not_real = make_unary(rw->arena, NOT, real->type, real);
    not_real = rewrite_simplify(simplifier->analyzer, not_real);
    else_part = branch(rw, old->else_part, not_real);
  }
  if (condition == old->condition && then_part == old->then_part &&
      else_part == old->else_part)
    return stmt;
  return make_if(rw->arena, condition, then_part, else_part);
}

/* ---- Stores ------------------------------------------------------------- */

static bool lists_equal(int n, const Expr *const *a, const Expr *const *b) {
  for (int i = 0; i < n; i++)
    if (!expr_equal(a[i], b[i])) return false;
  return true;
}

static bool same_layout(const Buffer *a, const Buffer *b) {
  if (a->data != b->data || a->n != b->n || !a->stride != !b->stride)
    return false;
  return expr_equal(a->elem_offset, b->elem_offset) &&
         lists_equal(a->n, a->shape, b->shape) &&
         (!a->stride || lists_equal(a->n, a->stride, b->stride));
}

/* Storing what stands there already does nothing. */
static const Stmt *on_store(Rewriter *rw, const Stmt *stmt) {
  const Stmt *simple = rewrite_stmt_children(rw, stmt);
  const Store *store = AS(Store, simple);
  const Load *load = as_load(store->value);
  if (!load || load->n != store->n ||
      !same_layout(load->buffer, store->buffer) ||
      !lists_equal(load->n, load->index, store->index))
    return simple;
  return make_nop(rw->arena);
}

const Func *pass_simplify(const PassContext *context, const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = on_expr,
#include "ir/nodes.def"
  };
  static const StmtRewrite stmts[STMT_KINDS] = {
      [FOR] = on_for,      [ATTR] = on_attr_stmt, [ASSERT] = on_assert,
      [LET_STMT] = on_let, [IF] = on_if,          [STORE] = on_store};
  Simplifier simplifier = {.rw = REWRITER(context->arena, exprs, stmts),
                           .analyzer = analyzer_new(context->arena)};
  ptrmap_init(&simplifier.kept, context->scratch);
  const Stmt *body = rewrite_stmt(&simplifier.rw, func->body);
  return func_with_body(context->arena, func, body);
}
