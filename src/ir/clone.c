/* SPDX-License-Identifier: Apache-2.0 */
/* A clone is a rewrite in which every leaf changes: each variable, buffer,
 * iteration variable and constant gets one copy in the new arena, so every
 * node above them is rebuilt there. */
#include "ir/clone.h"

#include "base/trap.h"
#include "ir/make.h"
#include "ir/traverse.h"

typedef struct Cloner {
  Rewriter rw;
  PtrMap copies; /* Var, Buffer or IterVar -> its copy */
} Cloner;

static const char *clone_text(Cloner *cloner, const char *text) {
  return text ? arena_strdup(cloner->rw.arena, text) : NULL;
}

static const Var *clone_var(Cloner *cloner, const Var *var) {
  Var *copy = ptrmap_get(&cloner->copies, var);
  if (copy) return copy;
  copy = arena_copy(cloner->rw.arena, var, sizeof *copy);
  copy->hint = clone_text(cloner, var->hint);
  copy->scope = clone_text(cloner, var->scope);
  ptrmap_set(&cloner->copies, var, copy);
  return copy;
}

static const Expr *clone_expr(Cloner *cloner, const Expr *expr) {
  return expr ? rewrite_expr(&cloner->rw, expr) : NULL;
}

static const Expr *const *clone_exprs(Cloner *cloner, int n,
                                      const Expr *const *at) {
  const Expr **copy = ARENA_ARRAY(cloner->rw.arena, const Expr *, n);
  for (int i = 0; i < n; i++) copy[i] = clone_expr(cloner, at[i]);
  return copy;
}

static const Buffer *clone_buffer(Cloner *cloner, const Buffer *buffer) {
  if (!buffer) return NULL;
  Buffer *copy = ptrmap_get(&cloner->copies, buffer);
  if (copy) return copy;
  copy = copy_buffer(cloner->rw.arena, buffer);
  copy->data = clone_var(cloner, buffer->data);
  copy->name = clone_text(cloner, buffer->name);
  copy->shape = clone_exprs(cloner, buffer->n, buffer->shape);
  if (buffer->stride)
    copy->stride = clone_exprs(cloner, buffer->n, buffer->stride);
  copy->elem_offset = clone_expr(cloner, buffer->elem_offset);
  copy->tensor = NULL;
  ptrmap_set(&cloner->copies, buffer, copy);
  return copy;
}

static const IterVar *clone_iter(Cloner *cloner, const IterVar *iter) {
  IterVar *copy = ptrmap_get(&cloner->copies, iter);
  if (copy) return copy;
  copy = arena_copy(cloner->rw.arena, iter, sizeof *copy);
  copy->dom.min = clone_expr(cloner, iter->dom.min);
  copy->dom.extent = clone_expr(cloner, iter->dom.extent);
  copy->var = clone_var(cloner, iter->var);
  copy->thread_tag = clone_text(cloner, iter->thread_tag);
  ptrmap_set(&cloner->copies, iter, copy);
  return copy;
}

/* ---- Expressions -------------------------------------------------------- */

static const Expr *on_variable(Rewriter *rw, const Expr *expr) {
  return &clone_var((Cloner *)rw, AS(Var, expr))->e;
}

static const Expr *on_int(Rewriter *rw, const Expr *expr) {
  return make_int(rw->arena, expr->type, AS(IntImm, expr)->value);
}

static const Expr *on_float(Rewriter *rw, const Expr *expr) {
  return make_float(rw->arena, expr->type, AS(FloatImm, expr)->value);
}

static const Expr *on_string(Rewriter *rw, const Expr *expr) {
  return make_string(rw->arena,
                     clone_text((Cloner *)rw, AS(StringImm, expr)->value));
}

/* A call without arguments has no leaf that would make it change. */
static const Expr *on_call(Rewriter *rw, const Expr *expr) {
  Cloner *cloner = (Cloner *)rw;
  Call call = *AS(Call, expr);
  call.stage = clone_text(cloner, call.stage);
  return with_args(rw->arena, &call, clone_exprs(cloner, call.n, call.arg));
}

static const Expr *on_load(Rewriter *rw, const Expr *expr) {
  Cloner *cloner = (Cloner *)rw;
  const Load *load = AS(Load, expr);
  return make_load(rw->arena, clone_buffer(cloner, load->buffer), load->n,
                   clone_exprs(cloner, load->n, load->index));
}

static const Expr *on_let(Rewriter *rw, const Expr *expr) {
  Cloner *cloner = (Cloner *)rw;
  const Let *let = AS(Let, expr);
  const Expr *value = clone_expr(cloner, let->value);
  return make_let(rw->arena, clone_var(cloner, let->var), value,
                  clone_expr(cloner, let->body));
}

static const Expr *on_reduce(Rewriter *rw, const Expr *expr) {
  (void)rw;
  BUG("a %s in a lowered function", expr_kind_name(expr->kind));
}

/* ---- Statements --------------------------------------------------------- */

static const Stmt *on_let_stmt(Rewriter *rw, const Stmt *stmt) {
  Cloner *cloner = (Cloner *)rw;
  const LetStmt *let = AS(LetStmt, stmt);
  const Expr *value = clone_expr(cloner, let->value);
  return make_let_stmt(rw->arena, clone_var(cloner, let->var), value,
                       rewrite_stmt(rw, let->body));
}

static AttrNode clone_attr_node(Cloner *cloner, const AttrNode *node) {
  switch (node->on) {
    case ON_ITER: return on_iter(clone_iter(cloner, node->first));
    case ON_VAR: return on_var(clone_var(cloner, node->first));
    case ON_BUFFER: return on_buffer(clone_buffer(cloner, node->first));
    case ON_BUFFER_PAIR:
      return on_pair(clone_buffer(cloner, node->first),
                     clone_buffer(cloner, node->second));
  }
  BUG("unknown attribute node %d", node->on);
}

static const Stmt *on_attr(Rewriter *rw, const Stmt *stmt) {
  Cloner *cloner = (Cloner *)rw;
  const Attr *attr = AS(Attr, stmt);
  const Expr *value = clone_expr(cloner, attr->value);
  return make_attr(rw->arena, clone_attr_node(cloner, &attr->node),
                   clone_text(cloner, attr->key), value,
                   rewrite_stmt(rw, attr->body));
}

static const Stmt *on_for(Rewriter *rw, const Stmt *stmt) {
  Cloner *cloner = (Cloner *)rw;
  const For *loop = AS(For, stmt);
  const Expr *min = clone_expr(cloner, loop->min);
  const Expr *extent = clone_expr(cloner, loop->extent);
  return make_for(rw->arena, loop->kind, clone_var(cloner, loop->var), min,
                  extent, rewrite_stmt(rw, loop->body));
}

static const Stmt *on_allocate(Rewriter *rw, const Stmt *stmt) {
  Cloner *cloner = (Cloner *)rw;
  const Allocate *old = AS(Allocate, stmt);
  const Expr *const *extent = clone_exprs(cloner, old->n, old->extent);
  const Expr *condition = clone_expr(cloner, old->condition);
  return make_allocate(rw->arena, clone_var(cloner, old->var), old->type,
                       old->n, extent, condition, rewrite_stmt(rw, old->body));
}

static const Stmt *on_store(Rewriter *rw, const Stmt *stmt) {
  Cloner *cloner = (Cloner *)rw;
  const Store *store = AS(Store, stmt);
  const Expr *value = clone_expr(cloner, store->value);
  return make_store(rw->arena, clone_buffer(cloner, store->buffer), value,
                    store->n, clone_exprs(cloner, store->n, store->index));
}

static const Stmt *on_realize(Rewriter *rw, const Stmt *stmt) {
  Cloner *cloner = (Cloner *)rw;
  const Realize *old = AS(Realize, stmt);
  int n = old->buffer->n;
  Range *bound = ARENA_ARRAY(rw->arena, Range, n);
  for (int i = 0; i < n; i++)
    bound[i] = (Range){clone_expr(cloner, old->bound[i].min),
                       clone_expr(cloner, old->bound[i].extent)};
  const Expr *condition = clone_expr(cloner, old->condition);
  return make_realize(rw->arena, clone_buffer(cloner, old->buffer), bound,
                      condition, rewrite_stmt(rw, old->body));
}

static const Stmt *on_assert(Rewriter *rw, const Stmt *stmt) {
  Cloner *cloner = (Cloner *)rw;
  const Assert *old = AS(Assert, stmt);
  const Expr *condition = clone_expr(cloner, old->condition);
  return make_assert(rw->arena, condition, clone_text(cloner, old->message),
                     rewrite_stmt(rw, old->body));
}

const Func *clone_func(Arena *arena, const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = on_variable,  [INT] = on_int,      [FLOAT] = on_float,
      [STRING] = on_string, [CALL] = on_call,    [LOAD] = on_load,
      [LET] = on_let,       [REDUCE] = on_reduce};
  static const StmtRewrite stmts[STMT_KINDS] = {
      [LET_STMT] = on_let_stmt, [ATTR] = on_attr,   [FOR] = on_for,
      [ALLOCATE] = on_allocate, [STORE] = on_store, [REALIZE] = on_realize,
      [ASSERT] = on_assert};
  Cloner cloner = {.rw = REWRITER(arena, exprs, stmts)};
  ptrmap_init(&cloner.copies, arena);
  Param *param = ARENA_ARRAY(arena, Param, func->n);
  for (int i = 0; i < func->n; i++)
    param[i] = (Param){clone_var(&cloner, func->param[i].var),
                       clone_buffer(&cloner, func->param[i].buffer),
                       clone_buffer(&cloner, func->param[i].preflattened)};
  Func *copy = ARENA_NEW(arena, Func);
  *copy = (Func){clone_text(&cloner, func->name), func->n, param,
                 rewrite_stmt(&cloner.rw, func->body)};
  return copy;
}
