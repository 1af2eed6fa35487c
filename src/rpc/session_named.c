/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that clients find by name; no others exist for them. */
#include <stdlib.h>
#include <string.h>

#include "rpc/session_impl.h"

enum { NAME_BYTES = 257 };

/* ---- Files -------------------------------------------------------------- */

static vtac_status call_upload(Session *s, const Args *args, RpcValue *ret,
                               Diag *diag) {
  char name[NAME_BYTES];
  (void)ret;
  vtac_status status = text_arg(args, 0, name, sizeof name, diag);
  if (status) return status;
  return workdir_write(&s->options.workdir, name, args->value[1].text, diag);
}

static vtac_status call_download(Session *s, const Args *args, RpcValue *ret,
                                 Diag *diag) {
  char name[NAME_BYTES];
  vtac_status status = text_arg(args, 0, name, sizeof name, diag);
  bytebuf_clear(&s->text);
  if (!status) status = workdir_read(&s->options.workdir, name, &s->text, diag);
  if (!status) *ret = rpc_bytes(s->text.bytes, s->text.size);
  return status;
}

static vtac_status call_remove(Session *s, const Args *args, RpcValue *ret,
                               Diag *diag) {
  char name[NAME_BYTES];
  (void)ret;
  vtac_status status = text_arg(args, 0, name, sizeof name, diag);
  return status ? status : workdir_remove(&s->options.workdir, name, diag);
}

/* Clients get no path of this machine: the name is all they need. */
static vtac_status call_workpath(Session *s, const Args *args, RpcValue *ret,
                                 Diag *diag) {
  char given[NAME_BYTES];
  vtac_status status = text_arg(args, 0, given, sizeof given, diag);
  if (status) return status;
  const char *name = workdir_name(given);
  if (!name)
    return diag_set(diag, D_RPC_FILE, "'%.200s' is no name for a file", given);
  bytebuf_clear(&s->text);
  bytebuf_put(&s->text, name, strlen(name) + 1);
  if (s->text.failed)
    return diag_set(diag, D_NO_MEMORY, "no memory for a name");
  *ret = rpc_string((const char *)s->text.bytes);
  return VTAC_OK;
}

/* ---- The server --------------------------------------------------------- */

static vtac_status call_packet_size(Session *s, const Args *args, RpcValue *ret,
                                    Diag *diag) {
  (void)args, (void)diag;
  *ret = rpc_int((int64_t)s->options.packet_bytes);
  return VTAC_OK;
}

static vtac_status call_device_attr(Session *s, const Args *args, RpcValue *ret,
                                    Diag *diag) {
  const RpcValue *value = args->value;
  const RpcDevice device = {(int32_t)value[0].integer,
                            (int32_t)value[1].integer};
  return device_attr(s, device, value[2].integer, ret, diag);
}

/* Calls that have nothing to do here: one thread serves a session, and its
 * caches are not worth emptying. */
static vtac_status call_nothing(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag) {
  (void)s, (void)args, (void)ret, (void)diag;
  return VTAC_OK;
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/* Floats get values of [0, 1), all else any bits. */
static void make_random(RpcDType type, uint8_t *bytes, uint64_t n) {
  uint64_t state = n;
  if (type.code == 2 && type.bits == 32)
    for (uint64_t i = 0; i + 4 <= n; i += 4) {
      float value = (float)(next_random(&state) >> 40) * 0x1p-24f;
      memcpy(bytes + i, &value, sizeof value);
    }
  else if (type.code == 2 && type.bits == 64)
    for (uint64_t i = 0; i + 8 <= n; i += 8) {
      double value = (double)(next_random(&state) >> 11) * 0x1p-53;
      memcpy(bytes + i, &value, sizeof value);
    }
  else
    for (uint64_t i = 0; i < n; i++) bytes[i] = (uint8_t)next_random(&state);
}

static vtac_status call_random_fill(Session *s, const Args *args, RpcValue *ret,
                                    Diag *diag) {
  const RpcTensor *tensor = &args->value[0].tensor;
  uint64_t n;
  RpcBuffer *buffer;
  (void)ret;
  if (!rpc_tensor_size(tensor, &n))
    return diag_set(diag, D_ARGUMENT, "the tensor's size cannot be counted");
  vtac_status status = memory_find(s, tensor, n, &buffer, diag);
  if (status) return status;
  bytebuf_clear(&s->text);
  uint8_t *bytes = bytebuf_reserve(&s->text, (size_t)n);
  if (!bytes) return diag_set(diag, D_NO_MEMORY, "no memory for the numbers");
  make_random(tensor->dtype, bytes, n);
  return memory_write(s, buffer, tensor->byte_offset, bytes, n, diag);
}

/* ---- The table ---------------------------------------------------------- */

static const Named table[] = {
    {"tvm.rpc.server.upload", "sb", call_upload},
    {"tvm.rpc.server.download", "s", call_download},
    {"tvm.rpc.server.remove", "s", call_remove},
    {"tvm.rpc.server.workpath", "s", call_workpath},
    {"tvm.rpc.server.load_module", "s", call_load_module},
    {"tvm.rpc.server.ModuleGetFunction", "msi", call_get_function},
    {"tvm.rpc.server.ImportModule", "mm", call_import_module},
    {"tvm.rpc.server.GetCRTMaxPacketSize", "", call_packet_size},
    {"runtime.RPCTimeEvaluator", ".siiiiiiis", call_time_evaluator},
    {"runtime.GetDeviceAttr", "iii", call_device_attr},
    {"runtime.config_threadpool", NULL, call_nothing},
    {"tvm.contrib.random.random_fill", "t", call_random_fill},
    {"cache_flush_cpu_non_first_arg", NULL, call_nothing},
    {"tvm.contrib.vta.reconfig_runtime", "s", call_reconfigure},
    {"tvm.contrib.vta.init", "s", call_vta_init},
    {"vta.simulator.profiler_clear", "", call_profiler_clear},
    {"vta.simulator.profiler_status", "", call_profiler_status},
    {"vta.simulator.profiler_debug_mode", "i", call_profiler_debug},
    {"vta.tsim.profiler_clear", "", call_profiler_clear},
    {"vta.tsim.profiler_status", "", call_tsim_status},
};

const Named *named_find(Slice name) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (slice_is(name, table[i].name)) return &table[i];
  return NULL;
}

/* ---- Objects ------------------------------------------------------------ */

Function *function_of_named(const Named *named) {
  Function *function = calloc(1, sizeof *function);
  if (function) *function = (Function){.references = 1, .named = named};
  return function;
}

void function_release(Function *function) {
  if (!function || --function->references) return;
  timer_free(function->timer);
  module_release(function->module);
  free(function);
}

static vtac_status too_many(Diag *diag) {
  return diag_set(diag, D_RPC_LIMIT, "a session has at most %d handles",
                  HANDLES_MOST);
}

vtac_status give_module(Session *s, Module *module, RpcValue *ret, Diag *diag) {
  uint32_t handle = handles_add(&s->handles, OBJECT_MODULE, module);
  if (!handle) {
    module_release(module);
    return too_many(diag);
  }
  *ret = rpc_handle(RPC_MODULE, handle);
  return VTAC_OK;
}

vtac_status give_function(Session *s, Function *function, RpcValue *ret,
                          Diag *diag) {
  uint32_t handle = handles_add(&s->handles, OBJECT_FUNCTION, function);
  if (!handle) {
    function_release(function);
    return too_many(diag);
  }
  *ret = rpc_handle(RPC_FUNCTION, handle);
  return VTAC_OK;
}

vtac_status named_call(Session *s, const Named *named, const Args *args,
                       RpcValue *ret, Diag *diag) {
  const Args own = {named->name, args->n, args->value};
  vtac_status status =
      named->types ? check_args(&own, named->types, diag) : VTAC_OK;
  return status ? status : named->call(s, &own, ret, diag);
}

vtac_status function_call(Session *s, const Function *function,
                          const Args *args, RpcValue *ret, Diag *diag) {
  if (function->timer) return timer_call(s, function->timer, args, ret, diag);
  if (function->entry)
    return native_function_call(s, function, args, ret, diag);
  return named_call(s, function->named, args, ret, diag);
}
