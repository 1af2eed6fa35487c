/* SPDX-License-Identifier: Apache-2.0 */
/* CommonSubexprElim: names expressions that are computed more than once.
 *
 * At each statement, from the outside in, the computations it makes are gone
 * through from the largest to the smallest (equal sizes by their debug text,
 * then in the order met):
 *   - one that a variable in scope holds is replaced by that variable;
 *   - else one made at least twice, of variables in scope, is put into a new
 *     variable `cse_var_<k>`: a let around the statement, outside of the lets
 *     that were put there before;
 *   - else its parts join the computations still to come.
 * After new variables the statement is gone through again; then come its
 * children.  A loop's header and body, or the branches of an If, share only
 * what stands in two of the parts.  Only the text of expressions counts, no
 * algebra; calls and loads are never shared.  This is the algorithm of TVM
 * 0.9's pass, whose order of choices decides the numbers.
 *
 * Most computations stand in the function once.  All are counted beforehand,
 * and what holds none that repeats is passed over.
 *
 * Cost: a round is linear in the statement (without the bodies of its inner
 * loops) plus one walk over it for each replacement.  Rounds that can't find
 * anything are left out: when a round leaves a statement as it is, each part
 * that it covered, seen with the same variables, holds no more of any
 * computation than the whole did, so a round there changes nothing either.
 * Rounds start anew where the variables in scope change (the body of a loop
 * or a let) or a part was not covered (the three parts of a For or an If). */
#include <stdlib.h>
#include <string.h>

#include "ir/analysis.h"
#include "ir/debug_text.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "pass/cse_table.h"
#include "pass/pass.h"

/* A variable in scope that is known to hold a value. */
typedef struct Holder {
  const Var *var;
  const Expr *value;
  uint64_t hash;
} Holder;

typedef struct Eliminator {
  Rewriter rw; /* visits the children of statements and expressions */
  Arena *scratch;
  FactTable facts;
  PtrMap in_scope; /* Var -> itself; NULL: left */
  VEC(Holder) holders;
  VEC(const char *) taken; /* names that new variables must not have */
  unsigned counter;
  bool is_settled; /* rounds on the children would change nothing */
} Eliminator;

/* A piece of program that a round works on: one of the two. */
typedef struct Piece {
  const Stmt *stmt;
  const Expr *expr;
} Piece;

typedef enum Outcome { QUIET, REPLACED, NAMED } Outcome;

/* ---- Replacing ---------------------------------------------------------- */

typedef struct Replacer {
  Rewriter rw;
  FactTable *facts;
  const Expr *old, *with;
  const ExprFacts *old_facts;
} Replacer;

static const Expr *replace_in(Rewriter *rw, const Expr *expr) {
  const Replacer *replacer = (Replacer *)rw;
  const ExprFacts *facts = facts_of(replacer->facts, expr);
  if (!facts->repeats || facts->size < replacer->old_facts->size) return expr;
  if (facts->hash == replacer->old_facts->hash && facts->may_share &&
      expr_equal(expr, replacer->old))
    return replacer->with;
  return rewrite_expr_children(rw, expr);
}

static void replace(Eliminator *cse, Piece *piece, const Computation *old,
                    const Var *with) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = replace_in,
#include "ir/nodes.def"
  };
  Replacer replacer = {{cse->rw.arena, exprs, NULL, ALL_KINDS},
                       &cse->facts,
                       old->expr,
                       &with->e,
                       old->facts};
  if (piece->stmt)
    piece->stmt = rewrite_stmt(&replacer.rw, piece->stmt);
  else
    piece->expr = rewrite_expr(&replacer.rw, piece->expr);
}

/* ---- Variables ---------------------------------------------------------- */

/* The oldest variable in scope that holds the expression, or NULL. */
static const Var *holder_of(const Eliminator *cse, const Computation *value) {
  for (int i = 0; i < cse->holders.n; i++) {
    const Holder *holder = &cse->holders.at[i];
    if (holder->hash == value->facts->hash &&
        expr_equal(holder->value, value->expr))
      return holder->var;
  }
  return NULL;
}

typedef struct ScopeWalk {
  Walker walker;
  const PtrMap *in_scope;
  PtrMap inner; /* variables that the expression itself binds */
  bool all_known;
} ScopeWalk;

static void check_var(Walker *walker, const Expr *expr) {
  ScopeWalk *walk = (ScopeWalk *)walker;
  if (!ptrmap_get(walk->in_scope, expr) && !ptrmap_has(&walk->inner, expr))
    walk->all_known = false;
}

static void check_let(Walker *walker, const Expr *expr) {
  ptrmap_set(&((ScopeWalk *)walker)->inner, AS(Let, expr)->var, expr);
  walk_expr_children(walker, expr);
}

static bool is_in_scope(const Eliminator *cse, const Expr *expr) {
  static const ExprVisit exprs[EXPR_KINDS] = {
      [VAR] = check_var, [LET] = check_let};
  ScopeWalk walk = {.walker = WALKER(exprs, NULL),
                    .in_scope = &cse->in_scope,
                    .all_known = true};
  ptrmap_init(&walk.inner, cse->scratch);
  walk_expr(&walk.walker, expr);
  return walk.all_known;
}

static bool is_taken(const Eliminator *cse, const char *name) {
  for (int i = 0; i < cse->taken.n; i++)
    if (!strcmp(cse->taken.at[i], name)) return true;
  return false;
}

static const Var *new_var(Eliminator *cse, DType type) {
  const char *name;
  do name = numbered_name(cse->rw.arena, "cse_var_", ++cse->counter);
  while (is_taken(cse, name));
  return make_var(cse->rw.arena, name, type);
}

/* ---- The order of a round ----------------------------------------------- */

typedef VEC(int) IntVec;

/* Computations by size; those of one size in the order of their turn. */
typedef struct Order {
  IntVec *of_size;
  int sizes;
} Order;

typedef struct SortKey {
  const char *text;
  int index;
} SortKey;

static int compare_keys(const void *a, const void *b) {
  const SortKey *left = a, *right = b;
  int order = strcmp(left->text, right->text);
  return order ? order : left->index - right->index;
}

static void sort_by_text(Eliminator *cse, const Computations *table,
                         IntVec *indices) {
  SortKey *key = ARENA_ARRAY(cse->scratch, SortKey, indices->n);
  for (int i = 0; i < indices->n; i++) {
    Strbuf text;
    strbuf_init(&text, cse->scratch);
    debug_text(&text, table->list.at[indices->at[i]].expr);
    key[i] = (SortKey){text.text, indices->at[i]};
  }
  qsort(key, (size_t)indices->n, sizeof *key, compare_keys);
  for (int i = 0; i < indices->n; i++) indices->at[i] = key[i].index;
}

static Order first_order(Eliminator *cse, const Computations *table) {
  Order order = {.sizes = 1};
  for (int i = 0; i < table->list.n; i++)
    if (table->list.at[i].facts->size >= order.sizes)
      order.sizes = table->list.at[i].facts->size + 1;
  order.of_size = ARENA_ARRAY(cse->scratch, IntVec, order.sizes);
  for (int i = 0; i < table->list.n; i++)
    vec_push(cse->scratch, &order.of_size[table->list.at[i].facts->size], i);
  for (int size = 0; size < order.sizes; size++)
    if (order.of_size[size].n > 1)
      sort_by_text(cse, table, &order.of_size[size]);
  return order;
}

/* Lets the parts of a computation take their turn. */
static void decompose(Eliminator *cse, Computations *table, Order *order,
                      int index) {
  int before = table->list.n;
  add_parts(table, table->list.at[index].expr);
  for (int i = before; i < table->list.n; i++)
    vec_push(cse->scratch, &order->of_size[table->list.at[i].facts->size], i);
}

/* ---- Rounds ------------------------------------------------------------- */

static Outcome consider(Eliminator *cse, Computations *table, Order *order,
                        int index, Piece *piece) {
  const Computation found = table->list.at[index];
  const Var *var = holder_of(cse, &found);
  if (var) {
    replace(cse, piece, &found, var);
    return REPLACED;
  }
  if (found.count < 2 || !is_in_scope(cse, found.expr)) {
    decompose(cse, table, order, index);
    return QUIET;
  }
  var = new_var(cse, found.expr->type);
  replace(cse, piece, &found, var);
  Arena *arena = cse->rw.arena;
  if (piece->stmt)
    piece->stmt = make_let_stmt(arena, var, found.expr, piece->stmt);
  else
    piece->expr = make_let(arena, var, found.expr, piece->expr);
  return NAMED;
}

/* One round over a piece; says the most that it did. */
static Outcome round_over(Eliminator *cse, Piece *piece) {
  Computations table;
  computations_init(&table, &cse->facts);
  if (piece->stmt)
    add_stmt(&table, piece->stmt);
  else
    add_expr(&table, piece->expr);
  /* what binds a variable has a scope of its own inside */
  Outcome most = table.has_let ? REPLACED : QUIET;
  if (!table.list.n) return most;
  Order order = first_order(cse, &table);
  for (int size = order.sizes - 1; size > 0; size--)
    for (int i = 0; i < order.of_size[size].n; i++) {
      int index = order.of_size[size].at[i];
      Outcome outcome = consider(cse, &table, &order, index, piece);
      if (outcome > most) most = outcome;
    }
  return most;
}

/* ---- Descending --------------------------------------------------------- */

static const Expr *visit_expr(Eliminator *cse, const Expr *expr);
static const Stmt *visit_stmt(Eliminator *cse, const Stmt *stmt);

static void enter_var(Eliminator *cse, const Var *var, const Expr *value) {
  ptrmap_set(&cse->in_scope, var, var);
  if (!value) return;
  Holder holder = {var, value, facts_of(&cse->facts, value)->hash};
  vec_push(cse->scratch, &cse->holders, holder);
}

static void leave_var(Eliminator *cse, const Var *var, int holders) {
  ptrmap_set(&cse->in_scope, var, NULL);
  cse->holders.n = holders;
}

static const Expr *let_expr_children(Eliminator *cse, const Let *let) {
  int holders = cse->holders.n;
  const Expr *value = visit_expr(cse, let->value);
  enter_var(cse, let->var, let->value);
  const Expr *body = visit_expr(cse, let->body);
  leave_var(cse, let->var, holders);
  if (value == let->value && body == let->body) return &let->e;
  return make_let(cse->rw.arena, let->var, value, body);
}

static const Stmt *let_children(Eliminator *cse, const LetStmt *let) {
  int holders = cse->holders.n;
  const Expr *value = visit_expr(cse, let->value);
  enter_var(cse, let->var, let->value);
  cse->is_settled = false;
  const Stmt *body = visit_stmt(cse, let->body);
  leave_var(cse, let->var, holders);
  if (value == let->value && body == let->body) return &let->s;
  return make_let_stmt(cse->rw.arena, let->var, value, body);
}

static const Stmt *for_children(Eliminator *cse, const For *loop) {
  int holders = cse->holders.n;
  cse->is_settled = false;
  const Expr *min = visit_expr(cse, loop->min);
  const Expr *extent = visit_expr(cse, loop->extent);
  enter_var(cse, loop->var, NULL);
  const Stmt *body = visit_stmt(cse, loop->body);
  leave_var(cse, loop->var, holders);
  if (min == loop->min && extent == loop->extent && body == loop->body)
    return &loop->s;
  return make_for(cse->rw.arena, loop->kind, loop->var, min, extent, body);
}

static const Stmt *children_of(Eliminator *cse, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case LET_STMT: return let_children(cse, AS(LetStmt, stmt));
    case FOR: return for_children(cse, AS(For, stmt));
    case IF:
      cse->is_settled = false;
      return rewrite_stmt_children(&cse->rw, stmt);
    default: return rewrite_stmt_children(&cse->rw, stmt);
  }
}

static const Stmt *visit_stmt(Eliminator *cse, const Stmt *stmt) {
  bool was_settled = cse->is_settled;
  Piece piece = {stmt, NULL};
  if (!was_settled) {
    Outcome outcome;
    do outcome = round_over(cse, &piece);
    while (outcome == NAMED);
    cse->is_settled = outcome == QUIET;
  }
  stmt = children_of(cse, piece.stmt);
  cse->is_settled = was_settled;
  return stmt;
}

/* Unlike a statement, an expression gets a single round. */
static const Expr *visit_expr(Eliminator *cse, const Expr *expr) {
  if (cse->is_settled || !facts_of(&cse->facts, expr)->repeats) return expr;
  Piece piece = {NULL, expr};
  if (round_over(cse, &piece) == QUIET) return expr;
  if (piece.expr->kind == LET)
    return let_expr_children(cse, AS(Let, piece.expr));
  return rewrite_expr_children(&cse->rw, piece.expr);
}

static const Expr *on_expr(Rewriter *rw, const Expr *expr) {
  return visit_expr((Eliminator *)rw, expr);
}

static const Stmt *on_stmt(Rewriter *rw, const Stmt *stmt) {
  return visit_stmt((Eliminator *)rw, stmt);
}

/* ---- The function ------------------------------------------------------- */

typedef struct NameWalk {
  Walker walker;
  Eliminator *cse;
} NameWalk;

static void take_name(Walker *walker, const Expr *expr) {
  Eliminator *cse = ((NameWalk *)walker)->cse;
  const char *hint = AS(Var, expr)->hint;
  if (!strncmp(hint, "cse_var_", 8) && !is_taken(cse, hint))
    vec_push(cse->scratch, &cse->taken, hint);
}

static void take_names(Eliminator *cse, const Stmt *body) {
  static const ExprVisit exprs[EXPR_KINDS] = {[VAR] = take_name};
  NameWalk walk = {WALKER(exprs, NULL), cse};
  walk_stmt(&walk.walker, body);
}

const Func *pass_common_subexpr_elim(const PassContext *context,
                                     const Func *func) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = on_expr,
#include "ir/nodes.def"
  };
  static const StmtRewrite stmts[STMT_KINDS] = {
#define STMT(kind, layout, name) [kind] = on_stmt,
#include "ir/nodes.def"
  };
  Eliminator cse = {.rw = REWRITER(context->arena, exprs, stmts),
                    .scratch = context->scratch};
  if (!facts_init(&cse.facts, context->scratch, func->body)) return func;
  ptrmap_init(&cse.in_scope, context->scratch);
  for (int i = 0; i < func->n; i++) enter_var(&cse, func->param[i].var, NULL);
  take_names(&cse, func->body);
  const Stmt *body = visit_stmt(&cse, func->body);
  return func_with_body(context->arena, func, body);
}
