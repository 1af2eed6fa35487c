/* SPDX-License-Identifier: Apache-2.0 */
/* StorageFlatten: the buffers behind realizes and their flat twins. */
#include "base/trap.h"
#include "ir/build.h"
#include "pass/flatten.h"

/* Booleans are stored a byte each. */
static DType storage_type(DType type) { return is_bool(type) ? INT8 : type; }

static const Expr *element_count(Arena *arena, const Buffer *buffer) {
  if (buffer->stride) return ex_mul(arena, buffer->stride[0], buffer->shape[0]);
  const Expr *count = make_i32(arena, 1);
  for (int i = 0; i < buffer->n; i++)
    count = ex_mul(arena, count, buffer->shape[i]);
  return count;
}

const Buffer *flat_twin(Arena *arena, const Buffer *buffer) {
  const Expr **count = arena_alloc(arena, sizeof *count);
  *count = element_count(arena, buffer);
  Buffer *flat = copy_buffer(arena, buffer);
  flat->type = storage_type(buffer->type);
  flat->n = 1;
  flat->shape = count;
  flat->stride = NULL;
  return flat;
}

/* The number of elements if all extents are constant, else 0; INT64_MAX if
 * the product does not fit. */
static int64_t constant_count(const Realize *realize) {
  int64_t count = 1;
  for (int i = 0; i < realize->buffer->n; i++) {
    const IntImm *extent = as_int(realize->bound[i].extent);
    if (!extent) return 0;
    if (__builtin_mul_overflow(count, extent->value, &count)) return INT64_MAX;
  }
  return count;
}

static int64_t constant_bits(const Realize *realize) {
  DType type = realize->buffer->type;
  int64_t bits = constant_count(realize);
  if (__builtin_mul_overflow(bits, type.bits * type.lanes, &bits))
    return INT64_MAX;
  return bits;
}

static void check_fits(const PassContext *context, const Realize *realize,
                       const ScopeInfo *scope) {
  int64_t bits = constant_bits(realize);
  if (bits <= scope->max_bits) return;
  fail(context->arena, D_BUFFER_OVERFLOW,
       "buffer %s needs %lld bytes of %s, which has %lld",
       realize->buffer->name, (long long)(bits / 8 + (bits % 8 != 0)),
       scope->scope, (long long)(scope->max_bits / 8));
}

/* Ordinary memory: the default, halved until it is no more than the buffer. */
static int default_alignment(const Realize *realize, int align) {
  int64_t bytes = constant_bits(realize) / 8;
  while (bytes && align > bytes) align /= 2;
  return align;
}

/* A pointer that says where it points: buffers without a storage scope of
 * their own live in global memory. */
static const Var *scoped_pointer(Arena *arena, const Var *data) {
  if (data->scope[0]) return data;
  return make_pointer(arena, data->hint, data->element, "global");
}

const Buffer *realized_layout(const PassContext *context,
                              const Realize *realize) {
  Arena *arena = context->arena;
  const Buffer *old = realize->buffer;
  const Expr **shape = ARENA_ARRAY(arena, const Expr *, old->n);
  for (int i = 0; i < old->n; i++) shape[i] = realize->bound[i].extent;
  Buffer *layout = make_buffer(arena, scoped_pointer(arena, old->data),
                               old->type, old->name, old->n, shape);
  layout->stride = old->stride;
  const ScopeInfo *scope = find_scope(context, buffer_scope(layout));
  if (!scope) {
    layout->align = default_alignment(realize, layout->align);
    return layout;
  }
  check_fits(context, realize, scope);
  layout->align = (scope->simd_bits + old->type.bits - 1) / old->type.bits;
  return layout;
}
