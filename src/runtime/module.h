/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: a compiled function with the configuration it was compiled for. */
#ifndef RUNTIME_MODULE_H
#define RUNTIME_MODULE_H

#include <stdatomic.h>

#include "ir/eval.h"
#include "runtime/native.h"
#include "runtime/record.h"
#include "runtime/sites.h"

struct vtac_module {
  Arena arena;
  ModuleInfo info;
  const Func *func;           /* NULL if the module was not built here */
  EvalProgram *program;       /* likewise */
  NativeCode *native;         /* what a file holds; NULL if built here */
  vtac_kernel_function entry; /* NULL: the evaluator runs the function */
  vtac_module *whole; /* whose function this is, with its code; or NULL */
  bool fixed; /* its calls depend on which arrays it gets, not on their data */
  atomic_int references;
};

/* Makes a module of a lowered function.  The module takes over the arena, in
 * which the function lives, whether or not this succeeds. */
vtac_module *module_new(Arena *arena, const Func *func, const HwConfig *config,
                        bool accelerator, Diag *diag);

/* Fails unless the arrays are what the function takes and the device is what
 * the module was built for. */
vtac_status module_check_args(const vtac_module *module,
                              const vtac_device *device, int n,
                              vtac_array *const *args, Diag *diag);

/* Runs the function of a module that was built here in the evaluator; with
 * `sites`, which may be NULL, the queue learns where instructions come from. */
vtac_status module_evaluate(const vtac_module *module, vtac_device *device,
                            int n, vtac_array *const *args,
                            const SiteTable *sites, Diag *diag);

/* Fails at the first number in which the device's configuration is not the
 * module's.  The target's name and the timing do not matter: the same
 * instructions run there. */
vtac_status module_check_config(const ModuleInfo *info,
                                const vtac_device *device, Diag *diag);

/* One more owner, who will call vtac_module_free. */
void module_retain(vtac_module *module);

#endif
