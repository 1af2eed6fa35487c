/* SPDX-License-Identifier: Apache-2.0 */
/* UnrollLoop: replaces loops marked for unrolling by copies of their body.
 *
 * A pragma may also ask for serial loops to be unrolled: innermost ones whose
 * iterations times statements stay within auto_max_step.  By default that is
 * 0, so only what does nothing is.  pragma_unroll_explicit = 0 leaves the
 * loops, marked, to a later compiler.  Afterwards every loop gets a variable
 * of its own again. */
#include <string.h>

#include "arith/arith.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "pass/pass.h"

enum { AUTO_MAX_DEPTH = 8 };

/* Counts of what stands in the statement visited so far. */
typedef struct Counts {
  int64_t steps; /* stores and calls, as if unrolled */
  int unrolled_loops, normal_loops;
} Counts;

typedef struct Unroller {
  Rewriter rw;
  int64_t auto_max_step;
  bool is_explicit; /* expand here rather than mark */
  Counts counts;
} Unroller;

static const Stmt *unrolled(Arena *arena, const For *loop, int64_t extent) {
  VEC(const Stmt *) copies = {0};
  if (extent == 0) return make_nop(arena);
  for (int64_t i = 0; i < extent; i++) {
    const Expr *value = ex_addi(arena, loop->min, i);
    const Stmt *copy = substitute_var_stmt(arena, loop->body, loop->var, value);
    vec_push(arena, &copies, copy);
  }
  return flatten(arena, copies.n, copies.at);
}

/* The extent, or -1 if it is no constant of a sensible size. */
static int64_t constant_extent(Arena *arena, const For *loop) {
  const Expr *extent = loop->extent;
  if (extent->kind != INT) extent = simplify_alone(arena, extent);
  const IntImm *imm = as_int(extent);
  return imm && imm->value <= INT32_MAX ? imm->value : -1;
}

static bool is_wanted(const Unroller *unroller, const For *loop,
                      int64_t extent) {
  const Counts *counts = &unroller->counts;
  int64_t steps;
  if (extent < 0) return false;
  if (loop->kind == FOR_UNROLLED) return true;
  if (loop->kind != FOR_SERIAL || counts->normal_loops ||
      counts->unrolled_loops > AUTO_MAX_DEPTH)
    return false;
  return !__builtin_mul_overflow(extent, counts->steps, &steps) &&
         steps <= unroller->auto_max_step;
}

static const Stmt *on_for(Rewriter *rw, const Stmt *stmt) {
  Unroller *unroller = (Unroller *)rw;
  stmt = rewrite_stmt_children(rw, stmt);
  const For *loop = AS(For, stmt);
  int64_t extent = constant_extent(rw->arena, loop);
  if (!is_wanted(unroller, loop, extent)) {
    unroller->counts.normal_loops++;
    return stmt;
  }
  if (__builtin_mul_overflow(unroller->counts.steps, extent,
                             &unroller->counts.steps))
    unroller->counts.steps = INT64_MAX;
  unroller->counts.unrolled_loops++;
  if (unroller->is_explicit) return unrolled(rw->arena, loop, extent);
  if (loop->kind == FOR_UNROLLED) return stmt;
  return make_for(rw->arena, FOR_UNROLLED, loop->var, loop->min, loop->extent,
                  loop->body);
}

static const Stmt *on_step(Rewriter *rw, const Stmt *stmt) {
  ((Unroller *)rw)->counts.steps++;
  return stmt;
}

/* Each statement of a sequence is counted from nought. */
static const Stmt *on_seq(Rewriter *rw, const Stmt *stmt) {
  Unroller *unroller = (Unroller *)rw;
  const Seq *seq = AS(Seq, stmt);
  const Stmt **at = arena_copy(rw->arena, seq->at, sizeof *at * (size_t)seq->n);
  bool changed = false;
  for (int i = 0; i < seq->n; i++) {
    Counts before = unroller->counts, *counts = &unroller->counts;
    *counts = (Counts){0};
    at[i] = rewrite_stmt(rw, seq->at[i]);
    changed |= at[i] != seq->at[i];
    counts->steps += before.steps;
    if (before.normal_loops > counts->normal_loops)
      counts->normal_loops = before.normal_loops;
    if (before.unrolled_loops > counts->unrolled_loops)
      counts->unrolled_loops = before.unrolled_loops;
  }
  return changed ? make_seq(rw->arena, seq->n, at) : stmt;
}

static const Stmt *on_attr_stmt(Rewriter *rw, const Stmt *stmt) {
  Unroller *unroller = (Unroller *)rw;
  const Attr *attr = AS(Attr, stmt);
  const IntImm *value = as_int(attr->value);
  int64_t max_step = unroller->auto_max_step;
  bool is_explicit = unroller->is_explicit;
  if (value && !strcmp(attr->key, "pragma_auto_unroll_max_step"))
    unroller->auto_max_step = value->value;
  else if (value && !strcmp(attr->key, "pragma_unroll_explicit"))
    unroller->is_explicit = value->value != 0;
  else
    return rewrite_stmt_children(rw, stmt);
  const Stmt *body = rewrite_stmt(rw, attr->body);
  unroller->auto_max_step = max_step;
  unroller->is_explicit = is_explicit;
  return body;
}

const Func *pass_unroll_loop(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[FOR] = on_for,
                                                [STORE] = on_step,
                                                [EVALUATE] = on_step,
                                                [SEQ] = on_seq,
                                                [ATTR] = on_attr_stmt};
  Unroller unroller = {.rw = REWRITER(context->arena, NULL, stmts),
                       .is_explicit = true};
  const Stmt *body = rewrite_stmt(&unroller.rw, func->body);
  if (body == func->body) return func;
  return func_with_body(context->arena, func,
                        convert_ssa(context->arena, body));
}
