/* SPDX-License-Identifier: Apache-2.0 */
/* CPUAccessRewrite: makes host accesses go through host pointers.
 *
 * What a program calls a buffer's data is a handle of the device, which the
 * host cannot follow.  Every load and store that the host still makes goes
 * through a new variable instead, NAME_ptr, that a runtime call binds at the
 * beginning of the allocation, or of the function for parameters. */
#include "base/trap.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

typedef struct HostAccess {
  Rewriter rw;
  const PassContext *context;
  PtrMap pointers; /* data Var -> host Var; NULL once bound */
  PtrMap buffers;  /* Buffer -> Buffer on the host Var */
} HostAccess;

static const Var *host_pointer(HostAccess *host, const Var *data) {
  const Var *pointer = ptrmap_get(&host->pointers, data);
  if (pointer) return pointer;
  Arena *arena = host->rw.arena;
  pointer = make_pointer(arena, arena_printf(arena, "%s_ptr", data->hint),
                         data->element, data->scope);
  ptrmap_set(&host->pointers, data, pointer);
  return pointer;
}

static const Buffer *host_buffer(HostAccess *host, const Buffer *buffer) {
  if (find_scope(host->context, buffer_scope(buffer)))
    refuse_host_access(host->rw.arena, buffer->data);
  const Var *pointer = host_pointer(host, buffer->data);
  Buffer *copy = ptrmap_get(&host->buffers, buffer);
  if (copy) return copy;
  copy = copy_buffer(host->rw.arena, buffer);
  copy->data = pointer;
  copy->name = "buffer";
  ptrmap_set(&host->buffers, buffer, copy);
  return copy;
}

static const Expr *host_load(Rewriter *rw, const Expr *expr) {
  const Load *load = AS(Load, rewrite_expr_children(rw, expr));
  return make_load(rw->arena, host_buffer((HostAccess *)rw, load->buffer),
                   load->n, load->index);
}

static const Stmt *host_store(Rewriter *rw, const Stmt *stmt) {
  const Store *store = AS(Store, rewrite_stmt_children(rw, stmt));
  return make_store(rw->arena, host_buffer((HostAccess *)rw, store->buffer),
                    store->value, store->n, store->index);
}

static const Stmt *bind_pointer(Arena *arena, const Var *data,
                                const Var *pointer, const Stmt *body) {
  const Expr *arg[2] = {command_handle(arena), &data->e};
  const Expr *call = make_extern(arena, HANDLE, "VTABufferCPUPtr", 2, arg);
  return make_let_stmt(arena, pointer, call, body);
}

static const Stmt *host_allocate(Rewriter *rw, const Stmt *stmt) {
  HostAccess *host = (HostAccess *)rw;
  stmt = rewrite_stmt_children(rw, stmt);
  const Var *data = AS(Allocate, stmt)->var;
  const Var *pointer = ptrmap_get(&host->pointers, data);
  if (!pointer) return stmt;
  ptrmap_set(&host->pointers, data, NULL);
  return with_body(
      rw->arena, stmt,
      bind_pointer(rw->arena, data, pointer, AS(Allocate, stmt)->body));
}

const Func *pass_cpu_access_rewrite(const PassContext *context,
                                    const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[LOAD] = host_load};
  static const StmtRewrite stmts[STMT_KINDS] = {
      [STORE] = host_store, [ALLOCATE] = host_allocate};
  HostAccess host = {REWRITER(context->arena, exprs, stmts), context, {0}, {0}};
  ptrmap_init(&host.pointers, context->scratch);
  ptrmap_init(&host.buffers, context->scratch);
  const Stmt *body = rewrite_stmt(&host.rw, func->body);
  for (int i = 0; i < host.pointers.n; i++)
    if (host.pointers.entry[i].value)
      body = bind_pointer(context->arena, host.pointers.entry[i].key,
                          host.pointers.entry[i].value, body);
  return func_with_body(context->arena, func, body);
}
