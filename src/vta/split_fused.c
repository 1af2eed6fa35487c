/* SPDX-License-Identifier: Apache-2.0 */
/* SplitFusedLoops: takes apart fused loops whose parts are used apart.
 *
 * Loops that continue each other may be fused, and an access stays linear in
 * the one loop.  Where they were exchanged first, or are used apart, indices
 * hold floordiv(f, c) and floormod(f, c) of the fused f, which no strided box
 * has.  Under the marks of transfers and ALU stages such a loop becomes two, f
 * = outer * c + inner, as often as there are parts; the smallest part comes
 * first.
 *
 * (The reference refuses those accesses.)  Cost: one simplification of the
 * nest for each part. */
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "vta/calls.h"

/* ---- Which part? -------------------------------------------------------- */

typedef struct Parts {
  const Var *var;
  int64_t extent, least; /* least: the smallest part, or 0 */
} Parts;

static void note_part(void *self, const Expr *expr) {
  Parts *parts = self;
  if (expr->kind != FLOORDIV && expr->kind != FLOORMOD) return;
  const Binary *division = AS(Binary, expr);
  const IntImm *part = as_int(division->b);
  if (division->a != &parts->var->e || !part || part->value <= 1 ||
      part->value >= parts->extent || parts->extent % part->value != 0)
    return;
  if (!parts->least || part->value < parts->least) parts->least = part->value;
}

/* The steps of the inner loop that `loop` is to be split by, or 0. */
static int64_t part_of(Arena *scratch, const For *loop) {
  const IntImm *extent = as_int(loop->extent);
  if (!extent || !is_const(loop->min, 0)) return 0;
  Parts parts = {loop->var, extent->value, 0};
  post_order_stmt(scratch, loop->body, &parts, note_part, NULL);
  return parts.least;
}

/* ---- The pass ----------------------------------------------------------- */

typedef struct Splitter {
  Rewriter rw;
  Arena *scratch;
  int marks; /* that are open */
} Splitter;

static const Var *part_var(Arena *arena, const Var *fused, const char *which) {
  return make_var(arena, arena_printf(arena, "%s.%s", fused->hint, which),
                  fused->e.type);
}

static const Stmt *split(Arena *arena, const For *loop, int64_t part) {
  DType type = loop->extent->type;
  const Var *outer = part_var(arena, loop->var, "outer");
  const Var *inner = part_var(arena, loop->var, "inner");
  const Expr *fused = ex_add(arena, ex_muli(arena, &outer->e, part), &inner->e);
  const Stmt *body = substitute_var_stmt(arena, loop->body, loop->var, fused);
  const Expr *zero = make_const(arena, type, 0);
  int64_t steps = AS(IntImm, loop->extent)->value / part;
  body = make_for(arena, loop->kind, inner, zero, make_const(arena, type, part),
                  body);
  return make_for(arena, loop->kind, outer, zero,
                  make_const(arena, type, steps), body);
}

static const Stmt *split_for(Rewriter *rw, const Stmt *stmt) {
  const Splitter *splitter = (const Splitter *)rw;
  stmt = rewrite_stmt_children(rw, stmt);
  if (!splitter->marks) return stmt;
  int64_t part = part_of(splitter->scratch, AS(For, stmt));
  return part ? split(rw->arena, AS(For, stmt), part) : stmt;
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

/* Each round splits by the parts that then show; simplified, what is left of
 * an index shows the next ones. */
const Func *pass_split_fused_loops(const PassContext *context,
                                   const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [ATTR] = split_attr, [FOR] = split_for};
  Splitter splitter = {{context->arena, NULL, stmts}, context->scratch, 0};
  for (;;) {
    const Stmt *body = rewrite_stmt(&splitter.rw, func->body);
    if (body == func->body) return func;
    func = func_with_body(context->arena, func, body);
    func = pass_simplify(context, func);
  }
}
