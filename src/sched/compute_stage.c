/* SPDX-License-Identifier: Apache-2.0 */
/* The statement that computes one stage.
 *
 * A plain compute is one store inside its loops.  A reduction is two: the
 * accumulator is set to the combiner's identity, then updated.  Both share
 * the loops outside of the first one that reduces; from there on the
 * initialisation has loops of its own, over the data axes only. */
#include "ir/build.h"
#include "ir/traverse.h"
#include "sched/lower.h"

/* ---- The nest ----------------------------------------------------------- */

static ExprVec likely_checks(Lowering *lowering, const Stage *stage,
                             const BoundCheck *check) {
  ExprVec checks = bound_checks(&lowering->messages, stage, check);
  for (int i = 0; i < checks.n; i++)
    checks.at[i] = ex_likely(lowering->arena, checks.at[i]);
  return checks;
}

static void make_reduction_nest(Lowering *lowering, const Stage *stage,
                                ComputeNest *nest) {
  BoundCheck check = {.skip_domain = true};
  PtrMap flags;
  pass_down_flags(lowering->scratch, stage, &flags);
  int begin = 0;
  while (begin < stage->leaf.n &&
         !(flags_of(&flags, stage->leaf.at[begin]) & FROM_REDUCTION))
    begin++;
  ptrmap_init(&check.skip, lowering->scratch);
  for (int i = 0; i < flags.n; i++) {
    const IterVar *axis = flags.entry[i].key;
    if (flags_of(&flags, axis) == FROM_REDUCTION)
      ptrmap_set(&check.skip, axis, axis);
  }
  nest->common = begin;
  nest->init = make_init_nest(lowering, &nest->main, begin, &check.skip);
  check.value = &nest->init.value;
  nest->init_checks = likely_checks(lowering, stage, &check);
}

ComputeNest make_compute_nest(Lowering *lowering, const Stage *stage) {
  ComputeNest nest = {.main = make_loop_nest(lowering, stage)};
  BoundCheck check = {.value = &nest.main.value};
  ptrmap_init(&check.skip, lowering->scratch);
  nest.main_checks = likely_checks(lowering, stage, &check);
  nest.common = stage->leaf.n;
  if (stage->op->reduce_axes) make_reduction_nest(lowering, stage, &nest);
  return nest;
}

/* ---- Bodies in terms of loops and buffers ------------------------------- */

PtrMap value_substitution(Lowering *lowering, const PtrMap *values) {
  PtrMap map;
  ptrmap_init(&map, lowering->scratch);
  for (int i = 0; i < values->n; i++) {
    const IterVar *axis = values->entry[i].key;
    ptrmap_set(&map, axis->var, values->entry[i].value);
  }
  return map;
}

typedef struct Placing {
  Rewriter rw;
  const Lowering *lowering;
  PtrMap map; /* Var -> Expr */
} Placing;

static const Expr *place_var(Rewriter *rewriter, const Expr *expr) {
  const Expr *value = ptrmap_get(&((Placing *)rewriter)->map, expr);
  return value ? value : expr;
}

static const Expr *place_load(Rewriter *rewriter, const Expr *expr) {
  const Lowering *lowering = ((Placing *)rewriter)->lowering;
  const Load *load = AS(Load, rewrite_expr_children(rewriter, expr));
  const Buffer *buffer = tensor_buffer(lowering, load->buffer->tensor);
  return make_load(rewriter->arena, buffer, load->n, load->index);
}

/* The expression with axes replaced by their values and reads of tensors by
 * loads of their buffers. */
static const Expr *place_expr(Lowering *lowering, const Expr *expr,
                              const PtrMap *values) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = place_var, [LOAD] = place_load};
  Placing placing = {REWRITER(lowering->arena, exprs, NULL), lowering,
                     value_substitution(lowering, values)};
  return rewrite_expr(&placing.rw, expr);
}

/* The point of the tensor that a nest is at. */
static const Expr **axis_values(Lowering *lowering, const Tensor *op,
                                const PtrMap *values) {
  const Expr **index = ARENA_ARRAY(lowering->scratch, const Expr *, op->n);
  for (int i = 0; i < op->n; i++) index[i] = ptrmap_get(values, op->axis[i]);
  return index;
}

static const Stmt *store_value(Lowering *lowering, const Stage *stage,
                               const PtrMap *values, const Expr *value) {
  const Buffer *buffer = lowering->plan[stage->index].buffer;
  return make_store(lowering->arena, buffer, value, stage->op->n,
                    axis_values(lowering, stage->op, values));
}

/* ---- Statements --------------------------------------------------------- */

static const Stmt *plain_stage(Lowering *lowering, const Stage *stage) {
  ComputeNest nest = make_compute_nest(lowering, stage);
  const Expr *value = place_expr(lowering, stage->op->body, &nest.main.value);
  const Stmt *store = store_value(lowering, stage, &nest.main.value, value);
  store = wrap_conditions(lowering->arena, &nest.main_checks, store);
  return wrap_loops(lowering, &nest.main, 0, stage->leaf.n, store);
}

static const Stmt *init_statement(Lowering *lowering, const ComputeNest *nest,
                                  const Reduce *reduce) {
  const Stage *stage = nest->main.stage;
  const Expr *identity =
      combiner_identity(lowering->arena, reduce->combiner, reduce->e.type);
  const Stmt *init = store_value(lowering, stage, &nest->init.value, identity);
  init = wrap_conditions(lowering->arena, &nest->init_checks, init);
  return wrap_loops(lowering, &nest->init, nest->common, stage->leaf.n, init);
}

static const Stmt *update_statement(Lowering *lowering, const ComputeNest *nest,
                                    const Reduce *reduce) {
  Arena *arena = lowering->arena;
  const Stage *stage = nest->main.stage;
  const PtrMap *values = &nest->main.value;
  const Buffer *buffer = lowering->plan[stage->index].buffer;
  const Expr *so_far = make_load(arena, buffer, stage->op->n,
                                 axis_values(lowering, stage->op, values));
  const Expr *source = place_expr(lowering, reduce->source, values);
  const Stmt *update =
      store_value(lowering, stage, values,
                  combine(arena, reduce->combiner, so_far, source));
  if (!is_const(reduce->condition, 1))
    update = make_if(arena, place_expr(lowering, reduce->condition, values),
                     update, NULL);
  update = wrap_conditions(arena, &nest->main_checks, update);
  return wrap_loops(lowering, &nest->main, nest->common, stage->leaf.n, update);
}

static const Stmt *reduction_stage(Lowering *lowering, const Stage *stage) {
  const Reduce *reduce = AS(Reduce, stage->op->body);
  ComputeNest nest = make_compute_nest(lowering, stage);
  const Stmt *init = init_statement(lowering, &nest, reduce);
  const Stmt *update = update_statement(lowering, &nest, reduce);
  return wrap_loops(lowering, &nest.main, 0, nest.common,
                    flatten2(lowering->arena, init, update));
}

/* The position of the tensorized leaf, or -1. */
static int tensorized_leaf(const Stage *stage) {
  for (int i = 0; i < stage->leaf.n; i++) {
    const IterAttr *attr = stage_attr(stage, stage->leaf.at[i]);
    if (attr && attr->type == ITER_TENSORIZED) return i;
  }
  return -1;
}

const Stmt *compute_stage(Lowering *lowering, const Stage *stage) {
  int at = tensorized_leaf(stage);
  if (at >= 0) return tensorize_stage(lowering, stage, at);
  if (stage->op->reduce_axes) return reduction_stage(lowering, stage);
  return plain_stage(lowering, stage);
}
