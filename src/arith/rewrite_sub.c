/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of subtraction (TVM 0.9's order). */
#include "arith/rules.h"
#include "ir/analysis.h"

static const Expr *sub_cancel(Match *m) {
  RULE(SUB(ADD(x, y), y), x);
  RULE(SUB(ADD(x, y), x), y);
  RULE(SUB(x, ADD(y, x)), SUB(ZERO, y));
  RULE(SUB(x, ADD(x, y)), SUB(ZERO, y));
  RULE(SUB(M(x, y), x), M(ZERO, SUB(y, x)));
  RULE(SUB(M(x, y), y), M(SUB(x, y), ZERO));
  RULE(SUB(x, M(x, y)), W(ZERO, SUB(x, y)));
  RULE(SUB(y, M(x, y)), W(SUB(y, x), ZERO));
  return NULL;
}

static const Expr *sub_factor(Match *m) {
  RULE(SUB(x, x), ZERO);
  RULE(SUB(MUL(x, y), x), MUL(x, SUB(y, ONE)));
  RULE(SUB(MUL(y, x), x), MUL(x, SUB(y, ONE)));
  RULE(SUB(x, MUL(y, x)), MUL(x, SUB(ONE, y)));
  RULE(SUB(x, MUL(x, y)), MUL(x, SUB(ONE, y)));
  RULE(SUB(MUL(x, y), MUL(x, z)), MUL(x, SUB(y, z)));
  RULE(SUB(MUL(y, x), MUL(x, z)), MUL(x, SUB(y, z)));
  RULE(SUB(MUL(x, y), MUL(z, x)), MUL(x, SUB(y, z)));
  RULE(SUB(MUL(y, x), MUL(z, x)), MUL(x, SUB(y, z)));
  RULE(SUB(ADD(x, c1), c2), ADD(x, SUB(c1, c2)));
  RULE(SUB(SUB(c1, x), SUB(c2, y)), ADD(SUB(y, x), SUB(c1, c2)));
  RULE(SUB(ADD(x, y), ADD(x, z)), SUB(y, z));
  RULE(SUB(ADD(x, y), ADD(z, x)), SUB(y, z));
  RULE(SUB(ADD(y, x), ADD(z, x)), SUB(y, z));
  RULE(SUB(ADD(y, x), ADD(x, z)), SUB(y, z));
  return NULL;
}

static const Expr *sub_minmax(Match *m) {
  RULE(SUB(M(ADD(x, y), z), x), M(y, SUB(z, x)));
  RULE(SUB(M(ADD(y, x), z), x), M(y, SUB(z, x)));
  RULE(SUB(M(z, ADD(x, y)), x), M(SUB(z, x), y));
  RULE(SUB(M(z, ADD(y, x)), x), M(SUB(z, x), y));
  if (m->b->kind == MIN) {
    RULE(SUB(x, M(ADD(x, y), z)), W(SUB(ZERO, y), SUB(x, z)));
    RULE(SUB(x, M(ADD(y, x), z)), W(SUB(ZERO, y), SUB(x, z)));
    RULE(SUB(x, M(z, ADD(x, y))), W(SUB(x, z), SUB(ZERO, y)));
    RULE(SUB(x, M(z, ADD(y, x))), W(SUB(x, z), SUB(ZERO, y)));
  }
  RULE(SUB(M(x, y), M(y, x)), ZERO);
  RULE_IF(SUB(M(b1, b2), M(s1, s2)), SUB(b1, s1),
          prove_equal(m, B(SUB(SUB(b1, s1), SUB(b2, s2))), 0));
  RULE_IF(SUB(M(b1, b2), M(s1, s2)), SUB(b1, s2),
          prove_equal(m, B(SUB(SUB(b1, s2), SUB(b2, s1))), 0));
  return NULL;
}

/* Is the difference of the form x*c2 - (x/c1)*c3 with c3 = c1*c2? */
static bool scaled_alike(const Match *m) {
  return V(c1) != 0 && V(c3) == wrap_mul(V(c1), V(c2));
}

/* x - x/c*c = x%c holds in either division.  DV and MD name which. */
#define REMAINDER_RULES(DV, MD)                                               \
  RULE_IF(SUB(x, MUL(DV(x, c1), c1)), MD(x, c1), V(c1) != 0);                 \
  RULE_IF(SUB(MUL(DV(x, c1), c1), x), SUB(ZERO, MD(x, c1)), V(c1) != 0);      \
  RULE_IF(SUB(x, MUL(DV(ADD(x, y), c1), c1)), SUB(MD(ADD(x, y), c1), y),      \
          V(c1) != 0);                                                        \
  RULE_IF(SUB(MUL(DV(ADD(x, y), c1), c1), x), SUB(y, MD(ADD(x, y), c1)),      \
          V(c1) != 0);                                                        \
  RULE_IF(SUB(x, MUL(DV(SUB(x, y), c1), c1)), ADD(MD(SUB(x, y), c1), y),      \
          V(c1) != 0);                                                        \
  RULE_IF(SUB(MUL(DV(SUB(x, y), c1), c1), x),                                 \
          SUB(SUB(ZERO, MD(SUB(x, y), c1)), y), V(c1) != 0);                  \
  RULE_IF(SUB(MUL(x, c2), MUL(DV(x, c1), c3)), MUL(MD(x, c1), c2),            \
          scaled_alike(m));                                                   \
  RULE_IF(SUB(MUL(DV(x, c1), c3), MUL(x, c2)), SUB(ZERO, MUL(MD(x, c1), c2)), \
          scaled_alike(m));                                                   \
  RULE_IF(SUB(MUL(x, c2), MUL(DV(ADD(x, y), c1), c3)),                        \
          MUL(SUB(MD(ADD(x, y), c1), y), c2), scaled_alike(m));               \
  RULE_IF(SUB(MUL(DV(ADD(x, y), c1), c3), MUL(x, c2)),                        \
          MUL(SUB(y, MD(ADD(x, y), c1)), c2), scaled_alike(m));               \
  RULE_IF(SUB(MUL(x, c2), MUL(DV(SUB(x, y), c1), c3)),                        \
          MUL(ADD(MD(SUB(x, y), c1), y), c2), scaled_alike(m));               \
  RULE_IF(SUB(MUL(DV(SUB(x, y), c1), c3), MUL(x, c2)),                        \
          MUL(SUB(SUB(ZERO, MD(SUB(x, y), c1)), y), c2), scaled_alike(m))

static const Expr *sub_truncdiv(Match *m) {
  REMAINDER_RULES(DIV, MOD);
  RULE_IF(SUB(DIV(ADD(x, c1), c3), DIV(ADD(x, c2), c3)),
          DIV(ADD(MOD(ADD(x, FLOORMOD(c2, c3)), c3), SUB(c1, c2)), c3),
          prove_ge(m, E(x), wrap_sub(0, V(c2))) && V(c1) >= V(c2) && V(c3) > 0);
  RULE_IF(SUB(DIV(ADD(x, c1), c3), DIV(x, c3)), DIV(ADD(MOD(x, c3), c1), c3),
          prove_ge(m, E(x), 0) && V(c1) >= 0 && V(c3) > 0);
  return NULL;
}

static const Expr *sub_floordiv(Match *m) {
  REMAINDER_RULES(FLOORDIV, FLOORMOD);
  RULE_IF(
      SUB(FLOORDIV(ADD(x, c1), c3), FLOORDIV(ADD(x, c2), c3)),
      FLOORDIV(ADD(FLOORMOD(ADD(x, FLOORMOD(c2, c3)), c3), SUB(c1, c2)), c3),
      V(c3) > 0);
  RULE_IF(SUB(FLOORDIV(ADD(x, c1), c3), FLOORDIV(x, c3)),
          FLOORDIV(ADD(FLOORMOD(x, c3), c1), c3), V(c3) > 0);
  return NULL;
}

static const Expr *sub_order(Match *m) {
  RULE(SUB(x, c1), ADD(x, SUB(ZERO, c1)));
  AGAIN(SUB(ADD(x, c1), y), ADD(SUB(x, y), c1));
  AGAIN(SUB(x, SUB(y, z)), SUB(ADD(x, z), y));
  AGAIN(SUB(x, MUL(y, c1)), ADD(x, MUL(y, SUB(ZERO, c1))));
  return NULL;
}

const Expr *rules_sub(Match *m) {
  const Expr *to = sub_cancel(m);
  if (!to) to = sub_factor(m);
  if (!to) to = sub_minmax(m);
  if (!to) to = sub_truncdiv(m);
  if (!to) to = sub_floordiv(m);
  return to ? to : sub_order(m);
}

/* A float may be a NaN; only what has no effect may be dropped. */
static bool droppable(const Expr *expr) {
  return expr_effect(expr) <= EFFECT_READS;
}

static const Expr *float_sub(Match *m) {
  RULE_IF(SUB(x, x), ZERO, droppable(E(x)));
  RULE_IF(SUB(ADD(x, y), y), x, droppable(E(y)));
  RULE_IF(SUB(ADD(x, y), x), y, droppable(E(x)));
  RULE_IF(SUB(x, ADD(y, x)), SUB(ZERO, y), droppable(E(x)));
  RULE_IF(SUB(x, ADD(x, y)), SUB(ZERO, y), droppable(E(x)));
  return NULL;
}

/* Scalar floats: sums that cancel, and a division by a constant. */
const Expr *rules_float(Match *m) {
  if (m->kind == SUB) return float_sub(m);
  const FloatImm *divisor = m->kind == DIV ? as_float(m->b) : NULL;
  if (!divisor || divisor->value == 0) return NULL;
  Arena *arena = m->simplifier->analyzer->arena;
  return ex_mul(arena, m->a,
                make_float(arena, m->b->type, 1.0 / divisor->value));
}
