/* SPDX-License-Identifier: Apache-2.0 */
/* The lowering pipeline, top to bottom, and the manager that runs it.
 *
 * The accelerator's passes run among the general ones, in three phases: at the
 * end of flat memory (1: loops still show the tensors' structure), after
 * virtual threads (2: each copy of a statement has its own addresses), and at
 * the very end (3).  A user's passes run there, too, before or after them, and
 * before all others (0). */
#include "compile/pipeline.h"

#include <string.h>
#include <time.h>

#include "base/trap.h"
#include "ir/verify.h"

typedef enum When { ALWAYS, ACCELERATOR, BUILD } When;

typedef struct Row {
  PassId pass;
  When when;
  int phase; /* of the accelerator's passes */
} Row;

static const Row pipeline[] = {
    /* loop nests over tensors -> loops over flat memory */
    {PASS_StorageFlatten, ALWAYS, 0},
    {PASS_Simplify, ALWAYS, 0},
    /* find what the accelerator's units do, and order them by tokens */
    {PASS_SplitFusedLoops, ACCELERATOR, 1},
    {PASS_ClampLoops, ACCELERATOR, 1},
    {PASS_SinkMarks, ACCELERATOR, 1},
    {PASS_LiftThreadBuffers, ACCELERATOR, 1},
    {PASS_InjectDMAIntrin, ACCELERATOR, 1},
    {PASS_InjectSkipCopy, ACCELERATOR, 1},
    {PASS_AnnotateALUCoProcScope, ACCELERATOR, 1},
    {PASS_LiftUopScope, ACCELERATOR, 1},
    {PASS_LiftAllocToScopeBegin, ACCELERATOR, 1},
    {PASS_LiftCoProcScope, ACCELERATOR, 1},
    {PASS_CoProcSync, ACCELERATOR, 1},
    {PASS_EarlyRewrite, ACCELERATOR, 1},
    /* loops of special kinds -> plain loops, memory -> shared allocations */
    {PASS_LoopPartition, BUILD, 0},
    {PASS_VectorizeLoop, ALWAYS, 0},
    {PASS_InjectVirtualThread, ALWAYS, 0},
    {PASS_StorageRewrite, ALWAYS, 0},
    {PASS_UnrollLoop, ALWAYS, 0},
    {PASS_InjectALUIntrin, ACCELERATOR, 2},
    /* clean up */
    {PASS_RenormalizeSplitPattern, ALWAYS, 0},
    {PASS_Simplify, ALWAYS, 0},
    {PASS_RemoveNoOp, ALWAYS, 0},
    {PASS_RewriteUnsafeSelect, ALWAYS, 0},
    {PASS_HoistIfThenElse, ALWAYS, 0},
    /* on-chip pointers -> element indices, loops -> instruction loops */
    {PASS_LowerDeviceStorageAccess, ACCELERATOR, 3},
    {PASS_FoldUopLoop, ACCELERATOR, 3},
    {PASS_CPUAccessRewrite, ACCELERATOR, 3},
    {PASS_CommonSubexprElim, ALWAYS, 0},
};

const PassInfo pass_table[PASSES] = {
#define PASS(name, function, ...) \
  [PASS_##name] = {#name, function, __VA_ARGS__},
#include "pass/passes.def"
#undef PASS
};

int pass_by_name(const char *name) {
  for (int i = 0; i < PASSES; i++)
    if (!strcmp(pass_table[i].name, name)) return i;
  return -1;
}

static bool wanted(const LowerOptions *options, PassId pass, When when) {
  if (options->disabled[pass]) return false;
  switch (when) {
    case ALWAYS: return true;
    case ACCELERATOR: return options->accelerator;
    case BUILD: return options->for_build;
  }
  return false;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const Func *run_pass(const PassContext *context,
                            const LowerOptions *options, int index,
                            const PassInfo *pass, const Func *before) {
  const PassObserver *observer = options->observer;
  ArenaMark mark = arena_mark(context->scratch);
  double start = observer ? now() : 0;
  const Func *after = pass->run(context, before);
  double seconds = observer ? now() - start : 0;
  arena_rewind(context->scratch, mark);
  if (options->verify && after != before)
    verify_func(context->scratch, after, pass->name);
  if (observer)
    observer->after_pass(observer->self, index, pass, before, after, seconds);
  return after;
}

/* ---- Passes from outside ------------------------------------------------ */

/* What is wrong with the result is the user's mistake. */
static const Func *run_user_pass(const PassContext *context,
                                 const UserPass *pass, const Func *func) {
  const Stmt *body = pass->run(pass->self, func->body);
  if (!body)
    fail(context->arena, D_USER_PASS, "pass '%s' returned no statement",
         pass->name);
  const Func *result = func_with_body(context->arena, func, body);
  const char *flaw = find_flaw(context->scratch, result);
  if (flaw)
    fail(context->arena, D_USER_PASS, "pass '%s' made a malformed function: %s",
         pass->name, flaw);
  return result;
}

/* The manager's state. */
typedef struct Manager {
  const PassContext *context;
  const LowerOptions *options;
  int index; /* of the next pass to run */
  const Func *func;
} Manager;

static void report_user_pass(Manager *m, const UserPass *pass,
                             const Func *before, double start) {
  const PassObserver *observer = m->options->observer;
  const PassInfo info = {.name = pass->name};
  if (observer)
    observer->after_pass(observer->self, m->index, &info, before, m->func,
                         now() - start);
}

static void run_user_passes(Manager *m, int phase, bool before) {
  const LowerOptions *options = m->options;
  for (int i = 0; i < options->n_user; i++) {
    const UserPass *pass = &options->user[i];
    if (pass->phase != phase || pass->before != before) continue;
    const Func *old = m->func;
    double start = now();
    m->func = run_user_pass(m->context, pass, old);
    report_user_pass(m, pass, old, start);
    m->index++;
  }
}

/* ---- The manager -------------------------------------------------------- */

static void run_row(Manager *m, const Row *row) {
  if (wanted(m->options, row->pass, row->when))
    m->func = run_pass(m->context, m->options, m->index++,
                       &pass_table[row->pass], m->func);
}

const Func *lower_func(const PassContext *context, const LowerOptions *options,
                       const Func *func) {
  Manager m = {context, options, 0, func};
  int phase = 0;
  run_user_passes(&m, 0, true);
  run_user_passes(&m, 0, false);
  for (size_t i = 0; i < sizeof pipeline / sizeof *pipeline; i++) {
    if (phase && pipeline[i].phase != phase) run_user_passes(&m, phase, false);
    if (pipeline[i].phase && pipeline[i].phase != phase)
      run_user_passes(&m, pipeline[i].phase, true);
    phase = pipeline[i].phase;
    run_row(&m, &pipeline[i]);
  }
  return m.func;
}
