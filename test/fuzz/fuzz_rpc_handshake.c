/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: a server that says anything, from its first word on.  The first
 * byte chooses the client's key and secret; the rest is what the server sends,
 * and then it hangs up.  The client ends every call, with a reason if not with
 * a result, and asks for no more memory than the server has sent bytes for. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/client.h"

enum { MOST_BYTES = 1 << 16 }; /* fits into a socket */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need_reason(vtac_status status, const vtac_error *error) {
  if (status && (error->status != status || !error->message[0])) abort();
}

static void use_array(vtac_rpc *session) {
  static const int64_t shape[] = {4, 8};
  vtac_error error;
  uint8_t bytes[32] = {0};
  vtac_rpc_array *array =
      vtac_rpc_array_new(session, 12, 0, "int8", 2, shape, &error);
  if (!array) return;
  need_reason(vtac_rpc_array_write(array, bytes, &error), &error);
  need_reason(vtac_rpc_array_read(array, bytes, &error), &error);
  vtac_rpc_array_free(array);
}

static void use_function(vtac_rpc *session) {
  vtac_error error;
  vtac_rpc_value value = {0};
  vtac_rpc_function *f = vtac_rpc_function_get(session, "f", &error);
  if (!f) return;
  for (int i = 0; i < 4; i++) {
    vtac_status status = vtac_rpc_call(f, 0, NULL, &value, &error);
    need_reason(status, &error);
    if (status) continue;
    vtac_rpc_array_free(value.type == VTAC_RPC_ARRAY ? value.array : NULL);
    vtac_rpc_module_free(value.type == VTAC_RPC_MODULE ? value.module : NULL);
    vtac_rpc_function_free(value.type == VTAC_RPC_FUNCTION ? value.function
                                                           : NULL);
  }
  vtac_rpc_function_free(f);
}

static void use_session(vtac_rpc *session) {
  uint64_t counters[VTAC_COUNTERS], cycles;
  vtac_rpc_value value;
  vtac_error error;
  size_t size;
  use_function(session);
  use_array(session);
  need_reason(vtac_rpc_device_attr(session, 12, 0, 0, &value, &error), &error);
  need_reason(vtac_rpc_counters(session, counters, &cycles, &error), &error);
  free(vtac_rpc_download(session, "x", &size, &error));
  vtac_rpc_close(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int fds[2];
  RpcChannel channel;
  Diag diag = {0};
  if (!size || size > MOST_BYTES) return 0;
  const char *secret = *data & 1 ? "0123456789abcdef" : NULL;
  const vtac_rpc_options options = {.secret = secret,
                                    .session_seconds = *data & 2 ? 60 : 0};
  const char *key = *data & 4 ? "lab" : "";
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds)) abort();
  if (write(fds[1], data + 1, size - 1) != (ssize_t)size - 1) abort();
  shutdown(fds[1], SHUT_WR);
  channel_open(&channel, fds[0]);
  channel.packet_limit = MOST_BYTES;
  channel_set_timeout(&channel, 5);
  if (client_greet(&channel, &options, key, key, &diag)) {
    if (!diag.message[0]) abort();
    channel_close(&channel);
  } else {
    vtac_rpc *session = client_new(transport_of_channel(&channel, 5), &diag);
    if (session) use_session(session);
  }
  close(fds[1]);
  return 0;
}
