/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as the packets of a client, after the InitServer that
 * each must begin with.  Every request gets an answer that can be sent, and
 * the session can be freed whatever came before.
 *
 * Left out are files, since the session has no directory, and the time
 * evaluator, which may call a function as often as its client likes: a server
 * ends such a request by its timer. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_PACKETS = 64, LIMIT = 1 << 16 };

static void handle(Session *session, RpcPacket *request, const uint8_t *data,
                   SessionNext *ret_next) {
  static RpcPacket answer;
  Diag diag;
  ByteBuf out = {0};
  if (request->opcode == RPC_COPY_TO_REMOTE) {
    void *room = session_room(session, request);
    if (room) memcpy(room, data, request->data.n);
  }
  *ret_next = session_handle(session, request, &answer);
  if (*ret_next == SESSION_DONE) return;
  if (rpc_encode(&answer, &out, &diag)) abort();
  if (answer.data.n && !answer.data.at) abort();
  bytebuf_free(&out);
}

static bool takes_any_time(const RpcPacket *request) {
  return request->opcode == RPC_GET_GLOBAL_FUNC && request->n == 1 &&
         request->arg[0].code == RPC_STRING &&
         slice_is(request->arg[0].text, "runtime.RPCTimeEvaluator");
}

/* The packet at the front, or 0 bytes where there is none. */
static size_t take_packet(Session *session, const uint8_t *data, size_t size,
                          SessionNext *ret_next) {
  static RpcPacket request;
  size_t wanted = 0;
  Diag diag;
  if (rpc_wanted(data, size, LIMIT, &wanted, &diag) || wanted > size) return 0;
  if (rpc_decode(data, wanted, &request, &diag)) return 0;
  if (request.data.n > size - wanted) return 0;
  if (request.opcode != RPC_NONE && !takes_any_time(&request))
    handle(session, &request, data + wanted, ret_next);
  return wanted + request.data.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static RpcPacket init;
  vtac_config *config = vtac_config_default(NULL);
  const SessionOptions options = {.config = config,
                                  .memory_bytes = 1 << 20,
                                  .packet_bytes = LIMIT,
                                  .workdir = {.fd = -1}};
  Session *session = session_new(&options);
  SessionNext next = SESSION_GOES_ON;
  if (!config || !session) abort();
  rpc_packet(&init, RPC_INIT_SERVER, 0, NULL);
  init.version = slice_of(RPC_VERSION);
  handle(session, &init, NULL, &next);
  for (int i = 0; i < MOST_PACKETS && next == SESSION_GOES_ON; i++) {
    size_t n = take_packet(session, data, size, &next);
    if (!n) break;
    data += n;
    size -= n;
  }
  session_free(session);
  vtac_config_free(config);
  return 0;
}
