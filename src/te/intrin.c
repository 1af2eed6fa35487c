/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor intrinsics: declared buffers, access pointers, and the check that an
 * intrinsic's buffers fit the pattern it computes. */
#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "te/te.h"

const Buffer *te_decl_buffer(Arena *arena, const BufferDecl *decl) {
  const char *name = arena_strdup(arena, decl->name);
  const Var *data =
      make_pointer(arena, name, decl->type, arena_strdup(arena, decl->scope));
  Buffer *buffer =
      make_buffer(arena, data, decl->type, name, decl->n, decl->shape);
  if (decl->stride)
    buffer->stride =
        arena_copy(arena, decl->stride, (size_t)decl->n * sizeof *decl->stride);
  if (decl->align > 0) buffer->align = decl->align;
  if (decl->offset_factor) {
    const char *offset = arena_join(arena, name, "_elem_offset");
    buffer->offset_factor = decl->offset_factor;
    buffer->elem_offset = &make_var(arena, offset, INT32)->e;
  }
  return buffer;
}

static const Expr *access_extent(Arena *arena, const Buffer *buffer) {
  if (buffer->n && buffer->stride)
    return ex_mul(arena, buffer->stride[0], buffer->shape[0]);
  const Expr *extent = make_i32(arena, 1);
  for (int i = 0; i < buffer->n; i++)
    extent = ex_mul(arena, extent, buffer->shape[i]);
  return extent;
}

const Expr *te_access_ptr(Arena *arena, const Buffer *buffer, int mask,
                          DType type, const Expr *offset) {
  if (!offset) offset = make_i32(arena, 0);
  const Expr *extent = access_extent(arena, buffer);
  const Expr *arg[] = {
      make_call(arena, buffer->type, OP_TYPE_ANNOTATION, 0, NULL),
      &buffer->data->e,
      ex_add(arena, buffer->elem_offset, offset),
      ex_sub(arena, extent, offset),
      make_i32(arena, mask),
  };
  return make_call(arena, type, OP_ACCESS_PTR, 5, arg);
}

static void check_buffer(Arena *arena, const char *name, const Buffer *buffer,
                         const Tensor *tensor) {
  bool same = dtype_eq(buffer->type, tensor->type) && buffer->n == tensor->n;
  for (int i = 0; same && i < buffer->n; i++)
    same = expr_equal(buffer->shape[i], tensor->shape[i]);
  if (!same)
    fail(arena, D_TENSORIZE,
         "tensor intrinsic '%s': buffer '%s' has not the type and shape of "
         "'%s'",
         name, buffer->name, tensor->name);
}

static void check_inputs(Arena *arena, const TensorIntrin *draft) {
  const Tensor *const *input = draft->op->input;
  int n = draft->op->inputs;
  if (n != draft->inputs)
    fail(arena, D_TENSORIZE,
         "tensor intrinsic '%s' has %d input buffers; its pattern reads %d "
         "tensors",
         draft->name, draft->inputs, n);
  for (int i = 0; i < n; i++) {
    if (!is_placeholder(input[i]))
      fail(arena, D_TENSORIZE,
           "tensor intrinsic '%s': input '%s' of the pattern is no placeholder",
           draft->name, input[i]->name);
    check_buffer(arena, draft->name, draft->input[i], input[i]);
  }
}

const TensorIntrin *te_tensor_intrin(Arena *arena, const TensorIntrin *draft) {
  if (is_placeholder(draft->op))
    fail(arena, D_TENSORIZE,
         "the pattern of tensor intrinsic '%s' is no compute", draft->name);
  check_inputs(arena, draft);
  check_buffer(arena, draft->name, draft->output, draft->op);
  if (!draft->body && !draft->update)
    fail(arena, D_TENSORIZE, "tensor intrinsic '%s' has no statement",
         draft->name);
  if (!draft->reset != !draft->update)
    fail(arena, D_TENSORIZE,
         "tensor intrinsic '%s' has one of reset and update; both are needed",
         draft->name);
  TensorIntrin *intrin = arena_copy(arena, draft, sizeof *draft);
  intrin->name = arena_strdup(arena, draft->name);
  intrin->input = arena_copy(arena, draft->input,
                             (size_t)draft->inputs * sizeof *draft->input);
  return intrin;
}
