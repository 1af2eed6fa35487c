/* SPDX-License-Identifier: Apache-2.0 */
/* The lowering pipeline, top to bottom, and the manager that runs it.
 *
 * The accelerator's passes run among the general ones: at the end of flat
 * memory (loops still show the tensors' structure), after virtual threads
 * (each copy of a statement has its own addresses), and at the very end. */
#include "compile/pipeline.h"

#include <string.h>
#include <time.h>

#include "ir/verify.h"

typedef enum When { ALWAYS, ACCELERATOR, BUILD } When;

static const struct {
  PassId pass;
  When when;
} pipeline[] = {
    /* loop nests over tensors -> loops over flat memory */
    {PASS_StorageFlatten, ALWAYS},
    {PASS_Simplify, ALWAYS},
    /* find what the accelerator's units do, and order them by tokens */
    {PASS_ClampLoops, ACCELERATOR},
    {PASS_LiftThreadBuffers, ACCELERATOR},
    {PASS_InjectDMAIntrin, ACCELERATOR},
    {PASS_InjectSkipCopy, ACCELERATOR},
    {PASS_AnnotateALUCoProcScope, ACCELERATOR},
    {PASS_LiftUopScope, ACCELERATOR},
    {PASS_LiftAllocToScopeBegin, ACCELERATOR},
    {PASS_LiftCoProcScope, ACCELERATOR},
    {PASS_CoProcSync, ACCELERATOR},
    {PASS_EarlyRewrite, ACCELERATOR},
    /* loops of special kinds -> plain loops, memory -> shared allocations */
    {PASS_LoopPartition, BUILD},
    {PASS_VectorizeLoop, ALWAYS},
    {PASS_InjectVirtualThread, ALWAYS},
    {PASS_StorageRewrite, ALWAYS},
    {PASS_UnrollLoop, ALWAYS},
    {PASS_InjectALUIntrin, ACCELERATOR},
    /* clean up */
    {PASS_RenormalizeSplitPattern, ALWAYS},
    {PASS_Simplify, ALWAYS},
    {PASS_RemoveNoOp, ALWAYS},
    {PASS_RewriteUnsafeSelect, ALWAYS},
    {PASS_HoistIfThenElse, ALWAYS},
    /* on-chip pointers -> element indices, loops -> instruction loops */
    {PASS_LowerDeviceStorageAccess, ACCELERATOR},
    {PASS_FoldUopLoop, ACCELERATOR},
    {PASS_CPUAccessRewrite, ACCELERATOR},
    {PASS_CommonSubexprElim, ALWAYS},
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

const Func *lower_func(const PassContext *context, const LowerOptions *options,
                       const Func *func) {
  int index = 0;
  for (size_t i = 0; i < sizeof pipeline / sizeof *pipeline; i++)
    if (wanted(options, pipeline[i].pass, pipeline[i].when))
      func = run_pass(context, options, index++, &pass_table[pipeline[i].pass],
                      func);
  return func;
}
