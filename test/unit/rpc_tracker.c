/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's state: who gets which match key, and what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/tracker_state.h"

enum { CONNECTIONS = 8 };

static TrackerState *tracker;
static char said[CONNECTIONS][65536]; /* the last answer's text */
static int answers[CONNECTIONS];

static void keep(void *self, int64_t connection, const ByteBuf *message) {
  const size_t n = message->size - TRACKER_HEAD_BYTES;
  (void)self;
  assert_in_range(connection, 0, CONNECTIONS - 1);
  memcpy(said[connection], message->bytes + TRACKER_HEAD_BYTES, n);
  said[connection][n] = '\0';
  answers[connection]++;
}

static int start(void **state) {
  const TrackerSink sink = {NULL, keep};
  (void)state;
  memset(said, 0, sizeof said);
  memset(answers, 0, sizeof answers);
  tracker = tracker_state_new(sink, "tracker:stop");
  return tracker ? 0 : -1;
}

static int stop(void **state) {
  (void)state;
  tracker_state_free(tracker);
  return 0;
}

/* A request as a peer writes it; what follows from it. */
static TrackerNext say(int connection, const char *text) {
  TrackerRequest request;
  Diag diag;
  if (tracker_decode_request(text, strlen(text), &request, &diag))
    fail_msg("'%s': %s", text, diag.message);
  return tracker_state_handle(tracker, connection, "10.0.0.7", &request);
}

static void expect(int connection, const char *text) {
  assert_string_equal(said[connection], text);
  said[connection][0] = '\0';
}

/* Stream 18 of the protocol's description. */
static void puts_and_requests(void **state) {
  (void)state;
  say(0, "[3, \"pynq\", [9091, \"pynq:0.5\"], null]");
  expect(0, "0");
  say(1, "[4, \"pynq\", \"\", 1]");
  expect(1, "[0, [\"10.0.0.7\", 9091, \"pynq:0.5\"]]");
}

static void request_waits(void **state) {
  (void)state;
  say(1, "[4, \"pynq\", \"\", 1]");
  expect(1, "");
  say(0, "[3, \"other\", [9091, \"other:1\"], null]");
  expect(1, "");
  say(0, "[3, \"pynq\", [\"9092\", \"pynq:1\"], \"board\"]");
  expect(1, "[0, [\"board\", 9092, \"pynq:1\"]]");
  say(2, "[4, \"pynq\", \"\", 1]");
  expect(2, "");
}

/* Larger priorities first, then the order of arrival. */
static void priorities(void **state) {
  (void)state;
  say(1, "[4, \"k\", \"\", 1]");
  say(2, "[4, \"k\", \"\", 5]");
  say(3, "[4, \"k\", \"\", 5]");
  say(0, "[3, \"k\", [1, \"k:a\"], null]");
  expect(2, "[0, [\"10.0.0.7\", 1, \"k:a\"]]");
  say(0, "[3, \"k\", [1, \"k:b\"], null]");
  expect(3, "[0, [\"10.0.0.7\", 1, \"k:b\"]]");
  say(0, "[3, \"k\", [1, \"k:c\"], null]");
  expect(1, "[0, [\"10.0.0.7\", 1, \"k:c\"]]");
}

static void pending_keys(void **state) {
  (void)state;
  say(0, "[3, \"k\", [1, \"k:a\"], null]");
  say(0, "[3, \"k\", [1, \"k:b\"], null]");
  say(1, "[3, \"k\", [1, \"k:c\"], null]");
  say(0, "[7]");
  expect(0, "[\"k:a\", \"k:b\"]");
  say(2, "[4, \"k\", \"\", 1]");
  say(0, "[7]");
  expect(0, "[\"k:b\"]");
}

/* A server that leaves takes its keys along, a client its requests. */
static void leaving(void **state) {
  (void)state;
  say(0, "[5, {\"key\": \"server:k\", \"addr\": [null, 9091]}]");
  say(0, "[3, \"k\", [1, \"k:a\"], null]");
  assert_true(tracker_state_needs(tracker, 0));
  tracker_state_leave(tracker, 0);
  assert_false(tracker_state_needs(tracker, 0));
  say(1, "[4, \"k\", \"\", 1]");
  expect(1, "");
  tracker_state_leave(tracker, 1);
  say(2, "[3, \"k\", [1, \"k:b\"], null]");
  expect(1, "");
  say(2, "[6]");
  expect(2,
         "[0, {\"queue_info\": {\"k\": {\"free\": 1, \"pending\": 0}}, "
         "\"server_info\": []}]");
}

static void summary(void **state) {
  (void)state;
  say(0, "[5, {\"key\": \"server:k\", \"addr\": [null, \"9091\"]}]");
  expect(0, "0");
  say(0, "[5, {\"key\": \"server:k\", \"addr\": [\"board\", 9092]}]");
  say(1, "[4, \"k\", \"\", 1]");
  say(1, "[4, \"l\", \"\", 1]");
  say(2, "[6]");
  expect(2,
         "[0, {\"queue_info\": {\"k\": {\"free\": 0, \"pending\": 1}, "
         "\"l\": {\"free\": 0, \"pending\": 1}}, \"server_info\": "
         "[{\"key\": \"server:k\", \"addr\": [\"board\", 9092]}]}]");
}

static void stopping(void **state) {
  (void)state;
  assert_int_equal(say(0, "[2, \"tracker:guess\"]"), TRACKER_GOES_ON);
  expect(0, "-1");
  assert_int_equal(say(0, "[2, \"tracker:stop\"]"), TRACKER_STOPS);
  expect(0, "0");
  say(0, "[1]");
  expect(0, "0");
}

/* One connection cannot fill the tracker. */
static void too_much(void **state) {
  char text[64];
  int puts = 0, requests = 0;
  (void)state;
  do snprintf(text, sizeof text, "[3, \"k\", [1, \"k:%d\"], null]", puts);
  while (say(0, text) == TRACKER_GOES_ON && ++puts < 1000);
  assert_int_equal(puts, 64);
  do snprintf(text, sizeof text, "[4, \"l%d\", \"\", 1]", requests);
  while (say(1, text) == TRACKER_GOES_ON && ++requests < 1000);
  assert_int_equal(requests, 64);
}

int main(void) {
#define TRACKER(test) cmocka_unit_test_setup_teardown(test, start, stop)
  const struct CMUnitTest tests[] = {
      TRACKER(puts_and_requests), TRACKER(request_waits), TRACKER(priorities),
      TRACKER(pending_keys),      TRACKER(leaving),       TRACKER(summary),
      TRACKER(stopping),          TRACKER(too_much)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
