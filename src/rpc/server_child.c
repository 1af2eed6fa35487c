/* SPDX-License-Identifier: Apache-2.0 */
/* The process of one session: it gives up what it does not need, then answers
 * requests until its client leaves.
 *
 * Whatever goes wrong here ends this process and nothing else.  A timer of the
 * kernel ends a request that takes too long; code that turns the timer off is
 * ended by the server when the session's time is over. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "rpc/channel.h"
#include "rpc/sandbox.h"
#include "rpc/server_impl.h"
#include "rpc/session.h"

/* ---- Descriptors -------------------------------------------------------- */

static void close_range_of(int first, int last) {
  if (first > last) return;
#ifdef SYS_close_range
  if (!syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0)) return;
#endif
  long most = sysconf(_SC_OPEN_MAX);
  if (most < 0 || most > 1 << 16) most = 1 << 16;
  for (int fd = first; fd <= last && fd < most; fd++) close(fd);
}

static void sort3(int fd[3]) {
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < 2; i++)
      if (fd[i] > fd[i + 1]) {
        int swap = fd[i];
        fd[i] = fd[i + 1];
        fd[i + 1] = swap;
      }
}

/* Closes all but these and the standard ones, which lead nowhere: a session
 * has nothing to say to the server's terminal or log. */
static void keep_descriptors(int a, int b, int c) {
  int fd[3] = {a, b, c};
  sort3(fd);
  close_range_of(STDERR_FILENO + 1, fd[0] - 1);
  close_range_of(fd[0] + 1, fd[1] - 1);
  close_range_of(fd[1] + 1, fd[2] - 1);
  close_range_of(fd[2] + 1, INT_MAX);
  int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = STDIN_FILENO; i <= STDERR_FILENO && nowhere >= 0; i++)
    dup2(nowhere, i);
  if (nowhere > STDERR_FILENO) close(nowhere);
}

/* ---- Rights ------------------------------------------------------------- */

static void reset_signals(void) {
  static const int defaults[] = {SIGTERM, SIGHUP, SIGALRM, SIGCHLD, SIGXCPU};
  sigset_t none;
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
    signal(defaults[i], SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* writing fails instead */
  signal(SIGINT, SIG_IGN);  /* of the terminal; the server ends sessions */
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* False if the process would have more rights than it should. */
static bool give_up_rights(const vtac_rpc_server *server, int dir) {
  const unsigned gaps = server->gaps;
  setsid();
  reset_signals();
  if (fchdir(dir)) return false;
  if (!sandbox_limit(&server->options.limits)) return false;
  if (server->options.no_sandbox) return !prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!(gaps & GAP_USER) && !sandbox_drop_root()) return false;
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of the user has undone it */
  if (!(gaps & GAP_FILES) && !sandbox_files(dir)) return false;
  return gaps & GAP_CALLS || sandbox_calls();
}

/* ---- Requests ----------------------------------------------------------- */

static void set_timer(double seconds) {
  struct itimerval timer = {0};
  if (seconds > 1e6) seconds = 1e6;
  timer.it_value.tv_sec = (time_t)seconds;
  timer.it_value.tv_usec =
      (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
  setitimer(ITIMER_REAL, &timer, NULL);
}

static vtac_status wait_for_request(const RpcChannel *channel, double seconds,
                                    Diag *diag) {
  struct pollfd ready = {channel->fd, POLLIN, 0};
  const int64_t deadline = monotonic_after(seconds);
  if (channel->in.size > channel->taken) return VTAC_OK;
  for (;;) {
    int timeout = monotonic_wait(deadline);
    if (!timeout)
      return diag_set(diag, D_RPC_TIMEOUT, "idle for more than %g s", seconds);
    if (channel_poll(&ready, timeout) > 0) return VTAC_OK;
  }
}

static vtac_status receive(const vtac_rpc_limits *limits, RpcChannel *channel,
                           Session *session, RpcPacket *request, Diag *diag) {
  vtac_status status = wait_for_request(channel, limits->idle_seconds, diag);
  channel_set_timeout(channel, limits->packet_seconds);
  if (!status) status = channel_receive_packet(channel, request, diag);
  if (status || request->opcode != RPC_COPY_TO_REMOTE) return status;
  void *room = session_room(session, request);
  return room ? channel_receive_data(channel, room, request->data.n, diag)
              : channel_skip_data(channel, diag);
}

/* True while the session goes on. */
static bool serve_one(const vtac_rpc_limits *limits, RpcChannel *channel,
                      Session *session, Diag *diag) {
  RpcPacket request, answer;
  if (receive(limits, channel, session, &request, diag)) return false;
  set_timer(limits->call_seconds);
  SessionNext next = session_handle(session, &request, &answer);
  set_timer(0);
  channel_set_timeout(channel, limits->packet_seconds);
  if (next != SESSION_DONE && channel_send_packet(channel, &answer, diag))
    return false;
  if (next == SESSION_GOES_ON) return true;
  diag_set(diag, D_RPC_CLOSED,
           next == SESSION_DONE ? "done" : "the client broke the protocol");
  return false;
}

/* A client that breaks the protocol is told so. */
static void say_goodbye(RpcChannel *channel, const Diag *why) {
  Diag ignored;
  RpcPacket answer;
  if (why->id != D_RPC_PROTOCOL && why->id != D_RPC_LIMIT) return;
  rpc_exception(&answer, why->message);
  channel_set_timeout(channel, 1);
  channel_send_packet(channel, &answer, &ignored);
}

/* A board is opened while the process may do so; a simulator, later, counts
 * as the session's memory. */
static Session *open_session(const vtac_rpc_server *server, int dir,
                             Diag *diag) {
  const vtac_rpc_server_options *options = &server->options;
  const vtac_rpc_limits *limits = &options->limits;
  const SessionOptions session_options = {
      .config = server->config,
      .simulator = options->simulator,
      .sim_path = options->sim_path,
      .board = options->board,
      .may_program = options->no_sandbox,
      .memory_bytes = limits->memory_bytes,
      .packet_bytes = limits->packet_bytes,
      .workdir = {dir, limits->storage_bytes, limits->files}};
  Session *session = session_new(&session_options);
  if (!session) diag_set(diag, D_NO_MEMORY, "no memory for a session");
  if (!session || !options->board || !session_open_device(session, diag))
    return session;
  session_free(session);
  return NULL;
}

static void serve(const vtac_rpc_server *server, Session *session, int fd,
                  SessionReport *report, Diag *why) {
  const vtac_rpc_limits *limits = &server->options.limits;
  RpcChannel channel;
  channel_open(&channel, fd);
  channel.packet_limit = limits->packet_bytes;
  while (serve_one(limits, &channel, session, why)) continue;
  say_goodbye(&channel, why);
  const SessionCounts counts = session_counts(session);
  report->requests = counts.requests;
  report->calls = counts.calls;
  report->exceptions = counts.exceptions;
  report->bytes_in = counts.bytes_in;
  report->bytes_out = counts.bytes_out;
  session_free(session);
  channel_close(&channel);
}

_Noreturn void child_main(const vtac_rpc_server *server, int fd, int report,
                          int dir) {
  SessionReport said = {0};
  Diag why;
  keep_descriptors(fd, report, dir);
  Session *session = open_session(server, dir, &why);
  if (session && give_up_rights(server, dir))
    serve(server, session, fd, &said, &why);
  else if (session)
    diag_set(&why, D_RPC_SERVER, "its rights cannot be taken away");
  snprintf(said.reason, sizeof said.reason, "%s", why.message);
  (void)!write(report, &said, sizeof said);
  _exit(0);
}
