/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen clients make sessions, a tenth of which are killed or misbehave at a
 * random point; in the end the server holds what it held in the beginning.
 * With VTAC_LONG=1 there are 2,000 sessions, else 160. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "rpc/sandbox.h"
#include "support/rpc_kit.h"

enum { CLIENTS = 16, SESSIONS_LONG = 125, SESSIONS_SHORT = 10, SOME = 8 };

static TestServer server;

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/* ---- A session that behaves --------------------------------------------- */

static bool copy_around(RpcChannel *channel, uint64_t seed) {
  enum { N = 4096 };
  const RpcDevice devices[] = {{1, 0}, {12, 0}};
  RpcTensor tensor = {
      .device = devices[seed & 1], .dtype = {0, 8, 1}, .ndim = 1, .shape = {N}};
  RpcPacket packet;
  RpcValue value;
  Diag diag;
  uint8_t bytes[N], back[N];
  memset(bytes, (int)(seed >> 8 & 0xFF), sizeof bytes);
  rpc_packet(&packet, RPC_DEV_ALLOC_WITH_SCOPE,
             RPC_ARGS(rpc_tensor(&tensor), rpc_null()));
  if (!kit_ask(channel, &packet, &packet) ||
      rpc_take_return(&packet, &value, &diag))
    return false;
  tensor.data = value.handle;
  rpc_packet(&packet, RPC_COPY_TO_REMOTE, 0, NULL);
  packet.tensor = tensor;
  packet.nbytes = N;
  packet.data = (Slice){(const char *)bytes, N};
  if (!kit_ask(channel, &packet, &packet) || packet.opcode != RPC_RETURN)
    return false;
  rpc_packet(&packet, RPC_COPY_FROM_REMOTE, 0, NULL);
  packet.tensor = tensor;
  packet.nbytes = N;
  return kit_ask(channel, &packet, &packet) && packet.data.n == N &&
         !channel_receive_data(channel, back, N, &diag) &&
         !memcmp(bytes, back, N);
}

static bool run_kernel(RpcChannel *channel, const char *variable) {
  RpcValue value;
  uint64_t module = kit_load(channel, getenv(variable), "kernel.o");
  uint64_t function = module ? kit_main(channel, module) : 0;
  return function && kit_run(channel, function, 0, NULL, &value) &&
         value.integer == 42;
}

static bool behave(uint64_t seed) {
  RpcChannel channel;
  RpcPacket packet;
  Diag diag;
  if (!kit_open(&channel, server.port, "client:")) return false;
  bool good =
      copy_around(&channel, seed) && run_kernel(&channel, "KERNEL_ANSWER");
  rpc_packet(&packet, RPC_SHUTDOWN, 0, NULL);
  if (seed & 2) channel_send_packet(&channel, &packet, &diag);
  channel_close(&channel);
  return good;
}

/* ---- Sessions that do not ----------------------------------------------- */

/* The session whose client has this port, as the log tells; 0 if it does not
 * say so yet. */
static pid_t logged_session(int port) {
  char line[512], at_port[24];
  pid_t pid = 0;
  snprintf(at_port, sizeof at_port, ":%d pid=", port);
  FILE *log = fopen(server.log, "r");
  while (log && fgets(line, sizeof line, log)) {
    bool starts = strstr(line, "event=session-start") && strchr(line, '\n');
    const char *at = starts ? strstr(line, at_port) : NULL;
    if (at) pid = atoi(at + strlen(at_port));
  }
  if (log) fclose(log);
  return pid;
}

/* No other process may be hit, nor a group of them. */
static void kill_session(int fd) {
  struct sockaddr_in own;
  socklen_t size = sizeof own;
  if (getsockname(fd, (struct sockaddr *)&own, &size)) return;
  for (int i = 0; i < 200; i++) {
    pid_t pid = logged_session(ntohs(own.sin_port));
    if (pid > 1) {
      kill(pid, SIGKILL);
      return;
    }
    usleep(10000);
  }
}

static void send_noise(int fd, uint64_t seed) {
  uint8_t bytes[512];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)next_random(&seed);
  (void)!send(fd, bytes, 1 + seed % sizeof bytes, MSG_NOSIGNAL);
}

static void send_huge(int fd) {
  static const uint8_t length[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
  (void)!send(fd, length, sizeof length, MSG_NOSIGNAL);
}

/* Announces more than it sends. */
static void send_part(int fd) {
  static const uint8_t bytes[] = {0, 0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 2};
  (void)!send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
}

static void misbehave(uint64_t seed) {
  RpcChannel channel;
  if (seed % 8 == 0) {
    int fd = kit_connect(server.port);
    send_noise(fd, seed);
    close(fd);
    return;
  }
  if (!kit_open(&channel, server.port, "client:")) return;
  if (seed & 64) copy_around(&channel, seed);
  switch (seed % 8) {
    case 1: send_noise(channel.fd, seed); break;
    case 2: send_huge(channel.fd); break;
    case 3: send_part(channel.fd); break;
    case 4: run_kernel(&channel, "KERNEL_CRASH"); break;
    case 5: run_kernel(&channel, "KERNEL_SPIN"); break;
    default: kill_session(channel.fd); break;
  }
  channel_close(&channel);
}

/* ---- All ---------------------------------------------------------------- */

/* Returns how many sessions that behaved were not served. */
static int run_client(int client, int sessions) {
  uint64_t state = (uint64_t)client + 1;
  int failures = 0;
  for (int i = 0; i < sessions; i++) {
    uint64_t seed = next_random(&state);
    if ((seed >> 32) % 10 == 0)
      misbehave(seed);
    else
      failures += !behave(seed);
  }
  return failures;
}

static int run_clients(int sessions) {
  int failed = 0;
  fflush(NULL);
  for (int i = 0; i < CLIENTS; i++) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) _exit(run_client(i, sessions) ? 1 : 0);
  }
  for (int i = 0; i < CLIENTS; i++) {
    int status;
    assert_true(wait(&status) > 0);
    failed += !WIFEXITED(status) || WEXITSTATUS(status);
  }
  return failed;
}

static void ends_where_it_began(void **state) {
  enum { SLACK = 1024 }; /* KiB */
  const bool is_long = getenv("VTAC_LONG") != NULL;
  const int sessions = is_long ? SESSIONS_LONG : SESSIONS_SHORT;
  (void)state;
  vtac_rpc_server_options options = kit_options();
  options.limits.sessions = SOME;
  options.limits.call_seconds = is_long ? 2 : 0.5;
  kit_start(&server, &options);
  for (int i = 0; i < SOME; i++) assert_true(kit_alive(server.port));
  assert_true(kit_wait_idle(&server));
  const KitUsage before = kit_usage(server.pid);
  assert_int_equal(run_clients(sessions), 0);
  assert_true(kit_wait_idle(&server));
  assert_true(kit_alive(server.port));
  assert_true(kit_wait_idle(&server));
  const KitUsage after = kit_usage(server.pid);
  printf(
      "%d sessions: descriptors %d -> %d, processes %d -> %d, "
      "memory %ld -> %ld KiB\n",
      CLIENTS * sessions, before.descriptors, after.descriptors,
      before.children, after.children, before.memory, after.memory);
  assert_int_equal(after.descriptors, before.descriptors);
  assert_int_equal(after.children, before.children);
  /* Sanitizers keep what was freed. */
  if (!(sandbox_gaps() & GAP_MEMORY))
    assert_true(after.memory <= before.memory + SLACK);
  kit_stop(&server);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(ends_where_it_began)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
