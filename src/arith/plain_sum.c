/* SPDX-License-Identifier: Apache-2.0 */
/* Plain sums, v1 * c1 + v2 * c2 + ... + c of variables and constants: most of
 * what the simplifiers meet.  What holds for them can be told without visiting
 * them, and their canonical form comes of a few additions. */
#include <stdlib.h>

#include "arith/form.h"
#include "ir/build.h"

bool is_plain_sum(const Analyzer *analyzer, const Expr *expr) {
  const Binary *op = AS(Binary, expr);
  const VarFacts *facts;
  switch (expr->kind) {
    case INT: return is_index(expr->type);
    case VAR:
      facts = analyzer_facts(analyzer, AS(Var, expr));
      return is_index(expr->type) && !(facts && facts->value);
    case ADD:
      return is_plain_sum(analyzer, op->a) && is_plain_sum(analyzer, op->b);
    case MUL:
      if (op->a->kind == INT)
        return AS(IntImm, op->a)->value >= 0 && is_plain_sum(analyzer, op->b);
      return op->b->kind == INT && AS(IntImm, op->b)->value >= 0 &&
             is_plain_sum(analyzer, op->a);
    default: return false;
  }
}

/* The variable and the scale of v or v * scale, scale > 1; NULL for other
 * terms and for variables that stand for a value. */
static const Var *plain_term(const Analyzer *analyzer, const Expr *term,
                             int64_t *ret_scale) {
  *ret_scale = 1;
  if (term->kind == MUL) {
    const IntImm *scale = as_int(AS(Binary, term)->b);
    if (!scale || scale->value <= 1) return NULL;
    *ret_scale = scale->value;
    term = AS(Binary, term)->a;
  }
  if (term->kind != VAR || !is_index(term->type)) return NULL;
  const VarFacts *facts = analyzer_facts(analyzer, AS(Var, term));
  return facts && facts->value ? NULL : AS(Var, term);
}

/* Is this v1 * s1 + v2 * s2 + ..., each variable once, with scales that do
 * not grow, or that fall? */
static bool is_ordered(const Analyzer *analyzer, const Expr *sum,
                       bool falling) {
  enum { MOST_TERMS = 8 };
  const Var *var[MOST_TERMS];
  int64_t scale, least = falling ? 0 : 1;
  for (int n = 0; n < MOST_TERMS; n++) {
    bool is_first = sum->kind != ADD;
    var[n] = plain_term(analyzer, is_first ? sum : AS(Binary, sum)->b, &scale);
    if (!var[n] || scale < least + falling) return false;
    for (int i = 0; i < n; i++)
      if (var[i] == var[n]) return false;
    if (is_first) return true;
    least = scale;
    sum = AS(Binary, sum)->a;
  }
  return false;
}

bool is_canonical_sum(const Analyzer *analyzer, const Expr *expr) {
  if ((expr->kind == ADD || expr->kind == SUB) &&
      AS(Binary, expr)->b->kind == INT) {
    if (AS(IntImm, AS(Binary, expr)->b)->value <= 0) return false;
    expr = AS(Binary, expr)->a;
  }
  return is_ordered(analyzer, expr, false);
}

bool is_steady_sum(const Analyzer *analyzer, const Expr *expr) {
  return is_ordered(analyzer, expr, true);
}

bool is_linear(const Expr *expr) {
  const Binary *op = AS(Binary, expr);
  switch (expr->kind) {
    case INT:
    case VAR: return is_index(expr->type);
    case ADD:
    case SUB: return is_linear(op->a) && is_linear(op->b);
    case MUL: return op->b->kind == INT && is_linear(op->a);
    default: return false;
  }
}

/* ---- Differences -------------------------------------------------------- */

typedef struct Terms {
  int n;
  const Expr *var[8];
  int64_t scale[8], base;
  bool repeats; /* a variable was met more than once */
} Terms;

static bool add_term(Terms *terms, const Expr *var, int64_t scale) {
  int i = 0;
  while (i < terms->n && terms->var[i] != var) i++;
  if (i == sizeof terms->var / sizeof *terms->var) return false;
  if (i < terms->n) {
    terms->repeats = true;
  } else {
    terms->var[terms->n++] = var;
    terms->scale[i] = 0;
  }
  terms->scale[i] = wrap_add(terms->scale[i], scale);
  return true;
}

/* terms += expr * scale; false at what is not linear, or has many terms. */
static bool add_linear(Terms *terms, const Expr *expr, int64_t scale) {
  const Binary *op = AS(Binary, expr);
  if (!dtype_eq(expr->type, INT32)) return false;
  switch (expr->kind) {
    case INT:
      terms->base =
          wrap_add(terms->base, wrap_mul(AS(IntImm, expr)->value, scale));
      return true;
    case VAR: return add_term(terms, expr, scale);
    case ADD:
    case SUB:
      return add_linear(terms, op->a, scale) &&
             add_linear(terms, op->b,
                        expr->kind == ADD ? scale : wrap_sub(0, scale));
    case MUL:
      return op->b->kind == INT &&
             add_linear(terms, op->a,
                        wrap_mul(scale, AS(IntImm, op->b)->value));
    default: return false;
  }
}

bool plain_difference(const Expr *a, const Expr *b, int64_t *ret_value) {
  Terms terms = {0};
  if (!add_linear(&terms, a, 1) || !add_linear(&terms, b, -1)) return false;
  for (int i = 0; i < terms.n; i++)
    if (terms.scale[i]) return false;
  *ret_value = terms.base;
  return true;
}

/* Is each variable met once in a - b, and nothing known of sums of them?  Then
 * the least and largest value are those of the terms. */
static bool are_independent(const Analyzer *analyzer, const Terms *a,
                            const Terms *b) {
  if (a->repeats || b->repeats) return false;
  for (int i = 0; i < analyzer->bounds.n; i++)
    if (analyzer->bounds.at[i].expr->kind != VAR) return false;
  for (int i = 0; i < a->n; i++)
    for (int k = 0; k < b->n; k++)
      if (a->var[i] == b->var[k]) return false;
  return true;
}

/* bound += the terms' bound times sign; false where a number is large. */
static bool add_bounds(Analyzer *analyzer, const Terms *terms, int sign,
                       Bound *bound) {
  enum { LARGEST = 1 << 24 };
  bound->lo += sign * terms->base;
  bound->hi += sign * terms->base;
  for (int i = 0; i < terms->n; i++) {
    const VarFacts *facts = analyzer_facts(analyzer, AS(Var, terms->var[i]));
    const Bound var = const_bound(analyzer, terms->var[i]);
    const int64_t scale = sign * terms->scale[i];
    if ((facts && facts->value) || llabs(scale) > LARGEST ||
        var.lo < INT32_MIN || var.hi > INT32_MAX)
      return false;
    bound->lo += scale * (scale > 0 ? var.lo : var.hi);
    bound->hi += scale * (scale > 0 ? var.hi : var.lo);
  }
  return true;
}

bool plain_bound(Analyzer *analyzer, const Expr *a, const Expr *b,
                 Bound *ret_bound) {
  Terms in_a = {0}, in_b = {0};
  Bound bound = {0, 0};
  if (!add_linear(&in_a, a, 1) || !add_linear(&in_b, b, 1) ||
      llabs(in_a.base) > INT32_MAX || llabs(in_b.base) > INT32_MAX ||
      !are_independent(analyzer, &in_a, &in_b) ||
      !add_bounds(analyzer, &in_a, 1, &bound) ||
      !add_bounds(analyzer, &in_b, -1, &bound))
    return false;
  *ret_bound = bound;
  return true;
}

/* ---- Offsets ------------------------------------------------------------ */

static bool add_plain(Analyzer *analyzer, Sum *sum, const Expr *expr,
                      int64_t scale);

/* sum += (a - b) * scale, where nothing of b is left over. */
static bool add_difference(Analyzer *analyzer, Sum *sum, const Binary *op,
                           int64_t scale) {
  Sum *rest = sum_new(analyzer, sum->type);
  bool good = add_plain(analyzer, rest, op->a, 1) &&
              add_plain(analyzer, rest, op->b, -1);
  int kept = 0;
  for (int i = 0; i < rest->args.n; i++) {
    if (rest->args.at[i].scale < 0) good = false;
    if (rest->args.at[i].scale) rest->args.at[kept++] = rest->args.at[i];
  }
  rest->args.n = kept;
  sum_add(analyzer, sum, form_sum(rest), scale);
  return good;
}

/* sum += expr * scale, term by term; false at what is no int32 plain sum. */
static bool add_plain(Analyzer *analyzer, Sum *sum, const Expr *expr,
                      int64_t scale) {
  const Binary *op = AS(Binary, expr);
  const VarFacts *facts;
  if (!dtype_eq(expr->type, INT32)) return false;
  switch (expr->kind) {
    case INT:
      sum->base = wrap_add(sum->base, wrap_mul(AS(IntImm, expr)->value, scale));
      return true;
    case VAR:
      facts = analyzer_facts(analyzer, AS(Var, expr));
      if (facts && facts->value) return false;
      sum_add_split(analyzer, sum,
                    (Split){.index = expr,
                            .lower = 1,
                            .upper = UPPER_INF,
                            .scale = 1,
                            .type = expr->type},
                    scale);
      return true;
    case ADD:
      return add_plain(analyzer, sum, op->a, scale) &&
             add_plain(analyzer, sum, op->b, scale);
    case SUB: return add_difference(analyzer, sum, op, scale);
    case MUL:
      if (op->b->kind != INT || AS(IntImm, op->b)->value < 0) return false;
      return add_plain(analyzer, sum, op->a,
                       wrap_mul(scale, AS(IntImm, op->b)->value));
    default: return false;
  }
}

const Expr *plain_rest(Analyzer *analyzer, const Expr *expr) {
  Sum *sum = sum_new(analyzer, INT32);
  bool good = add_plain(analyzer, sum, expr, 1);
  const Expr *rest = good ? sum_normal(analyzer, sum) : NULL;
  sum_release(analyzer, sum);
  return rest;
}

/* Adds the dimensions one after the other; false if that is not possible. */
static bool add_dimensions(Analyzer *analyzer, Sum *sum, int n,
                           const Expr *const *size, const Expr *const *index) {
  for (int k = 0; k < n; k++) {
    const IntImm *steps = as_int(size[k]);
    if (!steps || steps->value <= 0) return false;
    sum_scale(sum, steps->value);
    if (!add_plain(analyzer, sum, index[k], 1)) return false;
    if (k > 0) sum_sort(sum);
  }
  return true;
}

const Expr *plain_offset(Analyzer *blank, int n, const Expr *const *size,
                         const Expr *const *index) {
  Sum *sum = sum_new(blank, INT32);
  bool good = add_dimensions(blank, sum, n, size, index) && n > 1;
  const Expr *offset = good ? sum_normal(blank, sum) : NULL;
  sum_release(blank, sum);
  return offset;
}
