/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of flooring division and remainder (TVM 0.9's order). */
#include "arith/rules.h"

static bool multiple(int64_t n, int64_t divisor) {
  return divisor > 0 && n % divisor == 0;
}

static const Expr *floordiv_nested(Match *m) {
  RULE_IF(FLOORDIV(FLOORDIV(x, c1), c2), FLOORDIV(x, MUL(c1, c2)),
          V(c1) > 0 && V(c2) > 0);
  RULE_IF(FLOORDIV(ADD(FLOORDIV(x, c1), c2), c3),
          FLOORDIV(ADD(x, MUL(c1, c2)), MUL(c1, c3)), V(c1) > 0 && V(c3) > 0);
  return NULL;
}

/* (x*c1 + y) // c2, once y has been bound.  Writing c1 = q*c2 + r, the result
 * is x*q + y//c2 plus (x*r + y%c2)//c2: done if that residue is a known
 * constant.  Otherwise c1 may divide c2 and y stay below c1. */
static const Expr *floordiv_linear(Match *m) {
  int64_t factor = V(c1), divisor = V(c2);
  const Expr *residue =
      B(FLOORDIV(ADD(MUL(x, FLOORMOD(c1, c2)), FLOORMOD(y, c2)), c2));
  Bound bound = const_bound(m->simplifier->analyzer, residue);
  bool exact = bound.lo == bound.hi;
  bool shorter =
      !exact && divisor > 0 && multiple(divisor, factor) &&
      can_prove_lt(m->simplifier->analyzer, B(FLOORMOD(y, c2)), factor);
  if (!exact && !shorter) return NULL;
  Arena *arena = m->simplifier->analyzer->arena;
  const Expr *rest = B(FLOORDIV(y, c2));
  if (prove_equal(m, rest, 0)) rest = make_const(arena, rest->type, 0);
  if (exact)
    return ex_add(arena, B(MUL(x, FLOORDIV(c1, c2))),
                  ex_addi(arena, rest, bound.hi));
  return ex_add(arena, B(FLOORDIV(x, FLOORDIV(c2, c1))), rest);
}

static const Expr *floordiv_scaled(Match *m) {
  bool alone = false;
  if (!MATCH(FLOORDIV(ADD(MUL(x, c1), y), c2)) &&
      !(alone = MATCH(FLOORDIV(MUL(x, c1), c2))) &&
      !MATCH(FLOORDIV(ADD(y, MUL(x, c1)), c2)))
    return NULL;
  if (V(c2) == 0) return match_node(m);
  if (alone) E(y) = make_const(m->simplifier->analyzer->arena, m->a->type, 0);
  return floordiv_linear(m);
}

static const Expr *floordiv_terms(Match *m) {
  RULE(FLOORDIV(x, x), ONE);
  RULE(FLOORDIV(MUL(x, c1), x), c1);
  RULE(FLOORDIV(MUL(c1, x), x), c1);
  RULE_IF(FLOORDIV(M(MUL(x, c1), y), c2),
          M(MUL(x, FLOORDIV(c1, c2)), FLOORDIV(y, c2)), multiple(V(c1), V(c2)));
  RULE_IF(FLOORDIV(M(y, MUL(x, c1)), c2),
          M(FLOORDIV(y, c2), MUL(x, FLOORDIV(c1, c2))), multiple(V(c1), V(c2)));
  RULE_IF(FLOORDIV(ADD(ADD(MUL(x, c1), y), z), c2),
          ADD(MUL(x, FLOORDIV(c1, c2)), FLOORDIV(ADD(y, z), c2)),
          multiple(V(c1), V(c2)));
  RULE_IF(FLOORDIV(ADD(ADD(MUL(x, c1), y), z), c2),
          FLOORDIV(x, FLOORDIV(c2, c1)),
          V(c2) > 0 && multiple(V(c2), V(c1)) &&
              prove_equal(m, B(FLOORDIV(ADD(y, z), c1)), 0));
  RULE_IF(FLOORDIV(ADD(SUB(MUL(x, c1), y), z), c2),
          ADD(MUL(x, FLOORDIV(c1, c2)), FLOORDIV(SUB(z, y), c2)),
          multiple(V(c1), V(c2)));
  RULE_IF(FLOORDIV(SUB(ADD(MUL(x, c1), y), z), c2),
          ADD(MUL(x, FLOORDIV(c1, c2)), FLOORDIV(SUB(y, z), c2)),
          multiple(V(c1), V(c2)));
  RULE_IF(FLOORDIV(ADD(ADD(y, MUL(x, c1)), z), c2),
          ADD(MUL(x, FLOORDIV(c1, c2)), FLOORDIV(ADD(y, z), c2)),
          multiple(V(c1), V(c2)));
  RULE_IF(FLOORDIV(ADD(x, c1), c2), ADD(FLOORDIV(x, c2), FLOORDIV(c1, c2)),
          multiple(V(c1), V(c2)));
  RULE_IF(FLOORDIV(MUL(x, c1), MUL(x, c2)), FLOORDIV(c1, c2), V(c2) > 0);
  return NULL;
}

static const Expr *floordiv_symbolic(Match *m) {
  RULE_IF(FLOORDIV(ADD(x, y), x), ADD(FLOORDIV(y, x), ONE),
          prove_ge(m, E(x), 0));
  RULE_IF(FLOORDIV(ADD(y, x), x), ADD(FLOORDIV(y, x), ONE),
          prove_ge(m, E(x), 0));
  RULE_IF(FLOORDIV(ADD(ADD(x, y), z), x), ADD(FLOORDIV(ADD(y, z), x), ONE),
          prove_ge(m, E(x), 0));
  RULE_IF(FLOORDIV(ADD(ADD(y, x), z), x), ADD(FLOORDIV(ADD(y, z), x), ONE),
          prove_ge(m, E(x), 0));
  RULE_IF(FLOORDIV(ADD(y, ADD(z, x)), x), ADD(FLOORDIV(ADD(y, z), x), ONE),
          prove_ge(m, E(x), 0));
  RULE_IF(FLOORDIV(ADD(y, ADD(x, z)), x), ADD(FLOORDIV(ADD(y, z), x), ONE),
          prove_ge(m, E(x), 0));
  RULE_IF(FLOORDIV(MUL(x, y), y), x, prove_ge(m, E(y), 0));
  RULE_IF(FLOORDIV(MUL(y, x), y), x, prove_ge(m, E(y), 0));
  RULE_IF(FLOORDIV(ADD(MUL(x, z), y), z), ADD(x, FLOORDIV(y, z)),
          prove_ge(m, E(z), 0));
  RULE_IF(FLOORDIV(ADD(MUL(z, x), y), z), ADD(x, FLOORDIV(y, z)),
          prove_ge(m, E(z), 0));
  RULE_IF(FLOORDIV(ADD(y, MUL(x, z)), z), ADD(FLOORDIV(y, z), x),
          prove_ge(m, E(z), 0));
  RULE_IF(FLOORDIV(ADD(y, MUL(z, x)), z), ADD(FLOORDIV(y, z), x),
          prove_ge(m, E(z), 0));
  RULE_IF(FLOORDIV(SUB(x, FLOORMOD(x, c1)), c1), FLOORDIV(x, c1), V(c1) != 0);
  return NULL;
}

const Expr *rules_floordiv(Match *m) {
  const Expr *to = floordiv_nested(m);
  if (!to) to = floordiv_scaled(m);
  if (!to) to = floordiv_terms(m);
  return to ? to : floordiv_symbolic(m);
}

/* x % c where all that x may be leaves one remainder. */
static const Expr *floormod_residue(Match *m) {
  if (!MATCH(FLOORMOD(x, c1)) || V(c1) <= 0) return NULL;
  Modular set = modular_set(m->simplifier->analyzer, E(x));
  if (set.coeff % V(c1) != 0) return NULL;
  return make_const(m->simplifier->analyzer->arena, m->a->type,
                    floor_mod(set.base, V(c1)));
}

const Expr *rules_floormod(Match *m) {
  RULE_IF(FLOORMOD(MUL(x, c1), c2), FLOORMOD(MUL(x, FLOORMOD(c1, c2)), c2),
          V(c2) != 0);
  RULE_IF(FLOORMOD(ADD(MUL(x, c1), y), c2),
          ADD(MUL(FLOORMOD(x, FLOORDIV(c2, c1)), c1), y),
          V(c2) > 0 && multiple(V(c2), V(c1)) &&
              prove_equal(m, B(FLOORDIV(y, c1)), 0));
  RULE_IF(FLOORMOD(ADD(MUL(x, c1), y), c2),
          FLOORMOD(ADD(MUL(x, FLOORMOD(c1, c2)), y), c2), V(c2) > 0);
  RULE_IF(FLOORMOD(ADD(x, c1), c2), FLOORMOD(x, c2), multiple(V(c1), V(c2)));
  RULE_IF(FLOORMOD(ADD(x, MUL(y, c1)), c2),
          FLOORMOD(ADD(x, MUL(y, FLOORMOD(c1, c2))), c2), V(c2) > 0);
  RULE_IF(FLOORMOD(MUL(x, c1), MUL(x, c2)), MUL(x, FLOORMOD(c1, c2)),
          V(c2) != 0);
  RULE(FLOORMOD(MUL(x, y), y), ZERO);
  RULE(FLOORMOD(MUL(y, x), y), ZERO);
  return floormod_residue(m);
}
