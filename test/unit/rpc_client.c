/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a peer that follows a script: what it sends is compared
 * byte by byte with recorded traffic, and answers of all kinds come back. */
#include "rpc_peer.h"

/* A session that has greeted the peer. */
static vtac_rpc *open_session(Scene *scene) {
  Diag diag;
  Transport *transport = transport_of_channel(&scene->channel, 5);
  vtac_rpc *session = client_new(transport, &diag);
  assert_non_null(session);
  return session;
}

/* ---- Traffic ------------------------------------------------------------ */

#define ZERO8 "0000000000000000"
#define INIT                                                          \
  {                                                                   \
    "1500000000000000 02000000 0500000000000000 302E382E30 00000000", \
        VOID_ANSWER                                                   \
  }
#define VOID_ANSWER "0C 00000000000000 04000000 01000000 04000000"
#define VOID_RESULT \
  "1800000000000000 04000000 02000000 00000000 04000000 0400000000000000"
#define HANDLE(h) "1400000000000000 04000000 01000000 03000000" h
#define ZERO7 "00000000000000"
#define RESULT(type, h) \
  "2000000000000000 04000000 02000000 00000000 03000000" type ZERO7 h
#define SHUTDOWN \
  { "0400000000000000 01000000", "" }
#define ROW_HEAD "0C000000 00000000 04000000 00080100"
#define ROW_SHAPE \
  "0100000000000000 0200000000000000 0100000000000000 0200000000000000"
#define FIND(n, name) n "00000000000000 09000000 01000000 0B000000" name
#define PACKET_SIZE                                               \
  FIND("36",                                                      \
       "2200000000000000"                                         \
       "74766D2E7270632E7365727665722E4765744352544D61785061636B" \
       "657453697A65")
#define FREE_FUNCTION(h) \
  "2000000000000000 0A000000 02000000 03000000 00000000" h "0A00000000000000"

static void calls_of_the_tutorial(void **state) {
  static const Exchange script[] = {
      INIT,
      {FIND("29",
            "1500000000000000"
            "74766D2E7270632E7365727665722E75706C6F6164"),
       HANDLE("1100000000000000")},
      {"3200000000000000 03000000 1100000000000000 02000000 0B000000 0C000000"
       "0600000000000000 67656D6D2E6F 0400000000000000 7F454C46",
       VOID_RESULT},
      {FIND("2E",
            "1A00000000000000"
            "74766D2E7270632E7365727665722E6C6F61645F6D6F64756C65"),
       HANDLE("1200000000000000")},
      {"2200000000000000 03000000 1200000000000000 01000000 0B000000"
       "0600000000000000 67656D6D2E6F",
       RESULT("09", "2100000000000000")},
      {FIND("34",
            "2000000000000000"
            "74766D2E7270632E7365727665722E4D6F64756C65476574"
            "46756E6374696F6E"),
       HANDLE("1300000000000000")},
      {"4000000000000000 03000000 1300000000000000 03000000"
       "09000000 0B000000 00000000 2100000000000000"
       "0C00000000000000 5F5F74766D5F6D61696E5F5F 0100000000000000",
       RESULT("0A", "1400000000000000")},
      {"5000000000000000 11000000 02000000 07000000 04000000" ZERO8 ROW_HEAD
           ROW_SHAPE ZERO8,
       HANDLE("3100000000000000")},
      {PACKET_SIZE, HANDLE(ZERO8)},
      {"5000000000000000 07000000 3100000000000000" ROW_HEAD ROW_SHAPE ZERO8
       "0400000000000000 01020304",
       VOID_ANSWER},
      {"5400000000000000 03000000 1400000000000000 01000000 07000000"
       "3100000000000000" ROW_HEAD ROW_SHAPE ZERO8,
       VOID_RESULT},
      {"4C00000000000000 06000000 3100000000000000" ROW_HEAD ROW_SHAPE ZERO8
       "0400000000000000",
       "0800000000000000 08000000 05060708"},
      {"2000000000000000 0E000000 02000000 06000000 03000000"
       "0C000000 00000000 3100000000000000",
       VOID_ANSWER},
      {FREE_FUNCTION("1400000000000000"), VOID_ANSWER},
      {"2000000000000000 0A000000 02000000 03000000 00000000"
       "2100000000000000 0900000000000000",
       VOID_ANSWER},
      {FREE_FUNCTION("1100000000000000"), VOID_ANSWER},
      {FREE_FUNCTION("1200000000000000"), VOID_ANSWER},
      {FREE_FUNCTION("1300000000000000"), VOID_ANSWER},
      SHUTDOWN,
      END};
  static const int64_t shape[] = {1, 2, 1, 2};
  static const uint8_t data[] = {1, 2, 3, 4};
  uint8_t result[4] = {0};
  vtac_error error;
  Scene scene;
  (void)state;
  start(&scene, script);
  vtac_rpc *session = open_session(&scene);
  assert_int_equal(vtac_rpc_upload(session, "gemm.o",
                                   "\x7f"
                                   "ELF",
                                   4, &error),
                   VTAC_OK);
  vtac_rpc_module *module = vtac_rpc_module_load(session, "gemm.o", &error);
  assert_non_null(module);
  vtac_rpc_function *run = vtac_rpc_module_function(module, NULL, &error);
  assert_non_null(run);
  vtac_rpc_array *array = vtac_rpc_array_new(session, VTAC_RPC_EXT_DEV, 0,
                                             "int8", 4, shape, &error);
  assert_non_null(array);
  assert_int_equal(vtac_rpc_array_write(array, data, &error), VTAC_OK);
  const vtac_rpc_value args[] = {{.type = VTAC_RPC_ARRAY, .array = array}};
  vtac_rpc_value value;
  assert_int_equal(vtac_rpc_call(run, 1, args, &value, &error), VTAC_OK);
  assert_int_equal(value.type, VTAC_RPC_NULL);
  assert_int_equal(vtac_rpc_array_read(array, result, &error), VTAC_OK);
  assert_memory_equal(result, "\5\6\7\10", 4);
  vtac_rpc_array_free(array);
  vtac_rpc_function_free(run);
  vtac_rpc_module_free(module);
  vtac_rpc_close(session);
  end(&scene);
}

/* Packets of at most 78 bytes hold two bytes of the array. */
static void copies_in_pieces(void **state) {
  static const Exchange script[] = {
      INIT,
      {"5000000000000000 11000000 02000000 07000000 04000000" ZERO8 ROW_HEAD
           ROW_SHAPE ZERO8,
       HANDLE("3100000000000000")},
      {PACKET_SIZE, HANDLE("1700000000000000")},
      {"1000000000000000 03000000 1700000000000000 00000000",
       "2000000000000000 04000000 02000000 00000000 00000000" ZERO8
       "4E00000000000000"},
      {FREE_FUNCTION("1700000000000000"), VOID_ANSWER},
      {"4E00000000000000 07000000 3100000000000000" ROW_HEAD ROW_SHAPE ZERO8
       "0200000000000000 0102",
       VOID_ANSWER},
      {"4E00000000000000 07000000 3100000000000000" ROW_HEAD ROW_SHAPE
       "0200000000000000 0200000000000000 0304",
       VOID_ANSWER},
      {"4C00000000000000 06000000 3100000000000000" ROW_HEAD ROW_SHAPE ZERO8
       "0200000000000000",
       "0600000000000000 08000000 0506"},
      {"4C00000000000000 06000000 3100000000000000" ROW_HEAD ROW_SHAPE
       "0200000000000000 0200000000000000",
       "0600000000000000 08000000 0708"},
      {"2000000000000000 0E000000 02000000 06000000 03000000"
       "0C000000 00000000 3100000000000000",
       VOID_ANSWER},
      SHUTDOWN,
      END};
  static const int64_t shape[] = {1, 2, 1, 2};
  uint8_t bytes[] = {1, 2, 3, 4};
  vtac_error error;
  Scene scene;
  (void)state;
  start(&scene, script);
  vtac_rpc *session = open_session(&scene);
  vtac_rpc_array *array = vtac_rpc_array_new(session, VTAC_RPC_EXT_DEV, 0,
                                             "int8", 4, shape, &error);
  assert_int_equal(vtac_rpc_array_write(array, bytes, &error), VTAC_OK);
  assert_int_equal(vtac_rpc_array_read(array, bytes, &error), VTAC_OK);
  assert_memory_equal(bytes, "\5\6\7\10", 4);
  vtac_rpc_array_free(array);
  vtac_rpc_close(session);
  end(&scene);
}

static void devices_and_copies_there(void **state) {
  static const Exchange script[] = {
      INIT,
      {"2000000000000000 0C000000 02000000 06000000 00000000 0C000000 "
       "00000000" ZERO8,
       "1400000000000000 04000000 01000000 00000000 0100000000000000"},
      {"2000000000000000 0C000000 02000000 06000000 00000000 0C000000 00000000"
       "0500000000000000",
       VOID_ANSWER},
      {"2000000000000000 0F000000 02000000 06000000 03000000 0C000000 "
       "00000000" ZERO8,
       VOID_ANSWER},
      {"3800000000000000 11000000 02000000 07000000 04000000" ZERO8
       "01000000 00000000 01000000 02200100 0200000000000000" ZERO8,
       HANDLE("4100000000000000")},
      {"6C00000000000000 10000000 03000000 07000000 07000000 03000000"
       "4100000000000000 01000000 00000000 01000000 02200100 "
       "0200000000000000" ZERO8 "4100000000000000 01000000 00000000 01000000 "
       "02200100 0200000000000000" ZERO8 ZERO8,
       VOID_ANSWER},
      {"2000000000000000 0E000000 02000000 06000000 03000000"
       "01000000 00000000 4100000000000000",
       VOID_ANSWER},
      SHUTDOWN,
      END};
  static const int64_t shape[] = {2};
  vtac_rpc_value value;
  vtac_error error;
  Scene scene;
  (void)state;
  start(&scene, script);
  vtac_rpc *session = open_session(&scene);
  assert_int_equal(vtac_rpc_device_attr(session, 12, 0, 0, &value, &error),
                   VTAC_OK);
  assert_int_equal(value.type, VTAC_RPC_INT);
  assert_int_equal(value.integer, 1);
  assert_int_equal(vtac_rpc_device_attr(session, 12, 0, 5, &value, &error),
                   VTAC_OK);
  assert_int_equal(value.type, VTAC_RPC_NULL);
  assert_int_equal(vtac_rpc_device_sync(session, 12, 0, &error), VTAC_OK);
  vtac_rpc_array *array =
      vtac_rpc_array_new(session, VTAC_RPC_CPU, 0, "float32", 1, shape, &error);
  assert_string_equal(vtac_rpc_array_dtype(array), "float32");
  assert_int_equal(vtac_rpc_array_size(array), 8);
  assert_int_equal(vtac_rpc_array_copy(array, array, &error), VTAC_OK);
  vtac_rpc_array_free(array);
  vtac_rpc_close(session);
  end(&scene);
}

/* Function "f" (handle 0x11) is called without arguments; it answers by every
 * type of result, which the client gives back. */
#define CALL_F "1000000000000000 03000000 1100000000000000 00000000"
static void results_of_all_types(void **state) {
  static const Exchange script[] = {
      INIT,
      {FIND("15", "0100000000000000 66"), HANDLE("1100000000000000")},
      {CALL_F,
       "2300000000000000 04000000 02000000 00000000 0B000000 0B00000000000000"
       "0300000000000000 613A31"},
      {CALL_F,
       "2000000000000000 04000000 02000000 00000000 02000000 0200000000000000"
       "000000000000F83F"},
      {CALL_F,
       "5400000000000000 04000000 03000000 00000000 07000000 03000000"
       "0D00000000000000 4100000000000000 01000000 00000000 02000000 00080100"
       "0200000000000000 0300000000000000" ZERO8 "4200000000000000"},
      {CALL_F,
       "1700000000000000 05000000 01000000 0B000000 0300000000000000 626164"},
      {CALL_F, RESULT("03", "7700000000000000")},
      {CALL_F, RESULT("0A", "1500000000000000")},
      {FREE_FUNCTION("1500000000000000"), VOID_ANSWER},
      {"2000000000000000 0A000000 02000000 03000000 00000000"
       "4200000000000000 0D00000000000000",
       VOID_ANSWER},
      {FREE_FUNCTION("1100000000000000"), VOID_ANSWER},
      SHUTDOWN,
      END};
  vtac_rpc_value value;
  vtac_error error;
  Scene scene;
  (void)state;
  start(&scene, script);
  vtac_rpc *session = open_session(&scene);
  vtac_rpc_function *f = vtac_rpc_function_get(session, "f", &error);
  assert_non_null(f);
  assert_int_equal(vtac_rpc_call(f, 0, NULL, &value, &error), VTAC_OK);
  assert_int_equal(value.type, VTAC_RPC_TEXT);
  assert_string_equal(value.bytes, "a:1");
  assert_int_equal(vtac_rpc_call(f, 0, NULL, &value, &error), VTAC_OK);
  assert_true(value.type == VTAC_RPC_FLOAT && value.number == 1.5);
  assert_int_equal(vtac_rpc_call(f, 0, NULL, &value, &error), VTAC_OK);
  assert_int_equal(value.type, VTAC_RPC_ARRAY);
  vtac_rpc_array *array = value.array;
  assert_int_equal(vtac_rpc_array_dim(array, 1), 3);
  assert_int_equal(vtac_rpc_call(f, 0, NULL, &value, &error), VTAC_DEVICE);
  assert_string_equal(error.message, "the server says: bad");
  assert_string_equal(error.id, "rpc-remote");
  assert_int_equal(vtac_rpc_call(f, 0, NULL, &value, &error), VTAC_OK);
  assert_true(value.type == VTAC_RPC_HANDLE && value.integer == 0x77);
  /* A function that nobody wants is given back at once. */
  assert_int_equal(vtac_rpc_call(f, 0, NULL, NULL, &error), VTAC_OK);
  vtac_rpc_array_free(array);
  vtac_rpc_function_free(f);
  vtac_rpc_close(session);
  end(&scene);
}

static void missing_functions(void **state) {
  static const Exchange script[] = {
      INIT, {FIND("15", "0100000000000000 66"), HANDLE(ZERO8)}, SHUTDOWN, END};
  vtac_error error;
  Scene scene;
  (void)state;
  start(&scene, script);
  vtac_rpc *session = open_session(&scene);
  assert_null(vtac_rpc_function_get(session, "f", &error));
  assert_string_equal(error.id, "rpc-missing");
  assert_string_equal(error.message, "the server has no function 'f'");
  vtac_rpc_close(session);
  end(&scene);
}

/* ---- Peers that break the protocol -------------------------------------- */

static const struct {
  const char *what, *answer, *id;
} broken[] = {
    {"closes", "", "rpc-closed"},
    {"closes within a packet", "1400000000000000 04000000", "rpc-protocol"},
    {"shuts down", "0400000000000000 01000000", "rpc-closed"},
    {"asks", "0400000000000000 09000000", "rpc-protocol"},
    {"announces 2^61 bytes", "0000000000000020", "rpc-limit"},
    {"gives an opcode that is none", "0400000000000000 63000000",
     "rpc-protocol"},
    {"gives an integer", "1400000000000000 04000000 01000000 00000000" ZERO8,
     "rpc-protocol"},
    {"gives two values", "1000000000000000 04000000 02000000 04000000 04000000",
     "rpc-protocol"},
    {"gives a copy", "0500000000000000 08000000 00", "rpc-protocol"},
    {"excuses itself without a text", "0800000000000000 05000000 00000000",
     "rpc-protocol"},
};

static void broken_peers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    const Exchange script[] = {
        INIT, {FIND("15", "0100000000000000 66"), broken[i].answer}, END};
    vtac_error error = {0}, again = {0};
    Scene scene;
    start(&scene, script);
    vtac_rpc *session = open_session(&scene);
    assert_null(vtac_rpc_function_get(session, "f", &error));
    if (strcmp(error.id, broken[i].id) != 0)
      fail_msg("a peer that %s: %s [%s]", broken[i].what, error.message,
               error.id);
    /* The session has ended: the same error, and no further request. */
    assert_int_equal(vtac_rpc_remove(session, "x", &again), error.status);
    assert_string_equal(again.message, error.message);
    vtac_rpc_close(session);
    end(&scene);
  }
}

static void other_versions_are_told(void **state) {
  static const Exchange script[] = {
      {"1500000000000000 02000000 0500000000000000 302E382E30 00000000",
       "1700000000000000 05000000 01000000 0B000000 0300000000000000 626164"},
      END};
  Diag diag;
  Scene scene;
  (void)state;
  start(&scene, script);
  Transport *transport = transport_of_channel(&scene.channel, 5);
  assert_null(client_new(transport, &diag));
  assert_string_equal(diag.message, "the server says: bad");
  end(&scene);
}

static void silent_peers_time_out(void **state) {
  int fds[2];
  RpcChannel channel;
  Diag diag;
  (void)state;
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  channel_open(&channel, fds[0]);
  Transport *transport = transport_of_channel(&channel, 0.05);
  assert_null(client_new(transport, &diag));
  assert_int_equal(diag.id, D_RPC_TIMEOUT);
  close(fds[1]);
}

/* ---- Addresses and arguments -------------------------------------------- */

static void addresses(void **state) {
  static const struct {
    const char *text, *host;
    int port;
  } good[] = {{"pynq:9090", "pynq", 9090},  {"pynq", "pynq", 9091},
              {"[::1]:9090", "::1", 9090},  {"[::1]", "::1", 9091},
              {"fe80::1", "fe80::1", 9091}, {"10.0.0.7:1", "10.0.0.7", 1}};
  static const char *const bad[] = {"",        ":9090", "pynq:", "pynq:0",
                                    "a:70000", "a:1x",  "[::1",  "[]:1",
                                    "[::1]9",  "a:-1",  "a: 1"};
  char host[256];
  int port;
  vtac_error error;
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_int_equal(vtac_rpc_parse_address(good[i].text, 9091, host,
                                            sizeof host, &port, &error),
                     VTAC_OK);
    assert_string_equal(host, good[i].host);
    assert_int_equal(port, good[i].port);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (vtac_rpc_parse_address(bad[i], 9091, host, sizeof host, &port,
                               &error) != VTAC_INVALID)
      fail_msg("'%s' was taken", bad[i]);
}

static void wrong_arguments_are_not_sent(void **state) {
  static const Exchange script[] = {INIT, SHUTDOWN, END};
  static const int64_t none[] = {0}, huge[] = {(int64_t)1 << 62, 16};
  vtac_error error;
  Scene scene;
  (void)state;
  start(&scene, script);
  vtac_rpc *session = open_session(&scene);
  assert_null(vtac_rpc_array_new(session, 12, 0, "int7x", 1, huge, &error));
  assert_null(vtac_rpc_array_new(session, 12, 0, "int8", 1, none, &error));
  assert_null(vtac_rpc_array_new(session, 12, 0, "int8", 2, huge, &error));
  assert_null(vtac_rpc_array_new(session, 140, 0, "int8", 1, huge, &error));
  assert_null(vtac_rpc_array_new(session, 12, 0, "int8", 17, huge, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  vtac_rpc_function f = {session, 1};
  const vtac_rpc_value bad[] = {{.type = VTAC_RPC_ARRAY},
                                {.type = VTAC_RPC_TEXT},
                                {.type = VTAC_RPC_BYTES, .size = 1},
                                {.type = (vtac_rpc_type)99}};
  for (int i = 0; i < 4; i++)
    assert_int_equal(vtac_rpc_call(&f, 1, &bad[i], NULL, &error), VTAC_INVALID);
  assert_int_equal(vtac_rpc_call(&f, 65, bad, NULL, &error), VTAC_INVALID);
  assert_int_equal(vtac_rpc_upload(NULL, "x", "", 0, &error), VTAC_INVALID);
  vtac_rpc_close(session);
  end(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_of_the_tutorial),
      cmocka_unit_test(copies_in_pieces),
      cmocka_unit_test(devices_and_copies_there),
      cmocka_unit_test(results_of_all_types),
      cmocka_unit_test(missing_functions),
      cmocka_unit_test(broken_peers),
      cmocka_unit_test(other_versions_are_told),
      cmocka_unit_test(silent_peers_time_out),
      cmocka_unit_test(addresses),
      cmocka_unit_test(wrong_arguments_are_not_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
