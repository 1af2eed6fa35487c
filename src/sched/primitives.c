/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives that shape loops: split, fuse, reorder, tile, and what is
 * said of single loops.  Each checks all it is given before it changes
 * anything: after a refusal the schedule is as it was.
 *
 * Invariant: every leaf of a stage is in `all`, and each axis in `all` that
 * is no leaf is the operand of exactly one relation. */
#include <inttypes.h>
#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "sched/stage.h"

enum { MAX_FACTOR = 1 << 30 };

/* ---- Checks ------------------------------------------------------------- */

static bool has_axis(const Stage *stage, const IterVar *axis) {
  for (int i = 0; i < stage->all.n; i++)
    if (stage->all.at[i] == axis) return true;
  return false;
}

int find_leaf(const Stage *stage, const IterVar *axis, const char *what) {
  Arena *arena = stage->schedule->arena;
  int position = leaf_position(stage, axis);
  if (position >= 0) return position;
  if (has_axis(stage, axis))
    fail(arena, D_AXIS,
         "%s: axis '%s' of stage '%s' is no leaf any more; it was split or "
         "fused",
         what, axis->var->hint, stage->op->name);
  fail(arena, D_AXIS, "%s: axis '%s' does not belong to stage '%s'", what,
       axis->var->hint, stage->op->name);
}

/* An axis that is about to be replaced may not be a thread already. */
static void check_unbound(const Stage *stage, const IterVar *axis,
                          const char *what) {
  const IterVar *thread = bound_thread(stage, axis);
  if (thread)
    fail(stage->schedule->arena, D_SCHEDULE,
         "%s: axis '%s' of stage '%s' is bound to thread '%s'", what,
         axis->var->hint, stage->op->name, thread->var->hint);
}

static IterAttr *attr_of(Stage *stage, const IterVar *axis) {
  IterAttr *attr = ptrmap_get(&stage->attr, axis);
  if (attr) return attr;
  attr = ARENA_NEW(stage->schedule->arena, IterAttr);
  ptrmap_set(&stage->attr, axis, attr);
  return attr;
}

/* ---- Split, fuse, reorder, tile ----------------------------------------- */

static const IterVar *derived(Arena *arena, const char *hint, IterType type) {
  return make_iter(arena, (Range){0}, make_var(arena, hint, INT32), type, "");
}

static void check_split(const Stage *stage, const IterVar *axis, int64_t factor,
                        const char *what) {
  find_leaf(stage, axis, "split");
  check_unbound(stage, axis, "split");
  if (factor >= 1 && factor <= MAX_FACTOR) return;
  fail(stage->schedule->arena, D_SCHEDULE,
       "split: axis '%s' of stage '%s' into %s %" PRId64
       "; between 1 and %d are possible",
       axis->var->hint, stage->op->name, what, factor, MAX_FACTOR);
}

static void split(Stage *stage, const Relation *draft,
                  const IterVar **ret_outer, const IterVar **ret_inner) {
  Arena *arena = stage->schedule->arena;
  Relation relation = *draft;
  const IterVar *axis = relation.parent;
  const char *hint = axis->var->hint;
  int position = leaf_position(stage, axis);
  relation.outer =
      derived(arena, arena_join(arena, hint, ".outer"), axis->type);
  relation.inner =
      derived(arena, arena_join(arena, hint, ".inner"), axis->type);
  vec_push(arena, &stage->relation, relation);
  vec_push(arena, &stage->all, relation.outer);
  vec_push(arena, &stage->all, relation.inner);
  stage->leaf.at[position] = relation.outer;
  vec_insert(arena, &stage->leaf, position + 1, relation.inner);
  *ret_outer = relation.outer;
  *ret_inner = relation.inner;
}

void sched_split(Stage *stage, const IterVar *axis, int64_t factor,
                 const IterVar **ret_outer, const IterVar **ret_inner) {
  check_split(stage, axis, factor, "steps of");
  const Expr *steps = make_i32(stage->schedule->arena, factor);
  Relation draft = {.kind = REL_SPLIT, .parent = axis, .factor = steps};
  split(stage, &draft, ret_outer, ret_inner);
}

void sched_split_parts(Stage *stage, const IterVar *axis, int64_t parts,
                       const IterVar **ret_outer, const IterVar **ret_inner) {
  check_split(stage, axis, parts, "parts:");
  const Expr *steps = make_i32(stage->schedule->arena, parts);
  Relation draft = {.kind = REL_SPLIT, .parent = axis, .parts = steps};
  split(stage, &draft, ret_outer, ret_inner);
}

/* Are the axes neighbours, each next to those before it? */
static void check_fusible(const Stage *stage, int n,
                          const IterVar *const *axis) {
  int first = 0, last = 0;
  for (int i = 0; i < n; i++) {
    int at = find_leaf(stage, axis[i], "fuse");
    check_unbound(stage, axis[i], "fuse");
    if (i == 0) first = last = at;
    if (at == first - 1)
      first = at;
    else if (at == last + 1)
      last = at;
    else if (i > 0)
      fail(stage->schedule->arena, D_AXIS,
           "fuse: axes '%s' and '%s' of stage '%s' are no neighbours",
           axis[i - 1]->var->hint, axis[i]->var->hint, stage->op->name);
  }
}

static const IterVar *fuse_two(Stage *stage, const IterVar *a,
                               const IterVar *b) {
  Arena *arena = stage->schedule->arena;
  const char *hint =
      arena_printf(arena, "%s.%s.fused", a->var->hint, b->var->hint);
  IterType type = a->type > b->type ? a->type : b->type;
  const IterVar *fused = derived(arena, hint, type);
  int at_a = leaf_position(stage, a), at_b = leaf_position(stage, b);
  bool in_order = at_a < at_b;
  Relation relation = {.kind = REL_FUSE,
                       .outer = in_order ? a : b,
                       .inner = in_order ? b : a,
                       .result = fused};
  vec_push(arena, &stage->relation, relation);
  vec_push(arena, &stage->all, fused);
  int position = in_order ? at_a : at_b;
  stage->leaf.at[position] = fused;
  vec_remove(&stage->leaf, position + 1);
  return fused;
}

static const IterVar *add_singleton(Stage *stage) {
  Arena *arena = stage->schedule->arena;
  Range once = {make_i32(arena, 0), make_i32(arena, 1)};
  const Var *var = make_var(arena, "singleton", INT32);
  const IterVar *axis = make_iter(arena, once, var, ITER_DATA_PAR, "");
  Relation relation = {.kind = REL_SINGLETON, .result = axis};
  vec_push(arena, &stage->relation, relation);
  vec_push(arena, &stage->all, axis);
  vec_insert(arena, &stage->leaf, 0, axis);
  return axis;
}

void check_has_loops(const Stage *stage, const char *what) {
  if (is_placeholder(stage->op))
    fail(stage->schedule->arena, D_SCHEDULE,
         "%s: '%s' is a placeholder; it is not computed", what,
         stage->op->name);
}

const IterVar *sched_fuse(Stage *stage, int n, const IterVar *const *axis) {
  check_has_loops(stage, "fuse");
  if (n == 0) return add_singleton(stage);
  check_fusible(stage, n, axis);
  const IterVar *fused = axis[0];
  for (int i = 1; i < n; i++) fused = fuse_two(stage, fused, axis[i]);
  return fused;
}

void sched_reorder(Stage *stage, int n, const IterVar *const *axis) {
  Arena *arena = stage->schedule->arena;
  bool *moved = ARENA_ARRAY(arena, bool, stage->leaf.n);
  for (int i = 0; i < n; i++) {
    int position = find_leaf(stage, axis[i], "reorder");
    if (moved[position])
      fail(arena, D_AXIS, "reorder: axis '%s' of stage '%s' is given twice",
           axis[i]->var->hint, stage->op->name);
    moved[position] = true;
  }
  for (int i = 0, next = 0; i < stage->leaf.n; i++)
    if (moved[i]) stage->leaf.at[i] = axis[next++];
}

void sched_tile(Stage *stage, const IterVar *x, const IterVar *y,
                int64_t x_factor, int64_t y_factor, const IterVar **ret_axis) {
  const IterVar *xo, *yo, *xi, *yi;
  if (x == y)
    fail(stage->schedule->arena, D_AXIS,
         "tile: axis '%s' of stage '%s' is given twice", x->var->hint,
         stage->op->name);
  check_split(stage, x, x_factor, "steps of");
  check_split(stage, y, y_factor, "steps of");
  sched_split(stage, x, x_factor, &xo, &xi);
  sched_split(stage, y, y_factor, &yo, &yi);
  const IterVar *order[] = {xo, yo, xi, yi};
  sched_reorder(stage, 4, order);
  memcpy(ret_axis, order, sizeof order);
}

/* ---- Single loops ------------------------------------------------------- */

static bool is_virtual_tag(const char *tag) {
  return !strcmp(tag, "cthread") || !strncmp(tag, "vthread", 7);
}

static void check_thread(const Stage *stage, const IterVar *thread) {
  Arena *arena = stage->schedule->arena;
  const char *name = stage->op->name;
  if (thread->type != ITER_THREAD_INDEX)
    fail(arena, D_SCHEDULE, "bind: '%s' (for stage '%s') is no thread axis",
         thread->var->hint, name);
  if (!is_virtual_tag(thread->thread_tag))
    fail(arena, D_SCHEDULE,
         "bind: thread tag '%s' (for stage '%s'); the target has the virtual "
         "threads 'cthread' and 'vthread' only",
         thread->thread_tag, name);
  for (int i = 0; i < stage->attr.n; i++) {
    const IterAttr *attr = stage->attr.entry[i].value;
    const IterVar *axis = stage->attr.entry[i].key;
    if (attr->thread == thread)
      fail(arena, D_SCHEDULE,
           "bind: thread '%s' already has axis '%s' of stage '%s'",
           thread->var->hint, axis->var->hint, name);
  }
}

static void check_not_reduced(const Stage *stage, const IterVar *axis,
                              const char *what) {
  if (axis->type == ITER_COMM_REDUCE)
    fail(stage->schedule->arena, D_SCHEDULE,
         "%s: axis '%s' of stage '%s' is a reduction; its steps depend on one "
         "another",
         what, axis->var->hint, stage->op->name);
}

void sched_bind(Stage *stage, const IterVar *axis, const IterVar *thread) {
  find_leaf(stage, axis, "bind");
  check_unbound(stage, axis, "bind");
  check_not_reduced(stage, axis, "bind");
  check_thread(stage, thread);
  attr_of(stage, axis)->thread = thread;
}

static void set_type(Stage *stage, const IterVar *axis, IterType type,
                     const char *what) {
  find_leaf(stage, axis, what);
  attr_of(stage, axis)->type = type;
}

void sched_unroll(Stage *stage, const IterVar *axis) {
  set_type(stage, axis, ITER_UNROLLED, "unroll");
}

void sched_vectorize(Stage *stage, const IterVar *axis) {
  find_leaf(stage, axis, "vectorize");
  check_not_reduced(stage, axis, "vectorize");
  set_type(stage, axis, ITER_VECTORIZED, "vectorize");
}

void sched_parallel(Stage *stage, const IterVar *axis) {
  find_leaf(stage, axis, "parallel");
  check_not_reduced(stage, axis, "parallel");
  set_type(stage, axis, ITER_PARALLELIZED, "parallel");
}

void sched_pragma(Stage *stage, const IterVar *axis, const char *key,
                  const Expr *value) {
  Arena *arena = stage->schedule->arena;
  if (!strcmp(key, "unroll")) return sched_unroll(stage, axis);
  if (!strcmp(key, "vectorize")) return sched_vectorize(stage, axis);
  find_leaf(stage, axis, "pragma");
  IterAttr *attr = attr_of(stage, axis);
  Pragma pragma = {arena_join(arena, "pragma_", key), value};
  vec_push(arena, &attr->pragma, pragma);
}

void sched_tensorize(Stage *stage, const IterVar *axis,
                     const TensorIntrin *intrin) {
  find_leaf(stage, axis, "tensorize");
  check_unbound(stage, axis, "tensorize");
  for (int i = 0; i < stage->leaf.n; i++) {
    const IterVar *leaf = stage->leaf.at[i];
    const IterAttr *attr = stage_attr(stage, leaf);
    if (attr && attr->type == ITER_TENSORIZED && leaf != axis)
      fail(stage->schedule->arena, D_TENSORIZE,
           "tensorize: axis '%s' of stage '%s' is tensorized already; '%s' "
           "can't be too",
           leaf->var->hint, stage->op->name, axis->var->hint);
  }
  attr_of(stage, axis)->type = ITER_TENSORIZED;
  attr_of(stage, axis)->intrin = intrin;
}
