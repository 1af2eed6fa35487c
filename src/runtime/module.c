/* SPDX-License-Identifier: Apache-2.0 */
/* Running a module: arguments are checked, then its native code or the
 * evaluator runs the host side, and the machine's calls go to the device's
 * command queue. */
#include "runtime/module.h"

#include <stdlib.h>
#include <string.h>

#include "base/trap.h"
#include "ir/traverse.h"
#include "runtime/machine.h"
#include "runtime/objects.h"
#include "runtime/replay.h"

typedef struct FixedCheck {
  Walker walker;
  bool fixed;
} FixedCheck;

/* ---- Life --------------------------------------------------------------- */

static void meet_access(Walker *walker, const Expr *expr) {
  (void)expr;
  ((FixedCheck *)walker)->fixed = false;
}

static void meet_memory(Walker *walker, const Stmt *stmt) {
  (void)stmt;
  ((FixedCheck *)walker)->fixed = false;
}

/* A function that has no memory and touches none makes the same calls each
 * time. */
static bool makes_fixed_calls(const Func *func) {
  static const ExprVisit exprs[EXPR_KINDS] = {[LOAD] = meet_access};
  static const StmtVisit stmts[STMT_KINDS] = {
      [STORE] = meet_memory, [ALLOCATE] = meet_memory};
  FixedCheck check = {WALKER(exprs, stmts), true};
  walk_stmt(&check.walker, func->body);
  return check.fixed;
}

static vtac_status prepare(vtac_module *module, const HwConfig *config,
                           bool accelerator, Diag *diag) {
  Trap trap;
  module->arena.trap = &trap;
  if (setjmp(trap.here)) {
    *diag = trap.diag;
    return trap.diag.status;
  }
  module->info =
      info_of_func(&module->arena, module->func, config, accelerator);
  module->program = eval_prepare(&module->arena, module->func);
  module->arena.trap = NULL;
  return VTAC_OK;
}

vtac_module *module_new(Arena *arena, const Func *func, const HwConfig *config,
                        bool accelerator, Diag *diag) {
  vtac_module *module = calloc(1, sizeof *module);
  if (!module) {
    arena_clear(arena);
    diag_set(diag, D_NO_MEMORY, "cannot allocate a module");
    return NULL;
  }
  *module = (vtac_module){.arena = *arena,
                          .func = func,
                          .fixed = makes_fixed_calls(func),
                          .references = 1};
  if (!prepare(module, config, accelerator, diag)) return module;
  vtac_module_free(module);
  return NULL;
}

void module_retain(vtac_module *module) {
  atomic_fetch_add(&module->references, 1);
}

void vtac_module_free(vtac_module *module) {
  if (!module || atomic_fetch_sub(&module->references, 1) > 1) return;
  if (module->whole)
    vtac_module_free(module->whole);
  else
    native_unload(module->native);
  arena_clear(&module->arena);
  free(module);
}

const char *vtac_module_name(const vtac_module *module) {
  return module ? module->info.name : NULL;
}

/* ---- Running ------------------------------------------------------------ */

vtac_status module_evaluate(const vtac_module *module, vtac_device *device,
                            int n, vtac_array *const *args,
                            const SiteTable *sites, Diag *diag) {
  vtac_status status;
  EvalMemory *memory = calloc((size_t)n + 1, sizeof *memory);
  Machine *machine = machine_new(device->queue, sites);
  status = VTAC_NOMEM;
  if (memory && machine) {
    status = machine_bind(device->queue, n, args, memory, diag);
    if (!status)
      status = eval_run(module->program, memory, machine_hooks(machine), diag);
  } else {
    diag_set(diag, D_NO_MEMORY, "cannot allocate the state of a run");
  }
  queue_set_site(device->queue, 0);
  if (status) queue_reset(device->queue);
  machine_free(machine);
  free(memory);
  return status;
}

/* Runs as it did last time with these arrays, if it did; else evaluates the
 * function and remembers what came of it. */
static vtac_status refuse_run(const vtac_module *module, Diag *diag) {
  if (module->native->image)
    return diag_set(diag, D_ARGUMENT,
                    "'%s' holds several functions, the first is '%s'; say "
                    "which one is meant",
                    module->info.name, module->native->functions.at[0].name);
  return diag_set(diag, D_ARGUMENT,
                  "module '%s' was only described, not loaded",
                  module->info.name);
}

static vtac_status run(const vtac_module *module, vtac_device *device, int n,
                       vtac_array *const *args, Diag *diag) {
  vtac_status status = module_check_args(module, device, n, args, diag);
  if (status) return status;
  queue_begin(device->queue);
  if (!module->entry && !module->func) return refuse_run(module, diag);
  if (module->entry)
    return native_run(module->entry, &module->info, device, n, args, diag);
  if (!module->fixed)
    return module_evaluate(module, device, n, args, NULL, diag);
  const ReplayKey key = {(vtac_module *)module, n, args};
  if (replay_run(&device->replays, device->queue, key, &status)) {
    if (status) *diag = *queue_diag(device->queue);
    return status;
  }
  bool recording = queue_record_begin(device->queue);
  status = module_evaluate(module, device, n, args, NULL, diag);
  if (recording && !status) replay_add(&device->replays, device->queue, key);
  return status;
}

vtac_status vtac_module_run(const vtac_module *module, vtac_device *device,
                            int n, vtac_array *const *args, vtac_error *error) {
  static const char call[] = "vtac_module_run";
  Diag diag;
  if (is_missing(module, call, "module", error) ||
      is_missing(device, call, "device", error) ||
      (n > 0 && is_missing(args, call, "args", error)))
    return VTAC_INVALID;
  vtac_status status = run(module, device, n, args, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}
