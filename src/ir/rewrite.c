/* SPDX-License-Identifier: Apache-2.0 */
/* Rewriting IR by a table of functions.  A node is rebuilt only if a child
 * changed, so an unchanged tree comes back as the same pointer. */
#include "base/trap.h"
#include "ir/make.h"
#include "ir/traverse.h"

/* An expression holds no statements: without rules for it, it stays. */
const Expr *rewrite_expr(Rewriter *rewriter, const Expr *expr) {
  if (!rewriter->exprs) return expr;
  if (rewriter->needs && !(rewriter->needs & expr->has)) return expr;
  ExprRewrite rule = rewriter->exprs[expr->kind];
  return rule ? rule(rewriter, expr) : rewrite_expr_children(rewriter, expr);
}

static uint32_t needed_kinds(const Rewriter *rewriter) {
  uint32_t needs = 0;
  for (int i = 0; rewriter->exprs && i < EXPR_KINDS; i++)
    if (rewriter->exprs[i]) needs |= expr_bit(i);
  for (int i = 0; rewriter->stmts && i < STMT_KINDS; i++)
    if (rewriter->stmts[i]) needs |= stmt_bit(i);
  return needs;
}

const Stmt *rewrite_stmt(Rewriter *rewriter, const Stmt *stmt) {
  if (!rewriter->needs) rewriter->needs = needed_kinds(rewriter);
  if (!(rewriter->needs & stmt->has)) return stmt;
  StmtRewrite rule = rewriter->stmts ? rewriter->stmts[stmt->kind] : NULL;
  return rule ? rule(rewriter, stmt) : rewrite_stmt_children(rewriter, stmt);
}

/* Rewrites n expressions; the same array if none changed. */
static const Expr *const *rewrite_exprs(Rewriter *rewriter, int n,
                                        const Expr *const *at) {
  const Expr **copy = NULL;
  for (int i = 0; i < n; i++) {
    const Expr *changed = rewrite_expr(rewriter, at[i]);
    if (changed == at[i]) continue;
    if (!copy) copy = arena_copy(rewriter->arena, at, (size_t)n * sizeof *at);
    copy[i] = changed;
  }
  return copy ? copy : at;
}

static const Expr *rewrite_unary(Rewriter *rewriter, const Unary *old) {
  const Expr *a = rewrite_expr(rewriter, old->a);
  if (a == old->a) return &old->e;
  return make_unary(rewriter->arena, old->e.kind, old->e.type, a);
}

static const Expr *rewrite_binary(Rewriter *rewriter, const Binary *old) {
  const Expr *a = rewrite_expr(rewriter, old->a);
  const Expr *b = rewrite_expr(rewriter, old->b);
  if (a == old->a && b == old->b) return &old->e;
  return make_binary(rewriter->arena, old->e.kind, a, b);
}

static const Expr *rewrite_select(Rewriter *rewriter, const Select *old) {
  const Expr *condition = rewrite_expr(rewriter, old->condition);
  const Expr *if_true = rewrite_expr(rewriter, old->if_true);
  const Expr *if_false = rewrite_expr(rewriter, old->if_false);
  if (condition == old->condition && if_true == old->if_true &&
      if_false == old->if_false)
    return &old->e;
  return make_select(rewriter->arena, condition, if_true, if_false);
}

static const Expr *rewrite_call(Rewriter *rewriter, const Call *old) {
  const Expr *const *arg = rewrite_exprs(rewriter, old->n, old->arg);
  if (arg == old->arg) return &old->e;
  return with_args(rewriter->arena, old, arg);
}

static const Expr *rewrite_load(Rewriter *rewriter, const Load *old) {
  const Expr *const *index = rewrite_exprs(rewriter, old->n, old->index);
  if (index == old->index) return &old->e;
  return make_load(rewriter->arena, old->buffer, old->n, index);
}

static const IterVar *rewrite_iter(Rewriter *rewriter, const IterVar *old) {
  const Expr *min = rewrite_expr(rewriter, old->dom.min);
  const Expr *extent = rewrite_expr(rewriter, old->dom.extent);
  if (min == old->dom.min && extent == old->dom.extent) return old;
  return make_iter(rewriter->arena, (Range){min, extent}, old->var, old->type,
                   old->thread_tag);
}

static const Expr *rewrite_reduce(Rewriter *rewriter, const Reduce *old) {
  const IterVar **axis =
      arena_copy(rewriter->arena, old->axis, (size_t)old->n * sizeof *axis);
  bool changed = false;
  for (int i = 0; i < old->n; i++) {
    axis[i] = rewrite_iter(rewriter, old->axis[i]);
    changed |= axis[i] != old->axis[i];
  }
  const Expr *source = rewrite_expr(rewriter, old->source);
  const Expr *condition = rewrite_expr(rewriter, old->condition);
  if (!changed && source == old->source && condition == old->condition)
    return &old->e;
  return make_reduce(rewriter->arena, old->combiner, source, old->n, axis,
                     condition);
}

static const Expr *rewrite_let(Rewriter *rewriter, const Let *old) {
  const Expr *value = rewrite_expr(rewriter, old->value);
  const Expr *body = rewrite_expr(rewriter, old->body);
  if (value == old->value && body == old->body) return &old->e;
  return make_let(rewriter->arena, old->var, value, body);
}

static const Expr *rewrite_ramp(Rewriter *rewriter, const Ramp *old) {
  const Expr *base = rewrite_expr(rewriter, old->base);
  const Expr *stride = rewrite_expr(rewriter, old->stride);
  if (base == old->base && stride == old->stride) return &old->e;
  return make_ramp(rewriter->arena, base, stride, old->e.type.lanes);
}

static const Expr *rewrite_broadcast(Rewriter *rewriter, const Broadcast *old) {
  const Expr *value = rewrite_expr(rewriter, old->value);
  if (value == old->value) return &old->e;
  return make_broadcast(rewriter->arena, value, old->e.type.lanes);
}

const Expr *rewrite_expr_children(Rewriter *rewriter, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR:
    case INT:
    case FLOAT:
    case STRING: return expr;
    case CAST:
    case NOT:
      return rewrite_unary(rewriter, AS(Unary, expr));
    CASE_BINARY:
      return rewrite_binary(rewriter, AS(Binary, expr));
    case SELECT: return rewrite_select(rewriter, AS(Select, expr));
    case CALL: return rewrite_call(rewriter, AS(Call, expr));
    case LOAD: return rewrite_load(rewriter, AS(Load, expr));
    case REDUCE: return rewrite_reduce(rewriter, AS(Reduce, expr));
    case LET: return rewrite_let(rewriter, AS(Let, expr));
    case RAMP: return rewrite_ramp(rewriter, AS(Ramp, expr));
    case BROADCAST: return rewrite_broadcast(rewriter, AS(Broadcast, expr));
    case EXPR_KINDS: break;
  }
  BUG("not an expression");
}

/* ---- Statements --------------------------------------------------------- */

static const Stmt *rewrite_let_stmt(Rewriter *rewriter, const LetStmt *old) {
  const Expr *value = rewrite_expr(rewriter, old->value);
  const Stmt *body = rewrite_stmt(rewriter, old->body);
  if (value == old->value && body == old->body) return &old->s;
  return make_let_stmt(rewriter->arena, old->var, value, body);
}

static const Stmt *rewrite_attr(Rewriter *rewriter, const Attr *old) {
  const Expr *value = rewrite_expr(rewriter, old->value);
  const Stmt *body = rewrite_stmt(rewriter, old->body);
  if (value == old->value && body == old->body) return &old->s;
  return with_value(rewriter->arena, old, value, body);
}

static const Stmt *rewrite_for(Rewriter *rewriter, const For *old) {
  const Expr *min = rewrite_expr(rewriter, old->min);
  const Expr *extent = rewrite_expr(rewriter, old->extent);
  const Stmt *body = rewrite_stmt(rewriter, old->body);
  if (min == old->min && extent == old->extent && body == old->body)
    return &old->s;
  return make_for(rewriter->arena, old->kind, old->var, min, extent, body);
}

static const Stmt *rewrite_allocate(Rewriter *rewriter, const Allocate *old) {
  const Expr *const *extent = rewrite_exprs(rewriter, old->n, old->extent);
  const Stmt *body = rewrite_stmt(rewriter, old->body);
  const Expr *condition = rewrite_expr(rewriter, old->condition);
  if (extent == old->extent && body == old->body && condition == old->condition)
    return &old->s;
  return make_allocate(rewriter->arena, old->var, old->type, old->n, extent,
                       condition, body);
}

static const Stmt *rewrite_store(Rewriter *rewriter, const Store *old) {
  const Expr *value = rewrite_expr(rewriter, old->value);
  const Expr *const *index = rewrite_exprs(rewriter, old->n, old->index);
  if (value == old->value && index == old->index) return &old->s;
  return make_store(rewriter->arena, old->buffer, value, old->n, index);
}

static const Stmt *rewrite_realize(Rewriter *rewriter, const Realize *old) {
  int n = old->buffer->n;
  Range *bound =
      arena_copy(rewriter->arena, old->bound, (size_t)n * sizeof *bound);
  bool changed = false;
  for (int i = 0; i < n; i++) {
    bound[i].min = rewrite_expr(rewriter, bound[i].min);
    bound[i].extent = rewrite_expr(rewriter, bound[i].extent);
    changed |= bound[i].min != old->bound[i].min ||
               bound[i].extent != old->bound[i].extent;
  }
  const Expr *condition = rewrite_expr(rewriter, old->condition);
  const Stmt *body = rewrite_stmt(rewriter, old->body);
  if (!changed && condition == old->condition && body == old->body)
    return &old->s;
  return make_realize(rewriter->arena, old->buffer, bound, condition, body);
}

static const Stmt *rewrite_if(Rewriter *rewriter, const If *old) {
  const Expr *condition = rewrite_expr(rewriter, old->condition);
  const Stmt *then_part = rewrite_stmt(rewriter, old->then_part);
  const Stmt *else_part =
      old->else_part ? rewrite_stmt(rewriter, old->else_part) : NULL;
  if (condition == old->condition && then_part == old->then_part &&
      else_part == old->else_part)
    return &old->s;
  return make_if(rewriter->arena, condition, then_part, else_part);
}

static const Stmt *rewrite_seq(Rewriter *rewriter, const Seq *old) {
  const Stmt **copy = NULL;
  for (int i = 0; i < old->n; i++) {
    const Stmt *changed = rewrite_stmt(rewriter, old->at[i]);
    if (changed == old->at[i]) continue;
    if (!copy)
      copy =
          arena_copy(rewriter->arena, old->at, (size_t)old->n * sizeof *copy);
    copy[i] = changed;
  }
  return copy ? make_seq(rewriter->arena, old->n, copy) : &old->s;
}

static const Stmt *rewrite_evaluate(Rewriter *rewriter, const Evaluate *old) {
  const Expr *value = rewrite_expr(rewriter, old->value);
  return value == old->value ? &old->s : make_evaluate(rewriter->arena, value);
}

static const Stmt *rewrite_assert(Rewriter *rewriter, const Assert *old) {
  const Expr *condition = rewrite_expr(rewriter, old->condition);
  const Stmt *body = rewrite_stmt(rewriter, old->body);
  if (condition == old->condition && body == old->body) return &old->s;
  return make_assert(rewriter->arena, condition, old->message, body);
}

const Stmt *rewrite_stmt_children(Rewriter *rewriter, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case LET_STMT: return rewrite_let_stmt(rewriter, AS(LetStmt, stmt));
    case ATTR: return rewrite_attr(rewriter, AS(Attr, stmt));
    case FOR: return rewrite_for(rewriter, AS(For, stmt));
    case ALLOCATE: return rewrite_allocate(rewriter, AS(Allocate, stmt));
    case STORE: return rewrite_store(rewriter, AS(Store, stmt));
    case REALIZE: return rewrite_realize(rewriter, AS(Realize, stmt));
    case IF: return rewrite_if(rewriter, AS(If, stmt));
    case SEQ: return rewrite_seq(rewriter, AS(Seq, stmt));
    case EVALUATE: return rewrite_evaluate(rewriter, AS(Evaluate, stmt));
    case ASSERT: return rewrite_assert(rewriter, AS(Assert, stmt));
    case STMT_KINDS: break;
  }
  BUG("not a statement");
}
