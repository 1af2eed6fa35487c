/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of lowering and building (vtac/lower.h).
 *
 * Intermediate IR lives in the context's work arena, which is emptied before
 * the call returns; a text is copied to the context's arena, a function to
 * the module's. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "compile/context.h"
#include "compile/pipeline.h"
#include "ir/analysis.h"
#include "ir/clone.h"
#include "ir/print.h"
#include "ir/traverse.h"
#include "runtime/module.h"
#include "runtime/objects.h"
#include "sched/sched.h"
#include "vtac/pass.h"

/* ---- Options ------------------------------------------------------------ */

/* Hands the manager's observations to the user's callback. */
typedef struct Reporter {
  PassObserver observer;
  const vtac_lower_options *options;
  Arena *arena;
} Reporter;

static void report_pass(void *self, int index, const PassInfo *pass,
                        const Func *before, const Func *after, double seconds) {
  Reporter *reporter = self;
  Strbuf text = {0};
  if (reporter->options->want_text) {
    strbuf_init(&text, reporter->arena);
    print_func(&text, after);
  }
  const vtac_pass_event event = {index, pass->name, text.text, after != before,
                                 seconds};
  reporter->options->on_pass(reporter->options->user, &event);
}

/* A user's pass calls the public API on the context whose call is running. */
typedef struct UserCall {
  vtac_context *context;
  const vtac_user_pass *pass;
} UserCall;

static const Stmt *call_user_pass(void *self, const Stmt *body) {
  const UserCall *call = self;
  vtac_context *c = call->context;
  jmp_buf here;
  const char *name = c->call;
  memcpy(&here, &c->trap.here, sizeof here);
  c->in_pass = true;
  vtac_stmt result = call->pass->run(call->pass->user, c, (vtac_stmt)body);
  c->in_pass = false;
  memcpy(&c->trap.here, &here, sizeof here);
  c->call = name;
  if (c->error.status) longjmp(c->trap.here, 1);
  return (const Stmt *)result;
}

static void take_user_passes(vtac_context *c, const vtac_lower_options *options,
                             LowerOptions *result) {
  int n = options->pass_count;
  if (n < 0)
    fail(&c->arena, D_ARGUMENT, "%s: %d is no number of passes", c->call, n);
  if (n) need_argument(c, options->passes, "passes");
  UserPass *passes = ARENA_ARRAY(&c->work, UserPass, n);
  for (int i = 0; i < n; i++) {
    const vtac_user_pass *pass = &options->passes[i];
    need_argument(c, pass->name, "name of a pass");
    if (!pass->run || pass->phase < 0 || pass->phase > LAST_PHASE)
      fail(&c->arena, D_ARGUMENT,
           "%s: pass '%s' must have a function and a phase of 0 to %d", c->call,
           pass->name, LAST_PHASE);
    UserCall *call = ARENA_NEW(&c->work, UserCall);
    *call = (UserCall){c, pass};
    passes[i] =
        (UserPass){pass->name, pass->phase, pass->before, call, call_user_pass};
  }
  result->n_user = n;
  result->user = passes;
}

static LowerOptions internal_options(vtac_context *c,
                                     const vtac_lower_options *options,
                                     Reporter *reporter) {
  LowerOptions result = {0};
  if (!options) return result;
  result.accelerator = options->accelerator;
  result.verify = options->verify;
  need_list(c, options->disabled_count, options->disabled, "disabled");
  for (int i = 0; i < options->disabled_count; i++) {
    int pass = pass_by_name(options->disabled[i]);
    if (pass < 0)
      fail(&c->arena, D_ARGUMENT, "%s: there is no pass '%s' to disable",
           c->call, options->disabled[i]);
    result.disabled[pass] = true;
  }
  take_user_passes(c, options, &result);
  if (options->on_pass) {
    *reporter = (Reporter){{reporter, report_pass}, options, &c->work};
    result.observer = &reporter->observer;
  }
  return result;
}

/* ---- Lowering ----------------------------------------------------------- */

/* What is lowered: the arguments of both public calls. */
typedef struct Request {
  vtac_schedule schedule;
  int n;
  const vtac_tensor *args;
  const char *name;
  const vtac_lower_options *options;
  bool for_build;
} Request;

typedef struct PushFinder {
  Walker walker;
  bool found;
} PushFinder;

static void find_push(Walker *walker, const Expr *expr) {
  if (AS(Call, expr)->op == OP_UOP_PUSH) ((PushFinder *)walker)->found = true;
}

static void check_intrin(vtac_context *c, const Stage *stage,
                         const TensorIntrin *intrin) {
  static const ExprVisit exprs[EXPR_KINDS] = {[CALL] = find_push};
  PushFinder finder = {.walker = WALKER(exprs, NULL)};
  walk_stmt(&finder.walker, intrin->body);
  if (finder.found)
    fail(&c->work, D_NO_ACCELERATOR,
         "stage '%s' is tensorized, which only the accelerator can run",
         stage->op->name);
}

/* On-chip memory is memory like any other without the accelerator's passes, but
 * nobody turns the pointers of micro-ops into element numbers. */
static void check_host(vtac_context *c, const Schedule *schedule) {
  for (int i = 0; i < schedule->stage.n; i++) {
    const Stage *stage = schedule->stage.at[i];
    for (int k = 0; k < stage->leaf.n; k++) {
      const IterAttr *attr = ptrmap_get(&stage->attr, stage->leaf.at[k]);
      if (attr && attr->intrin) check_intrin(c, stage, attr->intrin);
    }
  }
}

static const Func *lower(vtac_context *c, const Request *request) {
  static const char *const marks[] = {"dma_copy", "alu", NULL};
  Reporter reporter;
  if (c->in_pass)
    fail(&c->arena, D_ARGUMENT, "%s: a pass cannot lower on its own context",
         c->call);
  need_argument(c, request->schedule, "schedule");
  need_argument(c, request->name, "name");
  need_list(c, request->n, request->args, "args");
  LowerOptions options = internal_options(c, request->options, &reporter);
  options.for_build = request->for_build;
  const VtaEnv *env = context_env(c);
  const PassContext context = {&c->work, &c->scratch, env, VTA_SCOPES,
                               env->scope};
  const Schedule *schedule = (const Schedule *)request->schedule;
  if (options.accelerator) {
    sched_check_reads(&c->work, &c->scratch, schedule);
    schedule = sched_undo_inside(&c->scratch, schedule, marks);
  } else if (options.for_build) {
    check_host(c, schedule);
  }
  const Func *func =
      sched_lower(&c->work, &c->scratch, schedule, request->n,
                  (const Tensor *const *)request->args, request->name);
  arena_reset(&c->scratch);
  return lower_func(&context, &options, func);
}

static const char *lower_text(vtac_context *c, const Request *request) {
  BOUNDARY_OF("vtac_lower_text", c, NULL);
  const Func *func = lower(c, request);
  Strbuf text;
  strbuf_init(&text, &c->work);
  print_func(&text, func);
  return arena_strdup(&c->arena, text.text);
}

const char *vtac_lower_text(vtac_context *c, vtac_schedule schedule, int n,
                            const vtac_tensor *args, const char *name,
                            const vtac_lower_options *options) {
  const Request request = {schedule, n, args, name, options, false};
  const char *text = lower_text(c, &request);
  if (c) context_end_call(c);
  return text;
}

/* ---- Building ----------------------------------------------------------- */

/* The module's function in the arena that the module will take over. */
static const Func *lower_into(vtac_context *c, const Request *request,
                              Arena *arena) {
  BOUNDARY_OF("vtac_build", c, NULL);
  const Func *func = lower(c, request);
  const Stmt *body = inline_vector_lets(&c->work, func->body);
  return clone_func(arena, func_with_body(&c->work, func, body));
}

vtac_module *vtac_build(vtac_context *c, vtac_schedule schedule, int n,
                        const vtac_tensor *args, const char *name,
                        const vtac_lower_options *options) {
  const Request request = {schedule, n, args, name, options, true};
  Arena arena;
  Diag diag;
  if (!c) return NULL;
  arena_init(&arena, &c->trap);
  const Func *func = lower_into(c, &request, &arena);
  context_end_call(c);
  if (!func) {
    arena_clear(&arena);
    return NULL;
  }
  bool accelerator = options && options->accelerator;
  vtac_module *module =
      module_new(&arena, func, &c->config, accelerator, &diag);
  if (!module) report_error(&c->error, &diag);
  return module;
}

vtac_array *vtac_array_like(vtac_device *device, vtac_tensor tensor,
                            vtac_error *error) {
  if (is_missing(tensor, "vtac_array_like", "tensor", error)) return NULL;
  int64_t shape[MOST_DIMS];
  int n = vtac_tensor_ndim(tensor);
  for (int i = 0; i < n; i++) shape[i] = vtac_tensor_dim(tensor, i);
  return vtac_array_new(device, vtac_tensor_dtype(tensor), n, shape, error);
}

const char *vtac_pass_name(int index, const char **ret_what,
                           const char **ret_needs,
                           const char **ret_establishes) {
  if (index < 0 || index >= PASSES) return NULL;
  const PassInfo *pass = &pass_table[index];
  if (ret_what) *ret_what = pass->what;
  if (ret_needs) *ret_needs = pass->needs;
  if (ret_establishes) *ret_establishes = pass->establishes;
  return pass->name;
}
