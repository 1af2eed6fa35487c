/* SPDX-License-Identifier: Apache-2.0 */
/* StorageRewrite, first step: when each allocated buffer lives.
 *
 * The program becomes a sequence of events: leaf statements, and a begin and
 * an end for each scope (loop, branch, let, assertion, virtual threads).  A
 * buffer allocated at nesting level L is touched by the event at level L
 * around the access: a buffer allocated outside a loop and used inside it is
 * touched by the loop as a whole, for it has to outlive all iterations.
 *
 * A buffer dies at the last event that touches it, and is born at the first
 * (the begin, if that is a scope).  Annotations other than virtual threads,
 * sequences and allocations open no scope.
 *
 * Interleaved threads are one event for every buffer that they use, allocated
 * outside or inside: at no point between their first statement and their last
 * one can a buffer be said to be dead, for another thread may be behind.
 *
 * A variable in ordinary memory that an external call names is marked: work
 * that is only queued reads or writes it later.
 *
 * As in TVM 0.9, where events are looked up by statement; here they are
 * positions in the sequence, so that a statement that occurs twice does no
 * harm.  Cost: linear in the program and its accesses. */
#include "pass/storage_rewrite.h"

#include <string.h>

#include "base/trap.h"
#include "ir/traverse.h"

typedef struct Linear {
  Walker walker;
  Arena *arena;
  StorageEvents *events;
  VEC(VarVec) open; /* what each open scope or leaf touches at its level */
  const Attr *interleaved; /* threads that are open, the outermost, or NULL */
  int interleaved_level;
} Linear;

static void touch(Linear *linear, const Var *var) {
  if (!var->scope) return;
  const StorageVar *info = ptrmap_get(&linear->events->vars, var);
  if (!info) return;
  CHECK(info->level < linear->open.n);
  vec_push(linear->arena, &linear->open.at[info->level], var);
}

static void on_var_expr(Walker *walker, const Expr *expr) {
  touch((Linear *)walker, AS(Var, expr));
}

static void on_load(Walker *walker, const Expr *expr) {
  walk_expr_children(walker, expr);
  touch((Linear *)walker, AS(Load, expr)->buffer->data);
}

static void mark_named(Linear *linear, const Call *call) {
  for (int i = 0; i < call->n; i++) {
    const Var *var = as_var(call->arg[i]);
    StorageVar *info = var ? ptrmap_get(&linear->events->vars, var) : NULL;
    if (info) info->named = true;
  }
}

/* Taking an element's address is no access to the buffer. */
static void on_call(Walker *walker, const Expr *expr) {
  if (as_call_of(expr, OP_CALL_EXTERN))
    mark_named((Linear *)walker, AS(Call, expr));
  const Call *address = as_call_of(expr, OP_ADDRESS_OF);
  const Load *load = address ? as_load(address->arg[0]) : NULL;
  walk_expr_children(walker, load ? &load->e : expr);
}

static VarVec close_level(Linear *linear) {
  return linear->open.at[--linear->open.n];
}

static void open_level(Linear *linear) {
  vec_push(linear->arena, &linear->open, (VarVec){0});
}

static void end_leaf(Linear *linear, const Stmt *stmt) {
  VarVec touched = close_level(linear);
  if (!touched.n) return;
  vec_push(linear->arena, &linear->events->seq,
           (StorageEvent){.stmt = stmt, .touched = touched});
}

static void on_store(Walker *walker, const Stmt *stmt) {
  Linear *linear = (Linear *)walker;
  open_level(linear);
  walk_stmt_children(walker, stmt);
  touch(linear, AS(Store, stmt)->buffer->data);
  end_leaf(linear, stmt);
}

static void on_evaluate(Walker *walker, const Stmt *stmt) {
  Linear *linear = (Linear *)walker;
  open_level(linear);
  walk_stmt_children(walker, stmt);
  end_leaf(linear, stmt);
}

static void on_scope(Walker *walker, const Stmt *stmt) {
  Linear *linear = (Linear *)walker;
  int begin = linear->events->seq.n;
  vec_push(linear->arena, &linear->events->seq, (StorageEvent){.stmt = stmt});
  open_level(linear);
  walk_stmt_children(walker, stmt);
  VarVec touched = close_level(linear);
  int pair = linear->events->seq.n - begin;
  linear->events->seq.at[begin].pair = pair;
  vec_push(linear->arena, &linear->events->seq,
           (StorageEvent){.stmt = stmt, .pair = -pair, .touched = touched});
}

static void on_interleaved(Linear *linear, const Attr *attr) {
  if (!linear->interleaved) {
    linear->interleaved = attr;
    linear->interleaved_level = linear->open.n;
  }
  on_scope(&linear->walker, &attr->s);
  if (linear->interleaved == attr) linear->interleaved = NULL;
}

static void on_attr(Walker *walker, const Stmt *stmt) {
  if (!strcmp(AS(Attr, stmt)->key, INTERLEAVED_THREADS))
    on_interleaved((Linear *)walker, AS(Attr, stmt));
  else if (!strcmp(AS(Attr, stmt)->key, "virtual_thread"))
    on_scope(walker, stmt);
  else
    walk_stmt_children(walker, stmt);
}

static void on_allocate(Walker *walker, const Stmt *stmt) {
  Linear *linear = (Linear *)walker;
  const Allocate *allocate = AS(Allocate, stmt);
  StorageVar *info = ARENA_NEW(linear->arena, StorageVar);
  int level = linear->interleaved ? linear->interleaved_level : linear->open.n;
  *info = (StorageVar){.allocate = allocate, .level = level};
  ptrmap_set(&linear->events->vars, allocate->var, info);
  walk_stmt_children(walker, stmt);
}

/* Adds to `out` the variables of `touched` that `seen` does not hold yet. */
static void add_new(Arena *arena, const VarVec *touched, PtrMap *seen,
                    VarVec *out) {
  for (int i = 0; i < touched->n; i++) {
    const Var *var = touched->at[i];
    if (ptrmap_has(seen, var)) continue;
    ptrmap_set(seen, var, var);
    vec_push(arena, out, var);
  }
}

static void find_lives(Arena *arena, StorageEvents *events) {
  PtrMap seen;
  ptrmap_init(&seen, arena);
  for (int i = events->seq.n; i-- > 0;) {
    StorageEvent *event = &events->seq.at[i];
    add_new(arena, &event->touched, &seen, &event->kill);
  }
  ptrmap_clear(&seen);
  for (int i = 0; i < events->seq.n; i++) {
    StorageEvent *event = &events->seq.at[i];
    if (event->pair < 0) continue;
    add_new(arena, &event[event->pair].touched, &seen, &event->gen);
  }
}

void storage_liveness(Arena *arena, const Stmt *stmt, StorageEvents *ret) {
  static const ExprVisit exprs[EXPR_KINDS] = {
      [VAR] = on_var_expr, [LOAD] = on_load, [CALL] = on_call};
  static const StmtVisit stmts[STMT_KINDS] = {
      [LET_STMT] = on_scope, [ATTR] = on_attr,         [FOR] = on_scope,
      [IF] = on_scope,       [ALLOCATE] = on_allocate, [STORE] = on_store,
      [ASSERT] = on_scope,   [EVALUATE] = on_evaluate};
  *ret = (StorageEvents){0};
  ptrmap_init(&ret->vars, arena);
  Linear linear = {
      .walker = WALKER(exprs, stmts), .arena = arena, .events = ret};
  walk_stmt(&linear.walker, stmt);
  find_lives(arena, ret);
}
