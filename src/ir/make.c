/* SPDX-License-Identifier: Apache-2.0 */
/* Constructors of expressions, iteration variables and buffers. */
#include "ir/make.h"

#include "base/trap.h"

/* `inside` is what stands in the operands. */
#define NEW_EXPR(arena, T, kind_, type_, inside, ...)           \
  ({                                                            \
    T *node_ = arena_alloc(arena, sizeof(T));                   \
    const uint16_t has_ = (uint16_t)(expr_bit(kind_) | inside); \
    *node_ = (T){.e = {kind_, type_, has_}, __VA_ARGS__};       \
    node_;                                                      \
  })

uint32_t exprs_have(int n, const Expr *const *at) {
  uint32_t all = 0;
  for (int i = 0; i < n; i++) all |= at[i]->has;
  return all;
}

static const Expr *const *copy_exprs(Arena *arena, int n,
                                     const Expr *const *at) {
  return arena_copy(arena, at, (size_t)n * sizeof *at);
}

const Var *make_var(Arena *arena, const char *hint, DType type) {
  return NEW_EXPR(arena, Var, VAR, type, 0, .hint = hint);
}

const Var *make_pointer(Arena *arena, const char *hint, DType element,
                        const char *scope) {
  return NEW_EXPR(arena, Var, VAR, HANDLE, 0, .element = element, .hint = hint,
                  .scope = scope);
}

/* The small numbers that programs are full of, each once. */
#define SMALL(n) \
  { {INT, {TYPE_INT, 32, 1}, 1 << INT}, n }
#define SMALL_4(n) SMALL(n), SMALL(n + 1), SMALL(n + 2), SMALL(n + 3)
#define SMALL_16(n) SMALL_4(n), SMALL_4(n + 4), SMALL_4(n + 8), SMALL_4(n + 12)
static const IntImm small_ints[] = {SMALL_16(0), SMALL_16(16)};
static const IntImm truths[] = {{{INT, {TYPE_UINT, 1, 1}, 1 << INT}, 0},
                                {{INT, {TYPE_UINT, 1, 1}, 1 << INT}, 1}};
enum { SMALL_INTS = sizeof small_ints / sizeof *small_ints };

const Expr *make_int(Arena *arena, DType type, int64_t value) {
  if (dtype_eq(type, INT32) && value >= 0 && value < SMALL_INTS)
    return &small_ints[value].e;
  if (dtype_eq(type, BOOL) && (value == 0 || value == 1))
    return &truths[value].e;
  return &NEW_EXPR(arena, IntImm, INT, type, 0, .value = value)->e;
}

const Expr *make_i32(Arena *arena, int64_t value) {
  return make_int(arena, INT32, value);
}

const Expr *make_bool(Arena *arena, bool value) {
  return make_int(arena, BOOL, value);
}

const Expr *make_float(Arena *arena, DType type, double value) {
  return &NEW_EXPR(arena, FloatImm, FLOAT, type, 0, .value = value)->e;
}

const Expr *make_string(Arena *arena, const char *value) {
  return &NEW_EXPR(arena, StringImm, STRING, HANDLE, 0, .value = value)->e;
}

const Expr *make_const(Arena *arena, DType type, int64_t value) {
  if (type.lanes > 1) {
    DType lane = type;
    lane.lanes = 1;
    return make_broadcast(arena, make_const(arena, lane, value), type.lanes);
  }
  if (type.code == TYPE_FLOAT) return make_float(arena, type, (double)value);
  return make_int(arena, type, value);
}

const Expr *make_unary(Arena *arena, ExprKind kind, DType type, const Expr *a) {
  return &NEW_EXPR(arena, Unary, kind, type, a->has, .a = a)->e;
}

const Expr *make_binary(Arena *arena, ExprKind kind, const Expr *a,
                        const Expr *b) {
  DType type = a->type;
  if (kind >= EQ && kind <= GE) {
    type = BOOL;
    type.lanes = a->type.lanes;
  }
  return &NEW_EXPR(arena, Binary, kind, type, a->has | b->has, .a = a, .b = b)
              ->e;
}

const Expr *make_select(Arena *arena, const Expr *condition,
                        const Expr *if_true, const Expr *if_false) {
  return &NEW_EXPR(arena, Select, SELECT, if_true->type,
                   condition->has | if_true->has | if_false->has,
                   .condition = condition, .if_true = if_true,
                   .if_false = if_false)
              ->e;
}

const Expr *make_call(Arena *arena, DType type, Op op, int n,
                      const Expr *const *arg) {
  return &NEW_EXPR(arena, Call, CALL, type, exprs_have(n, arg), .op = op,
                   .n = n, .arg = copy_exprs(arena, n, arg))
              ->e;
}

const Expr *with_args(Arena *arena, const Call *call, const Expr *const *arg) {
  return &NEW_EXPR(arena, Call, CALL, call->e.type, exprs_have(call->n, arg),
                   .op = call->op, .n = call->n,
                   .arg = copy_exprs(arena, call->n, arg), .stage = call->stage)
              ->e;
}

const Expr *make_load(Arena *arena, const Buffer *buffer, int n,
                      const Expr *const *index) {
  DType type = buffer->type;
  if (n) type.lanes = (uint16_t)(type.lanes * index[n - 1]->type.lanes);
  return &NEW_EXPR(arena, Load, LOAD, type, exprs_have(n, index),
                   .buffer = buffer, .n = n,
                   .index = copy_exprs(arena, n, index))
              ->e;
}

const Expr *make_reduce(Arena *arena, Combiner combiner, const Expr *source,
                        int n, const IterVar *const *axis,
                        const Expr *condition) {
  uint32_t inside = source->has | condition->has;
  for (int i = 0; i < n; i++)
    inside |= axis[i]->dom.min->has | axis[i]->dom.extent->has;
  return &NEW_EXPR(arena, Reduce, REDUCE, source->type, inside,
                   .combiner = combiner, .source = source, .n = n,
                   .axis = arena_copy(arena, axis, (size_t)n * sizeof *axis),
                   .condition = condition)
              ->e;
}

const Expr *make_let(Arena *arena, const Var *var, const Expr *value,
                     const Expr *body) {
  return &NEW_EXPR(arena, Let, LET, body->type, value->has | body->has,
                   .var = var, .value = value, .body = body)
              ->e;
}

const Expr *make_ramp(Arena *arena, const Expr *base, const Expr *stride,
                      int lanes) {
  DType type = base->type;
  type.lanes = (uint16_t)lanes;
  return &NEW_EXPR(arena, Ramp, RAMP, type, base->has | stride->has,
                   .base = base, .stride = stride)
              ->e;
}

const Expr *make_broadcast(Arena *arena, const Expr *value, int lanes) {
  DType type = value->type;
  type.lanes = (uint16_t)lanes;
  return &NEW_EXPR(arena, Broadcast, BROADCAST, type, value->has,
                   .value = value)
              ->e;
}

const IterVar *make_iter(Arena *arena, Range dom, const Var *var, IterType type,
                         const char *thread_tag) {
  IterVar *iter = arena_alloc(arena, sizeof *iter);
  *iter = (IterVar){dom, var, type, thread_tag};
  return iter;
}

Buffer *make_buffer(Arena *arena, const Var *data, DType type, const char *name,
                    int n, const Expr *const *shape) {
  enum { DEFAULT_ALIGN = 128 };
  DType offset_type = n ? shape[0]->type : INT32;
  Buffer *buffer = arena_alloc(arena, sizeof *buffer);
  *buffer = (Buffer){.data = data,
                     .type = type,
                     .name = name,
                     .n = n,
                     .shape = copy_exprs(arena, n, shape),
                     .elem_offset = make_int(arena, offset_type, 0),
                     .align = DEFAULT_ALIGN,
                     .offset_factor = 1};
  return buffer;
}

Buffer *copy_buffer(Arena *arena, const Buffer *buffer) {
  return arena_copy(arena, buffer, sizeof *buffer);
}
