/* SPDX-License-Identifier: Apache-2.0 */
/* SinkMarks: takes loops out of the marks of units that one transfer or kernel
 * cannot have.
 *
 * An instruction tests no condition, and a kernel's indices are linear in its
 * loops.  Where ClampLoops left a check inside a marked nest, or an index has
 * parts of a loop, the loops that it depends on go outside of the mark, and so
 * do those that say how long these are.  What is left in the mark is a nest
 * that is done as a whole or not at all.  The loops' order is free: a unit
 * takes its part element by element.
 *
 * Loops around marks and allocations that were to run at the same time become
 * plain ones: their steps share the memory on the chip.
 *
 * (The reference refuses such nests.)  Cost: loops times checks. */
#include "arith/arith.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

/* A perfect nest of loops and checks. */
typedef struct Nest {
  Arena *arena;
  VEC(const Stmt *) level; /* outermost first */
  bool *outside;           /* is the loop to stand outside of the mark? */
  bool sinks;              /* is there anything to take out? */
  const Stmt *inside;
} Nest;

static Nest match_nest(Arena *arena, const Stmt *stmt) {
  Nest nest = {.arena = arena};
  for (;;) {
    const If *check = as_if(stmt);
    if (!as_for(stmt) && !(check && !check->else_part)) break;
    vec_push(arena, &nest.level, stmt);
    stmt = check ? check->then_part : AS(For, stmt)->body;
  }
  nest.outside = ARENA_ARRAY(arena, bool, nest.level.n + 1);
  nest.inside = stmt;
  return nest;
}

/* The loops above `end` that the expression uses. */
static void take_out_used(Nest *nest, const Expr *expr, int end) {
  for (int i = 0; i < end; i++) {
    const For *loop = as_for(nest->level.at[i]);
    if (loop && expr_uses(expr, loop->var)) nest->outside[i] = true;
  }
}

static void note_index(void *self, const Expr *expr) {
  Nest *nest = self;
  const Load *load = as_load(expr);
  const Expr *coeff[2];
  for (int i = 0; i < nest->level.n; i++) {
    const For *loop = as_for(nest->level.at[i]);
    for (int k = 0; loop && load && k < load->n; k++)
      if (!detect_linear(nest->arena, load->index[k], 1, &loop->var, coeff))
        nest->sinks = nest->outside[i] = true;
  }
}

/* Transfers look after their indices themselves. */
static void check_indices(Nest *nest) {
  const Store *store = as_store(nest->inside);
  if (!store) return;
  post_order_expr(nest->arena, store->value, nest, note_index);
  note_index(nest,
             make_load(nest->arena, store->buffer, store->n, store->index));
}

static void check_levels(Nest *nest) {
  for (int i = 0; i < nest->level.n; i++) {
    const If *check = as_if(nest->level.at[i]);
    if (!check) continue;
    nest->sinks = nest->outside[i] = true;
    take_out_used(nest, check->condition, i);
  }
  for (int i = nest->level.n - 1; i >= 0; i--)
    if (nest->outside[i] && as_for(nest->level.at[i]))
      take_out_used(nest, AS(For, nest->level.at[i])->extent, i);
}

static const Stmt *wrap_level(const Nest *nest, int i, const Stmt *body) {
  const Stmt *level = nest->level.at[i];
  const If *check = as_if(level);
  if (check) return make_if(nest->arena, check->condition, body, NULL);
  return with_body(nest->arena, level, body);
}

/* The nest under the mark; the same object where nothing goes out. */
static const Stmt *sink(Arena *arena, const Stmt *mark, const Stmt *stmt,
                        bool *ret_sinks) {
  Nest nest = match_nest(arena, stmt);
  if (attr_is_pragma(AS(Attr, mark), "alu")) check_indices(&nest);
  check_levels(&nest);
  *ret_sinks |= nest.sinks;
  if (!nest.sinks) return with_body(arena, mark, stmt);
  stmt = nest.inside;
  for (int i = nest.level.n - 1; i >= 0; i--)
    if (!nest.outside[i]) stmt = wrap_level(&nest, i, stmt);
  stmt = with_body(arena, mark, stmt);
  for (int i = nest.level.n - 1; i >= 0; i--)
    if (nest.outside[i]) stmt = wrap_level(&nest, i, stmt);
  return stmt;
}

static bool is_mark(const Attr *attr) {
  return attr_is_pragma(attr, "dma_copy") || attr_is_pragma(attr, "alu");
}

typedef struct Sinker {
  Rewriter rw;
  int units, places; /* marks and scopes, and allocations, seen so far */
} Sinker;

static const Stmt *sink_attr(Rewriter *rw, const Stmt *stmt) {
  if (is_mark(AS(Attr, stmt)) || attr_has_key(AS(Attr, stmt), "coproc_scope"))
    ((Sinker *)rw)->units++;
  stmt = rewrite_stmt_children(rw, stmt);
  const Attr *attr = AS(Attr, stmt);
  if (!is_mark(attr)) return stmt;
  const Seq *seq = as_seq(attr->body);
  int n = seq ? seq->n : 1;
  const Stmt *const *nests = seq ? seq->at : &attr->body;
  const Stmt **sunk = ARENA_ARRAY(rw->arena, const Stmt *, n);
  bool sinks = false;
  for (int i = 0; i < n; i++) sunk[i] = sink(rw->arena, stmt, nests[i], &sinks);
  return sinks ? flatten(rw->arena, n, sunk) : stmt;
}

static const Stmt *count_place(Rewriter *rw, const Stmt *stmt) {
  ((Sinker *)rw)->places++;
  return rewrite_stmt_children(rw, stmt);
}

/* One device does one thing after the other, all in the same memory. */
static const Stmt *serialize_for(Rewriter *rw, const Stmt *stmt) {
  const Sinker *sinker = (const Sinker *)rw;
  int units = sinker->units, places = sinker->places;
  stmt = rewrite_stmt_children(rw, stmt);
  const For *loop = AS(For, stmt);
  if (loop->kind != FOR_PARALLEL || sinker->units == units ||
      sinker->places == places)
    return stmt;
  return make_for(rw->arena, FOR_SERIAL, loop->var, loop->min, loop->extent,
                  loop->body);
}

const Func *pass_sink_marks(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [ATTR] = sink_attr, [FOR] = serialize_for, [ALLOCATE] = count_place};
  Sinker sinker = {REWRITER(context->arena, NULL, stmts), 0, 0};
  return func_with_body(context->arena, func,
                        rewrite_stmt(&sinker.rw, func->body));
}
