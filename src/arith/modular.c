/* SPDX-License-Identifier: Apache-2.0 */
/* Modular sets: what is known of an expression's remainder, as a residue
 * class base + coeff * Z, from the leaves up (TVM 0.9's ModularSet).
 * Coefficient 0 is the constant base, 1 is anything. */
#include "arith/analyzer.h"
#include "ir/build.h"

static const Modular ANYTHING = {1, 0};

static Modular residue(int64_t coeff, int64_t base) {
  return (Modular){coeff, coeff ? floor_mod(base, coeff) : base};
}

static int64_t gcd(int64_t a, int64_t b) {
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static Modular sum(Modular a, Modular b, int sign) {
  int64_t base;
  bool overflow = sign > 0 ? __builtin_add_overflow(a.base, b.base, &base)
                           : __builtin_sub_overflow(a.base, b.base, &base);
  return overflow ? ANYTHING : residue(gcd(a.coeff, b.coeff), base);
}

/* (p x + n)(q y + m) = pq xy + pm x + qn y + nm */
static Modular product(Modular a, Modular b) {
  int64_t pq, pm, qn, base;
  if (__builtin_mul_overflow(a.coeff, b.coeff, &pq) ||
      __builtin_mul_overflow(a.coeff, b.base, &pm) ||
      __builtin_mul_overflow(a.base, b.coeff, &qn) ||
      __builtin_mul_overflow(a.base, b.base, &base))
    return ANYTHING;
  return residue(gcd(pq, gcd(pm, qn)), base);
}

static Modular either(Modular a, Modular b) {
  int64_t coeff = gcd(a.coeff, b.coeff);
  if (coeff == 0) return a.base == b.base ? a : ANYTHING;
  int64_t base_a = a.base % coeff, base_b = b.base % coeff;
  if (base_a == base_b) return residue(coeff, base_a);
  return residue(gcd(gcd(base_a, base_b), coeff), base_a);
}

static bool rounds_down(Analyzer *analyzer, const Expr *a, bool floored) {
  return floored || can_prove_ge(analyzer, a, 0);
}

static Modular quotient(Analyzer *analyzer, const Expr *dividend,
                        int64_t divisor, bool floored) {
  Modular a = modular_set(analyzer, dividend);
  if (!divides(divisor, a.coeff)) return ANYTHING;
  if (a.base == 0) return residue(gcd(a.coeff / divisor, 0), 0);
  if (a.base > 0 && divisor > 0 && rounds_down(analyzer, dividend, floored))
    return residue(a.coeff / divisor, a.base / divisor);
  return ANYTHING;
}

static Modular remainder_of(Analyzer *analyzer, const Expr *dividend,
                            int64_t divisor, bool floored) {
  if (divisor == 0) return ANYTHING;
  Modular a = modular_set(analyzer, dividend);
  int64_t coeff = gcd(a.coeff, divisor);
  if (a.base % coeff == 0 ||
      (a.base > 0 && rounds_down(analyzer, dividend, floored)))
    return residue(coeff, a.base % coeff);
  return ANYTHING;
}

static Modular division_set(Analyzer *analyzer, const Expr *expr) {
  const Binary *op = AS(Binary, expr);
  Modular b = modular_set(analyzer, op->b);
  if (b.coeff != 0) return ANYTHING;
  bool floored = expr->kind == FLOORDIV || expr->kind == FLOORMOD;
  bool divided = expr->kind == DIV || expr->kind == FLOORDIV;
  return divided ? quotient(analyzer, op->a, b.base, floored)
                 : remainder_of(analyzer, op->a, b.base, floored);
}

static Modular shift_set(Analyzer *analyzer, const Call *call) {
  if (call->op != OP_SHIFT_RIGHT) return ANYTHING;
  Modular amount = modular_set(analyzer, call->arg[1]);
  if (amount.coeff != 0 || amount.base < 0 || amount.base > 62) return ANYTHING;
  return quotient(analyzer, call->arg[0], (int64_t)1 << amount.base, true);
}

static Modular let_set(Analyzer *analyzer, const Let *let) {
  VarFacts *facts = analyzer_own_facts(analyzer, let->var);
  if (facts->has_modular) return modular_set(analyzer, let->body);
  facts->modular = modular_set(analyzer, let->value);
  facts->has_modular = true;
  analyzer_changed(analyzer);
  Modular set = modular_set(analyzer, let->body);
  facts->has_modular = false;
  analyzer_changed(analyzer);
  return set;
}

static Modular var_set(Analyzer *analyzer, const Var *var) {
  for (int i = analyzer->moduli.n - 1; i >= 0; i--)
    if (analyzer->moduli.at[i].var == var) return analyzer->moduli.at[i].set;
  const VarFacts *facts = analyzer_facts(analyzer, var);
  return facts && facts->has_modular ? facts->modular : ANYTHING;
}

static Modular int_set(int64_t value) {
  return value == INT64_MIN ? ANYTHING : (Modular){0, value};
}

static Modular binary_set(Analyzer *analyzer, const Expr *expr) {
  Modular a = modular_set(analyzer, AS(Binary, expr)->a);
  Modular b = modular_set(analyzer, AS(Binary, expr)->b);
  switch ((ExprKind)expr->kind) {
    case ADD: return sum(a, b, 1);
    case SUB: return sum(a, b, -1);
    case MUL: return product(a, b);
    default: return either(a, b); /* MIN, MAX */
  }
}

Modular modular_set(Analyzer *analyzer, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return var_set(analyzer, AS(Var, expr));
    case INT: return int_set(AS(IntImm, expr)->value);
    case CAST: return modular_set(analyzer, AS(Unary, expr)->a);
    case ADD:
    case SUB:
    case MUL:
    case MIN:
    case MAX: return binary_set(analyzer, expr);
    case DIV:
    case MOD:
    case FLOORDIV:
    case FLOORMOD: return division_set(analyzer, expr);
    case SELECT:
      return either(modular_set(analyzer, AS(Select, expr)->if_true),
                    modular_set(analyzer, AS(Select, expr)->if_false));
    case CALL: return shift_set(analyzer, AS(Call, expr));
    case LET: return let_set(analyzer, AS(Let, expr));
    default: return ANYTHING;
  }
}

/* ---- Conditions --------------------------------------------------------- */

/* Bezout: returns gcd(a, b) = a * *ret_x + b * y for some y. */
static int64_t extended_gcd(int64_t a, int64_t b, int64_t *ret_x) {
  int64_t x = 1, next_x = 0;
  while (b) {
    int64_t q = a / b, rest = a % b;
    int64_t after = wrap_sub(x, wrap_mul(q, next_x));
    a = b, b = rest;
    x = next_x, next_x = after;
  }
  *ret_x = x;
  return a;
}

/* Values in both classes, by the Chinese remainder theorem; an impossible
 * condition gives the constant 1, as code under it never runs. */
static Modular both(Modular a, Modular b) {
  int64_t x, common = extended_gcd(a.coeff, b.coeff, &x);
  int64_t gap = wrap_sub(b.base, a.base);
  if (common == 0 || !divides(common, gap)) return (Modular){0, 1};
  int64_t steps = wrap_mul(gap / common, x);
  return residue(wrap_mul(a.coeff / common, b.coeff),
                 wrap_add(wrap_mul(steps, a.coeff), a.base));
}

/* Recognises var % coeff == base. */
void modular_enter(Analyzer *analyzer, const Expr *condition) {
  if (condition->kind != EQ) return;
  const Expr *mod = AS(Binary, condition)->a;
  const IntImm *base = as_int(AS(Binary, condition)->b);
  if (!base || (mod->kind != MOD && mod->kind != FLOORMOD)) return;
  const Var *var = as_var(AS(Binary, mod)->a);
  const IntImm *coeff = as_int(AS(Binary, mod)->b);
  if (!var || !coeff || coeff->value <= 0) return;
  Modular said = residue(coeff->value, base->value);
  Modular set = both(var_set(analyzer, var), said);
  vec_push(analyzer->arena, &analyzer->moduli, (ModularFact){var, set});
}

int64_t most_remainder(Analyzer *analyzer, const Expr *expr, int64_t divisor) {
  Modular set = modular_set(analyzer, expr);
  int64_t step = gcd(divisor, set.coeff);
  return divisor - step + floor_mod(set.base, step);
}
