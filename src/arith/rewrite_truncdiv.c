/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of truncating division and remainder (TVM 0.9's order).  Splitting a
 * truncated quotient into terms is right only where no term is negative. */
#include "arith/rules.h"

static bool multiple(int64_t n, int64_t divisor) {
  return divisor > 0 && n % divisor == 0;
}

static bool both_ge0(const Match *m, const Expr *a, const Expr *b) {
  return prove_ge(m, a, 0) && prove_ge(m, b, 0);
}

/* May c1 be divided by c2 in a dividend of the terms a*c1 and b? */
static bool splits(const Match *m, const Expr *a, const Expr *b) {
  return V(c1) >= 0 && multiple(V(c1), V(c2)) && both_ge0(m, a, b);
}

static const Expr *div_nested(Match *m) {
  RULE_IF(DIV(DIV(x, c1), c2), DIV(x, MUL(c1, c2)), V(c1) > 0 && V(c2) > 0);
  RULE_IF(DIV(ADD(DIV(x, c1), c2), c3), DIV(ADD(x, MUL(c1, c2)), MUL(c1, c3)),
          V(c1) > 0 && V(c2) >= 0 && V(c3) > 0 && prove_ge(m, E(x), 0));
  RULE_IF(DIV(MUL(x, c1), c2), MUL(x, DIV(c1, c2)),
          V(c1) > 0 && multiple(V(c1), V(c2)));
  RULE_IF(DIV(MUL(x, c1), c2), DIV(x, DIV(c2, c1)),
          V(c2) > 0 && multiple(V(c2), V(c1)));
  RULE(DIV(x, x), ONE);
  RULE(DIV(MUL(x, c1), x), c1);
  RULE(DIV(MUL(c1, x), x), c1);
  return NULL;
}

static const Expr *div_terms(Match *m) {
  RULE_IF(DIV(ADD(MUL(x, c1), y), c2), ADD(MUL(x, DIV(c1, c2)), DIV(y, c2)),
          splits(m, E(x), E(y)));
  RULE_IF(DIV(M(MUL(x, c1), y), c2), M(MUL(x, DIV(c1, c2)), DIV(y, c2)),
          splits(m, E(x), E(y)));
  RULE_IF(DIV(ADD(y, MUL(x, c1)), c2), ADD(DIV(y, c2), MUL(x, DIV(c1, c2))),
          splits(m, E(x), E(y)));
  RULE_IF(DIV(M(y, MUL(x, c1)), c2), M(DIV(y, c2), MUL(x, DIV(c1, c2))),
          splits(m, E(x), E(y)));
  RULE_IF(DIV(ADD(ADD(MUL(x, c1), y), z), c2),
          ADD(MUL(x, DIV(c1, c2)), DIV(ADD(y, z), c2)),
          splits(m, E(x), B(ADD(y, z))));
  RULE_IF(DIV(ADD(SUB(MUL(x, c1), y), z), c2),
          ADD(MUL(x, DIV(c1, c2)), DIV(SUB(z, y), c2)),
          splits(m, E(x), B(SUB(z, y))));
  RULE_IF(DIV(SUB(ADD(MUL(x, c1), y), z), c2),
          ADD(MUL(x, DIV(c1, c2)), DIV(SUB(y, z), c2)),
          splits(m, E(x), B(SUB(y, z))));
  RULE_IF(DIV(ADD(ADD(y, MUL(x, c1)), z), c2),
          ADD(MUL(x, DIV(c1, c2)), DIV(ADD(y, z), c2)),
          V(c1) > 0 && splits(m, E(x), B(ADD(y, z))));
  RULE_IF(DIV(ADD(x, c1), c2), ADD(DIV(x, c2), DIV(c1, c2)),
          V(c1) > 0 && multiple(V(c1), V(c2)) && prove_ge(m, E(x), 0));
  return NULL;
}

static const Expr *div_symbolic(Match *m) {
  RULE_IF(DIV(ADD(x, y), x), ADD(DIV(y, x), ONE), both_ge0(m, E(x), E(y)));
  RULE_IF(DIV(ADD(y, x), x), ADD(DIV(y, x), ONE), both_ge0(m, E(x), E(y)));
  RULE_IF(DIV(ADD(ADD(x, y), z), x), ADD(DIV(ADD(y, z), x), ONE),
          both_ge0(m, E(x), B(ADD(y, z))));
  RULE_IF(DIV(ADD(ADD(y, x), z), x), ADD(DIV(ADD(y, z), x), ONE),
          both_ge0(m, E(x), B(ADD(y, z))));
  RULE_IF(DIV(ADD(y, ADD(z, x)), x), ADD(DIV(ADD(y, z), x), ONE),
          both_ge0(m, E(x), B(ADD(y, z))));
  RULE_IF(DIV(ADD(y, ADD(x, z)), x), ADD(DIV(ADD(y, z), x), ONE),
          both_ge0(m, E(x), B(ADD(y, z))));
  RULE_IF(DIV(MUL(x, y), y), x, both_ge0(m, E(x), E(y)));
  RULE_IF(DIV(MUL(y, x), y), x, both_ge0(m, E(x), E(y)));
  RULE_IF(DIV(ADD(MUL(x, z), y), z), ADD(x, DIV(y, z)),
          both_ge0(m, E(x), E(y)) && prove_ge(m, E(z), 0));
  RULE_IF(DIV(ADD(MUL(z, x), y), z), ADD(x, DIV(y, z)),
          both_ge0(m, E(x), E(y)) && prove_ge(m, E(z), 0));
  RULE_IF(DIV(ADD(y, MUL(x, z)), z), ADD(DIV(y, z), x),
          both_ge0(m, E(x), E(y)) && prove_ge(m, E(z), 0));
  RULE_IF(DIV(ADD(y, MUL(z, x)), z), ADD(DIV(y, z), x),
          both_ge0(m, E(x), E(y)) && prove_ge(m, E(z), 0));
  return NULL;
}

const Expr *rules_div(Match *m) {
  const Expr *to = div_nested(m);
  if (!to) to = div_terms(m);
  return to ? to : div_symbolic(m);
}

static const Expr *mod_residue(Match *m) {
  if (!MATCH(MOD(x, c1)) || V(c1) <= 0) return NULL;
  Modular set = modular_set(m->simplifier->analyzer, E(x));
  if (set.coeff % V(c1) != 0 || !prove_ge(m, E(x), 0)) return NULL;
  return make_const(m->simplifier->analyzer->arena, m->a->type,
                    set.base % V(c1));
}

const Expr *rules_mod(Match *m) {
  RULE_IF(MOD(MUL(x, c1), c2), ZERO, V(c2) != 0 && divides(V(c2), V(c1)));
  RULE_IF(MOD(ADD(MUL(x, c1), y), c2), MOD(y, c2),
          multiple(V(c1), V(c2)) && both_ge0(m, B(MUL(x, c1)), E(y)));
  RULE_IF(MOD(ADD(x, c1), c2), MOD(x, c2),
          V(c1) >= 0 && multiple(V(c1), V(c2)) && prove_ge(m, E(x), 0));
  RULE_IF(MOD(ADD(x, MUL(y, c1)), c2), MOD(x, c2),
          multiple(V(c1), V(c2)) && both_ge0(m, E(x), B(MUL(y, c1))));
  AGAIN_IF(MOD(x, c1), MOD(x, SUB(ZERO, c1)), V(c1) < 0 && V(c1) != INT64_MIN);
  return mod_residue(m);
}
