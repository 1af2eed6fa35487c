/* SPDX-License-Identifier: Apache-2.0 */
/* What a copy under the mark is: its loops, its store, and of what.
 *
 * Under the pragma stands a perfect nest of loops around one store of one
 * load, perhaps cast, perhaps guarded by a condition under which the rest is
 * zeros.  Both indices are linear in the loops, or in those that stand inside
 * of the others, so each side is a strided box. */
#include <stdarg.h>
#include <stdio.h>

#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/debug_text.h"
#include "ir/traverse.h"
#include "vta/dma.h"

noreturn void dma_refuse(const Copy *copy, const char *cure, const char *format,
                         ...) {
  char text[DIAG_MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fail_cured(copy->arena, D_DMA_COPY, cure, "dma_copy of '%s': %s", copy->name,
             text);
}

/* ---- The nest ----------------------------------------------------------- */

/* Loops of one step are none. */
static const Stmt *without_single_steps(Arena *arena, const Stmt *stmt) {
  const For *loop = as_for(stmt);
  if (!loop) return stmt;
  const Stmt *body = without_single_steps(arena, loop->body);
  if (is_const(loop->extent, 1) && is_const(loop->min, 0))
    return substitute_var_stmt(arena, body, loop->var, loop->min);
  return body == loop->body ? stmt : with_body(arena, stmt, body);
}

static const Stmt *match_loops(Copy *copy, const Stmt *stmt) {
  stmt = without_single_steps(copy->arena, stmt);
  int n = 0;
  for (const Stmt *s = stmt; as_for(s); s = AS(For, s)->body) n++;
  copy->n = n;
  copy->loop = ARENA_ARRAY(copy->arena, const For *, n);
  copy->var = ARENA_ARRAY(copy->arena, const Var *, n);
  for (int i = 0; i < n; i++) {
    const For *loop = AS(For, stmt);
    if (!is_const(loop->min, 0))
      dma_refuse(copy, NULL, "loop '%s' starts at %s instead of 0",
                 loop->var->hint, brief_text(copy->arena, loop->min));
    copy->loop[i] = loop;
    copy->var[i] = loop->var;
    stmt = loop->body;
  }
  return stmt;
}

/* Nothing but zeros: a load from anywhere whose condition never holds. */
static void match_zeros(Copy *copy) {
  Buffer *nothing = copy_buffer(copy->arena, copy->store->buffer);
  nothing->data = copy->dram;
  copy->load = AS(Load, make_load(copy->arena, nothing, copy->store->n,
                                  copy->store->index));
  copy->condition = make_bool(copy->arena, false);
}

static void add_condition(Copy *copy, const Expr *condition, bool opposite) {
  condition = without_not(copy->arena, condition, opposite);
  copy->condition = copy->condition
                        ? ex_and(copy->arena, copy->condition, condition)
                        : condition;
}

static void match_value(Copy *copy, const Expr *value);

/* One side has to be zero. */
static void match_choice(Copy *copy, const Expr *condition, const Expr *value,
                         const Expr *otherwise) {
  bool opposite = dma_is_provably(copy->analyzer, value, 0);
  if (!opposite && !dma_is_provably(copy->analyzer, otherwise, 0))
    dma_refuse(copy, "pad with 0, and change the value in a stage on the ALU",
               "padding is always 0, not %s",
               brief_text(copy->arena, otherwise));
  add_condition(copy, condition, opposite);
  match_value(copy, opposite ? otherwise : value);
}

static void match_value(Copy *copy, const Expr *value) {
  const Call *guard = as_call_of(value, OP_IF_THEN_ELSE);
  const Select *select = as_select(value);
  const Unary *cast = as_cast(value);
  if (guard)
    match_choice(copy, guard->arg[0], guard->arg[1], guard->arg[2]);
  else if (select)
    match_choice(copy, select->condition, select->if_true, select->if_false);
  else if (cast && !copy->casts++)
    match_value(copy, cast->a);
  else if (is_const(value, 0) && copy->dram)
    match_zeros(copy);
  else
    copy->load = as_load(value);
  if (!copy->load || copy->load->e.type.lanes != 1)
    dma_refuse(
        copy,
        "leave the copy plain; compute in a stage marked alu, or on the host",
        "what it writes is no plain element of another buffer: %s",
        brief_text(copy->arena, copy->store->value));
  if (copy->load->n != 1 || copy->store->n != 1)
    dma_refuse(copy, NULL, "its buffers are not flat memory");
}

/* The first store inside, to name what is refused. */
static void note_store(void *self, const Stmt *stmt) {
  const Store **found = self;
  if (!*found) *found = as_store(stmt);
}

noreturn static void refuse_body(Copy *copy, const Stmt *body) {
  const Store *inside = NULL;
  post_order_stmt(copy->arena, body, &inside, NULL, note_store);
  if (inside) copy->name = inside->buffer->name;
  if (body->kind == IF)
    dma_refuse(copy, NULL,
               "it is made under the condition %s, but a transfer is all or "
               "nothing",
               brief_text(copy->arena, AS(If, body)->condition));
  dma_refuse(copy, NULL, "its loops hold no plain store, but this: %s",
             stmt_kind_name(body->kind));
}

void dma_match_copy(Copy *copy, const Stmt *stmt) {
  const Stmt *body = match_loops(copy, stmt);
  copy->store = as_store(body);
  if (!copy->store) refuse_body(copy, body);
  copy->name = copy->store->buffer->name;
  match_value(copy, copy->store->value);
}

/* ---- Its sides ---------------------------------------------------------- */

/* The box that an access runs over inside the outer loops.  Where it is linear
 * in those, too, they have strides, else they are in the offset. */
static const char *match_region(const Copy *copy, const Buffer *buffer,
                                const Expr *index, Region *ret) {
  Arena *arena = copy->arena;
  int n = copy->n, outer = copy->outer;
  const Expr **coeff = ARENA_ARRAY(arena, const Expr *, n + 1);
  if (!detect_linear(arena, index, n, copy->var, coeff)) {
    for (int i = 0; i < outer; i++) coeff[i] = make_i32(arena, 0);
    if (!detect_linear(arena, index, n - outer, copy->var + outer,
                       coeff + outer))
      return arena_printf(arena, "index %s of '%s' is not linear in the loops",
                          brief_text(arena, index), buffer->name);
  }
  *ret = (Region){.buffer = buffer,
                  .n = n,
                  .shape = ARENA_ARRAY(arena, const Expr *, n + 1),
                  .stride = coeff,
                  .offset = coeff[n]};
  for (int i = 0; i < n; i++) ret->shape[i] = copy->loop[i]->extent;
  return NULL;
}

/* Does the number of steps of a loop depend on one of the transfer? */
static const char *check_extents(const Copy *copy) {
  for (int i = copy->outer; i < copy->n; i++)
    for (int k = copy->outer; k < copy->n; k++)
      if (expr_uses(copy->loop[i]->extent, copy->var[k]))
        return arena_printf(copy->arena,
                            "the length of loop '%s' depends on loop '%s'",
                            copy->var[i]->hint, copy->var[k]->hint);
  return NULL;
}

const char *dma_match_regions(Copy *copy) {
  const char *why = check_extents(copy);
  if (!why)
    why = match_region(copy, copy->store->buffer, copy->store->index[0],
                       &copy->dst);
  if (!why)
    why = match_region(copy, copy->load->buffer, copy->load->index[0],
                       &copy->src);
  return why;
}

Region dma_inner_region(const Copy *copy, const Region *region) {
  Region inner = *region;
  Arena *arena = copy->arena;
  inner.n -= copy->outer;
  inner.shape += copy->outer;
  inner.stride += copy->outer;
  for (int i = 0; i < copy->outer; i++)
    inner.offset = ex_add(arena, inner.offset,
                          ex_mul(arena, &copy->var[i]->e, region->stride[i]));
  if (inner.n) return inner;
  inner.n = 1;
  inner.shape = ARENA_ARRAY(arena, const Expr *, 1);
  inner.stride = ARENA_ARRAY(arena, const Expr *, 1);
  inner.shape[0] = inner.stride[0] = make_i32(arena, 1);
  return inner;
}
