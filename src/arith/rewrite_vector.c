/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of vectors: arithmetic on ramps and broadcasts becomes arithmetic on
 * their scalars (TVM 0.9's order).  Ramps and broadcasts in one rule have the
 * same number of lanes. */
#include "arith/rules.h"

static bool is_float_zero(const Expr *expr) {
  const FloatImm *imm = as_float(expr);
  return imm && imm->value == 0;
}

static const Expr *vector_add(Match *m) {
  RULE(ADD(RAMP(b1, s1), RAMP(b2, s2)), RAMP(ADD(b1, b2), ADD(s1, s2)));
  RULE(ADD(RAMP(b1, s1), BROADCAST(x)), RAMP(ADD(b1, x), s1));
  RULE(ADD(BROADCAST(x), RAMP(b1, s1)), RAMP(ADD(x, b1), s1));
  RULE(ADD(BROADCAST(x), BROADCAST(y)), BROADCAST(ADD(x, y)));
  RULE_IF(ADD(x, BROADCAST(y)), x, is_float_zero(E(y)));
  return NULL;
}

static const Expr *vector_sub(Match *m) {
  RULE(SUB(RAMP(b1, s1), RAMP(b2, s2)), RAMP(SUB(b1, b2), SUB(s1, s2)));
  RULE(SUB(RAMP(b1, s1), BROADCAST(x)), RAMP(SUB(b1, x), s1));
  RULE(SUB(BROADCAST(x), RAMP(b1, s1)), RAMP(SUB(x, b1), SUB(ZERO, s1)));
  RULE(SUB(BROADCAST(x), BROADCAST(y)), BROADCAST(SUB(x, y)));
  return NULL;
}

static const Expr *vector_mul(Match *m) {
  RULE(MUL(BROADCAST(x), BROADCAST(y)), BROADCAST(MUL(x, y)));
  RULE(MUL(RAMP(b1, s1), BROADCAST(x)), RAMP(MUL(b1, x), MUL(s1, x)));
  RULE(MUL(BROADCAST(x), RAMP(b1, s1)), RAMP(MUL(b1, x), MUL(s1, x)));
  RULE_IF(MUL(BROADCAST(y), x), BROADCAST(y), is_float_zero(E(y)));
  return NULL;
}

/* What is known of a ramp b1 + i*c1 whose lanes are divided by c2. */
typedef struct RampDivision {
  Modular start;
  bool one_quotient; /* of start.base + i*c1, over all lanes i */
  bool inside;       /* all lanes stay inside one period of `start` */
} RampDivision;

static RampDivision ramp_division(const Match *m) {
  Modular start = modular_set(m->simplifier->analyzer, E(b1));
  int64_t last = wrap_add(start.base, wrap_mul((int64_t)m->lanes - 1, V(c1)));
  bool one = floor_div(start.base, V(c2)) == floor_div(last, V(c2));
  bool inside =
      start.coeff != 0 && divides(start.coeff, V(c2)) && last < start.coeff;
  return (RampDivision){start, one, inside};
}

static bool truncates(const Match *m) {
  return m->kind == DIV || m->kind == MOD;
}

/* Floored rules hold anywhere, truncated ones where nothing is negative. */
static bool may_split(const Match *m) {
  return V(c2) > 0 && (!truncates(m) || prove_ge(m, E(b1), 0));
}

static const Expr *vector_floordiv(Match *m) {
  RULE(FLOORDIV(BROADCAST(x), BROADCAST(y)), BROADCAST(FLOORDIV(x, y)));
  if (!MATCH(FLOORDIV(RAMP(b1, c1), BROADCAST(c2))) || V(c2) == 0) return NULL;
  if (divides(V(c2), V(c1))) return B(RAMP(FLOORDIV(b1, c2), FLOORDIV(c1, c2)));
  if (!may_split(m)) return NULL;
  RampDivision ramp = ramp_division(m);
  if (ramp.one_quotient && (divides(V(c2), ramp.start.coeff) || ramp.inside))
    return B(BROADCAST(FLOORDIV(b1, c2)));
  return NULL;
}

static const Expr *vector_div(Match *m) {
  RULE(DIV(BROADCAST(x), BROADCAST(y)), BROADCAST(DIV(x, y)));
  if (!MATCH(DIV(RAMP(b1, c1), BROADCAST(c2))) || V(c2) == 0) return NULL;
  if (divides(V(c2), V(c1))) return B(RAMP(DIV(b1, c2), DIV(c1, c2)));
  if (!may_split(m)) return NULL;
  RampDivision ramp = ramp_division(m);
  if (ramp.one_quotient && divides(V(c2), ramp.start.coeff))
    return B(BROADCAST(DIV(b1, c2)));
  return NULL;
}

static const Expr *start_remainder(Match *m, const RampDivision *ramp) {
  return make_const(m->simplifier->analyzer->arena, E(b1)->type,
                    floor_mod(ramp->start.base, V(c2)));
}

static const Expr *ramp_remainder(Match *m) {
  RampDivision ramp = ramp_division(m);
  Arena *arena = m->simplifier->analyzer->arena;
  if (divides(V(c2), ramp.start.coeff)) {
    const Expr *wrapped =
        make_ramp(arena, start_remainder(m, &ramp), E(c1), m->lanes);
    return ramp.one_quotient ? wrapped
                             : make_binary(arena, m->kind, wrapped, m->b);
  }
  if (!truncates(m) && ramp.one_quotient && ramp.inside)
    return B(RAMP(FLOORMOD(b1, c2), c1));
  return NULL;
}

static const Expr *vector_mod(Match *m) {
  bool truncated = truncates(m);
  RULE_IF(MOD(BROADCAST(x), BROADCAST(y)), BROADCAST(MOD(x, y)), truncated);
  RULE(FLOORMOD(BROADCAST(x), BROADCAST(y)), BROADCAST(FLOORMOD(x, y)));
  if (!MATCH(MOD(RAMP(b1, c1), BROADCAST(c2))) || V(c2) == 0) return NULL;
  if (divides(V(c2), V(c1)))
    return truncated ? B(BROADCAST(MOD(b1, c2)))
                     : B(BROADCAST(FLOORMOD(b1, c2)));
  return may_split(m) ? ramp_remainder(m) : NULL;
}

static const Expr *vector_minmax(Match *m) {
  RULE(M(BROADCAST(x), BROADCAST(y)), BROADCAST(M(x, y)));
  RULE(M(M(x, BROADCAST(y)), BROADCAST(z)), M(x, BROADCAST(M(y, z))));
  return NULL;
}

static const Expr *vector_lt(Match *m) {
  RULE(LT(BROADCAST(x), BROADCAST(y)), BROADCAST(LT(x, y)));
  RULE(LT(RAMP(x, s1), RAMP(y, s1)), BROADCAST(LT(x, y)));
  return NULL;
}

static const Expr *vector_logic(Match *m) {
  if (m->kind == NOT) RULE(NOT(BROADCAST(x)), BROADCAST(NOT(x)));
  if (m->kind == AND)
    RULE(AND(BROADCAST(x), BROADCAST(y)), BROADCAST(AND(x, y)));
  if (m->kind == OR) RULE(OR(BROADCAST(x), BROADCAST(y)), BROADCAST(OR(x, y)));
  if (m->kind == EQ) RULE(EQ(BROADCAST(x), BROADCAST(y)), BROADCAST(EQ(x, y)));
  return NULL;
}

const Expr *rules_vector(Match *m) {
  switch (m->kind) {
    case ADD: return vector_add(m);
    case SUB: return vector_sub(m);
    case MUL: return vector_mul(m);
    case DIV: return vector_div(m);
    case FLOORDIV: return vector_floordiv(m);
    case MOD:
    case FLOORMOD: return vector_mod(m);
    case MIN:
    case MAX: return vector_minmax(m);
    case LT: return vector_lt(m);
    default: return vector_logic(m);
  }
}
