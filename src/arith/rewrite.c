/* SPDX-License-Identifier: Apache-2.0 */
/* The visitor of the two simplifiers: children first, then what the builder
 * folds, then the rules of the operator (rewrite_*.c), the first that matches
 * winning.  As TVM 0.9's RewriteSimplifier.
 *
 * A rule's result may be visited again, at most five deep.  Comparisons come
 * down to == and <.  The branches of a select are visited under what its
 * condition says.  Only the rewriter, not the canonical simplifier, knows
 * conditions as facts, word for word.
 *
 * A node that the rewriter leaves alone is remembered, so that visiting a
 * result again and proving things about parts of it costs nothing anew. */
#include "arith/rewrite.h"

#include "arith/form.h"
#include "ir/analysis.h"
#include "ir/build.h"

enum { MAX_DEPTH = 5, MANY_ARGS = 16 };

static Arena *arena_of(const Simplifier *simplifier) {
  return simplifier->analyzer->arena;
}

const Expr *rewrite_again(Simplifier *simplifier, const Expr *expr) {
  if (simplifier->depth >= MAX_DEPTH) return expr;
  simplifier->depth++;
  expr = simplifier_visit(simplifier, expr);
  simplifier->depth--;
  return expr;
}

/* Comparing, and entering a condition, visits operands again, several times. So
 * where selects stand in the conditions of selects, deeper than this, only the
 * operands themselves are simplified: the time would be exponential in the
 * depth. */
static bool is_deep(const Analyzer *analyzer) {
  enum { MOST_CONDITIONS = 5 };
  return analyzer->conditions > MOST_CONDITIONS;
}

static Order order_of(Bound value, int64_t bound) {
  if (value.lo == bound && value.hi == bound) return ORDER_EQ;
  if (value.lo > bound) return ORDER_GT;
  if (value.hi < bound) return ORDER_LT;
  if (value.lo >= bound) return ORDER_GE;
  return value.hi <= bound ? ORDER_LE : ORDER_UNKNOWN;
}

Order try_compare(Simplifier *simplifier, const Expr *expr, int64_t bound) {
  Analyzer *analyzer = simplifier->analyzer;
  if (is_deep(analyzer)) return ORDER_UNKNOWN;
  expr = simplifier_visit(simplifier, expr);
  const IntImm *known = as_int(expr);
  if (known) return order_of((Bound){known->value, known->value}, bound);
  Order order = order_of(const_bound(analyzer, expr), bound);
  if (order == ORDER_UNKNOWN && bound == 0 &&
      modular_set(analyzer, expr).base != 0)
    return ORDER_NE;
  return order;
}

Order compare_exprs(Simplifier *simplifier, const Expr *a, const Expr *b) {
  Analyzer *analyzer = simplifier->analyzer;
  Bound difference;
  if (!is_deep(analyzer) && plain_bound(analyzer, a, b, &difference)) {
    Order order = order_of(difference, 0);
    if (order != ORDER_UNKNOWN) return order;
    const Expr *gap = ex_sub(analyzer->arena, a, b);
    return modular_set(analyzer, gap).base ? ORDER_NE : ORDER_UNKNOWN;
  }
  return try_compare(simplifier, ex_sub(analyzer->arena, a, b), 0);
}

/* ---- Facts -------------------------------------------------------------- */

static bool has_facts(const Simplifier *simplifier) {
  return simplifier->kind == REWRITE && simplifier->analyzer->facts.n;
}

/* The constant that a condition is known to be, or NULL. */
static const Expr *known_truth(const Simplifier *simplifier, const Expr *expr) {
  if (!has_facts(simplifier)) return NULL;
  const Analyzer *analyzer = simplifier->analyzer;
  for (int i = 0; i < analyzer->facts.n; i++) {
    const Expr *fact = analyzer->facts.at[i];
    const Unary *negated = as_not(fact);
    bool is_true = expr_equal(fact, expr);
    if (is_true || (negated && expr_equal(negated->a, expr)))
      return make_const(analyzer->arena, expr->type, is_true);
  }
  return NULL;
}

static const Expr *visit_var(Simplifier *simplifier, const Expr *expr) {
  if (is_bool(expr->type)) {
    const Expr *known = known_truth(simplifier, expr);
    if (known) return known;
  }
  const VarFacts *facts = analyzer_facts(simplifier->analyzer, AS(Var, expr));
  return facts && facts->value ? facts->value : expr;
}

/* ---- Operators ---------------------------------------------------------- */

typedef const Expr *(*Rules)(Match *m);

static const Rules index_rules[EXPR_KINDS] = {[ADD] = rules_add,
                                              [SUB] = rules_sub,
                                              [MUL] = rules_mul,
                                              [DIV] = rules_div,
                                              [MOD] = rules_mod,
                                              [FLOORDIV] = rules_floordiv,
                                              [FLOORMOD] = rules_floormod,
                                              [MIN] = rules_minmax,
                                              [MAX] = rules_minmax,
                                              [EQ] = rules_eq,
                                              [LT] = rules_lt};

static const Rules logic_rules[EXPR_KINDS] = {
    [NOT] = rules_not, [AND] = rules_and, [OR] = rules_or};

static const Expr *apply_rules(Match *m) {
  DType type = m->a->type;
  const Expr *to = type.lanes != 1 ? rules_vector(m) : NULL;
  if (!to && index_rules[m->kind] && is_index(type))
    to = index_rules[m->kind](m);
  if (!to && type.code == TYPE_FLOAT && type.lanes == 1) to = rules_float(m);
  if (!to && logic_rules[m->kind]) to = logic_rules[m->kind](m);
  return to ? to : rules_select(m);
}

static bool is_condition(ExprKind kind) {
  return kind == EQ || kind == LT || kind == AND || kind == OR;
}

static const Expr *visit_binary(Simplifier *simplifier, const Expr *expr) {
  const Binary *op = AS(Binary, expr);
  ExprKind kind = expr->kind;
  const Expr *a = simplifier_visit(simplifier, op->a);
  const Expr *b = simplifier_visit(simplifier, op->b);
  const Expr *to = fold_binary(arena_of(simplifier), kind, a, b);
  if (to) return to;
  Match match = {.simplifier = simplifier, .kind = kind, .a = a, .b = b};
  if (a == op->a && b == op->b) match.node = expr;
  if (is_condition(kind) && has_facts(simplifier)) {
    match.node = match_node(&match);
    to = known_truth(simplifier, match.node);
    if (to) return to;
  }
  to = apply_rules(&match);
  return to ? to : match_node(&match);
}

static const Expr *visit_not(Simplifier *simplifier, const Expr *expr) {
  Arena *arena = arena_of(simplifier);
  const Expr *a = simplifier_visit(simplifier, AS(Unary, expr)->a);
  if (a->kind == INT) return make_bool(arena, !AS(IntImm, a)->value);
  if (a != AS(Unary, expr)->a) expr = make_unary(arena, NOT, expr->type, a);
  const Expr *to = known_truth(simplifier, expr);
  if (to) return to;
  Match match = {.simplifier = simplifier, .kind = NOT, .node = expr, .a = a};
  to = apply_rules(&match);
  return to ? to : expr;
}

/* A sum compared with a number that lies between its bounds: undecided, and no
 * rule for < (or for the one that <= stands for) changes it. */
static bool is_open(const Simplifier *simplifier, const Expr *expr) {
  Analyzer *analyzer = simplifier->analyzer;
  const Expr *a = AS(Binary, expr)->a, *b = AS(Binary, expr)->b;
  const bool flipped = a->kind == INT;
  const Expr *sum = flipped ? b : a;
  Bound gap;
  if (has_facts(simplifier) || (flipped ? a : b)->kind != INT ||
      (sum->kind != VAR && sum->kind != ADD) || !is_steady_sum(analyzer, sum) ||
      !plain_bound(analyzer, a, b, &gap))
    return false;
  return expr->kind == LT ? gap.lo < 0 && gap.hi >= 0
                          : gap.lo <= 0 && gap.hi > 0;
}

/* a != b is !(a == b), a <= b is !(b < a), a > b is b < a, a >= b is
 * !(a < b). */
static const Expr *visit_comparison(Simplifier *simplifier, const Expr *expr) {
  Arena *arena = arena_of(simplifier);
  const Binary *op = AS(Binary, expr);
  ExprKind kind = expr->kind;
  bool swapped = kind == LE || kind == GT;
  const Expr *basic =
      make_binary(arena, kind == NE ? EQ : LT, swapped ? op->b : op->a,
                  swapped ? op->a : op->b);
  if (kind != GT) basic = make_unary(arena, NOT, basic->type, basic);
  const Expr *to = simplifier_visit(simplifier, basic);
  return expr_equal(to, expr) ? expr : to;
}

static const Expr *visit_cast(Simplifier *simplifier, const Expr *expr) {
  const Expr *a = simplifier_visit(simplifier, AS(Unary, expr)->a);
  if (a == AS(Unary, expr)->a && a->kind != INT && a->kind != FLOAT)
    return expr;
  return ex_cast(arena_of(simplifier), expr->type, a);
}

/* ---- Conditional values ------------------------------------------------- */

typedef struct Branches {
  const Expr *condition, *if_true, *if_false;
} Branches;

/* Sums of variables, and what is read there, are the same under any condition:
 * no rule for them asks for bounds. */
static bool is_unconditional(const Expr *expr) {
  if (expr->kind != LOAD) return is_linear(expr);
  for (int i = 0; i < AS(Load, expr)->n; i++)
    if (!is_linear(AS(Load, expr)->index[i])) return false;
  return true;
}

static const Expr *visit_under(Simplifier *simplifier, const Expr *condition,
                               const Expr *expr) {
  Analyzer *analyzer = simplifier->analyzer;
  if (is_deep(analyzer) || is_unconditional(expr))
    return simplifier_visit(simplifier, expr);
  analyzer->conditions++;
  Constraint constraint = analyzer_enter(analyzer, condition);
  analyzer->conditions--;
  expr = simplifier_visit(simplifier, expr);
  analyzer_leave(analyzer, constraint);
  return expr;
}

static const Expr *visit_condition(Simplifier *simplifier, const Expr *expr) {
  simplifier->analyzer->conditions++;
  expr = simplifier_visit(simplifier, expr);
  simplifier->analyzer->conditions--;
  return expr;
}

static const Expr *opposite(Simplifier *simplifier, const Expr *condition) {
  Analyzer *analyzer = simplifier->analyzer;
  if (is_deep(analyzer)) return condition;
  const Expr *otherwise =
      make_unary(arena_of(simplifier), NOT, condition->type, condition);
  analyzer->conditions++;
  otherwise = rewrite_simplify(analyzer, otherwise);
  analyzer->conditions--;
  return otherwise;
}

/* No condition changes a number. */
static bool is_number(const Expr *expr) {
  return expr->kind == INT || expr->kind == FLOAT;
}

static Branches visit_branches(Simplifier *simplifier, Branches from) {
  Branches to = from;
  to.condition = visit_condition(simplifier, from.condition);
  if (!is_number(from.if_true))
    to.if_true = visit_under(simplifier, to.condition, from.if_true);
  if (is_number(from.if_false)) return to;
  const Expr *otherwise = opposite(simplifier, to.condition);
  to.if_false = visit_under(simplifier, otherwise, from.if_false);
  return to;
}

static bool same_branches(Branches a, Branches b) {
  return a.condition == b.condition && a.if_true == b.if_true &&
         a.if_false == b.if_false;
}

static const Expr *visit_select(Simplifier *simplifier, const Expr *expr) {
  const Select *select = AS(Select, expr);
  Branches from = {select->condition, select->if_true, select->if_false};
  Branches to = visit_branches(simplifier, from);
  const IntImm *known = as_int(to.condition);
  if (known) return known->value ? to.if_true : to.if_false;
  if (expr_equal(to.if_true, to.if_false)) return to.if_true;
  if (same_branches(from, to)) return expr;
  return make_select(arena_of(simplifier), to.condition, to.if_true,
                     to.if_false);
}

static const Expr *visit_if_then_else(Simplifier *simplifier,
                                      const Call *call) {
  Branches from = {call->arg[0], call->arg[1], call->arg[2]};
  Branches to = visit_branches(simplifier, from);
  const IntImm *known = as_int(to.condition);
  if (known) return known->value ? to.if_true : to.if_false;
  if (same_branches(from, to)) return &call->e;
  const Expr *arg[] = {to.condition, to.if_true, to.if_false};
  return make_call(arena_of(simplifier), call->e.type, call->op, 3, arg);
}

/* ---- Other nodes -------------------------------------------------------- */

/* Visits n expressions into `out`; true if any is another one now. */
static bool visit_all(Simplifier *simplifier, int n, const Expr *const *in,
                      const Expr **out) {
  bool changed = false;
  for (int i = 0; i < n; i++) {
    out[i] = simplifier_visit(simplifier, in[i]);
    changed |= out[i] != in[i];
  }
  return changed;
}

static const Expr **room_for(Simplifier *simplifier, int n,
                             const Expr **on_stack) {
  return n <= MANY_ARGS ? on_stack
                        : ARENA_ARRAY(arena_of(simplifier), const Expr *, n);
}

static const Expr *fold_call(Simplifier *simplifier, const Call *call) {
  const Expr *first = call->n ? call->arg[0] : NULL;
  switch (call->op) {
    case OP_LIKELY:
      return first->kind == INT ? first : known_truth(simplifier, first);
    case OP_SHIFT_RIGHT:
    case OP_SHIFT_LEFT:
      if (first->kind != INT || call->arg[1]->kind != INT) return NULL;
      return fold_bits(arena_of(simplifier), call->op, first, call->arg[1]);
    default: return NULL;
  }
}

static const Expr *visit_call(Simplifier *simplifier, const Expr *expr) {
  const Call *call = AS(Call, expr);
  if (call->op == OP_IF_THEN_ELSE) return visit_if_then_else(simplifier, call);
  const Expr *on_stack[MANY_ARGS];
  const Expr **arg = room_for(simplifier, call->n, on_stack);
  if (visit_all(simplifier, call->n, call->arg, arg))
    call = AS(Call, with_args(arena_of(simplifier), call, arg));
  const Expr *folded = fold_call(simplifier, call);
  return folded ? folded : &call->e;
}

static const Expr *visit_load(Simplifier *simplifier, const Expr *expr) {
  const Load *load = AS(Load, expr);
  const Expr *on_stack[MANY_ARGS];
  const Expr **index = room_for(simplifier, load->n, on_stack);
  if (!visit_all(simplifier, load->n, load->index, index)) return expr;
  return make_load(arena_of(simplifier), load->buffer, load->n, index);
}

/* Constants and variables are put in place of the name they are given. */
static const Expr *visit_let(Simplifier *simplifier, const Expr *expr) {
  const Let *let = AS(Let, expr);
  const Expr *value = simplifier_visit(simplifier, let->value);
  bool trivial = let->value->kind == INT || let->value->kind == FLOAT ||
                 let->value->kind == VAR;
  if (trivial) {
    analyzer_bind_value(simplifier->analyzer, let->var, value);
    return simplifier_visit(simplifier, let->body);
  }
  const Expr *body = simplifier_visit(simplifier, let->body);
  if (value == let->value && body == let->body) return expr;
  return make_let(arena_of(simplifier), let->var, value, body);
}

static const IterVar *visit_axis(Simplifier *simplifier, const IterVar *iter) {
  Range dom = iter->dom;
  if (!dom.min) return iter;
  analyzer_bind(simplifier->analyzer, iter->var, dom);
  dom.min = simplifier_visit(simplifier, dom.min);
  dom.extent = simplifier_visit(simplifier, dom.extent);
  if (dom.min == iter->dom.min && dom.extent == iter->dom.extent) return iter;
  return make_iter(arena_of(simplifier), dom, iter->var, iter->type,
                   iter->thread_tag);
}

static const Expr *visit_reduce(Simplifier *simplifier, const Expr *expr) {
  const Reduce *reduce = AS(Reduce, expr);
  Arena *arena = arena_of(simplifier);
  const IterVar **axis = ARENA_ARRAY(arena, const IterVar *, reduce->n);
  bool changed = false;
  for (int i = 0; i < reduce->n; i++) {
    axis[i] = visit_axis(simplifier, reduce->axis[i]);
    changed |= axis[i] != reduce->axis[i];
  }
  const Expr *source = simplifier_visit(simplifier, reduce->source);
  const Expr *condition = simplifier_visit(simplifier, reduce->condition);
  if (simplifier->kind == CANONICAL && reduce->n == 0) {
    const Expr *none = combiner_identity(arena, reduce->combiner, expr->type);
    return simplifier_visit(simplifier,
                            make_select(arena, condition, source, none));
  }
  if (!changed && source == reduce->source && condition == reduce->condition)
    return expr;
  return make_reduce(arena, reduce->combiner, source, reduce->n, axis,
                     condition);
}

static const Expr *visit_ramp(Simplifier *simplifier, const Expr *expr) {
  const Ramp *ramp = AS(Ramp, expr);
  const Expr *base = simplifier_visit(simplifier, ramp->base);
  const Expr *stride = simplifier_visit(simplifier, ramp->stride);
  if (base == ramp->base && stride == ramp->stride) return expr;
  return make_ramp(arena_of(simplifier), base, stride, expr->type.lanes);
}

static const Expr *visit_broadcast(Simplifier *simplifier, const Expr *expr) {
  const Expr *value = simplifier_visit(simplifier, AS(Broadcast, expr)->value);
  if (value == AS(Broadcast, expr)->value) return expr;
  return make_broadcast(arena_of(simplifier), value, expr->type.lanes);
}

/* ---- Dispatch ----------------------------------------------------------- */

const Expr *rewrite_node(Simplifier *simplifier, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR: return visit_var(simplifier, expr);
    case INT:
    case FLOAT:
    case STRING: return expr;
    case CAST: return visit_cast(simplifier, expr);
    case NOT: return visit_not(simplifier, expr);
    case NE:
    case GT:
    case GE: return visit_comparison(simplifier, expr);
    case LT:
      return is_open(simplifier, expr) ? expr : visit_binary(simplifier, expr);
    case LE:
      return is_open(simplifier, expr) ? expr
                                       : visit_comparison(simplifier, expr);
    case SELECT: return visit_select(simplifier, expr);
    case CALL: return visit_call(simplifier, expr);
    case LOAD: return visit_load(simplifier, expr);
    case REDUCE: return visit_reduce(simplifier, expr);
    case LET: return visit_let(simplifier, expr);
    case RAMP: return visit_ramp(simplifier, expr);
    case BROADCAST: return visit_broadcast(simplifier, expr);
    default: return visit_binary(simplifier, expr);
  }
}

static const Expr *rewrite_visit(Simplifier *simplifier, const Expr *expr) {
  Analyzer *analyzer = simplifier->analyzer;
  StableSlot *slot = &analyzer->stable[analyzer_slot(expr, STABLE_SLOTS)];
  if (slot->expr == expr && slot->version == analyzer->version &&
      slot->depth == simplifier->depth)
    return expr;
  if (expr->kind == ADD && is_steady_sum(analyzer, expr)) return expr;
  const Expr *to = rewrite_node(simplifier, expr);
  if (to == expr)
    *slot = (StableSlot){expr, analyzer->version, simplifier->depth};
  return to;
}

const Expr *simplifier_visit(Simplifier *simplifier, const Expr *expr) {
  if (expr->kind == INT) return expr;
  switch (simplifier->kind) {
    case CANONICAL: return canonical_visit(simplifier, expr);
    case BOTH: return simplify(simplifier->analyzer, expr);
    default: break;
  }
  if (expr->kind == VAR) return visit_var(simplifier, expr);
  return rewrite_visit(simplifier, expr);
}
