/* SPDX-License-Identifier: Apache-2.0 */
/* The RPC: a call and copies over loopback, against a server of its own.
 *
 * A call is a function that does nothing; it costs two messages and the time
 * that both processes need to wake up. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/groups.h"

enum { CALLS = 200, SMALL = 1024, LARGE = 64 << 20 };

/* ---- The server --------------------------------------------------------- */

/* Serves in this process, a child, until it is killed. */
static void serve(int out) {
  vtac_error error;
  const vtac_rpc_server_options options = {
      .port = -1, .port_end = -1, .limits = vtac_rpc_limits_default()};
  vtac_rpc_server *server =
      need(vtac_rpc_server_open(&options, &error), &error);
  int port = vtac_rpc_server_port(server);
  if (write(out, &port, sizeof port) == sizeof port)
    vtac_rpc_server_serve(server, &error);
  _exit(0);
}

static pid_t start_server(int *ret_port) {
  int ends[2];
  if (pipe(ends)) stop("no pipe");
  pid_t process = fork();
  if (process < 0) stop("no process");
  if (!process) serve(ends[1]);
  close(ends[1]);
  if (read(ends[0], ret_port, sizeof *ret_port) != sizeof *ret_port)
    stop("the server does not start");
  close(ends[0]);
  return process;
}

static void stop_server(pid_t process) {
  kill(process, SIGTERM);
  waitpid(process, NULL, 0);
}

/* ---- Samples ------------------------------------------------------------ */

typedef struct Client {
  vtac_rpc *session;
  vtac_rpc_function *function; /* that does nothing */
  vtac_rpc_array *array;
  char *bytes;
} Client;

/* Microseconds of one call. */
static double call(void *self) {
  Client *client = self;
  vtac_error error;
  double start = now_ms();
  for (int i = 0; i < CALLS; i++)
    succeed(vtac_rpc_call(client->function, 0, NULL, NULL, &error), &error);
  return (now_ms() - start) * 1e3 / CALLS;
}

/* Milliseconds of a copy of the whole array. */
static double copy_there(void *self) {
  Client *client = self;
  vtac_error error;
  double start = now_ms();
  succeed(vtac_rpc_array_write(client->array, client->bytes, &error), &error);
  return now_ms() - start;
}

static double copy_back(void *self) {
  Client *client = self;
  vtac_error error;
  double start = now_ms();
  succeed(vtac_rpc_array_read(client->array, client->bytes, &error), &error);
  return now_ms() - start;
}

/* ---- Rows --------------------------------------------------------------- */

static void use_array(Client *client, int device, int64_t size) {
  vtac_error error;
  vtac_rpc_array_free(client->array);
  client->array = need(
      vtac_rpc_array_new(client->session, device, 0, "int8", 1, &size, &error),
      &error);
}

static void add_copies(Bench *bench, Client *client) {
  use_array(client, VTAC_RPC_EXT_DEV, SMALL);
  add_row(bench, "1 KiB there", "us",
          scaled(1e3, measure(bench, copy_there, client)), NO_TARGET);
  add_row(bench, "1 KiB back", "us",
          scaled(1e3, measure(bench, copy_back, client)), NO_TARGET);
  use_array(client, VTAC_RPC_CPU, LARGE);
  add_row(bench, "64 MiB there, processor", "GB/s",
          per(LARGE / 1e6, measure(bench, copy_there, client)), LEAST(1));
  add_row(bench, "64 MiB back, processor", "GB/s",
          per(LARGE / 1e6, measure(bench, copy_back, client)), LEAST(1));
  use_array(client, VTAC_RPC_EXT_DEV, LARGE);
  add_row(bench, "64 MiB there, accelerator", "GB/s",
          per(LARGE / 1e6, measure(bench, copy_there, client)), LEAST(1));
  add_row(bench, "64 MiB back, accelerator", "GB/s",
          per(LARGE / 1e6, measure(bench, copy_back, client)), LEAST(1));
}

static void add_session(Bench *bench, vtac_rpc *session, const char *what) {
  vtac_error error;
  Client client = {.session = session, .bytes = malloc(LARGE)};
  if (!client.bytes) stop("no memory");
  memset(client.bytes, 1, LARGE);
  client.function =
      need(vtac_rpc_function_get(session, "runtime.config_threadpool", &error),
           &error);
  if (what) {
    add_row(bench, what, "us", measure(bench, call, &client), NO_TARGET);
  } else {
    add_row(bench, "a call", "us", measure(bench, call, &client), MOST(60));
    add_copies(bench, &client);
  }
  vtac_rpc_array_free(client.array);
  vtac_rpc_function_free(client.function);
  vtac_rpc_close(session);
  free(client.bytes);
}

void bench_rpc(Bench *bench) {
  vtac_error error;
  int port;
  vtac_config *config = default_config();
  pid_t server = start_server(&port);
  add_session(bench,
              need(vtac_rpc_connect("127.0.0.1", port, NULL, &error), &error),
              NULL);
  stop_server(server);
  add_session(bench, need(vtac_rpc_local(config, NULL, &error), &error),
              "a call in the process");
  vtac_config_free(config);
}
