/* SPDX-License-Identifier: Apache-2.0 */
/* StorageFlatten: the flat offset of a multi-dimensional index.
 *
 * The offset is built one dimension at a time, offset * shape[k] + index[k],
 * and brought to canonical form after each, so that terms of equal
 * coefficient keep the order of the dimensions.  Nothing about loops is known
 * to the analyzer: an offset depends on its indices alone.
 *
 * Indices split by a division and a remainder (x / c, x % c) are joined
 * again: the sum's products are searched for (… + x / k) * k, and where the
 * sum also holds x % k the two become x.  As in TVM 0.9's buffer offsets,
 * the search follows only the last addend and the left factor.  Cost: linear
 * in the terms, except that each remainder looks at each product. */
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "pass/flatten.h"

typedef VEC(const Expr *) ExprVec;

typedef struct Terms {
  Arena *arena;
  ExprVec products, remainders;
  const Expr *rest; /* the sum of all other terms, or NULL */
} Terms;

static const Expr *sum_of(Arena *arena, const Expr *sum, const Expr *term) {
  return sum ? ex_add(arena, sum, term) : term;
}

static void sort_terms(Terms *terms, const Expr *sum) {
  if (sum->kind == ADD) {
    sort_terms(terms, AS(Binary, sum)->a);
    sort_terms(terms, AS(Binary, sum)->b);
  } else if (sum->kind == FLOORMOD) {
    vec_push(terms->arena, &terms->remainders, sum);
  } else if (sum->kind == MUL) {
    vec_push(terms->arena, &terms->products, sum);
  } else {
    terms->rest = sum_of(terms->arena, terms->rest, sum);
  }
}

/* Strips the factors of a product from the right: c1 * (c2 * …) of
 * ((inner * …) * c2) * c1. */
static const Expr *outer_factor(Arena *arena, const Expr **inner) {
  const Expr *factor = AS(Binary, *inner)->b;
  *inner = AS(Binary, *inner)->a;
  while ((*inner)->kind == MUL) {
    factor = ex_mul(arena, AS(Binary, *inner)->b, factor);
    *inner = AS(Binary, *inner)->a;
  }
  return factor;
}

/* x of x / k and x % k, which belong together if both k are the factor that
 * the quotient is scaled by and the two x agree modulo k. */
static bool quotient_matches(Analyzer *blank, const Binary *quotient,
                             const Expr *factor, const Binary *remainder) {
  Arena *arena = analyzer_arena(blank);
  if (!expr_equal(factor, quotient->b) || !expr_equal(factor, remainder->b))
    return false;
  const Expr *gap = ex_sub(arena, quotient->a, remainder->a);
  gap = ex_floormod(arena, gap, remainder->b);
  return can_prove_equal(blank, gap, make_const(arena, gap->type, 0));
}

/* The sum of a product and a remainder that belong together, or NULL. */
static const Expr *join(Analyzer *blank, const Expr *product,
                        const Binary *remainder) {
  Arena *arena = analyzer_arena(blank);
  const Expr *at = product, *addends = NULL, *inner_factor = NULL;
  const Expr *factor = outer_factor(arena, &at);
  for (;;) {
    const Binary *node = AS(Binary, at);
    if (at->kind == FLOORDIV) {
      const Expr *whole =
          inner_factor ? ex_mul(arena, inner_factor, factor) : factor;
      if (!quotient_matches(blank, node, whole, remainder)) return NULL;
      if (!addends) return node->a;
      return ex_add(arena, ex_mul(arena, addends, factor), node->a);
    } else if (at->kind == MUL) {
      inner_factor =
          inner_factor ? ex_mul(arena, node->b, inner_factor) : node->b;
      at = node->a;
    } else if (at->kind == ADD && !inner_factor) {
      addends = sum_of(arena, addends, node->a);
      at = node->b;
    } else {
      return NULL;
    }
  }
}

/* Joins remainder m with the first product that it belongs to. */
static bool join_remainder(Analyzer *blank, Terms *terms, int m) {
  const Binary *remainder = AS(Binary, terms->remainders.at[m]);
  for (int i = 0; i < terms->products.n; i++) {
    const Expr *joined = join(blank, terms->products.at[i], remainder);
    if (!joined) continue;
    vec_remove(&terms->remainders, m);
    vec_remove(&terms->products, i);
    sort_terms(terms, joined);
    return true;
  }
  return false;
}

static bool join_all(Analyzer *blank, Terms *terms) {
  bool any = false;
  for (int m = 0; m < terms->remainders.n;) {
    int products = terms->products.n, remainders = terms->remainders.n;
    if (!join_remainder(blank, terms, m)) {
      m++;
      continue;
    }
    any = true;
    if (terms->products.n >= products)
      m = 0; /* new products: every remainder gets another chance */
    else if (m == remainders - 1 && terms->remainders.n > m)
      m = terms->remainders.n - 1;
  }
  return any;
}

/* (x / y) * y + x % y as it stands, before any simplification: x. */
static const Expr *undo_division(const Expr *sum) {
  if (sum->kind != ADD) return sum;
  const Expr *product = AS(Binary, sum)->a, *rest = AS(Binary, sum)->b;
  if (product->kind != MUL || rest->kind != FLOORMOD) return sum;
  const Expr *quotient = AS(Binary, product)->a;
  if (quotient->kind != FLOORDIV) return sum;
  const Expr *x = AS(Binary, quotient)->a, *y = AS(Binary, quotient)->b;
  bool same = expr_equal(y, AS(Binary, product)->b) &&
              expr_equal(x, AS(Binary, rest)->a) &&
              expr_equal(y, AS(Binary, rest)->b);
  return same ? x : sum;
}

static bool has_remainder(const Expr *sum) {
  if (sum->kind != ADD) return sum->kind == FLOORMOD;
  return has_remainder(AS(Binary, sum)->a) || has_remainder(AS(Binary, sum)->b);
}

static const Expr *canonical_offset(Analyzer *blank, const Expr *offset) {
  offset = simplify(blank, undo_division(offset));
  if (!has_remainder(offset)) return offset;
  Terms terms = {.arena = analyzer_arena(blank)};
  sort_terms(&terms, offset);
  if (!join_all(blank, &terms)) return offset;
  const Expr *sum = terms.rest;
  for (int i = 0; i < terms.products.n; i++)
    sum = sum_of(terms.arena, sum, terms.products.at[i]);
  for (int i = 0; i < terms.remainders.n; i++)
    sum = sum_of(terms.arena, sum, terms.remainders.at[i]);
  return sum;
}

/* Dimension by dimension, whatever the indices are. */
static const Expr *general_offset(Analyzer *blank, const Buffer *layout,
                                  const Expr *const *index) {
  Arena *arena = analyzer_arena(blank);
  const Expr *offset = make_i32(arena, 0);
  for (int i = 0; i < layout->n; i++) {
    if (layout->stride) {
      const Expr *step = ex_mul(arena, index[i], layout->stride[i]);
      offset = ex_add(arena, offset, step);
    } else {
      offset = ex_mul(arena, offset, layout->shape[i]);
      offset = ex_add(arena, offset, index[i]);
    }
    if (i > 0) offset = canonical_offset(blank, offset);
  }
  return offset;
}

const Expr *flat_offset(Analyzer *blank, const Buffer *layout,
                        const Expr *const *index) {
  Arena *arena = analyzer_arena(blank);
  const Expr *offset = NULL;
  if (!layout->stride)
    offset = plain_offset(blank, layout->n, layout->shape, index);
  if (!offset) offset = general_offset(blank, layout, index);
  if (!is_const(layout->elem_offset, 0))
    offset = ex_add(arena, offset, layout->elem_offset);
  return simplify(blank, offset);
}
