/* SPDX-License-Identifier: Apache-2.0 */
/* Tensorization: the loops from one leaf inwards become an intrinsic.
 *
 * The outer loops held fixed, the inner ones cover a region of the output and
 * of each input.  The stage's body restricted to that region must be the
 * intrinsic's pattern: axes and reads are renamed to the pattern's and both
 * are simplified and compared.  Leading dimensions of which the region has one
 * point may be missing from the pattern.  The intrinsic's buffers are then
 * bound to the regions around its statements.
 *
 * After TVM 0.9's tensorize.cc. */
#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/debug_text.h"
#include "ir/traverse.h"
#include "sched/lower.h"

typedef struct Tensorizing {
  Lowering *lowering;
  const Stage *stage;
  const TensorIntrin *intrin;
  int at;              /* the tensorized leaf */
  Range *out, *reduce; /* of the data and reduction axes in the region */
  Range **in;          /* of each dimension of each input */
} Tensorizing;

/* Starts every message about the part. */
#define PART "tensorize of stage '%s' at axis '%s' by '%s': "
#define PART_ARGS(t)                                             \
  (t)->stage->op->name, (t)->stage->leaf.at[(t)->at]->var->hint, \
      (t)->intrin->name

/* ---- The region --------------------------------------------------------- */

static IntSet leaf_set(const Tensorizing *t, int i) {
  const IterVar *axis = t->stage->leaf.at[i];
  Range range = iter_range(&t->lowering->messages, axis);
  if (is_const(range.extent, 1)) return set_point(range.min);
  if (i < t->at) return set_point(&axis->var->e);
  return set_range(t->lowering->arena, range);
}

static void check_inner_leaf(const Tensorizing *t, int i) {
  const IterVar *axis = t->stage->leaf.at[i];
  Arena *arena = t->lowering->arena;
  if (bound_thread(t->stage, axis))
    fail(arena, D_TENSORIZE, PART "axis '%s' inside it is bound to a thread",
         PART_ARGS(t), axis->var->hint);
  const StageVec *there = ptrmap_get(&t->lowering->attached, axis);
  if (there)
    fail(arena, D_ATTACH, PART "stage '%s' is computed at axis '%s' inside it",
         PART_ARGS(t), there->at[0]->op->name, axis->var->hint);
}

/* Binds the roots in `analyzer` to their ranges in the region, and `roots`
 * (Var -> IntSet) to their sets. */
static void infer_axes(Tensorizing *t, Analyzer *analyzer, PtrMap *roots) {
  Lowering *lowering = t->lowering;
  const Tensor *op = t->stage->op;
  PtrMap sets; /* IterVar -> IntSet */
  ptrmap_init(&sets, lowering->scratch);
  for (int i = 0; i < t->stage->leaf.n; i++) {
    if (i >= t->at) check_inner_leaf(t, i);
    ptrmap_set(&sets, t->stage->leaf.at[i],
               keep_set(lowering->scratch, leaf_set(t, i)));
  }
  pass_up_sets(&lowering->messages, t->stage, &sets);
  for (int i = 0; i < op->n + op->reduce_axes; i++) {
    bool data = i < op->n;
    const IterVar *axis = data ? op->axis[i] : op->reduce_axis[i - op->n];
    const IntSet *set = ptrmap_get(&sets, axis);
    Range all = iter_range(&lowering->messages, axis);
    Range range = set_cover(lowering->messages.blank, set, all);
    analyzer_bind(analyzer, axis->var, range);
    ptrmap_set(roots, axis->var, set);
    *(data ? &t->out[i] : &t->reduce[i - op->n]) = range;
  }
}

static void infer_input(Tensorizing *t, Analyzer *analyzer, const PtrMap *roots,
                        int k) {
  Lowering *lowering = t->lowering;
  const Tensor *input = t->stage->op->input[k];
  SetVec *dim = ARENA_ARRAY(lowering->scratch, SetVec, input->n);
  read_region(lowering, analyzer, t->stage->op, roots, input, dim);
  t->in[k] = ARENA_ARRAY(lowering->scratch, Range, input->n);
  for (int i = 0; i < input->n; i++) {
    Analyzer *blank = lowering->messages.blank;
    IntSet set = set_union(blank, dim[i].n, dim[i].at);
    t->in[k][i] = set_cover(blank, &set, (Range){0});
    if (!t->in[k][i].min)
      fail(lowering->arena, D_TENSORIZE,
           PART "which part of '%s' is read in dimension %d can't be said",
           PART_ARGS(t), input->name, i);
  }
}

static void infer_region(Tensorizing *t) {
  Lowering *lowering = t->lowering;
  const Tensor *op = t->stage->op;
  int n = op->inputs;
  if (n != t->intrin->inputs)
    fail(lowering->arena, D_TENSORIZE,
         PART "the stage reads %d tensors, the intrinsic %d", PART_ARGS(t), n,
         t->intrin->inputs);
  t->out = ARENA_ARRAY(lowering->scratch, Range, op->n);
  t->reduce = ARENA_ARRAY(lowering->scratch, Range, op->reduce_axes);
  t->in = ARENA_ARRAY(lowering->scratch, Range *, n);
  Analyzer *analyzer = analyzer_new(lowering->arena);
  PtrMap roots; /* Var -> IntSet */
  ptrmap_init(&roots, lowering->scratch);
  infer_axes(t, analyzer, &roots);
  for (int k = 0; k < n; k++) infer_input(t, analyzer, &roots, k);
}

/* ---- The match ---------------------------------------------------------- */

typedef struct Matcher {
  Rewriter rw;
  const Tensorizing *t;
  Analyzer *analyzer; /* knows the loops and the pattern's axes */
  PtrMap axis;        /* Var of a root -> Expr over the pattern's axes */
} Matcher;

static const Expr *match_var(Rewriter *rewriter, const Expr *expr) {
  const Expr *value = ptrmap_get(&((Matcher *)rewriter)->axis, expr);
  return value ? value : expr;
}

/* A read of an input as one of the pattern's: relative to the region. */
static const Expr *match_load(Rewriter *rewriter, const Expr *expr) {
  const Matcher *matcher = (Matcher *)rewriter;
  const Tensorizing *t = matcher->t;
  const Load *load = AS(Load, rewrite_expr_children(rewriter, expr));
  int k = 0;
  while (t->stage->op->input[k] != load->buffer->tensor) k++;
  const Tensor *pattern = t->intrin->op->input[k];
  const Expr **index = ARENA_ARRAY(rewriter->arena, const Expr *, pattern->n);
  int start = load->n - pattern->n;
  for (int i = 0; i < pattern->n; i++)
    index[i] = ex_sub(rewriter->arena, load->index[start + i],
                      t->in[k][start + i].min);
  return make_load(rewriter->arena, pattern->buffer, pattern->n, index);
}

/* Do the last `n` of the `m` ranges have the extents of the pattern, and the
 * ones before a single point? */
static void check_extents(const Matcher *matcher, const char *what, int m,
                          const Range *range, int n,
                          const Expr *const *extent) {
  const Tensorizing *t = matcher->t;
  Arena *arena = t->lowering->arena;
  if (m < n)
    fail(arena, D_TENSORIZE,
         PART "%s has %d dimensions, the intrinsic's has %d", PART_ARGS(t),
         what, m, n);
  for (int i = 0; i < m; i++) {
    const Expr *wanted = i < m - n ? make_i32(arena, 1) : extent[i - (m - n)];
    if (!can_prove_equal(matcher->analyzer, range[i].extent, wanted))
      fail(arena, D_TENSORIZE,
           PART "%s has extent %s in dimension %d; the intrinsic asks for %s",
           PART_ARGS(t), what, brief_text(arena, range[i].extent), i,
           brief_text(arena, wanted));
  }
}

static void check_input_extents(const Matcher *matcher) {
  const Tensorizing *t = matcher->t;
  for (int k = 0; k < t->intrin->inputs; k++) {
    const Tensor *input = t->stage->op->input[k];
    const Tensor *pattern = t->intrin->op->input[k];
    const char *what = arena_printf(t->lowering->scratch, "'%s'", input->name);
    check_extents(matcher, what, input->n, t->in[k], pattern->n,
                  pattern->shape);
  }
}

/* Maps m root axes to the n of the pattern, counted from the last. */
static void match_axes(Matcher *matcher, const char *what, int m,
                       const IterVar *const *axis, const Range *range, int n,
                       const IterVar *const *pattern) {
  Arena *arena = matcher->rw.arena;
  const Expr **extent =
      ARENA_ARRAY(matcher->t->lowering->scratch, const Expr *, n);
  for (int i = 0; i < n; i++) {
    extent[i] = pattern[i]->dom.extent;
    analyzer_bind(matcher->analyzer, pattern[i]->var, pattern[i]->dom);
  }
  check_extents(matcher, what, m, range, n, extent);
  for (int i = 0; i < m; i++) {
    const Expr *value = range[i].min;
    if (i >= m - n) value = ex_add(arena, &pattern[i - (m - n)]->var->e, value);
    ptrmap_set(&matcher->axis, axis[i]->var, value);
  }
}

static void compare(Matcher *matcher, const Expr *body, const Expr *pattern) {
  const Tensorizing *t = matcher->t;
  Arena *arena = t->lowering->arena;
  const Expr *mine = rewrite_expr(&matcher->rw, body);
  mine = simplify(matcher->analyzer, mine);
  pattern = simplify(matcher->analyzer, pattern);
  if (expr_equal(mine, pattern)) return;
  fail(arena, D_TENSORIZE,
       PART "the stage computes %s (%s), the intrinsic %s (%s)", PART_ARGS(t),
       brief_text(arena, mine), dtype_name(arena, mine->type),
       brief_text(arena, pattern), dtype_name(arena, pattern->type));
}

static void compare_bodies(Matcher *matcher) {
  const Tensorizing *t = matcher->t;
  const Expr *body = t->stage->op->body, *pattern = t->intrin->op->body;
  const Reduce *mine = as_reduce(body), *other = as_reduce(pattern);
  bool same = !mine == !other && (!mine || mine->combiner == other->combiner);
  if (!same)
    fail(t->lowering->arena, D_TENSORIZE,
         PART "the stage and the intrinsic do not reduce in the same way",
         PART_ARGS(t));
  if (!mine) {
    compare(matcher, body, pattern);
    return;
  }
  compare(matcher, mine->source, other->source);
  compare(matcher, mine->condition, other->condition);
}

static void verify_body(const Tensorizing *t) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = match_var, [LOAD] = match_load};
  Lowering *lowering = t->lowering;
  const Tensor *op = t->stage->op, *pattern = t->intrin->op;
  Matcher matcher = {.rw = REWRITER(lowering->arena, exprs, NULL),
                     .t = t,
                     .analyzer = analyzer_new(lowering->arena)};
  ptrmap_init(&matcher.axis, lowering->scratch);
  for (int i = 0; i < t->stage->leaf.n; i++) {
    const IterVar *leaf = t->stage->leaf.at[i];
    analyzer_bind(matcher.analyzer, leaf->var,
                  iter_range(&lowering->messages, leaf));
  }
  match_axes(&matcher, "the output", op->n, op->axis, t->out, pattern->n,
             pattern->axis);
  match_axes(&matcher, "the reduction", op->reduce_axes, op->reduce_axis,
             t->reduce, pattern->reduce_axes, pattern->reduce_axis);
  check_input_extents(&matcher);
  compare_bodies(&matcher);
}

/* Conditions are put around the intrinsic, so none may concern its inside. */
static void verify_checks(const Tensorizing *t, const LoopNest *nest,
                          const ExprVec *checks) {
  for (int i = t->at; nest->loop && i < t->stage->leaf.n; i++) {
    for (int k = 0; nest->loop[i] && k < checks->n; k++)
      if (expr_uses(checks->at[k], nest->loop[i]))
        fail(t->lowering->arena, D_TENSORIZE,
             PART "the bound check %s depends on axis '%s' inside it",
             PART_ARGS(t), brief_text(t->lowering->arena, checks->at[k]),
             t->stage->leaf.at[i]->var->hint);
  }
}

/* ---- The statements ----------------------------------------------------- */

static const Stmt *bind_buffer(const Tensorizing *t, const Buffer *view,
                               const Buffer *target, const Range *region,
                               const PtrMap *map, const Stmt *body) {
  Arena *arena = t->lowering->arena;
  int n = target->n;
  const Expr **arg = ARENA_ARRAY(t->lowering->scratch, const Expr *, 2 * n);
  for (int i = 0; i < n; i++) {
    arg[2 * i] = substitute_expr(arena, region[i].min, map);
    arg[2 * i + 1] = substitute_expr(arena, region[i].extent, map);
  }
  const Expr *tuple = make_call(arena, HANDLE, OP_TUPLE, 2 * n, arg);
  return make_attr(arena, on_pair(view, target), "buffer_bind_scope", tuple,
                   body);
}

static const Stmt *bind_output(const Tensorizing *t, const PtrMap *map,
                               const Stmt *body) {
  const Buffer *target = t->lowering->plan[t->stage->index].buffer;
  return bind_buffer(t, t->intrin->output, target, t->out, map, body);
}

static const Stmt *bind_all(const Tensorizing *t, const PtrMap *map,
                            const Stmt *body) {
  body = bind_output(t, map, body);
  for (int k = t->intrin->inputs - 1; k >= 0; k--) {
    const Buffer *target = tensor_buffer(t->lowering, t->stage->op->input[k]);
    body = bind_buffer(t, t->intrin->input[k], target, t->in[k], map, body);
  }
  return body;
}

static const Stmt *init_part(const Tensorizing *t, const ComputeNest *nest) {
  Lowering *lowering = t->lowering;
  PtrMap map = value_substitution(lowering, &nest->init.value);
  const Stmt *init = bind_output(t, &map, t->intrin->reset);
  init = wrap_conditions(lowering->arena, &nest->init_checks, init);
  return wrap_loops(lowering, &nest->init, nest->common, t->at, init);
}

/* The intrinsic's statement inside the main loops from `first` on. */
static const Stmt *main_part(const Tensorizing *t, const ComputeNest *nest,
                             int first, const Stmt *statement) {
  Lowering *lowering = t->lowering;
  PtrMap map = value_substitution(lowering, &nest->main.value);
  const Stmt *body = bind_all(t, &map, statement);
  body = wrap_conditions(lowering->arena, &nest->main_checks, body);
  return wrap_loops(lowering, &nest->main, first, t->at, body);
}

static const Stmt *need(const Tensorizing *t, const Stmt *statement,
                        const char *what) {
  if (!statement)
    fail(t->lowering->arena, D_TENSORIZE,
         PART "the intrinsic has no statement to %s", PART_ARGS(t), what);
  return statement;
}

const Stmt *tensorize_stage(Lowering *lowering, const Stage *stage, int at) {
  const IterAttr *attr = stage_attr(stage, stage->leaf.at[at]);
  Tensorizing t = {
      .lowering = lowering, .stage = stage, .intrin = attr->intrin, .at = at};
  infer_region(&t);
  ComputeNest nest = make_compute_nest(lowering, stage);
  verify_checks(&t, &nest.main, &nest.main_checks);
  verify_checks(&t, &nest.init, &nest.init_checks);
  verify_body(&t);
  if (at <= nest.common) /* all that reduces is inside the intrinsic */
    return main_part(&t, &nest, 0, need(&t, t.intrin->body, "compute it"));
  need(&t, t.intrin->update, "accumulate");
  const Stmt *init = init_part(&t, &nest);
  const Stmt *update = main_part(&t, &nest, nest.common, t.intrin->update);
  return wrap_loops(lowering, &nest.main, 0, nest.common,
                    flatten2(lowering->arena, init, update));
}
