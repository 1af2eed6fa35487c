/* SPDX-License-Identifier: Apache-2.0 */
/* LiftUopScope and LiftCoProcScope: move scope annotations outwards as far as
 * they go and merge neighbours.
 *
 * An annotation is taken off its statement and kept as pending while the walk
 * goes back up; loops, conditions, lets and other annotations let it pass.
 * A sequence whose statements all have the same one pending passes it on;
 * otherwise each run of equal ones is wrapped.  Nothing passes an allocation.
 * Two annotations are the same when they hang on the same object and their
 * values are the same object or equal integers: equal strings are not enough.
 * Nor is a micro-op scope the same as one that resets what the other adds to:
 * one instruction does either.  (The reference merges those, and its runtime
 * then refuses the kernel.)
 *
 * Source: TVM 0.9's LiftAttrScope.  Cost: linear. */
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

typedef struct Lifter {
  Rewriter rw;
  Arena *scratch;
  const char *key;
  const Attr *pending; /* or NULL */
} Lifter;

static bool same_value(const Expr *a, const Expr *b) {
  const IntImm *x = as_int(a), *y = as_int(b);
  return a == b ||
         (x && y && x->value == y->value && dtype_eq(x->e.type, y->e.type));
}

/* Looks for a micro-op that resets its output. */
static void note_reset(void *self, const Expr *expr) {
  const Call *push = as_call_of(expr, OP_UOP_PUSH);
  if (push && is_const(push->arg[UOP_PUSH_RESET], 1)) *(bool *)self = true;
}

static bool resets(const Lifter *lifter, const Attr *scope) {
  bool found = false;
  post_order_stmt(lifter->scratch, scope->body, &found, note_reset, NULL);
  return found;
}

static bool same_scope(const Lifter *lifter, const Attr *a, const Attr *b) {
  if (!a || !b) return a == b;
  if (a->node.first != b->node.first || !same_value(a->value, b->value))
    return false;
  return !attr_has_key(a, "coproc_uop_scope") ||
         resets(lifter, a) == resets(lifter, b);
}

static const Stmt *wrap(const Lifter *lifter, const Attr *scope,
                        const Stmt *body) {
  return scope ? with_body(lifter->rw.arena, &scope->s, body) : body;
}

static const Stmt *lift_attr(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const Attr *attr = AS(Attr, stmt);
  if (!attr_has_key(attr, lifter->key)) return rewrite_stmt_children(rw, stmt);
  lifter->pending = attr;
  return attr->body;
}

static const Stmt *lift_allocate(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const Stmt *body = rewrite_stmt(rw, AS(Allocate, stmt)->body);
  body = wrap(lifter, lifter->pending, body);
  lifter->pending = NULL;
  return with_body(rw->arena, stmt, body);
}

/* Visits a statement; returns it bare, and its scope apart. */
static const Stmt *lift_one(Lifter *lifter, const Stmt *stmt,
                            const Attr **ret_scope) {
  lifter->pending = NULL;
  stmt = rewrite_stmt(&lifter->rw, stmt);
  *ret_scope = lifter->pending;
  lifter->pending = NULL;
  return stmt;
}

/* Wraps each run of statements with the same scope; one run over all is left
 * pending instead. */
static const Stmt *merge_runs(Lifter *lifter, int n, const Stmt **stmt,
                              const Attr *const *scope) {
  int out = 0;
  for (int begin = 0, end; begin < n; begin = end) {
    end = begin + 1;
    while (end < n && same_scope(lifter, scope[begin], scope[end])) end++;
    if (begin == 0 && end == n) {
      lifter->pending = scope[0];
      return make_seq(lifter->rw.arena, n, stmt);
    }
    if (scope[begin]) {
      const Stmt *run = flatten(lifter->rw.arena, end - begin, stmt + begin);
      stmt[out++] = wrap(lifter, scope[begin], run);
    } else {
      for (int i = begin; i < end; i++) stmt[out++] = stmt[i];
    }
  }
  return flatten(lifter->rw.arena, out, stmt);
}

static const Stmt *lift_seq(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const Stmt *flat = flatten(rw->arena, 1, &stmt);
  const Seq *seq = as_seq(flat);
  if (!seq) return flat ? rewrite_stmt(rw, flat) : stmt;
  const Stmt **at = ARENA_ARRAY(lifter->scratch, const Stmt *, seq->n);
  const Attr **scope = ARENA_ARRAY(lifter->scratch, const Attr *, seq->n);
  bool changed = seq->n != AS(Seq, stmt)->n;
  for (int i = 0; i < seq->n; i++) {
    at[i] = lift_one(lifter, seq->at[i], &scope[i]);
    changed |= at[i] != seq->at[i] || scope[i];
  }
  return changed ? merge_runs(lifter, seq->n, at, scope) : stmt;
}

static const Stmt *lift_if(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const If *branch = AS(If, stmt);
  if (!branch->else_part) return rewrite_stmt_children(rw, stmt);
  const Attr *then_scope, *else_scope;
  const Stmt *then_part = lift_one(lifter, branch->then_part, &then_scope);
  const Stmt *else_part = lift_one(lifter, branch->else_part, &else_scope);
  if (same_scope(lifter, then_scope, else_scope)) {
    lifter->pending = then_scope;
  } else {
    then_part = wrap(lifter, then_scope, then_part);
    else_part = wrap(lifter, else_scope, else_part);
  }
  if (then_part == branch->then_part && else_part == branch->else_part)
    return stmt;
  return make_if(rw->arena, branch->condition, then_part, else_part);
}

static const Func *lift_scopes(const PassContext *context, const Func *func,
                               const char *key) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = lift_attr,
                                                [ALLOCATE] = lift_allocate,
                                                [SEQ] = lift_seq,
                                                [IF] = lift_if};
  Lifter lifter = {REWRITER(context->arena, NULL, stmts), context->scratch, key,
                   NULL};
  const Stmt *body = rewrite_stmt(&lifter.rw, func->body);
  body = wrap(&lifter, lifter.pending, body);
  return func_with_body(context->arena, func, body);
}

const Func *pass_lift_uop_scope(const PassContext *context, const Func *func) {
  return lift_scopes(context, func, "coproc_uop_scope");
}

const Func *pass_lift_coproc_scope(const PassContext *context,
                                   const Func *func) {
  return lift_scopes(context, func, "coproc_scope");
}
