/* SPDX-License-Identifier: Apache-2.0 */
/* LoopPartition: drops likely() marks and partition hints.
 *
 * In TVM 0.9 the pass first splits loops of unknown bounds where their likely
 * conditions change; every loop here has constant bounds, which it leaves
 * alone. */
#include <string.h>

#include "ir/traverse.h"
#include "pass/pass.h"

static const Expr *on_call(Rewriter *rw, const Expr *expr) {
  const Call *likely = as_call_of(expr, OP_LIKELY);
  return likely ? rewrite_expr(rw, likely->arg[0])
                : rewrite_expr_children(rw, expr);
}

static const Stmt *on_attr_stmt(Rewriter *rw, const Stmt *stmt) {
  const Attr *attr = AS(Attr, stmt);
  if (!strcmp(attr->key, "pragma_loop_partition_hint"))
    return rewrite_stmt(rw, attr->body);
  return rewrite_stmt_children(rw, stmt);
}

const Func *pass_loop_partition(const PassContext *context, const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[CALL] = on_call};
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = on_attr_stmt};
  Rewriter rw = REWRITER(context->arena, exprs, stmts);
  return func_with_body(context->arena, func, rewrite_stmt(&rw, func->body));
}
