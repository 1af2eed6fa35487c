/* SPDX-License-Identifier: Apache-2.0 */
/* The builders: promote the operands to one type, fold, else build. */
#include "ir/build.h"

#include "base/trap.h"

static bool is_float_type(DType t) { return t.code == TYPE_FLOAT; }

static DType widened(DType t, uint16_t lanes) {
  t.lanes = lanes;
  return t;
}

/* The common type of two scalars: floats win, then width, then unsigned. */
static DType common_type(DType a, DType b) {
  if (is_float_type(a) != is_float_type(b)) return is_float_type(a) ? a : b;
  if (a.bits != b.bits) return a.bits > b.bits ? a : b;
  if (a.code == b.code) return a;
  return a.code == TYPE_UINT ? a : b;
}

static void promote(Arena *arena, const Expr **a, const Expr **b) {
  if (dtype_eq((*a)->type, (*b)->type)) return;
  if ((*a)->type.code == TYPE_HANDLE || (*b)->type.code == TYPE_HANDLE) return;
  uint16_t lanes_a = (*a)->type.lanes, lanes_b = (*b)->type.lanes;
  if (lanes_a == 1 && lanes_b > 1) *a = make_broadcast(arena, *a, lanes_b);
  if (lanes_b == 1 && lanes_a > 1) *b = make_broadcast(arena, *b, lanes_a);
  DType type = common_type((*a)->type, (*b)->type);
  *a = ex_cast(arena, type, *a);
  *b = ex_cast(arena, type, *b);
}

const Expr *ex_binary(Arena *arena, ExprKind kind, const Expr *a,
                      const Expr *b) {
  promote(arena, &a, &b);
  const Expr *folded = fold_binary(arena, kind, a, b);
  return folded ? folded : make_binary(arena, kind, a, b);
}

#define BUILDER(name, KIND)                                           \
  const Expr *ex_##name(Arena *arena, const Expr *a, const Expr *b) { \
    return ex_binary(arena, KIND, a, b);                              \
  }
BUILDER(add, ADD)
BUILDER(sub, SUB)
BUILDER(mul, MUL)
BUILDER(div, DIV)
BUILDER(mod, MOD)
BUILDER(floordiv, FLOORDIV)
BUILDER(floormod, FLOORMOD)
BUILDER(min, MIN)
BUILDER(max, MAX)
BUILDER(eq, EQ)
BUILDER(ne, NE)
BUILDER(lt, LT)
BUILDER(le, LE)
BUILDER(gt, GT)
BUILDER(ge, GE)
BUILDER(and, AND)
BUILDER(or, OR)

const Expr *ex_not(Arena *arena, const Expr *a) {
  const IntImm *imm = as_int(a);
  if (imm) return make_int(arena, a->type, !imm->value);
  return make_unary(arena, NOT, a->type, a);
}

const Expr *ex_neg(Arena *arena, const Expr *a) {
  const FloatImm *real = as_float(a);
  if (real) return make_float(arena, a->type, -real->value);
  return ex_sub(arena, make_const(arena, a->type, 0), a);
}

static const Expr *bits_call(Arena *arena, Op op, const Expr *a,
                             const Expr *b) {
  promote(arena, &a, &b);
  const Expr *folded = fold_bits(arena, op, a, b);
  return folded ? folded
                : make_call(arena, a->type, op, 2, (const Expr *[]){a, b});
}

const Expr *ex_shift_right(Arena *arena, const Expr *a, const Expr *b) {
  return bits_call(arena, OP_SHIFT_RIGHT, a, b);
}

const Expr *ex_shift_left(Arena *arena, const Expr *a, const Expr *b) {
  return bits_call(arena, OP_SHIFT_LEFT, a, b);
}

const Expr *ex_bitwise(Arena *arena, Op op, const Expr *a, const Expr *b) {
  return bits_call(arena, op, a, b);
}

const Expr *ex_cast(Arena *arena, DType type, const Expr *a) {
  if (dtype_eq(type, a->type)) return a;
  if (type.lanes > 1 && a->type.lanes == 1)
    return make_broadcast(arena, ex_cast(arena, widened(type, 1), a),
                          type.lanes);
  const IntImm *imm = as_int(a);
  const FloatImm *real = as_float(a);
  if (imm && is_integer(type))
    return make_int(arena, type, dtype_wrap(type, imm->value));
  if (imm && is_float_type(type))
    return make_float(arena, type, (double)imm->value);
  if (real && is_float_type(type)) return make_float(arena, type, real->value);
  if (real && is_integer(type) && real->value > -9e18 && real->value < 9e18)
    return make_int(arena, type, dtype_wrap(type, (int64_t)real->value));
  return make_unary(arena, CAST, type, a);
}

const Expr *ex_select(Arena *arena, const Expr *condition, const Expr *if_true,
                      const Expr *if_false) {
  promote(arena, &if_true, &if_false);
  return make_select(arena, condition, if_true, if_false);
}

const Expr *ex_if_then_else(Arena *arena, const Expr *condition,
                            const Expr *if_true, const Expr *if_false) {
  promote(arena, &if_true, &if_false);
  const IntImm *known = as_int(condition);
  if (known) return known->value ? if_true : if_false;
  return make_call(arena, if_true->type, OP_IF_THEN_ELSE, 3,
                   (const Expr *[]){condition, if_true, if_false});
}

const Expr *ex_likely(Arena *arena, const Expr *condition) {
  if (condition->kind == INT) return condition;
  return make_call(arena, condition->type, OP_LIKELY, 1, &condition);
}

const Expr *ex_addi(Arena *arena, const Expr *a, int64_t b) {
  return ex_add(arena, a, make_const(arena, a->type, b));
}

const Expr *ex_muli(Arena *arena, const Expr *a, int64_t b) {
  return ex_mul(arena, a, make_const(arena, a->type, b));
}

static double float_limit(DType type) {
  return type.bits == 64 ? 1.7976931348623157e308 : 3.4028234663852886e38;
}

const Expr *combiner_identity(Arena *arena, Combiner combiner, DType type) {
  bool is_max = combiner == COMBINE_MAX;
  if (combiner == COMBINE_SUM) return make_const(arena, type, 0);
  if (is_float_type(type))
    return make_float(arena, type,
                      is_max ? -float_limit(type) : float_limit(type));
  return make_int(arena, type, is_max ? dtype_min(type) : dtype_max(type));
}

const Expr *combine(Arena *arena, Combiner combiner, const Expr *accumulator,
                    const Expr *source) {
  switch (combiner) {
    case COMBINE_SUM: return ex_add(arena, accumulator, source);
    case COMBINE_MAX: return ex_max(arena, accumulator, source);
    case COMBINE_MIN: return ex_min(arena, accumulator, source);
  }
  BUG("unknown combiner %d", combiner);
}
