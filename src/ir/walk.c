/* SPDX-License-Identifier: Apache-2.0 */
/* Walking IR: by a table of visitors, and once per node in post-order. */
#include "base/trap.h"
#include "ir/traverse.h"

/* An expression holds no statements: without visitors there is none to see. */
void walk_expr(Walker *walker, const Expr *expr) {
  if (!walker->exprs) return;
  if (walker->needs && !(walker->needs & expr->has)) return;
  ExprVisit visit = walker->exprs[expr->kind];
  if (visit)
    visit(walker, expr);
  else
    walk_expr_children(walker, expr);
}

static uint32_t needed_kinds(const Walker *walker) {
  uint32_t needs = 0;
  for (int i = 0; walker->exprs && i < EXPR_KINDS; i++)
    if (walker->exprs[i]) needs |= expr_bit(i);
  for (int i = 0; walker->stmts && i < STMT_KINDS; i++)
    if (walker->stmts[i]) needs |= stmt_bit(i);
  return needs;
}

void walk_stmt(Walker *walker, const Stmt *stmt) {
  if (!walker->needs) walker->needs = needed_kinds(walker);
  if (!(walker->needs & stmt->has)) return;
  StmtVisit visit = walker->stmts ? walker->stmts[stmt->kind] : NULL;
  if (visit)
    visit(walker, stmt);
  else
    walk_stmt_children(walker, stmt);
}

static void walk_exprs(Walker *walker, int n, const Expr *const *at) {
  for (int i = 0; i < n; i++) walk_expr(walker, at[i]);
}

static void walk_reduce(Walker *walker, const Reduce *reduce) {
  for (int i = 0; i < reduce->n; i++) {
    walk_expr(walker, reduce->axis[i]->dom.min);
    walk_expr(walker, reduce->axis[i]->dom.extent);
  }
  walk_expr(walker, reduce->source);
  walk_expr(walker, reduce->condition);
}

void walk_expr_children(Walker *walker, const Expr *expr) {
  switch ((ExprKind)expr->kind) {
    case VAR:
    case INT:
    case FLOAT:
    case STRING: break;
    case CAST:
    case NOT:
      walk_expr(walker, AS(Unary, expr)->a);
      break;
    CASE_BINARY:
      walk_expr(walker, AS(Binary, expr)->a);
      walk_expr(walker, AS(Binary, expr)->b);
      break;
    case SELECT:
      walk_expr(walker, AS(Select, expr)->condition);
      walk_expr(walker, AS(Select, expr)->if_true);
      walk_expr(walker, AS(Select, expr)->if_false);
      break;
    case CALL:
      walk_exprs(walker, AS(Call, expr)->n, AS(Call, expr)->arg);
      break;
    case LOAD:
      walk_exprs(walker, AS(Load, expr)->n, AS(Load, expr)->index);
      break;
    case REDUCE: walk_reduce(walker, AS(Reduce, expr)); break;
    case LET:
      walk_expr(walker, AS(Let, expr)->value);
      walk_expr(walker, AS(Let, expr)->body);
      break;
    case RAMP:
      walk_expr(walker, AS(Ramp, expr)->base);
      walk_expr(walker, AS(Ramp, expr)->stride);
      break;
    case BROADCAST: walk_expr(walker, AS(Broadcast, expr)->value); break;
    case EXPR_KINDS: BUG("not an expression");
  }
}

static void walk_realize(Walker *walker, const Realize *realize) {
  for (int i = 0; i < realize->buffer->n; i++) {
    walk_expr(walker, realize->bound[i].min);
    walk_expr(walker, realize->bound[i].extent);
  }
  walk_expr(walker, realize->condition);
  walk_stmt(walker, realize->body);
}

static void walk_allocate(Walker *walker, const Allocate *allocate) {
  walk_exprs(walker, allocate->n, allocate->extent);
  walk_stmt(walker, allocate->body);
  walk_expr(walker, allocate->condition);
}

static void walk_if(Walker *walker, const If *branch) {
  walk_expr(walker, branch->condition);
  walk_stmt(walker, branch->then_part);
  if (branch->else_part) walk_stmt(walker, branch->else_part);
}

void walk_stmt_children(Walker *walker, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case LET_STMT:
      walk_expr(walker, AS(LetStmt, stmt)->value);
      walk_stmt(walker, AS(LetStmt, stmt)->body);
      break;
    case ATTR:
      walk_expr(walker, AS(Attr, stmt)->value);
      walk_stmt(walker, AS(Attr, stmt)->body);
      break;
    case FOR:
      walk_expr(walker, AS(For, stmt)->min);
      walk_expr(walker, AS(For, stmt)->extent);
      walk_stmt(walker, AS(For, stmt)->body);
      break;
    case ALLOCATE: walk_allocate(walker, AS(Allocate, stmt)); break;
    case STORE:
      walk_expr(walker, AS(Store, stmt)->value);
      walk_exprs(walker, AS(Store, stmt)->n, AS(Store, stmt)->index);
      break;
    case REALIZE: walk_realize(walker, AS(Realize, stmt)); break;
    case IF: walk_if(walker, AS(If, stmt)); break;
    case SEQ:
      for (int i = 0; i < AS(Seq, stmt)->n; i++)
        walk_stmt(walker, AS(Seq, stmt)->at[i]);
      break;
    case EVALUATE: walk_expr(walker, AS(Evaluate, stmt)->value); break;
    case ASSERT:
      walk_expr(walker, AS(Assert, stmt)->condition);
      walk_stmt(walker, AS(Assert, stmt)->body);
      break;
    case STMT_KINDS: BUG("not a statement");
  }
}

/* ---- Post-order --------------------------------------------------------- */

typedef struct PostOrder {
  Walker walker;
  PtrMap seen;
  void *self;
  ExprPost visit_expr;
  StmtPost visit_stmt;
} PostOrder;

static bool first_time(PostOrder *post, const void *node) {
  return ptrmap_add(&post->seen, node, node);
}

static void post_expr(Walker *walker, const Expr *expr) {
  PostOrder *post = (PostOrder *)walker;
  if (!is_atom(expr) && !first_time(post, expr)) return;
  walk_expr_children(walker, expr);
  if (post->visit_expr) post->visit_expr(post->self, expr);
}

static void post_stmt(Walker *walker, const Stmt *stmt) {
  PostOrder *post = (PostOrder *)walker;
  if (!first_time(post, stmt)) return;
  walk_stmt_children(walker, stmt);
  if (post->visit_stmt) post->visit_stmt(post->self, stmt);
}

static const ExprVisit post_exprs[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = post_expr,
#include "ir/nodes.def"
};

static const StmtVisit post_stmts[STMT_KINDS] = {
#define STMT(kind, layout, name) [kind] = post_stmt,
#include "ir/nodes.def"
};

static PostOrder post_order(Arena *scratch, void *self, ExprPost visit_expr,
                            StmtPost visit_stmt) {
  PostOrder post = {
      .walker = WALKER(visit_expr ? post_exprs : NULL, post_stmts),
      .self = self,
      .visit_expr = visit_expr,
      .visit_stmt = visit_stmt};
  ptrmap_init(&post.seen, scratch);
  return post;
}

void post_order_expr(Arena *scratch, const Expr *expr, void *self,
                     ExprPost visit) {
  PostOrder post = post_order(scratch, self, visit, NULL);
  post_expr(&post.walker, expr);
}

void post_order_stmt(Arena *scratch, const Stmt *stmt, void *self,
                     ExprPost visit_expr, StmtPost visit_stmt) {
  PostOrder post = post_order(scratch, self, visit_expr, visit_stmt);
  post_stmt(&post.walker, stmt);
}
