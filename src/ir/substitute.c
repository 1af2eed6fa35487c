/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing variables, and giving each definition a variable of its own. */
#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/make.h"
#include "ir/traverse.h"

/* ---- Substitution ------------------------------------------------------- */

typedef struct Substitution {
  Rewriter rw;
  const PtrMap *map; /* Var -> Expr */
  PtrMap buffers;    /* Buffer -> its copy on another data var */
} Substitution;

static const Expr *replace_var(Rewriter *rw, const Expr *expr) {
  const Expr *value = ptrmap_get(((Substitution *)rw)->map, expr);
  return value ? value : expr;
}

/* The buffer on the variable that its data var is mapped to. */
static const Buffer *replace_buffer(Substitution *sub, const Buffer *buffer) {
  const Var *data = as_var(ptrmap_get(sub->map, buffer->data));
  if (!data) return buffer;
  Buffer *copy = ptrmap_get(&sub->buffers, buffer);
  if (copy) return copy;
  copy = copy_buffer(sub->rw.arena, buffer);
  copy->data = data;
  ptrmap_set(&sub->buffers, buffer, copy);
  return copy;
}

static const Expr *replace_load(Rewriter *rw, const Expr *expr) {
  expr = rewrite_expr_children(rw, expr);
  const Load *load = AS(Load, expr);
  const Buffer *buffer = replace_buffer((Substitution *)rw, load->buffer);
  if (buffer == load->buffer) return expr;
  return make_load(rw->arena, buffer, load->n, load->index);
}

static const Stmt *replace_store(Rewriter *rw, const Stmt *stmt) {
  stmt = rewrite_stmt_children(rw, stmt);
  const Store *store = AS(Store, stmt);
  const Buffer *buffer = replace_buffer((Substitution *)rw, store->buffer);
  if (buffer == store->buffer) return stmt;
  return make_store(rw->arena, buffer, store->value, store->n, store->index);
}

static Substitution substitution(Arena *arena, const PtrMap *map) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = replace_var, [LOAD] = replace_load};
  static const StmtRewrite stmts[STMT_KINDS] = {[STORE] = replace_store};
  Substitution sub = {.rw = REWRITER(arena, exprs, stmts), .map = map};
  ptrmap_init(&sub.buffers, arena);
  return sub;
}

const Expr *substitute_expr(Arena *arena, const Expr *expr, const PtrMap *map) {
  Substitution sub = substitution(arena, map);
  return rewrite_expr(&sub.rw, expr);
}

const Stmt *substitute_stmt(Arena *arena, const Stmt *stmt, const PtrMap *map) {
  Substitution sub = substitution(arena, map);
  return rewrite_stmt(&sub.rw, stmt);
}

/* A map of one entry, which needs no memory of its own. */
static PtrMap single(PtrMapEntry *entry) {
  return (PtrMap){.entry = entry, .n = 1, .cap = 1};
}

const Expr *substitute_var(Arena *arena, const Expr *expr, const Var *var,
                           const Expr *value) {
  PtrMapEntry entry = {var, (void *)value};
  PtrMap map = single(&entry);
  return substitute_expr(arena, expr, &map);
}

const Stmt *substitute_var_stmt(Arena *arena, const Stmt *stmt, const Var *var,
                                const Expr *value) {
  PtrMapEntry entry = {var, (void *)value};
  PtrMap map = single(&entry);
  return substitute_stmt(arena, stmt, &map);
}

/* ---- Lets of vectors ---------------------------------------------------- */

static const Expr *inline_vector_let(Rewriter *rw, const Expr *expr) {
  const Let *let = AS(Let, expr);
  if (let->value->type.lanes == 1) return rewrite_expr_children(rw, expr);
  return rewrite_expr(
      rw, substitute_var(rw->arena, let->body, let->var, let->value));
}

static const Stmt *inline_vector_let_stmt(Rewriter *rw, const Stmt *stmt) {
  const LetStmt *let = AS(LetStmt, stmt);
  if (let->value->type.lanes == 1) return rewrite_stmt_children(rw, stmt);
  return rewrite_stmt(
      rw, substitute_var_stmt(rw->arena, let->body, let->var, let->value));
}

const Stmt *inline_vector_lets(Arena *arena, const Stmt *stmt) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[LET] = inline_vector_let};
  static const StmtRewrite stmts[STMT_KINDS] = {[LET_STMT] =
                                                    inline_vector_let_stmt};
  Rewriter rw = REWRITER(arena, exprs, stmts);
  return rewrite_stmt(&rw, stmt);
}

/* ---- SSA ---------------------------------------------------------------- */

typedef struct Renaming {
  Substitution sub; /* its map is `current` */
  PtrMap current;   /* Var -> Var in this scope; NULL: itself */
  PtrMap defined;
} Renaming;

static const Var *define(Renaming *renaming, const Var *var) {
  if (!ptrmap_has(&renaming->defined, var)) {
    ptrmap_set(&renaming->defined, var, var);
    return var;
  }
  Var *fresh = arena_copy(renaming->sub.rw.arena, var, sizeof *var);
  ptrmap_set(&renaming->current, var, fresh);
  /* buffers on the old variable get a new copy for the new one */
  ptrmap_init(&renaming->sub.buffers, renaming->sub.rw.arena);
  return fresh;
}

static void leave(Renaming *renaming, const Var *var, const void *outer) {
  if (ptrmap_get(&renaming->current, var) == outer) return;
  ptrmap_set(&renaming->current, var, outer);
  ptrmap_init(&renaming->sub.buffers, renaming->sub.rw.arena);
}

static const Stmt *ssa_for(Rewriter *rw, const Stmt *stmt) {
  Renaming *renaming = (Renaming *)rw;
  const For *old = AS(For, stmt);
  const void *outer = ptrmap_get(&renaming->current, old->var);
  const Expr *min = rewrite_expr(rw, old->min);
  const Expr *extent = rewrite_expr(rw, old->extent);
  const Var *var = define(renaming, old->var);
  const Stmt *body = rewrite_stmt(rw, old->body);
  leave(renaming, old->var, outer);
  if (var == old->var && min == old->min && extent == old->extent &&
      body == old->body)
    return stmt;
  return make_for(rw->arena, old->kind, var, min, extent, body);
}

static const Stmt *ssa_let(Rewriter *rw, const Stmt *stmt) {
  Renaming *renaming = (Renaming *)rw;
  const LetStmt *old = AS(LetStmt, stmt);
  const void *outer = ptrmap_get(&renaming->current, old->var);
  const Expr *value = rewrite_expr(rw, old->value);
  const Var *var = define(renaming, old->var);
  const Stmt *body = rewrite_stmt(rw, old->body);
  leave(renaming, old->var, outer);
  if (var == old->var && value == old->value && body == old->body) return stmt;
  return make_let_stmt(rw->arena, var, value, body);
}

static const Expr *ssa_let_expr(Rewriter *rw, const Expr *expr) {
  Renaming *renaming = (Renaming *)rw;
  const Let *old = AS(Let, expr);
  const void *outer = ptrmap_get(&renaming->current, old->var);
  const Expr *value = rewrite_expr(rw, old->value);
  const Var *var = define(renaming, old->var);
  const Expr *body = rewrite_expr(rw, old->body);
  leave(renaming, old->var, outer);
  if (var == old->var && value == old->value && body == old->body) return expr;
  return make_let(rw->arena, var, value, body);
}

static const Stmt *ssa_allocate(Rewriter *rw, const Stmt *stmt) {
  Renaming *renaming = (Renaming *)rw;
  const Var *old = AS(Allocate, stmt)->var;
  const void *outer = ptrmap_get(&renaming->current, old);
  const Var *var = define(renaming, old);
  stmt = rewrite_stmt_children(rw, stmt);
  leave(renaming, old, outer);
  if (var == old) return stmt;
  Allocate *copy = arena_copy(rw->arena, stmt, sizeof *copy);
  copy->var = var;
  return &copy->s;
}

const Stmt *convert_ssa(Arena *arena, const Stmt *stmt) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = replace_var, [LOAD] = replace_load, [LET] = ssa_let_expr};
  static const StmtRewrite stmts[STMT_KINDS] = {[FOR] = ssa_for,
                                                [LET_STMT] = ssa_let,
                                                [ALLOCATE] = ssa_allocate,
                                                [STORE] = replace_store};
  Renaming renaming = {.sub.rw = REWRITER(arena, exprs, stmts)};
  ptrmap_init(&renaming.current, arena);
  ptrmap_init(&renaming.defined, arena);
  ptrmap_init(&renaming.sub.buffers, arena);
  renaming.sub.map = &renaming.current;
  return rewrite_stmt(&renaming.sub.rw, stmt);
}
