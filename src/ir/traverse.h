/* SPDX-License-Identifier: Apache-2.0 */
/* The two generic traversals: walk (looks) and rewrite (rebuilds).
 *
 * Both dispatch on a table of functions by node kind.  A NULL entry means
 * "descend into the children", which is left out where they hold no kind that
 * has a function.  A pass embeds the traversal as its first
 * member and casts:
 *
 *   typedef struct Pass { Rewriter rw; ... } Pass;
 *   static const Expr *on_load(Rewriter *rw, const Expr *e) {
 *     Pass *pass = (Pass *)rw; ...
 *     e = rewrite_children(rw, e);
 *   }
 *   static const ExprRewrite exprs[EXPR_KINDS] = {[LOAD] = on_load};
 *   Pass pass = {.rw = REWRITER(arena, exprs, stmts)};
 *
 * Children are visited in one fixed order: a before b; condition, true,
 * false; Let value, body; For min, extent, body; Allocate extents, condition,
 * body; Store value, then indices; Realize bounds, condition, body. */
#ifndef IR_TRAVERSE_H
#define IR_TRAVERSE_H

#include "ir/ir.h"

typedef struct Walker Walker;
typedef void (*ExprVisit)(Walker *walker, const Expr *expr);
typedef void (*StmtVisit)(Walker *walker, const Stmt *stmt);

struct Walker {
  const ExprVisit *exprs; /* EXPR_KINDS entries, or NULL for none */
  const StmtVisit *stmts; /* STMT_KINDS entries, or NULL for none */
  uint32_t needs;         /* kinds with a function; 0: not looked up yet */
};

/* What a traversal that has a function for every kind, or is soon done, needs
 * not look up. */
enum { ALL_KINDS = 0x7fffffff };

#define WALKER(exprs, stmts) \
  { exprs, stmts, 0 }

void walk_expr(Walker *walker, const Expr *expr);
void walk_stmt(Walker *walker, const Stmt *stmt);
void walk_expr_children(Walker *walker, const Expr *expr);
void walk_stmt_children(Walker *walker, const Stmt *stmt);

typedef struct Rewriter Rewriter;
typedef const Expr *(*ExprRewrite)(Rewriter *rewriter, const Expr *expr);
typedef const Stmt *(*StmtRewrite)(Rewriter *rewriter, const Stmt *stmt);

struct Rewriter {
  Arena *arena;
  const ExprRewrite *exprs; /* EXPR_KINDS entries, or NULL for none */
  const StmtRewrite *stmts; /* STMT_KINDS entries, or NULL for none */
  uint32_t needs;           /* kinds with a function; 0: not looked up yet */
};

#define REWRITER(arena, exprs, stmts) \
  { arena, exprs, stmts, 0 }

/* A node whose children all came back as the same pointers is itself
 * returned; otherwise it is rebuilt by the raw constructor, without folding. */
const Expr *rewrite_expr(Rewriter *rewriter, const Expr *expr);
const Stmt *rewrite_stmt(Rewriter *rewriter, const Stmt *stmt);
const Expr *rewrite_expr_children(Rewriter *rewriter, const Expr *expr);
const Stmt *rewrite_stmt_children(Rewriter *rewriter, const Stmt *stmt);

/* Calls visit(self, node) once for each distinct node, children first;
 * variables and numbers wherever they stand.
 * Expressions inside statements are visited too; pass NULL for a kind of
 * node that does not matter.  `scratch` holds the set of nodes seen. */
typedef void (*ExprPost)(void *self, const Expr *expr);
typedef void (*StmtPost)(void *self, const Stmt *stmt);
void post_order_expr(Arena *scratch, const Expr *expr, void *self,
                     ExprPost visit);
void post_order_stmt(Arena *scratch, const Stmt *stmt, void *self,
                     ExprPost visit_expr, StmtPost visit_stmt);

#endif
