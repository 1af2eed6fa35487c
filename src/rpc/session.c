/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a session, one function each. */
#include "rpc/session.h"

#include <stdlib.h>
#include <string.h>

#include "rpc/session_impl.h"
#include "runtime/objects.h"
#include "vtac/runtime.h"

/* ---- Life --------------------------------------------------------------- */

Session *session_new(const SessionOptions *options) {
  Session *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->options = *options;
  handles_init(&s->handles);
  return s;
}

static void release_object(Session *s, ObjectKind kind, void *object) {
  switch (kind) {
    case OBJECT_MODULE: module_release(object); break;
    case OBJECT_FUNCTION: function_release(object); break;
    case OBJECT_BUFFER: buffer_release(s, object); break;
    case OBJECT_NONE: break;
  }
}

void session_free(Session *s) {
  ObjectKind kind;
  void *object;
  if (!s) return;
  while ((object = handles_remove_any(&s->handles, &kind)))
    release_object(s, kind, object);
  handles_free(&s->handles);
  vtac_device_close(s->device);
  vtac_config_free(s->config);
  bytebuf_free(&s->text);
  bytebuf_free(&s->bounce);
  free(s);
}

SessionCounts session_counts(const Session *s) { return s->counts; }

const vtac_config *session_config(const Session *s) {
  return s->config ? s->config : s->options.config;
}

vtac_status session_device(Session *s, vtac_device **ret, Diag *diag) {
  vtac_error error;
  const vtac_device_options options = {.simulator = s->options.simulator,
                                       .sim_path = s->options.sim_path,
                                       .board = s->options.board};
  if (!s->device)
    s->device = vtac_device_open(session_config(s), &options, &error);
  *ret = s->device;
  return s->device ? VTAC_OK : session_error(&error, diag);
}

vtac_status session_open_device(Session *s, Diag *diag) {
  vtac_device *device;
  return session_device(s, &device, diag);
}

vtac_status session_error(const vtac_error *error, Diag *diag) {
  DiagId id = D_NONE;
  while (id < D_COUNT && strcmp(diag_slug(id), error->id) != 0) id++;
  return diag_set(diag, id < D_COUNT ? id : D_ARGUMENT, "%s", error->message);
}

/* ---- Arguments ---------------------------------------------------------- */

static bool fits(RpcCode code, char type) {
  switch (type) {
    case 'd': return code == RPC_DEVICE;
    case 'h': return code == RPC_HANDLE || code == RPC_NULL;
    case 'i': return code == RPC_INT || code == RPC_UINT;
    case 't': return code == RPC_TENSOR;
    case 's': return code == RPC_STRING;
    case 'b': return code == RPC_STRING || code == RPC_BYTES;
    case 'm': return code == RPC_MODULE;
    default: return true;
  }
}

static const char *type_name(char type) {
  switch (type) {
    case 'd': return "a device";
    case 'h': return "a handle";
    case 'i': return "an integer";
    case 't': return "a tensor";
    case 's': return "a string";
    case 'b': return "bytes";
    default: return "a module";
  }
}

vtac_status check_args(const Args *args, const char *types, Diag *diag) {
  const int n = (int)strlen(types);
  if (args->n != n)
    return diag_set(diag, D_ARGUMENT, "%s takes %d arguments, got %d",
                    args->what, n, args->n);
  for (int i = 0; i < n; i++)
    if (!fits(args->value[i].code, types[i]))
      return diag_set(diag, D_ARGUMENT, "argument %d of %s is not %s", i,
                      args->what, type_name(types[i]));
  return VTAC_OK;
}

vtac_status text_arg(const Args *args, int i, char *ret, size_t size,
                     Diag *diag) {
  Slice text = args->value[i].text;
  if (text.n >= size || (text.n && memchr(text.at, '\0', text.n)))
    return diag_set(diag, D_ARGUMENT,
                    "argument %d of %s is no text of at most %zu bytes", i,
                    args->what, size - 1);
  slice_copy(text, ret, size);
  return VTAC_OK;
}

/* ---- Requests ----------------------------------------------------------- */

/* The value that answers a request is void unless it sets one. */
typedef vtac_status Request(Session *s, const Args *args, RpcValue *ret,
                            Diag *diag);

static vtac_status get_global(Session *s, const Args *args, RpcValue *ret,
                              Diag *diag) {
  const Named *named = named_find(args->value[0].text);
  *ret = rpc_handle(RPC_HANDLE, 0);
  if (!named) return VTAC_OK;
  Function *function = function_of_named(named);
  if (!function) return diag_set(diag, D_NO_MEMORY, "no memory for a function");
  vtac_status status = give_function(s, function, ret, diag);
  if (!status) ret->code = RPC_HANDLE;
  return status;
}

static vtac_status free_handle(Session *s, const Args *args, RpcValue *ret,
                               Diag *diag) {
  const uint64_t handle = args->value[0].handle;
  const int64_t code = args->value[1].integer;
  ObjectKind kind = code == RPC_MODULE     ? OBJECT_MODULE
                    : code == RPC_FUNCTION ? OBJECT_FUNCTION
                                           : OBJECT_NONE;
  (void)ret;
  void *object = kind ? handles_remove(&s->handles, kind, handle) : NULL;
  if (!object)
    return diag_set(diag, D_RPC_HANDLE, "there is no handle %llu of type %lld",
                    (unsigned long long)handle, (long long)code);
  release_object(s, kind, object);
  return VTAC_OK;
}

static vtac_status need_device(Session *s, const Args *args, RpcValue *ret,
                               Diag *diag) {
  (void)s, (void)ret;
  return check_device(args->value[0].device, diag);
}

static vtac_status get_attr(Session *s, const Args *args, RpcValue *ret,
                            Diag *diag) {
  return device_attr(s, args->value[0].device, args->value[1].integer, ret,
                     diag);
}

static vtac_status alloc(Session *s, RpcDevice device, uint64_t size,
                         RpcValue *ret, Diag *diag) {
  uint64_t handle;
  vtac_status status = memory_alloc(s, device, size, &handle, diag);
  if (!status) *ret = rpc_handle(RPC_HANDLE, handle);
  return status;
}

static vtac_status alloc_data(Session *s, const Args *args, RpcValue *ret,
                              Diag *diag) {
  const RpcValue *value = args->value;
  if (value[1].integer < 0)
    return diag_set(diag, D_ARGUMENT, "%lld bytes cannot be allocated",
                    (long long)value[1].integer);
  return alloc(s, value[0].device, (uint64_t)value[1].integer, ret, diag);
}

static bool is_global(const RpcValue *scope) {
  if (scope->code == RPC_NULL) return true;
  return scope->code == RPC_STRING &&
         (!scope->text.n || slice_is(scope->text, "global"));
}

static vtac_status alloc_scoped(Session *s, const Args *args, RpcValue *ret,
                                Diag *diag) {
  const RpcTensor *tensor = &args->value[0].tensor;
  uint64_t size;
  if (!is_global(&args->value[1]))
    return diag_set(diag, D_ARGUMENT, "memory has the scope 'global' only");
  if (!rpc_tensor_size(tensor, &size))
    return diag_set(diag, D_ARGUMENT, "the tensor's size cannot be counted");
  return alloc(s, tensor->device, size, ret, diag);
}

static vtac_status free_data(Session *s, const Args *args, RpcValue *ret,
                             Diag *diag) {
  (void)ret;
  return memory_free(s, args->value[0].device, args->value[1].handle, diag);
}

static vtac_status copy_among(Session *s, const Args *args, RpcValue *ret,
                              Diag *diag) {
  (void)ret;
  return memory_copy(s, &args->value[0].tensor, &args->value[1].tensor, diag);
}

/* All that is asked for has been done when the answer leaves: there is one
 * stream, which is 0. */
static vtac_status create_stream(Session *s, const Args *args, RpcValue *ret,
                                 Diag *diag) {
  (void)s;
  *ret = rpc_handle(RPC_HANDLE, 0);
  return check_device(args->value[0].device, diag);
}

static vtac_status run_request(Session *s, const RpcPacket *request,
                               RpcValue *ret, Diag *diag) {
  static const struct {
    Request *run;
    const char *types;
  } table[RPC_OPCODES] = {
      [RPC_GET_GLOBAL_FUNC] = {get_global, "s"},
      [RPC_FREE_HANDLE] = {free_handle, "hi"},
      [RPC_DEV_SET_DEVICE] = {need_device, "d"},
      [RPC_DEV_GET_ATTR] = {get_attr, "di"},
      [RPC_DEV_ALLOC_DATA] = {alloc_data, "dii."},
      [RPC_DEV_FREE_DATA] = {free_data, "dh"},
      [RPC_DEV_STREAM_SYNC] = {need_device, "dh"},
      [RPC_COPY_AMONG_REMOTE] = {copy_among, "tth"},
      [RPC_DEV_ALLOC_WITH_SCOPE] = {alloc_scoped, "t."},
      [RPC_DEV_CREATE_STREAM] = {create_stream, "d"},
      [RPC_DEV_FREE_STREAM] = {need_device, "dh"},
      [RPC_DEV_SET_STREAM] = {need_device, "dh"},
  };
  const Args args = {rpc_opcode_name(request->opcode), request->n,
                     request->arg};
  vtac_status status = check_args(&args, table[request->opcode].types, diag);
  return status ? status : table[request->opcode].run(s, &args, ret, diag);
}

/* ---- InitServer --------------------------------------------------------- */

/* Clients may ask for a session elsewhere, or for one that runs a program;
 * there are none but this one. */
static vtac_status init_server(Session *s, const RpcPacket *request,
                               Diag *diag) {
  if (s->ready)
    return diag_set(diag, D_RPC_PROTOCOL, "the server is initialised already");
  if (!slice_is(request->version, RPC_VERSION))
    return diag_set(diag, D_RPC_PROTOCOL,
                    "the client speaks version '%.*s', the server " RPC_VERSION,
                    (int)(request->version.n < 64 ? request->version.n : 64),
                    request->version.at);
  if (request->n && (request->arg[0].code != RPC_STRING || request->n != 1 ||
                     !slice_is(request->arg[0].text, "rpc.LocalSession")))
    return diag_set(diag, D_RPC_PROTOCOL,
                    "the server makes no sessions but rpc.LocalSession");
  s->ready = true;
  return VTAC_OK;
}

/* ---- Copies ------------------------------------------------------------- */

static vtac_status find_room(Session *s, const RpcPacket *request, void **ret,
                             Diag *diag) {
  RpcBuffer *buffer;
  if (!s->ready)
    return diag_set(diag, D_RPC_PROTOCOL, "the client has not initialised it");
  vtac_status status =
      memory_find(s, &request->tensor, request->data.n, &buffer, diag);
  if (status) return status;
  if (buffer->device.type == VTAC_KERNEL_CPU) {
    *ret = (char *)buffer->host + request->tensor.byte_offset;
    return VTAC_OK;
  }
  bytebuf_clear(&s->bounce);
  *ret = bytebuf_reserve(&s->bounce, request->data.n);
  return *ret ? VTAC_OK : diag_set(diag, D_NO_MEMORY, "no memory for a copy");
}

void *session_room(Session *s, const RpcPacket *request) {
  void *room = NULL;
  s->roomless = find_room(s, request, &room, &s->no_room) != VTAC_OK;
  return room;
}

/* The bytes lie where session_room has said. */
static vtac_status copy_in(Session *s, const RpcPacket *request, Diag *diag) {
  RpcBuffer *buffer;
  if (s->roomless) {
    *diag = s->no_room;
    return diag->status;
  }
  vtac_status status =
      memory_find(s, &request->tensor, request->data.n, &buffer, diag);
  if (status) return status;
  s->counts.bytes_in += request->data.n;
  if (buffer->device.type == VTAC_KERNEL_CPU) return VTAC_OK;
  return memory_write(s, buffer, request->tensor.byte_offset, s->bounce.bytes,
                      request->data.n, diag);
}

static vtac_status copy_out(Session *s, const RpcPacket *request,
                            RpcPacket *answer, Diag *diag) {
  RpcBuffer *buffer;
  const void *bytes = NULL;
  const uint64_t n = request->nbytes;
  if (n > s->options.packet_bytes - sizeof(int32_t))
    return diag_set(
        diag, D_RPC_LIMIT, "%llu bytes do not fit a packet of at most %llu",
        (unsigned long long)n, (unsigned long long)s->options.packet_bytes);
  vtac_status status = memory_find(s, &request->tensor, n, &buffer, diag);
  if (!status)
    status =
        memory_read(s, buffer, request->tensor.byte_offset, n, &bytes, diag);
  if (status) return status;
  s->counts.bytes_out += n;
  rpc_packet(answer, RPC_COPY_ACK, 0, NULL);
  answer->data = (Slice){bytes, (size_t)n};
  return VTAC_OK;
}

/* ---- Calls -------------------------------------------------------------- */

static vtac_status call(Session *s, const RpcPacket *request, RpcPacket *answer,
                        Diag *diag) {
  RpcValue value = rpc_null();
  const Args args = {"the function", request->n, request->arg};
  Function *function =
      handles_get(&s->handles, OBJECT_FUNCTION, request->function);
  if (!function)
    return diag_set(diag, D_RPC_HANDLE, "handle %llu is no function",
                    (unsigned long long)request->function);
  s->counts.calls++;
  vtac_status status = function_call(s, function, &args, &value, diag);
  if (!status) rpc_return_call(answer, &value);
  return status;
}

/* ---- All ---------------------------------------------------------------- */

static vtac_status handle(Session *s, const RpcPacket *request,
                          RpcPacket *answer, Diag *diag) {
  RpcValue value = rpc_null();
  vtac_status status;
  switch (request->opcode) {
    case RPC_INIT_SERVER: status = init_server(s, request, diag); break;
    case RPC_CALL_FUNC: return call(s, request, answer, diag);
    case RPC_COPY_FROM_REMOTE: return copy_out(s, request, answer, diag);
    case RPC_COPY_TO_REMOTE: status = copy_in(s, request, diag); break;
    default: status = run_request(s, request, &value, diag); break;
  }
  if (!status) rpc_return(answer, value);
  return status;
}

static bool is_answer(RpcOpcode opcode) {
  return opcode == RPC_RETURN || opcode == RPC_EXCEPTION ||
         opcode == RPC_COPY_ACK;
}

/* What a client may not do at all, or not yet. */
static vtac_status check_state(const Session *s, const RpcPacket *request,
                               Diag *diag) {
  if (is_answer(request->opcode))
    return diag_set(diag, D_RPC_PROTOCOL, "the client sends an answer: %s",
                    rpc_opcode_name(request->opcode));
  if (!s->ready && request->opcode != RPC_INIT_SERVER)
    return diag_set(diag, D_RPC_PROTOCOL, "%s comes before InitServer",
                    rpc_opcode_name(request->opcode));
  return VTAC_OK;
}

/* Those that a server of TVM answers before InitServer, by an exception. */
static bool may_go_on(const RpcPacket *request) {
  return request->opcode >= RPC_GET_GLOBAL_FUNC;
}

SessionNext session_handle(Session *s, const RpcPacket *request,
                           RpcPacket *answer) {
  Diag diag;
  if (request->opcode == RPC_SHUTDOWN) return SESSION_DONE;
  s->counts.requests++;
  vtac_status status = check_state(s, request, &diag);
  bool broken = status != VTAC_OK;
  if (!status) status = handle(s, request, answer, &diag);
  if (!status) return SESSION_GOES_ON;
  s->counts.exceptions++;
  bytebuf_clear(&s->text);
  bytebuf_put(&s->text, diag.message, strlen(diag.message) + 1);
  rpc_exception(answer,
                s->text.failed ? "no memory" : (const char *)s->text.bytes);
  return broken && !may_go_on(request) ? SESSION_ENDS : SESSION_GOES_ON;
}
