/* SPDX-License-Identifier: Apache-2.0 */
/* A server survives what clients do to it, and answers the next one. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "rpc/sandbox.h"
#include "support/rpc_kit.h"
#include "support/temp.h"

static TestServer server;

static int start(void **state) {
  vtac_rpc_server_options options = kit_options();
  (void)state;
  options.limits.storage_bytes = 8 << 20;
  kit_start(&server, &options);
  return 0;
}

/* Whatever a test did, the next client is served, and nothing stays. */
static int stop(void **state) {
  (void)state;
  assert_true(kit_alive(server.port));
  assert_true(kit_wait_idle(&server));
  kit_stop(&server);
  return 0;
}

static RpcChannel open_session(void) {
  RpcChannel channel;
  assert_true(kit_open(&channel, server.port, "client:"));
  return channel;
}

static void assert_exception(const RpcValue *value, const char *part) {
  char text[1024];
  assert_int_equal(value->code, RPC_STRING);
  slice_copy(value->text, text, sizeof text);
  if (!strstr(text, part)) fail_msg("'%s' does not say '%s'", text, part);
}

static void assert_closed(int fd) {
  char byte;
  struct timeval patience = {20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ssize_t n;
  while ((n = recv(fd, &byte, 1, 0)) > 0) continue;
  assert_true(n == 0 || errno == ECONNRESET);
}

/* ---- Bytes -------------------------------------------------------------- */

static void random_bytes(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (int round = 0; round < 32; round++) {
    uint8_t bytes[256];
    int fd = kit_connect(server.port);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof bytes; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      bytes[i] = (uint8_t)(seed >> 56);
    }
    size_t n = sizeof bytes;
    if (round % 2) memcpy(bytes, "\x71\xF2\x0F\0\x40\0\0", 8);
    (void)!send(fd, bytes, n, MSG_NOSIGNAL);
    assert_closed(fd);
    close(fd);
  }
}

static void random_packets(void **state) {
  (void)state;
  uint64_t seed = 2;
  for (int round = 0; round < 32; round++) {
    RpcChannel channel = open_session();
    uint8_t bytes[128] = {0};
    for (size_t i = 12; i < sizeof bytes; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      bytes[i] = (uint8_t)(seed >> 56) & (round % 2 ? 0xFF : 0x0F);
    }
    bytes[0] = sizeof bytes - 8;
    bytes[8] = (uint8_t)(round % 22);
    (void)!send(channel.fd, bytes, sizeof bytes, MSG_NOSIGNAL);
    shutdown(channel.fd, SHUT_WR);
    assert_closed(channel.fd);
    channel_close(&channel);
  }
}

static void huge_length(void **state) {
  static const uint8_t length[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
  RpcPacket answer;
  Diag diag;
  (void)state;
  RpcChannel channel = open_session();
  assert_int_equal(send(channel.fd, length, sizeof length, 0), 8);
  assert_int_equal(channel_receive_packet(&channel, &answer, &diag), VTAC_OK);
  assert_int_equal(answer.opcode, RPC_EXCEPTION);
  assert_exception(&answer.arg[0], "9223372036854775808");
  assert_closed(channel.fd);
  channel_close(&channel);
}

static void truncated_packet(void **state) {
  static const uint8_t bytes[] = {0x29, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1};
  (void)state;
  RpcChannel channel = open_session();
  assert_int_equal(send(channel.fd, bytes, sizeof bytes, 0), sizeof bytes);
  channel_close(&channel);
}

/* ---- Handshakes --------------------------------------------------------- */

static uint32_t say_key(const char *key, size_t n) {
  uint8_t bytes[64] = {0x71, 0xF2, 0x0F, 0, (uint8_t)n};
  uint32_t code = 0;
  int fd = kit_connect(server.port);
  memcpy(bytes + 8, key, n);
  assert_true(fd >= 0);
  assert_int_equal(send(fd, bytes, 8 + n, 0), (ssize_t)(8 + n));
  if (recv(fd, &code, sizeof code, MSG_WAITALL) != sizeof code) code = 0;
  close(fd);
  return code;
}

static void empty_key(void **state) {
  (void)state;
  assert_int_equal(say_key("", 0), HELLO_MISMATCH);
  assert_int_equal(say_key(" ", 1), HELLO_MISMATCH);
  assert_int_equal(say_key("\xFF\xFE", 2), HELLO_MISMATCH);
  assert_int_equal(say_key("client:other", 12), HELLO_MISMATCH);
  assert_int_equal(say_key("client:", 7), HELLO_MAGIC);
}

static void odd_timeouts(void **state) {
  static const char *const keys[] = {
      "client: -timeout=1.5",  "client: -timeout=nan", "client: -timeout=-1",
      "client: -timeout=1e99", "client: -timeout=x",   "client: -unknown=1"};
  (void)state;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    RpcChannel channel;
    assert_true(kit_open(&channel, server.port, keys[i]));
    assert_true(kit_function(&channel, "tvm.rpc.server.upload"));
    channel_close(&channel);
  }
}

/* The session ends when the client has said it would. */
static void fractional_timeout(void **state) {
  RpcChannel channel;
  RpcPacket packet;
  Diag diag;
  (void)state;
  assert_true(kit_open(&channel, server.port, "client: -timeout=0.3"));
  assert_int_equal(channel_receive_packet(&channel, &packet, &diag), VTAC_OK);
  assert_int_equal(packet.opcode, RPC_EXCEPTION);
  assert_exception(&packet.arg[0], "time is over");
  channel_close(&channel);
}

/* They say nothing; one that does is served at once. */
static void thousand_connections(void **state) {
  enum { N = 1000 };
  static int fd[N];
  struct rlimit limit;
  int made = 0;
  (void)state;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  for (int i = 0; i < N; i++) {
    fd[i] = kit_connect(server.port);
    made += fd[i] >= 0;
  }
  assert_int_equal(made, N);
  assert_true(kit_alive(server.port));
  for (int i = 0; i < N; i++) close(fd[i]);
}

static void silent_peer(void **state) {
  (void)state;
  int fd = kit_connect(server.port);
  assert_true(fd >= 0);
  assert_true(kit_alive(server.port));
  assert_closed(fd);
  close(fd);
  assert_true(kit_log_has(&server, "no handshake in time"));
}

/* ---- Functions ---------------------------------------------------------- */

static RpcValue run_file(RpcChannel *channel, const char *variable,
                         const char *name, bool *ret_good) {
  RpcValue value;
  const char *path = getenv(variable);
  assert_non_null(path);
  uint64_t module = kit_load(channel, path, name);
  assert_true(module);
  uint64_t function = kit_main(channel, module);
  assert_true(function);
  *ret_good = kit_run(channel, function, 0, NULL, &value);
  return value;
}

static void returns_a_number(void **state) {
  bool good;
  (void)state;
  RpcChannel channel = open_session();
  RpcValue value = run_file(&channel, "KERNEL_ANSWER", "answer.o", &good);
  assert_true(good);
  assert_int_equal(value.code, RPC_INT);
  assert_int_equal(value.integer, 42);
  channel_close(&channel);
}

static void loops_for_ever(void **state) {
  bool good;
  (void)state;
  RpcChannel channel = open_session();
  RpcValue value = run_file(&channel, "KERNEL_SPIN", "spin.o", &good);
  assert_false(good);
  assert_exception(&value, "more than 1 s");
  assert_closed(channel.fd);
  channel_close(&channel);
}

static void crashes(void **state) {
  bool good;
  (void)state;
  RpcChannel channel = open_session();
  RpcValue value = run_file(&channel, "KERNEL_CRASH", "crash.o", &good);
  assert_false(good);
  assert_exception(&value, "the session has ended");
  assert_closed(channel.fd);
  channel_close(&channel);
}

/* The library's memory ends where the session's limit is. */
static void exhausts_memory(void **state) {
  bool good;
  (void)state;
  if (sandbox_gaps() & GAP_MEMORY) skip();
  RpcChannel channel = open_session();
  RpcValue value = run_file(&channel, "KERNEL_HOG", "hog.so", &good);
  assert_true(good);
  assert_in_range(value.integer, 16, 256);
  channel_close(&channel);
}

static void allocates_too_much(void **state) {
  RpcPacket packet;
  (void)state;
  RpcChannel channel = open_session();
  const RpcDevice cpu = {1, 0};
  for (int i = 0; i < 3; i++) {
    rpc_packet(&packet, RPC_DEV_ALLOC_DATA,
               RPC_ARGS(rpc_device(cpu), rpc_int(INT64_C(1) << (26 + 12 * i)),
                        rpc_int(64), rpc_dtype((RpcDType){0, 8, 1})));
    assert_true(kit_ask(&channel, &packet, &packet));
    assert_int_equal(packet.opcode, i ? RPC_EXCEPTION : RPC_RETURN);
  }
  channel_close(&channel);
}

/* Files, processes, sockets, limits: none is within reach. */
static void cannot_escape(void **state) {
  bool good;
  (void)state;
  if (sandbox_gaps() & (GAP_FILES | GAP_CALLS)) skip();
  RpcChannel channel = open_session();
  RpcValue value = run_file(&channel, "KERNEL_ESCAPE", "escape.so", &good);
  assert_true(good);
  assert_int_equal(value.integer, 0);
  channel_close(&channel);
}

/* A session that floods the pipe of its report holds up nobody. */
static void babbles(void **state) {
  bool good;
  (void)state;
  RpcChannel channel = open_session();
  run_file(&channel, "KERNEL_BABBLE", "babble.so", &good);
  assert_false(good);
  channel_close(&channel);
  assert_true(kit_wait_idle(&server));
}

/* ---- Files -------------------------------------------------------------- */

static void bad_paths(void **state) {
  static const char *const names[] = {"../x",  "/tmp/x", "a/b",     "..",
                                      ".",     "",       ".hidden", "a\nb",
                                      "$(id)", "a b"};
  char longest[4096];
  RpcValue value;
  (void)state;
  RpcChannel channel = open_session();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_false(kit_call(&channel, "tvm.rpc.server.upload",
                          RPC_ARGS(rpc_string(names[i]), rpc_bytes("x", 1)),
                          &value));
    assert_exception(&value, "is no name for a file");
  }
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_false(kit_call(&channel, "tvm.rpc.server.upload",
                        RPC_ARGS(rpc_string(longest), rpc_bytes("x", 1)),
                        &value));
  assert_false(kit_call(&channel, "tvm.rpc.server.download",
                        RPC_ARGS(rpc_string("../1/x")), &value));
  assert_true(kit_call(&channel, "tvm.rpc.server.upload",
                       RPC_ARGS(rpc_string("./x.o"), rpc_bytes("x", 1)),
                       &value));
  assert_true(kit_call(&channel, "tvm.rpc.server.download",
                       RPC_ARGS(rpc_string("x.o")), &value));
  assert_int_equal(value.text.n, 1);
  channel_close(&channel);
}

static bool upload(RpcChannel *channel, const char *name, size_t size,
                   RpcValue *ret) {
  char *bytes = calloc(1, size);
  bool good = kit_call(channel, "tvm.rpc.server.upload",
                       RPC_ARGS(rpc_string(name), rpc_bytes(bytes, size)), ret);
  free(bytes);
  return good;
}

/* The session's share is used up; what is there can be replaced. */
static void storage_limit(void **state) {
  RpcValue value;
  (void)state;
  RpcChannel channel = open_session();
  assert_true(upload(&channel, "a", 6 << 20, &value));
  assert_false(upload(&channel, "b", 4 << 20, &value));
  assert_exception(&value, "exceeds");
  assert_true(upload(&channel, "a", 4 << 20, &value));
  assert_true(upload(&channel, "b", 4 << 20, &value));
  channel_close(&channel);
}

static void many_files(void **state) {
  RpcValue value;
  char name[16];
  bool good = true;
  int n = 0;
  (void)state;
  RpcChannel channel = open_session();
  while (good && n < 100) {
    snprintf(name, sizeof name, "f%d", n++);
    good = upload(&channel, name, 1, &value);
  }
  assert_int_equal(n, 65);
  assert_exception(&value, "one file more");
  channel_close(&channel);
}

/* A disk of a megabyte, where the machine lets tests mount one. */
static void full_disk(void **state) {
  TestServer small;
  RpcChannel channel;
  RpcValue value;
  char dir[64];
  (void)state;
  temp_name(dir, sizeof dir, "vtac-disk-XXXXXX");
  assert_non_null(mkdtemp(dir));
  if (mount("none", dir, "tmpfs", 0, "size=1m")) {
    rmdir(dir);
    skip();
  }
  vtac_rpc_server_options options = kit_options();
  options.work_dir = dir;
  kit_start(&small, &options);
  assert_true(kit_open(&channel, small.port, "client:"));
  assert_false(upload(&channel, "a", 4 << 20, &value));
  assert_exception(&value, "No space left");
  assert_true(upload(&channel, "a", 1 << 19, &value));
  channel_close(&channel);
  assert_true(kit_alive(small.port));
  kit_stop(&small);
  assert_int_equal(umount(dir), 0);
  rmdir(dir);
}

/* ---- Processes ---------------------------------------------------------- */

static void killed_session(void **state) {
  RpcPacket packet;
  Diag diag;
  (void)state;
  RpcChannel channel = open_session();
  pid_t pid = kit_session_pid(&server);
  assert_true(pid > 0);
  assert_int_equal(kill(pid, SIGKILL), 0);
  assert_int_equal(channel_receive_packet(&channel, &packet, &diag), VTAC_OK);
  assert_exception(&packet.arg[0], "SIGKILL");
  assert_closed(channel.fd);
  channel_close(&channel);
}

/* More clients than sessions: they wait their turn, and are told apart. */
static void clients_wait(void **state) {
  enum { N = 4 };
  RpcChannel channel[N];
  (void)state;
  for (int i = 0; i < N; i++) channel[i] = open_session();
  int fd = kit_connect(server.port);
  RpcChannel waiting;
  Hello hello;
  Diag diag;
  channel_open(&waiting, fd);
  assert_int_equal(channel_send_hello(&waiting, HELLO_MAGIC, "client:", &diag),
                   VTAC_OK);
  channel_set_timeout(&waiting, 0.3);
  assert_int_equal(channel_receive_hello(&waiting, &hello, &diag), VTAC_IO);
  channel_close(&channel[0]);
  channel_set_timeout(&waiting, 20);
  assert_int_equal(channel_receive_hello(&waiting, &hello, &diag), VTAC_OK);
  assert_int_equal(hello.code, HELLO_MAGIC);
  channel_close(&waiting);
  for (int i = 1; i < N; i++) channel_close(&channel[i]);
}

/* A client that sends requests before its turn costs no time, and gets their
 * answers when it is its turn. */
static void eager_client(void **state) {
  enum { N = 4 };
  static const uint8_t init[] = {0x15, 0,   0,   0,   0,   0, 0, 0, 2, 0,
                                 0,    0,   5,   0,   0,   0, 0, 0, 0, 0,
                                 '0',  '.', '8', '.', '0', 0, 0, 0, 0};
  RpcChannel channel[N], eager;
  RpcPacket answer;
  Hello hello;
  Diag diag;
  (void)state;
  for (int i = 0; i < N; i++) channel[i] = open_session();
  channel_open(&eager, kit_connect(server.port));
  channel_set_timeout(&eager, 20);
  channel_send_hello(&eager, HELLO_MAGIC, "client:", &diag);
  assert_int_equal(send(eager.fd, init, sizeof init, 0), sizeof init);
  const long before = kit_cpu_ticks(server.pid);
  usleep(500000);
  assert_in_range(kit_cpu_ticks(server.pid) - before, 0, 10);
  for (int i = 0; i < N; i++) channel_close(&channel[i]);
  assert_int_equal(channel_receive_hello(&eager, &hello, &diag), VTAC_OK);
  assert_int_equal(channel_receive_packet(&eager, &answer, &diag), VTAC_OK);
  assert_int_equal(answer.opcode, RPC_RETURN);
  channel_close(&eager);
}

/* Ended by the server, with sessions open: clients are told. */
static void stops_cleanly(void **state) {
  TestServer other;
  RpcChannel channel;
  RpcPacket packet;
  Diag diag;
  (void)state;
  const vtac_rpc_server_options options = kit_options();
  kit_start(&other, &options);
  assert_true(kit_open(&channel, other.port, "client:"));
  kit_stop(&other);
  assert_int_equal(channel_receive_packet(&channel, &packet, &diag), VTAC_OK);
  assert_exception(&packet.arg[0], "the server is stopping");
  channel_close(&channel);
}

static void idle_client(void **state) {
  TestServer strict;
  RpcChannel channel;
  (void)state;
  vtac_rpc_server_options options = kit_options();
  options.limits.idle_seconds = 0.2;
  kit_start(&strict, &options);
  assert_true(kit_open(&channel, strict.port, "client:"));
  assert_closed(channel.fd);
  channel_close(&channel);
  assert_true(kit_wait_idle(&strict));
  assert_true(kit_log_has(&strict, "idle for more than"));
  kit_stop(&strict);
}

/* ---- Options ------------------------------------------------------------ */

static void refuses_options(void **state) {
  vtac_error error;
  vtac_rpc_server_options options = kit_options();
  (void)state;
  options.host = "0.0.0.0";
  assert_null(vtac_rpc_server_open(&options, &error));
  assert_string_equal(error.id, "rpc-unsafe");
  options = kit_options();
  options.secret = "short";
  assert_null(vtac_rpc_server_open(&options, &error));
  assert_string_equal(error.id, "rpc-secret");
  options = kit_options();
  options.key = "two words";
  assert_null(vtac_rpc_server_open(&options, &error));
  assert_string_equal(error.id, "rpc-key");
  options = kit_options();
  options.work_dir = "/nonexistent";
  assert_null(vtac_rpc_server_open(&options, &error));
  assert_string_equal(error.id, "file");
  options = kit_options();
  options.limits.waiting = 1 << 20;
  assert_null(vtac_rpc_server_open(&options, &error));
  assert_string_equal(error.id, "argument");
  options = kit_options();
  options.limits.sessions = 0;
  assert_null(vtac_rpc_server_open(&options, &error));
  assert_string_equal(error.id, "argument");
}

static void secret_is_required(void **state) {
  TestServer guarded;
  RpcChannel channel;
  (void)state;
  vtac_rpc_server_options options = kit_options();
  options.secret = "correct horse battery staple";
  kit_start(&guarded, &options);
  assert_false(kit_open(&channel, guarded.port, "client:"));
  assert_false(kit_open(&channel, guarded.port,
                        "client: -vtac-auth="
                        "00112233445566778899aabbccddeeff"));
  kit_stop(&guarded);
}

int main(void) {
#define GUARDED(test) cmocka_unit_test_setup_teardown(test, start, stop)
  const struct CMUnitTest tests[] = {GUARDED(random_bytes),
                                     GUARDED(random_packets),
                                     GUARDED(huge_length),
                                     GUARDED(truncated_packet),
                                     GUARDED(empty_key),
                                     GUARDED(odd_timeouts),
                                     GUARDED(fractional_timeout),
                                     GUARDED(thousand_connections),
                                     GUARDED(silent_peer),
                                     GUARDED(returns_a_number),
                                     GUARDED(loops_for_ever),
                                     GUARDED(crashes),
                                     GUARDED(exhausts_memory),
                                     GUARDED(allocates_too_much),
                                     GUARDED(cannot_escape),
                                     GUARDED(babbles),
                                     GUARDED(bad_paths),
                                     GUARDED(storage_limit),
                                     GUARDED(many_files),
                                     GUARDED(full_disk),
                                     GUARDED(killed_session),
                                     GUARDED(clients_wait),
                                     GUARDED(eager_client),
                                     cmocka_unit_test(stops_cleanly),
                                     cmocka_unit_test(idle_client),
                                     cmocka_unit_test(refuses_options),
                                     cmocka_unit_test(secret_is_required)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
