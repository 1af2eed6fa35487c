/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a schedule put together into one statement. */
#include "base/trap.h"
#include "ir/make.h"
#include "sched/lower.h"

const Buffer *tensor_buffer(const Lowering *lowering, const Tensor *tensor) {
  const Stage *stage = ptrmap_get(&lowering->schedule->of, tensor);
  if (!stage) BUG("a read of '%s', which has no stage", tensor->name);
  return lowering->plan[stage->index].buffer;
}

const Stmt *realize_stage(Lowering *lowering, const Stage *stage,
                          const Stmt *inside) {
  Arena *arena = lowering->arena;
  const Tensor *op = stage->op;
  const Stmt *body =
      note_stage(arena, compute_stage(lowering, stage), op->name);
  if (inside && !is_nop(inside))
    body = make_seq(arena, 2, (const Stmt *[]){body, inside});
  Range *bound = ARENA_ARRAY(lowering->scratch, Range, op->n);
  for (int i = 0; i < op->n; i++)
    bound[i] = iter_range(&lowering->messages, op->axis[i]);
  return make_realize(arena, lowering->plan[stage->index].buffer, bound,
                      make_bool(arena, true), body);
}

const Stmt *assemble_stages(Lowering *lowering) {
  const Stmt *body = NULL;
  for (int i = lowering->schedule->stage.n - 1; i >= 0; i--) {
    const Stage *stage = lowering->schedule->stage.at[i];
    if (is_placeholder(stage->op) || stage->attach != ATTACH_ROOT) continue;
    body = realize_stage(lowering, stage, body);
  }
  return body;
}
