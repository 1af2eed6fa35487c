/* SPDX-License-Identifier: Apache-2.0 */
/* The visitor that the two simplifiers share, and where it finds its rules. */
#ifndef ARITH_REWRITE_H
#define ARITH_REWRITE_H

#include "arith/analyzer.h"

/* Simplifies one expression, children first.  Returns the same pointer when
 * nothing changed. */
const Expr *simplifier_visit(Simplifier *simplifier, const Expr *expr);
/* One node by the rewriter's code, its children by simplifier_visit. */
const Expr *rewrite_node(Simplifier *simplifier, const Expr *expr);
/* Visits what a rule has made; nested too deep, it is left as it is. */
const Expr *rewrite_again(Simplifier *simplifier, const Expr *expr);

/* What is certain about value <=> bound. */
typedef enum Order {
  ORDER_UNKNOWN,
  ORDER_EQ,
  ORDER_GT,
  ORDER_GE,
  ORDER_LT,
  ORDER_LE,
  ORDER_NE
} Order;
Order try_compare(Simplifier *simplifier, const Expr *expr, int64_t bound);
/* about a <=> b, of which both have been visited. */
Order compare_exprs(Simplifier *simplifier, const Expr *a, const Expr *b);

/* The operands of a node that is being matched against rules, and what the
 * variables of the rule at hand stand for (rules.h). */
enum { MATCH_SLOTS = 16 };
typedef struct Match {
  Simplifier *simplifier;
  uint8_t kind;      /* of the node */
  uint8_t minmax;    /* what M stands for, or 0 */
  uint16_t lanes;    /* of the vectors matched, or 0 */
  uint32_t filled;   /* slots in use */
  const Expr *node;  /* NULL where it has not been built */
  const Expr *a, *b; /* operands of the node; b is NULL under NOT */
  const Expr *slot[MATCH_SLOTS];
} Match;

/* The node itself, built if need be. */
const Expr *match_node(const Match *m);

/* The rules of an operator: what the node becomes, or NULL if none applies. */
const Expr *rules_add(Match *m);
const Expr *rules_sub(Match *m);
const Expr *rules_mul(Match *m);
const Expr *rules_div(Match *m);
const Expr *rules_mod(Match *m);
const Expr *rules_floordiv(Match *m);
const Expr *rules_floormod(Match *m);
const Expr *rules_minmax(Match *m);
const Expr *rules_eq(Match *m);
const Expr *rules_lt(Match *m);
const Expr *rules_and(Match *m);
const Expr *rules_or(Match *m);
const Expr *rules_not(Match *m);
/* Vectors: ramps and broadcasts of any operator. */
const Expr *rules_vector(Match *m);
/* What holds for operands of any type: selects under the same condition. */
const Expr *rules_select(Match *m);
const Expr *rules_float(Match *m);

#endif
