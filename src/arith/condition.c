/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions without negations (De Morgan). */
#include "arith/arith.h"
#include "ir/analysis.h"
#include "ir/build.h"

/* The comparison that holds where this one does not; itself for others. */
static ExprKind opposite_kind(ExprKind kind) {
  switch (kind) {
    case LT: return GE;
    case LE: return GT;
    case GT: return LE;
    case GE: return LT;
    case EQ: return NE;
    case NE: return EQ;
    default: return kind;
  }
}

const Expr *without_not(Arena *arena, const Expr *condition, bool opposite) {
  const Call *likely = as_call_of(condition, OP_LIKELY);
  ExprKind kind = (ExprKind)condition->kind;
  if (likely) return without_not(arena, likely->arg[0], opposite);
  if (kind == NOT)
    return without_not(arena, AS(Unary, condition)->a, !opposite);
  if (kind == AND || kind == OR) {
    const Binary *op = AS(Binary, condition);
    const Expr *a = without_not(arena, op->a, opposite);
    const Expr *b = without_not(arena, op->b, opposite);
    return (kind == AND) != opposite ? ex_and(arena, a, b) : ex_or(arena, a, b);
  }
  if (!opposite) return condition;
  if (opposite_kind(kind) == kind) return ex_not(arena, condition);
  const Binary *comparison = AS(Binary, condition);
  return make_binary(arena, opposite_kind(kind), comparison->a, comparison->b);
}
