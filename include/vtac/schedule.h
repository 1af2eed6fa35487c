/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules: how a graph of tensors is computed.
 *
 * A schedule has a stage for each tensor.  A stage's loops are its leaf axes,
 * outermost first; the primitives below transform them (docs/schedule.md shows
 * how).  Schedules and stages belong to the context.  Misuse (an axis of
 * another stage, an axis already split, a cycle) leaves VTAC_REFUSED in the
 * context, with the stage and the axis by name, and changes nothing.  What only
 * shows in the whole is refused when the schedule is lowered. */
#ifndef VTAC_SCHEDULE_H
#define VTAC_SCHEDULE_H

#include "vtac/te.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_schedule_s *vtac_schedule;
typedef struct vtac_stage_s *vtac_stage;

/* The untouched schedule that computes the n outputs and all they need.
 * Refused: no output, a placeholder as output, one given twice. */
VTAC_API vtac_schedule vtac_schedule_new(vtac_context *context, int n,
                                         const vtac_tensor *outputs);
/* The stage of a tensor; refused if no output needs the tensor. */
VTAC_API vtac_stage vtac_stage_of(vtac_context *context, vtac_schedule schedule,
                                  vtac_tensor tensor);

/* Splits an axis so that the inner part has `factor` steps (the outer part
 * has `nparts`), 1 to 2^30; they need not divide the extent.  Either of
 * ret_outer and ret_inner may be NULL; both get NULL on failure. */
VTAC_API void vtac_split(vtac_context *context, vtac_stage stage,
                         vtac_iter axis, int64_t factor, vtac_iter *ret_outer,
                         vtac_iter *ret_inner);
VTAC_API void vtac_split_nparts(vtac_context *context, vtac_stage stage,
                                vtac_iter axis, int64_t nparts,
                                vtac_iter *ret_outer, vtac_iter *ret_inner);
/* Fuses n adjacent axes, outermost first, into one; n = 0 makes an outermost
 * loop of one step. */
VTAC_API vtac_iter vtac_fuse(vtac_context *context, vtac_stage stage, int n,
                             const vtac_iter *axes);
/* Puts the n axes, in this order, into the places they now occupy. */
VTAC_API void vtac_reorder(vtac_context *context, vtac_stage stage, int n,
                           const vtac_iter *axes);
/* Splits x and y and orders them x outer, y outer, x inner, y inner;
 * ret_axes receives those four, or NULLs on failure. */
VTAC_API void vtac_tile(vtac_context *context, vtac_stage stage, vtac_iter x,
                        vtac_iter y, int64_t x_factor, int64_t y_factor,
                        vtac_iter *ret_axes);

/* Computes the stage inside the loop `axis` of a consumer, which must use it,
 * directly or through others; or at the top again; or in each reader's own
 * expression.  An output stays at the top, a reduction cannot be inlined. */
VTAC_API void vtac_compute_at(vtac_context *context, vtac_stage stage,
                              vtac_stage consumer, vtac_iter axis);
VTAC_API void vtac_compute_root(vtac_context *context, vtac_stage stage);
VTAC_API void vtac_compute_inline(vtac_context *context, vtac_stage stage);

/* Where the stage's result is kept: "global" or a memory of the accelerator
 * ("local.inp_buffer", "local.wgt_buffer", "local.acc_buffer").  Outputs and
 * placeholders stay in "global".  Whether it fits is seen when the schedule is
 * lowered. */
VTAC_API void vtac_set_scope(vtac_context *context, vtac_stage stage,
                             const char *scope);
/* Makes the loop a virtual thread.  `thread` comes of vtac_thread_axis and
 * takes one axis of a stage; reductions cannot be bound. */
VTAC_API void vtac_bind(vtac_context *context, vtac_stage stage, vtac_iter axis,
                        vtac_iter thread);
/* Marks the loop for a pass: "dma_copy" and "alu" say which unit runs it;
 * "unroll" and "vectorize" are the calls of these names. */
VTAC_API void vtac_pragma(vtac_context *context, vtac_stage stage,
                          vtac_iter axis, const char *pragma);
/* Replaces the loops from `axis` inwards by the accelerator's matrix multiply
 * of BATCH x BLOCK_IN by BLOCK_OUT x BLOCK_IN.  That they compute this is
 * checked when the schedule is lowered. */
VTAC_API void vtac_tensorize_gemm(vtac_context *context, vtac_stage stage,
                                  vtac_iter axis);
/* What kind of loop the axis is; reductions can only be unrolled. */
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
