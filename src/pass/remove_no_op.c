/* SPDX-License-Identifier: Apache-2.0 */
/* RemoveNoOp: deletes, bottom up, statements without effect, and splices
 * sequences that stand directly inside sequences.
 *
 * What a deleted statement would still have computed stays as an Evaluate if
 * it has effects beyond reading memory. */
#include <string.h>

#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "pass/pass.h"

/* What remains of a statement whose body does nothing: its own values. */
static const Stmt *effects_of(Arena *arena, int n, const Expr *const *value) {
  const Stmt *effects = NULL;
  for (int i = 0; i < n; i++)
    if (expr_effect(value[i]) > EFFECT_READS)
      effects = flatten2(arena, effects, make_evaluate(arena, value[i]));
  return effects ? effects : make_nop(arena);
}

static const Stmt *on_let(Rewriter *rw, const Stmt *stmt) {
  stmt = rewrite_stmt_children(rw, stmt);
  const LetStmt *let = AS(LetStmt, stmt);
  return is_nop(let->body) ? effects_of(rw->arena, 1, &let->value) : stmt;
}

static const Stmt *on_attr_stmt(Rewriter *rw, const Stmt *stmt) {
  if (!strcmp(AS(Attr, stmt)->key, "pragma_debug_skip_region"))
    return make_nop(rw->arena);
  stmt = rewrite_stmt_children(rw, stmt);
  const Attr *attr = AS(Attr, stmt);
  return is_nop(attr->body) ? effects_of(rw->arena, 1, &attr->value) : stmt;
}

static const Stmt *on_for(Rewriter *rw, const Stmt *stmt) {
  stmt = rewrite_stmt_children(rw, stmt);
  const For *loop = AS(For, stmt);
  const Expr *header[] = {loop->min, loop->extent};
  if (is_const(loop->extent, 0)) return make_nop(rw->arena);
  return is_nop(loop->body) ? effects_of(rw->arena, 2, header) : stmt;
}

static const Stmt *on_allocate(Rewriter *rw, const Stmt *stmt) {
  stmt = rewrite_stmt_children(rw, stmt);
  const Allocate *allocate = AS(Allocate, stmt);
  if (!is_nop(allocate->body)) return stmt;
  return effects_of(rw->arena, allocate->n, allocate->extent);
}

static const Stmt *on_realize(Rewriter *rw, const Stmt *stmt) {
  stmt = rewrite_stmt_children(rw, stmt);
  const Stmt *body = AS(Realize, stmt)->body;
  return is_nop(body) ? body : stmt;
}

static const Stmt *on_if(Rewriter *rw, const Stmt *stmt) {
  stmt = rewrite_stmt_children(rw, stmt);
  const If *branch = AS(If, stmt);
  if (branch->else_part && !is_nop(branch->else_part)) return stmt;
  if (is_nop(branch->then_part))
    return effects_of(rw->arena, 1, &branch->condition);
  if (!branch->else_part) return stmt;
  return make_if(rw->arena, branch->condition, branch->then_part, NULL);
}

static const Stmt *on_evaluate(Rewriter *rw, const Stmt *stmt) {
  if (is_nop(stmt) || expr_effect(AS(Evaluate, stmt)->value) > EFFECT_READS)
    return stmt;
  return make_nop(rw->arena);
}

static bool has_nested(const Seq *seq) {
  for (int i = 0; i < seq->n; i++)
    if (seq->at[i]->kind == SEQ) return true;
  return false;
}

static bool has_nop(const Seq *seq) {
  for (int i = 0; i < seq->n; i++)
    if (is_nop(seq->at[i])) return true;
  return false;
}

/* The sequence without its statements that do nothing. */
static const Stmt *compact(Arena *arena, const Seq *seq) {
  VEC(const Stmt *) left = {0};
  for (int i = 0; i < seq->n; i++)
    if (!is_nop(seq->at[i])) vec_push(arena, &left, seq->at[i]);
  if (left.n == 0) return make_nop(arena);
  return left.n == 1 ? left.at[0] : make_seq(arena, left.n, left.at);
}

static const Stmt *on_seq(Rewriter *rw, const Stmt *stmt) {
  if (has_nested(AS(Seq, stmt))) {
    stmt = flatten(rw->arena, 1, &stmt);
    if (!stmt) return make_nop(rw->arena);
    if (stmt->kind != SEQ) return rewrite_stmt(rw, stmt);
  }
  stmt = rewrite_stmt_children(rw, stmt);
  const Seq *seq = AS(Seq, stmt);
  if (has_nop(seq)) return compact(rw->arena, seq);
  return seq->n == 1 ? seq->at[0] : stmt;
}

const Func *pass_remove_no_op(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [LET_STMT] = on_let,    [ATTR] = on_attr_stmt,    [FOR] = on_for,
      [IF] = on_if,           [ALLOCATE] = on_allocate, [SEQ] = on_seq,
      [REALIZE] = on_realize, [EVALUATE] = on_evaluate};
  Rewriter rw = REWRITER(context->arena, NULL, stmts);
  return func_with_body(context->arena, func, rewrite_stmt(&rw, func->body));
}
