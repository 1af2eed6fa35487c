/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes, proofs and the tracker's messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/auth.h"
#include "rpc/tracker_wire.h"

/* ---- Handshake ---------------------------------------------------------- */

static void check_hello(const char *bytes, size_t n, uint32_t code,
                        const char *key) {
  ByteBuf out = {0};
  Hello hello;
  Diag diag;
  size_t wanted;
  assert_int_equal(hello_encode(code, key, &out, &diag), VTAC_OK);
  assert_int_equal(out.size, n);
  assert_memory_equal(out.bytes, bytes, n);
  for (size_t have = 0; have < n; have++) {
    assert_int_equal(hello_wanted(out.bytes, have, &wanted, &diag), VTAC_OK);
    assert_true(wanted > have && wanted <= n);
  }
  assert_int_equal(hello_decode(out.bytes, n, &hello, &diag), VTAC_OK);
  assert_int_equal(hello.code, code);
  assert_true(slice_is(hello.key, code == HELLO_MAGIC ? key : ""));
  bytebuf_free(&out);
}

static void hellos(void **state) {
  (void)state;
  check_hello("\x71\xF2\x0F\0\x07\0\0\0client:", 15, HELLO_MAGIC, "client:");
  check_hello("\x71\xF2\x0F\0\x07\0\0\0server:", 15, HELLO_MAGIC, "server:");
  check_hello("\x71\xF2\x0F\0\x17\0\0\0client:pynq -timeout=60", 31,
              HELLO_MAGIC, "client:pynq -timeout=60");
  check_hello("\x73\xF2\x0F\0", 4, HELLO_MISMATCH, NULL);
}

static void long_keys_are_refused(void **state) {
  static const uint8_t negative[] = "\x71\xF2\x0F\0\xFF\xFF\xFF\xFF";
  static const uint8_t huge[] = "\x71\xF2\x0F\0\x01\x02\0\0";
  size_t wanted;
  Diag diag;
  (void)state;
  assert_int_equal(hello_wanted(negative, 8, &wanted, &diag), VTAC_REFUSED);
  assert_int_equal(hello_wanted(huge, 8, &wanted, &diag), VTAC_REFUSED);
  assert_string_equal(diag.message,
                      "the peer announces a key of 513 bytes, allowed are 512");
}

static void keys(void **state) {
  HelloKey key = {"pynq:0.5", 60, ""}, back;
  char text[HELLO_MOST_KEY + 1];
  Diag diag;
  (void)state;
  assert_int_equal(hello_format_key("client", &key, text, &diag), VTAC_OK);
  assert_string_equal(text, "client:pynq:0.5 -timeout=60");
  key.timeout = 1.25;
  strcpy(key.nonce, "0123456789abcdef0123456789abcdef");
  assert_int_equal(hello_format_key("client", &key, text, &diag), VTAC_OK);
  assert_string_equal(text,
                      "client:pynq:0.5 -timeout=1.250 "
                      "-vtac-auth=0123456789abcdef0123456789abcdef");
  assert_int_equal(hello_parse_key("client", slice_of(text), &back, &diag),
                   VTAC_OK);
  assert_string_equal(back.key, "pynq:0.5");
  assert_string_equal(back.nonce, key.nonce);
  assert_true(back.timeout == 1.25);
  assert_int_equal(hello_parse_key("server", slice_of(text), &back, &diag),
                   VTAC_REFUSED);
}

static void strange_keys(void **state) {
  static const char *const refused[] = {"",         "client",   "Client:",
                                        "server:",  "clients:", "client:\xE9",
                                        "client:\n"};
  static const char *const ignored[] = {
      "client:k -timeout=-1",
      "client:k -timeout=nan",
      "client:k -timeout=",
      "client:k -timeout=1e9",
      "client:k -timeout=1.2.3",
      "client:k -other",
      "client:k -vtac-auth=12",
      "client:k   ",
      "client:k -timeout=99999999999999999999"};
  HelloKey key;
  Diag diag;
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
    assert_int_equal(
        hello_parse_key("client", slice_of(refused[i]), &key, &diag),
        VTAC_REFUSED);
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
    assert_int_equal(
        hello_parse_key("client", slice_of(ignored[i]), &key, &diag), VTAC_OK);
    assert_string_equal(key.key, "k");
    assert_true(key.timeout == 0);
    assert_string_equal(key.nonce, "");
  }
  HelloKey spaced = {"a b", 0, ""};
  char text[HELLO_MOST_KEY + 1];
  assert_int_equal(hello_format_key("client", &spaced, text, &diag),
                   VTAC_REFUSED);
}

/* ---- Proofs ------------------------------------------------------------- */

/* The digest was made by `openssl dgst -sha256 -hmac`. */
static void proofs(void **state) {
  char proof[AUTH_PROOF + 1], other[AUTH_PROOF + 1], text[128];
  (void)state;
  auth_proof("a secret of 24 letters..", "client", slice_of("client:k"),
             slice_of("server:k"), proof);
  assert_string_equal(
      proof,
      "fdde2592dbe038e86210b8b7b6951612b6dbeba8eb50b46c4160ca5f4a649cb8");
  auth_proof("a secret of 24 letters..", "server", slice_of("client:k"),
             slice_of("server:k"), other);
  assert_string_not_equal(proof, other);
  snprintf(text, sizeof text, AUTH_PREFIX "%s", proof);
  assert_true(auth_accepts(slice_of(text), proof));
  assert_false(auth_accepts(slice_of(text), other));
  assert_false(auth_accepts(slice_of(proof), proof));
  assert_false(auth_accepts(slice_of(""), proof));
}

static void nonces(void **state) {
  char a[HELLO_NONCE + 1], b[HELLO_NONCE + 1];
  (void)state;
  assert_true(auth_nonce(a));
  assert_true(auth_nonce(b));
  assert_int_equal(strlen(a), HELLO_NONCE);
  assert_string_not_equal(a, b);
}

/* ---- Tracker ------------------------------------------------------------ */

/* A whole message is `text` behind its length; the text goes back. */
static void check_text(ByteBuf *out, const char *text) {
  size_t wanted;
  Diag diag;
  assert_int_equal(out->size, 4 + strlen(text));
  assert_memory_equal(out->bytes + 4, text, strlen(text));
  for (size_t have = 0; have < out->size; have++) {
    assert_int_equal(
        tracker_wanted(out->bytes, have, TRACKER_MOST_TEXT, &wanted, &diag),
        VTAC_OK);
    assert_true(wanted > have && wanted <= out->size);
  }
  bytebuf_clear(out);
}

static void check_request(const TrackerRequest *request, const char *text) {
  ByteBuf out = {0};
  TrackerRequest back;
  Diag diag;
  assert_int_equal(tracker_encode_request(request, &out, &diag), VTAC_OK);
  check_text(&out, text);
  assert_int_equal(tracker_decode_request(text, strlen(text), &back, &diag),
                   VTAC_OK);
  assert_int_equal(back.code, request->code);
  assert_int_equal(back.port, request->port);
  assert_string_equal(back.key, request->key);
  assert_string_equal(back.match_key, request->match_key);
  assert_string_equal(back.host, request->host);
  assert_string_equal(back.user, request->user);
  bytebuf_free(&out);
}

static void tracker_requests(void **state) {
  (void)state;
  check_request(&(TrackerRequest){.code = TRACKER_PING}, "[1]");
  check_request(&(TrackerRequest){.code = TRACKER_STOP, .match_key = "s"},
                "[2, \"s\"]");
  check_request(&(TrackerRequest){.code = TRACKER_PUT,
                                  .key = "pynq",
                                  .port = 9091,
                                  .match_key = "pynq:0.5"},
                "[3, \"pynq\", [9091, \"pynq:0.5\"], null]");
  check_request(
      &(TrackerRequest){.code = TRACKER_REQUEST, .key = "pynq", .priority = 1},
      "[4, \"pynq\", \"\", 1]");
  check_request(
      &(TrackerRequest){.code = TRACKER_UPDATE, .key = "pynq", .port = 9091},
      "[5, {\"key\": \"server:pynq\", \"addr\": [null, 9091]}]");
  check_request(&(TrackerRequest){.code = TRACKER_SUMMARY}, "[6]");
  check_request(&(TrackerRequest){.code = TRACKER_PENDING}, "[7]");
}

static void tracker_answers(void **state) {
  static const char server_text[] = "[0, [\"10.0.0.7\", 9091, \"pynq:0.5\"]]";
  ByteBuf out = {0};
  TrackerServer server = {"pynq:0.5", "10.0.0.7", 9091}, back;
  const char *keys_there[] = {"a:1", "a:2"};
  int code;
  bool found;
  Diag diag;
  (void)state;
  assert_int_equal(tracker_encode_code(0, &out, &diag), VTAC_OK);
  check_text(&out, "0");
  assert_int_equal(tracker_decode_code("-1", 2, &code, &diag), VTAC_OK);
  assert_int_equal(code, -1);
  assert_int_equal(tracker_encode_server(&server, &out, &diag), VTAC_OK);
  check_text(&out, server_text);
  assert_int_equal(
      tracker_decode_server(server_text, strlen(server_text), &back, &diag),
      VTAC_OK);
  assert_string_equal(back.key, "pynq:0.5");
  assert_string_equal(back.host, "10.0.0.7");
  assert_int_equal(back.port, 9091);
  assert_int_equal(tracker_encode_keys(2, keys_there, &out, &diag), VTAC_OK);
  check_text(&out, "[\"a:1\", \"a:2\"]");
  assert_int_equal(tracker_decode_keys("[\"a:1\"]", 7, "a:1", &found, &diag),
                   VTAC_OK);
  assert_true(found);
  assert_int_equal(tracker_decode_keys("[\"a:1\"]", 7, "a:2", &found, &diag),
                   VTAC_OK);
  assert_false(found);
  bytebuf_free(&out);
}

static void summaries(void **state) {
  static const char text[] =
      "[0, {\"queue_info\": {\"pynq\": {\"free\": 1, \"pending\": 2}}, "
      "\"server_info\": [{\"key\": \"server:pynq\", \"addr\": "
      "[\"10.0.0.7\", 9091]}]}]";
  TrackerQueue queue = {"pynq", 1, 2};
  TrackerServer server = {"pynq", "10.0.0.7", 9091};
  const TrackerSummary summary = {1, 1, &queue, &server};
  TrackerSummary back;
  ByteBuf out = {0};
  Diag diag;
  (void)state;
  assert_int_equal(tracker_encode_summary(&summary, &out, &diag), VTAC_OK);
  check_text(&out, text);
  assert_int_equal(tracker_decode_summary(text, strlen(text), &back, &diag),
                   VTAC_OK);
  assert_int_equal(back.queues, 1);
  assert_int_equal(back.servers, 1);
  assert_int_equal(back.queue->pending, 2);
  assert_string_equal(back.server->key, "pynq");
  tracker_summary_free(&back);
  bytebuf_free(&out);
}

static void other_spellings(void **state) {
  static const char port[] =
      " [5,{\"addr\":[\"h\",\"9091\"],\"key\":\"server:\"}] ";
  static const char priority[] = "[4,\"k\",\"me\",2.0]";
  TrackerRequest request;
  Diag diag;
  (void)state;
  assert_int_equal(tracker_decode_request(port, strlen(port), &request, &diag),
                   VTAC_OK);
  assert_int_equal(request.port, 9091);
  assert_string_equal(request.host, "h");
  assert_int_equal(
      tracker_decode_request(priority, strlen(priority), &request, &diag),
      VTAC_OK);
  assert_int_equal(request.priority, 2);
}

static void strange_messages(void **state) {
  static const char *const refused[] = {
      "",
      "0",
      "[]",
      "[0]",
      "[8]",
      "[3]",
      "{}",
      "[3, 1, [2, \"\"], null]",
      "[2, 1]",
      "[4, \"k\"]",
      "[1",
      "[3, \"k\", [0, \"m\"], null]",
      "[5, \"k\"]",
      "[5, {\"key\": \"k\", \"addr\": [null, 1]}]",
      "[3, \"k\", [\"9091x\", \"m\"], null]",
      "[4, \"k\", \"u\", 1e99]"};
  TrackerRequest request;
  TrackerSummary summary;
  TrackerServer server;
  Diag diag;
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const size_t n = strlen(refused[i]);
    if (tracker_decode_request(refused[i], n, &request, &diag) != VTAC_IO)
      fail_msg("'%s' was taken", refused[i]);
    assert_int_equal(tracker_decode_summary(refused[i], n, &summary, &diag),
                     VTAC_IO);
    assert_int_equal(tracker_decode_server(refused[i], n, &server, &diag),
                     VTAC_IO);
  }
}

static void strange_lengths(void **state) {
  size_t wanted;
  Diag diag;
  (void)state;
  assert_int_equal(tracker_wanted((const uint8_t *)"\0\0\0\0", 4,
                                  TRACKER_MOST_TEXT, &wanted, &diag),
                   VTAC_REFUSED);
  assert_int_equal(tracker_wanted((const uint8_t *)"\xFF\xFF\xFF\xFF", 4,
                                  TRACKER_MOST_TEXT, &wanted, &diag),
                   VTAC_REFUSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hellos),
      cmocka_unit_test(long_keys_are_refused),
      cmocka_unit_test(keys),
      cmocka_unit_test(strange_keys),
      cmocka_unit_test(proofs),
      cmocka_unit_test(nonces),
      cmocka_unit_test(tracker_requests),
      cmocka_unit_test(tracker_answers),
      cmocka_unit_test(summaries),
      cmocka_unit_test(other_spellings),
      cmocka_unit_test(strange_messages),
      cmocka_unit_test(strange_lengths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
