/* SPDX-License-Identifier: Apache-2.0 */
/* AnnotateALUCoProcScope: marks ALU loops as work of the compute unit and as
 * micro-op kernels.
 *
 * The name of the kernel's runner is a new object each time: scopes are
 * merged by the identity of it (lift_attr_scope.c), and two ALU stages make
 * two kernels.  So do two nests of one stage, perhaps each under a condition.
 * A stage marked skip_alu is dropped. */
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

typedef struct Annotator {
  Rewriter rw;
  const VtaEnv *env;
} Annotator;

/* The nest `body` of the stage `pragma` as a kernel. */
static const Stmt *annotate_nest(const Annotator *annotator, const Stmt *pragma,
                                 const Stmt *body) {
  Arena *arena = annotator->rw.arena;
  const If *check = as_if(body);
  if (check && !check->else_part)
    return make_if(arena, check->condition,
                   annotate_nest(annotator, pragma, check->then_part), NULL);
  const Expr *push = make_string(arena, VTA_PUSH_ALU);
  const Stmt *nest = with_body(arena, pragma, body);
  return coproc_scope(annotator->env, arena, HW_STAGE_COMPUTE,
                      uop_scope(annotator->env, arena, push, nest));
}

static const Stmt *annotate_attr(Rewriter *rw, const Stmt *stmt) {
  const Annotator *annotator = (const Annotator *)rw;
  if (attr_is_pragma(AS(Attr, stmt), "skip_alu")) return make_nop(rw->arena);
  stmt = rewrite_stmt_children(rw, stmt);
  if (!attr_is_pragma(AS(Attr, stmt), "alu")) return stmt;
  const Seq *seq = as_seq(AS(Attr, stmt)->body);
  if (!seq) return annotate_nest(annotator, stmt, AS(Attr, stmt)->body);
  const Stmt **nest = ARENA_ARRAY(rw->arena, const Stmt *, seq->n);
  for (int i = 0; i < seq->n; i++)
    nest[i] = annotate_nest(annotator, stmt, seq->at[i]);
  return make_seq(rw->arena, seq->n, nest);
}

const Func *pass_annotate_alu_scope(const PassContext *context,
                                    const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = annotate_attr};
  Annotator annotator = {REWRITER(context->arena, NULL, stmts),
                         vta_env(context)};
  return func_with_body(context->arena, func,
                        rewrite_stmt(&annotator.rw, func->body));
}
