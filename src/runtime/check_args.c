/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a call against what the module says of itself. */
#include <stdio.h>

#include "runtime/module.h"
#include "runtime/objects.h"

vtac_status module_check_config(const ModuleInfo *info,
                                const vtac_device *device, Diag *diag) {
  HwConfigValue have, want;
  if (!info->accelerator || !info->has_config) return VTAC_OK;
  for (int i = 0; hw_config_value(&info->config, i, &want); i++) {
    hw_config_value(&device->config, i, &have);
    if (!want.text && !want.timing && want.number != have.number)
      return diag_set(diag, D_CONFIG_MISMATCH,
                      "module '%s' was built for %s = %lld, the device has "
                      "%lld",
                      info->name, want.name, (long long)want.number,
                      (long long)have.number);
  }
  return VTAC_OK;
}

/* "int8"; arrays and parameters have scalar elements. */
static const char *type_text(DType type, char ret[16]) {
  static const char *const codes[] = {"int", "uint", "float", "handle"};
  snprintf(ret, 16, "%s%d", codes[type.code], type.bits);
  return ret;
}

static vtac_status check_shape(const ModuleParam *want, int i,
                               const vtac_array *array, Diag *diag) {
  if (array->ndim != want->n)
    return diag_set(diag, D_ARGUMENT,
                    "argument %d (%s) has %d dimensions, expected %d", i,
                    want->name, array->ndim, want->n);
  for (int dim = 0; dim < want->n; dim++)
    if (array->shape[dim] != want->shape[dim])
      return diag_set(diag, D_ARGUMENT,
                      "argument %d (%s): dimension %d is %lld, expected %lld",
                      i, want->name, dim, (long long)array->shape[dim],
                      (long long)want->shape[dim]);
  return VTAC_OK;
}

static vtac_status check_arg(const ModuleParam *want, const vtac_device *device,
                             int i, const vtac_array *array, Diag *diag) {
  char have[16], expected[16];
  const char *name = want ? want->name : "?";
  if (!array)
    return diag_set(diag, D_ARGUMENT, "argument %d (%s) is NULL", i, name);
  if (array->device != device)
    return diag_set(diag, D_ARGUMENT, "argument %d (%s) lies on another device",
                    i, name);
  if (!want) return VTAC_OK;
  if (!dtype_eq(array->type, want->type))
    return diag_set(diag, D_ARGUMENT,
                    "argument %d (%s) has elements of type %s, expected %s", i,
                    name, type_text(array->type, have),
                    type_text(want->type, expected));
  return check_shape(want, i, array, diag);
}

vtac_status module_check_args(const vtac_module *module,
                              const vtac_device *device, int n,
                              vtac_array *const *args, Diag *diag) {
  const ModuleInfo *info = &module->info;
  if (info->has_params && n != info->n)
    return diag_set(diag, D_ARGUMENT, "'%s' takes %d arguments, got %d",
                    info->name, info->n, n);
  for (int i = 0; i < n; i++) {
    const ModuleParam *want = info->has_params ? &info->param[i] : NULL;
    vtac_status status = check_arg(want, device, i, args[i], diag);
    if (status) return status;
  }
  return module_check_config(info, device, diag);
}
