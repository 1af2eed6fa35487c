/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating statements, and the evaluator's two public calls. */
#include "ir/eval.h"

#include <string.h>

#include "base/trap.h"
#include "base/vec.h"
#include "ir/eval_impl.h"
#include "ir/traverse.h"

struct EvalProgram {
  const Func *func;
  const Code *body;
  int n_slots;
  const int *param_slots;  /* of the handles */
  const int *data_slots;   /* of the buffers' data variables */
  const int64_t **extents; /* shapes of the parameters */
};

static const EvalValue done;

/* ---- Running ------------------------------------------------------------ */

static EvalValue run_let_stmt(const Code *code, Run *run) {
  run->slot[code->slot] = run_code(code->a, run);
  return run_code(code->b, run);
}

static EvalValue run_for(const Code *code, Run *run) {
  int64_t min = run_code(code->a, run).i;
  int64_t extent = run_code(code->b, run).i;
  for (int64_t i = 0; i < extent; i++) {
    run->slot[code->slot].i = min + i;
    run_code(code->c, run);
  }
  return done;
}

/* The store's lanes share one closure; scalars have one lane. */
static EvalValue run_store(const Code *code, Run *run) {
  for (int lane = 0; lane < code->site; lane++) {
    run->lane = lane;
    store_element(code, run, run_code(code->a, run));
  }
  return done;
}

static EvalValue run_seq(const Code *code, Run *run) {
  for (int i = 0; i < code->n; i++) run_code(code->list[i], run);
  return done;
}

static EvalValue run_if(const Code *code, Run *run) {
  if (run_code(code->a, run).i) return run_code(code->b, run);
  return code->c ? run_code(code->c, run) : done;
}

static EvalValue run_assert(const Code *code, Run *run) {
  if (!run_code(code->a, run).i)
    fail(run->arena, D_ASSERTION, "%s", (const char *)code->node);
  return run_code(code->b, run);
}

static void leave_on_error(Run *run, vtac_status status) {
  if (status) longjmp(run->arena->trap->here, 1);
}

/* A record of the memory, which has none yet. */
static EvalMemory *describe(Run *run, int ndim, const int64_t *extent,
                            DType type, const char *scope) {
  int64_t n = 1;
  for (int i = 0; i < ndim; i++)
    if (__builtin_mul_overflow(n, extent[i], &n) || n < 0)
      fail(run->arena, D_NO_MEMORY, "a buffer is too large to run with");
  EvalMemory *memory = ARENA_NEW(run->arena, EvalMemory);
  memory->size = (size_t)dtype_array_bytes(type, n);
  memory->ndim = ndim;
  memory->extent = extent;
  memory->scope = scope;
  return memory;
}

static EvalMemory *allocate(Run *run, int ndim, const int64_t *extent,
                            DType type, const char *scope) {
  EvalMemory *memory = describe(run, ndim, extent, type, scope);
  memory->bytes = arena_calloc(run->arena, memory->size, 1);
  return memory;
}

static const int64_t *run_exprs(const Code *code, Run *run) {
  int64_t *values = ARENA_ARRAY(run->arena, int64_t, code->n);
  for (int i = 0; i < code->n; i++) values[i] = run_code(code->list[i], run).i;
  return values;
}

/* Memory lives while the body runs. */
static EvalValue run_allocate(const Code *code, Run *run) {
  ArenaMark mark = arena_mark(run->arena);
  const int64_t *extent = run_exprs(code, run);
  run->slot[code->slot].memory =
      allocate(run, code->n, extent, code->type, code->node);
  run_code(code->a, run);
  arena_rewind(run->arena, mark);
  return done;
}

/* A temporary that the machine's calls name has to be its memory. */
static EvalValue run_machine_allocate(const Code *code, Run *run) {
  const EvalHooks *hooks = run->hooks;
  if (!hooks || !hooks->allocate) return run_allocate(code, run);
  ArenaMark mark = arena_mark(run->arena);
  const int64_t *extent = run_exprs(code, run);
  EvalMemory *memory = describe(run, code->n, extent, code->type, code->node);
  leave_on_error(run, hooks->allocate(hooks->self, memory->size, memory,
                                      &run->arena->trap->diag));
  run->slot[code->slot].memory = memory;
  run_code(code->a, run);
  arena_rewind(run->arena, mark);
  return done;
}

/* list holds the minima, then the extents. */
static EvalValue run_realize(const Code *code, Run *run) {
  ArenaMark mark = arena_mark(run->arena);
  const int64_t *bounds = run_exprs(code, run);
  int ndim = code->n / 2;
  EvalMemory *memory =
      allocate(run, ndim, bounds + ndim, code->type, code->node);
  memory->min = bounds;
  run->slot[code->slot].memory = memory;
  run_code(code->a, run);
  arena_rewind(run->arena, mark);
  return done;
}

/* A virtual thread's body runs once for each value of its variable. */
static EvalValue run_virtual_thread(const Code *code, Run *run) {
  int64_t extent = run_code(code->a, run).i;
  for (int64_t i = 0; i < extent; i++) {
    run->slot[code->slot].i = i;
    run_code(code->b, run);
  }
  return done;
}

static EvalValue run_kernel(const Code *code, Run *run) {
  enum { MOST_CAPTURED = 32 };
  int64_t captured[MOST_CAPTURED];
  const EvalHooks *hooks = run->hooks;
  Diag *diag = &run->arena->trap->diag;
  if (!hooks || code->n > MOST_CAPTURED)
    fail(run->arena, D_NO_MACHINE, "a micro-op kernel needs a machine");
  for (int i = 0; i < code->n; i++) captured[i] = run->slot[code->slots[i]].i;
  bool wanted = true;
  leave_on_error(
      run, hooks->enter_kernel(hooks->self, code->constant.text, code->site,
                               code->n, captured, &wanted, diag));
  if (!wanted) return done;
  run_code(code->a, run);
  leave_on_error(run, hooks->leave_kernel(hooks->self, diag));
  return done;
}

/* ---- Preparing ---------------------------------------------------------- */

int slot_of(Preparation *prep, const Var *var) {
  intptr_t slot = (intptr_t)ptrmap_get(&prep->slots, var);
  if (!slot) {
    slot = ++prep->n_slots;
    ptrmap_set(&prep->slots, var, (void *)slot);
  }
  return (int)slot - 1;
}

/* The integer variables that a kernel's body uses and does not define. */
typedef struct Captures {
  Walker walker;
  Preparation *prep;
  PtrMap defined;
  VEC(int) slots;
} Captures;

static void capture_var(Walker *walker, const Expr *expr) {
  Captures *captures = (Captures *)walker;
  if (AS(Var, expr)->scope || ptrmap_has(&captures->defined, expr)) return;
  ptrmap_set(&captures->defined, expr, expr);
  vec_push(captures->prep->arena, &captures->slots,
           slot_of(captures->prep, AS(Var, expr)));
}

static void capture_for(Walker *walker, const Stmt *stmt) {
  Captures *captures = (Captures *)walker;
  ptrmap_set(&captures->defined, AS(For, stmt)->var, stmt);
  walk_stmt_children(walker, stmt);
}

static void capture_let(Walker *walker, const Stmt *stmt) {
  Captures *captures = (Captures *)walker;
  walk_expr(walker, AS(LetStmt, stmt)->value);
  ptrmap_set(&captures->defined, AS(LetStmt, stmt)->var, stmt);
  walk_stmt(walker, AS(LetStmt, stmt)->body);
}

static const Code *prepare_kernel(Preparation *prep, const Attr *attr) {
  static const ExprVisit exprs[EXPR_KINDS] = {[VAR] = capture_var};
  static const StmtVisit stmts[STMT_KINDS] = {
      [FOR] = capture_for, [LET_STMT] = capture_let};
  Captures captures = {.walker = WALKER(exprs, stmts), .prep = prep};
  ptrmap_init(&captures.defined, prep->arena);
  walk_stmt(&captures.walker, attr->body);
  Code *code = new_code(prep, run_kernel);
  code->site = prep->n_sites++;
  code->constant.text = AS(StringImm, attr->value)->value;
  code->n = captures.slots.n;
  code->slots = captures.slots.at;
  code->a = prepare_stmt(prep, attr->body);
  return code;
}

static const Code *prepare_attr(Preparation *prep, const Attr *attr) {
  if (!strcmp(attr->key, "coproc_uop_scope")) return prepare_kernel(prep, attr);
  if (strcmp(attr->key, "virtual_thread"))
    return prepare_stmt(prep, attr->body);
  const IterVar *thread = attr->node.first;
  Code *code = new_code(prep, run_virtual_thread);
  code->slot = slot_of(prep, thread->var);
  code->a = prepare_expr(prep, attr->value);
  code->b = prepare_stmt(prep, attr->body);
  return code;
}

static const Code *prepare_for(Preparation *prep, const For *loop) {
  Code *code = new_code(prep, run_for);
  code->slot = slot_of(prep, loop->var);
  code->a = prepare_expr(prep, loop->min);
  code->b = prepare_expr(prep, loop->extent);
  code->c = prepare_stmt(prep, loop->body);
  return code;
}

static const Code *prepare_let_stmt(Preparation *prep, const LetStmt *let) {
  Code *code = new_code(prep, run_let_stmt);
  code->a = prepare_expr(prep, let->value);
  code->slot = slot_of(prep, let->var);
  code->b = prepare_stmt(prep, let->body);
  return code;
}

static const Code *prepare_store(Preparation *prep, const Store *store) {
  Code *code = new_code(prep, run_store);
  prepare_access(prep, code, store->buffer, store->n, store->index);
  code->a = prepare_expr(prep, store->value);
  code->site = store->value->type.lanes;
  return code;
}

static const Code *prepare_allocate(Preparation *prep,
                                    const Allocate *allocation) {
  Code *code = new_code(prep, run_allocate);
  code->slot = slot_of(prep, allocation->var);
  code->type = allocation->type;
  code->n = allocation->n;
  code->list = prepare_exprs(prep, allocation->n, allocation->extent);
  code->node = allocation->var->scope;
  code->a = prepare_stmt(prep, allocation->body);
  if (ptrmap_has(&prep->named, allocation->var))
    code->run = run_machine_allocate;
  return code;
}

/* A parameter is realized outside: only its body runs. */
static const Code *prepare_realize(Preparation *prep, const Realize *realize) {
  if (ptrmap_has(&prep->slots, realize->buffer->data))
    return prepare_stmt(prep, realize->body);
  int n = realize->buffer->n;
  Code *code = new_code(prep, run_realize);
  const Code **list = ARENA_ARRAY(prep->arena, const Code *, 2 * n);
  for (int i = 0; i < n; i++) {
    list[i] = prepare_expr(prep, realize->bound[i].min);
    list[n + i] = prepare_expr(prep, realize->bound[i].extent);
  }
  code->slot = slot_of(prep, realize->buffer->data);
  code->type = realize->buffer->type;
  code->n = 2 * n;
  code->list = list;
  code->node = realize->buffer->data->scope;
  code->a = prepare_stmt(prep, realize->body);
  return code;
}

static const Code *prepare_seq(Preparation *prep, const Seq *seq) {
  Code *code = new_code(prep, run_seq);
  const Code **list = ARENA_ARRAY(prep->arena, const Code *, seq->n);
  for (int i = 0; i < seq->n; i++) list[i] = prepare_stmt(prep, seq->at[i]);
  code->n = seq->n;
  code->list = list;
  return code;
}

static const Code *prepare_if(Preparation *prep, const If *branch) {
  Code *code = new_code(prep, run_if);
  code->a = prepare_expr(prep, branch->condition);
  code->b = prepare_stmt(prep, branch->then_part);
  if (branch->else_part) code->c = prepare_stmt(prep, branch->else_part);
  return code;
}

static const Code *prepare_assert(Preparation *prep, const Assert *assertion) {
  Code *code = new_code(prep, run_assert);
  code->a = prepare_expr(prep, assertion->condition);
  code->node = assertion->message;
  code->b = prepare_stmt(prep, assertion->body);
  return code;
}

const Code *prepare_stmt(Preparation *prep, const Stmt *stmt) {
  switch ((StmtKind)stmt->kind) {
    case LET_STMT: return prepare_let_stmt(prep, AS(LetStmt, stmt));
    case ATTR: return prepare_attr(prep, AS(Attr, stmt));
    case FOR: return prepare_for(prep, AS(For, stmt));
    case ALLOCATE: return prepare_allocate(prep, AS(Allocate, stmt));
    case STORE: return prepare_store(prep, AS(Store, stmt));
    case REALIZE: return prepare_realize(prep, AS(Realize, stmt));
    case IF: return prepare_if(prep, AS(If, stmt));
    case SEQ: return prepare_seq(prep, AS(Seq, stmt));
    case EVALUATE: return prepare_expr(prep, AS(Evaluate, stmt)->value);
    case ASSERT: return prepare_assert(prep, AS(Assert, stmt));
    case STMT_KINDS: break;
  }
  BUG("not a statement");
}

static const int64_t *shape_of(Arena *arena, const Buffer *buffer) {
  int64_t *extent = ARENA_ARRAY(arena, int64_t, buffer->n);
  for (int i = 0; i < buffer->n; i++)
    extent[i] = as_int(buffer->shape[i])->value;
  return extent;
}

EvalProgram *eval_prepare(Arena *arena, const Func *func) {
  Preparation prep = {.arena = arena};
  ptrmap_init(&prep.slots, arena);
  ptrmap_init(&prep.named, arena);
  EvalProgram *program = ARENA_NEW(arena, EvalProgram);
  int *params = ARENA_ARRAY(arena, int, func->n);
  int *data = ARENA_ARRAY(arena, int, func->n);
  program->extents = ARENA_ARRAY(arena, const int64_t *, func->n);
  for (int i = 0; i < func->n; i++) {
    const Param *param = &func->param[i];
    params[i] = slot_of(&prep, param->var);
    data[i] = slot_of(&prep, param->buffer->data);
    program->extents[i] = shape_of(arena, param->buffer);
  }
  program->func = func;
  program->param_slots = params;
  program->data_slots = data;
  program->body = prepare_stmt(&prep, func->body);
  program->n_slots = prep.n_slots;
  return program;
}

static void bind_params(const EvalProgram *program, const EvalMemory *args,
                        Run *run) {
  for (int i = 0; i < program->func->n; i++) {
    EvalMemory *memory = arena_copy(run->arena, &args[i], sizeof *memory);
    memory->ndim = program->func->param[i].buffer->n;
    memory->extent = program->extents[i];
    run->slot[program->param_slots[i]].memory = memory;
    run->slot[program->data_slots[i]].memory = memory;
  }
}

vtac_status eval_run(const EvalProgram *program, const EvalMemory *args,
                     const EvalHooks *hooks, Diag *diag) {
  Trap trap;
  Arena arena;
  arena_init(&arena, &trap);
  if (setjmp(trap.here)) {
    if (diag) *diag = trap.diag;
    vtac_status status = trap.diag.status;
    arena_clear(&arena);
    return status;
  }
  Run run = {.hooks = hooks, .arena = &arena};
  run.slot = ARENA_ARRAY(&arena, EvalValue, program->n_slots);
  bind_params(program, args, &run);
  run_code(program->body, &run);
  arena_clear(&arena);
  return VTAC_OK;
}
