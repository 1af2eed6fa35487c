/* SPDX-License-Identifier: Apache-2.0 */
/* VectorizeLoop: a vectorized loop becomes its body, once, on vectors.
 *
 * The loop variable becomes ramp(0, 1, lanes); sums and products of ramps
 * with scalars stay ramps, so that plain indices become vector accesses, and
 * in all else scalars are broadcast.  A statement that has no vector form (a
 * condition, an extent or an opaque call's argument would become a vector) is
 * run lane by lane in a serial loop instead.  Memory allocated inside the
 * loop gets one element per lane for each of its elements.
 *
 * As in TVM 0.9, but that vectors of vectors are run lane by lane, and that a
 * loop around work of an accelerator's units becomes a plain one. */
#include <string.h>

#include "arith/arith.h"
#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "pass/pass.h"

typedef struct Vectorizer {
  Rewriter rw;
  Analyzer *analyzer;
  const Var *var; /* of the loop */
  int lanes;
  const Expr *ramp;
  PtrMap lets;        /* Var -> its vector Var */
  bool has_no_vector; /* met in the current statement */
} Vectorizer;

static bool is_vector(const Expr *expr) { return expr->type.lanes > 1; }

static int wider(const Expr *a, const Expr *b) {
  return a->type.lanes > b->type.lanes ? a->type.lanes : b->type.lanes;
}

static const Expr *to_lanes(Arena *arena, const Expr *expr, int lanes) {
  if (expr->type.lanes == lanes) return expr;
  CHECK(!is_vector(expr));
  return make_broadcast(arena, expr, lanes);
}

static DType with_lanes(DType type, int lanes) {
  type.lanes = (uint16_t)lanes;
  return type;
}

/* Gives up on a vector form of the current statement. */
static const Expr *no_vector(Rewriter *rw, const Expr *expr) {
  ((Vectorizer *)rw)->has_no_vector = true;
  return expr;
}

/* ---- Arithmetic --------------------------------------------------------- */

/* a + b or a - b where one is a ramp and the other a scalar, or NULL. */
static const Expr *shifted_ramp(Arena *arena, ExprKind kind, const Expr *a,
                                const Expr *b) {
  const Ramp *left = as_ramp(a), *right = as_ramp(b);
  if (left && !is_vector(b))
    return make_ramp(arena, ex_binary(arena, kind, left->base, b), left->stride,
                     a->type.lanes);
  if (!right || is_vector(a)) return NULL;
  const Expr *zero = make_const(arena, right->stride->type, 0);
  return make_ramp(arena, ex_binary(arena, kind, a, right->base),
                   ex_binary(arena, kind, zero, right->stride), b->type.lanes);
}

/* The product of a ramp and a scalar known to be positive, or NULL. */
static const Expr *scaled_ramp(Analyzer *analyzer, const Expr *a,
                               const Expr *b) {
  Arena *arena = analyzer_arena(analyzer);
  const Ramp *ramp = as_ramp(a);
  const Expr *factor = b;
  if (!ramp) {
    ramp = as_ramp(b);
    factor = a;
  }
  if (!ramp || is_vector(factor)) return NULL;
  const Expr *zero = make_const(arena, factor->type, 0);
  if (!can_prove(analyzer, ex_gt(arena, factor, zero))) return NULL;
  return make_ramp(arena, ex_mul(arena, ramp->base, factor),
                   ex_mul(arena, ramp->stride, factor), ramp->e.type.lanes);
}

static const Expr *on_binary(Rewriter *rw, const Expr *expr) {
  ExprKind kind = expr->kind;
  const Binary *old = AS(Binary, expr);
  const Expr *a = rewrite_expr(rw, old->a);
  const Expr *b = rewrite_expr(rw, old->b);
  if (a == old->a && b == old->b) return expr;
  int lanes = wider(a, b);
  const Expr *ramp = NULL;
  if (lanes > 1 && (kind == ADD || kind == SUB))
    ramp = shifted_ramp(rw->arena, kind, a, b);
  if (lanes > 1 && kind == MUL)
    ramp = scaled_ramp(((Vectorizer *)rw)->analyzer, a, b);
  if (ramp) return ramp;
  return make_binary(rw->arena, kind, to_lanes(rw->arena, a, lanes),
                     to_lanes(rw->arena, b, lanes));
}

static const Expr *on_unary(Rewriter *rw, const Expr *expr) {
  const Unary *old = AS(Unary, expr);
  const Expr *a = rewrite_expr(rw, old->a);
  if (a == old->a) return expr;
  DType type = with_lanes(expr->type, a->type.lanes);
  return make_unary(rw->arena, expr->kind, type, a);
}

static const Expr *on_select(Rewriter *rw, const Expr *expr) {
  const Select *old = AS(Select, expr);
  const Expr *condition = rewrite_expr(rw, old->condition);
  const Expr *if_true = rewrite_expr(rw, old->if_true);
  const Expr *if_false = rewrite_expr(rw, old->if_false);
  if (condition == old->condition && if_true == old->if_true &&
      if_false == old->if_false)
    return expr;
  int lanes = wider(if_true, if_false);
  if (condition->type.lanes > lanes) lanes = condition->type.lanes;
  return make_select(rw->arena, condition, to_lanes(rw->arena, if_true, lanes),
                     to_lanes(rw->arena, if_false, lanes));
}

/* A ramp or a broadcast that is there already, in a loop around it. */
static const Expr *on_inner_vector(Rewriter *rw, const Expr *expr) {
  const Expr *changed = rewrite_expr_children(rw, expr);
  bool nested = false;
  if (changed->kind == BROADCAST)
    nested = is_vector(AS(Broadcast, changed)->value);
  else
    nested = is_vector(AS(Ramp, changed)->base) ||
             is_vector(AS(Ramp, changed)->stride);
  return nested ? no_vector(rw, expr) : changed;
}

/* ---- Variables, calls and loads ----------------------------------------- */

static const Expr *on_var_use(Rewriter *rw, const Expr *expr) {
  const Vectorizer *vectorizer = (Vectorizer *)rw;
  if (expr == &vectorizer->var->e) return vectorizer->ramp;
  const Expr *vector = ptrmap_get(&vectorizer->lets, expr);
  return vector ? vector : expr;
}

/* The variable that holds the vector `value` of what was a scalar let. */
static const Var *vector_var(Vectorizer *vectorizer, const Var *var,
                             const Expr *value) {
  if (dtype_eq(var->e.type, value->type)) return var;
  const Var *vector = make_var(vectorizer->rw.arena, var->hint, value->type);
  ptrmap_set(&vectorizer->lets, var, vector);
  return vector;
}

static const Expr *on_let_expr(Rewriter *rw, const Expr *expr) {
  const Let *old = AS(Let, expr);
  const Expr *value = rewrite_expr(rw, old->value);
  const Var *var = vector_var((Vectorizer *)rw, old->var, value);
  const Expr *body = rewrite_expr(rw, old->body);
  if (value == old->value && body == old->body) return expr;
  return make_let(rw->arena, var, value, body);
}

static bool has_vector_form(Op op) {
  switch (op) {
    case OP_LIKELY:
    case OP_SHIFT_RIGHT:
    case OP_SHIFT_LEFT:
    case OP_BITWISE_AND:
    case OP_BITWISE_OR:
    case OP_BITWISE_XOR:
    case OP_BITWISE_NOT: return true;
    default: return false;
  }
}

static const Expr *on_call(Rewriter *rw, const Expr *expr) {
  const Call *old = AS(Call, expr);
  const Expr **arg = ARENA_ARRAY(rw->arena, const Expr *, old->n);
  bool changed = false;
  int lanes = 1, first = old->op == OP_IF_THEN_ELSE; /* keeps its condition */
  for (int i = 0; i < old->n; i++) {
    arg[i] = rewrite_expr(rw, old->arg[i]);
    changed |= arg[i] != old->arg[i];
    if (arg[i]->type.lanes > lanes) lanes = arg[i]->type.lanes;
  }
  if (!changed) return expr;
  if (lanes > 1 && (first ? is_vector(arg[0]) : !has_vector_form(old->op)))
    return no_vector(rw, expr);
  for (int i = first; i < old->n; i++)
    arg[i] = to_lanes(rw->arena, arg[i], lanes);
  DType type = lanes > 1 ? with_lanes(expr->type, lanes) : expr->type;
  return make_call(rw->arena, type, old->op, old->n, arg);
}

/* ---- Statements --------------------------------------------------------- */

static const Stmt *vector_store(Rewriter *rw, const Stmt *stmt) {
  const Store *store = AS(Store, rewrite_stmt_children(rw, stmt));
  if (&store->s == stmt || store->n == 0) return &store->s;
  const Expr **index =
      arena_copy(rw->arena, store->index, sizeof *index * (size_t)store->n);
  const Expr **last = &index[store->n - 1];
  int lanes = wider(*last, store->value);
  *last = to_lanes(rw->arena, *last, lanes);
  return make_store(rw->arena, store->buffer,
                    to_lanes(rw->arena, store->value, lanes), store->n, index);
}

/* Gives up if what decides the flow of control differs between lanes. */
static void need_scalar(Rewriter *rw, const Expr *expr) {
  if (is_vector(rewrite_expr(rw, expr))) no_vector(rw, expr);
}

/* A variable that holds a vector would be lost to statements inside that are
 * run lane by lane. */
static const Stmt *vector_let(Rewriter *rw, const Stmt *stmt) {
  need_scalar(rw, AS(LetStmt, stmt)->value);
  if (((Vectorizer *)rw)->has_no_vector) return stmt;
  return rewrite_stmt_children(rw, stmt);
}

static const Stmt *vector_if(Rewriter *rw, const Stmt *stmt) {
  need_scalar(rw, AS(If, stmt)->condition);
  if (((Vectorizer *)rw)->has_no_vector) return stmt;
  return rewrite_stmt_children(rw, stmt);
}

static const Stmt *vector_for(Rewriter *rw, const Stmt *stmt) {
  const For *loop = AS(For, stmt);
  need_scalar(rw, loop->min);
  need_scalar(rw, loop->extent);
  if (((Vectorizer *)rw)->has_no_vector) return stmt;
  loop = AS(For, rewrite_stmt_children(rw, stmt));
  if (loop->kind != FOR_VECTORIZED) return &loop->s;
  return make_for(rw->arena, FOR_SERIAL, loop->var, loop->min, loop->extent,
                  loop->body);
}

/* ---- Memory of a lane's own --------------------------------------------- */

typedef struct Spreader {
  Rewriter rw;
  const Vectorizer *vectorizer;
  const Var *data; /* of the memory that is spread */
  PtrMap buffers;  /* Buffer -> the larger one */
} Spreader;

static const Expr *lanes_apart(const Spreader *spreader, const Expr *index) {
  Arena *arena = spreader->rw.arena;
  index = ex_muli(arena, index, spreader->vectorizer->lanes);
  index = ex_add(arena, index, &spreader->vectorizer->var->e);
  return simplify_alone(arena, index);
}

static const Buffer *larger(Spreader *spreader, const Buffer *buffer) {
  Arena *arena = spreader->rw.arena;
  Buffer *copy = ptrmap_get(&spreader->buffers, buffer);
  if (copy) return copy;
  const Expr **shape =
      arena_copy(arena, buffer->shape, sizeof *shape * (size_t)buffer->n);
  const Expr **last = &shape[buffer->n - 1];
  *last =
      simplify_alone(arena, ex_muli(arena, *last, spreader->vectorizer->lanes));
  copy = copy_buffer(arena, buffer);
  copy->shape = shape;
  ptrmap_set(&spreader->buffers, buffer, copy);
  return copy;
}

static const Expr *const *spread_index(const Spreader *spreader, int n,
                                       const Expr *const *index) {
  const Expr **spread =
      arena_copy(spreader->rw.arena, index, sizeof *spread * (size_t)n);
  spread[n - 1] = lanes_apart(spreader, index[n - 1]);
  return spread;
}

static const Expr *spread_load(Rewriter *rw, const Expr *expr) {
  Spreader *spreader = (Spreader *)rw;
  const Load *load = AS(Load, rewrite_expr_children(rw, expr));
  if (load->buffer->data != spreader->data || load->n == 0) return &load->e;
  return make_load(rw->arena, larger(spreader, load->buffer), load->n,
                   spread_index(spreader, load->n, load->index));
}

static const Stmt *spread_store(Rewriter *rw, const Stmt *stmt) {
  Spreader *spreader = (Spreader *)rw;
  const Store *store = AS(Store, rewrite_stmt_children(rw, stmt));
  if (store->buffer->data != spreader->data || store->n == 0) return &store->s;
  return make_store(rw->arena, larger(spreader, store->buffer), store->value,
                    store->n, spread_index(spreader, store->n, store->index));
}

static const Stmt *vector_allocate(Rewriter *rw, const Stmt *stmt) {
  static const ExprRewrite exprs[EXPR_KINDS] = {[LOAD] = spread_load};
  static const StmtRewrite stmts[STMT_KINDS] = {[STORE] = spread_store};
  const Vectorizer *vectorizer = (Vectorizer *)rw;
  const Allocate *old = AS(Allocate, stmt);
  need_scalar(rw, old->condition);
  for (int i = 0; i < old->n; i++) need_scalar(rw, old->extent[i]);
  if (vectorizer->has_no_vector) return stmt;
  Spreader spreader = {.rw = REWRITER(rw->arena, exprs, stmts),
                       .vectorizer = vectorizer,
                       .data = old->var};
  ptrmap_init(&spreader.buffers, rw->arena);
  const Stmt *body = rewrite_stmt(&spreader.rw, old->body);
  const Expr **extent =
      arena_copy(rw->arena, old->extent, sizeof *extent * (size_t)old->n);
  if (old->n)
    extent[old->n - 1] =
        ex_muli(rw->arena, extent[old->n - 1], vectorizer->lanes);
  return make_allocate(rw->arena, old->var, old->type, old->n, extent,
                       old->condition, rewrite_stmt(rw, body));
}

/* ---- Loops -------------------------------------------------------------- */

static const Stmt *lane_by_lane(const Vectorizer *vectorizer,
                                const Stmt *stmt) {
  Arena *arena = vectorizer->rw.arena;
  const Var *var = vectorizer->var;
  const char *hint = arena_printf(arena, "%s.s", var->hint);
  const Var *lane = make_var(arena, hint, var->e.type);
  return make_for(arena, FOR_SERIAL, lane, make_const(arena, var->e.type, 0),
                  make_const(arena, var->e.type, vectorizer->lanes),
                  substitute_var_stmt(arena, stmt, var, &lane->e));
}

static const Stmt *vector_form(Rewriter *rw, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case STORE: return vector_store(rw, stmt);
    case LET_STMT: return vector_let(rw, stmt);
    case IF: return vector_if(rw, stmt);
    case FOR: return vector_for(rw, stmt);
    case ALLOCATE: return vector_allocate(rw, stmt);
    default: return rewrite_stmt_children(rw, stmt);
  }
}

static const Stmt *on_stmt(Rewriter *rw, const Stmt *stmt) {
  Vectorizer *vectorizer = (Vectorizer *)rw;
  const Stmt *vector = vector_form(rw, stmt);
  if (!vectorizer->has_no_vector) return vector;
  vectorizer->has_no_vector = false;
  return lane_by_lane(vectorizer, stmt);
}

static const ExprRewrite vector_exprs[EXPR_KINDS] = {
    [VAR] = on_var_use,
    [CAST] = on_unary,
    [NOT] = on_unary,
    [ADD] = on_binary,
    [SUB] = on_binary,
    [MUL] = on_binary,
    [DIV] = on_binary,
    [MOD] = on_binary,
    [FLOORDIV] = on_binary,
    [FLOORMOD] = on_binary,
    [MIN] = on_binary,
    [MAX] = on_binary,
    [EQ] = on_binary,
    [NE] = on_binary,
    [LT] = on_binary,
    [LE] = on_binary,
    [GT] = on_binary,
    [GE] = on_binary,
    [AND] = on_binary,
    [OR] = on_binary,
    [SELECT] = on_select,
    [CALL] = on_call,
    [LET] = on_let_expr,
    [RAMP] = on_inner_vector,
    [BROADCAST] = on_inner_vector};

static const StmtRewrite vector_stmts[STMT_KINDS] = {
#define STMT(kind, layout, name) [kind] = on_stmt,
#include "ir/nodes.def"
};

static const Stmt *vectorized(Arena *arena, const For *loop, int lanes) {
  DType type = loop->var->e.type;
  Vectorizer vectorizer = {.rw = REWRITER(arena, vector_exprs, vector_stmts),
                           .analyzer = analyzer_new(arena),
                           .var = loop->var,
                           .lanes = lanes};
  vectorizer.ramp =
      make_ramp(arena, loop->min, make_const(arena, type, 1), lanes);
  ptrmap_init(&vectorizer.lets, arena);
  return rewrite_stmt(&vectorizer.rw, loop->body);
}

typedef struct UnitSearch {
  Walker w;
  bool found;
} UnitSearch;

static void on_unit(Walker *walker, const Stmt *stmt) {
  UnitSearch *search = (UnitSearch *)walker;
  if (!strcmp(AS(Attr, stmt)->key, "coproc_scope")) search->found = true;
  walk_stmt_children(walker, stmt);
}

/* Work of an accelerator's units has no lanes: a step's transfers and kernels
 * share memory with the next one's, and stay together. */
static bool has_unit_work(const Stmt *stmt) {
  static const StmtVisit visits[STMT_KINDS] = {[ATTR] = on_unit};
  UnitSearch search = {.w = WALKER(NULL, visits)};
  walk_stmt(&search.w, stmt);
  return search.found;
}

static const Stmt *on_loop(Rewriter *rw, const Stmt *stmt) {
  const For *loop = AS(For, stmt);
  if (loop->kind != FOR_VECTORIZED) return rewrite_stmt_children(rw, stmt);
  if (has_unit_work(loop->body))
    return make_for(rw->arena, FOR_SERIAL, loop->var, loop->min, loop->extent,
                    rewrite_stmt(rw, loop->body));
  const IntImm *extent = as_int(loop->extent);
  if (!extent || extent->value < 1 || extent->value > UINT16_MAX)
    fail(rw->arena, D_VECTORIZE,
         "loop %s cannot be a vector: it needs a constant extent from 1 to %d",
         loop->var->hint, UINT16_MAX);
  if (extent->value == 1)
    return substitute_var_stmt(rw->arena, rewrite_stmt(rw, loop->body),
                               loop->var, loop->min);
  return vectorized(rw->arena, loop, (int)extent->value);
}

const Func *pass_vectorize_loop(const PassContext *context, const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[FOR] = on_loop};
  Rewriter rw = REWRITER(context->arena, NULL, stmts);
  return func_with_body(context->arena, func, rewrite_stmt(&rw, func->body));
}
