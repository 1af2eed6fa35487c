/* SPDX-License-Identifier: Apache-2.0 */
/* ClampLoops: turns bound checks inside loops into shorter loops.
 *
 * A tile that does not divide its dimension leaves a check such as
 * likely(outer*4 + inner < 14) around the innermost statement.  Accelerator
 * instructions cannot test it, but they can run fewer steps: the loop over
 * `inner` runs min(4, 14 - outer*4) times instead.  The main part and the tail
 * stay one piece of code, whatever loops and virtual threads stand outside.
 *
 * Going from the inside out, each conjunct of the check moves up through the
 * loops and marks that stand directly around it.  It becomes the bound of the
 * first loop in whose variable it is linear; one that uses no
 * loop of the nest ends as an If around it.  What cannot be solved (parts of a
 * variable, or several of them) stays where it is, and a loop without any step
 * is left out.
 *
 * Stages of the vector unit are brought into nests of one store first
 * (alu_nests.c), so that each gets its own bounds.
 *
 * Cost: linear in the statement, and one linear form for each conjunct and
 * loop that it passes. */
#include <string.h>

#include "arith/arith.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "pass/alu_nests.h"
#include "ir/traverse.h"
#include "pass/pass.h"

typedef VEC(const Expr *) Conjuncts;

static void split(Arena *arena, const Expr *condition, Conjuncts *ret) {
  const Call *likely = as_call_of(condition, OP_LIKELY);
  if (likely) {
    split(arena, likely->arg[0], ret);
  } else if (condition->kind == AND) {
    split(arena, AS(Binary, condition)->a, ret);
    split(arena, AS(Binary, condition)->b, ret);
  } else {
    vec_push(arena, ret, condition);
  }
}

/* `body` under all conditions of the list. */
static const Stmt *guard(Arena *arena, const Conjuncts *conditions,
                         const Stmt *body) {
  const Expr *all = NULL;
  for (int i = 0; i < conditions->n; i++)
    all = all ? ex_and(arena, all, conditions->at[i]) : conditions->at[i];
  return all ? make_if(arena, all, body, NULL) : body;
}

typedef struct Clamper {
  Rewriter rw;
  NestFacts facts;
} Clamper;

/* A check that may move: it has no else part and no effect. */
static const If *movable_check(const Stmt *stmt) {
  const If *check = as_if(stmt);
  if (!check || check->else_part) return NULL;
  return expr_effect(check->condition) <= EFFECT_PURE ? check : NULL;
}

/* ---- Loops -------------------------------------------------------------- */

typedef struct Steps {
  const Expr *low, *end; /* the loop runs from low to end - 1 */
} Steps;

/* Narrows the steps by a conjunct; false if it is no bound on the variable. */
static bool narrow(Arena *arena, const Var *var, const Expr *conjunct,
                   Steps *steps) {
  Clip clip;
  if (!expr_uses(conjunct, var) ||
      !detect_clip(arena, conjunct, 1, &var, &clip))
    return false;
  if (clip.min) steps->low = ex_max(arena, steps->low, clip.min);
  if (clip.max)
    steps->end = ex_min(arena, steps->end, ex_addi(arena, clip.max, 1));
  return true;
}

static const Expr *extent_of(Arena *arena, const Steps *steps) {
  return simplify_alone(arena, ex_sub(arena, steps->end, steps->low));
}

/* The loop over the narrowed steps; it still starts where it did.  One step
 * needs no loop. */
static const Stmt *narrowed(Arena *arena, const For *loop, const Steps *steps,
                            const Stmt *body) {
  const Expr *extent = extent_of(arena, steps);
  const Expr *shift =
      simplify_alone(arena, ex_sub(arena, steps->low, loop->min));
  if (!is_const(shift, 0))
    body = substitute_var_stmt(arena, body, loop->var,
                               ex_add(arena, &loop->var->e, shift));
  if (is_const(extent, 1))
    return substitute_var_stmt(arena, body, loop->var, loop->min);
  return make_for(arena, loop->kind, loop->var, loop->min, extent, body);
}

/* An instruction runs at least one step: a loop that may have none is left
 * out by a check of its own. */
static void need_steps(Clamper *clamper, const Steps *steps,
                       Conjuncts *outside) {
  Arena *arena = clamper->rw.arena;
  const Expr *extent = extent_of(arena, steps);
  if (can_prove_ge(clamper->facts.loops, extent, 1)) return;
  vec_push(arena, outside, ex_lt(arena, steps->low, steps->end));
}

static const Stmt *clamp_for(Rewriter *rw, const Stmt *stmt) {
  Arena *arena = rw->arena;
  Clamper *clamper = (Clamper *)rw;
  analyzer_bind(clamper->facts.loops, AS(For, stmt)->var,
                (Range){AS(For, stmt)->min, AS(For, stmt)->extent});
  const Stmt *rewritten = rewrite_stmt_children(rw, stmt);
  const For *loop = AS(For, rewritten);
  const If *check = movable_check(loop->body);
  if (is_nop(loop->body)) return loop->body;
  if (!check) return rewritten;
  Conjuncts all = {0}, inside = {0}, outside = {0};
  Steps steps = {loop->min, ex_add(arena, loop->min, loop->extent)};
  split(arena, check->condition, &all);
  for (int i = 0; i < all.n; i++) {
    if (!expr_uses(all.at[i], loop->var))
      vec_push(arena, &outside, all.at[i]);
    else if (!narrow(arena, loop->var, all.at[i], &steps))
      vec_push(arena, &inside, all.at[i]);
  }
  const IntImm *extent = as_int(extent_of(arena, &steps));
  if (extent && extent->value <= 0) return make_nop(arena);
  need_steps(clamper, &steps, &outside);
  const Stmt *body = guard(arena, &inside, check->then_part);
  return guard(arena, &outside, narrowed(arena, loop, &steps, body));
}

/* ---- Marks -------------------------------------------------------------- */

static bool is_mark(const Attr *attr) {
  return !strncmp(attr->key, "pragma_", strlen("pragma_")) ||
         !strcmp(attr->key, "coproc_scope") ||
         !strcmp(attr->key, "coproc_uop_scope");
}

static const Stmt *clamp_attr(Rewriter *rw, const Stmt *stmt) {
  if (!strcmp(AS(Attr, stmt)->key, "virtual_thread")) {
    const IterVar *thread = AS(Attr, stmt)->node.first;
    Range range = {make_i32(rw->arena, 0), AS(Attr, stmt)->value};
    analyzer_bind(((Clamper *)rw)->facts.loops, thread->var, range);
  }
  if (!strcmp(AS(Attr, stmt)->key, "pragma_alu"))
    stmt = with_body(
        rw->arena, stmt,
        alu_nests(rw->arena, &((Clamper *)rw)->facts, AS(Attr, stmt)->body));
  const Stmt *rewritten = rewrite_stmt_children(rw, stmt);
  const Attr *attr = AS(Attr, rewritten);
  const If *check = movable_check(attr->body);
  if (!check || !is_mark(attr)) return rewritten;
  Conjuncts all = {0};
  split(rw->arena, check->condition, &all);
  return guard(rw->arena, &all,
               with_body(rw->arena, rewritten, check->then_part));
}

static void note_partial(void *self, const Stmt *stmt) {
  const Store *store = as_store(stmt);
  if (store) ptrmap_set(self, store->buffer->data, store);
}

/* Checks that stand directly in one another are one. */
static const Stmt *clamp_if(Rewriter *rw, const Stmt *stmt) {
  post_order_stmt(rw->arena, stmt, &((Clamper *)rw)->facts.partial, NULL,
                  note_partial);
  const Stmt *rewritten = rewrite_stmt_children(rw, stmt);
  const If *outer = movable_check(rewritten);
  const If *inner = outer ? movable_check(outer->then_part) : NULL;
  if (!inner) return rewritten;
  Conjuncts all = {0};
  split(rw->arena, outer->condition, &all);
  split(rw->arena, inner->condition, &all);
  return guard(rw->arena, &all, inner->then_part);
}

const Func *pass_clamp_loops(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [FOR] = clamp_for, [ATTR] = clamp_attr, [IF] = clamp_if};
  Clamper clamper = {REWRITER(context->arena, NULL, stmts),
                     {.loops = analyzer_new(context->arena)}};
  ptrmap_init(&clamper.facts.partial, context->arena);
  const Stmt *body = rewrite_stmt(&clamper.rw, func->body);
  return func_with_body(context->arena, func, body);
}
