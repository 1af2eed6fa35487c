/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules: how a graph of tensors is computed.
 *
 * A schedule has a stage for each operation.  A stage's loops are its leaf
 * axes, outermost first; the primitives below transform them.  Schedules and
 * stages belong to the context.  Misuse (an axis of another stage, an axis
 * already split, a cycle) leaves an error in the context and changes
 * nothing. */
#ifndef VTAC_SCHEDULE_H
#define VTAC_SCHEDULE_H

#include "vtac/te.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_schedule_s *vtac_schedule;
typedef struct vtac_stage_s *vtac_stage;

/* The untouched schedule that computes the outputs and all they need. */
VTAC_API vtac_schedule vtac_schedule_new(vtac_context *context, int n,
                                         const vtac_tensor *outputs);
/* The stage of a tensor. */
VTAC_API vtac_stage vtac_stage_of(vtac_context *context, vtac_schedule schedule,
                                  vtac_tensor tensor);

/* Splits an axis so that the inner part has `factor` steps (the outer part
 * has `nparts`).  Either of ret_outer and ret_inner may be NULL. */
VTAC_API void vtac_split(vtac_context *context, vtac_stage stage,
                         vtac_iter axis, int64_t factor, vtac_iter *ret_outer,
                         vtac_iter *ret_inner);
VTAC_API void vtac_split_nparts(vtac_context *context, vtac_stage stage,
                                vtac_iter axis, int64_t nparts,
                                vtac_iter *ret_outer, vtac_iter *ret_inner);
/* Fuses n adjacent axes, outermost first, into one. */
VTAC_API vtac_iter vtac_fuse(vtac_context *context, vtac_stage stage, int n,
                             const vtac_iter *axes);
/* Puts the n axes, in this order, into the places they now occupy. */
VTAC_API void vtac_reorder(vtac_context *context, vtac_stage stage, int n,
                           const vtac_iter *axes);
/* Splits x and y and orders them x outer, y outer, x inner, y inner;
 * ret_axes receives those four. */
VTAC_API void vtac_tile(vtac_context *context, vtac_stage stage, vtac_iter x,
                        vtac_iter y, int64_t x_factor, int64_t y_factor,
                        vtac_iter *ret_axes);

/* Computes the stage inside the loop `axis` of a consumer. */
VTAC_API void vtac_compute_at(vtac_context *context, vtac_stage stage,
                              vtac_stage consumer, vtac_iter axis);
VTAC_API void vtac_compute_root(vtac_context *context, vtac_stage stage);
VTAC_API void vtac_compute_inline(vtac_context *context, vtac_stage stage);

/* Where the stage's result is kept: "global" or a memory of the accelerator
 * ("local.inp_buffer", "local.wgt_buffer", "local.acc_buffer"). */
VTAC_API void vtac_set_scope(vtac_context *context, vtac_stage stage,
                             const char *scope);
VTAC_API void vtac_bind(vtac_context *context, vtac_stage stage, vtac_iter axis,
                        vtac_iter thread);
/* Marks the loop: "dma_copy", "alu", … */
VTAC_API void vtac_pragma(vtac_context *context, vtac_stage stage,
                          vtac_iter axis, const char *pragma);
/* Replaces the loops from `axis` inwards by the accelerator's matrix
 * multiply. */
VTAC_API void vtac_tensorize_gemm(vtac_context *context, vtac_stage stage,
                                  vtac_iter axis);
VTAC_API void vtac_unroll(vtac_context *context, vtac_stage stage,
                          vtac_iter axis);
VTAC_API void vtac_vectorize(vtac_context *context, vtac_stage stage,
                             vtac_iter axis);
VTAC_API void vtac_parallel(vtac_context *context, vtac_stage stage,
                            vtac_iter axis);

/* Makes a copy of `tensor` in `scope` that the n readers read instead; the
 * result is the copy.  The write form makes the stage compute into the copy,
 * from which the tensor is then filled. */
VTAC_API vtac_tensor vtac_cache_read(vtac_context *context,
                                     vtac_schedule schedule, vtac_tensor tensor,
                                     const char *scope, int n,
                                     const vtac_tensor *readers);
VTAC_API vtac_tensor vtac_cache_write(vtac_context *context,
                                      vtac_schedule schedule,
                                      vtac_tensor tensor, const char *scope);

#ifdef __cplusplus
}
#endif
#endif
