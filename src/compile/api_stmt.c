/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of statements: building them (vtac/pass.h). */
#include <string.h>

#include "base/trap.h"
#include "compile/nodes.h"
#include "ir/make.h"
#include "vtac/pass.h"

const Var *need_var(vtac_context *c, vtac_expr expr, const char *name) {
  need_argument(c, expr, name);
  const Var *var = as_var(EXPR_OF(expr));
  if (!var)
    fail(&c->arena, D_ARGUMENT, "%s: argument '%s' is no variable", c->call,
         name);
  return var;
}

static void need_type(vtac_context *c, DType want, vtac_expr expr,
                      const char *name) {
  need_argument(c, expr, name);
  if (!dtype_eq(want, EXPR_OF(expr)->type))
    fail(&c->arena, D_ARGUMENT, "%s: argument '%s' is of type %s, not %s",
         c->call, name, type_text(EXPR_OF(expr)->type), type_text(want));
}

static void need_condition(vtac_context *c, vtac_expr expr) {
  need_type(c, BOOL, expr, "condition");
}

/* As many indices as the buffer has dimensions. */
static void need_indices(vtac_context *c, const Buffer *buffer, int n,
                         const vtac_expr *indices) {
  need_list(c, n, indices, "indices");
  if (n != buffer->n)
    fail(&c->arena, D_ARGUMENT, "%s: buffer '%s' takes %d indices, got %d",
         c->call, buffer->name, buffer->n, n);
}

/* ---- Expressions -------------------------------------------------------- */

vtac_expr vtac_var(vtac_context *c, const char *name, const char *dtype) {
  BOUNDARY(c, NULL);
  DType type = type_argument(c, dtype);
  return TO_EXPR(make_var(&c->arena, name_argument(c, name), type));
}

vtac_expr vtac_load(vtac_context *c, vtac_buffer buffer, int n,
                    const vtac_expr *indices) {
  BOUNDARY(c, NULL);
  need_argument(c, buffer, "buffer");
  need_indices(c, BUFFER_OF(buffer), n, indices);
  return TO_EXPR(
      make_load(&c->arena, BUFFER_OF(buffer), n, (const Expr *const *)indices));
}

/* ---- Statements --------------------------------------------------------- */

vtac_stmt vtac_store(vtac_context *c, vtac_buffer buffer, vtac_expr value,
                     int n, const vtac_expr *indices) {
  BOUNDARY(c, NULL);
  need_argument(c, buffer, "buffer");
  need_type(c, BUFFER_OF(buffer)->type, value, "value");
  need_indices(c, BUFFER_OF(buffer), n, indices);
  return TO_STMT(make_store(&c->arena, BUFFER_OF(buffer), EXPR_OF(value), n,
                            (const Expr *const *)indices));
}

static ForKind for_kind(vtac_context *c, const char *kind) {
  need_argument(c, kind, "kind");
  for (int i = 0; i < FOR_KINDS; i++)
    if (!strcmp(for_kind_names[i], kind)) return (ForKind)i;
  fail(&c->arena, D_ARGUMENT, "%s: there is no kind of loop '%s'", c->call,
       kind);
}

vtac_stmt vtac_for(vtac_context *c, const char *kind, vtac_expr var,
                   vtac_expr min, vtac_expr extent, vtac_stmt body) {
  BOUNDARY(c, NULL);
  const Var *loop_var = need_var(c, var, "var");
  need_type(c, loop_var->e.type, min, "min");
  need_type(c, loop_var->e.type, extent, "extent");
  need_argument(c, body, "body");
  return TO_STMT(make_for(&c->arena, for_kind(c, kind), loop_var, EXPR_OF(min),
                          EXPR_OF(extent), STMT_OF(body)));
}

vtac_stmt vtac_if(vtac_context *c, vtac_expr condition, vtac_stmt then_part,
                  vtac_stmt else_part) {
  BOUNDARY(c, NULL);
  need_condition(c, condition);
  need_argument(c, then_part, "then_part");
  return TO_STMT(make_if(&c->arena, EXPR_OF(condition), STMT_OF(then_part),
                         STMT_OF(else_part)));
}

vtac_stmt vtac_let(vtac_context *c, vtac_expr var, vtac_expr value,
                   vtac_stmt body) {
  BOUNDARY(c, NULL);
  const Var *defined = need_var(c, var, "var");
  need_type(c, defined->e.type, value, "value");
  need_argument(c, body, "body");
  return TO_STMT(
      make_let_stmt(&c->arena, defined, EXPR_OF(value), STMT_OF(body)));
}

vtac_stmt vtac_attr(vtac_context *c, vtac_expr var, const char *key,
                    vtac_expr value, vtac_stmt body) {
  BOUNDARY(c, NULL);
  const Var *about = need_var(c, var, "var");
  need_argument(c, key, "key");
  need_argument(c, value, "value");
  need_argument(c, body, "body");
  return TO_STMT(make_attr(&c->arena, on_var(about),
                           arena_strdup(&c->arena, key), EXPR_OF(value),
                           STMT_OF(body)));
}

vtac_stmt vtac_allocate(vtac_context *c, vtac_buffer buffer, vtac_stmt body) {
  BOUNDARY(c, NULL);
  need_argument(c, buffer, "buffer");
  need_argument(c, body, "body");
  const Buffer *b = BUFFER_OF(buffer);
  if (b->n != 1)
    fail(&c->arena, D_ARGUMENT,
         "%s: buffer '%s' has %d dimensions; memory has one", c->call, b->name,
         b->n);
  return TO_STMT(make_allocate(&c->arena, b->data, b->type, 1, b->shape,
                               make_bool(&c->arena, true), STMT_OF(body)));
}

vtac_stmt vtac_assert(vtac_context *c, vtac_expr condition, const char *message,
                      vtac_stmt body) {
  BOUNDARY(c, NULL);
  need_condition(c, condition);
  need_argument(c, message, "message");
  need_argument(c, body, "body");
  return TO_STMT(make_assert(&c->arena, EXPR_OF(condition),
                             arena_strdup(&c->arena, message), STMT_OF(body)));
}
