/* SPDX-License-Identifier: Apache-2.0 */
/* Bound inference: how much of each tensor its consumers need.
 *
 * Stages are visited consumers first.  A stage's root axes get the union of
 * what every consumer reads of the tensor during one execution of the loops
 * that the stage is attached inside of: those loops count as points, all
 * others (and loops over threads that share the stage's memory) as their
 * whole range.  From the roots the ranges flow down to all axes.
 *
 * After TVM 0.9's bound.cc and the PropBoundToInputs of its operations. */
#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "sched/lower.h"

/* ---- Regions of reads --------------------------------------------------- */

typedef struct RegionWalk {
  Lowering *lowering;
  Analyzer *analyzer;
  const PtrMap *sets;
  const Tensor *input;
  SetVec *dim;
} RegionWalk;

/* All of a dimension, where that is provably no more than what the index may
 * reach; both ends are taken together or not at all. */
static IntSet clip_to_shape(const RegionWalk *walk, IntSet set,
                            const Expr *extent) {
  Arena *arena = walk->lowering->arena;
  const Expr *first = make_const(arena, extent->type, 0);
  const Expr *last = ex_addi(arena, extent, -1);
  IntSet all = {first, last};
  bool low = set.lo == NEG_INF, high = set.hi == POS_INF;
  if (low && high) return all;
  low = low || can_prove(walk->analyzer, ex_ge(arena, first, set.lo));
  if (!low) return set;
  high = high || can_prove(walk->analyzer, ex_le(arena, last, set.hi));
  return high ? all : set;
}

static void note_region(void *self, const Expr *expr) {
  RegionWalk *walk = self;
  const Load *load = as_load(expr);
  if (!load || load->buffer != walk->input->buffer) return;
  for (int i = 0; i < load->n; i++) {
    IntSet set = eval_set(walk->analyzer, load->index[i], walk->sets);
    set = clip_to_shape(walk, set, walk->input->shape[i]);
    vec_push(walk->lowering->scratch, &walk->dim[i], set);
  }
}

void read_region(Lowering *lowering, Analyzer *analyzer, const Tensor *op,
                 const PtrMap *sets, const Tensor *input, SetVec *ret_dim) {
  RegionWalk walk = {lowering, analyzer, sets, input, ret_dim};
  post_order_expr(lowering->scratch, op->body, &walk, note_region);
}

/* ---- Which loops are relaxed -------------------------------------------- */

/* Ranks of memories and threads: memory of a rank is shared by the threads of
 * the same and higher ranks, if they run around it. */
enum { RANK_GLOBAL, RANK_SHARED, RANK_WARP, RANK_LOCAL };
enum { RANK_VIRTUAL_THREAD = 1 };

/* The rank of the stage's memory: of its scope, or by default one that the
 * threads around it do not share. */
static int memory_rank(const Lowering *lowering, const Stage *stage) {
  const char *scope = stage->scope;
  if (!strncmp(scope, "global", 6)) return RANK_GLOBAL;
  if (!strncmp(scope, "shared", 6)) return RANK_SHARED;
  if (!strncmp(scope, "warp", 4)) return RANK_WARP;
  if (!strncmp(scope, "local", 5)) return RANK_LOCAL;
  const IterVec *path = &lowering->plan[stage->index].path;
  for (int i = 0; i < path->n; i++)
    if (ptrmap_has(&lowering->thread, path->at[i])) return RANK_LOCAL;
  return RANK_GLOBAL;
}

/* What one stage asks of one consumer. */
typedef struct Demand {
  Lowering *lowering;
  const Stage *stage, *consumer;
  const IterVar *attach; /* the loop just around the stage, or NULL */
  int rank;
  bool inside;  /* the attach point was met on the way outwards */
  PtrMap sets;  /* IterVar -> IntSet, of the consumer's axes */
  PtrMap relax; /* Var -> IntSet, of outer loops that count as ranges */
} Demand;

static bool is_relaxed(const Demand *demand, const IterVar *axis) {
  bool thread = ptrmap_has(&demand->lowering->thread, axis);
  return !demand->inside || (thread && demand->rank <= RANK_VIRTUAL_THREAD);
}

static const Var *loop_var(const Lowering *lowering, const IterVar *axis) {
  const IterVar *thread = ptrmap_get(&lowering->thread, axis);
  return thread ? thread->var : axis->var;
}

static IntSet leaf_set(const Demand *demand, const IterVar *axis) {
  Lowering *lowering = demand->lowering;
  Range range = iter_range(&lowering->messages, axis);
  if (is_const(range.extent, 1)) return set_point(range.min);
  if (is_relaxed(demand, axis)) return set_range(lowering->arena, range);
  const Expr *var = &loop_var(lowering, axis)->e;
  if (is_const(range.min, 0)) return set_point(var);
  /* Axes of threads are not rebased; the loop nest refuses this one. */
  CHECK(ptrmap_has(&lowering->thread, axis));
  return set_point(ex_add(lowering->arena, range.min, var));
}

/* The sets of the consumer's own loops, innermost first. */
static void visit_leaves(Demand *demand) {
  Arena *scratch = demand->lowering->scratch;
  for (int i = demand->consumer->leaf.n - 1; i >= 0; i--) {
    const IterVar *axis = demand->consumer->leaf.at[i];
    if (axis == demand->attach) demand->inside = true;
    ptrmap_set(&demand->sets, axis, keep_set(scratch, leaf_set(demand, axis)));
  }
}

/* The loops around the consumer: those that count as their whole range. */
static void visit_path(Demand *demand) {
  Lowering *lowering = demand->lowering;
  const IterVec *path = &lowering->plan[demand->consumer->index].path;
  for (int i = 0; i < path->n; i++) {
    const IterVar *axis = path->at[i];
    if (axis == demand->attach) demand->inside = true;
    if (!is_relaxed(demand, axis)) continue;
    Range range = iter_range(&lowering->messages, axis);
    const IntSet *set =
        keep_set(lowering->scratch, set_range(lowering->arena, range));
    ptrmap_set(&demand->relax, axis->var, set);
    ptrmap_set(&demand->relax, loop_var(lowering, axis), set);
  }
}

/* [min of the range's first, max of its last] over the relaxed loops. */
static IntSet relaxed_set(const Demand *demand, Range range) {
  Lowering *lowering = demand->lowering;
  Arena *arena = lowering->arena;
  if (!demand->relax.n) return set_range(arena, range);
  Analyzer *blank = lowering->messages.blank;
  const Expr *last = ex_add(arena, range.min, range.extent);
  last = ex_addi(arena, last, -1);
  return (IntSet){eval_set(blank, range.min, &demand->relax).lo,
                  eval_set(blank, last, &demand->relax).hi};
}

static void root_set(const Demand *demand, const IterVar *root,
                     Analyzer *analyzer, PtrMap *roots) {
  Lowering *lowering = demand->lowering;
  const IntSet *set = ptrmap_get(&demand->sets, root);
  Range range = root->dom;
  if (set) range = set_cover(lowering->messages.blank, set, root->dom);
  ptrmap_set(roots, root->var,
             keep_set(lowering->scratch, relaxed_set(demand, range)));
  analyzer_bind(analyzer, root->var, range);
}

static void ask_consumer(Demand *demand, SetVec *dim) {
  Lowering *lowering = demand->lowering;
  const Stage *consumer = demand->consumer;
  const Tensor *op = consumer->op;
  ptrmap_init(&demand->sets, lowering->scratch);
  ptrmap_init(&demand->relax, lowering->scratch);
  visit_leaves(demand);
  visit_path(demand);
  if (demand->attach && !demand->inside)
    fail(lowering->arena, D_ATTACH,
         "stage '%s' is computed at axis '%s' of '%s', but '%s', which uses "
         "it, runs outside of that loop",
         demand->stage->op->name, demand->attach->var->hint,
         demand->stage->attach_stage->op->name, op->name);
  pass_up_sets(&lowering->messages, consumer, &demand->sets);

  PtrMap roots; /* Var -> IntSet */
  ptrmap_init(&roots, lowering->scratch);
  Analyzer *analyzer = lowering->messages.reader;
  analyzer_forget(analyzer);
  for (int i = 0; i < op->n; i++)
    root_set(demand, op->axis[i], analyzer, &roots);
  for (int i = 0; i < op->reduce_axes; i++)
    root_set(demand, op->reduce_axis[i], analyzer, &roots);
  read_region(lowering, analyzer, op, &roots, demand->stage->op, dim);
}

/* ---- Root axes ---------------------------------------------------------- */

static void declared_bounds(Lowering *lowering, const Tensor *op) {
  for (int i = 0; i < op->n; i++)
    set_iter_range(&lowering->messages, op->axis[i], op->axis[i]->dom);
}

/* Does the size change with the loops around, as where parts of a fused axis
 * lie in two rows or three, or an element and its mirror image are needed?
 * Memory is allocated outside of them: then all of the dimension is taken. */
static bool size_varies(const Lowering *lowering, const Expr *extent) {
  return !as_int(extent) &&
         !as_int(simplify(lowering->messages.analyzer, extent));
}

static void demanded_bounds(Lowering *lowering, const Stage *stage) {
  const Tensor *op = stage->op;
  const StagePlan *plan = &lowering->plan[stage->index];
  SetVec *dim = ARENA_ARRAY(lowering->scratch, SetVec, op->n);
  Demand demand = {.lowering = lowering,
                   .stage = stage,
                   .attach = plan->path.n ? plan->path.at[0] : NULL,
                   .rank = memory_rank(lowering, stage)};
  for (int i = 0; i < plan->consumers.n; i++) {
    demand.consumer = plan->consumers.at[i];
    demand.inside = false;
    ask_consumer(&demand, dim);
  }
  Analyzer *blank = lowering->messages.blank;
  for (int i = 0; i < op->n; i++) {
    Range range = op->axis[i]->dom;
    if (dim[i].n) {
      IntSet all = set_union(blank, dim[i].n, dim[i].at);
      range = set_cover(blank, &all, range);
      if (size_varies(lowering, range.extent)) range = op->axis[i]->dom;
    }
    set_iter_range(&lowering->messages, op->axis[i], range);
  }
}

static void bind_root(Lowering *lowering, const IterVar *axis) {
  Messages *messages = &lowering->messages;
  analyzer_bind(messages->analyzer, axis->var, iter_range(messages, axis));
}

static void infer_stage(Lowering *lowering, const Stage *stage) {
  const Tensor *op = stage->op;
  if (stage->is_output)
    declared_bounds(lowering, op);
  else
    demanded_bounds(lowering, stage);
  for (int i = 0; i < op->reduce_axes; i++)
    set_iter_range(&lowering->messages, op->reduce_axis[i],
                   op->reduce_axis[i]->dom);
  for (int i = 0; i < op->n; i++) bind_root(lowering, op->axis[i]);
  for (int i = 0; i < op->reduce_axes; i++)
    bind_root(lowering, op->reduce_axis[i]);
  pass_down_ranges(&lowering->messages, stage, true);
}

/* The axes that threads run over. */
static void find_threads(Lowering *lowering) {
  ptrmap_init(&lowering->thread, lowering->scratch);
  for (int i = 0; i < lowering->schedule->stage.n; i++) {
    const Stage *stage = lowering->schedule->stage.at[i];
    for (int k = 0; k < stage->leaf.n; k++) {
      const IterVar *thread = bound_thread(stage, stage->leaf.at[k]);
      if (thread) ptrmap_set(&lowering->thread, stage->leaf.at[k], thread);
    }
  }
}

void infer_bounds(Lowering *lowering) {
  Messages *messages = &lowering->messages;
  find_threads(lowering);
  for (int i = lowering->schedule->stage.n - 1; i >= 0; i--) {
    const Stage *stage = lowering->schedule->stage.at[i];
    if (stage->attach == ATTACH_INLINE || is_placeholder(stage->op)) continue;
    infer_stage(lowering, stage);
  }
  for (int i = 0; i < messages->range.n; i++) {
    Range *range = messages->range.entry[i].value;
    range->min = simplify(messages->analyzer, range->min);
    range->extent = simplify(messages->analyzer, range->extent);
  }
}
