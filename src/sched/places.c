/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives that say where a stage is computed and where its result
 * lies. */
#include <string.h>

#include "base/trap.h"
#include "sched/stage.h"

/* Does the parent read the stage's result, at however many removes? */
static bool consumes(const Stage *parent, const Stage *stage, PtrMap *seen) {
  if (parent == stage) return true;
  if (ptrmap_has(seen, parent)) return false;
  ptrmap_set(seen, parent, parent);
  for (int i = 0; i < parent->op->inputs; i++)
    if (consumes(sched_stage(stage->schedule, parent->op->input[i]), stage,
                 seen))
      return true;
  return false;
}

static void check_movable(const Stage *stage, const char *what) {
  check_has_loops(stage, what);
  if (stage->is_output)
    fail(stage->schedule->arena, D_ATTACH,
         "%s: stage '%s' is an output; it stays at the root", what,
         stage->op->name);
}

/* Is the stage attached, at however many removes, inside `inside`? */
static bool is_inside(const Stage *stage, const Stage *inside) {
  for (; stage; stage = stage->attach == ATTACH_AT ? stage->attach_stage : NULL)
    if (stage == inside) return true;
  return false;
}

void sched_compute_at(Stage *stage, Stage *parent, const IterVar *axis) {
  Arena *arena = stage->schedule->arena;
  const char *name = stage->op->name, *parent_name = parent->op->name;
  check_movable(stage, "compute_at");
  if (parent->schedule != stage->schedule)
    fail(arena, D_ATTACH, "compute_at: '%s' and '%s' are of two schedules",
         name, parent_name);
  if (is_inside(parent, stage))
    fail(arena, D_ATTACH,
         "compute_at: stage '%s' can't be inside '%s', which is inside it",
         name, parent_name);
  find_leaf(parent, axis, "compute_at");
  PtrMap seen;
  ptrmap_init(&seen, arena);
  if (!consumes(parent, stage, &seen))
    fail(arena, D_ATTACH,
         "compute_at: stage '%s' at axis '%s' of '%s', which does not use it",
         name, axis->var->hint, parent_name);
  stage->attach = ATTACH_AT;
  stage->attach_stage = parent;
  stage->attach_iter = axis;
}

void sched_compute_inline(Stage *stage) {
  check_movable(stage, "compute_inline");
  if (stage->op->reduce_axes)
    fail(stage->schedule->arena, D_ATTACH,
         "compute_inline: stage '%s' is a reduction over '%s'; it needs a "
         "place to accumulate in",
         stage->op->name, stage->op->reduce_axis[0]->var->hint);
  stage->attach = ATTACH_INLINE;
  stage->attach_stage = NULL;
  stage->attach_iter = NULL;
}

void sched_compute_root(Stage *stage) {
  check_has_loops(stage, "compute_root");
  stage->attach = ATTACH_ROOT;
  stage->attach_stage = NULL;
  stage->attach_iter = NULL;
}

static bool is_known_scope(const char *scope) {
  static const char *const ranks[] = {"global", "shared", "warp", "local"};
  for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
    size_t length = strlen(ranks[i]);
    if (strncmp(scope, ranks[i], length)) continue;
    if (scope[length] == '\0' || scope[length] == '.') return true;
  }
  return *scope == '\0';
}

void check_scope(Arena *arena, const char *name, const char *scope) {
  if (!is_known_scope(scope))
    fail(arena, D_SCHEDULE,
         "stage '%s' in scope '%s'; a scope is global, shared, warp or local, "
         "with or without a tag",
         name, scope);
}

void sched_set_scope(Stage *stage, const char *scope) {
  Arena *arena = stage->schedule->arena;
  check_scope(arena, stage->op->name, scope);
  bool in_global = !*scope || !strcmp(scope, "global");
  if (!in_global && (stage->is_output || is_placeholder(stage->op)))
    fail(arena, D_SCHEDULE,
         "stage '%s' in scope '%s'; an argument lies in global memory",
         stage->op->name, scope);
  stage->scope = arena_strdup(arena, scope);
}
