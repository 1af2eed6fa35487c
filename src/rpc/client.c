/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of a client: requests and their answers. */
#include "rpc/client.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/objects.h"

static const char *const helper_names[HELPERS] = {
    [HELP_UPLOAD] = "tvm.rpc.server.upload",
    [HELP_DOWNLOAD] = "tvm.rpc.server.download",
    [HELP_REMOVE] = "tvm.rpc.server.remove",
    [HELP_LOAD_MODULE] = "tvm.rpc.server.load_module",
    [HELP_GET_FUNCTION] = "tvm.rpc.server.ModuleGetFunction",
    [HELP_TIME_EVALUATOR] = "runtime.RPCTimeEvaluator",
    [HELP_RECONFIGURE] = "tvm.contrib.vta.reconfig_runtime",
    [HELP_PROGRAM] = "tvm.contrib.vta.init",
    [HELP_CLEAR_COUNTERS] = "vta.simulator.profiler_clear",
    [HELP_COUNTERS] = "vta.simulator.profiler_status",
    [HELP_CYCLES] = "vta.tsim.profiler_status"};

/* ---- Exchange ----------------------------------------------------------- */

/* After a failure of the transport nobody knows which answer comes next. */
static vtac_status note_failure(vtac_rpc *session, vtac_status status,
                                const Diag *diag) {
  if (status && diag->id != D_RPC_REMOTE) session->broken = *diag;
  return status;
}

/* What is refused here was not sent, and the session goes on. */
static bool is_own_limit(const Diag *diag) {
  return diag->id == D_RPC_LIMIT || diag->id == D_NO_MEMORY;
}

vtac_status client_exchange(vtac_rpc *session, Diag *diag) {
  Transport *transport = session->transport;
  if (session->broken.id != D_NONE) {
    *diag = session->broken;
    return diag->status;
  }
  vtac_status status = transport->ops->send(transport, &session->request, diag);
  if (status && is_own_limit(diag)) return status;
  if (!status)
    status = transport->ops->receive(transport, &session->answer, diag);
  return note_failure(session, status, diag);
}

vtac_status client_mistyped(vtac_rpc *session, const char *what, Diag *diag) {
  vtac_status status = diag_set(diag, D_RPC_PROTOCOL,
                                "the server gives %s of another type", what);
  return note_failure(session, status, diag);
}

vtac_status client_request(vtac_rpc *session, RpcOpcode opcode, int n,
                           const RpcValue *args, RpcValue *ret, Diag *diag) {
  RpcValue value;
  rpc_packet(&session->request, opcode, n, args);
  vtac_status status = client_exchange(session, diag);
  if (status) return status;
  status = rpc_take_return(&session->answer, &value, diag);
  if (!status && !ret && value.code != RPC_NULL)
    status = client_mistyped(session, "an answer", diag);
  if (!status && ret) *ret = value;
  return note_failure(session, status, diag);
}

/* A result that nobody wants is still to be given back. */
static void drop(vtac_rpc *session, const RpcValue *value) {
  if (value->code == RPC_MODULE || value->code == RPC_FUNCTION)
    client_release(session, value->code, value->handle);
  if (value->code == RPC_NDARRAY)
    client_release(session, RPC_NDARRAY, value->array);
}

vtac_status client_call(vtac_rpc *session, uint64_t function, int n,
                        const RpcValue *args, RpcValue *ret, Diag *diag) {
  RpcValue value;
  if (n > RPC_MOST_ARGS)
    return diag_set(diag, D_RPC_LIMIT, "%d arguments, allowed are %d", n,
                    RPC_MOST_ARGS);
  rpc_packet(&session->request, RPC_CALL_FUNC, n, args);
  session->request.function = function;
  vtac_status status = client_exchange(session, diag);
  if (status) return status;
  status = rpc_take_call(&session->answer, &value, diag);
  if (!status && !ret) drop(session, &value);
  if (!status && ret) *ret = value;
  return note_failure(session, status, diag);
}

vtac_status client_find(vtac_rpc *session, const char *name, uint64_t *ret,
                        Diag *diag) {
  RpcValue value;
  vtac_status status = client_request(session, RPC_GET_GLOBAL_FUNC,
                                      RPC_ARGS(rpc_string(name)), &value, diag);
  if (!status && value.code != RPC_HANDLE)
    status = client_mistyped(session, "a function", diag);
  if (!status) *ret = value.handle;
  return status;
}

vtac_status client_help(vtac_rpc *session, Helper helper, int n,
                        const RpcValue *args, RpcValue *ret, Diag *diag) {
  uint64_t *handle = &session->helper[helper];
  vtac_status status = VTAC_OK;
  if (!*handle)
    status = client_find(session, helper_names[helper], handle, diag);
  if (status) return status;
  if (!*handle)
    return diag_set(diag, D_RPC_MISSING, "the server has no function '%s'",
                    helper_names[helper]);
  return client_call(session, *handle, n, args, ret, diag);
}

void client_release(vtac_rpc *session, RpcCode kind, uint64_t handle) {
  Diag ignored;
  client_request(session, RPC_FREE_HANDLE,
                 RPC_ARGS(rpc_handle(RPC_HANDLE, handle), rpc_int(kind)), NULL,
                 &ignored);
}

vtac_status client_keep_text(vtac_rpc *session, Slice text, Diag *diag) {
  bytebuf_clear(&session->text);
  bytebuf_put(&session->text, text.at, text.n);
  bytebuf_put(&session->text, "", 1);
  if (!session->text.failed) return VTAC_OK;
  return diag_set(diag, D_NO_MEMORY, "cannot allocate a text");
}

/* ---- Life --------------------------------------------------------------- */

static vtac_status init_server(vtac_rpc *session, Diag *diag) {
  RpcValue value;
  rpc_packet(&session->request, RPC_INIT_SERVER, 0, NULL);
  session->request.version = slice_of(RPC_VERSION);
  vtac_status status = client_exchange(session, diag);
  return status ? status : rpc_take_return(&session->answer, &value, diag);
}

vtac_rpc *client_new(Transport *transport, Diag *diag) {
  vtac_rpc *session = calloc(1, sizeof *session);
  if (!session) {
    transport->ops->close(transport);
    diag_set(diag, D_NO_MEMORY, "cannot allocate a session");
    return NULL;
  }
  session->transport = transport;
  if (!init_server(session, diag)) return session;
  vtac_rpc_close(session);
  return NULL;
}

void vtac_rpc_close(vtac_rpc *session) {
  Diag ignored;
  if (!session) return;
  for (int i = 0; i < HELPERS; i++)
    if (session->helper[i])
      client_release(session, RPC_FUNCTION, session->helper[i]);
  if (session->broken.id == D_NONE) {
    rpc_packet(&session->request, RPC_SHUTDOWN, 0, NULL);
    session->transport->ops->send(session->transport, &session->request,
                                  &ignored);
  }
  session->transport->ops->close(session->transport);
  bytebuf_free(&session->text);
  free(session);
}

/* ---- Files -------------------------------------------------------------- */

vtac_status vtac_rpc_upload(vtac_rpc *session, const char *name,
                            const void *bytes, size_t size, vtac_error *error) {
  static const char call[] = "vtac_rpc_upload";
  Diag diag;
  if (is_missing(session, call, "session", error) ||
      is_missing(name, call, "name", error) ||
      (size && is_missing(bytes, call, "bytes", error)))
    return VTAC_INVALID;
  vtac_status status = client_help(
      session, HELP_UPLOAD, RPC_ARGS(rpc_string(name), rpc_bytes(bytes, size)),
      NULL, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}

static void *copy_of(Slice bytes, Diag *diag) {
  void *copy = malloc(bytes.n + 1);
  if (copy && bytes.n) memcpy(copy, bytes.at, bytes.n);
  if (!copy) diag_set(diag, D_NO_MEMORY, "cannot allocate a file");
  return copy;
}

void *vtac_rpc_download(vtac_rpc *session, const char *name, size_t *ret_size,
                        vtac_error *error) {
  static const char call[] = "vtac_rpc_download";
  Diag diag;
  RpcValue value;
  void *copy = NULL;
  if (is_missing(session, call, "session", error) ||
      is_missing(name, call, "name", error) ||
      is_missing(ret_size, call, "ret_size", error))
    return NULL;
  vtac_status status = client_help(session, HELP_DOWNLOAD,
                                   RPC_ARGS(rpc_string(name)), &value, &diag);
  if (!status && value.code != RPC_BYTES)
    status = client_mistyped(session, "a file", &diag);
  if (!status) copy = copy_of(value.text, &diag);
  if (copy)
    *ret_size = value.text.n;
  else
    report_error(error, &diag);
  return copy;
}

vtac_status vtac_rpc_remove(vtac_rpc *session, const char *name,
                            vtac_error *error) {
  static const char call[] = "vtac_rpc_remove";
  Diag diag;
  if (is_missing(session, call, "session", error) ||
      is_missing(name, call, "name", error))
    return VTAC_INVALID;
  vtac_status status = client_help(session, HELP_REMOVE,
                                   RPC_ARGS(rpc_string(name)), NULL, &diag);
  return status ? report_error(error, &diag) : VTAC_OK;
}
