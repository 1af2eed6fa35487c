/* SPDX-License-Identifier: Apache-2.0 */
/* Planning the native form of a function: parameters, micro-op scopes and
 * what each of them captures. */
#include "native/plan.h"

#include <string.h>

#include "base/trap.h"
#include "base/vec.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/make.h"
#include "ir/traverse.h"
#include "native/checks.h"
#include "native/written.h"

/* ---- Parameters --------------------------------------------------------- */

static PlanParam plan_param(Arena *arena, const Param *param) {
  const Buffer *buffer =
      param->preflattened ? param->preflattened : param->buffer;
  int64_t *shape = ARENA_ARRAY(arena, int64_t, buffer->n);
  for (int i = 0; i < buffer->n; i++) {
    const IntImm *extent = as_int(buffer->shape[i]);
    if (!extent)
      fail(arena, D_CODEGEN, "dimension %d of '%s' is not a constant", i,
           buffer->name);
    shape[i] = extent->value;
  }
  return (PlanParam){.name = buffer->name,
                     .type = buffer->type,
                     .n = buffer->n,
                     .shape = shape,
                     .data = param->buffer->data};
}

/* ---- One walk over the body --------------------------------------------- */

typedef struct Planner {
  Walker walker;
  Arena *arena;
  HostPlan *plan;
  VEC(Site) sites;
  VEC(const Attr *) scopes;
  /* around the current statement: */
  VEC(const LetStmt *) lets;
  VEC(const For *) loops;
} Planner;

static bool takes_handle(Op op) {
  return op == OP_THREAD_CONTEXT || op == OP_COMMAND_HANDLE ||
         op == OP_COPROC_SYNC || op == OP_COPROC_DEP_PUSH ||
         op == OP_COPROC_DEP_POP || op == OP_COPROC_READ_BARRIER ||
         op == OP_COPROC_WRITE_BARRIER;
}

static void see_call(Walker *walker, const Expr *expr) {
  Planner *planner = (Planner *)walker;
  const Call *call = AS(Call, expr);
  if (takes_handle(call->op)) planner->plan->uses_vta = true;
  walk_expr_children(walker, expr);
}

/* ---- Micro-op scopes ---------------------------------------------------- */

/* Values of a closure that TVM's runtime tells apart. */
enum { MAX_KEYS = 99 };

/* The variables that a scope's body uses and does not define. */
typedef struct Captures {
  Walker walker;
  Arena *arena;
  PtrMap seen; /* captured or defined inside */
  VEC(const Var *) vars;
  bool uses_handle;
} Captures;

static void capture(Captures *captures, const Var *var) {
  if (ptrmap_has(&captures->seen, var)) return;
  ptrmap_set(&captures->seen, var, var);
  vec_push(captures->arena, &captures->vars, var);
}

static void capture_var(Walker *walker, const Expr *expr) {
  capture((Captures *)walker, AS(Var, expr));
}

static void capture_load(Walker *walker, const Expr *expr) {
  capture((Captures *)walker, AS(Load, expr)->buffer->data);
  walk_expr_children(walker, expr);
}

static void capture_call(Walker *walker, const Expr *expr) {
  if (takes_handle(AS(Call, expr)->op))
    ((Captures *)walker)->uses_handle = true;
  walk_expr_children(walker, expr);
}

static void capture_let_expr(Walker *walker, const Expr *expr) {
  walk_expr(walker, AS(Let, expr)->value);
  ptrmap_set(&((Captures *)walker)->seen, AS(Let, expr)->var, expr);
  walk_expr(walker, AS(Let, expr)->body);
}

static void capture_let(Walker *walker, const Stmt *stmt) {
  walk_expr(walker, AS(LetStmt, stmt)->value);
  ptrmap_set(&((Captures *)walker)->seen, AS(LetStmt, stmt)->var, stmt);
  walk_stmt(walker, AS(LetStmt, stmt)->body);
}

static void capture_for(Walker *walker, const Stmt *stmt) {
  const For *loop = AS(For, stmt);
  walk_expr(walker, loop->min);
  walk_expr(walker, loop->extent);
  ptrmap_set(&((Captures *)walker)->seen, loop->var, stmt);
  walk_stmt(walker, loop->body);
}

static Captures find_captures(Arena *arena, const Stmt *body) {
  static const ExprVisit exprs[EXPR_KINDS] = {[VAR] = capture_var,
                                              [LOAD] = capture_load,
                                              [CALL] = capture_call,
                                              [LET] = capture_let_expr};
  static const StmtVisit stmts[STMT_KINDS] = {
      [LET_STMT] = capture_let, [FOR] = capture_for};
  Captures captures = {.walker = WALKER(exprs, stmts), .arena = arena};
  ptrmap_init(&captures.seen, arena);
  walk_stmt(&captures.walker, body);
  return captures;
}

static bool captures_var(const Captures *captures, const Var *var) {
  for (int i = 0; i < captures->vars.n; i++)
    if (captures->vars.at[i] == var) return true;
  return false;
}

/* The body with the names around it that it uses, as far as they stand for
 * plain arithmetic: what is captured then are the loops they depend on. */
static const Stmt *with_lets(const Planner *planner, const Stmt *body) {
  for (int i = planner->lets.n - 1; i >= 0; i--) {
    const LetStmt *let = planner->lets.at[i];
    Captures captures = find_captures(planner->arena, body);
    if (captures_var(&captures, let->var) &&
        expr_effect(let->value) <= EFFECT_PURE)
      body = make_let_stmt(planner->arena, let->var, let->value, body);
  }
  return body;
}

static const For *loop_of(const Planner *planner, const Var *var) {
  for (int i = 0; i < planner->loops.n; i++)
    if (planner->loops.at[i]->var == var) return planner->loops.at[i];
  return NULL;
}

/* A number for each step of the loops whose variables are captured, outermost
 * digit first; NULL unless all are loops of constant extent and the runtime
 * has room for so many. */
static const Expr *closure_key(const Planner *planner, int n,
                               const Var *const *captured) {
  Arena *arena = planner->arena;
  const Expr *key = make_i32(arena, 0);
  int64_t count = 1;
  for (int i = 0; i < n; i++) {
    const For *loop = loop_of(planner, captured[i]);
    const IntImm *extent = loop ? as_int(loop->extent) : NULL;
    if (!extent || !as_int(loop->min) || extent->value > MAX_KEYS) return NULL;
    count *= extent->value;
    if (count > MAX_KEYS) return NULL;
    key = ex_add(arena, ex_muli(arena, key, extent->value),
                 ex_sub(arena, &captured[i]->e, loop->min));
  }
  return key;
}

/* TVM's runtime knows a kernel by one int32 at most, and by few values of it.
 * So names such as those of CommonSubexprElim go into the body where that
 * leaves less to capture, and several loops are numbered. */
static Site plan_site(const Planner *planner, const Attr *scope) {
  const Stmt *body = scope->body;
  const Expr *key = NULL;
  Captures captures = find_captures(planner->arena, body);
  if (captures.vars.n > 1) {
    const Stmt *own = with_lets(planner, body);
    Captures loops = find_captures(planner->arena, own);
    if (loops.vars.n > 1)
      key = closure_key(planner, loops.vars.n, loops.vars.at);
    if (key || loops.vars.n < captures.vars.n) {
      captures = loops;
      body = own;
    }
  }
  return (Site){.body = body,
                .push = AS(StringImm, scope->value)->value,
                .key = key,
                .n = captures.vars.n,
                .captured = captures.vars.at,
                .uses_handle = captures.uses_handle};
}

static void see_let(Walker *walker, const Stmt *stmt) {
  Planner *planner = (Planner *)walker;
  const LetStmt *let = AS(LetStmt, stmt);
  walk_expr(walker, let->value);
  vec_push(planner->arena, &planner->lets, let);
  walk_stmt(walker, let->body);
  planner->lets.n--;
}

static void see_for(Walker *walker, const Stmt *stmt) {
  Planner *planner = (Planner *)walker;
  const For *loop = AS(For, stmt);
  walk_expr(walker, loop->min);
  walk_expr(walker, loop->extent);
  vec_push(planner->arena, &planner->loops, loop);
  walk_stmt(walker, loop->body);
  planner->loops.n--;
}

static void see_attr(Walker *walker, const Stmt *stmt) {
  Planner *planner = (Planner *)walker;
  const Attr *attr = AS(Attr, stmt);
  if (!strcmp(attr->key, "coproc_uop_scope")) {
    vec_push(planner->arena, &planner->sites, plan_site(planner, attr));
    vec_push(planner->arena, &planner->scopes, attr);
  }
  walk_stmt(walker, attr->body);
}

/* ---- The plan ----------------------------------------------------------- */

static void see_body(Arena *arena, HostPlan *plan) {
  static const ExprVisit exprs[EXPR_KINDS] = {[CALL] = see_call};
  static const StmtVisit stmts[STMT_KINDS] = {
      [ATTR] = see_attr, [LET_STMT] = see_let, [FOR] = see_for};
  Planner planner = {
      .walker = WALKER(exprs, stmts), .arena = arena, .plan = plan};
  walk_stmt(&planner.walker, plan->func->body);
  plan->n_sites = planner.sites.n;
  plan->site = planner.sites.at;
  ptrmap_init(&plan->site_of, arena);
  for (int i = 0; i < plan->n_sites; i++)
    ptrmap_set(&plan->site_of, planner.scopes.at[i], &plan->site[i]);
}

HostPlan *plan_host(Arena *arena, const Func *func, bool accelerator) {
  HostPlan *plan = ARENA_NEW(arena, HostPlan);
  PlanParam *param = ARENA_ARRAY(arena, PlanParam, func->n);
  bool *written = ARENA_ARRAY(arena, bool, func->n);
  find_written(arena, func, written);
  for (int i = 0; i < func->n; i++) {
    param[i] = plan_param(arena, &func->param[i]);
    param[i].written = written[i];
  }
  plan->func = func;
  plan->device_type = accelerator ? DEVICE_VTA : DEVICE_CPU;
  plan->record = "";
  plan->n_params = func->n;
  plan->param = param;
  see_body(arena, plan);
  plan_checks(arena, plan);
  return plan;
}

/* ---- Questions of both emitters ----------------------------------------- */

int64_t plan_elements(Arena *arena, const Allocate *allocation) {
  int64_t n = 1;
  for (int i = 0; i < allocation->n; i++) {
    const IntImm *extent = as_int(allocation->extent[i]);
    if (!extent || __builtin_mul_overflow(n, extent->value, &n))
      fail(arena, D_CODEGEN, "the size of buffer '%s' is not a constant",
           allocation->var->hint);
  }
  return n * allocation->type.lanes;
}

bool plan_is_pointer(const Var *var) { return var->scope != NULL; }

bool plan_divisor_is_safe(const Expr *divisor) {
  const IntImm *imm = as_int(divisor);
  return imm && imm->value != 0 && imm->value != -1;
}
