/* SPDX-License-Identifier: Apache-2.0 */
/* LowerDeviceStorageAccess: turns on-chip pointers into element indices.
 *
 * The accelerator's memories have no addresses that a host could use: their
 * allocations go, and an access pointer becomes the number of the element it
 * points to, counted in the elements of that memory. */
#include "arith/arith.h"
#include "base/trap.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "vta/calls.h"

typedef struct Lowering {
  Rewriter rw;
  const PassContext *context;
  Analyzer *analyzer;
} Lowering;

static const ScopeInfo *memory_of(const Lowering *lowering, const Var *var) {
  return var->scope ? find_scope(lowering->context, var->scope) : NULL;
}

/* The index of the element that the pointer is at; memory starts at 0. */
static const Expr *element_index(Lowering *lowering, const Call *pointer,
                                 const ScopeInfo *memory) {
  Arena *arena = lowering->rw.arena;
  DType type = pointer->arg[0]->type;
  const Expr *offset = rewrite_expr(&lowering->rw, pointer->arg[2]);
  int bits = type.bits * type.lanes;
  if (pointer->e.type.code == TYPE_HANDLE)
    fail(arena, D_ONCHIP_ACCESS, "buffer '%s' in %s has no address",
         AS(Var, pointer->arg[1])->hint, memory->scope);
  CHECK(memory->unit_bits % bits == 0);
  const Expr *lanes = make_const(arena, offset->type, memory->unit_bits / bits);
  const Expr *index =
      simplify(lowering->analyzer, ex_div(arena, offset, lanes));
  return ex_cast(arena, pointer->e.type, index);
}

/* Ordinary memory: the address of the element. */
static const Expr *element_address(Rewriter *rw, const Call *pointer) {
  const Expr *offset = rewrite_expr(rw, pointer->arg[2]);
  const Var *data = AS(Var, pointer->arg[1]);
  const Buffer *buffer = make_buffer(rw->arena, data, pointer->arg[0]->type,
                                     data->hint, 1, &offset);
  const Expr *element = make_load(rw->arena, buffer, 1, &offset);
  return make_call(rw->arena, HANDLE, OP_ADDRESS_OF, 1, &element);
}

static const Expr *lower_call(Rewriter *rw, const Expr *expr) {
  Lowering *lowering = (Lowering *)rw;
  const Call *call = as_call_of(expr, OP_ACCESS_PTR);
  if (!call) return rewrite_expr_children(rw, expr);
  const ScopeInfo *memory = memory_of(lowering, AS(Var, call->arg[1]));
  return memory ? element_index(lowering, call, memory)
                : element_address(rw, call);
}

/* An element that no unit was told to compute is left to the host, which
 * cannot reach it. */
static void check_host_access(Rewriter *rw, const Var *data) {
  if (memory_of((Lowering *)rw, data)) refuse_host_access(rw->arena, data);
}

/* A barrier around accesses that came to nothing names the buffer, too. */
static const Expr *lower_var(Rewriter *rw, const Expr *expr) {
  check_host_access(rw, AS(Var, expr));
  return expr;
}

static const Expr *lower_load(Rewriter *rw, const Expr *expr) {
  check_host_access(rw, AS(Load, expr)->buffer->data);
  return rewrite_expr_children(rw, expr);
}

static const Stmt *lower_store(Rewriter *rw, const Stmt *stmt) {
  check_host_access(rw, AS(Store, stmt)->buffer->data);
  return rewrite_stmt_children(rw, stmt);
}

static const Stmt *lower_allocate(Rewriter *rw, const Stmt *stmt) {
  const Allocate *allocate = AS(Allocate, stmt);
  if (!memory_of((Lowering *)rw, allocate->var))
    return rewrite_stmt_children(rw, stmt);
  return rewrite_stmt(rw, allocate->body);
}

const Func *pass_lower_device_storage(const PassContext *context,
                                      const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [CALL] = lower_call, [LOAD] = lower_load, [VAR] = lower_var};
  static const StmtRewrite stmts[STMT_KINDS] = {
      [ALLOCATE] = lower_allocate, [STORE] = lower_store};
  Lowering lowering = {REWRITER(context->arena, exprs, stmts), context,
                       analyzer_new(context->arena)};
  return func_with_body(context->arena, func,
                        rewrite_stmt(&lowering.rw, func->body));
}
