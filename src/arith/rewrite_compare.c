/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of comparisons (TVM 0.9's order).  Only == and < are met here: the
 * visitor turns the other four into these and their negations. */
#include "arith/rules.h"

static const Expr *truth(Match *m, bool value) {
  return make_bool(m->simplifier->analyzer->arena, value);
}

const Expr *rules_eq(Match *m) {
  Order order = compare_exprs(m->simplifier, m->a, m->b);
  if (order == ORDER_EQ) return truth(m, true);
  if (order == ORDER_NE || order == ORDER_GT || order == ORDER_LT)
    return truth(m, false);
  RULE(EQ(SUB(x, c1), ZERO), EQ(x, c1));
  RULE(EQ(SUB(c1, x), ZERO), EQ(x, c1));
  RULE(EQ(ADD(x, c1), ZERO), EQ(x, SUB(ZERO, c1)));
  RULE(EQ(MUL(x, y), ZERO), OR(EQ(x, ZERO), EQ(y, ZERO)));
  return NULL;
}

static const Expr *lt_cancel(Match *m) {
  RULE(LT(ADD(x, y), ADD(x, z)), LT(y, z));
  RULE(LT(ADD(x, y), ADD(z, x)), LT(y, z));
  RULE(LT(ADD(y, x), ADD(x, z)), LT(y, z));
  RULE(LT(ADD(y, x), ADD(z, x)), LT(y, z));
  RULE(LT(SUB(y, x), SUB(z, x)), LT(y, z));
  RULE(LT(SUB(x, y), SUB(x, z)), LT(z, y));
  RULE(LT(x, ADD(x, z)), LT(ZERO, z));
  RULE(LT(x, ADD(z, x)), LT(ZERO, z));
  RULE(LT(x, SUB(x, z)), LT(z, ZERO));
  RULE(LT(c1, ADD(x, c2)), LT(SUB(c1, c2), x));
  RULE(LT(c1, SUB(c2, x)), LT(x, SUB(c2, c1)));
  RULE_IF(LT(MUL(x, c1), MUL(y, c1)), LT(x, y), V(c1) > 0);
  RULE_IF(LT(MUL(x, c1), MUL(y, c1)), LT(y, x), V(c1) < 0);
  return NULL;
}

/* The division truncates, hence one rule for each pair of signs. */
static const Expr *lt_scaled(Match *m) {
  RULE_IF(LT(MUL(x, c2), c1), LT(x, ADD(DIV(SUB(c1, ONE), c2), ONE)),
          V(c1) > 0 && V(c2) > 0);
  RULE_IF(LT(MUL(x, c2), c1), LT(x, DIV(c1, c2)), V(c1) <= 0 && V(c2) > 0);
  RULE_IF(LT(MUL(x, c2), c1), LT(SUB(DIV(SUB(c1, ONE), c2), ONE), x),
          V(c1) > 0 && V(c2) < 0);
  RULE_IF(LT(MUL(x, c2), c1), LT(DIV(c1, c2), x), V(c1) <= 0 && V(c2) < 0);
  RULE_IF(LT(c1, MUL(x, c2)), LT(SUB(DIV(ADD(c1, ONE), c2), ONE), x),
          V(c1) < 0 && V(c2) > 0);
  RULE_IF(LT(c1, MUL(x, c2)), LT(DIV(c1, c2), x), V(c1) >= 0 && V(c2) > 0);
  RULE_IF(LT(c1, MUL(x, c2)), LT(x, ADD(DIV(ADD(c1, ONE), c2), ONE)),
          V(c1) < 0 && V(c2) < 0);
  RULE_IF(LT(c1, MUL(x, c2)), LT(x, DIV(c1, c2)), V(c1) >= 0 && V(c2) < 0);
  return NULL;
}

/* x/c*c against x: what is left is the remainder, in either division. */
#define ROUNDED_DOWN_RULES(DV, MD)                                         \
  RULE_IF(LT(MUL(DV(x, c1), c1), x), LT(ZERO, MD(x, c1)), V(c1) > 0);      \
  RULE_IF(LT(MUL(DV(x, c1), c1), ADD(x, y)), LT(ZERO, ADD(MD(x, c1), y)),  \
          V(c1) > 0);                                                      \
  RULE_IF(LT(MUL(DV(x, c1), c1), SUB(x, y)), LT(y, MD(x, c1)), V(c1) > 0); \
  RULE_IF(LT(MUL(DV(ADD(x, c2), c1), c1), x), LT(c2, MD(ADD(x, c2), c1)),  \
          V(c1) > 0);                                                      \
  RULE_IF(LT(MUL(DV(ADD(x, c2), c1), c1), ADD(x, y)),                      \
          LT(c2, ADD(MD(ADD(x, c2), c1), y)), V(c1) > 0);                  \
  RULE_IF(LT(MUL(DV(ADD(x, c2), c1), c1), SUB(x, y)),                      \
          LT(y, ADD(MD(ADD(x, c2), c1), SUB(ZERO, c2))), V(c1) > 0)

static const Expr *lt_truncdiv(Match *m) {
  RULE_IF(LT(DIV(x, c1), c2), LT(x, MUL(c1, c2)), V(c1) > 0 && V(c2) > 0);
  RULE_IF(LT(DIV(x, c1), c2), LT(x, ADD(MUL(c1, SUB(c2, ONE)), ONE)),
          V(c1) > 0 && V(c2) <= 0);
  RULE_IF(LT(c1, DIV(x, c2)), LT(SUB(MUL(ADD(c1, ONE), c2), ONE), x),
          V(c1) >= 0 && V(c2) > 0);
  RULE_IF(LT(c1, DIV(x, c2)), LT(MUL(c1, c2), x), V(c1) < 0 && V(c2) > 0);
  ROUNDED_DOWN_RULES(DIV, MOD);
  return NULL;
}

static const Expr *lt_floordiv(Match *m) {
  RULE_IF(LT(FLOORDIV(x, c1), c2), LT(x, MUL(c1, c2)), V(c1) > 0);
  RULE_IF(LT(c1, FLOORDIV(x, c2)), LT(SUB(MUL(ADD(c1, ONE), c2), ONE), x),
          V(c2) > 0);
  ROUNDED_DOWN_RULES(FLOORDIV, FLOORMOD);
  return NULL;
}

static const Expr *lt_order(Match *m) {
  AGAIN(LT(MIN(x, y), z), OR(LT(x, z), LT(y, z)));
  AGAIN(LT(MAX(x, y), z), AND(LT(x, z), LT(y, z)));
  AGAIN(LT(z, MIN(x, y)), AND(LT(z, x), LT(z, y)));
  AGAIN(LT(z, MAX(x, y)), OR(LT(z, x), LT(z, y)));
  AGAIN(LT(x, SUB(c1, y)), LT(ADD(x, y), c1));
  AGAIN(LT(x, ADD(c1, y)), LT(SUB(x, y), c1));
  AGAIN(LT(SUB(c1, y), x), LT(c1, ADD(x, y)));
  AGAIN(LT(ADD(c1, y), x), LT(c1, SUB(x, y)));
  AGAIN(LT(ADD(x, c1), c2), LT(x, SUB(c2, c1)));
  AGAIN(LT(SUB(x, c1), c2), LT(x, ADD(c2, c1)));
  RULE(LT(SUB(x, c1), ZERO), LT(x, c1));
  return NULL;
}

const Expr *rules_lt(Match *m) {
  switch (compare_exprs(m->simplifier, m->a, m->b)) {
    case ORDER_LT: return truth(m, true);
    case ORDER_EQ:
    case ORDER_GT:
    case ORDER_GE: return truth(m, false);
    default: break;
  }
  const Expr *to = lt_cancel(m);
  if (!to) to = lt_scaled(m);
  if (!to) to = lt_truncdiv(m);
  if (!to) to = lt_floordiv(m);
  return to ? to : lt_order(m);
}
