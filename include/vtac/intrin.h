/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor intrinsics: telling the compiler what a piece of hardware computes,
 * and by which statements.
 *
 * An intrinsic is a pattern (a compute over placeholders), a view of memory
 * for each tensor of the pattern, and statements over those views.
 * vtac_tensorize puts it in the place of loops that compute the same. */
#ifndef VTAC_INTRIN_H
#define VTAC_INTRIN_H

#include "vtac/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef const struct vtac_buffer_s *vtac_buffer; /* a view of memory */
typedef const struct vtac_stmt_s *vtac_stmt;     /* a statement */
typedef const struct vtac_intrin_s *vtac_intrin;

/* ---- Buffers ------------------------------------------------------------ */

typedef struct vtac_buffer_params {
  const char *name, *dtype;
  const char *scope; /* NULL: "global" */
  int ndim;
  const int64_t *shape;
  const int64_t *strides; /* in elements; NULL: compact */
  int offset_factor;      /* not 0: it starts at a multiple of this */
  int alignment;          /* in elements; 0: not said */
} vtac_buffer_params;

VTAC_API vtac_buffer vtac_buffer_declare(vtac_context *context,
                                         const vtac_buffer_params *params);

enum { VTAC_ACCESS_READ = 1, VTAC_ACCESS_WRITE = 2 };
/* The address of a buffer, `offset` (NULL: 0) elements further, as an argument
 * of type `dtype`: "handle", or "int32" where the accelerator wants the index
 * of an element.  `mask` holds VTAC_ACCESS bits. */
VTAC_API vtac_expr vtac_buffer_access(vtac_context *context, vtac_buffer buffer,
                                      int mask, const char *dtype,
                                      vtac_expr offset);

/* ---- Statements --------------------------------------------------------- */

/* A call of an operator of the IR by its printed name, "tir.vta.uop_push". */
VTAC_API vtac_expr vtac_call(vtac_context *context, const char *dtype,
                             const char *operation, int n,
                             const vtac_expr *args);
/* A call of a function outside the module. */
VTAC_API vtac_expr vtac_call_extern(vtac_context *context, const char *dtype,
                                    const char *function, int n,
                                    const vtac_expr *args);
/* The statement that computes `expr` for its effects; of a constant: the one
 * that does nothing. */
VTAC_API vtac_stmt vtac_evaluate(vtac_context *context, vtac_expr expr);
VTAC_API vtac_stmt vtac_sequence(vtac_context *context, int n,
                                 const vtac_stmt *stmts);
/* Marks a statement as work of a unit (1 load, 2 compute, 3 store), and as a
 * micro-op kernel of the matrix unit. */
VTAC_API vtac_stmt vtac_unit_scope(vtac_context *context, int unit,
                                   vtac_stmt body);
VTAC_API vtac_stmt vtac_kernel_scope(vtac_context *context, vtac_stmt body);

/* The statement as dumps show it; the text belongs to the context. */
VTAC_API const char *vtac_stmt_text(vtac_context *context, vtac_stmt stmt);

/* ---- Intrinsics --------------------------------------------------------- */

typedef struct vtac_intrin_params {
  const char *name;
  vtac_tensor pattern;
  int ninputs; /* as vtac_tensor_inputs orders the pattern's inputs */
  const vtac_buffer *inputs;
  vtac_buffer output;
  vtac_stmt body;  /* the whole computation */
  vtac_stmt reset; /* of an accumulation; both or neither may be NULL */
  vtac_stmt update;
} vtac_intrin_params;

VTAC_API vtac_intrin vtac_intrin_new(vtac_context *context,
                                     const vtac_intrin_params *params);
/* The accelerator's matrix multiply of one tile. */
VTAC_API vtac_intrin vtac_intrin_gemm(vtac_context *context);
/* The same with statements that do nothing, to time all else. */
VTAC_API vtac_intrin vtac_intrin_gemm_mock(vtac_context *context);
/* Replaces the loops from `axis` inwards by the intrinsic. */
VTAC_API void vtac_tensorize(vtac_context *context, vtac_stage stage,
                             vtac_iter axis, vtac_intrin intrin);

#ifdef __cplusplus
}
#endif
#endif
