/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a tracker for a server, and for what it knows. */
#include <stdlib.h>
#include <string.h>

#include "rpc/client.h"
#include "rpc/tracker_wire.h"
#include "runtime/objects.h"

enum { TRIES = 5, SUMMARY_BYTES = 16 << 20 };

struct vtac_rpc_summary {
  TrackerSummary state;
};

/* ---- One question ------------------------------------------------------- */

/* Connects and exchanges the magic numbers: the client goes first and waits,
 * because TVM's tracker takes what it reads at first for the number alone. */
static vtac_status open_tracker(const char *host, int port, double seconds,
                                RpcChannel *ret, Diag *diag) {
  RpcAddress address = {.port = port};
  if (strlen(host) > RPC_MOST_HOST || port < 1 || port > 65535)
    return diag_set(diag, D_ARGUMENT, "'%.64s' port %d is no address", host,
                    port);
  slice_copy(slice_of(host), address.host, sizeof address.host);
  vtac_status status = channel_connect(ret, &address, seconds, diag);
  if (status) return status;
  status = channel_send_magic(ret, diag);
  if (!status) status = channel_receive_magic(ret, diag);
  if (status) channel_close(ret);
  return status;
}

static vtac_status ask(RpcChannel *channel, const TrackerRequest *request,
                       Slice *ret_answer, Diag *diag) {
  ByteBuf message = {0};
  vtac_status status = tracker_encode_request(request, &message, diag);
  if (!status) status = channel_send_bytes(channel, &message, diag);
  bytebuf_free(&message);
  if (status) return status;
  return channel_receive_text(channel, SUMMARY_BYTES, ret_answer, diag);
}

/* ---- A server ----------------------------------------------------------- */

static vtac_status request_server(RpcChannel *tracker, const char *key,
                                  int priority, TrackerServer *ret,
                                  Diag *diag) {
  TrackerRequest request = {.code = TRACKER_REQUEST, .priority = priority};
  Slice answer;
  int code;
  if (strlen(key) > HELLO_MOST_KEY)
    return diag_set(diag, D_RPC_KEY, "the key has %zu bytes, allowed are %d",
                    strlen(key), HELLO_MOST_KEY);
  slice_copy(slice_of(key), request.key, sizeof request.key);
  vtac_status status = ask(tracker, &request, &answer, diag);
  if (status) return status;
  if (!tracker_decode_code(answer.at, answer.n, &code, NULL))
    return diag_set(diag, D_RPC_TRACKER,
                    "the tracker gives no server of key '%.200s'", key);
  return tracker_decode_server(answer.at, answer.n, ret, diag);
}

static vtac_rpc *connect_to(const TrackerServer *server,
                            const vtac_rpc_options *options, Diag *diag) {
  RpcAddress address = {.port = server->port};
  slice_copy(slice_of(server->host), address.host, sizeof address.host);
  return client_connect(&address, server->key, options, diag);
}

/* Another server won't know the secret better. */
static bool is_worth_another_try(const Diag *diag) {
  return diag->id == D_RPC_CONNECT || diag->id == D_RPC_KEY ||
         diag->id == D_RPC_TIMEOUT || diag->id == D_RPC_CLOSED ||
         diag->id == D_RPC_PROTOCOL;
}

static vtac_rpc *try_servers(RpcChannel *tracker, int priority,
                             const vtac_rpc_options *options, Diag *diag) {
  const char *key = options->key ? options->key : "";
  vtac_rpc *session = NULL;
  for (int i = 0; i < TRIES && !session; i++) {
    TrackerServer server;
    channel_set_timeout(tracker, options->connect_seconds);
    if (request_server(tracker, key, priority, &server, diag)) return NULL;
    session = connect_to(&server, options, diag);
    if (!session && !is_worth_another_try(diag)) return NULL;
  }
  return session;
}

vtac_rpc *vtac_rpc_request(const char *host, int port, int priority,
                           const vtac_rpc_options *options, vtac_error *error) {
  static const vtac_rpc_options none = {0};
  RpcChannel tracker;
  Diag diag;
  vtac_rpc *session = NULL;
  if (is_missing(host, "vtac_rpc_request", "host", error)) return NULL;
  if (!options) options = &none;
  if (!open_tracker(host, port, client_connect_seconds(options), &tracker,
                    &diag)) {
    session = try_servers(&tracker, priority, options, &diag);
    channel_close(&tracker);
  }
  if (!session) report_error(error, &diag);
  return session;
}

/* ---- The tracker's state ------------------------------------------------ */

static vtac_status ask_summary(RpcChannel *tracker, TrackerSummary *ret,
                               Diag *diag) {
  const TrackerRequest request = {.code = TRACKER_SUMMARY};
  Slice answer;
  vtac_status status = ask(tracker, &request, &answer, diag);
  if (status) return status;
  return tracker_decode_summary(answer.at, answer.n, ret, diag);
}

static vtac_status get_summary(const char *host, int port, double seconds,
                               TrackerSummary *ret, Diag *diag) {
  const double usual = 60;
  RpcChannel tracker;
  vtac_status status =
      open_tracker(host, port, seconds > 0 ? seconds : usual, &tracker, diag);
  if (status) return status;
  status = ask_summary(&tracker, ret, diag);
  channel_close(&tracker);
  return status;
}

vtac_rpc_summary *vtac_rpc_summary_get(const char *host, int port,
                                       double seconds, vtac_error *error) {
  Diag diag;
  if (is_missing(host, "vtac_rpc_summary_get", "host", error)) return NULL;
  vtac_rpc_summary *summary = calloc(1, sizeof *summary);
  if (!summary)
    diag_set(&diag, D_NO_MEMORY, "cannot allocate a summary");
  else if (!get_summary(host, port, seconds, &summary->state, &diag))
    return summary;
  free(summary);
  report_error(error, &diag);
  return NULL;
}

void vtac_rpc_summary_free(vtac_rpc_summary *summary) {
  if (!summary) return;
  tracker_summary_free(&summary->state);
  free(summary);
}

int vtac_rpc_summary_queue(const vtac_rpc_summary *summary, int index,
                           vtac_rpc_queue *ret_queue) {
  if (!summary || index < 0 || index >= summary->state.queues) return 0;
  const TrackerQueue *queue = &summary->state.queue[index];
  *ret_queue = (vtac_rpc_queue){queue->key, queue->free, queue->pending};
  return 1;
}

int vtac_rpc_summary_server(const vtac_rpc_summary *summary, int index,
                            vtac_rpc_place *ret_server) {
  if (!summary || index < 0 || index >= summary->state.servers) return 0;
  const TrackerServer *server = &summary->state.server[index];
  *ret_server = (vtac_rpc_place){server->key, server->host, server->port};
  return 1;
}
