/* SPDX-License-Identifier: Apache-2.0 */
/* SplitFusedLoops: takes apart fused loops whose parts are used apart.
 *
 * Loops that continue each other may be fused, and an access stays linear in
 * the one loop.  Where they were exchanged first, or are used apart, indices
 * hold floordiv(f + b, c) and floormod(f + b, c) of the fused f, which no
 * strided box has.  Under the marks of transfers and ALU stages such a loop
 * becomes two,
 *
 *   f + b = (b div c + outer) * c + inner
 *
 * as often as there are parts; the smallest part comes first.  Where f need
 * not begin and end with a row of c, that is where it was split again and b is
 * the loop outside, its steps of the first and the last row are cut off by a
 * check, of which ClampLoops makes shorter loops.
 *
 * (The reference refuses those accesses.)  Cost: one simplification of the
 * nest for each part. */
#include "arith/arith.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "vta/calls.h"

/* ---- Which part? -------------------------------------------------------- */

/* The loop in rows: row number (loop + base) div part. */
typedef struct Part {
  Arena *arena;
  const For *loop;
  const Expr *base; /* free of the loop; NULL: no part yet */
  int64_t part;
} Part;

typedef struct Inside {
  const Expr *base;
  bool used;
} Inside;

/* The variable that the statement defines for its body, or NULL. */
static const Var *defined_by(const Stmt *stmt) {
  if (stmt->kind == FOR) return AS(For, stmt)->var;
  if (stmt->kind == LET_STMT) return AS(LetStmt, stmt)->var;
  if (stmt->kind != ATTR || !attr_has_key(AS(Attr, stmt), "virtual_thread"))
    return NULL;
  const IterVar *thread = AS(Attr, stmt)->node.first;
  return thread->var;
}

static void note_inside(void *self, const Stmt *stmt) {
  Inside *inside = self;
  const Var *var = defined_by(stmt);
  if (var) inside->used |= expr_uses(inside->base, var);
}

/* Does the expression use what is defined inside of the loop? */
static bool uses_inside(const Part *part, const Expr *base) {
  Inside inside = {base, false};
  post_order_stmt(part->arena, part->loop->body, &inside, NULL, note_inside);
  return inside.used;
}

static void note_part(void *self, const Expr *expr) {
  Part *part = self;
  const Expr *coeff[2];
  if (expr->kind != FLOORDIV && expr->kind != FLOORMOD) return;
  const Binary *division = AS(Binary, expr);
  const IntImm *row = as_int(division->b);
  if (!row || row->value <= 1 || !expr_uses(division->a, part->loop->var))
    return;
  if (!detect_linear(part->arena, division->a, 1, &part->loop->var, coeff) ||
      uses_inside(part, coeff[1]))
    return;
  const IntImm *step = as_int(simplify_alone(part->arena, coeff[0]));
  if (!step || step->value < 1 || row->value % step->value ||
      row->value == step->value ||
      (part->base && part->part <= row->value / step->value))
    return;
  part->part = row->value / step->value;
  part->base =
      ex_floordiv(part->arena, coeff[1],
                  make_const(part->arena, coeff[1]->type, step->value));
}

/* ---- The two loops ------------------------------------------------------ */

typedef struct Splitter {
  Rewriter rw;
  Arena *scratch;
  int marks; /* that are open */
} Splitter;

static const Var *part_var(Arena *arena, const Var *fused, const char *which) {
  return make_var(arena, arena_join(arena, fused->hint, which), fused->e.type);
}

/* The steps of the loop that there are, of those that its rows have. */
static const Expr *in_range(const Part *part, const Expr *fused, bool ragged,
                            int64_t left_out) {
  Arena *arena = part->arena;
  const Expr *check = NULL, *extent = part->loop->extent;
  if (left_out) check = ex_ge(arena, fused, make_const(arena, extent->type, 0));
  if (!ragged) return check;
  const Expr *end = ex_lt(arena, fused, extent);
  return check ? ex_and(arena, check, end) : end;
}

static const Stmt *split(const Part *part) {
  Arena *arena = part->arena;
  const For *loop = part->loop;
  DType type = loop->extent->type;
  int64_t c = part->part, extent = AS(IntImm, loop->extent)->value;
  const Var *outer = part_var(arena, loop->var, ".outer");
  const Var *inner = part_var(arena, loop->var, ".inner");
  const Expr *row =
      ex_add(arena, &outer->e,
             ex_floordiv(arena, part->base, make_const(arena, type, c)));
  const Expr *fused = ex_add(arena, ex_muli(arena, row, c), &inner->e);
  fused = simplify_alone(arena, ex_sub(arena, fused, part->base));
  /* how many steps of its first row the loop may leave out */
  int64_t left_out = most_remainder(analyzer_new(arena), part->base, c);
  int64_t steps = (left_out + extent - 1) / c + 1;
  const Expr *check = in_range(part, fused, left_out || extent % c, left_out);
  const Stmt *body = substitute_var_stmt(arena, loop->body, loop->var, fused);
  if (check) body = make_if(arena, check, body, NULL);
  const Expr *zero = make_const(arena, type, 0);
  body = make_for(arena, loop->kind, inner, zero, make_const(arena, type, c),
                  body);
  return make_for(arena, loop->kind, outer, zero,
                  make_const(arena, type, steps), body);
}

/* ---- The pass ----------------------------------------------------------- */

static const Stmt *split_for(Rewriter *rw, const Stmt *stmt) {
  const Splitter *splitter = (const Splitter *)rw;
  stmt = rewrite_stmt_children(rw, stmt);
  const For *loop = AS(For, stmt);
  if (!splitter->marks || !as_int(loop->extent) || !is_const(loop->min, 0) ||
      !(loop->body->has & (expr_bit(FLOORDIV) | expr_bit(FLOORMOD))))
    return stmt;
  Part part = {rw->arena, loop, NULL, 0};
  post_order_stmt(splitter->scratch, loop->body, &part, note_part, NULL);
  return part.base ? split(&part) : stmt;
}

static const Stmt *split_attr(Rewriter *rw, const Stmt *stmt) {
  Splitter *splitter = (Splitter *)rw;
  const Attr *attr = AS(Attr, stmt);
  int mark = attr_is_pragma(attr, "dma_copy") || attr_is_pragma(attr, "alu");
  splitter->marks += mark;
  stmt = rewrite_stmt_children(rw, stmt);
  splitter->marks -= mark;
  return stmt;
}

enum { MOST_ROUNDS = 16 }; /* for fuses of fuses */

/* Each round splits by the parts that then show; simplified, what is left of
 * an index shows the next ones. */
const Func *pass_split_fused_loops(const PassContext *context,
                                   const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [ATTR] = split_attr, [FOR] = split_for};
  Splitter splitter = {REWRITER(context->arena, NULL, stmts), context->scratch,
                       0};
  for (int i = 0; i < MOST_ROUNDS; i++) {
    const Stmt *body = rewrite_stmt(&splitter.rw, func->body);
    if (body == func->body) break;
    func = func_with_body(context->arena, func, body);
    func = pass_simplify(context, func);
  }
  return func;
}
