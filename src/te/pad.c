/* SPDX-License-Identifier: Apache-2.0 */
/* Padding of a tensor, as the operator library's nn.pad declares it. */
#include <inttypes.h>

#include "base/trap.h"
#include "ir/build.h"
#include "te/te.h"

/* What one dimension adds to the source index and to the condition. */
typedef struct PadDim {
  int64_t before, after, extent;
} PadDim;

static PadDim pad_dim(Arena *arena, const Tensor *data, const Padding *padding,
                      int k) {
  const int64_t *after = padding->after ? padding->after : padding->before;
  PadDim dim = {padding->before[k], after[k],
                AS(IntImm, data->shape[k])->value};
  if (dim.before < 0 || dim.after < 0)
    fail(arena, D_SHAPE,
         "padding of '%s' by %" PRId64 " and %" PRId64
         " elements at dimension %d; it can't be negative",
         data->name, dim.before, dim.after, k);
  if (dim.before > INT32_MAX - dim.extent ||
      dim.after > INT32_MAX - dim.extent - dim.before)
    fail(arena, D_SHAPE,
         "padding of '%s' by %" PRId64 " and %" PRId64
         " elements at dimension %d; no extent may exceed %d",
         data->name, dim.before, dim.after, k, INT32_MAX);
  return dim;
}

static bool is_padded(const PadDim *dim) { return dim->before || dim->after; }

static const Expr *inside(Arena *arena, const PadDim *dim, const Expr *axis,
                          const Expr *condition) {
  const Expr *low = ex_ge(arena, axis, make_i32(arena, dim->before));
  const Expr *high =
      ex_lt(arena, axis, make_i32(arena, dim->extent + dim->before));
  condition = condition ? ex_and(arena, condition, low) : low;
  return ex_and(arena, condition, high);
}

const Tensor *te_pad(Arena *arena, const Tensor *data, const Padding *padding) {
  int n = data->n;
  PadDim *dim = ARENA_ARRAY(arena, PadDim, n);
  const Expr **shape = ARENA_ARRAY(arena, const Expr *, n);
  for (int k = 0; k < n; k++) {
    dim[k] = pad_dim(arena, data, padding, k);
    shape[k] = make_i32(arena, dim[k].extent + dim[k].before + dim[k].after);
  }
  const IterVar **axis = ARENA_ARRAY(arena, const IterVar *, n);
  te_axes(arena, n, shape, NULL, axis);

  const Expr **index = ARENA_ARRAY(arena, const Expr *, n);
  const Expr *condition = NULL;
  for (int k = 0; k < n; k++) {
    index[k] = &axis[k]->var->e;
    if (!is_padded(&dim[k])) continue;
    condition = inside(arena, &dim[k], index[k], condition);
    index[k] = ex_sub(arena, index[k], make_i32(arena, dim[k].before));
  }
  const Expr *body = te_read(arena, data, n, index);
  if (condition) {
    const Expr *value = padding->value
                            ? ex_cast(arena, data->type, padding->value)
                            : make_const(arena, data->type, 0);
    body = ex_if_then_else(arena, condition, body, value);
  }
  const char *name = padding->name ? padding->name : "PadInput";
  return te_compute(arena, name, "injective,pad", n, axis, body);
}
