/* SPDX-License-Identifier: Apache-2.0 */
/* Takes back what the simplifier did to a stage's value for its own purposes.
 *
 * It multiplies sums out and draws constants out of minima, which suits
 * indices.  The ALU has constants of 16 bits and works on one accumulator, so
 * for it
 *
 *   a*k + b*k + c     is  (a + b + c div k)*k + c mod k
 *   min(a, n)*k + c   is  min(a*k + c, n*k + c), for k < 0 the maximum
 *
 * where the left side has two products or a constant that is too large.  Of a
 * sum's terms, the one that the accumulator holds already comes first.  Cost:
 * linear in the sum. */
#include "vta/alu_value.h"

#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"

static bool fits(int64_t value) {
  return value >= ALU_IMM_MIN && value <= ALU_IMM_MAX;
}

static bool fits_sum(int64_t value) {
  return value >= ALU_MOST_SUMS * (int64_t)ALU_IMM_MIN &&
         value <= ALU_MOST_SUMS * (int64_t)ALU_IMM_MAX;
}

static const Binary *sum_of(const Expr *expr) {
  return expr->kind == ADD || expr->kind == SUB ? AS(Binary, expr) : NULL;
}

/* ---- Common factors ----------------------------------------------------- */

/* The constant part of a sum. */
static int64_t constant_of(const Expr *expr) {
  const IntImm *imm = as_int(expr);
  const Binary *sum = sum_of(expr);
  if (imm) return imm->value;
  if (!sum) return 0;
  int64_t b = constant_of(sum->b);
  return constant_of(sum->a) + (expr->kind == ADD ? b : -b);
}

static int64_t gcd(int64_t a, int64_t b) { return b ? gcd(b, a % b) : a; }

/* The largest factor that all products of a sum have, and how many there are;
 * 0 without products. */
static int64_t factor_of(const Expr *expr, int *products) {
  const Binary *sum = sum_of(expr);
  if (as_int(expr)) return 0;
  if (sum) {
    int64_t a = factor_of(sum->a, products);
    return gcd(a, factor_of(sum->b, products));
  }
  const IntImm *k = expr->kind == MUL ? as_int(AS(Binary, expr)->b) : NULL;
  ++*products;
  if (!k) return 1;
  return k->value < 0 ? -k->value : k->value;
}

/* The sum without its constant, divided by `k`; NULL if nothing remains. */
static const Expr *divide(Arena *arena, const Expr *expr, int64_t k) {
  const Binary *sum = sum_of(expr);
  if (as_int(expr)) return NULL;
  if (!sum) {
    const Binary *mul = AS(Binary, expr);
    int64_t times = AS(IntImm, mul->b)->value / k;
    return ex_mul(arena, mul->a, make_int(arena, expr->type, times));
  }
  const Expr *a = divide(arena, sum->a, k), *b = divide(arena, sum->b, k);
  if (!a && !b) return NULL;
  if (!b) return a;
  if (expr->kind == ADD) return a ? ex_add(arena, a, b) : b;
  return a ? ex_sub(arena, a, b) : ex_neg(arena, b);
}

static const Expr *factored(Arena *arena, const Expr *expr) {
  int products = 0;
  int64_t k = factor_of(expr, &products), c = constant_of(expr);
  if (k < 2 || (products < 2 && fits_sum(c))) return expr;
  int64_t whole = floor_div(c, k), rest = c - whole * k;
  const Expr *sum = divide(arena, expr, k);
  sum = ex_add(arena, sum, make_int(arena, expr->type, whole));
  sum = ex_mul(arena, sum, make_int(arena, expr->type, k));
  return ex_add(arena, sum, make_int(arena, expr->type, rest));
}

/* ---- Bounds ------------------------------------------------------------- */

/* bound * k + c, where the bound is a minimum or maximum with a constant. */
typedef struct Shifted {
  const Binary *bound; /* or NULL */
  int64_t k, c;
} Shifted;

static Shifted find_bound(const Expr *expr);

static Shifted find_in_sum(const Expr *expr) {
  const Binary *op = AS(Binary, expr);
  int64_t sign = expr->kind == ADD ? 1 : -1;
  if (as_int(op->b)) {
    Shifted s = find_bound(op->a);
    s.c += sign * constant_of(op->b);
    return s;
  }
  if (!as_int(op->a)) return (Shifted){NULL, 0, 0};
  Shifted s = find_bound(op->b);
  return (Shifted){s.bound, sign * s.k, constant_of(op->a) + sign * s.c};
}

static Shifted find_bound(const Expr *expr) {
  const Binary *op = AS(Binary, expr);
  switch (expr->kind) {
    case MIN:
    case MAX: return (Shifted){as_int(op->b) ? op : NULL, 1, 0};
    case ADD:
    case SUB: return find_in_sum(expr);
    case MUL:
      if (!as_int(op->b)) break;
      Shifted s = find_bound(op->a);
      int64_t k = constant_of(op->b);
      return (Shifted){s.bound, k * s.k, k * s.c};
  }
  return (Shifted){NULL, 0, 0};
}

/* a * k + c */
static const Expr *shifted(Arena *arena, const Expr *a, const Shifted *s) {
  const Expr *constant = make_int(arena, a->type, s->c);
  if (s->k == -1) return ex_sub(arena, constant, a);
  const Expr *product = ex_mul(arena, a, make_int(arena, a->type, s->k));
  return ex_add(arena, product, constant);
}

/* Moves what is done to a bound into it. */
static const Expr *bounded(Arena *arena, const Expr *expr) {
  Shifted s = find_bound(expr);
  if (!s.bound || &s.bound->e == expr || s.k == 0) return expr;
  int64_t limit = constant_of(s.bound->b);
  if (fits(limit) || !fits(limit * s.k + s.c)) return expr;
  ExprKind kind = (s.bound->e.kind == MIN) == (s.k > 0) ? MIN : MAX;
  return ex_binary(arena, kind, shifted(arena, s.bound->a, &s),
                   shifted(arena, s.bound->b, &s));
}

/* ---- Order -------------------------------------------------------------- */

typedef struct Term {
  const Expr *expr;
  int64_t times;
} Term;

/* A sum as its terms. */
typedef struct Sum {
  Arena *arena;
  const AluPlace *place;
  VEC(Term) terms;
  int64_t constant;
  int first; /* the term in place, or -1 */
  bool late; /* the order given reads it, or any term twice, behind another */
} Sum;

static bool is_in_place(const Sum *sum, const Expr *expr) {
  const Load *load = as_load(expr);
  return load && sum->place->holds(sum->place->self, load);
}

static void add_other(Sum *sum, const Expr *expr, int64_t times) {
  for (int i = 0; i < sum->terms.n; i++)
    if (expr_equal(sum->terms.at[i].expr, expr)) {
      sum->terms.at[i].times += times;
      sum->late = true;
      return;
    }
  if (is_in_place(sum, expr)) {
    sum->late |= sum->terms.n > 0;
    sum->first = sum->terms.n;
  }
  vec_push(sum->arena, &sum->terms, ((Term){expr, times}));
}

static void add_term(Sum *sum, const Expr *expr, int64_t times) {
  const Binary *op = sum_of(expr);
  const Binary *mul = expr->kind == MUL ? AS(Binary, expr) : NULL;
  if (op) {
    add_term(sum, op->a, times);
    add_term(sum, op->b, expr->kind == ADD ? times : -times);
  } else if (as_int(expr)) {
    sum->constant += times * constant_of(expr);
  } else if (mul && as_int(mul->b) && as_load(mul->a)) {
    add_term(sum, mul->a, times * constant_of(mul->b));
  } else {
    add_other(sum, expr, times);
  }
}

static const Expr *scaled(const Sum *sum, int i) {
  const Term *term = &sum->terms.at[i];
  int64_t times = term->times < 0 ? -term->times : term->times;
  return ex_mul(sum->arena, term->expr,
                make_int(sum->arena, term->expr->type, times));
}

/* `expr` and all terms of one sign but the first. */
static const Expr *with_terms(const Sum *sum, const Expr *expr, int sign,
                              bool minus) {
  for (int i = 0; i < sum->terms.n; i++) {
    if (i == sum->first || (sum->terms.at[i].times < 0) != (sign < 0)) continue;
    const Expr *term = scaled(sum, i);
    expr =
        minus ? ex_sub(sum->arena, expr, term) : ex_add(sum->arena, expr, term);
  }
  return expr;
}

/* Puts the term in place first, which steps behind another one would find
 * overwritten. */
static const Expr *ordered(Arena *arena, const Expr *expr,
                           const AluPlace *place) {
  Sum sum = {.arena = arena, .place = place, .first = -1};
  if (!sum_of(expr)) return expr;
  add_term(&sum, expr, 1);
  bool simple = sum.terms.n == 2 && !sum.constant && sum.terms.at[0].times == 1;
  if (!sum.late || simple || sum.first < 0) return expr;
  const Expr *constant = make_int(arena, expr->type, sum.constant);
  const Expr *value = scaled(&sum, sum.first);
  if (sum.terms.at[sum.first].times > 0) {
    value = with_terms(&sum, with_terms(&sum, value, 1, false), -1, true);
    return ex_add(arena, value, constant);
  }
  value = ex_sub(arena, constant, with_terms(&sum, value, -1, false));
  return with_terms(&sum, value, 1, false);
}

const Expr *alu_value(Arena *arena, const Expr *value, const AluPlace *place) {
  value = bounded(arena, factored(arena, value));
  return ordered(arena, value, place);
}
