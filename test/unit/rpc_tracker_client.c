/* SPDX-License-Identifier: Apache-2.0 */
/* The client of a tracker against peers that follow a script. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/tracker_wire.h"
#include "vtac/rpc.h"

enum { MOST_ANSWERS = 8 };

/* A peer that takes one connection, whatever it is asked. */
typedef struct Peer {
  int listener, port, asked;
  uint32_t magic;
  const char *answer[MOST_ANSWERS]; /* to each request; then it closes */
  uint32_t length; /* announced instead of the first answer's, if not 0 */
  pthread_t thread;
} Peer;

static bool read_all(int fd, void *to, size_t n) {
  for (size_t done = 0; done < n;) {
    ssize_t got = read(fd, (char *)to + done, n - done);
    if (got <= 0) return false;
    done += (size_t)got;
  }
  return true;
}

static bool take_request(int fd) {
  uint32_t length;
  char text[1024];
  return read_all(fd, &length, sizeof length) && length < sizeof text &&
         read_all(fd, text, length);
}

static bool give_answer(const Peer *peer, int fd, int i) {
  const char *text = peer->answer[i];
  uint32_t length = peer->length ? peer->length : (uint32_t)strlen(text);
  return write(fd, &length, sizeof length) == sizeof length &&
         write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void *play(void *self) {
  Peer *peer = self;
  uint32_t magic;
  int fd = accept(peer->listener, NULL, NULL);
  bool good = read_all(fd, &magic, sizeof magic) && magic == TRACKER_MAGIC &&
              write(fd, &peer->magic, sizeof magic) == sizeof magic;
  for (int i = 0; good && i < MOST_ANSWERS && peer->answer[i]; i++) {
    good = take_request(fd);
    peer->asked += good;
    good = good && give_answer(peer, fd, i);
  }
  close(fd);
  return NULL;
}

static void start(Peer *peer) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  if (!peer->magic) peer->magic = TRACKER_MAGIC;
  peer->listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(
      bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(peer->listener, 1), 0);
  getsockname(peer->listener, (struct sockaddr *)&address, &size);
  peer->port = ntohs(address.sin_port);
  assert_int_equal(pthread_create(&peer->thread, NULL, play, peer), 0);
}

static void end(Peer *peer) {
  pthread_join(peer->thread, NULL);
  close(peer->listener);
}

/* ---- The summary -------------------------------------------------------- */

#define STATE                                                             \
  "[0, {\"queue_info\": {\"lab\": {\"free\": 1, \"pending\": 2}}, "       \
  "\"server_info\": [{\"key\": \"server:lab\", \"addr\": [\"10.0.0.7\", " \
  "9091]}]}]"

static void a_summary(void **state) {
  Peer peer = {.answer = {STATE}};
  vtac_rpc_queue queue;
  vtac_rpc_place server;
  vtac_error error;
  (void)state;
  start(&peer);
  vtac_rpc_summary *summary =
      vtac_rpc_summary_get("127.0.0.1", peer.port, 5, &error);
  if (!summary) fail_msg("%s", error.message);
  assert_true(vtac_rpc_summary_queue(summary, 0, &queue));
  assert_string_equal(queue.key, "lab");
  assert_true(queue.free == 1 && queue.pending == 2);
  assert_true(vtac_rpc_summary_server(summary, 0, &server));
  assert_string_equal(server.host, "10.0.0.7");
  assert_int_equal(server.port, 9091);
  assert_false(vtac_rpc_summary_queue(summary, 1, &queue));
  assert_false(vtac_rpc_summary_server(summary, -1, &server));
  vtac_rpc_summary_free(summary);
  end(&peer);
}

static void bad_trackers(void **state) {
  static const struct {
    const char *id;
    Peer peer;
  } cases[] = {
      {"rpc-protocol", {.magic = 0x50545448, .answer = {STATE}}},
      {"rpc-closed", {.answer = {NULL}}},
      {"rpc-protocol", {.answer = {"[0, {}]"}}},
      {"rpc-protocol", {.answer = {"[0, "}}},
      {"rpc-protocol", {.answer = {"-1"}}},
      {"rpc-limit", {.answer = {STATE}, .length = 0xFFFFFFFF}},
      {"rpc-protocol", {.answer = {STATE}, .length = 1 << 20}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    Peer peer = cases[i].peer;
    vtac_error error = {0};
    start(&peer);
    assert_null(vtac_rpc_summary_get("127.0.0.1", peer.port, 5, &error));
    end(&peer);
    if (strcmp(error.id, cases[i].id) != 0)
      fail_msg("case %zu: %s [%s]", i, error.message, error.id);
  }
}

/* ---- A server ----------------------------------------------------------- */

/* Nobody listens on port 1: the client asks for another server, five times. */
static void five_tries(void **state) {
#define NOBODY "[0, [\"127.0.0.1\", 1, \"lab:0.5\"]]"
  Peer peer = {.answer = {NOBODY, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY}};
  const vtac_rpc_options options = {.key = "lab", .connect_seconds = 5};
  vtac_error error;
  (void)state;
  start(&peer);
  assert_null(vtac_rpc_request("127.0.0.1", peer.port, 1, &options, &error));
  end(&peer);
  assert_string_equal(error.id, "rpc-connect");
  assert_int_equal(peer.asked, 5);
}

static void no_server(void **state) {
  Peer peer = {.answer = {"-1"}};
  const vtac_rpc_options options = {.key = "lab", .connect_seconds = 5};
  vtac_error error;
  (void)state;
  start(&peer);
  assert_null(vtac_rpc_request("127.0.0.1", peer.port, 1, &options, &error));
  end(&peer);
  assert_string_equal(error.message,
                      "the tracker gives no server of key 'lab'");
  assert_null(vtac_rpc_request("127.0.0.1", 0, 1, &options, &error));
  assert_int_equal(error.status, VTAC_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_summary), cmocka_unit_test(bad_trackers),
      cmocka_unit_test(five_tries), cmocka_unit_test(no_server)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
