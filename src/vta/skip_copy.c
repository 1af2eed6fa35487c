/* SPDX-License-Identifier: Apache-2.0 */
/* InjectSkipCopy: drops copies that are marked to be skipped, so that the time
 * of a kernel without them can be measured. */
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

static const Stmt *skip_attr(Rewriter *rw, const Stmt *stmt) {
  if (attr_is_pragma(AS(Attr, stmt), "skip_dma_copy"))
    return make_nop(rw->arena);
  return rewrite_stmt_children(rw, stmt);
}

const Func *pass_inject_skip_copy(const PassContext *context,
                                  const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = skip_attr};
  Rewriter rw = REWRITER(context->arena, NULL, stmts);
  return func_with_body(context->arena, func, rewrite_stmt(&rw, func->body));
}
