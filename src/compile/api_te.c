/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of tensors and expressions (vtac/te.h). */
#include <math.h>

#include "compile/context.h"
#include "ir/build.h"

/* ---- Arguments ---------------------------------------------------------- */

DType type_argument(vtac_context *c, const char *dtype) {
  DType type;
  need_argument(c, dtype, "dtype");
  if (!dtype_parse(dtype, &type) || type.code == TYPE_HANDLE)
    fail(&c->arena, D_ARGUMENT, "%s: unknown data type '%s'", c->call, dtype);
  return type;
}

void need_dims(vtac_context *c, int ndim) {
  if (ndim < 0 || ndim > MOST_DIMS)
    fail(&c->arena, D_ARGUMENT, "%s: %d dimensions; a tensor has 0 to %d",
         c->call, ndim, MOST_DIMS);
}

/* Extents are checked where the tensor's name is known. */
static const Expr *const *shape_argument(vtac_context *c, int ndim,
                                         const int64_t *shape) {
  need_dims(c, ndim);
  if (ndim > 0) need_argument(c, shape, "shape");
  const Expr **exprs = ARENA_ARRAY(&c->arena, const Expr *, ndim);
  for (int i = 0; i < ndim; i++)
    exprs[i] = make_int(&c->arena, INT64, shape[i]);
  return exprs;
}

/* Names are the user's memory: the context keeps copies. */
const char *name_argument(vtac_context *c, const char *name) {
  need_argument(c, name, "name");
  if (!*name) fail(&c->arena, D_ARGUMENT, "%s: the name is empty", c->call);
  return arena_strdup(&c->arena, name);
}

/* The names of all types that are powers of two wide, so that none has to be
 * made here: the caller owns nothing. */
const char *type_text(DType type) {
  enum { LOG_WIDTHS = 7 };
  static const char *const names[3][LOG_WIDTHS] = {
      {"int1", "int2", "int4", "int8", "int16", "int32", "int64"},
      {"bool", "uint2", "uint4", "uint8", "uint16", "uint32", "uint64"},
      {NULL, NULL, NULL, "float8", "float16", "float32", "float64"}};
  if (type.code == TYPE_HANDLE) return "handle";
  for (int log = 0; log < LOG_WIDTHS && type.lanes == 1; log++)
    if (type.bits == 1 << log && names[type.code][log])
      return names[type.code][log];
  return "other";
}

/* ---- Tensors ------------------------------------------------------------ */

vtac_tensor vtac_placeholder(vtac_context *c, const char *name,
                             const char *dtype, int ndim,
                             const int64_t *shape) {
  BOUNDARY(c, NULL);
  return TO_TENSOR(te_placeholder(&c->arena, name_argument(c, name),
                                  type_argument(c, dtype), ndim,
                                  shape_argument(c, ndim, shape)));
}

void vtac_axes(vtac_context *c, int ndim, const int64_t *shape,
               const char *const *names, vtac_iter *ret_axes) {
  for (int i = 0; ret_axes && i < ndim; i++) ret_axes[i] = NULL;
  BOUNDARY(c, );
  if (ndim > 0) need_argument(c, ret_axes, "ret_axes");
  const char **copies = NULL;
  need_dims(c, ndim);
  if (names) {
    need_list(c, ndim, names, "names");
    copies = ARENA_ARRAY(&c->arena, const char *, ndim);
    for (int i = 0; i < ndim; i++) copies[i] = name_argument(c, names[i]);
  }
  const Expr *const *extents = shape_argument(c, ndim, shape);
  const IterVar *axes[MOST_DIMS];
  te_axes(&c->arena, ndim, extents, copies, axes);
  for (int i = 0; i < ndim; i++) ret_axes[i] = TO_ITER(axes[i]);
}

vtac_tensor vtac_compute(vtac_context *c, const char *name, int ndim,
                         const vtac_iter *axes, vtac_expr body) {
  BOUNDARY(c, NULL);
  need_dims(c, ndim);
  need_list(c, ndim, axes, "axes");
  need_argument(c, body, "body");
  return TO_TENSOR(te_compute(&c->arena, name_argument(c, name), "", ndim,
                              (const IterVar *const *)axes, EXPR_OF(body)));
}

vtac_tensor vtac_copy(vtac_context *c, vtac_tensor tensor, const char *name) {
  BOUNDARY(c, NULL);
  need_argument(c, tensor, "tensor");
  const Tensor *from = TENSOR_OF(tensor);
  const IterVar **axis = ARENA_ARRAY(&c->arena, const IterVar *, from->n);
  te_axes(&c->arena, from->n, from->shape, NULL, axis);
  return TO_TENSOR(te_compute(&c->arena, name_argument(c, name), "", from->n,
                              axis,
                              te_read_axes(&c->arena, from, from->n, axis)));
}

vtac_iter vtac_reduce_axis(vtac_context *c, int64_t low, int64_t high,
                           const char *name) {
  BOUNDARY(c, NULL);
  return TO_ITER(te_reduce_axis(&c->arena, name_argument(c, name), low, high));
}

vtac_iter vtac_thread_axis(vtac_context *c, const char *tag) {
  BOUNDARY(c, NULL);
  return TO_ITER(te_thread_axis(&c->arena, name_argument(c, tag), NULL));
}

vtac_tensor vtac_pad(vtac_context *c, vtac_tensor tensor, const int64_t *before,
                     const int64_t *after, const char *name) {
  BOUNDARY(c, NULL);
  need_argument(c, tensor, "tensor");
  need_argument(c, before, "before");
  Padding padding = {
      .name = name_argument(c, name), .before = before, .after = after};
  return TO_TENSOR(te_pad(&c->arena, TENSOR_OF(tensor), &padding));
}

const char *vtac_tensor_name(vtac_tensor tensor) {
  return tensor ? TENSOR_OF(tensor)->name : NULL;
}

const char *vtac_tensor_dtype(vtac_tensor tensor) {
  return tensor ? type_text(TENSOR_OF(tensor)->type) : NULL;
}

int vtac_tensor_ndim(vtac_tensor tensor) {
  return tensor ? TENSOR_OF(tensor)->n : 0;
}

int64_t vtac_tensor_dim(vtac_tensor tensor, int dimension) {
  const Tensor *t = TENSOR_OF(tensor);
  if (!t || dimension < 0 || dimension >= t->n) return -1;
  return as_int(t->shape[dimension])->value;
}

vtac_iter vtac_axis(vtac_tensor tensor, int dimension) {
  const Tensor *t = TENSOR_OF(tensor);
  if (!t || !t->axis || dimension < 0 || dimension >= t->n) return NULL;
  return TO_ITER(t->axis[dimension]);
}

vtac_iter vtac_tensor_reduce_axis(vtac_tensor tensor, int index) {
  const Tensor *t = TENSOR_OF(tensor);
  if (!t || index < 0 || index >= t->reduce_axes) return NULL;
  return TO_ITER(t->reduce_axis[index]);
}

/* ---- Expressions -------------------------------------------------------- */

vtac_expr vtac_int(vtac_context *c, int64_t value) {
  BOUNDARY(c, NULL);
  DType type = value >= INT32_MIN && value <= INT32_MAX ? INT32 : INT64;
  return TO_EXPR(make_int(&c->arena, type, value));
}

vtac_expr vtac_const(vtac_context *c, const char *dtype, double value) {
  BOUNDARY(c, NULL);
  DType type = type_argument(c, dtype);
  if (type.code == TYPE_FLOAT)
    return TO_EXPR(make_float(&c->arena, type, value));
  if (value != trunc(value) || value < (double)dtype_min(type) ||
      value > (double)dtype_max(type))
    fail(&c->arena, D_ARGUMENT, "%s: %g is no %s", c->call, value, dtype);
  return TO_EXPR(make_int(&c->arena, type, (int64_t)value));
}

vtac_expr vtac_iter_expr(vtac_context *c, vtac_iter iter) {
  BOUNDARY(c, NULL);
  need_argument(c, iter, "iter");
  return TO_EXPR(&ITER_OF(iter)->var->e);
}

vtac_expr vtac_read(vtac_context *c, vtac_tensor tensor, int n,
                    const vtac_expr *indices) {
  BOUNDARY(c, NULL);
  need_argument(c, tensor, "tensor");
  need_list(c, n, indices, "indices");
  return TO_EXPR(
      te_read(&c->arena, TENSOR_OF(tensor), n, (const Expr *const *)indices));
}

vtac_expr vtac_at(vtac_context *c, vtac_tensor tensor, int n,
                  const vtac_iter *axes) {
  BOUNDARY(c, NULL);
  need_argument(c, tensor, "tensor");
  need_list(c, n, axes, "axes");
  return TO_EXPR(te_read_axes(&c->arena, TENSOR_OF(tensor), n,
                              (const IterVar *const *)axes));
}

#define BINARY(name, builder)                                        \
  vtac_expr vtac_##name(vtac_context *c, vtac_expr a, vtac_expr b) { \
    BOUNDARY(c, NULL);                                               \
    need_argument(c, a, "a");                                        \
    need_argument(c, b, "b");                                        \
    return TO_EXPR(builder(&c->arena, EXPR_OF(a), EXPR_OF(b)));      \
  }
BINARY(add, ex_add)
BINARY(sub, ex_sub)
BINARY(mul, ex_mul)
BINARY(floordiv, ex_floordiv)
BINARY(floormod, ex_floormod)
BINARY(truncdiv, ex_div)
BINARY(truncmod, ex_mod)
BINARY(min, ex_min)
BINARY(max, ex_max)
BINARY(shift_right, ex_shift_right)
BINARY(shift_left, ex_shift_left)
BINARY(equal, ex_eq)
BINARY(not_equal, ex_ne)
BINARY(less, ex_lt)
BINARY(less_equal, ex_le)
BINARY(greater, ex_gt)
BINARY(greater_equal, ex_ge)
BINARY(and, ex_and)
BINARY(or, ex_or)

#define BITWISE(name, OP)                                              \
  vtac_expr vtac_##name(vtac_context *c, vtac_expr a, vtac_expr b) {   \
    BOUNDARY(c, NULL);                                                 \
    need_argument(c, a, "a");                                          \
    need_argument(c, b, "b");                                          \
    return TO_EXPR(ex_bitwise(&c->arena, OP, EXPR_OF(a), EXPR_OF(b))); \
  }
BITWISE(bitwise_and, OP_BITWISE_AND)
BITWISE(bitwise_or, OP_BITWISE_OR)
BITWISE(bitwise_xor, OP_BITWISE_XOR)

vtac_expr vtac_not(vtac_context *c, vtac_expr a) {
  BOUNDARY(c, NULL);
  need_argument(c, a, "a");
  return TO_EXPR(ex_not(&c->arena, EXPR_OF(a)));
}

vtac_expr vtac_cast(vtac_context *c, const char *dtype, vtac_expr a) {
  BOUNDARY(c, NULL);
  need_argument(c, a, "a");
  return TO_EXPR(ex_cast(&c->arena, type_argument(c, dtype), EXPR_OF(a)));
}

#define CHOICE(name, builder)                                               \
  vtac_expr vtac_##name(vtac_context *c, vtac_expr condition,               \
                        vtac_expr if_true, vtac_expr if_false) {            \
    BOUNDARY(c, NULL);                                                      \
    need_argument(c, condition, "condition");                               \
    need_argument(c, if_true, "if_true");                                   \
    need_argument(c, if_false, "if_false");                                 \
    return TO_EXPR(builder(&c->arena, EXPR_OF(condition), EXPR_OF(if_true), \
                           EXPR_OF(if_false)));                             \
  }
CHOICE(select, ex_select)
CHOICE(if_then_else, ex_if_then_else)

#define REDUCTION(name, COMBINER)                                     \
  vtac_expr vtac_##name(vtac_context *c, vtac_expr source, int n,     \
                        const vtac_iter *axes) {                      \
    BOUNDARY(c, NULL);                                                \
    need_argument(c, source, "source");                               \
    need_list(c, n, axes, "axes");                                    \
    return TO_EXPR(te_reduce(&c->arena, COMBINER, EXPR_OF(source), n, \
                             (const IterVar *const *)axes));          \
  }
REDUCTION(sum, COMBINE_SUM)
REDUCTION(max_over, COMBINE_MAX)
REDUCTION(min_over, COMBINE_MIN)
