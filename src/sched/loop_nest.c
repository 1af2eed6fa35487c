/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of one stage, and what each axis is in terms of them.
 *
 * After normalization every leaf runs from 0.  A leaf of one step has no loop
 * and its axis is that one point; a leaf bound to a virtual thread is the
 * thread's variable under a virtual_thread mark; any other is a For.  Stages
 * attached to a leaf are computed just inside its loop: they are put there
 * while the nest is wrapped around its body, so nobody looks for the place
 * later. */
#include "base/trap.h"
#include "ir/build.h"
#include "sched/lower.h"

/* ---- Making the nest ---------------------------------------------------- */

static LoopNest nest_new(Lowering *lowering, const Stage *stage, bool init) {
  LoopNest nest = {
      .stage = stage,
      .init = init,
      .loop = ARENA_ARRAY(lowering->scratch, const Var *, stage->leaf.n),
      .skip = ARENA_ARRAY(lowering->scratch, bool, stage->leaf.n)};
  ptrmap_init(&nest.value, lowering->scratch);
  return nest;
}

static void check_thread_range(Lowering *lowering, const Stage *stage,
                               const IterVar *axis) {
  Range range = iter_range(&lowering->messages, axis);
  if (!is_const(range.min, 0))
    fail(lowering->arena, D_SCHEDULE,
         "axis '%s' of stage '%s' is bound to a thread but does not start at "
         "0; split it and bind the outer axis",
         axis->var->hint, stage->op->name);
  if (range.extent->kind != INT)
    fail(lowering->arena, D_SCHEDULE,
         "axis '%s' of stage '%s' is bound to a thread but its extent is no "
         "constant",
         axis->var->hint, stage->op->name);
}

static const Var *fresh_init_var(Lowering *lowering, const Var *var) {
  return make_var(lowering->arena,
                  arena_join(lowering->arena, var->hint, ".init"), var->e.type);
}

/* Decides what leaf i is in the nest. */
static void make_leaf(Lowering *lowering, LoopNest *nest, int i) {
  const IterVar *axis = nest->stage->leaf.at[i];
  const IterVar *thread = bound_thread(nest->stage, axis);
  Range range = iter_range(&lowering->messages, axis);
  if (thread) {
    check_thread_range(lowering, nest->stage, axis);
    ptrmap_set(&nest->value, axis, thread->var);
    return;
  }
  CHECK(is_const(range.min, 0));
  if (is_const(range.extent, 1)) {
    ptrmap_set(&nest->value, axis, range.min);
    return;
  }
  nest->loop[i] = nest->init ? fresh_init_var(lowering, axis->var) : axis->var;
  ptrmap_set(&nest->value, axis, nest->loop[i]);
}

LoopNest make_loop_nest(Lowering *lowering, const Stage *stage) {
  LoopNest nest = nest_new(lowering, stage, false);
  for (int i = 0; i < stage->leaf.n; i++) make_leaf(lowering, &nest, i);
  pass_up_values(&lowering->messages, stage, &nest.value);
  return nest;
}

LoopNest make_init_nest(Lowering *lowering, const LoopNest *outer, int begin,
                        const PtrMap *skip) {
  const Stage *stage = outer->stage;
  LoopNest nest = nest_new(lowering, stage, true);
  for (int i = 0; i < stage->leaf.n; i++) {
    const IterVar *axis = stage->leaf.at[i];
    if (i < begin) {
      ptrmap_set(&nest.value, axis, ptrmap_get(&outer->value, axis));
    } else if (ptrmap_has(skip, axis)) {
      nest.skip[i] = true;
      ptrmap_set(&nest.value, axis, axis->var);
    } else {
      make_leaf(lowering, &nest, i);
    }
  }
  pass_up_values(&lowering->messages, stage, &nest.value);
  return nest;
}

/* ---- Wrapping it around a body ------------------------------------------ */

static ForKind loop_kind(const IterAttr *attr) {
  if (!attr) return FOR_SERIAL;
  switch (attr->type) {
    case ITER_UNROLLED: return FOR_UNROLLED;
    case ITER_VECTORIZED: return FOR_VECTORIZED;
    case ITER_PARALLELIZED: return FOR_PARALLEL;
    default: return FOR_SERIAL;
  }
}

static const Stmt *wrap_pragmas(Arena *arena, const IterVar *axis,
                                const IterAttr *attr, const Stmt *body) {
  for (int i = attr->pragma.n - 1; i >= 0; i--) {
    const Pragma *pragma = &attr->pragma.at[i];
    const Expr *value = pragma->value ? pragma->value : make_i32(arena, 1);
    body = make_attr(arena, on_iter(axis), pragma->key, value, body);
  }
  return body;
}

static const Stmt *wrap_leaf(Lowering *lowering, const LoopNest *nest, int i,
                             const Stmt *body) {
  Arena *arena = lowering->arena;
  const IterVar *axis = nest->stage->leaf.at[i];
  const IterAttr *attr = stage_attr(nest->stage, axis);
  const Expr *extent = iter_range(&lowering->messages, axis).extent;
  if (nest->skip[i]) return body;
  if (attr && attr->thread)
    return make_attr(arena, on_iter(attr->thread), "virtual_thread", extent,
                     body);
  if (nest->loop[i])
    body = make_for(arena, loop_kind(attr), nest->loop[i],
                    make_const(arena, extent->type, 0), extent, body);
  return attr ? wrap_pragmas(arena, axis, attr, body) : body;
}

/* The stages attached to the axis, the last one just around `inside`. */
static const Stmt *with_attached(Lowering *lowering, const IterVar *axis,
                                 const Stmt *inside) {
  const StageVec *there = ptrmap_get(&lowering->attached, axis);
  if (!there) return inside;
  for (int i = there->n - 1; i >= 0; i--)
    inside = realize_stage(lowering, there->at[i], inside);
  return inside;
}

const Stmt *wrap_loops(Lowering *lowering, const LoopNest *nest, int first,
                       int end, const Stmt *body) {
  for (int i = end - 1; i >= first; i--) {
    if (!nest->init)
      body = with_attached(lowering, nest->stage->leaf.at[i], body);
    body = wrap_leaf(lowering, nest, i, body);
  }
  return body;
}

const Stmt *wrap_conditions(Arena *arena, const ExprVec *conditions,
                            const Stmt *body) {
  for (int i = conditions->n - 1; i >= 0; i--)
    body = make_if(arena, conditions->at[i], body, NULL);
  return body;
}
