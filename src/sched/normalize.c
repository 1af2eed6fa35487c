/* SPDX-License-Identifier: Apache-2.0 */
/* Normalization: the user's schedule as bound inference wants it.
 *
 * On a copy: (1) stages computed inline disappear into the bodies of their
 * readers, last stage first, so that chains of them unfold; (2) every root
 * axis that is still a loop gets a rebased one that starts at 0; (3) attach
 * points that were split or fused after the fact move to the inner or fused
 * axis.  After TVM 0.9's Schedule::normalize. */
#include "base/trap.h"
#include "ir/build.h"
#include "ir/analysis.h"
#include "ir/traverse.h"
#include "sched/stage.h"

/* ---- Inlining ----------------------------------------------------------- */

typedef struct Inliner {
  Rewriter rw;
  const Tensor *op;
} Inliner;

static const Expr *inline_load(Rewriter *rewriter, const Expr *expr) {
  const Tensor *op = ((Inliner *)rewriter)->op;
  const Load *load = AS(Load, rewrite_expr_children(rewriter, expr));
  if (load->buffer != op->buffer) return &load->e;
  PtrMap at; /* Var -> Expr */
  ptrmap_init(&at, rewriter->arena);
  for (int i = 0; i < load->n; i++) {
    const Var *var = op->axis[i]->var;
    ptrmap_set(&at, var, ex_cast(rewriter->arena, var->e.type, load->index[i]));
  }
  return substitute_expr(rewriter->arena, op->body, &at);
}

static const Expr *inline_op(Arena *arena, const Expr *body, const Tensor *op) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[LOAD] = inline_load};
  Inliner inliner = {REWRITER(arena, exprs, NULL), op};
  return rewrite_expr(&inliner.rw, body);
}

/* Puts stage i into the bodies of all later stages. */
static void inline_stage(Arena *arena, const Schedule *schedule, int i,
                         const Expr **body) {
  const Tensor *op = schedule->stage.at[i]->op;
  for (int j = i + 1; j < schedule->stage.n; j++)
    if (body[j]) body[j] = inline_op(arena, body[j], op);
}

static void inline_stages(Arena *arena, Arena *scratch, Schedule *schedule) {
  int n = schedule->stage.n;
  const Expr **body = ARENA_ARRAY(scratch, const Expr *, n);
  bool any = false;
  for (int i = 0; i < n; i++) body[i] = schedule->stage.at[i]->op->body;
  for (int i = n - 1; i >= 0; i--) {
    if (schedule->stage.at[i]->attach != ATTACH_INLINE) continue;
    inline_stage(arena, schedule, i, body);
    any = true;
  }
  if (!any) return;
  for (int i = 0; i < n; i++) {
    Stage *stage = schedule->stage.at[i];
    if (body[i] != stage->op->body)
      stage_replace(stage, te_with_body(arena, stage->op, body[i]));
  }
  sync_reads(arena, schedule);
}

/* ---- Rebasing ----------------------------------------------------------- */

static void rebase_axis(Arena *arena, Stage *stage, const IterVar *axis,
                        PtrMap *rebased) {
  Arena *scratch = stage->schedule->arena;
  int position = leaf_position(stage, axis);
  if (position < 0 || bound_thread(stage, axis)) return;
  const Var *var = make_var(arena, axis->var->hint, axis->var->e.type);
  const IterVar *fresh = make_iter(arena, (Range){0}, var, axis->type, "");
  Relation relation = {.kind = REL_REBASE, .parent = axis, .result = fresh};
  vec_push(scratch, &stage->relation, relation);
  const IterAttr *attr = stage_attr(stage, axis);
  if (attr) ptrmap_set(&stage->attr, fresh, attr);
  stage->leaf.at[position] = fresh;
  ptrmap_set(rebased, axis, fresh);
}

static void rebase_stages(Arena *arena, Schedule *schedule) {
  PtrMap rebased; /* IterVar -> IterVar */
  ptrmap_init(&rebased, schedule->arena);
  for (int i = 0; i < schedule->stage.n; i++) {
    Stage *stage = schedule->stage.at[i];
    const Tensor *op = stage->op;
    if (stage->attach == ATTACH_INLINE || is_placeholder(op)) continue;
    for (int k = 0; k < op->n; k++)
      rebase_axis(arena, stage, op->axis[k], &rebased);
    for (int k = 0; k < op->reduce_axes; k++)
      rebase_axis(arena, stage, op->reduce_axis[k], &rebased);
  }
  for (int i = 0; i < schedule->stage.n; i++) {
    Stage *stage = schedule->stage.at[i];
    if (stage->attach != ATTACH_AT) continue;
    const IterVar *fresh = ptrmap_get(&rebased, stage->attach_iter);
    if (fresh) stage->attach_iter = fresh;
  }
}

/* ---- Attach points ------------------------------------------------------ */

/* Follows the axis to what it became, innermost first. */
static const IterVar *surviving_axis(const Stage *stage, const IterVar *axis) {
  for (int i = 0; i < stage->relation.n; i++) {
    const Relation *rel = &stage->relation.at[i];
    if (rel->kind == REL_SPLIT && rel->parent == axis) axis = rel->inner;
    if (rel->kind == REL_FUSE && rel->inner == axis) axis = rel->result;
    if (rel->kind == REL_REBASE && rel->parent == axis) axis = rel->result;
  }
  return axis;
}

static void settle_attach(Stage *stage) {
  Arena *arena = stage->schedule->arena;
  const Stage *parent = stage->attach_stage;
  const char *name = stage->op->name, *parent_name = parent->op->name;
  if (parent->attach == ATTACH_INLINE)
    fail(arena, D_ATTACH,
         "stage '%s' is computed at axis '%s' of '%s', which is inlined", name,
         stage->attach_iter->var->hint, parent_name);
  if (leaf_position(parent, stage->attach_iter) >= 0) return;
  const IterVar *axis = surviving_axis(parent, stage->attach_iter);
  if (leaf_position(parent, axis) < 0)
    fail(arena, D_ATTACH,
         "stage '%s' is computed at axis '%s' of '%s', which was fused into a "
         "longer loop or replaced",
         name, stage->attach_iter->var->hint, parent_name);
  stage->attach_iter = axis;
}

Schedule *sched_normalize(Arena *arena, Arena *scratch,
                          const Schedule *schedule) {
  Schedule *copy = schedule_copy(scratch, schedule);
  inline_stages(arena, scratch, copy);
  rebase_stages(arena, copy);
  for (int i = 0; i < copy->stage.n; i++)
    if (copy->stage.at[i]->attach == ATTACH_AT)
      settle_attach(copy->stage.at[i]);
  return copy;
}
