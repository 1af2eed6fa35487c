/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and watching servers, and asking them. */
#define _GNU_SOURCE
#include "rpc_kit.h"
#include "support/temp.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop_test(const char *what) {
  perror(what);
  exit(1);
}

/* ---- Servers ------------------------------------------------------------ */

vtac_rpc_server_options kit_options(void) {
  vtac_rpc_server_options options = {.port = -1, .port_end = -1};
  options.limits = vtac_rpc_limits_default();
  options.limits.call_seconds = 1;
  options.limits.hello_seconds = 2;
  options.limits.memory_bytes = 256 << 20;
  return options;
}

static void write_line(void *user, const char *text, size_t length) {
  const int fd = *(const int *)user;
  if (write(fd, text, length) < 0) _exit(1);
}

static vtac_rpc_server *serving;

static void on_term(int signal) {
  (void)signal;
  vtac_rpc_server_stop(serving);
}

/* The server's process: tells its port, or 0, and serves. */
static _Noreturn void serve(const vtac_rpc_server_options *options, int tell) {
  vtac_error error;
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing */
  serving = vtac_rpc_server_open(options, &error);
  const int port = serving ? vtac_rpc_server_port(serving) : 0;
  if (!port) fprintf(stderr, "kit_start: %s\n", error.message);
  signal(SIGTERM, on_term);
  if (write(tell, &port, sizeof port) != sizeof port || !port) _exit(1);
  close(tell);
  vtac_status status = vtac_rpc_server_serve(serving, &error);
  vtac_rpc_server_close(serving);
  _exit(status ? 1 : 0);
}

void kit_start(TestServer *ret, const vtac_rpc_server_options *given) {
  vtac_rpc_server_options options = *given;
  int tell[2];
  temp_name(ret->dir, sizeof ret->dir, "vtac-test-XXXXXX");
  if (!mkdtemp(ret->dir) || pipe(tell)) stop_test("kit_start");
  snprintf(ret->log, sizeof ret->log, "%s/log", ret->dir);
  int log = open(ret->log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) stop_test(ret->log);
  if (!options.work_dir) options.work_dir = ret->dir;
  options.log = (vtac_rpc_log){.line = write_line, .user = &log};
  fflush(NULL);
  ret->pid = fork();
  if (ret->pid < 0) stop_test("fork");
  if (ret->pid == 0) serve(&options, tell[1]);
  close(tell[1]);
  close(log);
  if (read(tell[0], &ret->port, sizeof ret->port) != sizeof ret->port ||
      !ret->port)
    exit(1);
  close(tell[0]);
}

static int count_entries(const char *path) {
  int n = 0;
  DIR *dir = opendir(path);
  while (dir && readdir(dir)) n++;
  if (dir) closedir(dir);
  return n - 2;
}

void kit_stop(TestServer *server) {
  int status;
  kill(server->pid, SIGTERM);
  if (waitpid(server->pid, &status, 0) != server->pid || !WIFEXITED(status) ||
      WEXITSTATUS(status)) {
    fprintf(stderr, "kit_stop: the server ended with status %#x\n", status);
    exit(1);
  }
  unlink(server->log);
  if (rmdir(server->dir)) stop_test("kit_stop: the server left files behind");
}

/* ---- Watching ----------------------------------------------------------- */

static int children_of(pid_t pid, pid_t *ret_last) {
  char path[64];
  int n = 0, child;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
  FILE *file = fopen(path, "r");
  while (file && fscanf(file, "%d", &child) == 1) {
    *ret_last = child;
    n++;
  }
  if (file) fclose(file);
  return n;
}

static long resident(pid_t pid) {
  char path[64], line[128];
  long value = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmRSS: %ld", &value) == 1) break;
  if (file) fclose(file);
  return value;
}

KitUsage kit_usage(pid_t pid) {
  char path[64];
  pid_t last;
  snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
  return (KitUsage){count_entries(path), children_of(pid, &last),
                    resident(pid)};
}

long kit_cpu_ticks(pid_t pid) {
  char path[64];
  long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "r");
  if (!file || fscanf(file,
                      "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
                      "%*u %ld %ld",
                      &user, &system) != 2)
    user = -1;
  if (file) fclose(file);
  return user + system;
}

pid_t kit_session_pid(const TestServer *server) {
  pid_t last = 0;
  return children_of(server->pid, &last) ? last : 0;
}

bool kit_wait_idle(const TestServer *server) {
  for (int i = 0; i < 1000; i++) {
    if (!kit_session_pid(server)) return true;
    usleep(10000);
  }
  return false;
}

static bool find_in_log(const char *path, const char *text) {
  static char log[1 << 20];
  FILE *file = fopen(path, "r");
  size_t n = file ? fread(log, 1, sizeof log - 1, file) : 0;
  if (file) fclose(file);
  log[n] = '\0';
  return strstr(log, text) != NULL;
}

/* A session's end is logged when its process is gone. */
bool kit_log_has(const TestServer *server, const char *text) {
  for (int i = 0; i < 500; i++) {
    if (find_in_log(server->log, text)) return true;
    usleep(10000);
  }
  return false;
}

/* ---- Clients ------------------------------------------------------------ */

int kit_connect(int port) {
  const struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && !connect(fd, (const struct sockaddr *)&at, sizeof at))
    return fd;
  if (fd >= 0) close(fd);
  return -1;
}

static bool greet(RpcChannel *channel, const char *key) {
  Hello hello;
  Diag diag;
  return !channel_send_hello(channel, HELLO_MAGIC, key, &diag) &&
         !channel_receive_hello(channel, &hello, &diag) &&
         hello.code == HELLO_MAGIC;
}

static bool initialise(RpcChannel *channel) {
  RpcPacket packet;
  rpc_packet(&packet, RPC_INIT_SERVER, 0, NULL);
  packet.version = slice_of(RPC_VERSION);
  return kit_ask(channel, &packet, &packet) && packet.opcode == RPC_RETURN;
}

bool kit_open(RpcChannel *channel, int port, const char *key) {
  int fd = kit_connect(port);
  if (fd < 0) return false;
  channel_open(channel, fd);
  channel_set_timeout(channel, 30);
  if (greet(channel, key) && initialise(channel)) return true;
  channel_close(channel);
  return false;
}

bool kit_ask(RpcChannel *channel, const RpcPacket *request, RpcPacket *answer) {
  Diag diag;
  return !channel_send_packet(channel, request, &diag) &&
         !channel_receive_packet(channel, answer, &diag);
}

uint64_t kit_function(RpcChannel *channel, const char *name) {
  RpcPacket packet;
  RpcValue value;
  Diag diag;
  rpc_packet(&packet, RPC_GET_GLOBAL_FUNC, RPC_ARGS(rpc_string(name)));
  if (!kit_ask(channel, &packet, &packet) ||
      rpc_take_return(&packet, &value, &diag))
    return 0;
  return value.handle;
}

bool kit_run(RpcChannel *channel, uint64_t function, int n,
             const RpcValue *args, RpcValue *ret) {
  RpcPacket packet;
  Diag diag;
  *ret = rpc_null();
  rpc_packet(&packet, RPC_CALL_FUNC, n, args);
  packet.function = function;
  if (!kit_ask(channel, &packet, &packet)) return false;
  if (packet.opcode == RPC_EXCEPTION) *ret = packet.arg[0];
  return !rpc_take_call(&packet, ret, &diag);
}

bool kit_call(RpcChannel *channel, const char *name, int n,
              const RpcValue *args, RpcValue *ret) {
  uint64_t function = kit_function(channel, name);
  *ret = rpc_null();
  return function && kit_run(channel, function, n, args, ret);
}

static char *read_file(const char *path, size_t *ret_size) {
  FILE *file = fopen(path, "rb");
  struct stat info;
  if (!file || fstat(fileno(file), &info)) stop_test(path);
  char *bytes = malloc((size_t)info.st_size);
  *ret_size = bytes ? fread(bytes, 1, (size_t)info.st_size, file) : 0;
  fclose(file);
  return bytes;
}

uint64_t kit_load(RpcChannel *channel, const char *path, const char *name) {
  size_t size;
  RpcValue value;
  char *bytes = read_file(path, &size);
  bool good =
      kit_call(channel, "tvm.rpc.server.upload",
               RPC_ARGS(rpc_string(name), rpc_bytes(bytes, size)), &value) &&
      kit_call(channel, "tvm.rpc.server.load_module",
               RPC_ARGS(rpc_string(name)), &value);
  free(bytes);
  if (!good && value.code == RPC_STRING)
    fprintf(stderr, "kit_load: %.*s\n", (int)value.text.n, value.text.at);
  return good ? value.handle : 0;
}

uint64_t kit_main(RpcChannel *channel, uint64_t module) {
  RpcValue value;
  bool good = kit_call(channel, "tvm.rpc.server.ModuleGetFunction",
                       RPC_ARGS(rpc_handle(RPC_MODULE, module),
                                rpc_string("__tvm_main__"), rpc_int(1)),
                       &value);
  return good ? value.handle : 0;
}

bool kit_alive(int port) {
  RpcChannel channel;
  if (!kit_open(&channel, port, "client:")) return false;
  bool good = kit_function(&channel, "tvm.rpc.server.upload") != 0;
  channel_close(&channel);
  return good;
}
