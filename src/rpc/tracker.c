/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker: connections of servers and clients, in one loop that never
 * waits for one of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/auth.h"
#include "rpc/listener.h"
#include "rpc/log.h"
#include "rpc/tracker_state.h"
#include "runtime/objects.h"

#define HELLO_SECONDS 10.0

enum {
  LAST_PORT = 9198,
  MOST_CONNECTIONS = 4096,
  MOST_OUTPUT = 8 << 20 /* bytes that a connection has not taken */
};

typedef struct Connection {
  int64_t id;
  int fd;
  bool greeted;     /* both have sent the magic number */
  int64_t deadline; /* unless it needs the tracker */
  ByteBuf in, out;
  char peer[PEER_BYTES], host[PEER_BYTES];
} Connection;

struct vtac_rpc_tracker {
  vtac_rpc_log log;
  char *host;
  Listener listener;
  double idle_seconds;
  int most, n;
  int64_t next_id;
  bool stopping;
  char stop_key[sizeof "tracker:" + HELLO_NONCE];
  TrackerState *state;
  Connection **connection; /* room for `most` */
  struct pollfd *poll;     /* room for them and two more */
};

/* ---- Connections -------------------------------------------------------- */

static void log_peer(const vtac_rpc_tracker *tracker, const char *event,
                     const Connection *c, const char *reason) {
  LogLine line;
  log_begin(&line, &tracker->log, VTAC_LOG_DEBUG, event);
  log_text(&line, "peer", c->peer);
  if (reason) log_text(&line, "reason", reason);
  log_end(&line);
}

static void drop(vtac_rpc_tracker *tracker, int index, const char *reason) {
  Connection *c = tracker->connection[index];
  log_peer(tracker, "close", c, reason);
  tracker_state_leave(tracker->state, c->id);
  close(c->fd);
  bytebuf_free(&c->in);
  bytebuf_free(&c->out);
  free(c);
  int after = --tracker->n - index;
  memmove(&tracker->connection[index], &tracker->connection[index + 1],
          (size_t)after * sizeof *tracker->connection);
}

/* "127.0.0.1" of "127.0.0.1:4242", "::1" of "[::1]:4242". */
static void host_of(const char *peer, char ret[PEER_BYTES]) {
  const bool bracket = *peer == '[';
  const char *end = strrchr(peer, bracket ? ']' : ':');
  snprintf(ret, PEER_BYTES, "%.*s",
           (int)((end ? end : peer + strlen(peer)) - peer - bracket),
           peer + bracket);
}

static void accept_all(vtac_rpc_tracker *tracker) {
  char peer[PEER_BYTES];
  while (tracker->n < tracker->most) {
    int fd = listener_accept(&tracker->listener, peer);
    Connection *c = fd >= 0 ? calloc(1, sizeof *c) : NULL;
    if (!c) {
      if (fd >= 0) close(fd);
      return;
    }
    *c = (Connection){.id = ++tracker->next_id,
                      .fd = fd,
                      .deadline = monotonic_after(HELLO_SECONDS)};
    memcpy(c->peer, peer, sizeof peer);
    host_of(peer, c->host);
    tracker->connection[tracker->n++] = c;
    log_peer(tracker, "accept", c, NULL);
  }
}

/* ---- Output ------------------------------------------------------------- */

static Connection *find(const vtac_rpc_tracker *tracker, int64_t id) {
  for (int i = 0; i < tracker->n; i++)
    if (tracker->connection[i]->id == id) return tracker->connection[i];
  return NULL;
}

static void queue_message(void *self, int64_t id, const ByteBuf *message) {
  Connection *c = find(self, id);
  if (c) bytebuf_put(&c->out, message->bytes, message->size);
}

/* False when the connection is to be dropped. */
static bool flush(Connection *c) {
  if (c->out.failed || c->out.size > MOST_OUTPUT) return false;
  while (c->out.size) {
    ssize_t n =
        send(c->fd, c->out.bytes, c->out.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    memmove(c->out.bytes, c->out.bytes + n, c->out.size - (size_t)n);
    c->out.size -= (size_t)n;
  }
  return true;
}

/* ---- Input -------------------------------------------------------------- */

/* NULL when the connection goes on, else why it does not. */
static const char *take_message(vtac_rpc_tracker *tracker, Connection *c,
                                Slice text) {
  TrackerRequest request;
  Diag diag;
  if (tracker_decode_request(text.at, text.n, &request, &diag))
    return "a request that is not known";
  c->deadline = monotonic_after(tracker->idle_seconds);
  switch (tracker_state_handle(tracker->state, c->id, c->host, &request)) {
    case TRACKER_GOES_ON: return NULL;
    case TRACKER_STOPS: tracker->stopping = true; return NULL;
    case TRACKER_CLOSES: break;
  }
  return "too many keys or requests";
}

static const char *take_magic(vtac_rpc_tracker *tracker, Connection *c,
                              size_t *ret_taken) {
  Reader reader = {c->in.bytes, c->in.size, false};
  *ret_taken = 0;
  if (c->in.size < TRACKER_HEAD_BYTES) return NULL;
  if (reader_u32(&reader) != TRACKER_MAGIC) return "not this protocol";
  bytebuf_put32(&c->out, TRACKER_MAGIC);
  c->greeted = true;
  c->deadline = monotonic_after(tracker->idle_seconds);
  *ret_taken = TRACKER_HEAD_BYTES;
  return NULL;
}

/* All messages that have arrived whole. */
static const char *take_input(vtac_rpc_tracker *tracker, Connection *c) {
  size_t at = 0, wanted;
  Diag diag;
  const char *why = NULL;
  if (!c->greeted) why = take_magic(tracker, c, &at);
  while (!why && c->greeted) {
    if (c->out.size > MOST_OUTPUT) return "it takes no answer";
    const uint8_t *bytes = c->in.bytes + at;
    if (tracker_wanted(bytes, c->in.size - at, TRACKER_MOST_TEXT, &wanted,
                       &diag))
      return "a message of an impossible length";
    if (c->in.size - at < wanted) break;
    const Slice text = {(const char *)bytes + TRACKER_HEAD_BYTES,
                        wanted - TRACKER_HEAD_BYTES};
    why = take_message(tracker, c, text);
    at += wanted;
  }
  memmove(c->in.bytes, c->in.bytes + at, c->in.size - at);
  c->in.size -= at;
  return why;
}

static const char *read_input(vtac_rpc_tracker *tracker, Connection *c) {
  enum { PIECE = 4096 };
  uint8_t *room = bytebuf_reserve(&c->in, PIECE);
  if (!room) return "no memory";
  ssize_t n = recv(c->fd, room, PIECE, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return NULL;
  if (n <= 0) return "it left";
  c->in.size += (size_t)n;
  return take_input(tracker, c);
}

/* ---- Opening ------------------------------------------------------------ */

static vtac_status open_tracker(vtac_rpc_tracker *tracker,
                                const vtac_rpc_tracker_options *options,
                                Diag *diag) {
  const int first = options->port ? options->port : TRACKER_PORT;
  const int last = options->port_end > first ? options->port_end
                   : options->port           ? first
                                             : LAST_PORT;
  const TrackerSink sink = {tracker, queue_message};
  char random[HELLO_NONCE + 1];
  tracker->most = options->connections > 0 ? options->connections : 1024;
  if (tracker->most > MOST_CONNECTIONS)
    return diag_set(diag, D_ARGUMENT, "%d connections; there are at most %d",
                    tracker->most, MOST_CONNECTIONS);
  tracker->idle_seconds =
      options->idle_seconds > 0 ? options->idle_seconds : 600;
  if (!auth_nonce(random))
    return diag_set(diag, D_RPC_SERVER, "the system has no random numbers");
  snprintf(tracker->stop_key, sizeof tracker->stop_key, "tracker:%s", random);
  tracker->host = strdup(options->host ? options->host : "127.0.0.1");
  tracker->state = tracker_state_new(sink, tracker->stop_key);
  tracker->connection =
      calloc((size_t)tracker->most, sizeof *tracker->connection);
  tracker->poll = calloc((size_t)tracker->most + 2, sizeof *tracker->poll);
  if (!tracker->host || !tracker->state || !tracker->connection ||
      !tracker->poll)
    return diag_set(diag, D_NO_MEMORY, "no memory for a tracker");
  return listener_open(tracker->host, first, last, &tracker->listener, diag);
}

static void log_open(const vtac_rpc_tracker *tracker) {
  LogLine line;
  log_begin(&line, &tracker->log, VTAC_LOG_INFO, "listening");
  log_text(&line, "host", tracker->host);
  log_int(&line, "port", tracker->listener.port);
  log_end(&line);
  if (tracker->listener.loopback) return;
  log_begin(&line, &tracker->log, VTAC_LOG_WARNING, "not-protected");
  log_text(&line, "reason", "other machines can register and ask for servers");
  log_end(&line);
}

vtac_rpc_tracker *vtac_rpc_tracker_open(const vtac_rpc_tracker_options *options,
                                        vtac_error *error) {
  static const vtac_rpc_tracker_options defaults = {0};
  Diag diag;
  if (!options) options = &defaults;
  vtac_rpc_tracker *tracker = calloc(1, sizeof *tracker);
  if (!tracker) {
    diag_set(&diag, D_NO_MEMORY, "no memory for a tracker");
    report_error(error, &diag);
    return NULL;
  }
  tracker->log = options->log;
  tracker->listener = (Listener){.fd = -1, .wake = {-1, -1}};
  if (open_tracker(tracker, options, &diag)) {
    vtac_rpc_tracker_close(tracker);
    report_error(error, &diag);
    return NULL;
  }
  log_open(tracker);
  return tracker;
}

int vtac_rpc_tracker_port(const vtac_rpc_tracker *tracker) {
  return tracker->listener.port;
}

const char *vtac_rpc_tracker_stop_key(const vtac_rpc_tracker *tracker) {
  return tracker->stop_key;
}

void vtac_rpc_tracker_stop(vtac_rpc_tracker *tracker) {
  listener_wake(&tracker->listener);
}

void vtac_rpc_tracker_close(vtac_rpc_tracker *tracker) {
  if (!tracker) return;
  while (tracker->n) drop(tracker, 0, "the tracker ends");
  listener_close(&tracker->listener);
  tracker_state_free(tracker->state);
  free(tracker->connection);
  free(tracker->poll);
  free(tracker->host);
  free(tracker);
}

/* ---- The loop ----------------------------------------------------------- */

enum { AT_WAKE, AT_LISTENER, AT_REST };

static int prepare(const vtac_rpc_tracker *tracker, int64_t *ret_deadline) {
  struct pollfd *at = tracker->poll;
  const bool full = tracker->n == tracker->most;
  at[AT_WAKE] = (struct pollfd){tracker->listener.wake[0], POLLIN, 0};
  at[AT_LISTENER] =
      (struct pollfd){full ? -1 : tracker->listener.fd, POLLIN, 0};
  *ret_deadline = INT64_MAX;
  for (int i = 0; i < tracker->n; i++) {
    const Connection *c = tracker->connection[i];
    short events = c->out.size ? POLLIN | POLLOUT : POLLIN;
    at[AT_REST + i] = (struct pollfd){c->fd, events, 0};
    if (c->deadline < *ret_deadline) *ret_deadline = c->deadline;
  }
  return AT_REST + tracker->n;
}

/* A connection that the tracker holds something of may be silent for ever; the
 * system notices when its peer is gone. */
static void expire(vtac_rpc_tracker *tracker) {
  const int64_t now = monotonic_now();
  for (int i = tracker->n; i-- > 0;) {
    Connection *c = tracker->connection[i];
    if (c->deadline > now) continue;
    if (c->greeted && tracker_state_needs(tracker->state, c->id))
      c->deadline = monotonic_after(tracker->idle_seconds);
    else
      drop(tracker, i, "it says nothing");
  }
}

/* Input of one connection may be output of another. */
static void handle_ready(vtac_rpc_tracker *tracker) {
  for (int i = tracker->n; i-- > 0;) {
    const short ready = tracker->poll[AT_REST + i].revents;
    if (!(ready & ~POLLOUT)) continue;
    const char *why = read_input(tracker, tracker->connection[i]);
    if (why) drop(tracker, i, why);
  }
  for (int i = tracker->n; i-- > 0;)
    if (!flush(tracker->connection[i])) drop(tracker, i, "it takes no answer");
}

vtac_status vtac_rpc_tracker_serve(vtac_rpc_tracker *tracker,
                                   vtac_error *error) {
  int64_t deadline;
  char drained[64];
  Diag diag;
  tracker->stopping = false;
  while (!tracker->stopping) {
    int n = prepare(tracker, &deadline);
    n = poll(tracker->poll, (nfds_t)n, monotonic_wait(deadline));
    if (n < 0 && errno != EINTR) {
      diag_set(&diag, D_RPC_SERVER, "cannot wait for connections: %s",
               strerror(errno));
      return report_error(error, &diag);
    }
    if (n > 0) handle_ready(tracker);
    if (n > 0 && tracker->poll[AT_LISTENER].revents) accept_all(tracker);
    if (n > 0 && tracker->poll[AT_WAKE].revents) {
      (void)!read(tracker->listener.wake[0], drained, sizeof drained);
      tracker->stopping = true;
    }
    expire(tracker);
  }
  LogLine line;
  log_begin(&line, &tracker->log, VTAC_LOG_INFO, "stopping");
  log_end(&line);
  return VTAC_OK;
}
