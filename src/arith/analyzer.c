/* SPDX-License-Identifier: Apache-2.0 */
/* The analyzer's entry points: what is bound, what is assumed, and the
 * provers made of the two simplifiers and the bounds. */
#include "arith/analyzer.h"

#include "arith/form.h"
#include "arith/rewrite.h"
#include "ir/analysis.h"
#include "ir/build.h"

enum { REWRITE_ROUNDS = 2 };

void analyzer_init(Analyzer *analyzer, Arena *arena) {
  *analyzer = (Analyzer){.arena = arena, .version = 1, .versions = 1};
  ptrmap_init(&analyzer->vars, arena);
  analyzer->rewriter = (Simplifier){analyzer, REWRITE, 0};
  analyzer->canonicalizer = (Simplifier){analyzer, CANONICAL, 0};
  analyzer->both = (Simplifier){analyzer, BOTH, 0};
}

Analyzer *analyzer_new(Arena *arena) {
  Analyzer *analyzer = arena_alloc(arena, sizeof *analyzer);
  analyzer_init(analyzer, arena);
  return analyzer;
}

Arena *analyzer_arena(const Analyzer *analyzer) { return analyzer->arena; }

/* ---- Variables ---------------------------------------------------------- */

void analyzer_changed(Analyzer *analyzer) {
  analyzer->version = ++analyzer->versions;
}

static void bound_anew(Analyzer *analyzer) {
  analyzer_changed(analyzer);
  analyzer->last_bind = analyzer->version;
}

void analyzer_forget(Analyzer *analyzer) {
  ptrmap_clear(&analyzer->vars);
  analyzer->bounds.n = 0;
  analyzer->moduli.n = 0;
  analyzer->facts.n = 0;
  bound_anew(analyzer);
}

const VarFacts *analyzer_facts(const Analyzer *analyzer, const Var *var) {
  if (!analyzer->vars.n) return NULL;
  return ptrmap_get(&analyzer->vars, var);
}

VarFacts *analyzer_own_facts(Analyzer *analyzer, const Var *var) {
  void **facts = ptrmap_place(&analyzer->vars, var);
  if (!*facts) *facts = ARENA_NEW(analyzer->arena, VarFacts);
  return *facts;
}

static Bound range_bound(Analyzer *analyzer, Range range) {
  Bound min = const_bound(analyzer, range.min);
  Bound extent = const_bound(analyzer, range.extent);
  bool open = min.hi == BOUND_INF || extent.hi == BOUND_INF;
  int64_t hi;
  if (open || __builtin_add_overflow(min.hi, extent.hi - 1, &hi))
    hi = BOUND_INF;
  return (Bound){min.lo, hi};
}

void analyzer_bind(Analyzer *analyzer, const Var *var, Range range) {
  if (is_const(range.extent, 1)) {
    analyzer_bind_value(analyzer, var, range.min);
    return;
  }
  Bound bound = range_bound(analyzer, range);
  VarFacts *facts = analyzer_own_facts(analyzer, var);
  *facts = (VarFacts){.has_bound = true, .bound = bound};
  bound_anew(analyzer);
}

void analyzer_bind_value(Analyzer *analyzer, const Var *var,
                         const Expr *value) {
  if (value->kind != INT)
    value = rewrite_simplify(analyzer, canonical_simplify(analyzer, value));
  VarFacts facts = {.value = value, .has_bound = true, .has_modular = true};
  facts.bound = const_bound(analyzer, value);
  facts.modular = modular_set(analyzer, value);
  *analyzer_own_facts(analyzer, var) = facts;
  bound_anew(analyzer);
}

/* ---- Conditions --------------------------------------------------------- */

typedef VEC(const Expr *) Conjuncts;

static void collect_conjuncts(Arena *arena, const Expr *condition,
                              Conjuncts *conjuncts) {
  vec_push(arena, conjuncts, condition);
  if (condition->kind == AND) {
    collect_conjuncts(arena, AS(Binary, condition)->a, conjuncts);
    collect_conjuncts(arena, AS(Binary, condition)->b, conjuncts);
    return;
  }
  const Unary *negated = as_not(condition);
  if (!negated || negated->a->kind != OR) return;
  const Binary *either = AS(Binary, negated->a);
  Analyzer alone;
  analyzer_init(&alone, arena);
  const Expr *not_a = make_unary(arena, NOT, either->a->type, either->a);
  const Expr *not_b = make_unary(arena, NOT, either->b->type, either->b);
  collect_conjuncts(arena, rewrite_simplify(&alone, not_a), conjuncts);
  collect_conjuncts(arena, rewrite_simplify(&alone, not_b), conjuncts);
}

/* A conjunct is a fact, and so is the negation of its negation: the form in
 * which the visit of a comparison asks for it. */
static void push_fact(Analyzer *analyzer, const Expr *fact) {
  Arena *arena = analyzer->arena;
  if (expr_effect(fact) > EFFECT_PURE) return;
  vec_push(arena, &analyzer->facts, fact);
  analyzer_changed(analyzer);
  const Expr *negation =
      is_bool(fact->type)
          ? make_unary(arena, NOT, fact->type, fact)
          : ex_eq(arena, fact, make_const(arena, fact->type, 0));
  negation = simplifier_visit(&analyzer->rewriter, negation);
  vec_push(arena, &analyzer->facts,
           make_unary(arena, NOT, negation->type, negation));
  analyzer_changed(analyzer);
}

Constraint analyzer_enter(Analyzer *analyzer, const Expr *condition) {
  Constraint constraint = {analyzer->bounds.n, analyzer->moduli.n,
                           analyzer->facts.n, analyzer->version};
  bound_enter(analyzer, condition);
  modular_enter(analyzer, condition);
  analyzer_changed(analyzer);
  Conjuncts conjuncts = {0};
  collect_conjuncts(analyzer->arena,
                    simplifier_visit(&analyzer->rewriter, condition),
                    &conjuncts);
  for (int i = 0; i < conjuncts.n; i++) push_fact(analyzer, conjuncts.at[i]);
  return constraint;
}

void analyzer_leave(Analyzer *analyzer, Constraint constraint) {
  analyzer->bounds.n = constraint.bounds;
  analyzer->moduli.n = constraint.moduli;
  analyzer->facts.n = constraint.facts;
  if (analyzer->last_bind > constraint.version)
    analyzer_changed(analyzer);
  else
    analyzer->version = constraint.version;
}

/* ---- Simplification ----------------------------------------------------- */

const Expr *rewrite_simplify(Analyzer *analyzer, const Expr *expr) {
  for (int round = 0; round < REWRITE_ROUNDS; round++) {
    const Expr *simpler = simplifier_visit(&analyzer->rewriter, expr);
    if (simpler == expr) break;
    expr = simpler;
  }
  return expr;
}

const Expr *canonical_simplify(Analyzer *analyzer, const Expr *expr) {
  return simplifier_visit(&analyzer->canonicalizer, expr);
}

/* A constant, or a variable of which nothing else is known to hold. */
static bool is_settled(const Analyzer *analyzer, const Expr *expr) {
  if (expr->kind != VAR) return is_atom(expr);
  const VarFacts *facts = analyzer_facts(analyzer, AS(Var, expr));
  return !is_bool(expr->type) && !(facts && facts->value);
}

/* Does simplifying the node come down to simplifying each operand? */
static bool only_holds_operands(const Expr *expr) {
  if (expr->kind != CALL) return expr->kind == LOAD;
  switch (AS(Call, expr)->op) {
    case OP_LIKELY:
    case OP_IF_THEN_ELSE:
    case OP_SHIFT_RIGHT:
    case OP_SHIFT_LEFT: return false;
    default: return true;
  }
}

static const Expr *simplify_twice(Analyzer *analyzer, const Expr *expr) {
  const Expr *simpler = rewrite_simplify(analyzer, expr);
  if (simpler->kind == INT) return simpler;
  simpler = canonical_simplify(analyzer, simpler);
  /* The rewriter orders a sum its own way, the canonical form turns it back:
   * most expressions come out as they went in. */
  return expr_equal(simpler, expr) ? expr : simpler;
}

const Expr *simplify(Analyzer *analyzer, const Expr *expr) {
  if (is_settled(analyzer, expr)) return expr;
  if (only_holds_operands(expr)) return rewrite_node(&analyzer->both, expr);
  if (is_canonical_sum(analyzer, expr)) return expr;
  if (is_plain_sum(analyzer, expr)) return canonical_simplify(analyzer, expr);
  const Expr *rest = expr->kind == SUB ? plain_rest(analyzer, expr) : NULL;
  if (rest) return rest;
  SimpleSlot *slot = &analyzer->simple[analyzer_slot(expr, SIMPLE_SLOTS)];
  if (slot->expr != expr || slot->version != analyzer->version)
    *slot =
        (SimpleSlot){expr, analyzer->version, simplify_twice(analyzer, expr)};
  return slot->to;
}

const Expr *simplify_alone(Arena *arena, const Expr *expr) {
  if (expr->kind == INT || expr->kind == VAR) return expr;
  Analyzer alone;
  SumRoom room;
  analyzer_init(&alone, arena);
  sums_lend(&alone, &room);
  return simplify(&alone, expr);
}

/* ---- Proofs ------------------------------------------------------------- */

/* A comparison of sums is decided by their bounds, if no condition is known. */
static bool plain_truth(Analyzer *analyzer, const Expr *condition,
                        bool *ret_true) {
  Bound gap;
  if (!is_comparison(condition) || analyzer->facts.n || analyzer->bounds.n ||
      !plain_bound(analyzer, AS(Binary, condition)->a, AS(Binary, condition)->b,
                   &gap))
    return false;
  switch (condition->kind) {
    case EQ: *ret_true = gap.lo == 0 && gap.hi == 0; return true;
    case LT: *ret_true = gap.hi < 0; return true;
    case LE: *ret_true = gap.hi <= 0; return true;
    case GT: *ret_true = gap.lo > 0; return true;
    case GE: *ret_true = gap.lo >= 0; return true;
    default: return false;
  }
}

bool can_prove(Analyzer *analyzer, const Expr *condition) {
  bool is_true;
  if (plain_truth(analyzer, condition, &is_true)) return is_true;
  const IntImm *known = as_int(simplify(analyzer, condition));
  return known && known->value != 0;
}

bool can_prove_equal(Analyzer *analyzer, const Expr *a, const Expr *b) {
  const IntImm *known_a = as_int(a), *known_b = as_int(b);
  if (known_a && known_b) return known_a->value == known_b->value;
  if (a->type.code == TYPE_HANDLE || b->type.code == TYPE_HANDLE) return a == b;
  int64_t known;
  if (plain_difference(a, b, &known)) return known == 0;
  Arena *arena = analyzer->arena;
  const Expr *difference = ex_sub(arena, a, b);
  const Expr *zero = make_const(arena, difference->type, 0);
  return can_prove(analyzer, ex_eq(arena, difference, zero));
}

bool can_prove_equal_alone(Arena *arena, const Expr *a, const Expr *b) {
  if (a == b) return true;
  Analyzer alone;
  SumRoom room;
  analyzer_init(&alone, arena);
  sums_lend(&alone, &room);
  return can_prove_equal(&alone, a, b);
}

bool can_prove_ge(Analyzer *analyzer, const Expr *expr, int64_t bound) {
  const IntImm *known = as_int(expr);
  if (known) return known->value >= bound;
  return const_bound(analyzer, rewrite_simplify(analyzer, expr)).lo >= bound;
}

bool can_prove_lt(Analyzer *analyzer, const Expr *expr, int64_t bound) {
  const IntImm *known = as_int(expr);
  if (known) return known->value < bound;
  return const_bound(analyzer, rewrite_simplify(analyzer, expr)).hi < bound;
}
