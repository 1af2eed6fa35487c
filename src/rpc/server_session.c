/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions as the server sees them: processes that it starts, watches, ends and
 * cleans up after. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rpc/sandbox.h"
#include "rpc/server_impl.h"
#include "rpc/wire.h"
#include "rpc/workdir.h"

/* ---- Starting ----------------------------------------------------------- */

/* The handshake's last step. */
static bool welcome(const Client *client) {
  char proof[sizeof AUTH_PREFIX + AUTH_PROOF];
  snprintf(proof, sizeof proof, AUTH_PREFIX "%s", client->own_proof);
  return server_send_hello(client, HELLO_MAGIC,
                           *client->own_proof ? proof : client->server_key);
}

static int make_directory(const vtac_rpc_server *server, const char *name) {
  const bool other = geteuid() == 0 && !(server->gaps & GAP_USER) &&
                     !server->options.no_sandbox;
  return workdir_create(server->base, name, other ? SANDBOX_UID : -1,
                        other ? SANDBOX_GID : -1);
}

/* The process; *ret_report is where it reports. */
static pid_t fork_session(vtac_rpc_server *server, int fd, int dir,
                          int *ret_report) {
  int report[2];
  if (pipe2(report, O_CLOEXEC | O_NONBLOCK)) return -1;
  pid_t pid = fork();
  if (pid == 0) {
    close(report[0]);
    child_main(server, fd, report[1], dir);
  }
  close(report[1]);
  if (pid < 0)
    close(report[0]);
  else
    *ret_report = report[0];
  return pid;
}

static void log_start(const vtac_rpc_server *server, const ServerSession *s) {
  LogLine line;
  log_begin(&line, &server->options.log, VTAC_LOG_INFO, "session-start");
  log_int(&line, "session", s->id);
  log_text(&line, "peer", s->peer);
  log_int(&line, "pid", s->pid);
  log_end(&line);
}

static double session_seconds(const vtac_rpc_server *server,
                              const Client *client) {
  const double most = server->options.limits.session_seconds;
  return client->timeout > 0 && client->timeout < most ? client->timeout : most;
}

/* Gives the client's connection to the session, or says why not. */
static const char *start(vtac_rpc_server *server, Client *client) {
  ServerSession *s = &server->session[server->n_sessions];
  *s = (ServerSession){.id = ++server->next_id, .fd = client->fd};
  snprintf(s->name, sizeof s->name, "%lld", (long long)s->id);
  memcpy(s->peer, client->peer, sizeof s->peer);
  int dir = make_directory(server, s->name);
  if (dir < 0) return "no directory can be made for it";
  s->pid = fork_session(server, client->fd, dir, &s->report);
  close(dir);
  if (s->pid < 0) {
    workdir_destroy(server->base, s->name);
    return "no process can be made for it";
  }
  s->deadline = monotonic_after(session_seconds(server, client));
  client->fd = -1;
  server->n_sessions++;
  log_start(server, s);
  return NULL;
}

void server_start_sessions(vtac_rpc_server *server) {
  int i = 0;
  while (i < server->n_clients &&
         server->n_sessions < server->options.limits.sessions) {
    Client *client = server->client[i];
    if (client->state != CLIENT_WAITING) {
      i++;
      continue;
    }
    const char *why = welcome(client) ? start(server, client) : "it left";
    server_drop_client(server, i, why);
  }
}

/* ---- Ending ------------------------------------------------------------- */

void server_end_session(vtac_rpc_server *server, int index, SessionEnd why) {
  ServerSession *s = &server->session[index];
  if (s->end == END_BY_ITSELF) s->end = why;
  kill(s->pid, SIGKILL);
  s->deadline = INT64_MAX;
}

void server_expire_sessions(vtac_rpc_server *server) {
  const int64_t now = monotonic_now();
  for (int i = 0; i < server->n_sessions; i++)
    if (server->session[i].deadline <= now)
      server_end_session(server, i, END_BY_TIME);
}

/* Why a process that a signal has ended was ended. */
static void explain(const vtac_rpc_server *server, const ServerSession *s,
                    int signal, char ret[160]) {
  const vtac_rpc_limits *limits = &server->options.limits;
  if (s->end == END_BY_TIME)
    snprintf(ret, 160, "the session's time is over");
  else if (s->end == END_BY_STOP)
    snprintf(ret, 160, "the server is stopping");
  else if (signal == SIGALRM)
    snprintf(ret, 160, "a request took more than %g s", limits->call_seconds);
  else if (signal == SIGXCPU)
    snprintf(ret, 160, "the session used more than %g s of the processor",
             limits->cpu_seconds);
  else if (signal)
    snprintf(ret, 160, "the session's process was ended by SIG%s",
             sigabbrev_np(signal) ? sigabbrev_np(signal) : "?");
  else
    snprintf(ret, 160, "the session's process ended without a word");
}

/* The client may be waiting for an answer that will not come. */
static void tell_client(int fd, const char *reason) {
  char text[224];
  Diag diag;
  RpcPacket packet;
  ByteBuf bytes = {0};
  snprintf(text, sizeof text, "the session has ended: %s", reason);
  rpc_exception(&packet, text);
  if (!rpc_encode(&packet, &bytes, &diag))
    (void)!send(fd, bytes.bytes, bytes.size, MSG_DONTWAIT | MSG_NOSIGNAL);
  bytebuf_free(&bytes);
}

static void log_end_of(const vtac_rpc_server *server, const ServerSession *s,
                       bool by_itself, const char *reason) {
  const SessionReport *said = &s->said;
  LogLine line;
  log_begin(&line, &server->options.log,
            by_itself ? VTAC_LOG_INFO : VTAC_LOG_WARNING, "session-end");
  log_int(&line, "session", s->id);
  log_text(&line, "peer", s->peer);
  log_text(&line, "reason", reason);
  if (by_itself) {
    log_int(&line, "requests", (int64_t)said->requests);
    log_int(&line, "calls", (int64_t)said->calls);
    log_int(&line, "exceptions", (int64_t)said->exceptions);
    log_int(&line, "bytes_in", (int64_t)said->bytes_in);
    log_int(&line, "bytes_out", (int64_t)said->bytes_out);
  }
  log_end(&line);
}

/* The process has closed its end of the pipe: it is ending, or pretends to. */
static void bury(vtac_rpc_server *server, int index) {
  ServerSession *s = &server->session[index];
  int status = 0;
  char reason[160];
  kill(s->pid, SIGKILL);
  while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR) continue;
  bool by_itself = WIFEXITED(status) && s->have == sizeof s->said;
  s->said.reason[sizeof s->said.reason - 1] = '\0';
  if (by_itself)
    memcpy(reason, s->said.reason, sizeof reason);
  else
    explain(server, s, WIFSIGNALED(status) ? WTERMSIG(status) : 0, reason);
  if (!by_itself) tell_client(s->fd, reason);
  close(s->fd);
  close(s->report);
  workdir_destroy(server->base, s->name);
  log_end_of(server, s, by_itself, reason);
  server->session[index] = server->session[--server->n_sessions];
}

/* A process that says more than its report has is ended, not listened to. */
void server_read_session(vtac_rpc_server *server, int index) {
  ServerSession *s = &server->session[index];
  const size_t room = sizeof s->said - s->have;
  char more;
  ssize_t n = room ? read(s->report, (char *)&s->said + s->have, room)
                   : read(s->report, &more, sizeof more);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (room && n > 0)
    s->have += (size_t)n;
  else
    bury(server, index);
}
