/* SPDX-License-Identifier: Apache-2.0 */
/* AnnotateALUCoProcScope: marks ALU loops as work of the compute unit and as
 * micro-op kernels.
 *
 * The name of the kernel's runner is a new object each time: scopes are
 * merged by the identity of it (lift_attr_scope.c), and two ALU stages make
 * two kernels.  A stage marked skip_alu is dropped. */
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

typedef struct Annotator {
  Rewriter rw;
  const VtaEnv *env;
} Annotator;

static const Stmt *annotate_attr(Rewriter *rw, const Stmt *stmt) {
  const VtaEnv *env = ((Annotator *)rw)->env;
  if (attr_is_pragma(AS(Attr, stmt), "skip_alu")) return make_nop(rw->arena);
  stmt = rewrite_stmt_children(rw, stmt);
  if (!attr_is_pragma(AS(Attr, stmt), "alu")) return stmt;
  const Expr *push = make_string(rw->arena, VTA_PUSH_ALU);
  return coproc_scope(env, rw->arena, HW_STAGE_COMPUTE,
                      uop_scope(env, rw->arena, push, stmt));
}

const Func *pass_annotate_alu_scope(const PassContext *context,
                                    const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = annotate_attr};
  Annotator annotator = {{context->arena, NULL, stmts}, vta_env(context)};
  return func_with_body(context->arena, func,
                        rewrite_stmt(&annotator.rw, func->body));
}
