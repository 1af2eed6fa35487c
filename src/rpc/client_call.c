/* SPDX-License-Identifier: Apache-2.0 */
/* Functions and modules of a server, and calls with values of all types. */
#include <stdlib.h>
#include <string.h>

#include "rpc/client.h"
#include "runtime/objects.h"

static const char entry_name[] = "__tvm_main__"; /* a module's only function */

/* ---- Objects ------------------------------------------------------------ */

vtac_rpc_function *client_function(vtac_rpc *session, uint64_t handle,
                                   Diag *diag) {
  vtac_rpc_function *function = malloc(sizeof *function);
  if (function) {
    *function = (vtac_rpc_function){session, handle};
  } else {
    client_release(session, RPC_FUNCTION, handle);
    diag_set(diag, D_NO_MEMORY, "cannot allocate a function");
  }
  return function;
}

vtac_rpc_module *client_module(vtac_rpc *session, uint64_t handle, Diag *diag) {
  vtac_rpc_module *module = malloc(sizeof *module);
  if (module) {
    *module = (vtac_rpc_module){session, handle};
  } else {
    client_release(session, RPC_MODULE, handle);
    diag_set(diag, D_NO_MEMORY, "cannot allocate a module");
  }
  return module;
}

void vtac_rpc_function_free(vtac_rpc_function *function) {
  if (!function) return;
  client_release(function->session, RPC_FUNCTION, function->handle);
  free(function);
}

void vtac_rpc_module_free(vtac_rpc_module *module) {
  if (!module) return;
  client_release(module->session, RPC_MODULE, module->handle);
  free(module);
}

vtac_rpc_function *vtac_rpc_function_get(vtac_rpc *session, const char *name,
                                         vtac_error *error) {
  static const char call[] = "vtac_rpc_function_get";
  uint64_t handle = 0;
  Diag diag;
  vtac_rpc_function *function = NULL;
  if (is_missing(session, call, "session", error) ||
      is_missing(name, call, "name", error))
    return NULL;
  vtac_status status = client_find(session, name, &handle, &diag);
  if (!status && !handle)
    diag_set(&diag, D_RPC_MISSING, "the server has no function '%s'", name);
  if (handle) function = client_function(session, handle, &diag);
  if (!function) report_error(error, &diag);
  return function;
}

/* ---- Values ------------------------------------------------------------- */

static vtac_status wrong_argument(int index, const char *what, Diag *diag) {
  return diag_set(diag, D_ARGUMENT, "argument %d %s", index, what);
}

/* NULL, or an object of another session. */
static vtac_status check_object(const vtac_rpc *session, const void *object,
                                const vtac_rpc *owner, int index, Diag *diag) {
  if (!object) return wrong_argument(index, "is NULL", diag);
  if (owner != session)
    return wrong_argument(index, "is of another session", diag);
  return VTAC_OK;
}

static vtac_status to_wire(const vtac_rpc *session, const vtac_rpc_value *value,
                           int i, RpcValue *ret, Diag *diag) {
  vtac_status status = VTAC_OK;
  switch (value->type) {
    case VTAC_RPC_NULL: *ret = rpc_null(); return VTAC_OK;
    case VTAC_RPC_INT: *ret = rpc_int(value->integer); return VTAC_OK;
    case VTAC_RPC_FLOAT: *ret = rpc_float(value->number); return VTAC_OK;
    case VTAC_RPC_TEXT:
      if (!value->bytes) return wrong_argument(i, "is NULL", diag);
      *ret = rpc_string(value->bytes);
      return VTAC_OK;
    case VTAC_RPC_BYTES:
      if (value->size && !value->bytes)
        return wrong_argument(i, "is NULL", diag);
      *ret = rpc_bytes(value->bytes, value->size);
      return VTAC_OK;
    case VTAC_RPC_ARRAY:
      status =
          check_object(session, value->array,
                       value->array ? value->array->session : NULL, i, diag);
      if (!status) *ret = rpc_tensor(&value->array->tensor);
      return status;
    case VTAC_RPC_MODULE:
      status =
          check_object(session, value->module,
                       value->module ? value->module->session : NULL, i, diag);
      if (!status) *ret = rpc_handle(RPC_MODULE, value->module->handle);
      return status;
    case VTAC_RPC_FUNCTION:
      status = check_object(session, value->function,
                            value->function ? value->function->session : NULL,
                            i, diag);
      if (!status) *ret = rpc_handle(RPC_FUNCTION, value->function->handle);
      return status;
    case VTAC_RPC_DEVICE:
      *ret = rpc_device((RpcDevice){(int32_t)value->integer, value->device_id});
      return VTAC_OK;
    case VTAC_RPC_HANDLE:
      *ret = rpc_handle(RPC_HANDLE, (uint64_t)value->integer);
      return VTAC_OK;
  }
  return wrong_argument(i, "has no type that is known", diag);
}

/* Arguments as they go into a packet. */
static vtac_status all_to_wire(const vtac_rpc *session, int n,
                               const vtac_rpc_value *args,
                               RpcValue ret[RPC_MOST_ARGS], Diag *diag) {
  vtac_status status = VTAC_OK;
  if (n < 0 || n > RPC_MOST_ARGS)
    return diag_set(diag, D_ARGUMENT, "%d arguments, allowed are 0 to %d", n,
                    RPC_MOST_ARGS);
  for (int i = 0; i < n && !status; i++)
    status = to_wire(session, &args[i], i, &ret[i], diag);
  return status;
}

static vtac_status text_from_wire(vtac_rpc *session, const RpcValue *value,
                                  vtac_rpc_value *ret, Diag *diag) {
  *ret = (vtac_rpc_value){
      .type = value->code == RPC_STRING ? VTAC_RPC_TEXT : VTAC_RPC_BYTES,
      .size = value->text.n};
  vtac_status status = client_keep_text(session, value->text, diag);
  ret->bytes = session->text.bytes;
  return status;
}

static vtac_status from_wire(vtac_rpc *session, const RpcValue *value,
                             vtac_rpc_value *ret, Diag *diag) {
  *ret = (vtac_rpc_value){0};
  switch (value->code) {
    case RPC_NULL: return VTAC_OK;
    case RPC_INT:
    case RPC_UINT:
      ret->type = VTAC_RPC_INT;
      ret->integer = value->integer;
      return VTAC_OK;
    case RPC_FLOAT:
      ret->type = VTAC_RPC_FLOAT;
      ret->number = value->number;
      return VTAC_OK;
    case RPC_STRING:
    case RPC_BYTES: return text_from_wire(session, value, ret, diag);
    case RPC_NDARRAY:
      ret->type = VTAC_RPC_ARRAY;
      ret->array = client_array(session, value, diag);
      return ret->array ? VTAC_OK : diag->status;
    case RPC_MODULE:
      ret->type = VTAC_RPC_MODULE;
      ret->module = client_module(session, value->handle, diag);
      return ret->module ? VTAC_OK : diag->status;
    case RPC_FUNCTION:
      ret->type = VTAC_RPC_FUNCTION;
      ret->function = client_function(session, value->handle, diag);
      return ret->function ? VTAC_OK : diag->status;
    case RPC_DEVICE:
      ret->type = VTAC_RPC_DEVICE;
      ret->integer = value->device.type;
      ret->device_id = value->device.id;
      return VTAC_OK;
    case RPC_HANDLE:
      ret->type = VTAC_RPC_HANDLE;
      ret->integer = (int64_t)value->handle;
      return VTAC_OK;
    case RPC_DTYPE:
    case RPC_TENSOR: break;
  }
  return client_mistyped(session, "a result", diag);
}

/* ---- Calls -------------------------------------------------------------- */

static vtac_status call_values(vtac_rpc *session, uint64_t function, int n,
                               const vtac_rpc_value *args,
                               vtac_rpc_value *ret_result, Diag *diag) {
  RpcValue wire[RPC_MOST_ARGS], value;
  vtac_status status = all_to_wire(session, n, args, wire, diag);
  if (!status)
    status = client_call(session, function, n, wire, ret_result ? &value : NULL,
                         diag);
  if (!status && ret_result)
    status = from_wire(session, &value, ret_result, diag);
  return status;
}

vtac_status vtac_rpc_call(vtac_rpc_function *function, int n,
                          const vtac_rpc_value *args,
                          vtac_rpc_value *ret_result, vtac_error *error) {
  static const char call[] = "vtac_rpc_call";
  Diag diag;
  if (is_missing(function, call, "function", error) ||
      (n > 0 && is_missing(args, call, "args", error)))
    return VTAC_INVALID;
  vtac_status status = call_values(function->session, function->handle, n, args,
                                   ret_result, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}

/* ---- Modules ------------------------------------------------------------ */

vtac_rpc_module *vtac_rpc_module_load(vtac_rpc *session, const char *name,
                                      vtac_error *error) {
  static const char call[] = "vtac_rpc_module_load";
  RpcValue value;
  Diag diag;
  vtac_rpc_module *module = NULL;
  if (is_missing(session, call, "session", error) ||
      is_missing(name, call, "name", error))
    return NULL;
  vtac_status status = client_help(session, HELP_LOAD_MODULE,
                                   RPC_ARGS(rpc_string(name)), &value, &diag);
  if (!status && value.code != RPC_MODULE)
    status = client_mistyped(session, "a module", &diag);
  if (!status) module = client_module(session, value.handle, &diag);
  if (!module) report_error(error, &diag);
  return module;
}

vtac_rpc_function *vtac_rpc_module_function(vtac_rpc_module *module,
                                            const char *name,
                                            vtac_error *error) {
  RpcValue value;
  Diag diag;
  vtac_rpc_function *function = NULL;
  if (is_missing(module, "vtac_rpc_module_function", "module", error))
    return NULL;
  if (!name) name = entry_name;
  vtac_status status =
      client_help(module->session, HELP_GET_FUNCTION,
                  RPC_ARGS(rpc_handle(RPC_MODULE, module->handle),
                           rpc_string(name), rpc_int(1)),
                  &value, &diag);
  if (!status && value.code == RPC_NULL)
    status =
        diag_set(&diag, D_RPC_MISSING, "the module has no function '%s'", name);
  if (!status && value.code != RPC_FUNCTION)
    status = client_mistyped(module->session, "a function", &diag);
  if (!status) function = client_function(module->session, value.handle, &diag);
  if (!function) report_error(error, &diag);
  return function;
}

/* ---- Timing ------------------------------------------------------------- */

static int64_t or_default(int given, int usual) {
  return given ? given : usual;
}

/* The function that measures; the caller releases it. */
static vtac_status make_evaluator(vtac_rpc_module *module, const char *name,
                                  const vtac_rpc_timing *t, uint64_t *ret,
                                  Diag *diag) {
  RpcValue value;
  const int type = (int)or_default(t->device_type, VTAC_RPC_EXT_DEV);
  vtac_status status = client_help(
      module->session, HELP_TIME_EVALUATOR,
      RPC_ARGS(rpc_handle(RPC_MODULE, module->handle),
               rpc_string(name ? name : entry_name), rpc_int(type),
               rpc_int(t->device_id), rpc_int(or_default(t->number, 1)),
               rpc_int(or_default(t->repeat, 1)), rpc_int(t->min_repeat_ms),
               rpc_int(t->cooldown_ms),
               rpc_int(or_default(t->repeats_to_cooldown, 1)),
               rpc_string(t->preprocess ? t->preprocess : "")),
      &value, diag);
  if (!status && value.code != RPC_FUNCTION)
    status = client_mistyped(module->session, "an evaluator", diag);
  if (!status) *ret = value.handle;
  return status;
}

static vtac_status measure(vtac_rpc *session, uint64_t evaluator, int n,
                           const vtac_rpc_value *args, int repeat,
                           double *ret_seconds, Diag *diag) {
  RpcValue wire[RPC_MOST_ARGS], value;
  const size_t size = (size_t)repeat * sizeof *ret_seconds;
  vtac_status status = all_to_wire(session, n, args, wire, diag);
  if (!status) status = client_call(session, evaluator, n, wire, &value, diag);
  if (status) return status;
  if (value.code != RPC_BYTES || value.text.n != size)
    return client_mistyped(session, "times", diag);
  memcpy(ret_seconds, value.text.at, size);
  return VTAC_OK;
}

vtac_status vtac_rpc_time(vtac_rpc_module *module, const char *name,
                          const vtac_rpc_timing *timing, int n,
                          const vtac_rpc_value *args, double *ret_seconds,
                          vtac_error *error) {
  static const char call[] = "vtac_rpc_time";
  static const vtac_rpc_timing usual = {0};
  uint64_t evaluator;
  Diag diag;
  if (is_missing(module, call, "module", error) ||
      is_missing(ret_seconds, call, "ret_seconds", error) ||
      (n > 0 && is_missing(args, call, "args", error)))
    return VTAC_INVALID;
  if (!timing) timing = &usual;
  vtac_status status = make_evaluator(module, name, timing, &evaluator, &diag);
  if (status) return report_error(error, &diag);
  status = measure(module->session, evaluator, n, args,
                   (int)or_default(timing->repeat, 1), ret_seconds, &diag);
  client_release(module->session, RPC_FUNCTION, evaluator);
  return status ? report_error(error, &diag) : VTAC_OK;
}
