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
 * where that does not hold.  ClampLoops, which comes next, makes shorter loops
 * of those checks.  Cost: linear in the nests that result. */
#include "pass/alu_nests.h"

#include "base/trap.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"

typedef struct Nests {
  Arena *arena;
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
  ReadCheck check = {{exprs, NULL}, store, false};
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
  const Expr *condition, *value, *otherwise;
} Choice;

static bool match_choice(const Expr *expr, Choice *ret) {
  const Call *call = as_call_of(expr, OP_IF_THEN_ELSE);
  const Select *select = as_select(expr);
  if (call)
    *ret = (Choice){call->arg[0], call->arg[1], call->arg[2]};
  else if (select)
    *ret = (Choice){select->condition, select->if_true, select->if_false};
  else
    return false;
  return as_int(ret->otherwise) != NULL;
}

/* The comparison that holds where this one does not; NULL for others. */
static const Expr *opposite(Arena *arena, const Expr *expr) {
  ExprKind kind;
  switch ((ExprKind)expr->kind) {
    case LT: kind = GE; break;
    case LE: kind = GT; break;
    case GT: kind = LE; break;
    case GE: kind = LT; break;
    default: return NULL;
  }
  return make_binary(arena, kind, AS(Binary, expr)->a, AS(Binary, expr)->b);
}

typedef VEC(const Expr *) Conditions;

static bool opposites(Arena *arena, const Expr *condition, Conditions *ret) {
  if (condition->kind == AND)
    return opposites(arena, AS(Binary, condition)->a, ret) &&
           opposites(arena, AS(Binary, condition)->b, ret);
  const Expr *expr = opposite(arena, condition);
  if (expr) vec_push(arena, ret, expr);
  return expr != NULL;
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

static void add_store(Nests *nests, const Store *store) {
  Arena *arena = nests->arena;
  Choice choice;
  Conditions outside = {0};
  if (!nests->first) nests->first = store;
  if (nests->shared || nests->nest.n) check_store(nests, store);
  if (!match_choice(store->value, &choice) ||
      !opposites(arena, choice.condition, &outside)) {
    add_nest(nests, &store->s);
    return;
  }
  add_nest(nests, make_store(arena, store->buffer, choice.value, store->n,
                             store->index));
  const Stmt *fill = make_store(arena, store->buffer, choice.otherwise,
                                store->n, store->index);
  for (int i = 0; i < outside.n; i++)
    add_nest(nests, make_if(arena, outside.at[i], fill, NULL));
}

static void collect(Nests *nests, const Stmt *stmt) {
  int depth = nests->around.n, shared = nests->shared;
  for (;;) {
    const If *check = as_if(stmt);
    if (!as_for(stmt) && !(check && !check->else_part)) break;
    vec_push(nests->arena, &nests->around, stmt);
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

const Stmt *alu_nests(Arena *arena, const Stmt *stage) {
  Nests nests = {.arena = arena};
  collect(&nests, stage);
  if (nests.nest.n < 2) return stage;
  return convert_ssa(arena, make_seq(arena, nests.nest.n, nests.nest.at));
}
