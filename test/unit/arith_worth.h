/* SPDX-License-Identifier: Apache-2.0 */
/* What an expression is worth under an assignment of its variables. */
#ifndef TEST_ARITH_WORTH_H
#define TEST_ARITH_WORTH_H

#include "base/trap.h"
#include "ir/build.h"

typedef struct Worth {
  bool defined; /* false after a division by zero */
  int64_t value;
} Worth;

typedef struct Assignment {
  int vars;
  const Var *const *var;
  const int64_t *value;
  const Var *let[16]; /* innermost last */
  Worth let_value[16];
  int lets;
} Assignment;

static Worth worth(Assignment *at, const Expr *expr);

static inline Worth worth_var(const Assignment *at, const Expr *expr) {
  for (int i = at->lets - 1; i >= 0; i--)
    if (&at->let[i]->e == expr) return at->let_value[i];
  for (int i = 0; i < at->vars; i++)
    if (&at->var[i]->e == expr) return (Worth){true, at->value[i]};
  BUG("a variable from nowhere");
}

static inline int64_t binary_worth(ExprKind kind, int64_t a, int64_t b) {
  switch (kind) {
    case ADD: return a + b;
    case SUB: return a - b;
    case MUL: return a * b;
    case DIV: return a / b;
    case MOD: return a % b;
    case FLOORDIV: return floor_div(a, b);
    case FLOORMOD: return floor_mod(a, b);
    case MIN: return a < b ? a : b;
    case MAX: return a > b ? a : b;
    case EQ: return a == b;
    case NE: return a != b;
    case LT: return a < b;
    case LE: return a <= b;
    case GT: return a > b;
    case GE: return a >= b;
    case AND: return a && b;
    case OR: return a || b;
    default: BUG("no operator");
  }
}

/* Nothing short-circuits. */
static inline Worth worth_binary(Assignment *at, const Expr *expr) {
  Worth a = worth(at, AS(Binary, expr)->a), b = worth(at, AS(Binary, expr)->b);
  ExprKind kind = expr->kind;
  bool divides = kind >= DIV && kind <= FLOORMOD;
  if (!a.defined || !b.defined || (divides && b.value == 0)) return (Worth){0};
  return (Worth){true, binary_worth(kind, a.value, b.value)};
}

static inline Worth worth_choice(Assignment *at, const Expr *condition,
                                 const Expr *a, const Expr *b) {
  Worth decided = worth(at, condition);
  if (!decided.defined) return decided;
  return worth(at, decided.value ? a : b);
}

static inline Worth worth_call(Assignment *at, const Call *call) {
  if (call->op == OP_IF_THEN_ELSE)
    return worth_choice(at, call->arg[0], call->arg[1], call->arg[2]);
  Worth a = worth(at, call->arg[0]);
  if (call->op == OP_LIKELY || !a.defined) return a;
  Worth b = worth(at, call->arg[1]);
  switch (call->op) {
    case OP_SHIFT_RIGHT: b.value = a.value >> b.value; break;
    case OP_SHIFT_LEFT: b.value = a.value * (1 << b.value); break;
    case OP_BITWISE_AND: b.value = a.value & b.value; break;
    default: BUG("no call");
  }
  return b;
}

static inline Worth worth_let(Assignment *at, const Let *let) {
  at->let_value[at->lets] = worth(at, let->value);
  at->let[at->lets++] = let->var;
  Worth body = worth(at, let->body);
  at->lets--;
  return body;
}

static Worth worth(Assignment *at, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return worth_var(at, expr);
    case INT: return (Worth){true, AS(IntImm, expr)->value};
    case CAST: return worth(at, AS(Unary, expr)->a);
    case NOT: {
      Worth a = worth(at, AS(Unary, expr)->a);
      return (Worth){a.defined, !a.value};
    }
    case SELECT:
      return worth_choice(at, AS(Select, expr)->condition,
                          AS(Select, expr)->if_true,
                          AS(Select, expr)->if_false);
    case CALL: return worth_call(at, AS(Call, expr));
    case LOAD: {
      Worth index = worth(at, AS(Load, expr)->index[0]);
      return (Worth){index.defined, floor_mod(index.value * 7 + 3, 23) - 9};
    }
    case LET: return worth_let(at, AS(Let, expr));
    default: return worth_binary(at, expr);
  }
}

#endif
