/* SPDX-License-Identifier: Apache-2.0 */
/* LiftThreadBuffers: gives each virtual thread its part of the buffers in DRAM
 * that its transfers use.
 *
 * A transfer names a buffer as a whole and a place in it.  So a temporary that
 * is allocated inside virtual threads cannot be made n buffers when the threads
 * are expanded; here it becomes one of n times the size outside of them, and
 * each access moves by thread * size.  The size is rounded up to whole blocks
 * of every memory on chip, at which alone transfers begin.
 *
 * (The reference refuses such a buffer.)  Cost: linear. */
#include "base/vec.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "vta/calls.h"

/* ---- Which buffers do transfers use? ------------------------------------ */

typedef struct Users {
  Walker walker;
  PtrMap moved; /* set of Var: read or written by a copy marked for DMA */
  int copies;   /* that are open */
} Users;

static void use_attr(Walker *walker, const Stmt *stmt) {
  Users *users = (Users *)walker;
  int copy = attr_is_pragma(AS(Attr, stmt), "dma_copy");
  users->copies += copy;
  walk_stmt_children(walker, stmt);
  users->copies -= copy;
}

static void use(Users *users, const Buffer *buffer) {
  if (users->copies) ptrmap_set(&users->moved, buffer->data, buffer->data);
}

static void use_load(Walker *walker, const Expr *expr) {
  use((Users *)walker, AS(Load, expr)->buffer);
  walk_expr_children(walker, expr);
}

static void use_store(Walker *walker, const Stmt *stmt) {
  use((Users *)walker, AS(Store, stmt)->buffer);
  walk_stmt_children(walker, stmt);
}

static PtrMap find_moved(Arena *scratch, const Stmt *body) {
  static const ExprVisit exprs[EXPR_KINDS] = {[LOAD] = use_load};
  static const StmtVisit stmts[STMT_KINDS] = {
      [ATTR] = use_attr, [STORE] = use_store};
  Users users = {.walker = WALKER(exprs, stmts)};
  ptrmap_init(&users.moved, scratch);
  walk_stmt(&users.walker, body);
  return users.moved;
}

/* ---- Lifting ------------------------------------------------------------ */

/* A buffer of all threads. */
typedef struct Lifted {
  const Allocate *one; /* of one thread */
  const Expr *place;   /* of the current thread's part, in elements */
  int64_t size;        /* of all, in elements */
} Lifted;

typedef struct Lifter {
  Rewriter rw;
  const PassContext *context;
  PtrMap moved;
  PtrMap lifted;               /* Var -> Lifted */
  PtrMap buffers;              /* Buffer -> Buffer of all threads */
  VEC(const Attr *) threads;   /* that are open, outermost first */
  VEC(const Lifted *) waiting; /* for the outermost threads to end */
} Lifter;

static int64_t whole_blocks(const VtaEnv *env, int64_t size) {
  int64_t block = vta_wgt_lanes(env);
  if (block < vta_inp_lanes(env)) block = vta_inp_lanes(env);
  if (block < vta_acc_lanes(env)) block = vta_acc_lanes(env);
  return (size + block - 1) / block * block;
}

/* Its size if it is a buffer to be lifted, else 0. */
static int64_t size_to_lift(const Lifter *lifter, const Allocate *allocate) {
  const IntImm *size = allocate->n == 1 ? as_int(allocate->extent[0]) : NULL;
  if (!lifter->threads.n || !size || allocate->type.lanes != 1 ||
      find_scope(lifter->context, allocate->var->scope) ||
      !ptrmap_has(&lifter->moved, allocate->var))
    return 0;
  return size->value;
}

static void lift(Lifter *lifter, const Allocate *allocate, int64_t size) {
  Arena *arena = lifter->rw.arena;
  Lifted *lifted = ARENA_NEW(lifter->context->scratch, Lifted);
  *lifted = (Lifted){.one = allocate,
                     .place = make_i32(arena, 0),
                     .size = whole_blocks(vta_env(lifter->context), size)};
  for (int i = lifter->threads.n - 1; i >= 0; i--) {
    const Attr *threads = lifter->threads.at[i];
    const IterVar *iter = threads->node.first;
    const Expr *part = ex_muli(arena, &iter->var->e, lifted->size);
    lifted->place = ex_add(arena, part, lifted->place);
    lifted->size *= AS(IntImm, threads->value)->value;
  }
  ptrmap_set(&lifter->lifted, allocate->var, lifted);
  vec_push(lifter->context->scratch, &lifter->waiting, lifted);
}

static const Stmt *lift_allocate(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const Allocate *allocate = AS(Allocate, stmt);
  int64_t size = size_to_lift(lifter, allocate);
  if (!size) return rewrite_stmt_children(rw, stmt);
  lift(lifter, allocate, size);
  return rewrite_stmt(rw, allocate->body);
}

static const Stmt *allocate_waiting(Lifter *lifter, const Stmt *body) {
  Arena *arena = lifter->rw.arena;
  for (int i = lifter->waiting.n - 1; i >= 0; i--) {
    const Lifted *lifted = lifter->waiting.at[i];
    const Allocate *one = lifted->one;
    const Expr *extent = make_const(arena, one->extent[0]->type, lifted->size);
    body = make_allocate(arena, one->var, one->type, 1, &extent, one->condition,
                         body);
  }
  lifter->waiting.n = 0;
  return body;
}

static const Stmt *lift_attr(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const Attr *attr = AS(Attr, stmt);
  if (!attr_has_key(attr, "virtual_thread") || !as_int(attr->value))
    return rewrite_stmt_children(rw, stmt);
  vec_push(lifter->context->scratch, &lifter->threads, attr);
  stmt = rewrite_stmt_children(rw, stmt);
  lifter->threads.n--;
  return lifter->threads.n ? stmt : allocate_waiting(lifter, stmt);
}

/* ---- Accesses ----------------------------------------------------------- */

static const Buffer *buffer_of_all(Lifter *lifter, const Buffer *buffer,
                                   const Lifted *lifted) {
  Arena *arena = lifter->rw.arena;
  Buffer *copy = ptrmap_get(&lifter->buffers, buffer);
  if (copy) return copy;
  const Expr **shape = ARENA_ARRAY(arena, const Expr *, 1);
  shape[0] = make_const(arena, buffer->shape[0]->type, lifted->size);
  copy = copy_buffer(arena, buffer);
  copy->shape = shape;
  ptrmap_set(&lifter->buffers, buffer, copy);
  return copy;
}

static const Expr *lift_load(Rewriter *rw, const Expr *expr) {
  Lifter *lifter = (Lifter *)rw;
  const Load *load = AS(Load, rewrite_expr_children(rw, expr));
  const Lifted *lifted = ptrmap_get(&lifter->lifted, load->buffer->data);
  if (!lifted || load->n != 1) return &load->e;
  const Expr *index = ex_add(rw->arena, load->index[0], lifted->place);
  return make_load(rw->arena, buffer_of_all(lifter, load->buffer, lifted), 1,
                   &index);
}

static const Stmt *lift_store(Rewriter *rw, const Stmt *stmt) {
  Lifter *lifter = (Lifter *)rw;
  const Store *store = AS(Store, rewrite_stmt_children(rw, stmt));
  const Lifted *lifted = ptrmap_get(&lifter->lifted, store->buffer->data);
  if (!lifted || store->n != 1) return &store->s;
  const Expr *index = ex_add(rw->arena, store->index[0], lifted->place);
  return make_store(rw->arena, buffer_of_all(lifter, store->buffer, lifted),
                    store->value, 1, &index);
}

const Func *pass_lift_thread_buffers(const PassContext *context,
                                     const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[LOAD] = lift_load};
  static const StmtRewrite stmts[STMT_KINDS] = {
      [STORE] = lift_store, [ALLOCATE] = lift_allocate, [ATTR] = lift_attr};
  Lifter lifter = {.rw = REWRITER(context->arena, exprs, stmts),
                   .context = context};
  lifter.moved = find_moved(context->scratch, func->body);
  ptrmap_init(&lifter.lifted, context->scratch);
  ptrmap_init(&lifter.buffers, context->scratch);
  return func_with_body(context->arena, func,
                        rewrite_stmt(&lifter.rw, func->body));
}
