/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes, in the server's loop and without ever waiting for one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/server_impl.h"

/* ---- Life --------------------------------------------------------------- */

void server_drop_client(vtac_rpc_server *server, int index, const char *why) {
  Client *client = server->client[index];
  LogLine line;
  if (why) {
    log_begin(&line, &server->options.log, VTAC_LOG_INFO, "client-refused");
    log_text(&line, "peer", client->peer);
    log_text(&line, "reason", why);
    log_end(&line);
  }
  if (client->fd >= 0) close(client->fd);
  free(client);
  int after = --server->n_clients - index;
  memmove(&server->client[index], &server->client[index + 1],
          (size_t)after * sizeof *server->client);
}

/* The one that has been silent for the longest time makes room for a new one;
 * those that wait for a session have said what they want. */
static bool make_room(vtac_rpc_server *server) {
  for (int i = 0; i < server->n_clients; i++)
    if (server->client[i]->state != CLIENT_WAITING) {
      server_drop_client(server, i, "too many clients that say nothing");
      return true;
    }
  return false;
}

/* No more at once than the loop can hold: those who come faster wait. */
void server_accept(vtac_rpc_server *server) {
  char peer[PEER_BYTES];
  for (int n = 0; n < MOST_CLIENTS; n++) {
    if (server->n_clients == MOST_CLIENTS && !make_room(server)) return;
    int fd = listener_accept(&server->listener, peer);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && make_room(server))
      continue;
    Client *client = fd >= 0 ? calloc(1, sizeof *client) : NULL;
    if (!client) {
      if (fd >= 0) close(fd);
      return;
    }
    client->fd = fd;
    client->deadline = monotonic_after(server->options.limits.hello_seconds);
    memcpy(client->peer, peer, sizeof peer);
    server->client[server->n_clients++] = client;
  }
}

void server_expire_clients(vtac_rpc_server *server) {
  const int64_t now = monotonic_now();
  for (int i = server->n_clients; i-- > 0;)
    if (server->client[i]->deadline <= now)
      server_drop_client(server, i,
                         server->client[i]->state == CLIENT_WAITING
                             ? "no session was free in time"
                             : "no handshake in time");
}

/* ---- What the server says ----------------------------------------------- */

bool server_send_hello(const Client *client, uint32_t code, const char *key) {
  Diag diag;
  ByteBuf bytes = {0};
  bool good = !hello_encode(code, key, &bytes, &diag) &&
              send(client->fd, bytes.bytes, bytes.size,
                   MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)bytes.size;
  bytebuf_free(&bytes);
  return good;
}

static void refuse(vtac_rpc_server *server, int index, const char *why) {
  server_send_hello(server->client[index], HELLO_MISMATCH, NULL);
  server_drop_client(server, index, why);
}

/* ---- Keys --------------------------------------------------------------- */

/* Takes as long for any two texts of their lengths. */
static bool same_text(const char *a, const char *b) {
  const size_t n = strlen(a), m = strlen(b);
  unsigned char differs = n != m;
  for (size_t i = 0; i < n; i++)
    differs |= (unsigned char)(a[i] ^ (m ? b[i % m] : 0));
  return !differs;
}

static bool key_matches(vtac_rpc_server *server, const char *key) {
  if (server->tracker) return tracker_link_take(server->tracker, key);
  return same_text(key, server->options.key);
}

static int count_waiting(const vtac_rpc_server *server) {
  int n = 0;
  for (int i = 0; i < server->n_clients; i++)
    n += server->client[i]->state == CLIENT_WAITING;
  return n;
}

static void let_wait(vtac_rpc_server *server, int index) {
  const vtac_rpc_limits *limits = &server->options.limits;
  Client *client = server->client[index];
  if (server->n_sessions >= limits->sessions &&
      count_waiting(server) >= limits->waiting) {
    refuse(server, index, "too many clients wait");
    return;
  }
  client->state = CLIENT_WAITING;
  client->deadline = monotonic_after(limits->session_seconds);
}

/* The client sends a proof before it may wait for a session. */
static bool ask_for_proof(const vtac_rpc_server *server, Client *client,
                          Slice client_key, HelloKey *own) {
  Diag diag;
  const char *secret = server->options.secret;
  if (!auth_nonce(own->nonce) ||
      hello_format_key("server", own, client->server_key, &diag))
    return false;
  const Slice server_key = slice_of(client->server_key);
  auth_proof(secret, "client", client_key, server_key, client->proof);
  auth_proof(secret, "server", client_key, server_key, client->own_proof);
  client->state = CLIENT_PROOF;
  client->have = 0;
  return server_send_hello(client, HELLO_MAGIC, client->server_key);
}

static void take_key(vtac_rpc_server *server, int index, Slice text) {
  Client *client = server->client[index];
  const char *secret = server->options.secret;
  HelloKey key, own = {0};
  Diag diag;
  if (hello_parse_key("client", text, &key, &diag)) {
    refuse(server, index, "a key of another form");
    return;
  }
  if (secret && !*key.nonce) {
    refuse(server, index, "no proof of the secret is offered");
    return;
  }
  if (!key_matches(server, key.key)) {
    refuse(server, index, "another key");
    return;
  }
  client->timeout = key.timeout;
  slice_copy(slice_of(server->options.key), own.key, sizeof own.key);
  if (!secret) {
    if (hello_format_key("server", &own, client->server_key, &diag))
      refuse(server, index, diag.message);
    else
      let_wait(server, index);
  } else if (!ask_for_proof(server, client, text, &own)) {
    server_drop_client(server, index, "it cannot be asked for a proof");
  }
}

static void take_proof(vtac_rpc_server *server, int index, Slice text) {
  const Client *client = server->client[index];
  if (auth_accepts(text, client->proof))
    let_wait(server, index);
  else
    refuse(server, index, "the proof of the secret is wrong");
}

static void take_message(vtac_rpc_server *server, int index,
                         const Hello *hello) {
  const Client *client = server->client[index];
  if (hello->code != HELLO_MAGIC)
    server_drop_client(server, index, "not this protocol");
  else if (client->state == CLIENT_HELLO)
    take_key(server, index, hello->key);
  else
    take_proof(server, index, hello->key);
}

/* ---- Bytes -------------------------------------------------------------- */

/* No more bytes are taken than the message has: what follows is the
 * session's. */
void server_read_client(vtac_rpc_server *server, int index) {
  Client *client = server->client[index];
  size_t wanted;
  Hello hello;
  Diag diag;
  if (client->state == CLIENT_WAITING) {
    server_drop_client(server, index, "it left while it waited");
    return;
  }
  for (;;) {
    if (hello_wanted(client->bytes, client->have, &wanted, &diag)) {
      refuse(server, index, diag.message);
      return;
    }
    if (client->have == wanted) break;
    ssize_t n = recv(client->fd, client->bytes + client->have,
                     wanted - client->have, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      server_drop_client(server, index, "it left");
      return;
    }
    client->have += (size_t)n;
  }
  if (hello_decode(client->bytes, client->have, &hello, &diag))
    server_drop_client(server, index, diag.message);
  else
    take_message(server, index, &hello);
}
