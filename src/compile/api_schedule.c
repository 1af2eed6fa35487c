/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of schedules (vtac/schedule.h). */
#include "compile/context.h"
#include "sched/sched.h"
#include "vta/gemm_intrin.h"

static const char *copy_text(vtac_context *c, const char *text,
                             const char *name) {
  need_argument(c, text, name);
  return arena_strdup(&c->arena, text);
}

vtac_schedule vtac_schedule_new(vtac_context *c, int n,
                                const vtac_tensor *outputs) {
  BOUNDARY(c, NULL);
  need_list(c, n, outputs, "outputs");
  return (vtac_schedule)sched_create(&c->arena, n,
                                     (const Tensor *const *)outputs);
}

vtac_stage vtac_stage_of(vtac_context *c, vtac_schedule schedule,
                         vtac_tensor tensor) {
  BOUNDARY(c, NULL);
  need_argument(c, schedule, "schedule");
  need_argument(c, tensor, "tensor");
  return (vtac_stage)sched_stage(SCHEDULE_OF(schedule), TENSOR_OF(tensor));
}

/* ---- Loops -------------------------------------------------------------- */

typedef void SplitFn(Stage *stage, const IterVar *axis, int64_t by,
                     const IterVar **ret_outer, const IterVar **ret_inner);

/* On failure the results stay NULL, so that later calls see no old axes. */
static void split_by(vtac_context *c, SplitFn *split, vtac_stage stage,
                     vtac_iter axis, int64_t by, vtac_iter ret[2]) {
  bool parts = split == sched_split_parts;
  BOUNDARY_OF(parts ? "vtac_split_nparts" : "vtac_split", c, );
  need_argument(c, stage, "stage");
  need_argument(c, axis, "axis");
  const IterVar *outer, *inner;
  split(STAGE_OF(stage), ITER_OF(axis), by, &outer, &inner);
  ret[0] = TO_ITER(outer);
  ret[1] = TO_ITER(inner);
}

void vtac_split(vtac_context *c, vtac_stage stage, vtac_iter axis,
                int64_t factor, vtac_iter *ret_outer, vtac_iter *ret_inner) {
  vtac_iter ret[2] = {NULL, NULL};
  split_by(c, sched_split, stage, axis, factor, ret);
  if (ret_outer) *ret_outer = ret[0];
  if (ret_inner) *ret_inner = ret[1];
}

void vtac_split_nparts(vtac_context *c, vtac_stage stage, vtac_iter axis,
                       int64_t nparts, vtac_iter *ret_outer,
                       vtac_iter *ret_inner) {
  vtac_iter ret[2] = {NULL, NULL};
  split_by(c, sched_split_parts, stage, axis, nparts, ret);
  if (ret_outer) *ret_outer = ret[0];
  if (ret_inner) *ret_inner = ret[1];
}

vtac_iter vtac_fuse(vtac_context *c, vtac_stage stage, int n,
                    const vtac_iter *axes) {
  BOUNDARY(c, NULL);
  need_argument(c, stage, "stage");
  need_list(c, n, axes, "axes");
  return TO_ITER(sched_fuse(STAGE_OF(stage), n, (const IterVar *const *)axes));
}

void vtac_reorder(vtac_context *c, vtac_stage stage, int n,
                  const vtac_iter *axes) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  need_list(c, n, axes, "axes");
  sched_reorder(STAGE_OF(stage), n, (const IterVar *const *)axes);
}

void vtac_tile(vtac_context *c, vtac_stage stage, vtac_iter x, vtac_iter y,
               int64_t x_factor, int64_t y_factor, vtac_iter *ret_axes) {
  for (int i = 0; ret_axes && i < 4; i++) ret_axes[i] = NULL;
  BOUNDARY(c, );
  need_argument(c, ret_axes, "ret_axes");
  need_argument(c, stage, "stage");
  need_argument(c, x, "x");
  need_argument(c, y, "y");
  sched_tile(STAGE_OF(stage), ITER_OF(x), ITER_OF(y), x_factor, y_factor,
             (const IterVar **)ret_axes);
}

#define ON_AXIS(name, primitive)                                        \
  void vtac_##name(vtac_context *c, vtac_stage stage, vtac_iter axis) { \
    BOUNDARY(c, );                                                      \
    need_argument(c, stage, "stage");                                   \
    need_argument(c, axis, "axis");                                     \
    primitive(STAGE_OF(stage), ITER_OF(axis));                          \
  }
ON_AXIS(unroll, sched_unroll)
ON_AXIS(vectorize, sched_vectorize)
ON_AXIS(parallel, sched_parallel)

void vtac_bind(vtac_context *c, vtac_stage stage, vtac_iter axis,
               vtac_iter thread) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  need_argument(c, axis, "axis");
  need_argument(c, thread, "thread");
  sched_bind(STAGE_OF(stage), ITER_OF(axis), ITER_OF(thread));
}

void vtac_pragma(vtac_context *c, vtac_stage stage, vtac_iter axis,
                 const char *pragma) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  need_argument(c, axis, "axis");
  sched_pragma(STAGE_OF(stage), ITER_OF(axis), copy_text(c, pragma, "pragma"),
               NULL);
}

void vtac_tensorize_gemm(vtac_context *c, vtac_stage stage, vtac_iter axis) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  need_argument(c, axis, "axis");
  if (!c->gemm) c->gemm = gemm_intrin(context_env(c), &c->arena);
  sched_tensorize(STAGE_OF(stage), ITER_OF(axis), c->gemm);
}

/* ---- Places ------------------------------------------------------------- */

void vtac_compute_at(vtac_context *c, vtac_stage stage, vtac_stage consumer,
                     vtac_iter axis) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  need_argument(c, consumer, "consumer");
  need_argument(c, axis, "axis");
  sched_compute_at(STAGE_OF(stage), STAGE_OF(consumer), ITER_OF(axis));
}

void vtac_compute_root(vtac_context *c, vtac_stage stage) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  sched_compute_root(STAGE_OF(stage));
}

void vtac_compute_inline(vtac_context *c, vtac_stage stage) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  sched_compute_inline(STAGE_OF(stage));
}

void vtac_set_scope(vtac_context *c, vtac_stage stage, const char *scope) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  sched_set_scope(STAGE_OF(stage), copy_text(c, scope, "scope"));
}

/* ---- Caches ------------------------------------------------------------- */

vtac_tensor vtac_cache_read(vtac_context *c, vtac_schedule schedule,
                            vtac_tensor tensor, const char *scope, int n,
                            const vtac_tensor *readers) {
  BOUNDARY(c, NULL);
  need_argument(c, schedule, "schedule");
  need_argument(c, tensor, "tensor");
  need_list(c, n, readers, "readers");
  return TO_TENSOR(sched_cache_read(SCHEDULE_OF(schedule), TENSOR_OF(tensor),
                                    copy_text(c, scope, "scope"), n,
                                    (const Tensor *const *)readers));
}

vtac_tensor vtac_cache_write(vtac_context *c, vtac_schedule schedule,
                             vtac_tensor tensor, const char *scope) {
  BOUNDARY(c, NULL);
  need_argument(c, schedule, "schedule");
  need_argument(c, tensor, "tensor");
  return TO_TENSOR(sched_cache_write(SCHEDULE_OF(schedule), TENSOR_OF(tensor),
                                     copy_text(c, scope, "scope")));
}
