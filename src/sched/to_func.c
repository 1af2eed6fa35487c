/* SPDX-License-Identifier: Apache-2.0 */
/* From a schedule to a function: buffers for the tensors, parameters for the
 * arguments, and the steps of lowering in their order. */
#include "base/trap.h"
#include "ir/make.h"
#include "sched/lower.h"

/* ---- Buffers ------------------------------------------------------------ */

/* The memory of a stage: named after what the user declared, whatever the
 * schedule has made of it. */
static const Buffer *new_buffer(Arena *arena, const Tensor *tensor,
                                const char *scope) {
  const Var *data = make_pointer(arena, tensor->name, tensor->type, scope);
  return make_buffer(arena, data, tensor->type, tensor->name, tensor->n,
                     tensor->shape);
}

static Param argument(Lowering *lowering, int position, const Tensor *tensor) {
  Arena *arena = lowering->arena;
  Stage *stage = ptrmap_get(&lowering->schedule->of, tensor);
  if (!stage)
    fail(arena, D_LOWER_ARGS, "argument %d ('%s') is no tensor of the schedule",
         position, tensor->name);
  StagePlan *plan = &lowering->plan[stage->index];
  if (plan->buffer)
    fail(arena, D_LOWER_ARGS, "argument %d ('%s') is given twice", position,
         tensor->name);
  if (stage->attach == ATTACH_INLINE)
    fail(arena, D_LOWER_ARGS,
         "argument %d ('%s') is computed inline and has no memory", position,
         tensor->name);
  plan->buffer = new_buffer(arena, stage->origin, "");
  const char *name = plan->buffer->name;
  return (Param){.var = make_var(arena, name, HANDLE), .buffer = plan->buffer};
}

static void check_given(Lowering *lowering, const Stage *stage) {
  if (lowering->plan[stage->index].buffer) return;
  if (stage->is_output)
    fail(lowering->arena, D_LOWER_ARGS,
         "output '%s' is not among the arguments", stage->origin->name);
  if (is_placeholder(stage->op))
    fail(lowering->arena, D_LOWER_ARGS,
         "placeholder '%s' is not among the arguments", stage->origin->name);
}

static const Param *plan_buffers(Lowering *lowering, int nargs,
                                 const Tensor *const *args) {
  Param *param = ARENA_ARRAY(lowering->arena, Param, nargs);
  for (int i = 0; i < nargs; i++) param[i] = argument(lowering, i, args[i]);
  for (int i = 0; i < lowering->schedule->stage.n; i++) {
    const Stage *stage = lowering->schedule->stage.at[i];
    check_given(lowering, stage);
    StagePlan *plan = &lowering->plan[i];
    if (!plan->buffer)
      plan->buffer = new_buffer(lowering->arena, stage->origin, stage->scope);
  }
  return param;
}

/* ---- Lowering ----------------------------------------------------------- */

const Func *sched_lower(Arena *arena, Arena *scratch, const Schedule *schedule,
                        int nargs, const Tensor *const *args,
                        const char *name) {
  Lowering lowering = {.arena = arena, .scratch = scratch};
  lowering.schedule = sched_normalize(arena, scratch, schedule);
  messages_init(&lowering.messages, arena, scratch);
  plan_stages(&lowering);
  const Param *param = plan_buffers(&lowering, nargs, args);
  infer_bounds(&lowering);
  Func *func = ARENA_NEW(arena, Func);
  *func = (Func){.name = arena_strdup(arena, name ? name : "main"),
                 .n = nargs,
                 .param = param,
                 .body = assemble_stages(&lowering)};
  return func;
}
