/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter of rewrite rules (rules.h): matches a pattern against a
 * node and builds a result.  A pattern is read once from left to right while
 * the expression is walked, so a match costs no more than the pattern has
 * bytes, plus a comparison for each name met again. */
#include "arith/rules.h"
#include "ir/analysis.h"

static bool same_expr(const Expr *a, const Expr *b) {
  if (a == b) return true;
  return a->kind == b->kind && a->kind != VAR && expr_equal(a, b);
}

/* A variable of the rule: bound on the first meeting, compared afterwards. */
static bool match_slot(Match *m, uint8_t name, const Expr *expr) {
  const Expr **slot = &m->slot[name - SLOT];
  uint32_t bit = 1u << (name - SLOT);
  bool is_constant = name >= SLOT_CONST;
  if (is_constant && expr->kind != INT) return false;
  if (!(m->filled & bit)) {
    m->filled |= bit;
    *slot = expr;
    return true;
  }
  if (is_constant) return AS(IntImm, *slot)->value == AS(IntImm, expr)->value;
  return same_expr(*slot, expr);
}

static bool bind_minmax(Match *m, bool other, uint8_t kind) {
  if (kind != MIN && kind != MAX) return false;
  uint8_t same = other ? (kind == MIN ? MAX : MIN) : kind;
  if (!m->minmax) m->minmax = same;
  return m->minmax == same;
}

static bool bind_lanes(Match *m, uint16_t lanes) {
  if (!m->lanes) m->lanes = lanes;
  return m->lanes == lanes;
}

static bool match_head(Match *m, uint8_t head, const Expr *expr) {
  if (head == ANY_MINMAX || head == OTHER_MINMAX)
    return bind_minmax(m, head == OTHER_MINMAX, expr->kind);
  if (expr->kind != head) return false;
  return (head != RAMP && head != BROADCAST) || bind_lanes(m, expr->type.lanes);
}

/* Returns what follows in the pattern, or NULL. */
static const uint8_t *match_expr(Match *m, const uint8_t *pattern,
                                 const Expr *expr) {
  uint8_t head = *pattern++;
  if (head >= ZERO) return is_const(expr, head - ZERO) ? pattern : NULL;
  if (head >= SLOT) return match_slot(m, head, expr) ? pattern : NULL;
  if (!match_head(m, head, expr)) return NULL;
  switch (head) {
    case NOT:
    case BROADCAST: return match_expr(m, pattern, AS(Unary, expr)->a);
    case SELECT:
      pattern = match_expr(m, pattern, AS(Select, expr)->condition);
      if (pattern) pattern = match_expr(m, pattern, AS(Select, expr)->if_true);
      expr = AS(Select, expr)->if_false;
      break;
    default: /* a binary operator, or a ramp's base and stride */
      if (!head_may_match(*pattern++, AS(Binary, expr)->b)) return NULL;
      pattern = match_expr(m, pattern, AS(Binary, expr)->a);
      expr = AS(Binary, expr)->b;
  }
  return pattern ? match_expr(m, pattern, expr) : NULL;
}

_Static_assert(offsetof(Ramp, base) == offsetof(Binary, a) &&
                   offsetof(Ramp, stride) == offsetof(Binary, b) &&
                   offsetof(Broadcast, value) == offsetof(Unary, a),
               "match_expr reads a ramp as a binary, a broadcast as a unary");

bool match_operands(Match *m, const uint8_t *pattern) {
  m->filled = 0;
  m->lanes = 0;
  m->minmax = m->kind == MIN || m->kind == MAX ? m->kind : 0;
  if (m->kind == NOT) return match_expr(m, pattern + 1, m->a);
  pattern = match_expr(m, pattern + 2, m->a);
  return pattern && match_expr(m, pattern, m->b);
}

static Arena *arena_of(const Match *m) {
  return m->simplifier->analyzer->arena;
}

/* Numbers in results have the type of the scalars they are computed with. */
static const Expr *number(const Match *m, int64_t value) {
  DType type = m->a->type;
  type.lanes = 1;
  return make_const(arena_of(m), type, value);
}

static ExprKind head_kind(const Match *m, uint8_t head) {
  if (head == ANY_MINMAX) return m->minmax;
  if (head == OTHER_MINMAX) return m->minmax == MIN ? MAX : MIN;
  return head;
}

static const Expr *build_expr(Match *m, const uint8_t **pattern);

static const Expr *build_node(Match *m, uint8_t head, const uint8_t **pattern) {
  Arena *arena = arena_of(m);
  bool is_unary = head == NOT || head == BROADCAST;
  if (!is_unary && head != SELECT) ++*pattern;
  const Expr *first = build_expr(m, pattern);
  if (head == NOT) return make_unary(arena, NOT, first->type, first);
  if (head == BROADCAST) return make_broadcast(arena, first, m->lanes);
  const Expr *second = build_expr(m, pattern);
  if (head == RAMP) return make_ramp(arena, first, second, m->lanes);
  if (head == SELECT)
    return make_select(arena, first, second, build_expr(m, pattern));
  return ex_binary(arena, head_kind(m, head), first, second);
}

static const Expr *build_expr(Match *m, const uint8_t **pattern) {
  uint8_t head = *(*pattern)++;
  if (head < SLOT) return build_node(m, head, pattern);
  if (head < SLOT_END) return m->slot[head - SLOT];
  if (head < FALSE) return number(m, head - ZERO);
  return make_bool(arena_of(m), head == TRUE);
}

const Expr *match_build(Match *m, const uint8_t *pattern) {
  return build_expr(m, &pattern);
}

const Expr *match_again(Match *m, const uint8_t *pattern) {
  return rewrite_again(m->simplifier, build_expr(m, &pattern));
}

const Expr *match_node(const Match *m) {
  return m->node ? m->node : make_binary(arena_of(m), m->kind, m->a, m->b);
}
