/* SPDX-License-Identifier: Apache-2.0 */
/* Brings stages of the vector unit into the form that its instructions have: a
 * perfect nest of loops around one store.
 *
 * A reduction is two nests, which start its result and add to it, and they
 * may share their outer loops:
 *   for i { init(i); for k update(i, k) }
 * Those loops are distributed over the two.  That changes no result where each
 * element is touched in one iteration of the shared loops alone: the store's
 * index uses all of them, and what it overwrites is read nowhere but in the
 * same place.
 *
 * A store that chooses between a value and a constant becomes one of the value,
 * everywhere, and one of the constant for each comparison of the condition,
 * where that does not hold.  Any other choice becomes one store under its
 * condition and one for each comparison that does not hold where those before
 * it do.  ClampLoops, which comes next, makes shorter loops of those checks.
 * Cost: linear in the nests that result. */
#include "pass/alu_nests.h"

#include "base/trap.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"

typedef struct Nests {
  Arena *arena;
  NestFacts *facts;
  VEC(const Stmt *) around; /* loops and checks, outermost first */
  int shared;               /* how many of them stand around a sequence */
  VEC(const Stmt *) nest;   /* found so far */
  const Store *first;       /* of all stores */
} Nests;

/* ---- May loops be distributed? ------------------------------------------ */

typedef struct ReadCheck {
  Walker walker;
  const Store *store;
  bool elsewhere; /* what is stored is read in another place */
} ReadCheck;

static void check_load(Walker *walker, const Expr *expr) {
  ReadCheck *check = (ReadCheck *)walker;
  const Load *load = AS(Load, expr);
  if (load->buffer->data == check->store->buffer->data) {
    bool same = load->n == check->store->n;
    for (int i = 0; same && i < load->n; i++)
      same = expr_equal(load->index[i], check->store->index[i]);
    check->elsewhere |= !same;
  }
  walk_expr_children(walker, expr);
}

static bool store_uses(const Store *store, const Var *var) {
  for (int i = 0; i < store->n; i++)
    if (expr_uses(store->index[i], var)) return true;
  return false;
}

static void check_shared_loops(const Nests *nests, const Store *store) {
  for (int i = 0; i < nests->shared; i++) {
    const For *loop = as_for(nests->around.at[i]);
    if (!loop || is_const(loop->extent, 1) || store_uses(store, loop->var))
      continue;
    fail(nests->arena, D_ALU_OP,
         "alu stage '%s': loop '%s' goes round its start and its update, but "
         "is no loop over its elements",
         store->buffer->name, loop->var->hint);
  }
}

static void check_store(const Nests *nests, const Store *store) {
  static const ExprVisit exprs[EXPR_KINDS] = {[LOAD] = check_load};
  ReadCheck check = {WALKER(exprs, NULL), store, false};
  const char *name = store->buffer->name;
  if (store->buffer->data != nests->first->buffer->data)
    fail(nests->arena, D_ALU_OP,
         "alu stage '%s': its loops also fill '%s'; each stage needs loops of "
         "its own",
         nests->first->buffer->name, name);
  walk_expr(&check.walker, store->value);
  if (check.elsewhere)
    fail(nests->arena, D_ALU_OP,
         "alu stage '%s': it reads other elements of its own result", name);
  check_shared_loops(nests, store);
}

/* ---- Choices ------------------------------------------------------------ */

typedef struct Choice {
  const Expr *whole; /* where it stands in the value */
  const Expr *condition, *value, *otherwise;
} Choice;

static void note_choice(void *self, const Expr *expr) {
  Choice *choice = self;
  const Call *call = as_call_of(expr, OP_IF_THEN_ELSE);
  const Select *select = as_select(expr);
  if (choice->whole) return;
  if (call)
    *choice = (Choice){expr, call->arg[0], call->arg[1], call->arg[2]};
  else if (select)
    *choice =
        (Choice){expr, select->condition, select->if_true, select->if_false};
}

/* An innermost choice of the value, with a constant as its second side if it
 * has one. */
static bool find_choice(Nests *nests, const Expr *value, Choice *ret) {
  *ret = (Choice){NULL, NULL, NULL, NULL};
  post_order_expr(nests->arena, value, ret, note_choice);
  if (!ret->whole) return false;
  bool turned = as_int(ret->value) && !as_int(ret->otherwise);
  ret->condition = without_not(nests->arena, ret->condition, turned);
  if (!turned) return true;
  const Expr *constant = ret->value;
  ret->value = ret->otherwise;
  ret->otherwise = constant;
  return true;
}

typedef VEC(const Expr *) Conditions;

static void split_conjuncts(Arena *arena, const Expr *condition,
                            Conditions *ret) {
  if (condition->kind != AND) {
    vec_push(arena, ret, condition);
    return;
  }
  split_conjuncts(arena, AS(Binary, condition)->a, ret);
  split_conjuncts(arena, AS(Binary, condition)->b, ret);
}

typedef struct SideRewrite {
  Rewriter rw;
  const Expr *whole, *side;
} SideRewrite;

static const Expr *take_side(Rewriter *rw, const Expr *expr) {
  const SideRewrite *rewrite = (const SideRewrite *)rw;
  if (expr_equal(expr, rewrite->whole)) return rewrite->side;
  return rewrite_expr_children(rw, expr);
}

/* The store with one side in the place of the choice. */
static const Store *store_side(Arena *arena, const Store *store,
                               const Choice *choice, const Expr *side) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [CALL] = take_side, [SELECT] = take_side};
  SideRewrite rewrite = {REWRITER(arena, exprs, NULL), choice->whole, side};
  const Expr *value = rewrite_expr(&rewrite.rw, store->value);
  return AS(Store,
            make_store(arena, store->buffer, value, store->n, store->index));
}

typedef struct RangeCheck {
  Walker walker;
  const NestFacts *facts;
  bool outside; /* something may be read that has never been written */
} RangeCheck;

static void check_range(Walker *walker, const Expr *expr) {
  RangeCheck *check = (RangeCheck *)walker;
  const Load *load = AS(Load, expr);
  check->outside |= ptrmap_has(&check->facts->partial, load->buffer->data);
  for (int i = 0; i < load->n; i++) {
    const IntImm *size = as_int(load->buffer->shape[i]);
    Bound bound = const_bound(check->facts->loops, load->index[i]);
    check->outside |= !size || bound.lo < 0 || bound.hi >= size->value;
  }
  walk_expr_children(walker, expr);
}

/* May the value be computed everywhere before the other side's constant is put
 * where it belongs? */
static bool may_be_overwritten(const Nests *nests, const Store *store,
                               const Choice *choice) {
  static const ExprVisit exprs[EXPR_KINDS] = {[LOAD] = check_range};
  RangeCheck check = {WALKER(exprs, NULL), nests->facts, false};
  if (choice->whole != store->value || !as_int(choice->otherwise)) return false;
  walk_expr(&check.walker, choice->value);
  return !check.outside;
}

/* ---- The nests ---------------------------------------------------------- */

static void add_nest(Nests *nests, const Stmt *stmt) {
  Arena *arena = nests->arena;
  for (int i = nests->around.n - 1; i >= 0; i--) {
    const Stmt *around = nests->around.at[i];
    const If *check = as_if(around);
    stmt = check ? make_if(arena, check->condition, stmt, NULL)
                 : with_body(arena, around, stmt);
  }
  vec_push(arena, &nests->nest, stmt);
}

static void add_store(Nests *nests, const Store *store);

static void add_store_if(Nests *nests, const Expr *condition,
                         const Store *store) {
  vec_push(nests->arena, &nests->around,
           make_if(nests->arena, condition, &store->s, NULL));
  add_store(nests, store);
  nests->around.n--;
}

/* One side, and the other one for each conjunct that does not hold.  Where the
 * value may not be overwritten, the parts are apart from each other. */
static void add_choice(Nests *nests, const Store *store, const Choice *choice) {
  Arena *arena = nests->arena;
  const Store *value = store_side(arena, store, choice, choice->value);
  const Store *otherwise = store_side(arena, store, choice, choice->otherwise);
  bool everywhere = may_be_overwritten(nests, store, choice);
  Conditions conjuncts = {0};
  const Expr *before = NULL;
  split_conjuncts(arena, choice->condition, &conjuncts);
  if (everywhere)
    add_store(nests, value);
  else
    add_store_if(nests, choice->condition, value);
  for (int i = 0; i < conjuncts.n; i++) {
    const Expr *holds = conjuncts.at[i], *not = without_not(arena, holds, true);
    if (before) not = ex_and(arena, before, not );
    add_store_if(nests, not, otherwise);
    if (!everywhere) before = before ? ex_and(arena, before, holds) : holds;
  }
}

/* What is there already, as when nothing is added. */
static bool changes_nothing(Arena *arena, const Store *store) {
  const Load *load = as_load(simplify_alone(arena, store->value));
  return load && load->buffer->data == store->buffer->data && load->n == 1 &&
         store->n == 1 && expr_equal(load->index[0], store->index[0]);
}

static void add_store(Nests *nests, const Store *store) {
  Choice choice;
  if (!nests->first) nests->first = store;
  if (nests->shared || nests->nest.n) check_store(nests, store);
  if (find_choice(nests, store->value, &choice))
    add_choice(nests, store, &choice);
  else if (!nests->nest.n || !changes_nothing(nests->arena, store))
    add_nest(nests, &store->s);
}

static void collect(Nests *nests, const Stmt *stmt) {
  int depth = nests->around.n, shared = nests->shared;
  for (;;) {
    const If *check = as_if(stmt);
    if (!as_for(stmt) && !(check && !check->else_part)) break;
    vec_push(nests->arena, &nests->around, stmt);
    if (!check)
      analyzer_bind(nests->facts->loops, AS(For, stmt)->var,
                    (Range){AS(For, stmt)->min, AS(For, stmt)->extent});
    stmt = check ? check->then_part : AS(For, stmt)->body;
  }
  const Seq *seq = as_seq(stmt);
  if (seq) nests->shared = nests->around.n;
  for (int i = 0; seq && i < seq->n; i++) collect(nests, seq->at[i]);
  if (as_store(stmt))
    add_store(nests, AS(Store, stmt));
  else if (!seq)
    add_nest(nests, stmt);
  nests->shared = shared;
  nests->around.n = depth;
}

const Stmt *alu_nests(Arena *arena, NestFacts *facts, const Stmt *stage) {
  Nests nests = {.arena = arena, .facts = facts};
  collect(&nests, stage);
  if (nests.nest.n < 2) return stage;
  return convert_ssa(arena, make_seq(arena, nests.nest.n, nests.nest.at));
}
