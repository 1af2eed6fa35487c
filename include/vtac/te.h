/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor expressions: what is to be computed, without saying how.
 *
 * All objects made here belong to a context and live as long as it does; texts
 * and lists that are passed in are copied.  The first failing call leaves its
 * error in the context; from then on every call on that context does nothing
 * and returns NULL (or the error's status), so a program may be written without
 * a check on each line and ask once, at the end, with vtac_context_error.  A
 * context serves one thread at a time.
 *
 * Every call may fail with VTAC_NOMEM, and with VTAC_INVALID for an argument
 * that is NULL where this is not allowed; the rest is said with each. */
#ifndef VTAC_TE_H
#define VTAC_TE_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/config.h"
#include "vtac/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_context vtac_context;
typedef const struct vtac_expr_s *vtac_expr;     /* a scalar expression */
typedef const struct vtac_iter_s *vtac_iter;     /* an iteration variable */
typedef const struct vtac_tensor_s *vtac_tensor; /* an operation's result */

/* Makes a context for one accelerator; the configuration is copied.  NULL
 * with `error` filled in when memory is short. */
VTAC_API vtac_context *vtac_context_new(const vtac_config *config,
                                        vtac_error *error);
/* Frees the context and everything made in it; modules built from it stay. */
VTAC_API void vtac_context_free(vtac_context *context); /* NULL is fine */
/* The first error since creation or the last clear; NULL if there is none.  It
 * belongs to the context and stays until that is cleared or freed. */
VTAC_API const vtac_error *vtac_context_error(const vtac_context *context);
VTAC_API void vtac_context_clear_error(vtac_context *context);

/* Lists as arguments: VTAC_DIMS(1, 64) is `2, {1, 64}`. */
#define VTAC_LIST_(T, ...) \
  (int)(sizeof((T[]){__VA_ARGS__}) / sizeof(T)), (T[]) { __VA_ARGS__ }
#define VTAC_DIMS(...) VTAC_LIST_(int64_t, __VA_ARGS__)
#define VTAC_INDICES(...) VTAC_LIST_(vtac_expr, __VA_ARGS__)
#define VTAC_ITERS(...) VTAC_LIST_(vtac_iter, __VA_ARGS__)
#define VTAC_TENSORS(...) VTAC_LIST_(vtac_tensor, __VA_ARGS__)

/* ---- Tensors ------------------------------------------------------------ */

/* An input of `ndim` dimensions, 0 to 32.  `dtype` is "int8", "uint16",
 * "int32", "float32", "bool"…  VTAC_REFUSED for a dimension below 1 or more
 * than 2^31 - 1 elements, VTAC_INVALID for another type. */
VTAC_API vtac_tensor vtac_placeholder(vtac_context *context, const char *name,
                                      const char *dtype, int ndim,
                                      const int64_t *shape);
/* Makes the iteration variables of a compute over `shape` and stores `ndim` of
 * them in ret_axes (NULLs on failure).  `names` may be NULL: i0, i1, …  Each
 * compute needs axes of its own.  Limits are those of a placeholder's shape. */
VTAC_API void vtac_axes(vtac_context *context, int ndim, const int64_t *shape,
                        const char *const *names, vtac_iter *ret_axes);
/* A tensor whose element at `axes` is `body`; its type is the body's, its shape
 * the extents of the axes.  VTAC_INVALID when the body uses another axis, or
 * has a reduction anywhere but at the top; VTAC_REFUSED as a placeholder. */
VTAC_API vtac_tensor vtac_compute(vtac_context *context, const char *name,
                                  int ndim, const vtac_iter *axes,
                                  vtac_expr body);
/* An element-wise copy of a tensor. */
VTAC_API vtac_tensor vtac_copy(vtac_context *context, vtac_tensor tensor,
                               const char *name);
/* An axis to reduce over, from `low` to `high` - 1.  VTAC_REFUSED when that is
 * empty or leaves 32 bits. */
VTAC_API vtac_iter vtac_reduce_axis(vtac_context *context, int64_t low,
                                    int64_t high, const char *name);
/* A thread axis, for vtac_bind.  Tag "cthread" makes virtual threads with a
 * copy each of all memory inside; "vthread" such that share what does not
 * depend on the thread. */
VTAC_API vtac_iter vtac_thread_axis(vtac_context *context, const char *tag);
/* `tensor` with zeros around: before[k] of them below dimension k and after[k]
 * above (after NULL: as before).  Each has an entry for every dimension.
 * VTAC_REFUSED for a negative one, or a sum beyond 2^31 - 1. */
VTAC_API vtac_tensor vtac_pad(vtac_context *context, vtac_tensor tensor,
                              const int64_t *before, const int64_t *after,
                              const char *name);

/* Of a tensor; of NULL, as after an error: NULL, NULL, 0 and -1.  The name
 * lives as long as the tensor; the type's name is in static storage.  A
 * dimension past the last is -1. */
VTAC_API const char *vtac_tensor_name(vtac_tensor tensor);
VTAC_API const char *vtac_tensor_dtype(vtac_tensor tensor);
VTAC_API int vtac_tensor_ndim(vtac_tensor tensor);
VTAC_API int64_t vtac_tensor_dim(vtac_tensor tensor, int dimension);
/* The axes (reduction axes) of a compute; NULL past the last one, of a
 * placeholder, and of a NULL tensor. */
VTAC_API vtac_iter vtac_axis(vtac_tensor tensor, int dimension);
VTAC_API vtac_iter vtac_tensor_reduce_axis(vtac_tensor tensor, int index);

/* ---- Expressions -------------------------------------------------------- */

/* An int32, or an int64 where 32 bits do not hold the value. */
VTAC_API vtac_expr vtac_int(vtac_context *context, int64_t value);
/* A constant of any type.  VTAC_INVALID where an integer type does not hold the
 * value exactly. */
VTAC_API vtac_expr vtac_const(vtac_context *context, const char *dtype,
                              double value);
VTAC_API vtac_expr vtac_iter_expr(vtac_context *context, vtac_iter iter);
/* An element of a tensor, by index expressions (of type int32 or int64) or by
 * axes, one for each dimension; VTAC_INVALID otherwise.  An index that leaves
 * the tensor is an error when the function runs, or when it is built for the
 * accelerator. */
VTAC_API vtac_expr vtac_read(vtac_context *context, vtac_tensor tensor, int n,
                             const vtac_expr *indices);
VTAC_API vtac_expr vtac_at(vtac_context *context, vtac_tensor tensor, int n,
                           const vtac_iter *axes);

/* Operands of different types are first converted to one: a float's, else the
 * wider one's, else the unsigned one's.  Integers wrap at their width, but
 * int32 and int64 should not overflow (docs/ir-text.md, chapters 8 and 9).
 * floordiv and floormod round towards minus infinity, truncdiv and truncmod
 * towards zero; a divisor of 0 is an error when the function runs.  Right
 * shifts of signed values keep the sign.  Comparisons give a bool; `and` and
 * `or` take bools. */
#define VTAC_BINARY(name)                                            \
  VTAC_API vtac_expr vtac_##name(vtac_context *context, vtac_expr a, \
                                 vtac_expr b);
VTAC_BINARY(add)
VTAC_BINARY(sub)
VTAC_BINARY(mul)
VTAC_BINARY(floordiv)
VTAC_BINARY(floormod)
VTAC_BINARY(truncdiv)
VTAC_BINARY(truncmod)
VTAC_BINARY(min)
VTAC_BINARY(max)
VTAC_BINARY(shift_right)
VTAC_BINARY(shift_left)
VTAC_BINARY(bitwise_and)
VTAC_BINARY(bitwise_or)
VTAC_BINARY(bitwise_xor)
VTAC_BINARY(equal)
VTAC_BINARY(not_equal)
VTAC_BINARY(less)
VTAC_BINARY(less_equal)
VTAC_BINARY(greater)
VTAC_BINARY(greater_equal)
VTAC_BINARY(and)
VTAC_BINARY(or)
#undef VTAC_BINARY
VTAC_API vtac_expr vtac_not(vtac_context *context, vtac_expr a); /* of a bool */
/* Integers keep their low bits, floats lose their fraction. */
VTAC_API vtac_expr vtac_cast(vtac_context *context, const char *dtype,
                             vtac_expr a);
/* One of two values; both may be computed. */
VTAC_API vtac_expr vtac_select(vtac_context *context, vtac_expr condition,
                               vtac_expr if_true, vtac_expr if_false);
/* Only the value asked for is computed. */
VTAC_API vtac_expr vtac_if_then_else(vtac_context *context, vtac_expr condition,
                                     vtac_expr if_true, vtac_expr if_false);

/* Reductions of `source` over n reduction axes.  A reduction may only be the
 * whole body of a compute.  VTAC_INVALID for no axis, one given twice, or an
 * axis of another kind. */
VTAC_API vtac_expr vtac_sum(vtac_context *context, vtac_expr source, int n,
                            const vtac_iter *axes);
VTAC_API vtac_expr vtac_max_over(vtac_context *context, vtac_expr source, int n,
                                 const vtac_iter *axes);
VTAC_API vtac_expr vtac_min_over(vtac_context *context, vtac_expr source, int n,
                                 const vtac_iter *axes);

#ifdef __cplusplus
}
#endif
#endif
