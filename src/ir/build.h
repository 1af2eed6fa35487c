/* SPDX-License-Identifier: Apache-2.0 */
/* Builders: operators that promote their operands and fold constants as the
 * expression is built (docs/ir-text.md, "Folding").  The raw constructors
 * are in make.h. */
#ifndef IR_BUILD_H
#define IR_BUILD_H

#include "ir/ir.h"
#include "ir/make.h"

const Expr *ex_add(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_sub(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_mul(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_div(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_mod(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_floordiv(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_floormod(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_min(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_max(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_eq(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_ne(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_lt(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_le(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_gt(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_ge(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_and(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_or(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_not(Arena *arena, const Expr *a);
const Expr *ex_neg(Arena *arena, const Expr *a); /* 0 - a, constants folded */
const Expr *ex_shift_right(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_shift_left(Arena *arena, const Expr *a, const Expr *b);
const Expr *ex_bitwise(Arena *arena, Op op, const Expr *a, const Expr *b);
const Expr *ex_cast(Arena *arena, DType type, const Expr *a);
const Expr *ex_select(Arena *arena, const Expr *condition, const Expr *if_true,
                      const Expr *if_false);
const Expr *ex_if_then_else(Arena *arena, const Expr *condition,
                            const Expr *if_true, const Expr *if_false);
const Expr *ex_likely(Arena *arena, const Expr *condition);
/* Any binary kind from ADD to OR by its builder. */
const Expr *ex_binary(Arena *arena, ExprKind kind, const Expr *a,
                      const Expr *b);
/* What the builder of `kind` folds (a, b) to, or NULL where it folds nothing.
 * The operands must have been promoted. */
/* Of one number, only 0 and 1 are of interest to arithmetic. */
static inline bool could_fold(ExprKind kind, const Expr *a, const Expr *b) {
  if (kind >= MIN && kind != EQ && kind != LT) return true;
  if (a->kind == FLOAT || b->kind == FLOAT) return true;
  if (a->kind == INT && b->kind == INT) return true;
  const IntImm *imm = as_int(a->kind == INT ? a : b);
  return imm && (imm->value == 0 || imm->value == 1);
}
const Expr *fold_numbers(Arena *arena, ExprKind kind, const Expr *a,
                         const Expr *b);
static inline const Expr *fold_binary(Arena *arena, ExprKind kind,
                                      const Expr *a, const Expr *b) {
  return could_fold(kind, a, b) ? fold_numbers(arena, kind, a, b) : NULL;
}
/* The same for shifts and bitwise calls on index types. */
const Expr *fold_bits(Arena *arena, Op op, const Expr *a, const Expr *b);
/* With an int constant on the right. */
const Expr *ex_addi(Arena *arena, const Expr *a, int64_t b);
const Expr *ex_muli(Arena *arena, const Expr *a, int64_t b);

/* Identity of a reduction and one step of it (the accumulator is on the
 * left). */
const Expr *combiner_identity(Arena *arena, Combiner combiner, DType type);
const Expr *combine(Arena *arena, Combiner combiner, const Expr *accumulator,
                    const Expr *source);

/* Division and remainder that round towards minus infinity. */
int64_t floor_div(int64_t a, int64_t b);
int64_t floor_mod(int64_t a, int64_t b);

/* Symbolic infinities of interval sets: handles that no program contains. */
extern const Expr *const POS_INF;
extern const Expr *const NEG_INF;

#endif
