/* SPDX-License-Identifier: Apache-2.0 */
/* Running a module: arguments are checked, then the evaluator runs the host
 * side and the machine's calls go to the device's command queue. */
#include "runtime/module.h"

#include <stdlib.h>
#include <string.h>

#include "base/trap.h"
#include "runtime/machine.h"
#include "runtime/objects.h"

struct vtac_module {
  Arena arena;
  const Func *func;
  EvalProgram *program;
  HwConfig config;
  bool accelerator; /* needs a device of that very configuration */
};

static vtac_status prepare(vtac_module *module, Diag *diag) {
  Trap trap;
  module->arena.trap = &trap;
  if (setjmp(trap.here)) {
    *diag = trap.diag;
    return trap.diag.status;
  }
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
                          .config = *config,
                          .accelerator = accelerator};
  if (!prepare(module, diag)) return module;
  vtac_module_free(module);
  return NULL;
}

void vtac_module_free(vtac_module *module) {
  if (!module) return;
  arena_clear(&module->arena);
  free(module);
}

const char *vtac_module_name(const vtac_module *module) {
  return module->func->name;
}

/* Refuses the first number in which two configurations differ.  The target's
 * name and the timing do not matter: the same instructions run there. */
static vtac_status check_config(const vtac_module *module,
                                const vtac_device *device, Diag *diag) {
  HwConfigValue have, want;
  if (!module->accelerator) return VTAC_OK;
  for (int i = 0; hw_config_value(&module->config, i, &want); i++) {
    hw_config_value(&device->config, i, &have);
    if (!want.text && !want.timing && want.number != have.number)
      return diag_set(diag, D_CONFIG_MISMATCH,
                      "module '%s' was built for %s = %lld, the device has "
                      "%lld",
                      module->func->name, want.name, (long long)want.number,
                      (long long)have.number);
  }
  return VTAC_OK;
}

static vtac_status check_dim(const vtac_module *module, int i, int dim,
                             const vtac_array *array, Diag *diag) {
  const Param *param = &module->func->param[i];
  const Buffer *shape =
      param->preflattened ? param->preflattened : param->buffer;
  int64_t want = as_int(shape->shape[dim])->value;
  if (array->shape[dim] == want) return VTAC_OK;
  return diag_set(
      diag, D_ARGUMENT, "argument %d (%s): dimension %d is %lld, expected %lld",
      i, shape->name, dim, (long long)array->shape[dim], (long long)want);
}

static vtac_status check_arg(const vtac_module *module,
                             const vtac_device *device, int i,
                             const vtac_array *array, Diag *diag) {
  const Param *param = &module->func->param[i];
  const Buffer *want =
      param->preflattened ? param->preflattened : param->buffer;
  if (!array)
    return diag_set(diag, D_ARGUMENT, "argument %d (%s) is NULL", i,
                    want->name);
  if (array->device != device)
    return diag_set(diag, D_ARGUMENT, "argument %d (%s) lies on another device",
                    i, want->name);
  if (!dtype_eq(array->type, want->type))
    return diag_set(diag, D_ARGUMENT,
                    "argument %d (%s) has another data type than the "
                    "function's %d-bit one",
                    i, want->name, want->type.bits);
  if (array->ndim != want->n)
    return diag_set(diag, D_ARGUMENT,
                    "argument %d (%s) has %d dimensions, expected %d", i,
                    want->name, array->ndim, want->n);
  for (int dim = 0; dim < want->n; dim++) {
    vtac_status status = check_dim(module, i, dim, array, diag);
    if (status) return status;
  }
  return VTAC_OK;
}

static vtac_status check_args(const vtac_module *module,
                              const vtac_device *device, int n,
                              vtac_array *const *args, Diag *diag) {
  if (n != module->func->n)
    return diag_set(diag, D_ARGUMENT, "'%s' takes %d arguments, got %d",
                    module->func->name, module->func->n, n);
  for (int i = 0; i < n; i++) {
    vtac_status status = check_arg(module, device, i, args[i], diag);
    if (status) return status;
  }
  return check_config(module, device, diag);
}

static vtac_status run(const vtac_module *module, vtac_device *device, int n,
                       vtac_array *const *args, Diag *diag) {
  vtac_status status = check_args(module, device, n, args, diag);
  if (status) return status;
  EvalMemory *memory = calloc((size_t)n + 1, sizeof *memory);
  Machine *machine = machine_new(device->queue);
  status = VTAC_NOMEM;
  if (memory && machine) {
    status = machine_bind(device->queue, n, args, memory, diag);
    if (!status)
      status = eval_run(module->program, memory, machine_hooks(machine), diag);
  } else {
    diag_set(diag, D_NO_MEMORY, "cannot allocate the state of a run");
  }
  if (status) queue_reset(device->queue);
  machine_free(machine);
  free(memory);
  return status;
}

vtac_status vtac_module_run(const vtac_module *module, vtac_device *device,
                            int n, vtac_array *const *args, vtac_error *error) {
  Diag diag;
  vtac_status status = run(module, device, n, args, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}
