/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of addition and multiplication (TVM 0.9's order). */
#include "arith/rules.h"

static const Expr *add_cancel(Match *m) {
  RULE(ADD(SUB(x, y), y), x);
  RULE(ADD(x, SUB(y, x)), y);
  RULE(ADD(SUB(x, y), SUB(y, z)), SUB(x, z));
  RULE(ADD(SUB(x, y), SUB(z, x)), SUB(z, y));
  RULE(ADD(M(x, SUB(y, z)), z), M(ADD(x, z), y));
  RULE(ADD(M(SUB(x, z), y), z), M(x, ADD(y, z)));
  RULE_IF(ADD(M(x, ADD(y, MUL(z, c1))), MUL(z, c2)), M(ADD(x, MUL(z, c2)), y),
          opposite(V(c1), V(c2)));
  RULE_IF(ADD(M(ADD(y, MUL(z, c1)), x), MUL(z, c2)), M(ADD(x, MUL(z, c2)), y),
          opposite(V(c1), V(c2)));
  RULE(ADD(M(x, y), W(x, y)), ADD(x, y));
  RULE(ADD(M(x, y), W(y, x)), ADD(x, y));
  RULE_IF(ADD(M(x, ADD(y, c1)), c2), M(ADD(x, c2), y), opposite(V(c1), V(c2)));
  RULE_IF(ADD(M(ADD(x, c1), y), c2), M(x, ADD(y, c2)), opposite(V(c1), V(c2)));
  return NULL;
}

static const Expr *add_factor(Match *m) {
  RULE(ADD(ADD(x, c1), c2), ADD(x, ADD(c1, c2)));
  RULE(ADD(x, x), MUL(x, TWO));
  RULE(ADD(MUL(x, y), x), MUL(x, ADD(y, ONE)));
  RULE(ADD(MUL(y, x), x), MUL(x, ADD(y, ONE)));
  RULE(ADD(x, MUL(y, x)), MUL(x, ADD(ONE, y)));
  RULE(ADD(x, MUL(x, y)), MUL(x, ADD(ONE, y)));
  RULE(ADD(MUL(x, y), MUL(x, z)), MUL(x, ADD(y, z)));
  RULE(ADD(MUL(y, x), MUL(x, z)), MUL(x, ADD(y, z)));
  RULE(ADD(MUL(x, y), MUL(z, x)), MUL(x, ADD(y, z)));
  RULE(ADD(MUL(y, x), MUL(z, x)), MUL(x, ADD(y, z)));
  return NULL;
}

static const Expr *add_divmod(Match *m) {
  RULE(ADD(MUL(DIV(x, c1), c1), MOD(x, c1)), x);
  RULE(ADD(MUL(FLOORDIV(x, y), y), FLOORMOD(x, y)), x);
  RULE(ADD(MUL(y, FLOORDIV(x, y)), FLOORMOD(x, y)), x);
  RULE(ADD(FLOORMOD(x, y), MUL(FLOORDIV(x, y), y)), x);
  RULE(ADD(FLOORMOD(x, y), MUL(y, FLOORDIV(x, y))), x);
  RULE_IF(ADD(FLOORDIV(ADD(FLOORMOD(x, c2), c1), c2), FLOORDIV(x, c2)),
          FLOORDIV(ADD(x, c1), c2), V(c2) > 0);
  return NULL;
}

static const Expr *add_order(Match *m) {
  AGAIN(ADD(x, SUB(c1, y)), ADD(SUB(x, y), c1));
  AGAIN(ADD(SUB(c1, y), x), ADD(SUB(x, y), c1));
  AGAIN(ADD(ADD(x, c1), y), ADD(ADD(x, y), c1));
  AGAIN(ADD(x, ADD(c1, y)), ADD(ADD(x, y), c1));
  AGAIN(ADD(x, M(y, z)), ADD(M(y, z), x));
  AGAIN(ADD(MOD(y, c1), MUL(x, c1)), ADD(MUL(x, c1), MOD(y, c1)));
  AGAIN(ADD(FLOORMOD(y, c1), MUL(x, c1)), ADD(MUL(x, c1), FLOORMOD(y, c1)));
  return NULL;
}

const Expr *rules_add(Match *m) {
  const Expr *to = add_cancel(m);
  if (!to) to = add_factor(m);
  if (!to) to = add_divmod(m);
  return to ? to : add_order(m);
}

const Expr *rules_mul(Match *m) {
  RULE(MUL(ADD(x, c1), c2), ADD(MUL(x, c2), MUL(c1, c2)));
  RULE(MUL(MUL(x, c1), c2), MUL(x, MUL(c1, c2)));
  RULE(MUL(M(x, y), W(x, y)), MUL(x, y));
  RULE_IF(MUL(FLOORDIV(SUB(x, FLOORMOD(x, c2)), c1), c1),
          SUB(x, FLOORMOD(x, c2)), opposite(V(c1), V(c2)));
  AGAIN(MUL(x, MUL(c1, y)), MUL(MUL(x, y), c1));
  AGAIN(MUL(c1, x), MUL(x, c1));
  AGAIN_IF(MUL(SUB(x, y), c1), MUL(SUB(y, x), SUB(ZERO, c1)), V(c1) < 0);
  return NULL;
}
