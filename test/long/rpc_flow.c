/* SPDX-License-Identifier: Apache-2.0 */
/* What a program does that runs a seed workload on a Pynq: it reconfigures the
 * board, programs it, sends the module, runs it and fetches the result and the
 * counters.
 *
 *   rpc_flow PORT MODULE INPUT0 INPUT1 EXPECTED */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vtac/vtac.h"

enum { ARGS = 3 };

static void stop(const char *what) {
  fprintf(stderr, "rpc_flow: %s\n", what);
  exit(1);
}

static char *read_file(const char *path, size_t *ret_size) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) stop(path);
  long size = ftell(file);
  rewind(file);
  char *bytes = malloc((size_t)size);
  if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) stop(path);
  fclose(file);
  *ret_size = (size_t)size;
  return bytes;
}

static void prepare_board(vtac_rpc *session) {
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  if (!config || vtac_rpc_reconfigure(session, config, &error) ||
      vtac_rpc_program(session, "vta.bit", "bits", 4, &error))
    stop(error.message);
  vtac_config_free(config);
}

static vtac_rpc_function *send_module(vtac_rpc *session, const char *path) {
  vtac_error error;
  size_t size;
  char *bytes = read_file(path, &size);
  if (vtac_rpc_upload(session, "kernel.o", bytes, size, &error))
    stop(error.message);
  free(bytes);
  vtac_rpc_module *module = vtac_rpc_module_load(session, "kernel.o", &error);
  if (!module) stop(error.message);
  vtac_rpc_function *function = vtac_rpc_module_function(module, NULL, &error);
  if (!function) stop(error.message);
  vtac_rpc_module_free(module);
  return function;
}

/* Arrays as the module describes them, the inputs filled. */
static void make_arrays(vtac_rpc *session, char **files, vtac_rpc_value *ret) {
  vtac_error error;
  vtac_module *module = vtac_module_describe(files[0], &error);
  if (!module) stop(error.message);
  for (int i = 0; i < ARGS; i++) {
    vtac_param param;
    size_t size;
    if (!vtac_module_param(module, i, &param)) stop("too few parameters");
    ret[i].type = VTAC_RPC_ARRAY;
    ret[i].array = vtac_rpc_array_new(session, VTAC_RPC_EXT_DEV, 0, param.dtype,
                                      param.ndim, param.shape, &error);
    if (!ret[i].array) stop(error.message);
    if (i == ARGS - 1) continue;
    char *bytes = read_file(files[1 + i], &size);
    if (size != vtac_rpc_array_size(ret[i].array) ||
        vtac_rpc_array_write(ret[i].array, bytes, &error))
      stop("an input cannot be written");
    free(bytes);
  }
  vtac_module_free(module);
}

static void check_result(const vtac_rpc_array *array, const char *expected) {
  vtac_error error;
  size_t size, have = vtac_rpc_array_size(array);
  char *want = read_file(expected, &size), *got = malloc(have);
  if (!got || vtac_rpc_array_read(array, got, &error)) stop("read");
  if (size != have || memcmp(got, want, size) != 0) stop("the result differs");
  free(want);
  free(got);
}

static void print_counters(vtac_rpc *session) {
  uint64_t counters[VTAC_COUNTERS], cycles;
  vtac_error error;
  if (vtac_rpc_counters(session, counters, &cycles, &error))
    stop(error.message);
  for (int i = 0; i < VTAC_COUNTERS; i++)
    printf("%s %llu\n", vtac_counter_name(i), (unsigned long long)counters[i]);
}

int main(int argc, char **argv) {
  vtac_error error;
  vtac_rpc_value args[ARGS] = {{0}};
  if (argc != 4 + 2) stop("usage: PORT MODULE INPUT0 INPUT1 EXPECTED");
  vtac_rpc *session =
      vtac_rpc_connect("127.0.0.1", atoi(argv[1]), NULL, &error);
  if (!session) stop(error.message);
  prepare_board(session);
  vtac_rpc_function *function = send_module(session, argv[2]);
  make_arrays(session, argv + 2, args);
  if (vtac_rpc_clear_counters(session, &error) ||
      vtac_rpc_call(function, ARGS, args, NULL, &error))
    stop(error.message);
  check_result(args[ARGS - 1].array, argv[5]);
  print_counters(session);
  for (int i = 0; i < ARGS; i++) vtac_rpc_array_free(args[i].array);
  vtac_rpc_function_free(function);
  vtac_rpc_close(session);
  return 0;
}
