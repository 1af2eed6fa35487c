/* SPDX-License-Identifier: Apache-2.0 */
/* Where stages stand relative to one another: who consumes whom, and the loops
 * of other stages that each one is inside of. */
#include "base/trap.h"
#include "sched/lower.h"

/* Consumers stand behind their producers, so one walk from the last stage to
 * the first knows of each stage whether an output needs it. */
static void find_consumers(Lowering *lowering) {
  const Schedule *schedule = lowering->schedule;
  bool *needed = ARENA_ARRAY(lowering->scratch, bool, schedule->stage.n);
  for (int i = schedule->stage.n - 1; i >= 0; i--) {
    Stage *stage = schedule->stage.at[i];
    if (!needed[i] && !stage->is_output) continue;
    for (int k = 0; k < stage->op->inputs; k++) {
      const Stage *producer =
          sched_stage(lowering->schedule, stage->op->input[k]);
      CHECK(producer->index < i);
      needed[producer->index] = true;
      vec_push(lowering->scratch, &lowering->plan[producer->index].consumers,
               stage);
    }
  }
}

/* The loops around the stage, from the innermost to the outermost: those of
 * its attach stage that enclose the attach point, then that stage's own. */
static void find_path(Lowering *lowering, const Stage *stage) {
  IterVec *path = &lowering->plan[stage->index].path;
  while (stage->attach == ATTACH_AT) {
    const Stage *parent = stage->attach_stage;
    int at = leaf_position(parent, stage->attach_iter);
    CHECK(at >= 0);
    for (int i = at; i >= 0; i--)
      vec_push(lowering->scratch, path, parent->leaf.at[i]);
    stage = parent;
  }
}

static void note_attached(Lowering *lowering, Stage *stage) {
  StageVec *there = ptrmap_get(&lowering->attached, stage->attach_iter);
  if (!there) {
    there = ARENA_NEW(lowering->scratch, StageVec);
    ptrmap_set(&lowering->attached, stage->attach_iter, there);
  }
  vec_push(lowering->scratch, there, stage);
}

void plan_stages(Lowering *lowering) {
  const Schedule *schedule = lowering->schedule;
  int n = schedule->stage.n;
  lowering->plan = ARENA_ARRAY(lowering->scratch, StagePlan, n);
  ptrmap_init(&lowering->attached, lowering->scratch);
  find_consumers(lowering);
  for (int i = 0; i < n; i++) {
    Stage *stage = schedule->stage.at[i];
    find_path(lowering, stage);
    if (stage->attach == ATTACH_AT) note_attached(lowering, stage);
  }
}
