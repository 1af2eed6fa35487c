/* SPDX-License-Identifier: Apache-2.0 */
/* The client's calls against a session of this process and against a server:
 * the same kernel, results, counters and errors. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "vtac/vtac.h"
#include "support/temp.h"

#define KEY "some-key"
#define SECRET "a secret of 24 letters.."

enum { IN = 64, OUT = 64 };

/* ---- The kernel --------------------------------------------------------- */

static vtac_config *config;
static void *object; /* NULL: there is no code generator */
static size_t object_size;
static uint64_t counters[VTAC_COUNTERS]; /* of a run on a device */
static int8_t data[IN], weights[OUT * IN], expected[OUT];

static vtac_module *build(vtac_error *error) {
  const vtac_gemm_params params = {.batch = 1,
                                   .in = IN,
                                   .out = OUT,
                                   .tile_batch = 1,
                                   .tile_in = IN,
                                   .tile_out = OUT,
                                   .shift = 8};
  const vtac_tensor *args;
  vtac_lower_options options = {.accelerator = 1};
  vtac_context *c = vtac_context_new(config, error);
  vtac_op *op = vtac_gemm(c, &params);
  assert_non_null(op);
  vtac_op_schedule_to(c, op, VTAC_OP_VTA);
  int n = vtac_op_args(op, &args);
  vtac_module *module =
      vtac_build(c, vtac_op_schedule(op), n, args, "gemm", &options);
  vtac_context_free(c);
  assert_non_null(module);
  return module;
}

static vtac_array *parameter(const vtac_module *module, vtac_device *device,
                             int index, const void *from) {
  vtac_param param;
  vtac_error error;
  assert_true(vtac_module_param(module, index, &param));
  vtac_array *array =
      vtac_array_new(device, param.dtype, param.ndim, param.shape, &error);
  assert_non_null(array);
  if (from) vtac_array_write(array, from, &error);
  return array;
}

static void run_here(const vtac_module *module) {
  vtac_error error;
  vtac_device *device = vtac_device_open(config, NULL, &error);
  vtac_array *args[] = {parameter(module, device, 0, data),
                        parameter(module, device, 1, weights),
                        parameter(module, device, 2, NULL)};
  assert_int_equal(vtac_module_run(module, device, 3, args, &error), VTAC_OK);
  vtac_array_read(args[2], expected, &error);
  vtac_device_counters(device, counters);
  for (int i = 0; i < 3; i++) vtac_array_free(args[i]);
  vtac_device_close(device);
}

static int set_up(void **state) {
  vtac_error error;
  (void)state;
  config = vtac_config_default(&error);
  for (int i = 0; i < IN; i++) data[i] = (int8_t)(i * 37 % 101 - 50);
  for (int i = 0; i < OUT * IN; i++) weights[i] = (int8_t)(i * 53 % 113 - 56);
  vtac_module *module = build(&error);
  run_here(module);
  object = vtac_module_object(module, NULL, &object_size, &error);
  if (!object) assert_string_equal(error.id, "no-codegen");
  vtac_module_free(module);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  free(object);
  vtac_config_free(config);
  return 0;
}

/* ---- Sessions ----------------------------------------------------------- */

static vtac_rpc_server *server;

static void stop(int signal) {
  (void)signal;
  vtac_rpc_server_stop(server);
}

static void show(void *user, const char *text, size_t length) {
  (void)user;
  fwrite(text, 1, length, stderr);
}

/* A server in a process of its own. */
typedef struct Server {
  pid_t process;
  int port;
} Server;

/* The server's process, which tells its port. */
static void serve(const vtac_rpc_server_options *options, int out) {
  vtac_error error;
  server = vtac_rpc_server_open(options, &error);
  if (!server) _exit(2);
  int port = vtac_rpc_server_port(server);
  signal(SIGTERM, stop);
  if (write(out, &port, sizeof port) != sizeof port) _exit(3);
  vtac_status status = vtac_rpc_server_serve(server, &error);
  vtac_rpc_server_close(server);
  _exit(status != VTAC_OK);
}

static Server start_server(const char *secret) {
  const vtac_rpc_server_options options = {
      .port = -1,
      .port_end = -1,
      .key = KEY,
      .secret = secret,
      .log = {.line = show, .least = VTAC_LOG_WARNING},
      .limits = vtac_rpc_limits_default()};
  int ends[2];
  Server ret;
  assert_int_equal(pipe(ends), 0);
  ret.process = fork();
  assert_true(ret.process >= 0);
  if (!ret.process) serve(&options, ends[1]);
  close(ends[1]);
  assert_int_equal(read(ends[0], &ret.port, sizeof ret.port), sizeof ret.port);
  close(ends[0]);
  return ret;
}

static void stop_server(Server s) {
  int status;
  assert_true(s.process > 0); /* 0 and -1 are groups of processes */
  kill(s.process, SIGTERM);
  assert_int_equal(waitpid(s.process, &status, 0), s.process);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static vtac_rpc *connect_to(Server s, const char *key, const char *secret,
                            vtac_error *error) {
  const vtac_rpc_options options = {
      .key = key, .secret = secret, .connect_seconds = 20, .call_seconds = 20};
  return vtac_rpc_connect("127.0.0.1", s.port, &options, error);
}

/* ---- What is done with one ---------------------------------------------- */

static void must(vtac_status status, const vtac_error *error) {
  if (status) fail_msg("%s [%s]", error->message, error->id);
}

static vtac_rpc_array *new_array(vtac_rpc *session, int ndim,
                                 const int64_t *shape) {
  vtac_error error;
  vtac_rpc_array *array = vtac_rpc_array_new(session, VTAC_RPC_EXT_DEV, 0,
                                             "int8", ndim, shape, &error);
  if (!array) fail_msg("%s", error.message);
  return array;
}

/* As the operator's parameters are shaped: tiles of the accelerator. */
static void make_args(vtac_rpc *session, vtac_rpc_array *ret[3]) {
  enum { B = 16 };
  ret[0] = new_array(session, 4, (const int64_t[]){1, IN / B, 1, B});
  ret[1] = new_array(session, 4, (const int64_t[]){OUT / B, IN / B, B, B});
  ret[2] = new_array(session, 4, (const int64_t[]){1, OUT / B, 1, B});
}

static void files(vtac_rpc *session) {
  vtac_error error;
  size_t size;
  must(vtac_rpc_upload(session, "a.bin", "12345", 5, &error), &error);
  char *bytes = vtac_rpc_download(session, "a.bin", &size, &error);
  assert_non_null(bytes);
  assert_int_equal(size, 5);
  assert_memory_equal(bytes, "12345", 5);
  free(bytes);
  must(vtac_rpc_remove(session, "a.bin", &error), &error);
  assert_null(vtac_rpc_download(session, "a.bin", &size, &error));
  assert_string_equal(error.id, "rpc-remote");
  assert_int_equal(vtac_rpc_upload(session, "../a", "1", 1, &error),
                   VTAC_DEVICE);
  assert_null(vtac_rpc_module_load(session, "none.o", &error));
  assert_null(vtac_rpc_function_get(session, "no.such.function", &error));
  assert_string_equal(error.id, "rpc-missing");
}

static void devices(vtac_rpc *session) {
  vtac_rpc_value value;
  vtac_error error;
  must(vtac_rpc_device_attr(session, 12, 0, 0, &value, &error), &error);
  assert_true(value.type == VTAC_RPC_INT && value.integer == 1);
  must(vtac_rpc_device_attr(session, 2, 0, 0, &value, &error), &error);
  assert_true(value.type == VTAC_RPC_INT && value.integer == 0);
  must(vtac_rpc_device_sync(session, 12, 0, &error), &error);
}

static void arrays(vtac_rpc *session) {
  vtac_error error;
  int8_t back[IN] = {0};
  vtac_rpc_array *a = new_array(session, 1, (const int64_t[]){IN});
  vtac_rpc_array *b = new_array(session, 1, (const int64_t[]){IN});
  vtac_rpc_array *c = new_array(session, 1, (const int64_t[]){IN / 2});
  must(vtac_rpc_array_write(a, data, &error), &error);
  must(vtac_rpc_array_copy(a, b, &error), &error);
  must(vtac_rpc_array_read(b, back, &error), &error);
  assert_memory_equal(back, data, IN);
  assert_int_equal(vtac_rpc_array_copy(a, c, &error), VTAC_INVALID);
  vtac_rpc_array_free(a);
  vtac_rpc_array_free(b);
  vtac_rpc_array_free(c);
}

static void kernel(vtac_rpc *session) {
  vtac_error error;
  vtac_rpc_array *array[3];
  int8_t result[OUT] = {0};
  uint64_t counted[VTAC_COUNTERS], cycles;
  if (!object) return;
  must(vtac_rpc_reconfigure(session, config, &error), &error);
  must(vtac_rpc_upload(session, "gemm.o", object, object_size, &error), &error);
  vtac_rpc_module *module = vtac_rpc_module_load(session, "gemm.o", &error);
  if (!module) fail_msg("%s", error.message);
  vtac_rpc_function *run = vtac_rpc_module_function(module, NULL, &error);
  if (!run) fail_msg("%s", error.message);
  make_args(session, array);
  must(vtac_rpc_array_write(array[0], data, &error), &error);
  must(vtac_rpc_array_write(array[1], weights, &error), &error);
  vtac_rpc_value args[3];
  for (int i = 0; i < 3; i++)
    args[i] = (vtac_rpc_value){.type = VTAC_RPC_ARRAY, .array = array[i]};
  must(vtac_rpc_clear_counters(session, &error), &error);
  must(vtac_rpc_call(run, 3, args, NULL, &error), &error);
  must(vtac_rpc_counters(session, counted, &cycles, &error), &error);
  must(vtac_rpc_array_read(array[2], result, &error), &error);
  assert_memory_equal(result, expected, sizeof result);
  assert_memory_equal(counted, counters, sizeof counted);
  assert_int_equal(cycles, 0);
  /* Wrong calls are errors of the kernel, and the session goes on. */
  assert_int_equal(vtac_rpc_call(run, 2, args, NULL, &error), VTAC_DEVICE);
  args[1].array = array[0];
  assert_int_equal(vtac_rpc_call(run, 3, args, NULL, &error), VTAC_DEVICE);
  args[1].array = array[1];
  double seconds[3] = {-1, -1, -1};
  const vtac_rpc_timing timing = {.number = 2, .repeat = 3};
  must(vtac_rpc_time(module, NULL, &timing, 3, args, seconds, &error), &error);
  for (int i = 0; i < 3; i++) assert_true(seconds[i] > 0 && seconds[i] < 10);
  assert_null(vtac_rpc_module_function(module, "none", &error));
  assert_string_equal(error.message, "the module has no function 'none'");
  vtac_rpc_module_free(module); /* before its function, as TVM's clients do */
  must(vtac_rpc_call(run, 3, args, NULL, &error), &error);
  vtac_rpc_function_free(run);
  for (int i = 0; i < 3; i++) vtac_rpc_array_free(array[i]);
}

static void everything(vtac_rpc *session) {
  vtac_error error;
  files(session);
  devices(session);
  arrays(session);
  kernel(session);
  must(vtac_rpc_program(session, "1x16.bit", "bits", 4, &error), &error);
}

/* A file says what it is without being loaded, and then can't be run. */
static void description(void **state) {
  char path[256];
  vtac_param param;
  vtac_error error;
  (void)state;
  if (!object) skip();
  temp_name(path, sizeof path, "vtac-XXXXXX.o");
  int fd = mkstemps(path, 2);
  assert_int_equal(write(fd, object, object_size), object_size);
  close(fd);
  vtac_module *module = vtac_module_describe(path, &error);
  if (!module) fail_msg("%s", error.message);
  assert_string_equal(vtac_module_name(module), "gemm");
  assert_true(vtac_module_param(module, 2, &param) && param.written);
  vtac_device *device = vtac_device_open(config, NULL, &error);
  vtac_array *args[3];
  for (int i = 0; i < 3; i++) args[i] = parameter(module, device, i, NULL);
  assert_int_equal(vtac_module_run(module, device, 3, args, &error),
                   VTAC_INVALID);
  assert_string_equal(error.message,
                      "module 'gemm' was only described, not loaded");
  for (int i = 0; i < 3; i++) vtac_array_free(args[i]);
  vtac_device_close(device);
  vtac_module_free(module);
  unlink(path);
  assert_null(vtac_module_describe(path, &error));
  assert_int_equal(error.status, VTAC_IO);
}

/* ---- Where -------------------------------------------------------------- */

static void in_this_process(void **state) {
  vtac_error error;
  (void)state;
  vtac_rpc *session = vtac_rpc_local(config, NULL, &error);
  if (!session) fail_msg("%s", error.message);
  everything(session);
  vtac_rpc_close(session);
}

static void on_a_server(void **state) {
  vtac_error error;
  (void)state;
  Server s = start_server(NULL);
  vtac_rpc *session = connect_to(s, KEY, NULL, &error);
  if (!session) fail_msg("%s", error.message);
  everything(session);
  vtac_rpc_close(session);
  assert_null(connect_to(s, "other", NULL, &error));
  assert_string_equal(error.id, "rpc-key");
  assert_null(connect_to(s, KEY, SECRET, &error));
  assert_string_equal(error.id, "rpc-secret");
  stop_server(s);
}

static void with_a_secret(void **state) {
  vtac_error error;
  (void)state;
  Server s = start_server(SECRET);
  vtac_rpc *session = connect_to(s, KEY, SECRET, &error);
  if (!session) fail_msg("%s", error.message);
  files(session);
  vtac_rpc_close(session);
  assert_null(connect_to(s, KEY, "another secret of 24 ..", &error));
  assert_string_equal(error.id, "rpc-secret");
  assert_null(connect_to(s, KEY, NULL, &error));
  assert_string_equal(error.id, "rpc-key");
  stop_server(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(description), cmocka_unit_test(in_this_process),
      cmocka_unit_test(on_a_server), cmocka_unit_test(with_a_secret)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
