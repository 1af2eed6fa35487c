/* SPDX-License-Identifier: Apache-2.0 */
/* LiftAllocToScopeBegin: moves allocations to the beginning of the loop,
 * virtual thread or function around them, so that none stands between the
 * statements of one sequence.  Their order stays: the innermost allocation
 * remains innermost. */
#include "base/vec.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

typedef VEC(const Stmt *) Allocations;

typedef struct Lifter {
  Rewriter rw;
  Arena *scratch;
  Allocations found; /* in the scope that is open, innermost first */
} Lifter;

static const Stmt *wrap_found(Lifter *lifter, const Stmt *body) {
  for (int i = 0; i < lifter->found.n; i++)
    body = with_body(lifter->rw.arena, lifter->found.at[i], body);
  return body;
}

static const Stmt *lift_scope(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  Allocations outer = lifter->found;
  lifter->found = (Allocations){0};
  stmt = rewrite_stmt_children(rw, stmt);
  stmt = with_body(rw->arena, stmt, wrap_found(lifter, body_of(stmt)));
  lifter->found = outer;
  return stmt;
}

static const Stmt *lift_attr(Rewriter *rw, const Stmt *stmt) {
  return attr_has_key(AS(Attr, stmt), "virtual_thread")
             ? lift_scope(rw, stmt)
             : rewrite_stmt_children(rw, stmt);
}

static const Stmt *lift_allocate(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const Stmt *body = rewrite_stmt(rw, AS(Allocate, stmt)->body);
  vec_push(lifter->scratch, &lifter->found, stmt);
  return body;
}

const Func *pass_lift_alloc(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [FOR] = lift_scope, [ATTR] = lift_attr, [ALLOCATE] = lift_allocate};
  Lifter lifter = {
      REWRITER(context->arena, NULL, stmts), context->scratch, {0}};
  const Stmt *body = rewrite_stmt(&lifter.rw, func->body);
  return func_with_body(context->arena, func, wrap_found(&lifter, body));
}
