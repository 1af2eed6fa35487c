/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of minimum and maximum (TVM 0.9's order).  M is the node's own
 * operator in this file, W the other one. */
#include "arith/rules.h"

/* An operand that is the answer whatever the variables are. */
static const Expr *minmax_bounds(Match *m) {
  RULE(M(x, x), x);
  Bound a = const_bound(m->simplifier->analyzer, m->a);
  Bound b = const_bound(m->simplifier->analyzer, m->b);
  bool is_max = m->kind == MAX;
  if (is_max ? a.lo >= b.hi : a.hi <= b.lo) return m->a;
  if (is_max ? b.lo >= a.hi : b.hi <= a.lo) return m->b;
  return NULL;
}

/* Is the first the one to take? */
static bool wins(const Match *m, int64_t first, int64_t second) {
  return m->kind == MAX ? first > second : first < second;
}

static const Expr *minmax_constants(Match *m) {
  RULE_IF(M(ADD(x, c1), ADD(x, c2)), ADD(x, c1), wins(m, V(c1), V(c2)));
  RULE(M(ADD(x, c1), ADD(x, c2)), ADD(x, c2));
  RULE_IF(M(ADD(x, c1), x), ADD(x, c1), wins(m, V(c1), 0));
  RULE(M(ADD(x, c1), x), x);
  RULE_IF(M(x, ADD(x, c1)), ADD(x, c1), wins(m, V(c1), 0));
  RULE(M(x, ADD(x, c1)), x);
  RULE_IF(M(SUB(c1, x), SUB(c2, x)), SUB(c1, x), wins(m, V(c1), V(c2)));
  RULE(M(SUB(c1, x), SUB(c2, x)), SUB(c2, x));
  return NULL;
}

/* (x + c1)/c2*c2 is x rounded up to a multiple of c2. */
static bool rounds_up(const Match *m) {
  return V(c2) > 0 && V(c1) == V(c2) - 1;
}

/* Against max(x, c2) this needs x >= 1, which TVM 0.9 does not ask: 0 rounds
 * up to 0, below c2. */
static const Expr *min_rounding(Match *m) {
  RULE_IF(M(MUL(DIV(ADD(x, c1), c2), c2), x), x, rounds_up(m));
  RULE_IF(M(MUL(DIV(ADD(x, c1), c2), c2), MAX(x, c2)), MAX(x, c2),
          rounds_up(m) && prove_ge(m, E(x), 1));
  RULE_IF(M(x, MUL(DIV(ADD(x, c1), c2), c2)), x, rounds_up(m));
  RULE_IF(M(MAX(x, c2), MUL(DIV(ADD(x, c1), c2), c2)), MAX(x, c2),
          rounds_up(m) && prove_ge(m, E(x), 1));
  RULE_IF(M(MUL(FLOORDIV(ADD(x, c1), c2), c2), x), x, rounds_up(m));
  RULE_IF(M(MUL(FLOORDIV(ADD(x, c1), c2), c2), MAX(x, c2)), MAX(x, c2),
          rounds_up(m) && prove_ge(m, E(x), 1));
  RULE_IF(M(x, MUL(FLOORDIV(ADD(x, c1), c2), c2)), x, rounds_up(m));
  RULE_IF(M(MAX(x, c2), MUL(FLOORDIV(ADD(x, c1), c2), c2)), MAX(x, c2),
          rounds_up(m) && prove_ge(m, E(x), 1));
  RULE_IF(M(x, MUL(FLOORDIV(x, c2), c2)), MUL(FLOORDIV(x, c2), c2), V(c2) > 0);
  RULE_IF(M(MUL(FLOORDIV(x, c2), c2), x), MUL(FLOORDIV(x, c2), c2), V(c2) > 0);
  return NULL;
}

static const Expr *max_rounding(Match *m) {
  RULE_IF(M(MUL(DIV(ADD(x, c1), c2), c2), x), MUL(DIV(ADD(x, c1), c2), c2),
          rounds_up(m));
  RULE_IF(M(x, MUL(DIV(ADD(x, c1), c2), c2)), MUL(DIV(ADD(x, c1), c2), c2),
          rounds_up(m));
  RULE_IF(M(MUL(FLOORDIV(ADD(x, c1), c2), c2), x),
          MUL(FLOORDIV(ADD(x, c1), c2), c2), rounds_up(m));
  RULE_IF(M(x, MUL(FLOORDIV(ADD(x, c1), c2), c2)),
          MUL(FLOORDIV(ADD(x, c1), c2), c2), rounds_up(m));
  RULE_IF(M(MUL(FLOORDIV(x, c2), c2), x), x, V(c2) > 0);
  RULE_IF(M(x, MUL(FLOORDIV(x, c2), c2)), x, V(c2) > 0);
  return NULL;
}

static const Expr *minmax_absorb(Match *m) {
  RULE(M(W(x, y), M(x, y)), M(x, y));
  RULE(M(W(x, y), M(y, x)), M(x, y));
  RULE(M(M(x, y), W(x, y)), M(x, y));
  RULE(M(M(x, y), W(y, x)), M(x, y));
  RULE(M(W(x, y), x), x);
  RULE(M(W(x, y), y), y);
  RULE(M(M(x, y), x), M(x, y));
  RULE(M(M(x, y), y), M(x, y));
  RULE(M(x, W(x, y)), x);
  RULE(M(y, W(x, y)), y);
  RULE(M(x, M(x, y)), M(x, y));
  RULE(M(y, M(x, y)), M(x, y));
  RULE(M(M(M(x, y), z), y), M(M(x, y), z));
  RULE(M(M(M(M(x, y), z), s1), y), M(M(M(x, y), z), s1));
  RULE(M(M(M(M(M(x, y), z), s1), s2), y), M(M(M(M(x, y), z), s1), s2));
  return NULL;
}

static const Expr *minmax_distribute(Match *m) {
  RULE(M(W(x, y), W(x, z)), W(M(y, z), x));
  RULE(M(W(x, y), W(z, x)), W(M(y, z), x));
  RULE(M(W(y, x), W(x, z)), W(M(y, z), x));
  RULE(M(W(y, x), W(z, x)), W(M(y, z), x));
  RULE(M(M(x, y), M(x, z)), M(M(y, z), x));
  RULE(M(M(x, y), M(z, x)), M(M(y, z), x));
  RULE(M(M(y, x), M(x, z)), M(M(y, z), x));
  RULE(M(M(y, x), M(z, x)), M(M(y, z), x));
  RULE(M(ADD(y, x), ADD(z, x)), ADD(M(y, z), x));
  RULE(M(ADD(y, x), ADD(x, z)), ADD(M(y, z), x));
  RULE(M(ADD(x, y), ADD(x, z)), ADD(M(y, z), x));
  RULE(M(ADD(x, y), ADD(z, x)), ADD(M(y, z), x));
  RULE(M(SUB(y, x), SUB(z, x)), SUB(M(y, z), x));
  RULE(M(SUB(x, y), SUB(x, z)), SUB(x, W(y, z)));
  return NULL;
}

static const Expr *minmax_scale(Match *m) {
  RULE(M(M(x, c1), c2), M(x, M(c1, c2)));
  RULE_IF(M(DIV(x, c1), DIV(y, c1)), DIV(M(x, y), c1), V(c1) > 0);
  RULE(M(DIV(x, c1), DIV(y, c1)), DIV(W(x, y), c1));
  RULE_IF(M(FLOORDIV(x, c1), FLOORDIV(y, c1)), FLOORDIV(M(x, y), c1),
          V(c1) > 0);
  RULE(M(FLOORDIV(x, c1), FLOORDIV(y, c1)), FLOORDIV(W(x, y), c1));
  RULE_IF(M(MUL(x, c1), MUL(y, c1)), MUL(M(x, y), c1), V(c1) > 0);
  RULE(M(MUL(x, c1), MUL(y, c1)), MUL(W(x, y), c1));
  RULE_IF(M(MUL(x, c1), c2), MUL(M(x, DIV(c2, c1)), c1),
          V(c1) > 0 && divides(V(c1), V(c2)));
  RULE_IF(M(MUL(x, c1), c2), MUL(W(x, DIV(c2, c1)), c1),
          V(c1) < 0 && divides(V(c1), V(c2)));
  AGAIN(M(M(x, c1), y), M(M(x, y), c1));
  AGAIN_IF(M(SUB(c1, x), c2), SUB(c1, W(x, SUB(c1, c2))), V(c2) != 0);
  return NULL;
}

const Expr *rules_minmax(Match *m) {
  const Expr *to = minmax_bounds(m);
  if (!to) to = minmax_constants(m);
  if (!to) to = m->kind == MAX ? max_rounding(m) : min_rounding(m);
  if (!to) to = minmax_absorb(m);
  if (!to) to = minmax_distribute(m);
  return to ? to : minmax_scale(m);
}
