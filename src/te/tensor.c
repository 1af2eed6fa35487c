/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders, axes, computes and reads of tensors.
 *
 * A tensor and its stand-in buffer point at each other; both are made in
 * new_tensor, so that no tensor exists without its buffer. */
#include "te/te.h"

#include <inttypes.h>

#include "base/strbuf.h"
#include "base/trap.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"

enum { MAX_ELEMENTS = INT32_MAX };

/* ---- Shapes and axes ---------------------------------------------------- */

static int64_t check_extent(Arena *arena, const char *name, int dimension,
                            const Expr *extent) {
  const IntImm *imm = as_int(extent);
  if (!imm || !is_integer(extent->type))
    fail(arena, D_SHAPE, "dimension %d of '%s' is not an integer constant",
         dimension, name);
  if (imm->value < 1 || imm->value > MAX_ELEMENTS)
    fail(arena, D_SHAPE,
         "dimension %d of '%s' has extent %" PRId64
         "; it must lie between 1 and %d",
         dimension, name, imm->value, MAX_ELEMENTS);
  return imm->value;
}

/* The shape as int32 constants, checked. */
static const Expr *const *check_shape(Arena *arena, const char *name, int n,
                                      const Expr *const *shape) {
  const Expr **checked = ARENA_ARRAY(arena, const Expr *, n);
  int64_t elements = 1;
  for (int i = 0; i < n; i++) {
    int64_t extent = check_extent(arena, name, i, shape[i]);
    if (extent > MAX_ELEMENTS / elements)
      fail(arena, D_SHAPE,
           "'%s' has more than %d elements: %" PRId64 " times %" PRId64
           " at dimension %d",
           name, MAX_ELEMENTS, elements, extent, i);
    elements *= extent;
    bool plain = dtype_eq(shape[i]->type, INT32);
    checked[i] = plain ? shape[i] : make_i32(arena, extent);
  }
  return checked;
}

/* A copy of the name: a caller's text may not outlive the call. */
static const char *own_name(Arena *arena, const char *name) {
  if (!name || !*name) fail(arena, D_TENSOR, "a tensor or axis has no name");
  return arena_strdup(arena, name);
}

static const IterVar *named_axis(Arena *arena, const char *name, int dimension,
                                 const Expr *extent) {
  int64_t n = check_extent(arena, name, dimension, extent);
  Range dom = {make_i32(arena, 0), make_i32(arena, n)};
  return make_iter(arena, dom, make_var(arena, name, INT32), ITER_DATA_PAR, "");
}

void te_axes(Arena *arena, int n, const Expr *const *shape,
             const char *const *names, const IterVar **ret_axis) {
  if (!names) {
    te_numbered_axes(arena, n, shape, "i", ret_axis);
    return;
  }
  for (int i = 0; i < n; i++)
    ret_axis[i] = named_axis(arena, own_name(arena, names[i]), i, shape[i]);
}

void te_numbered_axes(Arena *arena, int n, const Expr *const *shape,
                      const char *prefix, const IterVar **ret_axis) {
  for (int i = 0; i < n; i++)
    ret_axis[i] = named_axis(arena, numbered_name(arena, prefix, (unsigned)i),
                             i, shape[i]);
}

const IterVar *te_reduce_axis(Arena *arena, const char *name, int64_t min,
                              int64_t max) {
  name = own_name(arena, name);
  if (min >= max || min < INT32_MIN || max > INT32_MAX ||
      max - min > MAX_ELEMENTS)
    fail(arena, D_SHAPE,
         "reduction axis '%s' runs from %" PRId64 " to %" PRId64
         "; it needs an extent between 1 and %d in 32 bits",
         name, min, max, MAX_ELEMENTS);
  Range dom = {make_i32(arena, min), make_i32(arena, max - min)};
  return make_iter(arena, dom, make_var(arena, name, INT32), ITER_COMM_REDUCE,
                   "");
}

const IterVar *te_thread_axis(Arena *arena, const char *tag, const char *name) {
  tag = own_name(arena, tag);
  const Var *var = make_var(arena, name ? own_name(arena, name) : tag, INT32);
  return make_iter(arena, (Range){0}, var, ITER_THREAD_INDEX, tag);
}

/* ---- Operations --------------------------------------------------------- */

static const Tensor *new_tensor(Arena *arena, const Tensor *fields) {
  Tensor *tensor = arena_copy(arena, fields, sizeof *fields);
  const Var *data = make_pointer(arena, tensor->name, tensor->type, "");
  Buffer *buffer = make_buffer(arena, data, tensor->type, tensor->name,
                               tensor->n, tensor->shape);
  buffer->tensor = tensor;
  tensor->buffer = buffer;
  return tensor;
}

static void check_element_type(Arena *arena, const char *name, DType type) {
  bool number = is_integer(type) || type.code == TYPE_FLOAT;
  if (!number || type.lanes != 1)
    fail(arena, D_TENSOR, "'%s' has elements of type %s; scalars are needed",
         name, dtype_name(arena, type));
}

const Tensor *te_placeholder(Arena *arena, const char *name, DType type, int n,
                             const Expr *const *shape) {
  name = own_name(arena, name);
  check_element_type(arena, name, type);
  return new_tensor(arena,
                    &(Tensor){.name = name,
                              .tag = "",
                              .type = type,
                              .n = n,
                              .shape = check_shape(arena, name, n, shape)});
}

static void check_axes(Arena *arena, const char *name, int n,
                       const IterVar *const *axis) {
  for (int i = 0; i < n; i++) {
    if (axis[i]->type != ITER_DATA_PAR || !axis[i]->dom.min ||
        !is_const(axis[i]->dom.min, 0))
      fail(arena, D_TENSOR,
           "axis %d ('%s') of compute '%s' is no data axis from 0", i,
           axis[i]->var->hint, name);
    for (int j = 0; j < i; j++)
      if (axis[j] == axis[i])
        fail(arena, D_TENSOR, "compute '%s' has axis '%s' twice", name,
             axis[i]->var->hint);
  }
}

/* What a walk over a body finds. */
typedef struct BodyWalk {
  Arena *arena;
  const Tensor *tensor;
  const Var *stray;          /* a variable that is no axis, or NULL */
  bool reduces_below;        /* a Reduce stands below the top */
  VEC(const Tensor *) input; /* each once, by their first reads */
} BodyWalk;

static bool is_axis(int n, const IterVar *const *axis, const Expr *var) {
  for (int i = 0; i < n; i++)
    if (&axis[i]->var->e == var) return true;
  return false;
}

static void note_input(BodyWalk *walk, const Tensor *input) {
  for (int i = 0; i < walk->input.n; i++)
    if (walk->input.at[i] == input) return;
  vec_push(walk->arena, &walk->input, input);
}

static void note_node(void *self, const Expr *expr) {
  BodyWalk *walk = self;
  const Tensor *tensor = walk->tensor;
  if (expr->kind == LOAD && AS(Load, expr)->buffer->tensor)
    note_input(walk, AS(Load, expr)->buffer->tensor);
  if (expr->kind == REDUCE && expr != tensor->body) walk->reduces_below = true;
  if (expr->kind == VAR && !walk->stray &&
      !is_axis(tensor->n, tensor->axis, expr) &&
      !is_axis(tensor->reduce_axes, tensor->reduce_axis, expr))
    walk->stray = AS(Var, expr);
}

static BodyWalk take_body(Arena *arena, Tensor *tensor, const Expr *body) {
  const Reduce *reduce = as_reduce(body);
  BodyWalk walk = {.arena = arena, .tensor = tensor};
  tensor->body = body;
  tensor->type = body->type;
  tensor->reduce_axes = reduce ? reduce->n : 0;
  tensor->reduce_axis = reduce ? reduce->axis : NULL;
  post_order_expr(arena, body, &walk, note_node);
  tensor->inputs = walk.input.n;
  tensor->input = walk.input.at;
  return walk;
}

static void check_body(const BodyWalk *walk) {
  if (walk->reduces_below)
    fail(walk->arena, D_TENSOR,
         "the body of compute '%s' has a reduction inside an expression; "
         "it may only stand at the top",
         walk->tensor->name);
  if (walk->stray)
    fail(walk->arena, D_TENSOR,
         "the body of compute '%s' uses variable '%s', which is no axis of it",
         walk->tensor->name, walk->stray->hint);
}

const Tensor *te_compute(Arena *arena, const char *name, const char *tag, int n,
                         const IterVar *const *axis, const Expr *body) {
  name = own_name(arena, name);
  check_element_type(arena, name, body->type);
  check_axes(arena, name, n, axis);
  const Expr **extent = ARENA_ARRAY(arena, const Expr *, n);
  for (int i = 0; i < n; i++) extent[i] = axis[i]->dom.extent;
  Tensor tensor = {
      .name = name,
      .tag = tag ? arena_strdup(arena, tag) : "",
      .n = n,
      .shape = check_shape(arena, name, n, extent),
      .axis = arena_copy(arena, axis, (size_t)n * sizeof *axis),
  };
  const BodyWalk walk = take_body(arena, &tensor, body);
  check_body(&walk);
  return new_tensor(arena, &tensor);
}

const Tensor *te_with_body(Arena *arena, const Tensor *tensor,
                           const Expr *body) {
  Tensor copy = *tensor;
  take_body(arena, &copy, body);
  return new_tensor(arena, &copy);
}

const Expr *te_reduce(Arena *arena, Combiner combiner, const Expr *source,
                      int n, const IterVar *const *axis) {
  if (n < 1) fail(arena, D_TENSOR, "a reduction needs at least one axis");
  for (int i = 0; i < n; i++) {
    if (axis[i]->type != ITER_COMM_REDUCE)
      fail(arena, D_TENSOR,
           "a reduction runs over '%s', which is no reduction axis",
           axis[i]->var->hint);
    for (int j = 0; j < i; j++)
      if (axis[j] == axis[i])
        fail(arena, D_TENSOR, "a reduction runs over axis '%s' twice",
             axis[i]->var->hint);
  }
  return make_reduce(arena, combiner, source, n, axis, make_bool(arena, true));
}

const Expr *te_sum(Arena *arena, const Expr *source, int n,
                   const IterVar *const *axis) {
  return te_reduce(arena, COMBINE_SUM, source, n, axis);
}

/* ---- Reads -------------------------------------------------------------- */

const Expr *te_read(Arena *arena, const Tensor *tensor, int n,
                    const Expr *const *index) {
  if (n != tensor->n)
    fail(arena, D_TENSOR,
         "a read of '%s' has %d indices; the tensor has %d dimensions",
         tensor->name, n, tensor->n);
  for (int i = 0; i < n; i++)
    if (!is_index(index[i]->type))
      fail(arena, D_TENSOR,
           "index %d of a read of '%s' has type %s; int32 is needed", i,
           tensor->name, dtype_name(arena, index[i]->type));
  return make_load(arena, tensor->buffer, n, index);
}

const Expr *te_read_axes(Arena *arena, const Tensor *tensor, int n,
                         const IterVar *const *axis) {
  const Expr **index = ARENA_ARRAY(arena, const Expr *, n);
  for (int i = 0; i < n; i++) index[i] = &axis[i]->var->e;
  return te_read(arena, tensor, n, index);
}

typedef struct Replacer {
  Rewriter rw;
  const PtrMap *tensors;
} Replacer;

static const Expr *replace_load(Rewriter *rewriter, const Expr *expr) {
  const Replacer *replacer = (Replacer *)rewriter;
  const Load *load = AS(Load, rewrite_expr_children(rewriter, expr));
  const Tensor *other = ptrmap_get(replacer->tensors, load->buffer->tensor);
  if (!other) return &load->e;
  return make_load(rewriter->arena, other->buffer, load->n, load->index);
}

const Expr *te_replace_reads(Arena *arena, const Expr *expr,
                             const PtrMap *tensors) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[LOAD] = replace_load};
  Replacer replacer = {REWRITER(arena, exprs, NULL), tensors};
  return rewrite_expr(&replacer.rw, expr);
}
