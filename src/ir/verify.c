/* SPDX-License-Identifier: Apache-2.0 */
/* Checking the rules that every pass may rely on. */
#include "ir/verify.h"

#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/traverse.h"

typedef struct Verifier {
  Walker walker;
  Arena *scratch;
  PtrMap scope; /* Var -> non-NULL while it is defined */
  const char *flaw;
} Verifier;

static void flaw(Verifier *v, const char *what, const char *name) {
  if (!v->flaw) v->flaw = arena_printf(v->scratch, "%s: %s", name, what);
}

static void enter(Verifier *v, const Var *var) {
  if (ptrmap_get(&v->scope, var)) flaw(v, "defined twice", var->hint);
  ptrmap_set(&v->scope, var, var);
}

static void leave(Verifier *v, const Var *var) {
  ptrmap_set(&v->scope, var, NULL);
}

static void need(Verifier *v, const Var *var) {
  if (!ptrmap_get(&v->scope, var)) flaw(v, "used but not defined", var->hint);
}

/* ---- Expressions -------------------------------------------------------- */

static void check_var(Walker *walker, const Expr *expr) {
  need((Verifier *)walker, AS(Var, expr));
}

static void check_access(Verifier *v, const Buffer *buffer, int n) {
  need(v, buffer->data);
  if (n != buffer->n)
    flaw(v, "access with a wrong number of indices", buffer->name);
}

static void check_load(Walker *walker, const Expr *expr) {
  check_access((Verifier *)walker, AS(Load, expr)->buffer, AS(Load, expr)->n);
  walk_expr_children(walker, expr);
}

static void check_binary(Walker *walker, const Expr *expr) {
  const Binary *binary = AS(Binary, expr);
  if (!dtype_eq(binary->a->type, binary->b->type))
    flaw((Verifier *)walker, "operands of different types",
         expr_kind_name(expr->kind));
  walk_expr_children(walker, expr);
}

static void check_let(Walker *walker, const Expr *expr) {
  const Let *let = AS(Let, expr);
  walk_expr(walker, let->value);
  enter((Verifier *)walker, let->var);
  walk_expr(walker, let->body);
  leave((Verifier *)walker, let->var);
}

/* ---- Statements --------------------------------------------------------- */

static void check_let_stmt(Walker *walker, const Stmt *stmt) {
  const LetStmt *let = AS(LetStmt, stmt);
  walk_expr(walker, let->value);
  enter((Verifier *)walker, let->var);
  walk_stmt(walker, let->body);
  leave((Verifier *)walker, let->var);
}

static void check_for(Walker *walker, const Stmt *stmt) {
  const For *loop = AS(For, stmt);
  walk_expr(walker, loop->min);
  walk_expr(walker, loop->extent);
  enter((Verifier *)walker, loop->var);
  walk_stmt(walker, loop->body);
  leave((Verifier *)walker, loop->var);
}

static void check_allocate(Walker *walker, const Stmt *stmt) {
  enter((Verifier *)walker, AS(Allocate, stmt)->var);
  walk_stmt_children(walker, stmt);
  leave((Verifier *)walker, AS(Allocate, stmt)->var);
}

/* The realize of a parameter defines nothing new. */
static void check_realize(Walker *walker, const Stmt *stmt) {
  Verifier *v = (Verifier *)walker;
  const Var *data = AS(Realize, stmt)->buffer->data;
  bool outer = ptrmap_get(&v->scope, data) != NULL;
  if (!outer) enter(v, data);
  walk_stmt_children(walker, stmt);
  if (!outer) leave(v, data);
}

static void check_store(Walker *walker, const Stmt *stmt) {
  Verifier *v = (Verifier *)walker;
  const Store *store = AS(Store, stmt);
  check_access(v, store->buffer, store->n);
  DType want = store->buffer->type, have = store->value->type;
  if (want.code != have.code || want.bits != have.bits)
    flaw(v, "store of a value of another type", store->buffer->name);
  walk_stmt_children(walker, stmt);
}

/* A virtual thread, and a view bound to a buffer, define variables. */
static void check_attr(Walker *walker, const Stmt *stmt) {
  Verifier *v = (Verifier *)walker;
  const Attr *attr = AS(Attr, stmt);
  const Var *defined[2] = {0};
  if (!strcmp(attr->key, "virtual_thread")) {
    defined[0] = ((const IterVar *)attr->node.first)->var;
  } else if (attr->node.on == ON_BUFFER_PAIR) {
    const Buffer *view = attr->node.first;
    defined[0] = view->data;
    defined[1] = as_var(view->elem_offset);
  }
  walk_expr(walker, attr->value);
  for (int i = 0; i < 2; i++)
    if (defined[i]) enter(v, defined[i]);
  walk_stmt(walker, attr->body);
  for (int i = 0; i < 2; i++)
    if (defined[i]) leave(v, defined[i]);
}

static const ExprVisit exprs[EXPR_KINDS] = {
    [VAR] = check_var,         [LOAD] = check_load,  [LET] = check_let,
    [ADD] = check_binary,      [SUB] = check_binary, [MUL] = check_binary,
    [DIV] = check_binary,      [MOD] = check_binary, [FLOORDIV] = check_binary,
    [FLOORMOD] = check_binary, [MIN] = check_binary, [MAX] = check_binary,
    [EQ] = check_binary,       [NE] = check_binary,  [LT] = check_binary,
    [LE] = check_binary,       [GT] = check_binary,  [GE] = check_binary,
    [AND] = check_binary,      [OR] = check_binary,
};

static const StmtVisit stmts[STMT_KINDS] = {
    [LET_STMT] = check_let_stmt, [FOR] = check_for,
    [ALLOCATE] = check_allocate, [REALIZE] = check_realize,
    [STORE] = check_store,       [ATTR] = check_attr,
};

const char *find_flaw(Arena *scratch, const Func *func) {
  Verifier v = {.walker = WALKER(exprs, stmts), .scratch = scratch};
  ptrmap_init(&v.scope, scratch);
  for (int i = 0; i < func->n; i++) {
    enter(&v, func->param[i].var);
    enter(&v, func->param[i].buffer->data);
  }
  walk_stmt(&v.walker, func->body);
  return v.flaw;
}

void verify_func(Arena *scratch, const Func *func, const char *pass) {
  ArenaMark mark = arena_mark(scratch);
  const char *found = find_flaw(scratch, func);
  if (found) BUG("after %s: %s", pass, found);
  arena_rewind(scratch, mark);
}
