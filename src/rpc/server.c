/* SPDX-License-Identifier: Apache-2.0 */
/* The server: opening, its loop, closing.  The loop never waits for a client:
 * it reads what is there, and all that takes time happens in sessions. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rpc/sandbox.h"
#include "rpc/server_impl.h"
#include "rpc/tracker_wire.h"
#include "rpc/workdir.h"
#include "runtime/objects.h"

enum { FIRST_PORT = 9091, LAST_PORT = 9198, LEAST_OPEN_KEY = 16 };

vtac_rpc_limits vtac_rpc_limits_default(void) {
  return (vtac_rpc_limits){.sessions = 4,
                           .waiting = 64,
                           .packet_bytes = RPC_PACKET_LIMIT,
                           .memory_bytes = UINT64_C(2) << 30,
                           .storage_bytes = UINT64_C(256) << 20,
                           .files = 64,
                           .hello_seconds = 5,
                           .idle_seconds = 600,
                           .packet_seconds = 300,
                           .call_seconds = 60,
                           .session_seconds = 4 * 3600,
                           .cpu_seconds = 3600};
}

/* ---- Checks ------------------------------------------------------------- */

static vtac_status check_seconds(const vtac_rpc_limits *limits, Diag *diag) {
  const double seconds[] = {limits->hello_seconds,   limits->idle_seconds,
                            limits->packet_seconds,  limits->call_seconds,
                            limits->session_seconds, limits->cpu_seconds};
  for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
    if (!(seconds[i] > 0))
      return diag_set(diag, D_ARGUMENT,
                      "a limit of %g seconds leaves no time at all",
                      seconds[i]);
  return VTAC_OK;
}

static vtac_status check_limits(const vtac_rpc_limits *limits, Diag *diag) {
  enum { MOST_SESSIONS = 256, LEAST_PACKET = 1 << 12 };
  const uint64_t least_memory = UINT64_C(32) << 20;
  if (limits->sessions < 1 || limits->sessions > MOST_SESSIONS)
    return diag_set(diag, D_ARGUMENT, "%d sessions; there are 1 to %d",
                    limits->sessions, MOST_SESSIONS);
  if (limits->waiting < 0 || limits->waiting >= MOST_CLIENTS)
    return diag_set(diag, D_ARGUMENT, "%d clients wait; there are 0 to %d",
                    limits->waiting, MOST_CLIENTS - 1);
  if (limits->files < 1)
    return diag_set(diag, D_ARGUMENT, "a session may have %d files; it needs 1",
                    limits->files);
  if (limits->packet_bytes < LEAST_PACKET || limits->packet_bytes > UINT32_MAX)
    return diag_set(diag, D_ARGUMENT,
                    "packets of %llu bytes; the limit is %d to %lld",
                    (unsigned long long)limits->packet_bytes, LEAST_PACKET,
                    (long long)UINT32_MAX);
  if (limits->memory_bytes < least_memory)
    return diag_set(diag, D_ARGUMENT,
                    "%llu bytes of memory; a session needs %llu to start",
                    (unsigned long long)limits->memory_bytes,
                    (unsigned long long)least_memory);
  return check_seconds(limits, diag);
}

static vtac_status check_key(const vtac_rpc_server_options *options,
                             Diag *diag) {
  HelloKey key = {0};
  char text[HELLO_MOST_KEY + 1];
  if (strlen(options->key) > HELLO_MOST_KEY / 2)
    return diag_set(diag, D_RPC_KEY, "the key has more than %d characters",
                    HELLO_MOST_KEY / 2);
  slice_copy(slice_of(options->key), key.key, sizeof key.key);
  vtac_status status = hello_format_key("server", &key, text, diag);
  if (status || !options->secret) return status;
  if (strlen(options->secret) < AUTH_LEAST_SECRET)
    return diag_set(diag, D_RPC_SECRET,
                    "the secret has %zu characters; it needs at least %d",
                    strlen(options->secret), AUTH_LEAST_SECRET);
  return VTAC_OK;
}

/* Other machines may only connect when there is something they must know. */
static vtac_status check_exposure(const vtac_rpc_server *server, Diag *diag) {
  const vtac_rpc_server_options *options = &server->options;
  if (server->listener.loopback || options->secret ||
      strlen(options->key) >= LEAST_OPEN_KEY)
    return VTAC_OK;
  return diag_set(diag, D_RPC_UNSAFE,
                  "anybody who reaches '%s' could run code here: there is no "
                  "secret, and the key has less than %d characters",
                  options->host, LEAST_OPEN_KEY);
}

/* ---- Opening ------------------------------------------------------------ */

static const char *copy_text(const char *text, bool *good) {
  char *copy = text ? strdup(text) : NULL;
  if (text && !copy) *good = false;
  return copy;
}

/* The options' texts become the server's. */
static bool take_options(vtac_rpc_server *server,
                         const vtac_rpc_server_options *given) {
  vtac_rpc_server_options *own = &server->options;
  bool good = true;
  *own = *given;
  own->host = copy_text(given->host ? given->host : "127.0.0.1", &good);
  own->key = copy_text(given->key ? given->key : "", &good);
  own->secret = copy_text(given->secret, &good);
  own->tracker = copy_text(given->tracker, &good);
  own->public_host = copy_text(given->public_host, &good);
  own->work_dir = NULL;
  own->config = NULL;
  if (!own->port) {
    own->port = FIRST_PORT;
    if (!own->port_end) own->port_end = LAST_PORT;
  }
  if (own->port_end < own->port) own->port_end = own->port;
  server->session =
      calloc((size_t)own->limits.sessions, sizeof *server->session);
  server->config = malloc(sizeof *server->config);
  if (server->config) {
    if (given->config)
      *server->config = *given->config;
    else
      hw_config_default(&server->config->hw);
  }
  return good && server->session && server->config;
}

static vtac_status open_base(vtac_rpc_server *server, const char *work_dir,
                             Diag *diag) {
  if (!work_dir) work_dir = getenv("TMPDIR");
  if (!work_dir || !*work_dir) work_dir = "/tmp";
  int n = snprintf(server->base_path, sizeof server->base_path,
                   "%s/vtac-rpc-XXXXXX", work_dir);
  if (n >= (int)sizeof server->base_path || !mkdtemp(server->base_path)) {
    *server->base_path = '\0';
    return diag_set(diag, D_FILE, "cannot make a directory in '%s': %s",
                    work_dir, strerror(errno));
  }
  server->base = open(server->base_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (server->base >= 0) return VTAC_OK;
  return diag_set(diag, D_FILE, "cannot open '%s': %s", server->base_path,
                  strerror(errno));
}

static vtac_status open_link(vtac_rpc_server *server, Diag *diag) {
  const vtac_rpc_server_options *own = &server->options;
  TrackerLinkOptions options = {.key = own->key,
                                .public_host = own->public_host,
                                .port = server->listener.port,
                                .log = &own->log};
  if (!own->tracker) return VTAC_OK;
  vtac_status status =
      rpc_parse_address(own->tracker, TRACKER_PORT, &options.tracker, diag);
  if (status) return status;
  server->tracker = tracker_link_new(&options);
  if (server->tracker) return VTAC_OK;
  return diag_set(diag, D_NO_MEMORY, "no memory for a tracker's connection");
}

/* Handshakes take a descriptor each. */
static void raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return;
  limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static void log_warning(const vtac_rpc_server *server, const char *event,
                        const char *reason) {
  LogLine line;
  log_begin(&line, &server->options.log, VTAC_LOG_WARNING, event);
  log_text(&line, "reason", reason);
  log_end(&line);
}

static void log_open(const vtac_rpc_server *server) {
  LogLine line;
  log_begin(&line, &server->options.log, VTAC_LOG_INFO, "listening");
  log_text(&line, "host", server->options.host);
  log_int(&line, "port", server->listener.port);
  log_text(&line, "key", *server->options.key ? "set" : "empty");
  log_text(&line, "secret", server->options.secret ? "set" : "none");
  log_text(&line, "target", server->config->hw.target);
  log_end(&line);
  for (unsigned bit = 1; bit <= server->gaps; bit <<= 1)
    if (server->gaps & bit)
      log_warning(server, "sandbox-gap", sandbox_gap_name((SandboxGap)bit));
  if (server->options.no_sandbox)
    log_warning(server, "no-sandbox", "sessions have the server's rights");
  if (!server->listener.loopback)
    log_warning(server, "not-encrypted", "other machines can connect");
}

static vtac_status open_server(vtac_rpc_server *server,
                               const vtac_rpc_server_options *given,
                               Diag *diag) {
  vtac_status status = check_limits(&given->limits, diag);
  if (status) return status;
  if (given->board && given->limits.sessions > 1)
    return diag_set(diag, D_ARGUMENT, "a board has one session at a time");
  if (!take_options(server, given))
    return diag_set(diag, D_NO_MEMORY, "no memory for a server");
  const vtac_rpc_server_options *own = &server->options;
  status = check_key(own, diag);
  if (!status)
    status = listener_open(own->host, own->port, own->port_end,
                           &server->listener, diag);
  if (!status) status = check_exposure(server, diag);
  if (!status) status = open_base(server, given->work_dir, diag);
  if (!status) status = open_link(server, diag);
  return status;
}

vtac_rpc_server *vtac_rpc_server_open(const vtac_rpc_server_options *options,
                                      vtac_error *error) {
  Diag diag;
  if (is_missing(options, "vtac_rpc_server_open", "options", error))
    return NULL;
  vtac_rpc_server *server = calloc(1, sizeof *server);
  if (!server) {
    diag_set(&diag, D_NO_MEMORY, "no memory for a server");
    report_error(error, &diag);
    return NULL;
  }
  server->base = server->listener.fd = -1;
  server->listener.wake[0] = server->listener.wake[1] = -1;
  if (open_server(server, options, &diag)) {
    vtac_rpc_server_close(server);
    report_error(error, &diag);
    return NULL;
  }
  raise_descriptors();
  server->gaps = sandbox_gaps();
  log_open(server);
  return server;
}

int vtac_rpc_server_port(const vtac_rpc_server *server) {
  return server->listener.port;
}

void vtac_rpc_server_stop(vtac_rpc_server *server) {
  listener_wake(&server->listener);
}

void vtac_rpc_server_close(vtac_rpc_server *server) {
  if (!server) return;
  while (server->n_clients) server_drop_client(server, 0, NULL);
  tracker_link_free(server->tracker);
  listener_close(&server->listener);
  if (server->base >= 0) close(server->base);
  if (*server->base_path) rmdir(server->base_path);
  vtac_config_free(server->config);
  free(server->session);
  free((char *)(uintptr_t)server->options.host);
  free((char *)(uintptr_t)server->options.key);
  free((char *)(uintptr_t)server->options.secret);
  free((char *)(uintptr_t)server->options.tracker);
  free((char *)(uintptr_t)server->options.public_host);
  free(server);
}

/* ---- The loop ----------------------------------------------------------- */

/* The order of descriptors in a round. */
enum { AT_WAKE, AT_LISTENER, AT_TRACKER, AT_REST };

typedef struct Round {
  struct pollfd fd[AT_REST + MOST_CLIENTS + 256];
  int n;
  int64_t deadline;
} Round;

static void add(Round *round, int fd, short events, int64_t deadline) {
  round->fd[round->n++] = (struct pollfd){fd, events, 0};
  if (deadline < round->deadline) round->deadline = deadline;
}

static bool has_room(const vtac_rpc_server *server) {
  return !server->stopping &&
         server->n_sessions < server->options.limits.sessions;
}

/* What a client sends while it waits is for its session; it may only leave. */
static short client_events(const Client *client) {
  return client->state == CLIENT_WAITING ? POLLRDHUP : POLLIN;
}

static void prepare(const vtac_rpc_server *server, Round *round) {
  short events = POLLIN;
  round->n = 0;
  round->deadline = INT64_MAX;
  add(round, server->listener.wake[0], POLLIN, INT64_MAX);
  add(round, server->stopping ? -1 : server->listener.fd, POLLIN, INT64_MAX);
  if (server->tracker) {
    int fd = tracker_link_fd(server->tracker, &events);
    add(round, fd, events, tracker_link_deadline(server->tracker));
  } else {
    add(round, -1, 0, INT64_MAX);
  }
  for (int i = 0; i < server->n_clients; i++) {
    const Client *client = server->client[i];
    add(round, client->fd, client_events(client), client->deadline);
  }
  for (int i = 0; i < server->n_sessions; i++)
    add(round, server->session[i].report, POLLIN, server->session[i].deadline);
}

/* From the last to the first: the ones behind an index may go away. */
static void handle_ready(vtac_rpc_server *server, const Round *round) {
  const struct pollfd *client = &round->fd[AT_REST];
  const struct pollfd *session = client + server->n_clients;
  for (int i = server->n_sessions; i-- > 0;)
    if (session[i].revents) server_read_session(server, i);
  for (int i = server->n_clients; i-- > 0;)
    if (client[i].revents) server_read_client(server, i);
  if (round->fd[AT_LISTENER].revents) server_accept(server);
}

static void step(vtac_rpc_server *server) {
  server_expire_clients(server);
  server_expire_sessions(server);
  if (!server->stopping) server_start_sessions(server);
  if (server->tracker && !server->stopping)
    tracker_link_step(server->tracker, has_room(server));
}

static void begin_stop(vtac_rpc_server *server) {
  LogLine line;
  log_begin(&line, &server->options.log, VTAC_LOG_INFO, "stopping");
  log_int(&line, "sessions", server->n_sessions);
  log_end(&line);
  server->stopping = true;
  tracker_link_free(server->tracker);
  server->tracker = NULL;
  while (server->n_clients) server_drop_client(server, 0, NULL);
  for (int i = 0; i < server->n_sessions; i++)
    server_end_session(server, i, END_BY_STOP);
}

vtac_status vtac_rpc_server_serve(vtac_rpc_server *server, vtac_error *error) {
  Round round;
  char drained[64];
  Diag diag;
  while (!server->stopping || server->n_sessions) {
    step(server);
    prepare(server, &round);
    int n = poll(round.fd, (nfds_t)round.n, monotonic_wait(round.deadline));
    if (n < 0 && errno != EINTR) {
      diag_set(&diag, D_RPC_SERVER, "cannot wait for clients: %s",
               strerror(errno));
      begin_stop(server);
      return report_error(error, &diag);
    }
    if (n <= 0) continue;
    handle_ready(server, &round);
    if (round.fd[AT_WAKE].revents && !server->stopping) {
      (void)!read(server->listener.wake[0], drained, sizeof drained);
      begin_stop(server);
    }
  }
  return VTAC_OK;
}
