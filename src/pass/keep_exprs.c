/* SPDX-License-Identifier: Apache-2.0 */
/* The table that keeps every expression as it is. */
#include "pass/keep_exprs.h"

static const Expr *keep(Rewriter *rw, const Expr *expr) {
  (void)rw;
  return expr;
}

const ExprRewrite KEEP_EXPRS[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = keep,
#include "ir/nodes.def"
};
