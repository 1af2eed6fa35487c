/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of nodes: looking at them and rebuilding them
 * (vtac/pass.h). */
#include "base/trap.h"
#include "base/vec.h"
#include "compile/context.h"
#include "compile/nodes.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "vtac/pass.h"

/* ---- What stands in a node ---------------------------------------------- */

/* A walk that stops at the children. */
typedef struct Children {
  Walker walker;
  Arena *arena;
  VEC(const Expr *) exprs;
  VEC(const Stmt *) stmts;
} Children;

static void add_expr(Walker *walker, const Expr *expr) {
  Children *children = (Children *)walker;
  vec_push(children->arena, &children->exprs, expr);
}

static void add_stmt(Walker *walker, const Stmt *stmt) {
  Children *children = (Children *)walker;
  vec_push(children->arena, &children->stmts, stmt);
}

static const ExprVisit add_exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = add_expr,
#include "ir/nodes.def"
};
static const StmtVisit add_stmts[STMT_KINDS] = {
#define STMT(kind, layout, name) [kind] = add_stmt,
#include "ir/nodes.def"
};

static Children children_of_stmt(Arena *arena, const Stmt *stmt) {
  Children children = {.walker = WALKER(add_exprs, add_stmts), .arena = arena};
  walk_stmt_children(&children.walker, stmt);
  return children;
}

static Children children_of_expr(Arena *arena, const Expr *expr) {
  Children children = {.walker = WALKER(add_exprs, add_stmts), .arena = arena};
  walk_expr_children(&children.walker, expr);
  return children;
}

int vtac_stmt_exprs(vtac_context *c, vtac_stmt stmt,
                    const vtac_expr **ret_exprs) {
  BOUNDARY(c, 0);
  need_argument(c, stmt, "stmt");
  need_argument(c, ret_exprs, "ret_exprs");
  Children children = children_of_stmt(&c->arena, STMT_OF(stmt));
  *ret_exprs = (const vtac_expr *)children.exprs.at;
  return children.exprs.n;
}

int vtac_stmt_stmts(vtac_context *c, vtac_stmt stmt,
                    const vtac_stmt **ret_stmts) {
  BOUNDARY(c, 0);
  need_argument(c, stmt, "stmt");
  need_argument(c, ret_stmts, "ret_stmts");
  Children children = children_of_stmt(&c->arena, STMT_OF(stmt));
  *ret_stmts = (const vtac_stmt *)children.stmts.at;
  return children.stmts.n;
}

int vtac_expr_exprs(vtac_context *c, vtac_expr expr,
                    const vtac_expr **ret_exprs) {
  BOUNDARY(c, 0);
  need_argument(c, expr, "expr");
  need_argument(c, ret_exprs, "ret_exprs");
  Children children = children_of_expr(&c->arena, EXPR_OF(expr));
  *ret_exprs = (const vtac_expr *)children.exprs.at;
  return children.exprs.n;
}

/* ---- What a node says besides ------------------------------------------- */

const char *vtac_stmt_kind(vtac_stmt stmt) {
  return stmt ? stmt_kind_name((StmtKind)STMT_OF(stmt)->kind) : NULL;
}

const char *vtac_expr_kind(vtac_expr expr) {
  return expr ? expr_kind_name((ExprKind)EXPR_OF(expr)->kind) : NULL;
}

const char *const for_kind_names[FOR_KINDS] = {[FOR_SERIAL] = "serial",
                                               [FOR_PARALLEL] = "parallel",
                                               [FOR_VECTORIZED] = "vectorized",
                                               [FOR_UNROLLED] = "unrolled"};

const char *vtac_stmt_label(vtac_stmt stmt) {
  const Stmt *s = STMT_OF(stmt);
  if (!s) return NULL;
  switch ((StmtKind)s->kind) {
    case LET_STMT: return AS(LetStmt, s)->var->hint;
    case ATTR: return AS(Attr, s)->key;
    case FOR: return for_kind_names[AS(For, s)->kind];
    case ALLOCATE: return AS(Allocate, s)->var->scope;
    case STORE: return AS(Store, s)->buffer->name;
    case REALIZE: return AS(Realize, s)->buffer->name;
    case ASSERT: return AS(Assert, s)->message;
    case IF:
    case SEQ:
    case EVALUATE:
    case STMT_KINDS: break;
  }
  return "";
}

const char *vtac_expr_label(vtac_expr expr) {
  const Expr *e = EXPR_OF(expr);
  if (!e) return NULL;
  if (e->kind == VAR) return AS(Var, e)->hint;
  if (e->kind == STRING) return AS(StringImm, e)->value;
  if (e->kind == CALL) return op_name(AS(Call, e)->op);
  if (e->kind == LOAD) return AS(Load, e)->buffer->name;
  if (e->kind == LET) return AS(Let, e)->var->hint;
  return "";
}

static const Var *var_of_attr(const AttrNode *node) {
  switch (node->on) {
    case ON_ITER: return ((const IterVar *)node->first)->var;
    case ON_VAR: return node->first;
    case ON_BUFFER:
    case ON_BUFFER_PAIR: return ((const Buffer *)node->first)->data;
  }
  return NULL;
}

vtac_expr vtac_stmt_var(vtac_stmt stmt) {
  const Stmt *s = STMT_OF(stmt);
  const Var *var = NULL;
  if (!s) return NULL;
  if (s->kind == LET_STMT) var = AS(LetStmt, s)->var;
  if (s->kind == FOR) var = AS(For, s)->var;
  if (s->kind == ALLOCATE) var = AS(Allocate, s)->var;
  if (s->kind == ATTR) var = var_of_attr(&AS(Attr, s)->node);
  if (s->kind == STORE) var = AS(Store, s)->buffer->data;
  if (s->kind == REALIZE) var = AS(Realize, s)->buffer->data;
  return TO_EXPR(var);
}

vtac_expr vtac_expr_var(vtac_expr expr) {
  const Expr *e = EXPR_OF(expr);
  const Var *var = NULL;
  if (!e) return NULL;
  if (e->kind == LET) var = AS(Let, e)->var;
  if (e->kind == LOAD) var = AS(Load, e)->buffer->data;
  return TO_EXPR(var);
}

vtac_buffer vtac_stmt_buffer(vtac_stmt stmt) {
  const Stmt *s = STMT_OF(stmt);
  const Buffer *buffer = NULL;
  if (s && s->kind == STORE) buffer = AS(Store, s)->buffer;
  if (s && s->kind == REALIZE) buffer = AS(Realize, s)->buffer;
  return TO_BUFFER(buffer);
}

vtac_buffer vtac_expr_buffer(vtac_expr expr) {
  const Load *load = as_load(EXPR_OF(expr));
  return load ? TO_BUFFER(load->buffer) : NULL;
}

const char *vtac_buffer_name(vtac_buffer buffer) {
  return buffer ? BUFFER_OF(buffer)->name : NULL;
}

const char *vtac_buffer_dtype(vtac_buffer buffer) {
  return buffer ? type_text(BUFFER_OF(buffer)->type) : NULL;
}

const char *vtac_stmt_dtype(vtac_stmt stmt) {
  const Allocate *allocation = as_allocate(STMT_OF(stmt));
  const Buffer *buffer = BUFFER_OF(vtac_stmt_buffer(stmt));
  if (allocation) return type_text(allocation->type);
  return buffer ? type_text(buffer->type) : NULL;
}

int vtac_expr_float(vtac_expr expr, double *ret_value) {
  const FloatImm *imm = as_float(EXPR_OF(expr));
  if (imm) *ret_value = imm->value;
  return imm != NULL;
}

int vtac_expr_lanes(vtac_expr expr) {
  return expr ? EXPR_OF(expr)->type.lanes : 0;
}

int vtac_expr_same(vtac_expr a, vtac_expr b) {
  return a && b && expr_equal(EXPR_OF(a), EXPR_OF(b));
}

/* ---- Rebuilding --------------------------------------------------------- */

/* A rewrite that takes the children from lists. */
typedef struct Exchange {
  Rewriter rw;
  const vtac_expr *expr;
  const vtac_stmt *stmt;
} Exchange;

static const Expr *take_expr(Rewriter *rw, const Expr *old) {
  (void)old;
  return EXPR_OF(*((Exchange *)rw)->expr++);
}

static const Stmt *take_stmt(Rewriter *rw, const Stmt *old) {
  (void)old;
  return STMT_OF(*((Exchange *)rw)->stmt++);
}

static const ExprRewrite take_exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = take_expr,
#include "ir/nodes.def"
};
static const StmtRewrite take_stmts[STMT_KINDS] = {
#define STMT(kind, layout, name) [kind] = take_stmt,
#include "ir/nodes.def"
};

/* Refuses other numbers and other types of expressions. */
static void check_exprs(vtac_context *c, const char *kind, const Children *old,
                        int n, const vtac_expr *exprs) {
  if (n != old->exprs.n)
    fail(&c->arena, D_ARGUMENT, "%s: a '%s' has %d expressions, got %d",
         c->call, kind, old->exprs.n, n);
  for (int i = 0; i < n; i++) {
    DType want = old->exprs.at[i]->type, have = EXPR_OF(exprs[i])->type;
    if (!dtype_eq(want, have))
      fail(&c->arena, D_ARGUMENT,
           "%s: exprs[%d] of a '%s' is of type %s; it must stay %s", c->call, i,
           kind, type_text(have), type_text(want));
  }
}

vtac_stmt vtac_stmt_with(vtac_context *c, vtac_stmt stmt, int nexprs,
                         const vtac_expr *exprs, int nstmts,
                         const vtac_stmt *stmts) {
  BOUNDARY(c, NULL);
  need_argument(c, stmt, "stmt");
  const Stmt *s = STMT_OF(stmt);
  Children old = children_of_stmt(&c->arena, s);
  need_list(c, nexprs, exprs, "exprs");
  /* what is evaluated for its effects may have any type */
  if (s->kind == EVALUATE && nexprs == 1 && nstmts == 0)
    return TO_STMT(make_evaluate(&c->arena, EXPR_OF(exprs[0])));
  check_exprs(c, vtac_stmt_kind(stmt), &old, nexprs, exprs);
  need_list(c, nstmts, stmts, "stmts");
  if (nstmts != old.stmts.n)
    fail(&c->arena, D_ARGUMENT, "%s: a '%s' has %d statements, got %d", c->call,
         vtac_stmt_kind(stmt), old.stmts.n, nstmts);
  Exchange exchange = {REWRITER(&c->arena, take_exprs, take_stmts), exprs,
                       stmts};
  return TO_STMT(rewrite_stmt_children(&exchange.rw, s));
}

vtac_expr vtac_expr_with(vtac_context *c, vtac_expr expr, int nexprs,
                         const vtac_expr *exprs) {
  BOUNDARY(c, NULL);
  need_argument(c, expr, "expr");
  need_list(c, nexprs, exprs, "exprs");
  Children old = children_of_expr(&c->arena, EXPR_OF(expr));
  check_exprs(c, vtac_expr_kind(expr), &old, nexprs, exprs);
  Exchange exchange = {REWRITER(&c->arena, take_exprs, take_stmts), exprs,
                       NULL};
  return TO_EXPR(rewrite_expr_children(&exchange.rw, EXPR_OF(expr)));
}

/* Var -> value. */
static PtrMap substitution(vtac_context *c, int n, const vtac_expr *vars,
                           const vtac_expr *values) {
  PtrMap map;
  ptrmap_init(&map, &c->arena);
  need_list(c, n, vars, "vars");
  need_list(c, n, values, "values");
  for (int i = 0; i < n; i++) {
    const Var *var = need_var(c, vars[i], "vars");
    if (!dtype_eq(var->e.type, EXPR_OF(values[i])->type))
      fail(&c->arena, D_ARGUMENT,
           "%s: values[%d] is of type %s; variable '%s' has %s", c->call, i,
           type_text(EXPR_OF(values[i])->type), var->hint,
           type_text(var->e.type));
    ptrmap_set(&map, var, (void *)EXPR_OF(values[i]));
  }
  return map;
}

vtac_stmt vtac_stmt_substitute(vtac_context *c, vtac_stmt stmt, int n,
                               const vtac_expr *vars, const vtac_expr *values) {
  BOUNDARY(c, NULL);
  need_argument(c, stmt, "stmt");
  const PtrMap map = substitution(c, n, vars, values);
  return TO_STMT(substitute_stmt(&c->arena, STMT_OF(stmt), &map));
}

vtac_expr vtac_expr_substitute(vtac_context *c, vtac_expr expr, int n,
                               const vtac_expr *vars, const vtac_expr *values) {
  BOUNDARY(c, NULL);
  need_argument(c, expr, "expr");
  const PtrMap map = substitution(c, n, vars, values);
  return TO_EXPR(substitute_expr(&c->arena, EXPR_OF(expr), &map));
}
