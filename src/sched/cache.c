/* SPDX-License-Identifier: Apache-2.0 */
/* cache_read and cache_write: new stages between a tensor and its readers.
 *
 * Operations are immutable, so a reader that is to read the cache becomes a
 * new operation, and so do all that read that one.  A stage keeps its place,
 * its axes and its `origin`; only its `op` changes. */
#include <string.h>

#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "sched/message.h"
#include "sched/stage.h"

/* ---- The new stage ------------------------------------------------------ */

static int stage_position(const Schedule *schedule, const Stage *stage) {
  for (int i = 0; i < schedule->stage.n; i++)
    if (schedule->stage.at[i] == stage) return i;
  BUG("stage '%s' is not in its schedule", stage->op->name);
}

static bool name_taken(const Schedule *schedule, const char *name) {
  for (int i = 0; i < schedule->stage.n; i++)
    if (!strcmp(schedule->stage.at[i]->op->name, name)) return true;
  return false;
}

/* "A.local"; "A.d.local" where that is taken, and so on. */
static const char *cache_name(const Schedule *schedule, const char *base,
                              const char *scope) {
  Arena *arena = schedule->arena;
  for (;; base = arena_printf(arena, "%s.d", base)) {
    const char *name = arena_printf(arena, "%s.%s", base, scope);
    if (!name_taken(schedule, name)) return name;
  }
}

static void insert_cache(Schedule *schedule, int position, const Tensor *op,
                         const char *scope) {
  Stage *stage = stage_new(schedule, op);
  sched_set_scope(stage, scope);
  vec_insert(schedule->arena, &schedule->stage, position, stage);
}

/* ---- cache_read --------------------------------------------------------- */

static void check_reader(const Stage *reader, const Tensor *from) {
  Arena *arena = reader->schedule->arena;
  for (int i = 0; i < reader->op->inputs; i++)
    if (reader->op->input[i] == from) return;
  fail(arena, D_SCHEDULE, "cache_read: stage '%s' does not read '%s'",
       reader->op->name, from->name);
}

static void check_readers(Schedule *schedule, const Tensor *from, int n,
                          const Tensor *const *readers) {
  Arena *arena = schedule->arena;
  if (n < 1)
    fail(arena, D_SCHEDULE, "cache_read: nobody is to read the cache of '%s'",
         from->name);
  for (int i = 0; i < n; i++) {
    const Stage *reader = sched_stage(schedule, readers[i]);
    check_reader(reader, from);
    for (int j = 0; j < i; j++)
      if (sched_stage(schedule, readers[j]) == reader)
        fail(arena, D_SCHEDULE,
             "cache_read: stage '%s' is named twice as a reader of '%s'",
             reader->op->name, from->name);
  }
}

/* The reader with its reads of `from` made reads of the cache. */
static void redirect_reader(Stage *reader, const Tensor *from,
                            const Tensor *cache) {
  Schedule *schedule = reader->schedule;
  PtrMap one; /* Tensor -> Tensor */
  ptrmap_init(&one, schedule->arena);
  ptrmap_set(&one, from, cache);
  const Expr *body = te_replace_reads(schedule->arena, reader->op->body, &one);
  stage_replace(reader, te_with_body(schedule->arena, reader->op, body));
}

const Tensor *sched_cache_read(Schedule *schedule, const Tensor *tensor,
                               const char *scope, int n,
                               const Tensor *const *readers) {
  Arena *arena = schedule->arena;
  Stage *source = sched_stage(schedule, tensor);
  const Tensor *from = source->op;
  check_scope(arena, tensor->name, scope);
  check_readers(schedule, from, n, readers);
  const IterVar **axis = ARENA_ARRAY(arena, const IterVar *, from->n);
  te_numbered_axes(arena, from->n, from->shape, "ax", axis);
  const char *name = cache_name(schedule, tensor->name, scope);
  const Tensor *cache = te_compute(arena, name, "", from->n, axis,
                                   te_read_axes(arena, from, from->n, axis));

  insert_cache(schedule, stage_position(schedule, source) + 1, cache, scope);
  for (int i = 0; i < n; i++)
    redirect_reader(sched_stage(schedule, readers[i]), from, cache);
  sync_reads(arena, schedule);
  return cache;
}

/* ---- cache_write -------------------------------------------------------- */

/* The layout of the cache: one axis for each data loop of the stage. */
typedef struct Relayout {
  Arena *arena;
  const Stage *stage;
  IterVec axis;      /* of the cache */
  PtrMap loop;       /* Var of a loop -> Var of the cache's axis */
  PtrMap root;       /* Var of a root axis -> its value in loops */
  const Expr *guard; /* which points of the cache exist; NULL: all */
} Relayout;

static bool is_root_reduction(const Stage *stage, const IterVar *axis) {
  for (int i = 0; i < stage->op->reduce_axes; i++)
    if (stage->op->reduce_axis[i] == axis) return true;
  return false;
}

static void check_cacheable(const Stage *stage) {
  Arena *arena = stage->schedule->arena;
  const Tensor *op = stage->op;
  if (is_placeholder(op))
    fail(arena, D_SCHEDULE,
         "cache_write: '%s' is a placeholder; use cache_read", op->name);
  for (int i = 0; i < stage->leaf.n; i++) {
    const IterVar *leaf = stage->leaf.at[i];
    if (leaf->type == ITER_COMM_REDUCE && !is_root_reduction(stage, leaf))
      fail(arena, D_SCHEDULE,
           "cache_write: axis '%s' of stage '%s' comes of a reduction that was "
           "split or fused; cache first",
           leaf->var->hint, op->name);
  }
}

static Relayout relayout_new(Stage *stage) {
  Arena *arena = stage->schedule->arena;
  Relayout layout = {.arena = arena, .stage = stage};
  ptrmap_init(&layout.loop, arena);
  ptrmap_init(&layout.root, arena);
  return layout;
}

static void relayout_ranges(const Relayout *layout, Messages *messages) {
  const Tensor *op = layout->stage->op;
  for (int i = 0; i < op->n; i++) {
    analyzer_bind(messages->analyzer, op->axis[i]->var, op->axis[i]->dom);
    set_iter_range(messages, op->axis[i], op->axis[i]->dom);
  }
  pass_down_ranges(messages, layout->stage, false);
}

static void add_cache_axis(Relayout *layout, const IterVar *leaf, Range range) {
  Arena *arena = layout->arena;
  const char *hint = arena_printf(arena, "%s.c", leaf->var->hint);
  const Var *var = make_var(arena, hint, INT32);
  vec_push(arena, &layout->axis, make_iter(arena, range, var, leaf->type, ""));
  ptrmap_set(&layout->loop, leaf->var, var);
}

static void make_guard(Relayout *layout, Messages *messages,
                       const PtrMap *values) {
  Arena *arena = layout->arena;
  const Tensor *op = layout->stage->op;
  BoundCheck check = {.skip_domain = true, .value = values};
  ptrmap_init(&check.skip, arena);
  for (int i = 0; i < op->reduce_axes; i++)
    ptrmap_set(&check.skip, op->reduce_axis[i], op);
  ExprVec guard = bound_checks(messages, layout->stage, &check);
  for (int i = 0; i < guard.n; i++)
    layout->guard =
        layout->guard ? ex_and(arena, layout->guard, guard.at[i]) : guard.at[i];
}

/* The cache's axes, the root axes as functions of the loops, and the guard. */
static void relayout_axes(Relayout *layout, Messages *messages) {
  const Stage *stage = layout->stage;
  const Tensor *op = stage->op;
  PtrMap value; /* IterVar -> Expr */
  ptrmap_init(&value, layout->arena);
  for (int i = 0; i < stage->leaf.n; i++) {
    const IterVar *leaf = stage->leaf.at[i];
    if (is_root_reduction(stage, leaf)) continue;
    add_cache_axis(layout, leaf, iter_range(messages, leaf));
    ptrmap_set(&value, leaf, leaf->var);
  }
  pass_up_values(messages, stage, &value);
  for (int i = 0; i < op->n; i++)
    ptrmap_set(&layout->root, op->axis[i]->var,
               ptrmap_get(&value, op->axis[i]));
  make_guard(layout, messages, &value);
}

/* The body with the guard put on it. */
static const Expr *guarded(Arena *arena, const Expr *body, const Expr *guard) {
  const Reduce *reduce = as_reduce(body);
  if (!guard) return body;
  if (reduce)
    return make_reduce(arena, reduce->combiner, reduce->source, reduce->n,
                       reduce->axis, ex_and(arena, reduce->condition, guard));
  return ex_select(arena, guard, body, make_const(arena, body->type, 0));
}

static const Tensor *cache_of(Relayout *layout, const char *name) {
  const Tensor *op = layout->stage->op;
  const Expr *body = substitute_expr(layout->arena, op->body, &layout->root);
  body = guarded(layout->arena, body, layout->guard);
  body = substitute_expr(layout->arena, body, &layout->loop);
  return te_compute(layout->arena, name, op->tag, layout->axis.n,
                    layout->axis.at, body);
}

/* What the stage becomes: a copy of the cache at the point of its axes. */
static const Tensor *copy_of(Relayout *layout, Messages *messages,
                             const Tensor *cache) {
  const Stage *stage = layout->stage;
  const Tensor *op = stage->op;
  PtrMap value; /* IterVar -> Expr */
  ptrmap_init(&value, layout->arena);
  for (int i = 0; i < op->n; i++)
    ptrmap_set(&value, op->axis[i], op->axis[i]->var);
  pass_down_values(messages, stage, &value);
  const Expr **index = ARENA_ARRAY(layout->arena, const Expr *, layout->axis.n);
  for (int i = 0, k = 0; i < stage->leaf.n; i++)
    if (!is_root_reduction(stage, stage->leaf.at[i]))
      index[k++] = ptrmap_get(&value, stage->leaf.at[i]);
  const Expr *read = te_read(layout->arena, cache, layout->axis.n, index);
  return te_with_body(layout->arena, op, read);
}

const Tensor *sched_cache_write(Schedule *schedule, const Tensor *tensor,
                                const char *scope) {
  Stage *stage = sched_stage(schedule, tensor);
  Arena *arena = schedule->arena;
  check_scope(arena, tensor->name, scope);
  check_cacheable(stage);
  Relayout layout = relayout_new(stage);
  Messages messages;
  messages_init(&messages, arena, arena);
  relayout_ranges(&layout, &messages);
  relayout_axes(&layout, &messages);
  const char *name = arena_printf(arena, "%s.%s", stage->op->name, scope);
  const Tensor *cache = cache_of(&layout, name);
  const Tensor *copy = copy_of(&layout, &messages, cache);

  insert_cache(schedule, stage_position(schedule, stage), cache, scope);
  stage_replace(stage, copy);
  stage_reset_axes(stage);
  sync_reads(arena, schedule);
  return cache;
}
