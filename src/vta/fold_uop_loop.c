/* SPDX-License-Identifier: Apache-2.0 */
/* FoldUopLoop: folds the two outermost loops of a GEMM kernel into the
 * instruction.
 *
 * An instruction has two loops of its own that step the three indices of its
 * micro-ops by constants of at least 0.  A loop folds if all micro-ops in it
 * step alike, and nothing else in it depends on the loop.  Loops that do not
 * fold stay loops: the kernel is then recorded micro-op by micro-op.
 *
 * Source: TVM 0.9's VTA back end.  Cost: linear in the kernel, twice. */
#include "arith/arith.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "vta/calls.h"

enum {
  UOP_LOOPS = 2,  /* of one instruction */
  INDICES = 3,    /* dst, src, wgt */
  FIRST_INDEX = 2 /* among the arguments of uop_push */
};

typedef struct Folder {
  Rewriter rw;
  const Var *var;
  const Expr *step[INDICES]; /* NULL: no micro-op yet */
  bool failed;
} Folder;

/* Takes the loop out of index number `k`; NULL if that does not go. */
static const Expr *fold_index(Folder *folder, int k, const Expr *index) {
  const Expr *coeff[2];
  if (!detect_linear(folder->rw.arena, index, 1, &folder->var, coeff))
    return NULL;
  if (!as_int(coeff[0]) || AS(IntImm, coeff[0])->value < 0) return NULL;
  if (folder->step[k] && !expr_equal(folder->step[k], coeff[0])) return NULL;
  folder->step[k] = coeff[0];
  return coeff[1];
}

static const Expr *fold_call(Rewriter *rw, const Expr *expr) {
  Folder *folder = (Folder *)rw;
  const Call *call = AS(Call, expr);
  if (call->op == OP_THREAD_CONTEXT) return expr;
  if (call->op != OP_UOP_PUSH) {
    folder->failed = true;
    return expr;
  }
  const Expr *arg[8];
  for (int i = 0; i < call->n; i++) arg[i] = call->arg[i];
  for (int k = 0; k < INDICES; k++) {
    const Expr *base = fold_index(folder, k, arg[FIRST_INDEX + k]);
    if (!base) {
      folder->failed = true;
      return expr;
    }
    arg[FIRST_INDEX + k] = base;
  }
  return with_args(rw->arena, call, arg);
}

/* Folds the loop that `stmt` is; returns its body, or NULL. */
static const Stmt *fold_loop(Arena *arena, const Stmt *stmt, UopLoop *ret) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[CALL] = fold_call};
  const For *loop = as_for(stmt);
  if (!loop || !is_const(loop->min, 0)) return NULL;
  Folder folder = {.rw = REWRITER(arena, exprs, NULL), .var = loop->var};
  const Stmt *body = rewrite_stmt(&folder.rw, loop->body);
  if (folder.failed || !folder.step[0] || stmt_uses(body, loop->var))
    return NULL;
  *ret =
      (UopLoop){loop->extent, folder.step[0], folder.step[1], folder.step[2]};
  return body;
}

static const Stmt *fold_kernel(Arena *arena, const Stmt *body) {
  const Stmt *out[2 * UOP_LOOPS + 1];
  int n = 0;
  for (UopLoop loop; n < UOP_LOOPS; n++) {
    const Stmt *inner = fold_loop(arena, body, &loop);
    if (!inner) break;
    out[n] = uop_loop_begin(arena, &loop);
    body = inner;
  }
  if (n == 0) return body;
  out[n] = body;
  for (int i = 0; i < n; i++) out[n + 1 + i] = uop_loop_end(arena);
  return flatten(arena, 2 * n + 1, out);
}

/* A condition around the whole kernel goes outside of its scope. */
static const Stmt *fold_scope(Arena *arena, const Stmt *scope,
                              const Stmt *body) {
  const If *check = as_if(body);
  if (check && !check->else_part)
    return make_if(arena, check->condition,
                   fold_scope(arena, scope, check->then_part), NULL);
  return with_body(arena, scope, fold_kernel(arena, body));
}

static const Stmt *fold_attr(Rewriter *rw, const Stmt *stmt) {
  const Attr *attr = AS(Attr, stmt);
  if (!attr_has_key(attr, "coproc_uop_scope"))
    return rewrite_stmt_children(rw, stmt);
  if (!expr_is_string(attr->value, VTA_PUSH_GEMM)) return stmt;
  return fold_scope(rw->arena, stmt, attr->body);
}

const Func *pass_fold_uop_loop(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = fold_attr};
  Rewriter rw = REWRITER(context->arena, NULL, stmts);
  return func_with_body(context->arena, func, rewrite_stmt(&rw, func->body));
}
