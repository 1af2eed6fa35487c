/* SPDX-License-Identifier: Apache-2.0 */
/* A tracker on its socket, with peers that behave and others, and a server that
 * registers with it. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "rpc/tracker_wire.h"
#include "support/rpc_kit.h"

static pid_t tracker_pid;
static int tracker_port;

/* ---- The tracker's process ---------------------------------------------- */

static vtac_rpc_tracker *serving;

static void on_term(int signal) {
  (void)signal;
  vtac_rpc_tracker_stop(serving);
}

static _Noreturn void serve(int port, int tell) {
  vtac_error error;
  const vtac_rpc_tracker_options options = {.port = port, .port_end = port};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  serving = vtac_rpc_tracker_open(&options, &error);
  port = serving ? vtac_rpc_tracker_port(serving) : 0;
  signal(SIGTERM, on_term);
  if (write(tell, &port, sizeof port) != sizeof port || !port) _exit(1);
  close(tell);
  vtac_status status = vtac_rpc_tracker_serve(serving, &error);
  vtac_rpc_tracker_close(serving);
  _exit(status ? 1 : 0);
}

static void start_tracker(int port) {
  int tell[2];
  assert_int_equal(pipe(tell), 0);
  fflush(NULL);
  tracker_pid = fork();
  assert_true(tracker_pid >= 0);
  if (tracker_pid == 0) serve(port, tell[1]);
  close(tell[1]);
  assert_int_equal(read(tell[0], &tracker_port, sizeof tracker_port),
                   sizeof tracker_port);
  assert_true(tracker_port > 0);
  close(tell[0]);
}

static void stop_tracker(void) {
  int status;
  assert_true(tracker_pid > 0); /* 0 and -1 are groups of processes */
  kill(tracker_pid, SIGTERM);
  assert_int_equal(waitpid(tracker_pid, &status, 0), tracker_pid);
  assert_int_equal(status, 0);
}

static int start(void **state) {
  (void)state;
  start_tracker(-1);
  return 0;
}

/* ---- Peers -------------------------------------------------------------- */

static RpcChannel join(void) {
  RpcChannel channel;
  Diag diag;
  int fd = kit_connect(tracker_port);
  assert_true(fd >= 0);
  channel_open(&channel, fd);
  channel_set_timeout(&channel, 30);
  assert_int_equal(channel_send_magic(&channel, &diag), VTAC_OK);
  assert_int_equal(channel_receive_magic(&channel, &diag), VTAC_OK);
  return channel;
}

static void say(RpcChannel *channel, const char *text) {
  ByteBuf message = {0};
  Diag diag;
  bytebuf_put32(&message, (uint32_t)strlen(text));
  bytebuf_put(&message, text, strlen(text));
  assert_int_equal(channel_send_bytes(channel, &message, &diag), VTAC_OK);
  bytebuf_free(&message);
}

static void expect(RpcChannel *channel, const char *text) {
  Slice answer;
  Diag diag;
  if (channel_receive_text(channel, TRACKER_MOST_TEXT, &answer, &diag))
    fail_msg("'%s' was expected: %s", text, diag.message);
  if (!slice_is(answer, text))
    fail_msg("'%.*s' is not '%s'", (int)answer.n, answer.at, text);
}

static bool has_closed(int fd) {
  char byte;
  struct timeval patience = {20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ssize_t n;
  while ((n = recv(fd, &byte, 1, 0)) > 0) continue;
  return n == 0 || errno == ECONNRESET;
}

static int stop(void **state) {
  (void)state;
  RpcChannel channel = join();
  say(&channel, "[1]");
  expect(&channel, "0");
  channel_close(&channel);
  stop_tracker();
  return 0;
}

/* ---- Hostile peers ------------------------------------------------------ */

/* What a peer sends after the magic number, for which it is left. */
static void malformed(void **state) {
  static const struct {
    const char *bytes;
    size_t n;
  } cases[] = {
      {"\0\0\0\0", 4},    {"\xFF\xFF\xFF\xFF", 4}, {"\xFF\xFF\xFF\x7F", 4},
      {"\3\0\0\0[9]", 7}, {"\3\0\0\0xyz", 7},      {"\2\0\0\0[]", 6},
      {"\2\0\0\0{}", 6},  {"\3\0\0\0[3]", 7},      {"\1\0\0\0\xFF", 5}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    RpcChannel channel = join();
    assert_int_equal(send(channel.fd, cases[i].bytes, cases[i].n, 0),
                     (ssize_t)cases[i].n);
    assert_true(has_closed(channel.fd));
    channel_close(&channel);
  }
  int fd = kit_connect(tracker_port);
  assert_int_equal(send(fd, "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
  assert_true(has_closed(fd));
  close(fd);
}

static void silent_peers(void **state) {
  enum { N = 200 };
  int fd[N];
  (void)state;
  for (int i = 0; i < N; i++)
    assert_true((fd[i] = kit_connect(tracker_port)) >= 0);
  RpcChannel channel = join();
  say(&channel, "[6]");
  expect(&channel, "[0, {\"queue_info\": {}, \"server_info\": []}]");
  channel_close(&channel);
  for (int i = 0; i < N; i++) close(fd[i]);
}

/* Requests in one piece, and one in single bytes. */
static void any_segments(void **state) {
  static const char bytes[] = "\3\0\0\0[1]\3\0\0\0[7]";
  (void)state;
  RpcChannel channel = join();
  assert_int_equal(send(channel.fd, bytes, 14, 0), 14);
  expect(&channel, "0");
  expect(&channel, "[]");
  for (int i = 0; i < 7; i++)
    assert_int_equal(send(channel.fd, bytes + i, 1, 0), 1);
  expect(&channel, "0");
  channel_close(&channel);
}

/* What a client that left has asked for is given to the next. */
static void client_leaves(void **state) {
  (void)state;
  RpcChannel client = join(), server = join();
  say(&client, "[4, \"k\", \"\", 9]");
  usleep(100000);
  channel_close(&client);
  client = join();
  say(&client, "[4, \"k\", \"\", 1]");
  usleep(100000);
  say(&server, "[3, \"k\", [77, \"k:1\"], null]");
  expect(&server, "0");
  expect(&client, "[0, [\"127.0.0.1\", 77, \"k:1\"]]");
  channel_close(&server);
  channel_close(&client);
}

/* ---- With a server ------------------------------------------------------ */

static void start_server(TestServer *server) {
  char place[32];
  vtac_rpc_server_options options = kit_options();
  snprintf(place, sizeof place, "127.0.0.1:%d", tracker_port);
  options.key = "board";
  options.tracker = place;
  options.limits.sessions = 2;
  kit_start(server, &options);
}

/* Asks for a server: its match key. */
static TrackerServer ask(void) {
  TrackerServer place;
  Slice answer;
  Diag diag;
  RpcChannel channel = join();
  say(&channel, "[4, \"board\", \"\", 1]");
  assert_int_equal(
      channel_receive_text(&channel, TRACKER_MOST_TEXT, &answer, &diag),
      VTAC_OK);
  assert_int_equal(tracker_decode_server(answer.at, answer.n, &place, &diag),
                   VTAC_OK);
  channel_close(&channel);
  return place;
}

static bool open_with(RpcChannel *channel, const TrackerServer *place) {
  char key[HELLO_MOST_KEY + 1];
  snprintf(key, sizeof key, "client:%.500s", place->key);
  return kit_open(channel, place->port, key);
}

/* A match key opens the server once; another one follows while there is
 * room, and when a session has ended. */
static void match_keys(void **state) {
  TestServer server;
  RpcChannel channel[2], refused;
  (void)state;
  start_server(&server);
  TrackerServer first = ask();
  assert_int_equal(first.port, server.port);
  assert_true(!strncmp(first.key, "board:", 6) && strlen(first.key) > 30);
  assert_false(kit_open(&refused, server.port, "client:board"));
  assert_true(open_with(&channel[0], &first));
  assert_false(open_with(&refused, &first));
  TrackerServer second = ask();
  assert_string_not_equal(first.key, second.key);
  assert_true(open_with(&channel[1], &second));
  RpcChannel query = join();
  say(&query, "[6]");
  char summary[256];
  snprintf(summary, sizeof summary,
           "[0, {\"queue_info\": {\"board\": {\"free\": 0, \"pending\": 0}}, "
           "\"server_info\": [{\"key\": \"server:board\", \"addr\": "
           "[\"127.0.0.1\", %d]}]}]",
           server.port);
  expect(&query, summary);
  channel_close(&query);
  channel_close(&channel[0]);
  TrackerServer third = ask();
  assert_true(open_with(&channel[0], &third));
  channel_close(&channel[0]);
  channel_close(&channel[1]);
  kit_stop(&server);
}

/* A key that nobody shows is replaced, and a tracker that comes back finds the
 * server again. */
static void keys_and_trackers_get_lost(void **state) {
  TestServer server;
  RpcChannel channel;
  (void)state;
  if (!getenv("VTAC_LONG")) skip();
  start_server(&server);
  TrackerServer lost = ask();
  TrackerServer next = ask();
  assert_string_not_equal(lost.key, next.key);
  const int port = tracker_port;
  stop_tracker();
  start_tracker(port);
  next = ask();
  assert_true(open_with(&channel, &next));
  channel_close(&channel);
  kit_stop(&server);
}

int main(void) {
#define TRACKER(test) cmocka_unit_test_setup_teardown(test, start, stop)
  const struct CMUnitTest tests[] = {
      TRACKER(malformed),    TRACKER(silent_peers),
      TRACKER(any_segments), TRACKER(client_leaves),
      TRACKER(match_keys),   TRACKER(keys_and_trackers_get_lost)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
