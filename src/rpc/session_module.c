/* SPDX-License-Identifier: Apache-2.0 */
/* A session's modules: files that were uploaded and are loaded as code. */
#include <stdlib.h>
#include <string.h>

#include "rpc/session_impl.h"
#include "runtime/module.h"
#include "runtime/objects.h"
#include "vtac/module.h"

enum { MOST_DEPTH = 8, NAME_BYTES = 257 };
_Static_assert((int)RPC_MOST_ARGS <= (int)NATIVE_MOST_ARGS,
               "a call holds the arguments of a packet");

/* ---- Loading ------------------------------------------------------------ */

static vtac_status check_suffix(const char *name, Diag *diag) {
  const char *suffix = strrchr(name, '.');
  if (suffix && (!strcmp(suffix, ".o") || !strcmp(suffix, ".so")))
    return VTAC_OK;
  return diag_set(diag, D_MODULE_FILE,
                  "'%s': modules are objects (.o) and shared libraries (.so)",
                  name);
}

static vtac_status load(Session *s, const char *name, vtac_module **ret,
                        Diag *diag) {
  ByteBuf file = {0};
  vtac_error error;
  vtac_status status = check_suffix(name, diag);
  if (!status) status = workdir_read(&s->options.workdir, name, &file, diag);
  if (!status) {
    *ret = vtac_module_load_bytes(file.bytes, file.size, name, &error);
    if (!*ret) status = session_error(&error, diag);
  }
  bytebuf_free(&file);
  return status;
}

vtac_status call_load_module(Session *s, const Args *args, RpcValue *ret,
                             Diag *diag) {
  char name[NAME_BYTES];
  vtac_module *code = NULL;
  vtac_status status = text_arg(args, 0, name, sizeof name, diag);
  if (!status) status = load(s, name, &code, diag);
  if (status) return status;
  Module *module = calloc(1, sizeof *module);
  if (!module) {
    vtac_module_free(code);
    return diag_set(diag, D_NO_MEMORY, "no memory for a module");
  }
  *module = (Module){.references = 1, .code = code};
  return give_module(s, module, ret, diag);
}

void module_release(Module *module) {
  if (!module || --module->references) return;
  for (int i = 0; i < module->n_imports; i++) module_release(module->import[i]);
  vtac_module_free(module->code);
  free(module);
}

/* ---- Functions ---------------------------------------------------------- */

static const ModuleInfo *find_function(Module *module, const char *name,
                                       int depth, Module **ret_owner) {
  const NativeCode *native = module->code->native;
  const ModuleInfo *info =
      native ? functions_find(&native->functions, name) : NULL;
  *ret_owner = module;
  for (int i = 0; !info && depth && i < module->n_imports; i++)
    info = find_function(module->import[i], name, depth - 1, ret_owner);
  return info;
}

Function *module_function(Module *module, const char *name, bool imports) {
  Module *owner;
  const ModuleInfo *info =
      find_function(module, name, imports ? MOST_DEPTH : 0, &owner);
  Function *function = info ? calloc(1, sizeof *function) : NULL;
  if (!function) return NULL;
  owner->references++;
  *function = (Function){.references = 1,
                         .entry = native_entry(owner->code->native, info),
                         .info = info,
                         .module = owner};
  return function;
}

static vtac_status module_arg(const Session *s, const Args *args, int i,
                              Module **ret, Diag *diag) {
  *ret = handles_get(&s->handles, OBJECT_MODULE, args->value[i].handle);
  if (*ret) return VTAC_OK;
  return diag_set(diag, D_RPC_HANDLE, "%s: handle %llu is no module",
                  args->what, (unsigned long long)args->value[i].handle);
}

/* No such function is no error: the answer is nothing. */
vtac_status call_get_function(Session *s, const Args *args, RpcValue *ret,
                              Diag *diag) {
  char name[NAME_BYTES];
  Module *module;
  vtac_status status = module_arg(s, args, 0, &module, diag);
  if (!status) status = text_arg(args, 1, name, sizeof name, diag);
  if (status) return status;
  Function *function =
      module_function(module, name, args->value[2].integer != 0);
  if (!function) return VTAC_OK;
  return give_function(s, function, ret, diag);
}

/* Whether `what` is `module` or among its imports. */
static bool contains(const Module *module, const Module *what) {
  if (module == what) return true;
  for (int i = 0; i < module->n_imports; i++)
    if (contains(module->import[i], what)) return true;
  return false;
}

vtac_status call_import_module(Session *s, const Args *args, RpcValue *ret,
                               Diag *diag) {
  Module *parent, *child;
  (void)ret;
  vtac_status status = module_arg(s, args, 0, &parent, diag);
  if (!status) status = module_arg(s, args, 1, &child, diag);
  if (status) return status;
  if (contains(child, parent))
    return diag_set(diag, D_ARGUMENT, "a module cannot import itself");
  if (parent->n_imports == MOST_IMPORTS)
    return diag_set(diag, D_RPC_LIMIT, "a module imports at most %d modules",
                    MOST_IMPORTS);
  child->references++;
  parent->import[parent->n_imports++] = child;
  return VTAC_OK;
}

/* ---- Calls -------------------------------------------------------------- */

static vtac_status pack_tensor(Session *s, NativeCall *call, int i,
                               const RpcTensor *tensor, Diag *diag) {
  uint64_t size;
  RpcBuffer *buffer;
  if (!rpc_tensor_size(tensor, &size))
    return diag_set(diag, D_ARGUMENT,
                    "argument %d: the tensor's size cannot be counted", i);
  vtac_status status = memory_find(s, tensor, size, &buffer, diag);
  if (status) return status;
  call->buffer[i] = buffer->buffer;
  call->tensor[i] =
      (vtac_kernel_tensor){.data = buffer->host,
                           .device_type = tensor->device.type,
                           .device_id = tensor->device.id,
                           .ndim = tensor->ndim,
                           .type_code = tensor->dtype.code,
                           .type_bits = tensor->dtype.bits,
                           .type_lanes = tensor->dtype.lanes,
                           .shape = (int64_t *)(uintptr_t)tensor->shape,
                           .byte_offset = tensor->byte_offset};
  call->code[i] = VTAC_KERNEL_TENSOR;
  call->value[i].v_handle = &call->tensor[i];
  return VTAC_OK;
}

static vtac_status pack(Session *s, NativeCall *call, int i,
                        const RpcValue *value, Diag *diag) {
  call->buffer[i] = 0;
  call->code[i] = value->code;
  switch (value->code) {
    case RPC_TENSOR: return pack_tensor(s, call, i, &value->tensor, diag);
    case RPC_INT:
    case RPC_UINT:
      call->code[i] = RPC_INT;
      call->value[i].v_int64 = value->integer;
      return VTAC_OK;
    case RPC_FLOAT: call->value[i].v_float64 = value->number; return VTAC_OK;
    default: break;
  }
  return diag_set(diag, D_ARGUMENT,
                  "argument %d is neither a tensor nor a number: compiled "
                  "functions take nothing else",
                  i);
}

/* Compiled code reads its tensors before it looks at their types, so what is
 * known about them is checked here. */
static vtac_status check_call(const ModuleInfo *info, const vtac_device *device,
                              const Args *args, Diag *diag) {
  if (!info->has_params) return module_check_config(info, device, diag);
  if (args->n != info->n)
    return diag_set(diag, D_ARGUMENT, "'%s' takes %d arguments, got %d",
                    info->name, info->n, args->n);
  for (int i = 0; i < args->n; i++)
    if (args->value[i].code != RPC_TENSOR)
      return diag_set(diag, D_ARGUMENT, "argument %d (%s) of '%s' is no tensor",
                      i, info->param[i].name, info->name);
  return module_check_config(info, device, diag);
}

static vtac_status take_result(const NativeCall *call, RpcValue *ret,
                               Diag *diag) {
  switch (call->result_code) {
    case RPC_NULL: return VTAC_OK;
    case RPC_INT: *ret = rpc_int(call->result.v_int64); return VTAC_OK;
    case RPC_FLOAT: *ret = rpc_float(call->result.v_float64); return VTAC_OK;
    default: break;
  }
  return diag_set(diag, D_ARGUMENT,
                  "the function returns a value of type %d, which cannot be "
                  "sent",
                  (int)call->result_code);
}

vtac_status native_function_call(Session *s, const Function *function,
                                 const Args *args, RpcValue *ret, Diag *diag) {
  NativeCall call;
  vtac_device *device;
  vtac_status status = session_device(s, &device, diag);
  if (!status) status = check_call(function->info, device, args, diag);
  if (status) return status;
  call.n = args->n;
  for (int i = 0; i < args->n && !status; i++)
    status = pack(s, &call, i, &args->value[i], diag);
  if (!status) status = native_call(function->entry, device, &call, diag);
  return status ? status : take_result(&call, ret, diag);
}
