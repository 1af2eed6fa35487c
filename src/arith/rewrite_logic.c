/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of logic (TVM 0.9's order), and of selects under one condition. */
#include "arith/rules.h"

const Expr *rules_not(Match *m) {
  RULE(NOT(NOT(x)), x);
  RULE(NOT(LE(x, y)), LT(y, x));
  RULE(NOT(GE(x, y)), LT(x, y));
  RULE(NOT(LT(x, y)), LE(y, x));
  RULE(NOT(GT(x, y)), LE(x, y));
  RULE(NOT(EQ(x, y)), NE(x, y));
  RULE(NOT(NE(x, y)), EQ(x, y));
  AGAIN(NOT(OR(x, y)), AND(NOT(x), NOT(y)));
  AGAIN(NOT(AND(x, y)), OR(NOT(x), NOT(y)));
  return NULL;
}

/* Is there no integer above c2 and below c1, each bound strict or not? */
static bool empty(const Match *m, int strict_bounds) {
  int64_t gap = wrap_sub(V(c1), V(c2));
  return gap < strict_bounds;
}

const Expr *rules_and(Match *m) {
  RULE(AND(EQ(x, y), NE(x, y)), FALSE);
  RULE(AND(NE(x, y), EQ(x, y)), FALSE);
  RULE(AND(x, NOT(x)), FALSE);
  RULE(AND(LE(x, y), LT(y, x)), FALSE);
  RULE(AND(LT(y, x), LE(x, y)), FALSE);
  RULE_IF(AND(LT(x, c1), LT(c2, x)), FALSE, empty(m, 2));
  RULE_IF(AND(LT(c2, x), LT(x, c1)), FALSE, empty(m, 2));
  RULE_IF(AND(LT(x, c1), LE(c2, x)), FALSE, empty(m, 1));
  RULE_IF(AND(LE(c2, x), LT(x, c1)), FALSE, empty(m, 1));
  RULE_IF(AND(LE(x, c1), LT(c2, x)), FALSE, empty(m, 1));
  RULE_IF(AND(LT(c2, x), LE(x, c1)), FALSE, empty(m, 1));
  RULE_IF(AND(LE(x, c1), LE(c2, x)), FALSE, empty(m, 0));
  RULE_IF(AND(LE(c2, x), LE(x, c1)), FALSE, empty(m, 0));
  RULE(AND(EQ(x, c1), NE(x, c2)), AND(EQ(x, c1), NE(c1, c2)));
  RULE(AND(NE(x, c2), EQ(x, c1)), AND(EQ(x, c1), NE(c1, c2)));
  return NULL;
}

/* Is every integer below c1 or above c2, where `inclusive` of the two bounds
 * belong to their side? */
static bool everything(const Match *m, int inclusive) {
  int64_t gap = wrap_sub(V(c2), V(c1));
  return gap < inclusive;
}

const Expr *rules_or(Match *m) {
  RULE(OR(EQ(x, y), NE(x, y)), TRUE);
  RULE(OR(NE(x, y), EQ(x, y)), TRUE);
  RULE(OR(x, NOT(x)), TRUE);
  RULE(OR(LE(x, y), LT(y, x)), TRUE);
  RULE(OR(LT(y, x), LE(x, y)), TRUE);
  RULE_IF(OR(LT(x, c1), LT(c2, x)), TRUE, everything(m, 0));
  RULE_IF(OR(LT(c2, x), LT(x, c1)), TRUE, everything(m, 0));
  RULE_IF(OR(LE(x, c1), LT(c2, x)), TRUE, everything(m, 1));
  RULE_IF(OR(LT(c2, x), LE(x, c1)), TRUE, everything(m, 1));
  RULE_IF(OR(LT(x, c1), LE(c2, x)), TRUE, everything(m, 1));
  RULE_IF(OR(LE(c2, x), LT(x, c1)), TRUE, everything(m, 1));
  RULE_IF(OR(LE(x, c1), LE(c2, x)), TRUE, everything(m, 2));
  RULE_IF(OR(LE(c2, x), LE(x, c1)), TRUE, everything(m, 2));
  RULE(OR(NE(x, c1), EQ(x, c2)), OR(NE(x, c1), EQ(c1, c2)));
  RULE(OR(EQ(x, c2), NE(x, c1)), OR(NE(x, c1), EQ(c1, c2)));
  return NULL;
}

static const Expr *select_sub(Match *m) {
  RULE(SUB(SELECT(x, b1, b2), SELECT(x, s1, s2)),
       SELECT(x, SUB(b1, s1), SUB(b2, s2)));
  if (m->a->type.lanes != 1) return NULL;
  RULE(SUB(SELECT(x, y, z), z), SELECT(x, SUB(y, z), ZERO));
  RULE(SUB(SELECT(x, y, z), y), SELECT(x, ZERO, SUB(z, y)));
  return NULL;
}

const Expr *rules_select(Match *m) {
  if (m->a->kind != SELECT) return NULL;
  if (m->kind == SUB) return select_sub(m);
  if (m->kind == ADD)
    RULE(ADD(SELECT(x, b1, b2), SELECT(x, s1, s2)),
         SELECT(x, ADD(b1, s1), ADD(b2, s2)));
  if (m->kind == MIN || m->kind == MAX)
    RULE(M(SELECT(x, y, z), SELECT(x, s1, s2)), SELECT(x, M(y, s1), M(z, s2)));
  return NULL;
}
