/* SPDX-License-Identifier: Apache-2.0 */
/* StorageFlatten: multi-dimensional buffers become flat memory.
 *
 * One walk does what TVM 0.9 does in a chain of passes, in this order for
 * each node:
 *   - the realize of an argument's buffer is dropped, its body kept;
 *   - the realize of any other buffer becomes an Allocate.  It covers only
 *     the realized region, so the region's minimum is subtracted from every
 *     index, and a buffer without a storage scope is put into global memory
 *     by a new pointer variable;
 *   - buffer_bind_scope is resolved (flatten_bind.c);
 *   - every access becomes one to a one-dimensional twin of its buffer, at
 *     an offset in canonical form (flatten_offset.c).  There is one twin for
 *     each buffer, because accesses to one buffer print as one;
 *   - the function's arguments get flat buffers, and keep the shaped ones as
 *     `preflattened`.
 * Cost: linear in the statements, plus one simplification for each dimension
 * of each access. */
#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "pass/flatten.h"

static FlatBuffer *new_flat_buffer(Flattener *flattener, const Buffer *key,
                                   const Buffer *layout) {
  FlatBuffer *entry = ARENA_NEW(flattener->context->scratch, FlatBuffer);
  entry->layout = layout;
  entry->flat = flat_twin(flattener->context->arena, layout);
  ptrmap_set(&flattener->buffers, key, entry);
  return entry;
}

const FlatBuffer *flat_buffer(Flattener *flattener, const Buffer *buffer) {
  const FlatBuffer *entry = ptrmap_get(&flattener->buffers, buffer);
  return entry ? entry : new_flat_buffer(flattener, buffer, buffer);
}

/* ---- Accesses ----------------------------------------------------------- */

/* Missing outer dimensions are indexed by 0. */
static const Expr *access_offset(Flattener *flattener, const FlatBuffer *to,
                                 int n, const Expr *const *index) {
  Arena *arena = flattener->context->arena;
  Arena *scratch = flattener->context->scratch;
  int outer = to->layout->n - n;
  CHECK(outer >= 0);
  const Expr **full = ARENA_ARRAY(scratch, const Expr *, to->layout->n);
  for (int i = 0; i < to->layout->n; i++) {
    full[i] = i < outer ? make_i32(arena, 0) : index[i - outer];
    if (to->begin)
      full[i] = ex_add(arena, to->begin[i], full[i]);
    else if (to->origin && i >= outer)
      full[i] = ex_sub(arena, full[i], to->origin[i]);
  }
  return flat_offset(flattener->blank, to->layout, full);
}

static const Expr *on_load(Rewriter *rw, const Expr *expr) {
  Flattener *flattener = (Flattener *)rw;
  DType type = expr->type;
  const Load *load = AS(Load, rewrite_expr_children(rw, expr));
  const FlatBuffer *to = flat_buffer(flattener, load->buffer);
  const Expr *offset = access_offset(flattener, to, load->n, load->index);
  const Expr *flat = make_load(rw->arena, to->flat, 1, &offset);
  return is_bool(type) ? ex_cast(rw->arena, type, flat) : flat;
}

static const Stmt *on_store(Rewriter *rw, const Stmt *stmt) {
  Flattener *flattener = (Flattener *)rw;
  const Store *store = AS(Store, rewrite_stmt_children(rw, stmt));
  const FlatBuffer *to = flat_buffer(flattener, store->buffer);
  const Expr *value = store->value;
  if (is_bool(value->type)) value = ex_cast(rw->arena, INT8, value);
  const Expr *offset = access_offset(flattener, to, store->n, store->index);
  return make_store(rw->arena, to->flat, value, 1, &offset);
}

static const Expr *on_var_use(Rewriter *rw, const Expr *expr) {
  const Expr *other = ptrmap_get(&((Flattener *)rw)->vars, expr);
  return other ? other : expr;
}

/* ---- Realizes, attributes, loops ---------------------------------------- */

static const Stmt *on_realize(Rewriter *rw, const Stmt *stmt) {
  Flattener *flattener = (Flattener *)rw;
  const Realize *realize = AS(Realize, stmt);
  const Buffer *old = realize->buffer;
  const FlatBuffer *known = ptrmap_get(&flattener->buffers, old);
  if (known && known->is_argument) return rewrite_stmt(rw, realize->body);

  const Buffer *layout = realized_layout(flattener->context, realize);
  FlatBuffer *entry = new_flat_buffer(flattener, old, layout);
  const Expr **origin =
      ARENA_ARRAY(flattener->context->scratch, const Expr *, old->n);
  for (int i = 0; i < old->n; i++) origin[i] = realize->bound[i].min;
  entry->origin = origin;
  if (layout->data != old->data)
    ptrmap_set(&flattener->vars, old->data, layout->data);
  const Stmt *body = rewrite_stmt(rw, realize->body);
  const Buffer *flat = entry->flat;
  return make_allocate(rw->arena, flat->data, flat->type, 1, flat->shape,
                       make_bool(rw->arena, true), body);
}

static const Stmt *on_attr_stmt(Rewriter *rw, const Stmt *stmt) {
  Flattener *flattener = (Flattener *)rw;
  const Attr *attr = AS(Attr, stmt);
  if (!strcmp(attr->key, "buffer_bind_scope"))
    return flatten_bind(flattener, attr);
  if (!strcmp(attr->key, "virtual_thread")) {
    const IterVar *thread = attr->node.first;
    Range range = {make_const(rw->arena, attr->value->type, 0), attr->value};
    analyzer_bind(flattener->bounds, thread->var, range);
  }
  if (attr->node.on != ON_BUFFER) return rewrite_stmt_children(rw, stmt);
  const Stmt *body = rewrite_stmt(rw, attr->body);
  const Buffer *flat = flat_buffer(flattener, attr->node.first)->flat;
  return make_attr(rw->arena, on_var(flat->data), attr->key,
                   rewrite_expr(rw, attr->value), body);
}

static const Stmt *on_for(Rewriter *rw, const Stmt *stmt) {
  const For *loop = AS(For, stmt);
  Range range = {loop->min, loop->extent};
  analyzer_bind(((Flattener *)rw)->bounds, loop->var, range);
  return rewrite_stmt_children(rw, stmt);
}

/* ---- The function ------------------------------------------------------- */

static Param flat_param(Flattener *flattener, const Param *param) {
  FlatBuffer *entry = new_flat_buffer(flattener, param->buffer, param->buffer);
  entry->is_argument = true;
  return (Param){param->var, entry->flat, param->buffer};
}

/* Has every shaped argument its flat buffer yet? */
static bool is_flat(const Func *func) {
  for (int i = 0; i < func->n; i++)
    if (func->param[i].buffer && !func->param[i].preflattened) return false;
  return func->n > 0;
}

const Func *pass_storage_flatten(const PassContext *context, const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = on_var_use, [LOAD] = on_load};
  static const StmtRewrite stmts[STMT_KINDS] = {[STORE] = on_store,
                                                [REALIZE] = on_realize,
                                                [ATTR] = on_attr_stmt,
                                                [FOR] = on_for};
  if (is_flat(func)) return func;
  Arena *arena = context->arena;
  Flattener flattener = {.rw = REWRITER(arena, exprs, stmts),
                         .context = context,
                         .bounds = analyzer_new(arena),
                         .blank = analyzer_new(arena)};
  ptrmap_init(&flattener.buffers, context->scratch);
  ptrmap_init(&flattener.vars, context->scratch);
  Param *param =
      arena_copy(arena, func->param, sizeof *param * (size_t)func->n);
  for (int i = 0; i < func->n; i++)
    if (param[i].buffer) param[i] = flat_param(&flattener, &param[i]);
  const Stmt *body = rewrite_stmt(&flattener.rw, func->body);
  if (func->n == 0) return func_with_body(arena, func, body);
  Func *flat = arena_copy(arena, func, sizeof *flat);
  flat->param = param;
  flat->body = body;
  return flat;
}
