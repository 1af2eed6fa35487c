/* SPDX-License-Identifier: Apache-2.0 */
/* InjectVirtualThread: interleaves the virtual threads.
 *
 * A body under `virtual_thread = n` runs n times, but not one time after the
 * other: each innermost piece that differs between the threads (or, for
 * threads that share nothing, each store, call and accelerator scope) is
 * repeated n times in place.  So loads of one thread overlap with the
 * arithmetic of another.  Each thread gets its own copy of the buffers that
 * are allocated inside: the allocation grows n times, and accesses move by
 * thread * size.
 *
 * A piece without loops is copied n times if n is small; any other becomes a
 * loop over a new variable.  Whether two threads share buffers that do not
 * depend on the thread is told by the tag: "vthread" does, "cthread" not.  A
 * nest that a pragma marks for a later pass is one piece.
 *
 * What a buffer holds depends on the thread if the values written do, or their
 * places, or whether and how often they are written: of two threads that load
 * the same image, one may load padding alone.  (The reference, whose transfers
 * stand under no conditions, looks at values and places only.)
 *
 * Tokens are repeated with the work that they order, so they order each thread
 * by itself and say nothing about two.  What is true of the order of statements
 * before this pass is therefore not true after it: StorageRewrite would give
 * the memory that thread 1 still reads to a buffer that thread 0 writes later
 * on.  An annotation around the threads keeps it from that.
 *
 * As in TVM 0.9, of which two properties show in dumps and are kept: the shape
 * of a buffer that was copied is its size times itself, and thread * size is
 * left unfolded.  Threads inside threads are expanded from the inside out.
 * Cost: linear in the statement for each virtual thread, and its copies. */
#include <string.h>

#include "base/trap.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "pass/pass.h"

/* ---- Which variables depend on the thread? ------------------------------ */

typedef VEC(const Var *) VarVec;

typedef struct Touched {
  Walker walker;
  Arena *arena;
  const Var *thread;
  PtrMap touched; /* set of Var */
  PtrMap affects; /* Var -> VarVec of what is defined from it */
  VarVec used, written;
  VarVec guards; /* what the conditions and loops around here depend on */
  bool hit;      /* the definition at hand depends on the thread */
} Touched;

static void use_var(Touched *t, const Var *var) {
  if (ptrmap_has(&t->touched, var)) t->hit = true;
  if (!t->hit) vec_push(t->arena, &t->used, var);
}

static void touched_var(Walker *walker, const Expr *expr) {
  use_var((Touched *)walker, AS(Var, expr));
}

static void touched_load(Walker *walker, const Expr *expr) {
  use_var((Touched *)walker, AS(Load, expr)->buffer->data);
  walk_expr_children(walker, expr);
}

static void touched_pointer(Touched *t, const Call *pointer, bool external) {
  enum { READS = 1, WRITES = 2 };
  const Var *data = AS(Var, pointer->arg[1]);
  int64_t mask = AS(IntImm, pointer->arg[4])->value;
  if (mask & READS || external) use_var(t, data);
  if (mask & WRITES || external) vec_push(t->arena, &t->written, data);
  walk_expr(&t->walker, pointer->arg[2]);
}

/* An external function may write whatever it gets a pointer to: the masks of
 * transfers say that they read, both ways. */
static void touched_call(Walker *walker, const Expr *expr) {
  Touched *t = (Touched *)walker;
  const Call *call = AS(Call, expr);
  if (call->op == OP_ACCESS_PTR) {
    touched_pointer(t, call, false);
    return;
  }
  for (int i = 0; i < call->n; i++) {
    const Call *pointer = as_call_of(call->arg[i], OP_ACCESS_PTR);
    if (pointer)
      touched_pointer(t, pointer, call->op == OP_CALL_EXTERN);
    else
      walk_expr(walker, call->arg[i]);
  }
}

static void begin_definition(Touched *t) {
  t->used.n = t->written.n = 0;
  t->hit = false;
}

/* What memory holds depends on whether it was written, too. */
static void begin_write(Touched *t) {
  begin_definition(t);
  for (int i = 0; i < t->guards.n; i++) use_var(t, t->guards.at[i]);
}

/* Notes that `var` is defined from what has been used since
 * begin_definition. */
static void define(Touched *t, const Var *var) {
  if (ptrmap_has(&t->touched, var)) return;
  if (t->hit) {
    ptrmap_set(&t->touched, var, var);
    return;
  }
  for (int i = 0; i < t->used.n; i++) {
    const Var *from = t->used.at[i];
    if (from == var) continue;
    VarVec *affected = ptrmap_get(&t->affects, from);
    if (!affected) {
      affected = ARENA_NEW(t->arena, VarVec);
      ptrmap_set(&t->affects, from, affected);
    }
    vec_push(t->arena, affected, var);
  }
}

/* What has been used since begin_definition tells whether what follows runs.
 * Returns what end_guarded needs. */
static int begin_guarded(Touched *t) {
  int outer = t->guards.n;
  for (int i = 0; i < t->used.n; i++)
    vec_push(t->arena, &t->guards, t->used.at[i]);
  if (t->hit) vec_push(t->arena, &t->guards, t->thread);
  return outer;
}

static void end_guarded(Touched *t, int outer) { t->guards.n = outer; }

static void touched_if(Walker *walker, const Stmt *stmt) {
  Touched *t = (Touched *)walker;
  const If *branch = AS(If, stmt);
  begin_definition(t);
  walk_expr(walker, branch->condition);
  int outer = begin_guarded(t);
  walk_stmt(walker, branch->then_part);
  if (branch->else_part) walk_stmt(walker, branch->else_part);
  end_guarded(t, outer);
}

static void touched_let(Walker *walker, const Stmt *stmt) {
  const LetStmt *let = AS(LetStmt, stmt);
  begin_definition((Touched *)walker);
  walk_expr(walker, let->value);
  define((Touched *)walker, let->var);
  walk_stmt(walker, let->body);
}

static void touched_for(Walker *walker, const Stmt *stmt) {
  Touched *t = (Touched *)walker;
  const For *loop = AS(For, stmt);
  begin_definition(t);
  walk_expr(walker, loop->min);
  walk_expr(walker, loop->extent);
  define(t, loop->var);
  int outer = begin_guarded(t);
  walk_stmt(walker, loop->body);
  end_guarded(t, outer);
}

static void touched_allocate(Walker *walker, const Stmt *stmt) {
  const Allocate *allocate = AS(Allocate, stmt);
  begin_definition((Touched *)walker);
  for (int i = 0; i < allocate->n; i++) walk_expr(walker, allocate->extent[i]);
  walk_expr(walker, allocate->condition);
  define((Touched *)walker, allocate->var);
  walk_stmt(walker, allocate->body);
}

static void touched_store(Walker *walker, const Stmt *stmt) {
  begin_write((Touched *)walker);
  walk_stmt_children(walker, stmt);
  define((Touched *)walker, AS(Store, stmt)->buffer->data);
}

static void touched_evaluate(Walker *walker, const Stmt *stmt) {
  Touched *t = (Touched *)walker;
  begin_write(t);
  walk_stmt_children(walker, stmt);
  for (int i = 0; i < t->written.n; i++) define(t, t->written.at[i]);
}

/* Everything defined from a touched variable is touched.  The map of touched
 * variables, in order of insertion, is its own work list. */
static void spread(Touched *t) {
  for (int i = 0; i < t->touched.n; i++) {
    const VarVec *affected = ptrmap_get(&t->affects, t->touched.entry[i].key);
    for (int k = 0; affected && k < affected->n; k++)
      if (!ptrmap_has(&t->touched, affected->at[k]))
        ptrmap_set(&t->touched, affected->at[k], affected->at[k]);
  }
}

static PtrMap find_touched(Arena *arena, const Var *thread, const Stmt *body) {
  static const ExprVisit exprs[EXPR_KINDS] = {
      [VAR] = touched_var, [LOAD] = touched_load, [CALL] = touched_call};
  static const StmtVisit stmts[STMT_KINDS] = {[LET_STMT] = touched_let,
                                              [FOR] = touched_for,
                                              [IF] = touched_if,
                                              [STORE] = touched_store,
                                              [ALLOCATE] = touched_allocate,
                                              [EVALUATE] = touched_evaluate};
  Touched t = {
      .walker = WALKER(exprs, stmts), .arena = arena, .thread = thread};
  ptrmap_init(&t.touched, arena);
  ptrmap_init(&t.affects, arena);
  ptrmap_set(&t.touched, thread, thread);
  walk_stmt(&t.walker, body);
  spread(&t);
  return t.touched;
}

/* ---- Expansion ---------------------------------------------------------- */

typedef struct Expander {
  Rewriter rw;
  const Var *thread;
  int64_t threads;
  bool share;     /* buffers that no thread touches stay common */
  bool one_unit;  /* the threads lie inside work of one unit */
  bool inside;    /* in a piece that is being repeated */
  bool hit;       /* the expressions at hand depend on the thread */
  bool forced;    /* the statement at hand is repeated in any case */
  int depth;      /* of the deepest loop nest so far in this statement */
  PtrMap touched; /* set of Var */
  PtrMap extent;  /* copied data Var -> Expr, the size of one copy */
  PtrMap buffers; /* Buffer -> the buffer of all copies */
} Expander;

enum { UNROLL_BELOW = 16 };

static const Stmt *expand_stmt(Rewriter *rw, const Stmt *stmt);

/* The statement once for each thread. */
static const Stmt *repeat(Expander *x, const Stmt *stmt) {
  Arena *arena = x->rw.arena;
  DType type = x->thread->e.type;
  if (x->depth > 0 || x->threads >= UNROLL_BELOW) {
    const Var *var =
        make_var(arena, arena_printf(arena, "%s.s", x->thread->hint), type);
    stmt = substitute_var_stmt(arena, stmt, x->thread, &var->e);
    return make_for(arena, FOR_SERIAL, var, make_const(arena, type, 0),
                    make_const(arena, type, x->threads), stmt);
  }
  const Stmt *copy[UNROLL_BELOW];
  for (int i = 0; i < x->threads; i++)
    copy[i] =
        substitute_var_stmt(arena, stmt, x->thread, make_const(arena, type, i));
  return flatten(arena, (int)x->threads, copy);
}

/* Repeats a statement that has not been rewritten yet. */
static const Stmt *rewrite_and_repeat(Expander *x, const Stmt *stmt) {
  CHECK(!x->inside);
  x->hit = x->forced = false;
  x->inside = true;
  stmt = expand_stmt(&x->rw, stmt);
  x->inside = x->hit = false;
  return repeat(x, stmt);
}

static const Expr *expand_var(Rewriter *rw, const Expr *expr) {
  Expander *x = (Expander *)rw;
  const Var *var = AS(Var, expr);
  if (ptrmap_has(&x->extent, var))
    fail(rw->arena, D_VIRTUAL_THREAD,
         "buffer '%s' is allocated inside virtual thread '%s' and has one copy "
         "a thread, but its address is passed on as a whole",
         var->hint, x->thread->hint);
  if (ptrmap_has(&x->touched, var)) x->hit = true;
  return expr;
}

/* An index or offset into the copy of this thread. */
static const Expr *in_copy(Expander *x, const Expr *index, const Expr *extent) {
  return ex_add(x->rw.arena, index, ex_mul(x->rw.arena, &x->thread->e, extent));
}

static const Expr *expand_call(Rewriter *rw, const Expr *expr) {
  Expander *x = (Expander *)rw;
  const Call *call = as_call_of(expr, OP_ACCESS_PTR);
  const Expr *extent = call ? ptrmap_get(&x->extent, call->arg[1]) : NULL;
  if (!extent) return rewrite_expr_children(rw, expr);
  x->hit = true;
  int lanes = call->arg[0]->type.lanes;
  const Expr *offset = rewrite_expr(rw, call->arg[2]);
  const Expr *size = rewrite_expr(rw, call->arg[3]);
  if (lanes > 1)
    extent =
        ex_div(rw->arena, extent, make_const(rw->arena, offset->type, lanes));
  const Expr *arg[5] = {call->arg[0], call->arg[1], in_copy(x, offset, extent),
                        size, call->arg[4]};
  return make_call(rw->arena, call->e.type, OP_ACCESS_PTR, 5, arg);
}

static const Buffer *buffer_of_copies(Expander *x, const Buffer *buffer,
                                      const Expr *extent) {
  Buffer *copy = ptrmap_get(&x->buffers, buffer);
  if (copy) return copy;
  copy = copy_buffer(x->rw.arena, buffer);
  const Expr **shape = ARENA_ARRAY(x->rw.arena, const Expr *, 1);
  shape[0] = ex_mul(x->rw.arena, buffer->shape[0], extent);
  copy->n = 1;
  copy->shape = shape;
  ptrmap_set(&x->buffers, buffer, copy);
  return copy;
}

static const Expr *expand_load(Rewriter *rw, const Expr *expr) {
  Expander *x = (Expander *)rw;
  const Load *load = AS(Load, rewrite_expr_children(rw, expr));
  const Var *data = load->buffer->data;
  if (ptrmap_has(&x->touched, data)) x->hit = true;
  const Expr *extent = ptrmap_get(&x->extent, data);
  if (!extent) return &load->e;
  CHECK(load->n == 1);
  const Expr *index = in_copy(x, load->index[0], extent);
  return make_load(rw->arena, buffer_of_copies(x, load->buffer, extent), 1,
                   &index);
}

static const Stmt *expand_store(Rewriter *rw, const Stmt *stmt) {
  Expander *x = (Expander *)rw;
  const Store *store = AS(Store, rewrite_stmt_children(rw, stmt));
  const Var *data = store->buffer->data;
  x->forced = !x->share;
  if (ptrmap_has(&x->touched, data)) x->hit = true;
  const Expr *extent = ptrmap_get(&x->extent, data);
  if (!extent) return &store->s;
  CHECK(store->n == 1);
  const Expr *index = in_copy(x, store->index[0], extent);
  return make_store(rw->arena, buffer_of_copies(x, store->buffer, extent),
                    store->value, 1, &index);
}

static const Stmt *expand_evaluate(Rewriter *rw, const Stmt *stmt) {
  ((Expander *)rw)->forced = !((Expander *)rw)->share;
  return rewrite_stmt_children(rw, stmt);
}

/* Has the header of a compound statement shown that all of it is to be
 * repeated?  If not, its body is looked at on its own. */
static bool repeat_whole(Expander *x) {
  if (x->hit && !x->inside) return true;
  x->hit = false;
  return false;
}

typedef struct TouchedUse {
  Walker walker;
  const PtrMap *touched;
  bool found;
} TouchedUse;

static void use_of_var(Walker *walker, const Expr *expr) {
  TouchedUse *use = (TouchedUse *)walker;
  if (ptrmap_has(use->touched, AS(Var, expr))) use->found = true;
}

static void use_of_load(Walker *walker, const Expr *expr) {
  use_of_var(walker, &AS(Load, expr)->buffer->data->e);
  walk_expr_children(walker, expr);
}

static void use_of_store(Walker *walker, const Stmt *stmt) {
  use_of_var(walker, &AS(Store, stmt)->buffer->data->e);
  walk_stmt_children(walker, stmt);
}

static bool uses_touched(const Expander *x, const Stmt *stmt) {
  static const ExprVisit exprs[EXPR_KINDS] = {
      [VAR] = use_of_var, [LOAD] = use_of_load};
  static const StmtVisit stmts[STMT_KINDS] = {[STORE] = use_of_store};
  TouchedUse use = {.walker = WALKER(exprs, stmts), .touched = &x->touched};
  walk_stmt(&use.walker, stmt);
  return use.found;
}

/* Is the annotated statement repeated as a whole? */
static bool is_piece(const Expander *x, const Attr *attr) {
  if (x->inside) return false;
  bool mark = !strncmp(attr->key, "pragma_", strlen("pragma_"));
  if (x->share) return mark && uses_touched(x, attr->body);
  return (mark && x->one_unit) || !strcmp(attr->key, "coproc_scope") ||
         !strcmp(attr->key, "coproc_uop_scope");
}

static const Stmt *expand_attr(Rewriter *rw, const Stmt *stmt) {
  Expander *x = (Expander *)rw;
  const Attr *attr = AS(Attr, stmt);
  const Expr *value = rewrite_expr(rw, attr->value);
  if (repeat_whole(x) || is_piece(x, attr)) return rewrite_and_repeat(x, stmt);
  const Stmt *body = expand_stmt(rw, attr->body);
  if (value == attr->value && body == attr->body) return stmt;
  return with_value(rw->arena, attr, value, body);
}

static const Stmt *expand_let(Rewriter *rw, const Stmt *stmt) {
  Expander *x = (Expander *)rw;
  const LetStmt *let = AS(LetStmt, stmt);
  const Expr *value = rewrite_expr(rw, let->value);
  if (repeat_whole(x)) return rewrite_and_repeat(x, stmt);
  const Stmt *body = expand_stmt(rw, let->body);
  if (value == let->value && body == let->body) return stmt;
  return make_let_stmt(rw->arena, let->var, value, body);
}

static const Stmt *expand_for(Rewriter *rw, const Stmt *stmt) {
  Expander *x = (Expander *)rw;
  const For *loop = AS(For, stmt);
  CHECK(is_const(loop->min, 0));
  const Expr *extent = rewrite_expr(rw, loop->extent);
  if (repeat_whole(x)) {
    stmt = rewrite_and_repeat(x, stmt);
  } else {
    const Stmt *body = expand_stmt(rw, loop->body);
    if (extent != loop->extent || body != loop->body)
      stmt =
          make_for(rw->arena, loop->kind, loop->var, loop->min, extent, body);
  }
  x->depth++;
  return stmt;
}

/* One of several statements side by side: the depth counts from 0 in each,
 * and the largest remains. */
static const Stmt *expand_branch(Expander *x, const Stmt *stmt) {
  int outer = x->depth;
  x->depth = 0;
  stmt = expand_stmt(&x->rw, stmt);
  if (x->depth < outer) x->depth = outer;
  return stmt;
}

static const Stmt *expand_if(Rewriter *rw, const Stmt *stmt) {
  Expander *x = (Expander *)rw;
  const If *branch = AS(If, stmt);
  const Expr *condition = rewrite_expr(rw, branch->condition);
  if (repeat_whole(x)) return rewrite_and_repeat(x, stmt);
  const Stmt *then_part = expand_branch(x, branch->then_part);
  const Stmt *else_part =
      branch->else_part ? expand_branch(x, branch->else_part) : NULL;
  if (condition == branch->condition && then_part == branch->then_part &&
      else_part == branch->else_part)
    return stmt;
  return make_if(rw->arena, condition, then_part, else_part);
}

static const Stmt *expand_seq(Rewriter *rw, const Stmt *stmt) {
  const Seq *seq = AS(Seq, stmt);
  const Stmt **copy =
      arena_copy(rw->arena, seq->at, (size_t)seq->n * sizeof *copy);
  bool changed = false;
  for (int i = 0; i < seq->n; i++) {
    copy[i] = expand_branch((Expander *)rw, seq->at[i]);
    changed |= copy[i] != seq->at[i];
  }
  return changed ? make_seq(rw->arena, seq->n, copy) : stmt;
}

static const Stmt *expand_allocate(Rewriter *rw, const Stmt *stmt) {
  Expander *x = (Expander *)rw;
  const Allocate *old = AS(Allocate, stmt);
  const Expr *condition = rewrite_expr(rw, old->condition);
  const Expr **extent =
      arena_copy(rw->arena, old->extent, (size_t)old->n * sizeof *extent);
  for (int i = 0; i < old->n; i++) extent[i] = rewrite_expr(rw, extent[i]);
  if (repeat_whole(x)) return rewrite_and_repeat(x, stmt);
  if (!x->share || ptrmap_has(&x->touched, old->var)) {
    CHECK(old->n == 1);
    ptrmap_set(&x->extent, old->var, old->extent[0]);
    extent[0] = ex_mul(rw->arena, extent[0],
                       make_const(rw->arena, extent[0]->type, x->threads));
  }
  const Stmt *body = expand_stmt(rw, old->body);
  return make_allocate(rw->arena, old->var, old->type, old->n, extent,
                       condition, body);
}

static const Stmt *expand_stmt(Rewriter *rw, const Stmt *stmt) {
  Expander *x = (Expander *)rw;
  stmt = rewrite_stmt(rw, stmt);
  if (!x->hit && !x->forced) return stmt;
  x->hit = x->forced = false;
  return x->inside ? stmt : repeat(x, stmt);
}

bool threads_share(const Attr *virtual_thread) {
  const IterVar *iter = virtual_thread->node.first;
  return !strncmp(iter->thread_tag, "vthread", 7);
}

static const Stmt *expand_thread(const PassContext *context, const Attr *attr,
                                 int64_t threads, bool one_unit) {
  static const ExprRewrite exprs[EXPR_KINDS] = {
      [VAR] = expand_var, [LOAD] = expand_load, [CALL] = expand_call};
  static const StmtRewrite stmts[STMT_KINDS] = {
      [LET_STMT] = expand_let, [ATTR] = expand_attr,
      [FOR] = expand_for,      [ALLOCATE] = expand_allocate,
      [STORE] = expand_store,  [IF] = expand_if,
      [SEQ] = expand_seq,      [EVALUATE] = expand_evaluate};
  const IterVar *iter = attr->node.first;
  Expander x = {.rw = REWRITER(context->arena, exprs, stmts),
                .thread = iter->var,
                .threads = threads,
                .share = threads_share(attr),
                .one_unit = one_unit};
  x.touched = find_touched(context->scratch, iter->var, attr->body);
  ptrmap_init(&x.extent, context->scratch);
  ptrmap_init(&x.buffers, context->scratch);
  return expand_stmt(&x.rw, attr->body);
}

/* ---- The pass ----------------------------------------------------------- */

static bool is_work(const Attr *attr) {
  return !strcmp(attr->key, "coproc_scope");
}

/* Does it give work to the accelerator? */
typedef struct Work {
  Walker walker;
  bool found;
} Work;

static void find_work(Walker *walker, const Stmt *stmt) {
  ((Work *)walker)->found |= is_work(AS(Attr, stmt));
  walk_stmt_children(walker, stmt);
}

static bool has_work(const Stmt *stmt) {
  static const StmtVisit stmts[STMT_KINDS] = {[ATTR] = find_work};
  Work work = {WALKER(NULL, stmts), false};
  walk_stmt(&work.walker, stmt);
  return work.found;
}

/* Are there several threads, and do they give work to the accelerator? */
static bool has_unordered_work(const Attr *attr) {
  return !threads_share(attr) && !is_const(attr->value, 1) &&
         has_work(attr->body);
}

typedef struct Injector {
  Rewriter rw;
  const PassContext *context;
  int scopes; /* of work for the accelerator, that are open */
} Injector;

static const Stmt *inject_attr(Rewriter *rw, const Stmt *stmt) {
  Injector *injector = (Injector *)rw;
  int scope = is_work(AS(Attr, stmt));
  injector->scopes += scope;
  stmt = rewrite_stmt_children(rw, stmt);
  injector->scopes -= scope;
  const Attr *attr = AS(Attr, stmt);
  if (strcmp(attr->key, "virtual_thread")) return stmt;
  CHECK(attr->node.on == ON_ITER);
  const IterVar *iter = attr->node.first;
  const IntImm *threads = as_int(attr->value);
  if (!threads || threads->value < 1)
    fail(rw->arena, D_VIRTUAL_THREAD,
         "virtual thread '%s' needs a constant extent of at least 1",
         iter->var->hint);
  stmt = expand_thread(injector->context, attr, threads->value,
                       injector->scopes > 0);
  if (!has_unordered_work(attr)) return stmt;
  return make_attr(rw->arena, attr->node, INTERLEAVED_THREADS, attr->value,
                   stmt);
}

const Func *pass_inject_virtual_thread(const PassContext *context,
                                       const Func *func) {
  static const StmtRewrite stmts[STMT_KINDS] = {[ATTR] = inject_attr};
  Injector injector = {REWRITER(context->arena, NULL, stmts), context, 0};
  const Stmt *body = rewrite_stmt(&injector.rw, func->body);
  return func_with_body(context->arena, func,
                        convert_ssa(context->arena, body));
}
