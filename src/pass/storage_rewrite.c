/* SPDX-License-Identifier: Apache-2.0 */
/* StorageRewrite: shares and merges allocations by liveness.
 *
 * This file holds the last step: all allocations go, the planned ones are put
 * at the beginning of the scope that owns them, and every access is
 * redirected.  A redirected buffer is a new object that carries the name of
 * the variable it now lies in; its accesses move by the place of its memory
 * inside a merged allocation.  See the headers of the other two files for the
 * ideas. */
#include "pass/storage_rewrite.h"

#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/traverse.h"

typedef struct Redirect {
  Rewriter rw;
  const StorageEvents *events;
  const StoragePlan *plan;
  PtrMap buffers; /* old Buffer -> new Buffer */
} Redirect;

static const StorageEntry *entry_of(const Redirect *redirect, const Var *var) {
  if (!var->scope) return NULL;
  const StorageVar *info = ptrmap_get(&redirect->events->vars, var);
  return info ? info->entry : NULL;
}

static const Buffer *new_buffer(Redirect *redirect, const Buffer *buffer,
                                const StorageEntry *entry) {
  Buffer *copy = ptrmap_get(&redirect->buffers, buffer);
  if (copy) return copy;
  copy = copy_buffer(redirect->rw.arena, buffer);
  copy->data = entry->var;
  copy->name = entry->var->hint;
  ptrmap_set(&redirect->buffers, buffer, copy);
  return copy;
}

/* An index or offset in elements of `type`, moved to where `entry` lies. */
static const Expr *move(Arena *arena, const StorageEntry *entry, DType type,
                        const Expr *index) {
  if (entry->offset == 0) return index;
  CHECK(entry->offset % type.bits == 0);
  return ex_add(
      arena, make_const(arena, index->type, entry->offset / type.bits), index);
}

/* The indices with the last one moved. */
static const Expr *const *move_last(Arena *arena, const StorageEntry *entry,
                                    DType type, int n,
                                    const Expr *const *index) {
  if (entry->offset == 0) return index;
  const Expr **copy = arena_copy(arena, index, (size_t)n * sizeof *copy);
  copy[n - 1] = move(arena, entry, type, index[n - 1]);
  return copy;
}

static const Expr *redirect_load(Rewriter *rw, const Expr *expr) {
  Redirect *redirect = (Redirect *)rw;
  const Load *load = AS(Load, rewrite_expr_children(rw, expr));
  const StorageEntry *entry = entry_of(redirect, load->buffer->data);
  if (!entry) return &load->e;
  return make_load(
      rw->arena, new_buffer(redirect, load->buffer, entry), load->n,
      move_last(rw->arena, entry, load->buffer->type, load->n, load->index));
}

static const Stmt *redirect_store(Rewriter *rw, const Stmt *stmt) {
  Redirect *redirect = (Redirect *)rw;
  const Store *store = AS(Store, rewrite_stmt_children(rw, stmt));
  const StorageEntry *entry = entry_of(redirect, store->buffer->data);
  if (!entry) return &store->s;
  return make_store(
      rw->arena, new_buffer(redirect, store->buffer, entry), store->value,
      store->n,
      move_last(rw->arena, entry, store->buffer->type, store->n, store->index));
}

static const Expr *redirect_var(Rewriter *rw, const Expr *expr) {
  const StorageEntry *entry = entry_of((Redirect *)rw, AS(Var, expr));
  return entry ? &entry->var->e : expr;
}

static const Expr *redirect_call(Rewriter *rw, const Expr *expr) {
  Redirect *redirect = (Redirect *)rw;
  const Call *call = as_call_of(expr, OP_ACCESS_PTR);
  if (!call) return rewrite_expr_children(rw, expr);
  const StorageEntry *entry = entry_of(redirect, AS(Var, call->arg[1]));
  if (!entry) return rewrite_expr_children(rw, expr);
  DType type = call->arg[0]->type;
  const Expr *arg[5] = {
      call->arg[0], &entry->var->e,
      move(rw->arena, entry, type, rewrite_expr(rw, call->arg[2])),
      rewrite_expr(rw, call->arg[3]), call->arg[4]};
  return make_call(rw->arena, call->e.type, OP_ACCESS_PTR, 5, arg);
}

/* Puts the allocations that `attach` owns around its body, the oldest
 * outermost. */
static const Stmt *wrap_allocations(const Redirect *redirect,
                                    const Stmt *attach, const Stmt *body) {
  for (int i = redirect->plan->entries.n; i-- > 0;) {
    const StorageEntry *entry = redirect->plan->entries.at[i];
    if (entry->attach == attach && !entry->merged)
      body = with_body(redirect->rw.arena, entry->allocate, body);
  }
  return body;
}

static const Stmt *redirect_scope(Rewriter *rw, const Stmt *stmt) {
  const Stmt *rebuilt = rewrite_stmt_children(rw, stmt);
  const Stmt *body = wrap_allocations((Redirect *)rw, stmt, body_of(rebuilt));
  return with_body(rw->arena, rebuilt, body);
}

/* The mark of interleaved threads has served. */
static const Stmt *redirect_attr(Rewriter *rw, const Stmt *stmt) {
  const Attr *attr = AS(Attr, stmt);
  if (!strcmp(attr->key, INTERLEAVED_THREADS))
    return rewrite_stmt(rw, attr->body);
  return redirect_scope(rw, stmt);
}

static const Stmt *drop_allocate(Rewriter *rw, const Stmt *stmt) {
  return rewrite_stmt(rw, AS(Allocate, stmt)->body);
}

const Func *pass_storage_rewrite(const PassContext *context, const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = redirect_var, [LOAD] = redirect_load, [CALL] = redirect_call};
  static const StmtRewrite stmts[STMT_KINDS] = {[STORE] = redirect_store,
                                                [ATTR] = redirect_attr,
                                                [FOR] = redirect_scope,
                                                [ALLOCATE] = drop_allocate};
  StorageEvents events;
  StoragePlan plan;
  storage_liveness(context->scratch, func->body, &events);
  storage_plan(context, &events, &plan);
  Redirect redirect = {.rw = REWRITER(context->arena, exprs, stmts),
                       .events = &events,
                       .plan = &plan};
  ptrmap_init(&redirect.buffers, context->scratch);
  const Stmt *body = rewrite_stmt(&redirect.rw, func->body);
  return func_with_body(context->arena, func,
                        wrap_allocations(&redirect, NULL, body));
}
