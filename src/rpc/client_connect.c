/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a client's session: connection, handshake and secret. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "rpc/auth.h"
#include "rpc/client.h"
#include "runtime/objects.h"

/* ---- A socket as a transport -------------------------------------------- */

typedef struct SocketTransport {
  Transport base;
  RpcChannel channel;
  double call_seconds;
} SocketTransport;

static vtac_status socket_send(Transport *self, const RpcPacket *request,
                               Diag *diag) {
  SocketTransport *t = (SocketTransport *)self;
  channel_set_timeout(&t->channel, t->call_seconds);
  return channel_send_packet(&t->channel, request, diag);
}

static vtac_status socket_receive(Transport *self, RpcPacket *ret, Diag *diag) {
  return channel_receive_packet(&((SocketTransport *)self)->channel, ret, diag);
}

static vtac_status socket_receive_data(Transport *self, void *to, size_t n,
                                       Diag *diag) {
  return channel_receive_data(&((SocketTransport *)self)->channel, to, n, diag);
}

static void socket_close(Transport *self) {
  channel_close(&((SocketTransport *)self)->channel);
  free(self);
}

Transport *transport_of_channel(RpcChannel *channel, double call_seconds) {
  static const TransportOps ops = {socket_send, socket_receive,
                                   socket_receive_data, socket_close};
  SocketTransport *t = malloc(sizeof *t);
  if (t) *t = (SocketTransport){{&ops}, *channel, call_seconds};
  return t ? &t->base : NULL;
}

/* ---- Handshake ---------------------------------------------------------- */

/* The two texts of a handshake, which the proofs are about. */
typedef struct Greeting {
  char client[HELLO_MOST_KEY + 1], server[HELLO_MOST_KEY + 1];
} Greeting;

static vtac_status check_code(uint32_t code, Diag *diag) {
  switch (code) {
    case HELLO_MAGIC: return VTAC_OK;
    case HELLO_MISMATCH:
      return diag_set(diag, D_RPC_KEY,
                      "the server has another key, asks for a secret, or is "
                      "busy");
    case HELLO_DUPLICATE:
      return diag_set(diag, D_RPC_KEY, "somebody waits with the same key");
    default: break;
  }
  return diag_set(diag, D_RPC_PROTOCOL, "the peer is no RPC server");
}

/* Both sides show that they know the secret; the client goes first. */
static vtac_status authenticate(RpcChannel *channel, const char *secret,
                                const Greeting *greeting, Diag *diag) {
  char proof[AUTH_PROOF + 1], text[sizeof AUTH_PREFIX + AUTH_PROOF];
  Slice client = slice_of(greeting->client),
        server = slice_of(greeting->server);
  Hello hello;
  auth_proof(secret, "client", client, server, proof);
  snprintf(text, sizeof text, AUTH_PREFIX "%s", proof);
  vtac_status status = channel_send_hello(channel, HELLO_MAGIC, text, diag);
  if (!status) status = channel_receive_hello(channel, &hello, diag);
  if (status) return status;
  auth_proof(secret, "server", client, server, proof);
  if (hello.code == HELLO_MAGIC && auth_accepts(hello.key, proof))
    return VTAC_OK;
  return diag_set(diag, D_RPC_SECRET,
                  hello.code == HELLO_MISMATCH
                      ? "the server has another secret"
                      : "the server does not know the secret");
}

/* Both sides or neither have a secret, and the key is the right one. */
static vtac_status check_server(const HelloKey *server, const char *wanted,
                                bool has_secret, Diag *diag) {
  if (strcmp(server->key, wanted) != 0)
    return diag_set(diag, D_RPC_KEY,
                    "the server's key is '%.200s', not '%.200s'", server->key,
                    wanted);
  if (has_secret && !*server->nonce)
    return diag_set(diag, D_RPC_SECRET, "the server asks for no secret");
  if (!has_secret && *server->nonce)
    return diag_set(diag, D_RPC_SECRET, "the server asks for a secret");
  return VTAC_OK;
}

static vtac_status check_secret(const char *secret, Diag *diag) {
  if (!secret || strlen(secret) >= AUTH_LEAST_SECRET) return VTAC_OK;
  return diag_set(diag, D_RPC_SECRET,
                  "the secret has %zu bytes; it takes at least %d",
                  strlen(secret), AUTH_LEAST_SECRET);
}

/* The client's text of the handshake. */
static vtac_status make_key(const vtac_rpc_options *options,
                            const char *match_key, char *ret, Diag *diag) {
  HelloKey key = {.timeout = options->session_seconds};
  vtac_status status = check_secret(options->secret, diag);
  if (status) return status;
  if (strlen(match_key) > HELLO_MOST_KEY)
    return diag_set(diag, D_RPC_KEY, "the key has %zu bytes, allowed are %d",
                    strlen(match_key), HELLO_MOST_KEY);
  slice_copy(slice_of(match_key), key.key, sizeof key.key);
  if (options->secret && !auth_nonce(key.nonce))
    return diag_set(diag, D_RPC_SECRET, "the system has no random numbers");
  return hello_format_key("client", &key, ret, diag);
}

vtac_status client_greet(RpcChannel *channel, const vtac_rpc_options *options,
                         const char *match_key, const char *server_key,
                         Diag *diag) {
  Greeting greeting;
  HelloKey server;
  Hello hello;
  vtac_status status = make_key(options, match_key, greeting.client, diag);
  if (!status)
    status = channel_send_hello(channel, HELLO_MAGIC, greeting.client, diag);
  if (!status) status = channel_receive_hello(channel, &hello, diag);
  if (!status) status = check_code(hello.code, diag);
  if (!status) status = hello_parse_key("server", hello.key, &server, diag);
  if (status) return status;
  slice_copy(hello.key, greeting.server, sizeof greeting.server);
  status = check_server(&server, server_key, options->secret != NULL, diag);
  if (status || !options->secret) return status;
  return authenticate(channel, options->secret, &greeting, diag);
}

/* ---- Connecting --------------------------------------------------------- */

double client_connect_seconds(const vtac_rpc_options *options) {
  const double usual = 60;
  return options->connect_seconds > 0 ? options->connect_seconds : usual;
}

static Transport *open_transport(const RpcAddress *address,
                                 const char *match_key,
                                 const vtac_rpc_options *options, Diag *diag) {
  RpcChannel channel;
  const char *server_key = options->key ? options->key : "";
  if (channel_connect(&channel, address, client_connect_seconds(options), diag))
    return NULL;
  Transport *transport = NULL;
  if (!client_greet(&channel, options, match_key, server_key, diag)) {
    transport = transport_of_channel(&channel, options->call_seconds);
    if (!transport) diag_set(diag, D_NO_MEMORY, "cannot allocate a session");
  }
  if (!transport) channel_close(&channel);
  return transport;
}

vtac_rpc *client_connect(const RpcAddress *address, const char *match_key,
                         const vtac_rpc_options *options, Diag *diag) {
  Transport *transport = open_transport(address, match_key, options, diag);
  return transport ? client_new(transport, diag) : NULL;
}

static vtac_status make_address(const char *host, int port, RpcAddress *ret,
                                Diag *diag) {
  if (strlen(host) > RPC_MOST_HOST || port < 1 || port > 65535)
    return diag_set(diag, D_ARGUMENT, "'%.64s' port %d is no address", host,
                    port);
  slice_copy(slice_of(host), ret->host, sizeof ret->host);
  ret->port = port;
  return VTAC_OK;
}

vtac_rpc *vtac_rpc_connect(const char *host, int port,
                           const vtac_rpc_options *options, vtac_error *error) {
  static const vtac_rpc_options none = {0};
  RpcAddress address;
  Diag diag;
  vtac_rpc *session = NULL;
  if (is_missing(host, "vtac_rpc_connect", "host", error)) return NULL;
  if (!options) options = &none;
  if (!make_address(host, port, &address, &diag))
    session = client_connect(&address, options->key ? options->key : "",
                             options, &diag);
  if (!session) report_error(error, &diag);
  return session;
}

vtac_status vtac_rpc_parse_address(const char *text, int default_port,
                                   char *host, size_t size, int *ret_port,
                                   vtac_error *error) {
  static const char call[] = "vtac_rpc_parse_address";
  RpcAddress address;
  Diag diag;
  if (is_missing(text, call, "text", error) ||
      is_missing(host, call, "host", error) ||
      is_missing(ret_port, call, "ret_port", error))
    return VTAC_INVALID;
  vtac_status status = rpc_parse_address(text, default_port, &address, &diag);
  if (!status && strlen(address.host) >= size)
    status = diag_set(&diag, D_ARGUMENT, "'%s' is longer than %zu bytes",
                      address.host, size);
  if (status) return report_error(error, &diag);
  memcpy(host, address.host, strlen(address.host) + 1);
  *ret_port = address.port;
  return VTAC_OK;
}
