/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the parameters that a function stores to: by a store, through a host
 * pointer that looks at the memory of one, or by a transfer. */
#include "native/written.h"

#include <string.h>

#include "ir/traverse.h"

typedef struct Search {
  Walker walker;
  const Func *func;
  PtrMap host_view; /* host pointer Var -> the data Var it looks at */
  bool *written;
} Search;

static void mark(Search *search, const Expr *data) {
  const void *seen = ptrmap_get(&search->host_view, data);
  for (int i = 0; i < search->func->n; i++) {
    const Buffer *buffer = search->func->param[i].buffer;
    if (&buffer->data->e == data || (seen && buffer->data == seen))
      search->written[i] = true;
  }
}

static bool names(const Call *call, const char *function) {
  const StringImm *name = call->n ? as_string(call->arg[0]) : NULL;
  return name && !strcmp(name->value, function);
}

static void see_call(Walker *walker, const Expr *expr) {
  const Call *call = AS(Call, expr);
  enum { STORE_DATA = 4 }; /* behind name, handle, index and memory */
  if (call->op == OP_CALL_EXTERN && names(call, "VTAStoreBuffer2D") &&
      call->n > STORE_DATA)
    mark((Search *)walker, call->arg[STORE_DATA]);
  walk_expr_children(walker, expr);
}

static void see_store(Walker *walker, const Stmt *stmt) {
  mark((Search *)walker, &AS(Store, stmt)->buffer->data->e);
  walk_stmt_children(walker, stmt);
}

/* let view = VTABufferCPUPtr(handle, data) */
static void see_let(Walker *walker, const Stmt *stmt) {
  const LetStmt *let = AS(LetStmt, stmt);
  const Call *call = as_call_of(let->value, OP_CALL_EXTERN);
  if (call && names(call, "VTABufferCPUPtr") && call->n == 3)
    ptrmap_set(&((Search *)walker)->host_view, let->var, call->arg[2]);
  walk_stmt_children(walker, stmt);
}

void find_written(Arena *scratch, const Func *func, bool *ret_written) {
  static const ExprVisit exprs[EXPR_KINDS] = {[CALL] = see_call};
  static const StmtVisit stmts[STMT_KINDS] = {
      [STORE] = see_store, [LET_STMT] = see_let};
  Search search = {WALKER(exprs, stmts), func, {0}, ret_written};
  ptrmap_init(&search.host_view, scratch);
  walk_stmt(&search.walker, func->body);
}
