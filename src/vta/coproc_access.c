/* SPDX-License-Identifier: Apache-2.0 */
/* The accesses of host and accelerator to the memory they share.
 *
 * What stands in a coproc_scope is done by the accelerator.  Loads, stores and
 * access pointers are accesses; so are the bare pointers that DMA calls get
 * (the reference overlooks those, and then lets the host read what the
 * accelerator has not stored yet).  Of those every element counts.
 *
 * Virtual threads are a sequence of their own: what is known of their elements
 * outside is what all threads access. */
#include "base/trap.h"
#include "ir/build.h"
#include "ir/traverse.h"
#include "te/te.h"
#include "vta/calls.h"
#include "vta/coproc_sync.h"

typedef struct AccessWalk {
  Walker walker;
  Arena *arena;
  Analyzer *analyzer;
  const PtrMap *shared; /* NULL: everything counts */
  Summary summary;
  void *self;
  int units;       /* open coproc_scopes */
  AccessVec found; /* in the statement at hand */
  StepVec seq;     /* the innermost open sequence */
} AccessWalk;

/* ---- Expressions -------------------------------------------------------- */

static void add_access(AccessWalk *walk, Access access) {
  if (walk->shared && !ptrmap_has(walk->shared, access.var)) return;
  access.unit = walk->units > 0;
  vec_push(walk->arena, &walk->found, access);
}

static void add_element(AccessWalk *walk, AccessKind kind, const Buffer *buffer,
                        int n, const Expr *const *index) {
  Access access = {.kind = kind,
                   .var = buffer->data,
                   .type = buffer->type,
                   .has_set = n == 1};
  if (n == 1) access.set = set_point(index[0]);
  add_access(walk, access);
}

static void access_load(Walker *walker, const Expr *expr) {
  const Load *load = AS(Load, expr);
  add_element((AccessWalk *)walker, ACCESS_READS, load->buffer, load->n,
              load->index);
  walk_expr_children(walker, expr);
}

static void add_pointer(AccessWalk *walk, const Call *call) {
  int64_t mask = AS(IntImm, call->arg[4])->value;
  Access access = {.var = AS(Var, call->arg[1]),
                   .type = call->arg[0]->type,
                   .has_set = true};
  access.set = set_range(walk->arena, (Range){call->arg[2], call->arg[3]});
  access.kind = ACCESS_READS;
  if (mask & ACCESS_READ) add_access(walk, access);
  access.kind = ACCESS_WRITES;
  if (mask & ACCESS_WRITE) add_access(walk, access);
}

/* A function that gets a bare pointer may do anything with it, except for the
 * two transfers. */
static void add_bare(AccessWalk *walk, const Call *call, const Var *var) {
  const Expr *size = walk->shared ? ptrmap_get(walk->shared, var) : NULL;
  Access access = {.var = var, .type = var->element, .has_set = size != NULL};
  if (size)
    access.set = set_range(
        walk->arena, (Range){make_const(walk->arena, size->type, 0), size});
  access.kind = ACCESS_READS;
  if (!as_extern(&call->e, "VTAStoreBuffer2D")) add_access(walk, access);
  access.kind = ACCESS_WRITES;
  if (!as_extern(&call->e, "VTALoadBuffer2D")) add_access(walk, access);
}

static void access_call(Walker *walker, const Expr *expr) {
  AccessWalk *walk = (AccessWalk *)walker;
  const Call *call = AS(Call, expr);
  if (call->op == OP_ACCESS_PTR) add_pointer(walk, call);
  if (call->op == OP_COPROC_SYNC)
    vec_push(walk->arena, &walk->found, (Access){.kind = ACCESS_SYNC});
  for (int i = 0; call->op == OP_CALL_EXTERN && i < call->n; i++) {
    const Var *var = as_var(call->arg[i]);
    if (var && var->scope) add_bare(walk, call, var);
  }
  walk_expr_children(walker, expr);
}

/* ---- Statements --------------------------------------------------------- */

static void end_step(AccessWalk *walk, const Stmt *stmt) {
  if (walk->found.n)
    vec_push(walk->arena, &walk->seq, (Step){stmt, walk->found});
  walk->found = (AccessVec){0};
}

static void access_leaf(Walker *walker, const Stmt *stmt) {
  walk_stmt_children(walker, stmt);
  end_step((AccessWalk *)walker, stmt);
}

static void access_store(Walker *walker, const Stmt *stmt) {
  const Store *store = AS(Store, stmt);
  add_element((AccessWalk *)walker, ACCESS_WRITES, store->buffer, store->n,
              store->index);
  access_leaf(walker, stmt);
}

static void access_let(Walker *walker, const Stmt *stmt) {
  walk_expr(walker, AS(LetStmt, stmt)->value);
  end_step((AccessWalk *)walker, stmt);
  walk_stmt(walker, AS(LetStmt, stmt)->body);
}

/* The accesses of a statement that is a sequence of its own. */
static AccessVec inner_accesses(AccessWalk *walk, const Stmt *stmt,
                                const For *loop) {
  StepVec outer = walk->seq;
  walk->seq = (StepVec){0};
  walk_stmt(&walk->walker, stmt);
  AccessVec accesses = walk->summary(walk->self, &walk->seq, loop);
  walk->seq = outer;
  return accesses;
}

/* Widens the elements accessed to those of all values of a variable. */
static void widen(AccessWalk *walk, AccessVec *accesses, const Var *var,
                  Range values) {
  PtrMap sets;
  IntSet range = set_range(walk->arena, values);
  ptrmap_init(&sets, walk->arena);
  ptrmap_set(&sets, var, &range);
  for (int i = 0; i < accesses->n; i++) {
    Access *access = &accesses->at[i];
    if (!access->has_set) continue;
    access->set = (IntSet){eval_set(walk->analyzer, access->set.lo, &sets).lo,
                           eval_set(walk->analyzer, access->set.hi, &sets).hi};
  }
}

static void access_for(Walker *walker, const Stmt *stmt) {
  AccessWalk *walk = (AccessWalk *)walker;
  const For *loop = AS(For, stmt);
  AccessVec accesses = inner_accesses(walk, loop->body, loop);
  widen(walk, &accesses, loop->var, (Range){loop->min, loop->extent});
  walk->found = accesses;
  end_step(walk, stmt);
}

static void access_threads(AccessWalk *walk, const Attr *attr) {
  const IterVar *thread = attr->node.first;
  AccessVec accesses = inner_accesses(walk, attr->body, NULL);
  Range range = {make_const(walk->arena, attr->value->type, 0), attr->value};
  widen(walk, &accesses, thread->var, range);
  walk->found = accesses;
  end_step(walk, &attr->s);
}

static void access_attr(Walker *walker, const Stmt *stmt) {
  AccessWalk *walk = (AccessWalk *)walker;
  if (walk->summary && attr_has_key(AS(Attr, stmt), "virtual_thread")) {
    access_threads(walk, AS(Attr, stmt));
    return;
  }
  int unit = attr_has_key(AS(Attr, stmt), "coproc_scope");
  walk->units += unit;
  walk_stmt_children(walker, stmt);
  walk->units -= unit;
}

/* Either branch may run, so neither can be relied on to have waited. */
static void add_branch(AccessWalk *walk, const Stmt *stmt, AccessVec *out) {
  AccessVec accesses = inner_accesses(walk, stmt, NULL);
  for (int i = 0; i < accesses.n; i++)
    if (accesses.at[i].kind != ACCESS_SYNC)
      vec_push(walk->arena, out, accesses.at[i]);
}

static void access_if(Walker *walker, const Stmt *stmt) {
  AccessWalk *walk = (AccessWalk *)walker;
  const If *branch = AS(If, stmt);
  walk_expr(walker, branch->condition);
  AccessVec accesses = walk->found;
  walk->found = (AccessVec){0};
  add_branch(walk, branch->then_part, &accesses);
  if (branch->else_part) add_branch(walk, branch->else_part, &accesses);
  walk->found = accesses;
  end_step(walk, stmt);
}

static const ExprVisit access_exprs[EXPR_KINDS] = {
    [LOAD] = access_load, [CALL] = access_call};

void coproc_walk_accesses(Arena *arena, const Stmt *stmt, const PtrMap *shared,
                          Summary summary, void *self) {
  static const StmtVisit stmts[STMT_KINDS] = {
      [STORE] = access_store, [EVALUATE] = access_leaf, [LET_STMT] = access_let,
      [ATTR] = access_attr,   [FOR] = access_for,       [IF] = access_if};
  AccessWalk walk = {.walker = WALKER(access_exprs, stmts),
                     .arena = arena,
                     .analyzer = analyzer_new(arena),
                     .shared = shared,
                     .summary = summary,
                     .self = self};
  inner_accesses(&walk, stmt, NULL);
}

/* ---- What is shared ----------------------------------------------------- */

/* All accesses in one list, whatever statement they are in. */
static void collect_store(Walker *walker, const Stmt *stmt) {
  const Store *store = AS(Store, stmt);
  add_element((AccessWalk *)walker, ACCESS_WRITES, store->buffer, store->n,
              store->index);
  walk_stmt_children(walker, stmt);
}

static void note_size(void *self, const Stmt *stmt) {
  const Allocate *allocate = as_allocate(stmt);
  if (allocate && allocate->n == 1)
    ptrmap_set(self, allocate->var, (void *)allocate->extent[0]);
}

/* Var -> Expr, how many elements a buffer has. */
static PtrMap find_sizes(Arena *scratch, const Func *func) {
  PtrMap sizes;
  ptrmap_init(&sizes, scratch);
  post_order_stmt(scratch, func->body, &sizes, NULL, note_size);
  for (int i = 0; i < func->n; i++) {
    const Buffer *buffer = func->param[i].buffer;
    if (buffer && buffer->n == 1)
      ptrmap_set(&sizes, buffer->data, (void *)buffer->shape[0]);
  }
  return sizes;
}

void coproc_find_shared(Arena *scratch, const Func *func, PtrMap *ret_shared) {
  static const StmtVisit stmts[STMT_KINDS] = {
      [STORE] = collect_store, [ATTR] = access_attr};
  AccessWalk walk = {.walker = WALKER(access_exprs, stmts), .arena = scratch};
  PtrMap sizes = find_sizes(scratch, func);
  PtrMap side[2]; /* what host and accelerator access */
  ptrmap_init(ret_shared, scratch);
  ptrmap_init(&side[0], scratch);
  ptrmap_init(&side[1], scratch);
  walk_stmt(&walk.walker, func->body);
  for (int i = 0; i < walk.found.n; i++) {
    const Access *access = &walk.found.at[i];
    if (!access->var) continue;
    ptrmap_set(&side[access->unit], access->var, access->var);
    if (ptrmap_has(&side[!access->unit], access->var))
      ptrmap_set(ret_shared, access->var, ptrmap_get(&sizes, access->var));
  }
}
