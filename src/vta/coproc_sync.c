/* SPDX-License-Identifier: Apache-2.0 */
/* CoProcSync: orders the units of the accelerator among each other and the
 * host behind them.
 *
 * First the pragmas coproc_sync (wait here) and trim_loop (run a loop twice
 * only, to time a kernel) are carried out.  Then three analyses (coproc_host.c,
 * coproc_depend.c) say what is to be inserted where, each by the statement
 * before it was changed, and one rewriting inserts it all: at one statement
 * waits come first, then barriers, then tokens.  The host always waits for
 * everything at the very end. */
#include "vta/coproc_sync.h"

#include "base/trap.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "vta/calls.h"

/* ---- Pragmas ------------------------------------------------------------ */

static const Stmt *sync_call(Arena *arena) {
  return make_evaluate(arena, make_call(arena, INT32, OP_COPROC_SYNC, 0, NULL));
}

static const Stmt *trim_loop(Arena *arena, const Stmt *stmt) {
  const For *loop = as_for(stmt);
  if (!loop)
    fail(arena, D_ARGUMENT, "trim_loop stands on a %s instead of a loop",
         stmt_kind_name(stmt->kind));
  return make_for(arena, loop->kind, loop->var, loop->min,
                  make_const(arena, loop->extent->type, 2), loop->body);
}

static const Stmt *pragma_attr(Rewriter *rw, const Stmt *stmt) {
  stmt = rewrite_stmt_children(rw, stmt);
  const Attr *attr = AS(Attr, stmt);
  if (attr_is_pragma(attr, "coproc_sync"))
    return flatten2(rw->arena, attr->body, sync_call(rw->arena));
  if (attr_is_pragma(attr, "trim_loop"))
    return trim_loop(rw->arena, attr->body);
  return stmt;
}

static const Stmt *apply_pragmas(Arena *arena, const Stmt *stmt) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = pragma_attr};
  Rewriter rw = REWRITER(arena, NULL, stmts);
  return rewrite_stmt(&rw, stmt);
}

/* ---- Insertion ---------------------------------------------------------- */

static void insert(Insertions *insertions, PtrMap *map, const Stmt *node,
                   const Stmt *stmt) {
  StmtVec *list = ptrmap_get(map, node);
  if (!list) {
    list = ARENA_NEW(insertions->arena, StmtVec);
    ptrmap_set(map, node, list);
  }
  vec_push(insertions->arena, list, stmt);
}

void coproc_insert_before(Insertions *insertions, const Stmt *node,
                          const Stmt *stmt) {
  insert(insertions, &insertions->before, node, stmt);
}

void coproc_insert_after(Insertions *insertions, const Stmt *node,
                         const Stmt *stmt) {
  insert(insertions, &insertions->after, node, stmt);
}

typedef struct Inserter {
  Rewriter rw;
  const Insertions *insertions;
} Inserter;

static void add_all(Arena *arena, StmtVec *out, const StmtVec *list) {
  for (int i = 0; list && i < list->n; i++) vec_push(arena, out, list->at[i]);
}

static const Stmt *insert_around(Rewriter *rw, const Stmt *stmt) {
  const Insertions *insertions = ((Inserter *)rw)->insertions;
  const StmtVec *before = ptrmap_get(&insertions->before, stmt);
  const StmtVec *after = ptrmap_get(&insertions->after, stmt);
  stmt = rewrite_stmt_children(rw, stmt);
  if (!before && !after) return stmt;
  StmtVec all = {0};
  add_all(rw->arena, &all, before);
  vec_push(rw->arena, &all, stmt);
  add_all(rw->arena, &all, after);
  return flatten(rw->arena, all.n, all.at);
}

static const Stmt *apply_insertions(const Insertions *insertions,
                                    const Stmt *stmt) {
  static const StmtRewrite stmts[STMT_KINDS] = {
      [LET_STMT] = insert_around, [ATTR] = insert_around,
      [FOR] = insert_around,      [ALLOCATE] = insert_around,
      [STORE] = insert_around,    [IF] = insert_around,
      [SEQ] = insert_around,      [EVALUATE] = insert_around,
      [ASSERT] = insert_around};
  Inserter inserter = {REWRITER(insertions->arena, NULL, stmts), insertions};
  return rewrite_stmt(&inserter.rw, stmt);
}

/* ---- The pass ----------------------------------------------------------- */

typedef struct ScopeFinder {
  Walker walker;
  bool found;
} ScopeFinder;

static void find_scope_attr(Walker *walker, const Stmt *stmt) {
  ScopeFinder *finder = (ScopeFinder *)walker;
  if (attr_has_key(AS(Attr, stmt), "coproc_scope"))
    finder->found = true;
  else
    walk_stmt_children(walker, stmt);
}

static bool uses_accelerator(const Stmt *stmt) {
  static const StmtVisit stmts[STMT_KINDS] = {[ATTR] = find_scope_attr};
  ScopeFinder finder = {WALKER(NULL, stmts), false};
  walk_stmt(&finder.walker, stmt);
  return finder.found;
}

static const Stmt *synchronise(const PassContext *context, const Func *func) {
  const Stmt *stmt = func->body;
  Insertions insertions = {.arena = context->arena};
  ptrmap_init(&insertions.before, context->scratch);
  ptrmap_init(&insertions.after, context->scratch);
  PtrMap shared;
  coproc_find_shared(context->scratch, func, &shared);
  if (shared.n) coproc_plan_waits(context->scratch, stmt, &shared, &insertions);
  coproc_insert_after(&insertions, stmt, sync_call(context->arena));
  if (shared.n) coproc_plan_barriers(stmt, &shared, &insertions);
  coproc_plan_tokens(context->scratch, stmt, &insertions);
  return apply_insertions(&insertions, stmt);
}

const Func *pass_coproc_sync(const PassContext *context, const Func *func) {
  const Stmt *body = apply_pragmas(context->arena, func->body);
  func = func_with_body(context->arena, func, body);
  if (!uses_accelerator(body)) return func;
  return func_with_body(context->arena, func, synchronise(context, func));
}
