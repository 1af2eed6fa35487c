/* SPDX-License-Identifier: Apache-2.0 */
/* The language in which rewrite rules are written.
 *
 *   RULE(SUB(ADD(x, c1), c2), ADD(x, SUB(c1, c2)));
 *
 * reads: a node (x + c1) - c2 becomes x + (c1 - c2).  x, y, z, b1, b2, s1, s2
 * match any expression, c1, c2, c3 an integer constant, ZERO and ONE these
 * numbers; a name met again must match an equal expression.  M is min or max,
 * the same one throughout a rule, and W the other one.  Patterns match by
 * position: nothing is commuted.  Results are built with folding.
 *
 *   RULE_IF(pattern, result, condition)   the condition may use V(c1), the
 *       value of a constant, E(x), the expression bound, and B(pattern)
 *   AGAIN, AGAIN_IF                       the result is visited again
 *
 * Each is a statement that returns from the function of rules it stands in,
 * so the first rule that matches wins.  A pattern is spelled as a constant
 * array of bytes in prefix order; the kinds of the node's operands are
 * compared inline, where the compiler sees the array, so that a rule that
 * cannot match costs a compare or two. */
#ifndef ARITH_RULES_H
#define ARITH_RULES_H

#include "arith/rewrite.h"
#include "ir/build.h"

/* Bytes below EXPR_KINDS are that kind of node, followed by its operands. */
enum {
  ANY_MINMAX = 48,
  OTHER_MINMAX,
  SLOT = 64,
  x = SLOT,
  y,
  z,
  b1,
  b2,
  s1,
  s2,
  SLOT_CONST,
  c1 = SLOT_CONST,
  c2,
  c3,
  SLOT_END,
  ZERO = 96,
  ONE,
  TWO,
  FALSE,
  TRUE
};
_Static_assert(SLOT_END - SLOT <= MATCH_SLOTS, "too many rule variables");

/* A binary node is its kind, the first byte of its right operand, and both
 * operands; the early byte lets most mismatches be seen at once. */
#define FIRST_(first, ...) first
#define ADD(a, b) ADD, FIRST_(b, 0), a, b
#define SUB(a, b) SUB, FIRST_(b, 0), a, b
#define MUL(a, b) MUL, FIRST_(b, 0), a, b
#define DIV(a, b) DIV, FIRST_(b, 0), a, b
#define MOD(a, b) MOD, FIRST_(b, 0), a, b
#define FLOORDIV(a, b) FLOORDIV, FIRST_(b, 0), a, b
#define FLOORMOD(a, b) FLOORMOD, FIRST_(b, 0), a, b
#define MIN(a, b) MIN, FIRST_(b, 0), a, b
#define MAX(a, b) MAX, FIRST_(b, 0), a, b
#define EQ(a, b) EQ, FIRST_(b, 0), a, b
#define NE(a, b) NE, FIRST_(b, 0), a, b
#define LT(a, b) LT, FIRST_(b, 0), a, b
#define LE(a, b) LE, FIRST_(b, 0), a, b
#define GT(a, b) GT, FIRST_(b, 0), a, b
#define GE(a, b) GE, FIRST_(b, 0), a, b
#define AND(a, b) AND, FIRST_(b, 0), a, b
#define OR(a, b) OR, FIRST_(b, 0), a, b
#define RAMP(base, stride) RAMP, FIRST_(stride, 0), base, stride
#define M(a, b) ANY_MINMAX, FIRST_(b, 0), a, b
#define W(a, b) OTHER_MINMAX, FIRST_(b, 0), a, b
#define NOT(a) NOT, a
#define BROADCAST(a) BROADCAST, a
#define SELECT(c, a, b) SELECT, c, a, b

/* Does the operands' part of the pattern match?  Its first byte, the node's
 * own kind, is not looked at. */
bool match_operands(Match *m, const uint8_t *pattern);
const Expr *match_build(Match *m, const uint8_t *pattern);
const Expr *match_again(Match *m, const uint8_t *pattern);

static inline bool head_may_match(uint8_t head, const Expr *expr) {
  if (head < EXPR_KINDS) return expr->kind == head;
  if (head == ANY_MINMAX || head == OTHER_MINMAX)
    return expr->kind == MIN || expr->kind == MAX;
  return head < SLOT_CONST || expr->kind == INT;
}

static inline bool may_match(const Match *m, const uint8_t *pattern) {
  if (pattern[0] == NOT) return head_may_match(pattern[1], m->a);
  return head_may_match(pattern[2], m->a) && head_may_match(pattern[1], m->b);
}

/* A pattern is a list of bytes, hence the parentheses on its way from macro
 * to macro. */
#define BYTES_(...) \
  { __VA_ARGS__ }
#define REWRITE_(build, pattern, result, condition)                           \
  do {                                                                        \
    static const uint8_t pattern_[] = BYTES_ pattern;                         \
    static const uint8_t result_[] = BYTES_ result;                           \
    if (may_match(m, pattern_) && match_operands(m, pattern_) && (condition)) \
      return build(m, result_);                                               \
  } while (0)
#define RULE(pattern, result) REWRITE_(match_build, (pattern), (result), true)
#define RULE_IF(pattern, result, condition) \
  REWRITE_(match_build, (pattern), (result), condition)
#define AGAIN(pattern, result) REWRITE_(match_again, (pattern), (result), true)
#define AGAIN_IF(pattern, result, condition) \
  REWRITE_(match_again, (pattern), (result), condition)

/* Does the node match?  And: the expression that a result spells. */
#define MATCH(...)                                         \
  ({                                                       \
    static const uint8_t matched_[] = {__VA_ARGS__};       \
    may_match(m, matched_) && match_operands(m, matched_); \
  })
#define B(...)                                     \
  ({                                               \
    static const uint8_t built_[] = {__VA_ARGS__}; \
    match_build(m, built_);                        \
  })

#define E(v) (m->slot[(v)-SLOT])
#define V(c) (AS(IntImm, E(c))->value)

/* Conditions that rules share; the names are those of the bound slots. */
static inline bool prove_ge(const Match *m, const Expr *expr, int64_t bound) {
  return can_prove_ge(m->simplifier->analyzer, expr, bound);
}
static inline bool prove_equal(const Match *m, const Expr *expr,
                               int64_t value) {
  return try_compare(m->simplifier, expr, value) == ORDER_EQ;
}
static inline bool opposite(int64_t a, int64_t b) {
  return wrap_add(a, b) == 0;
}

#endif
