/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of sched/ need of stages beyond the primitives. */
#ifndef SCHED_STAGE_H
#define SCHED_STAGE_H

#include "sched/sched.h"

/* A stage of the operation, not yet in the schedule's order. */
Stage *stage_new(Schedule *schedule, const Tensor *op);
/* The loops of an unscheduled stage. */
void stage_reset_axes(Stage *stage);

/* Refuses a placeholder; `what` is the primitive. */
void check_has_loops(const Stage *stage, const char *what);
/* The position of the axis among the leaves, or a refusal. */
int find_leaf(const Stage *stage, const IterVar *axis, const char *what);
int leaf_position(const Stage *stage, const IterVar *axis); /* -1: no leaf */
const IterAttr *stage_attr(const Stage *stage, const IterVar *axis);
const IterVar *bound_thread(const Stage *stage, const IterVar *axis);

/* Makes every operation read the operations that the stages now have, in the
 * place of those they had before. */
void sync_reads(Arena *arena, Schedule *schedule);
/* The stage has another operation; sync_reads has to follow. */
void stage_replace(Stage *stage, const Tensor *op);

/* Refuses what is no storage scope, for the stage of that name. */
void check_scope(Arena *arena, const char *name, const char *scope);

/* A deep copy; stages are numbered by `index`. */
Schedule *schedule_copy(Arena *arena, const Schedule *schedule);

/* The schedule as lowering wants it: a copy in `scratch` (nodes that the
 * result shows are in `arena`) in which inlined stages are gone from their
 * readers' bodies and every loop starts at 0. */
Schedule *sched_normalize(Arena *arena, Arena *scratch,
                          const Schedule *schedule);

#endif
