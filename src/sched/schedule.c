/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules and stages: making, finding and copying them. */
#include "base/trap.h"
#include "sched/stage.h"

void stage_reset_axes(Stage *stage) {
  Arena *arena = stage->schedule->arena;
  const Tensor *op = stage->op;
  stage->all = stage->leaf = (IterVec){0};
  stage->relation.n = 0;
  ptrmap_init(&stage->attr, arena);
  if (is_placeholder(op)) return;
  for (int i = 0; i < op->n; i++) vec_push(arena, &stage->all, op->axis[i]);
  for (int i = 0; i < op->reduce_axes; i++)
    vec_push(arena, &stage->all, op->reduce_axis[i]);
  for (int i = 0; i < stage->all.n; i++)
    vec_push(arena, &stage->leaf, stage->all.at[i]);
}

Stage *stage_new(Schedule *schedule, const Tensor *op) {
  Stage *stage = ARENA_NEW(schedule->arena, Stage);
  stage->schedule = schedule;
  stage->op = stage->origin = op;
  stage->scope = "";
  stage_reset_axes(stage);
  ptrmap_set(&schedule->of, op, stage);
  return stage;
}

/* Stages in post-order of the reads: producers before consumers. */
static void add_stages(Schedule *schedule, const Tensor *tensor) {
  if (ptrmap_has(&schedule->of, tensor)) return;
  for (int i = 0; i < tensor->inputs; i++)
    add_stages(schedule, tensor->input[i]);
  vec_push(schedule->arena, &schedule->stage, stage_new(schedule, tensor));
}

static void add_output(Schedule *schedule, const Tensor *tensor) {
  if (is_placeholder(tensor))
    fail(schedule->arena, D_SCHEDULE,
         "output '%s' is a placeholder; there is nothing to compute",
         tensor->name);
  add_stages(schedule, tensor);
  Stage *stage = ptrmap_get(&schedule->of, tensor);
  if (stage->is_output)
    fail(schedule->arena, D_SCHEDULE, "'%s' is given as an output twice",
         tensor->name);
  stage->is_output = true;
  vec_push(schedule->arena, &schedule->output, stage);
}

Schedule *sched_create(Arena *arena, int n, const Tensor *const *outputs) {
  if (n < 1) fail(arena, D_SCHEDULE, "a schedule needs at least one output");
  Schedule *schedule = ARENA_NEW(arena, Schedule);
  schedule->arena = arena;
  ptrmap_init(&schedule->of, arena);
  for (int i = 0; i < n; i++) add_output(schedule, outputs[i]);
  return schedule;
}

Stage *sched_stage(Schedule *schedule, const Tensor *tensor) {
  Stage *stage = ptrmap_get(&schedule->of, tensor);
  if (!stage)
    fail(schedule->arena, D_SCHEDULE,
         "'%s' is no tensor of this schedule: no output reads it",
         tensor->name);
  return stage;
}

int leaf_position(const Stage *stage, const IterVar *axis) {
  for (int i = 0; i < stage->leaf.n; i++)
    if (stage->leaf.at[i] == axis) return i;
  return -1;
}

const IterAttr *stage_attr(const Stage *stage, const IterVar *axis) {
  return ptrmap_get(&stage->attr, axis);
}

const IterVar *bound_thread(const Stage *stage, const IterVar *axis) {
  const IterAttr *attr = stage_attr(stage, axis);
  return attr ? attr->thread : NULL;
}

/* ---- Operations --------------------------------------------------------- */

void stage_replace(Stage *stage, const Tensor *op) {
  stage->op = op;
  ptrmap_set(&stage->schedule->of, op, stage);
}

/* Stages are met producers first, so what each one reads is final. */
void sync_reads(Arena *arena, Schedule *schedule) {
  for (int i = 0; i < schedule->stage.n; i++) {
    Stage *stage = schedule->stage.at[i];
    const Tensor *op = stage->op;
    PtrMap stale; /* Tensor -> Tensor */
    ptrmap_init(&stale, schedule->arena);
    for (int k = 0; k < op->inputs; k++) {
      const Tensor *now = sched_stage(schedule, op->input[k])->op;
      if (now != op->input[k]) ptrmap_set(&stale, op->input[k], now);
    }
    if (!stale.n) continue;
    const Expr *body = te_replace_reads(arena, stage->op->body, &stale);
    stage_replace(stage, te_with_body(arena, stage->op, body));
  }
}

/* ---- Copying ------------------------------------------------------------ */

#define COPY_VEC(arena, v)                                             \
  ((v).at = arena_copy(arena, (v).at, (size_t)(v).n * sizeof *(v).at), \
   (v).cap = (v).n)

static Stage *copy_stage(Schedule *to, const Stage *stage) {
  Stage *copy = arena_copy(to->arena, stage, sizeof *stage);
  copy->schedule = to;
  COPY_VEC(to->arena, copy->all);
  COPY_VEC(to->arena, copy->leaf);
  COPY_VEC(to->arena, copy->relation);
  /* Lowering adds entries but never changes an IterAttr. */
  ptrmap_init(&copy->attr, to->arena);
  for (int i = 0; i < stage->attr.n; i++)
    ptrmap_set(&copy->attr, stage->attr.entry[i].key,
               stage->attr.entry[i].value);
  return copy;
}

Schedule *schedule_copy(Arena *arena, const Schedule *schedule) {
  Schedule *copy = ARENA_NEW(arena, Schedule);
  PtrMap copies; /* Stage -> its copy */
  copy->arena = arena;
  ptrmap_init(&copies, arena);
  ptrmap_init(&copy->of, arena);
  for (int i = 0; i < schedule->stage.n; i++) {
    Stage *stage = copy_stage(copy, schedule->stage.at[i]);
    stage->index = i;
    vec_push(arena, &copy->stage, stage);
    ptrmap_set(&copies, schedule->stage.at[i], stage);
  }
  for (int i = 0; i < copy->stage.n; i++) {
    Stage *stage = copy->stage.at[i];
    stage->attach_stage = ptrmap_get(&copies, stage->attach_stage);
  }
  for (int i = 0; i < schedule->output.n; i++)
    vec_push(arena, &copy->output, ptrmap_get(&copies, schedule->output.at[i]));
  for (int i = 0; i < schedule->of.n; i++)
    ptrmap_set(&copy->of, schedule->of.entry[i].key,
               ptrmap_get(&copies, schedule->of.entry[i].value));
  return copy;
}
