/* SPDX-License-Identifier: Apache-2.0 */
/* A server in a process of its own, and clients that speak its protocol packet
 * by packet, well or badly. */
#ifndef TEST_RPC_KIT_H
#define TEST_RPC_KIT_H

#include <sys/types.h>

#include "rpc/channel.h"
#include "vtac/rpc_server.h"

typedef struct TestServer {
  pid_t pid;
  int port;
  char dir[64];  /* made for the test: the server's work directory */
  char log[128]; /* the file of its log */
} TestServer;

/* Limits that suit tests: a second for a call, two for a handshake. */
vtac_rpc_server_options kit_options(void);
/* Starts a server; work directory, port and log are filled in. */
void kit_start(TestServer *server, const vtac_rpc_server_options *options);
/* Ends it by SIGTERM and checks that it leaves nothing behind. */
void kit_stop(TestServer *server);

/* What a process holds at one time. */
typedef struct KitUsage {
  int descriptors, children;
  long memory; /* KiB, resident */
} KitUsage;
KitUsage kit_usage(pid_t pid);
/* The processor's time that it has used, in hundredths of a second. */
long kit_cpu_ticks(pid_t pid);
/* Waits until the server has no session left; false after ten seconds. */
bool kit_wait_idle(const TestServer *server);
/* The process of some session of the server, or 0. */
pid_t kit_session_pid(const TestServer *server);
/* Waits for it for five seconds. */
bool kit_log_has(const TestServer *server, const char *text);

/* A connected socket, or -1. */
int kit_connect(int port);
/* Connects, says the key ("client:…") and InitServer; false if refused. */
bool kit_open(RpcChannel *channel, int port, const char *key);
/* One request and its answer; false where the connection ends instead. */
bool kit_ask(RpcChannel *channel, const RpcPacket *request, RpcPacket *answer);
/* The handle of a function of the server; 0 if there is none. */
uint64_t kit_function(RpcChannel *channel, const char *name);
/* Calls it; false for an exception, whose text is in *ret, or a lost
 * connection, which leaves *ret null. */
bool kit_call(RpcChannel *channel, const char *name, int n,
              const RpcValue *args, RpcValue *ret);
/* Uploads a file of the disk under `name` and loads it: the module. */
uint64_t kit_load(RpcChannel *channel, const char *path, const char *name);
/* The only function of a module. */
uint64_t kit_main(RpcChannel *channel, uint64_t module);
bool kit_run(RpcChannel *channel, uint64_t function, int n,
             const RpcValue *args, RpcValue *ret);
/* Whether a new client is served. */
bool kit_alive(int port);

#endif
