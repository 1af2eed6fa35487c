/* SPDX-License-Identifier: Apache-2.0 */
/* The client's handshake with servers of all kinds. */
#include "rpc/auth.h"
#include "rpc_peer.h"

#define HELLO "71F20F00 07000000 636C69656E743A"
#define WELCOME "71F20F00 07000000 7365727665723A"

static DiagId greet(const Exchange *script, const vtac_rpc_options *options,
                    const char *match_key, const char *key) {
  Diag diag = {0};
  Scene scene;
  start(&scene, script);
  channel_set_timeout(&scene.channel, 5);
  client_greet(&scene.channel, options, match_key, key, &diag);
  channel_close(&scene.channel);
  end(&scene);
  return diag.id;
}

static void greetings(void **state) {
  static const Exchange plain[] = {{HELLO, WELCOME}, END};
  static const Exchange keyed[] = {
      {"71F20F00 17000000"
       "636C69656E743A70796E71202D74696D656F75743D3630",
       "71F20F00 0B000000 7365727665723A70796E71"},
      END};
  static const Exchange refused[] = {{HELLO, "73F20F00"}, END};
  static const Exchange doubled[] = {{HELLO, "72F20F00"}, END};
  static const Exchange other[] = {{HELLO, "48545450"}, END};
  static const Exchange wrong[] = {
      {HELLO, "71F20F00 08000000 7365727665723A61"}, END};
  static const Exchange huge[] = {{HELLO, "71F20F00 FFFFFF7F"}, END};
  const vtac_rpc_options none = {0}, minute = {.session_seconds = 60};
  const vtac_rpc_options secret = {.secret = "0123456789abcdef"};
  const vtac_rpc_options brief = {.secret = "0123456789"};
  (void)state;
  assert_int_equal(greet(plain, &none, "", ""), D_NONE);
  assert_int_equal(greet(keyed, &minute, "pynq", "pynq"), D_NONE);
  assert_int_equal(greet(refused, &none, "", ""), D_RPC_KEY);
  assert_int_equal(greet(doubled, &none, "", ""), D_RPC_KEY);
  assert_int_equal(greet(other, &none, "", ""), D_RPC_PROTOCOL);
  assert_int_equal(greet(wrong, &none, "", ""), D_RPC_KEY);
  assert_int_equal(greet(huge, &none, "", ""), D_RPC_LIMIT);
  static const Exchange nothing[] = {END};
  assert_int_equal(greet(nothing, &brief, "", ""), D_RPC_SECRET);
  static const Exchange careless[] = {
      {"71F20F00 33000000 636C69656E743A", WELCOME}, END};
  assert_int_equal(greet(careless, &secret, "", ""), D_RPC_SECRET);
}

/* A server that asks for a secret, and what it does at the end. */
typedef struct Guard {
  int fd;
  const char *secret;
  bool proves, accepted;
} Guard;

static void *guard(void *self) {
  static const char server[] =
      "server: -vtac-auth="
      "00112233445566778899aabbccddeeff";
  Guard *g = self;
  char client[HELLO_MOST_KEY + 1], proof[AUTH_PROOF + 1], text[128];
  RpcChannel channel;
  Hello hello;
  Diag diag;
  channel_open(&channel, g->fd);
  if (channel_receive_hello(&channel, &hello, &diag)) return NULL;
  slice_copy(hello.key, client, sizeof client);
  channel_send_hello(&channel, HELLO_MAGIC, server, &diag);
  if (!channel_receive_hello(&channel, &hello, &diag)) {
    auth_proof(g->secret, "client", slice_of(client), slice_of(server), proof);
    g->accepted = auth_accepts(hello.key, proof);
    auth_proof(g->proves ? g->secret : "something else ..", "server",
               slice_of(client), slice_of(server), proof);
    snprintf(text, sizeof text, AUTH_PREFIX "%s", proof);
    channel_send_hello(&channel, g->accepted ? HELLO_MAGIC : HELLO_MISMATCH,
                       text, &diag);
  }
  channel_close(&channel);
  return NULL;
}

static DiagId greet_guard(Guard *g, const char *secret) {
  const vtac_rpc_options options = {.secret = secret};
  int fds[2];
  pthread_t thread;
  RpcChannel channel;
  Diag diag = {0};
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  channel_open(&channel, fds[0]);
  g->fd = fds[1];
  assert_int_equal(pthread_create(&thread, NULL, guard, g), 0);
  client_greet(&channel, &options, "", "", &diag);
  channel_close(&channel);
  pthread_join(thread, NULL);
  return diag.id;
}

static void secrets(void **state) {
  static const char right[] = "a secret of 24 letters..";
  Guard honest = {.secret = right, .proves = true};
  Guard impostor = {.secret = right, .proves = false};
  Guard asked = {.secret = right, .proves = true};
  (void)state;
  assert_int_equal(greet_guard(&honest, right), D_NONE);
  assert_true(honest.accepted);
  assert_int_equal(greet_guard(&honest, "a secret of 24 letters,,"),
                   D_RPC_SECRET);
  assert_false(honest.accepted);
  assert_int_equal(greet_guard(&impostor, right), D_RPC_SECRET);
  assert_int_equal(greet_guard(&asked, NULL), D_RPC_SECRET);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(greetings),
                                     cmocka_unit_test(secrets)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
