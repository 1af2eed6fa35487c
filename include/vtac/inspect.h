/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at expressions, axes, tensors and schedules: what a front end in
 * another language needs to show them and to build on them.
 *
 * Texts returned without a context are static or belong to the object; those
 * made by a call that takes a context belong to the context. */
#ifndef VTAC_INSPECT_H
#define VTAC_INSPECT_H

#include "vtac/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Expressions -------------------------------------------------------- */

/* The expression for a reader: "(x[i0] + 1)". */
VTAC_API const char *vtac_expr_text(vtac_context *context, vtac_expr expr);
/* "int32", "bool", …; "other" for types that have no name here. */
VTAC_API const char *vtac_expr_dtype(vtac_expr expr);
/* 1 and the value, if the expression is an integer or boolean constant. */
VTAC_API int vtac_expr_int(vtac_expr expr, int64_t *ret_value);
/* 0 - a, with the type of `a`. */
VTAC_API vtac_expr vtac_negate(vtac_context *context, vtac_expr a);

/* ---- Axes --------------------------------------------------------------- */

VTAC_API const char *vtac_iter_name(vtac_iter iter);
/* 1 and the range [low, low + extent), if it is known: it is for the axes of
 * tensors, not for those that split, fuse and tile make. */
VTAC_API int vtac_iter_range(vtac_iter iter, int64_t *ret_low,
                             int64_t *ret_extent);
/* "DataPar", "CommReduce", "ThreadIndex", …, as dumps write them. */
VTAC_API const char *vtac_iter_type(vtac_iter iter);
/* The tag of a thread axis, else "". */
VTAC_API const char *vtac_iter_tag(vtac_iter iter);
/* A thread axis whose variable is called `name`. */
VTAC_API vtac_iter vtac_thread_axis_named(vtac_context *context,
                                          const char *tag, const char *name);

/* ---- Tensors ------------------------------------------------------------ */

/* vtac_compute with a tag, by which operator libraries tell operations apart:
 * "elemwise", "broadcast", … */
VTAC_API vtac_tensor vtac_compute_tagged(vtac_context *context,
                                         const char *name, const char *tag,
                                         int ndim, const vtac_iter *axes,
                                         vtac_expr body);
VTAC_API const char *vtac_tensor_tag(vtac_tensor tensor); /* "" for none */
/* What a compute computes; NULL for a placeholder. */
VTAC_API vtac_expr vtac_tensor_body(vtac_tensor tensor);
/* The tensors that a compute reads, each once, in the order of their first
 * reads; returns how many.  The list belongs to the context. */
VTAC_API int vtac_tensor_inputs(vtac_context *context, vtac_tensor tensor,
                                const vtac_tensor **ret_inputs);

/* ---- Schedules ---------------------------------------------------------- */

/* Stage number `index`, producers first; NULL past the last one. */
VTAC_API vtac_stage vtac_schedule_stage(vtac_schedule schedule, int index);
/* What the stage computes now: caching may have given it another body. */
VTAC_API vtac_tensor vtac_stage_tensor(vtac_stage stage);
/* Where its result is kept; "" while that is not decided. */
VTAC_API const char *vtac_stage_scope(vtac_stage stage);
VTAC_API int vtac_stage_is_output(vtac_stage stage);

typedef enum vtac_place {
  VTAC_PLACE_ROOT,   /* loops of its own */
  VTAC_PLACE_INLINE, /* in the body of each reader */
  VTAC_PLACE_AT      /* inside an axis of a consumer */
} vtac_place;
/* Where the stage is computed; the outputs, which may be NULL, are set to NULL
 * unless it is VTAC_PLACE_AT. */
VTAC_API vtac_place vtac_stage_place(vtac_stage stage, vtac_stage *ret_consumer,
                                     vtac_iter *ret_axis);

/* One loop of a stage. */
typedef struct vtac_loop {
  vtac_iter axis;
  const char *kind;   /* "DataPar" unless a primitive chose another one */
  vtac_iter thread;   /* bound to it, or NULL */
  const char *intrin; /* the intrinsic that replaces it, or NULL */
  int pragmas;
} vtac_loop;
/* Loop number `index`, outermost first; returns 0 past the last one. */
VTAC_API int vtac_stage_loop(vtac_stage stage, int index, vtac_loop *ret_loop);
/* Pragma number `index` of an axis: "dma_copy"; NULL past the last one. */
VTAC_API const char *vtac_stage_pragma(vtac_stage stage, vtac_iter axis,
                                       int index);
/* vtac_pragma with a value for the pass that looks for it; NULL means 1. */
VTAC_API void vtac_pragma_value(vtac_context *context, vtac_stage stage,
                                vtac_iter axis, const char *pragma,
                                vtac_expr value);

#ifdef __cplusplus
}
#endif
#endif
