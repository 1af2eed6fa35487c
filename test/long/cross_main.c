/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a seed workload on the functional simulator of this machine, or on the
 * emulated board whose folder the environment names, and compares the result
 * with one that was computed elsewhere.  The workload is a saved module, or is
 * declared, lowered and evaluated here.  Or calls a function that has no
 * parameters.
 *
 *   cross_main MODULE INPUT0 INPUT1 EXPECTED
 *   cross_main gemm|conv2d INPUT0 INPUT1 EXPECTED TEXT
 *   cross_main MODULE
 *
 * TEXT is where the lowered function is written. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/objects.h"
#include "support/seeds.h"
#include "vtac/vtac.h"

enum { ARGS = 3 };

static void stop(const char *what) {
  fprintf(stderr, "cross_main: %s\n", what);
  exit(1);
}

static char *read_file(const char *path, size_t size) {
  FILE *file = fopen(path, "rb");
  char *bytes = malloc(size);
  if (!file || !bytes || fread(bytes, 1, size, file) != size) stop(path);
  fclose(file);
  return bytes;
}

static void print_counters(const vtac_device *device) {
  uint64_t counters[VTAC_COUNTERS];
  vtac_device_counters(device, counters);
  for (int i = 0; i < VTAC_COUNTERS; i++)
    printf("%s %llu\n", vtac_counter_name(i), (unsigned long long)counters[i]);
}

/* The board's description without its file, since JSON is not there. */
static vtac_device *open_device(const vtac_config *config) {
  vtac_error error;
  struct vtac_board board = {.spec = {.design = "hls",
                                      .registers = 0x43C00000,
                                      .dma = "udmabuf0",
                                      .cache = "coherent",
                                      .reset = "zynq7000",
                                      .timeout_ms = 60000,
                                      .fpga_manager = "fpga0"}};
  const char *root = getenv("EMULATED_BOARD");
  vtac_device_options options = {.board = root ? &board : NULL};
  if (root) strncpy(board.spec.root, root, sizeof board.spec.root - 1);
  vtac_device *device = vtac_device_open(config, &options, &error);
  if (!device) stop(error.message);
  return device;
}

/* The seed workload of that name. */
static vtac_op *declare(vtac_context *context, const char *name) {
  return strcmp(name, "gemm") ? vtac_conv2d(context, &seed_conv2d)
                              : vtac_gemm(context, &seed_gemm);
}

static vtac_module *build(vtac_context *context, const char *name, FILE *text) {
  static const char *const cse[] = {"CommonSubexprElim"};
  bool is_gemm = !strcmp(name, "gemm");
  const vtac_lower_options all = {.accelerator = 1};
  const vtac_lower_options options = {
      .accelerator = 1, .disabled_count = !is_gemm, .disabled = cse};
  const vtac_tensor *args;
  vtac_op *op = declare(context, name);
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  const char *lowered =
      vtac_lower_text(context, vtac_op_schedule(op), n, args, "main", &all);
  if (!lowered) stop(vtac_context_error(context)->message);
  fputs(lowered, text);
  return vtac_build(context, vtac_op_schedule(op), n, args,
                    is_gemm ? "my_gemm" : "my_conv", &options);
}

static vtac_module *build_here(const char *name, const char *text_path) {
  vtac_error error;
  FILE *text = fopen(text_path, "w");
  vtac_config *config = vtac_config_default(&error);
  if (!text || !config) stop("no file or configuration");
  vtac_context *context = vtac_context_new(config, &error);
  if (!context) stop(error.message);
  vtac_module *module = build(context, name, text);
  if (!module) stop(vtac_context_error(context)->message);
  if (fclose(text)) stop(text_path);
  vtac_context_free(context);
  vtac_config_free(config);
  return module;
}

static int call_alone(const char *path) {
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  vtac_device *device = vtac_device_open(config, NULL, &error);
  vtac_module *module = device ? vtac_module_load(path, &error) : NULL;
  if (!module || vtac_module_run(module, device, 0, NULL, &error))
    stop(error.message);
  return 0;
}

int main(int argc, char **argv) {
  vtac_error error;
  vtac_array *array[ARGS];
  if (argc == 2) return call_alone(argv[1]);
  if (argc < 2 + ARGS) stop("usage: MODULE INPUT0 INPUT1 EXPECTED [TEXT]");
  vtac_module *module = argc > 2 + ARGS ? build_here(argv[1], argv[2 + ARGS])
                                        : vtac_module_load(argv[1], &error);
  if (!module) stop(error.message);
  vtac_config *config = vtac_module_config(module, NULL);
  if (!config) config = vtac_config_default(&error); /* the host's own */
  vtac_device *device = open_device(config);
  for (int i = 0; i < ARGS; i++) {
    vtac_param param;
    if (!vtac_module_param(module, i, &param)) stop("too few parameters");
    array[i] =
        vtac_array_new(device, param.dtype, param.ndim, param.shape, &error);
    if (!array[i]) stop(error.message);
  }
  for (int i = 0; i < ARGS - 1; i++) {
    char *bytes = read_file(argv[2 + i], vtac_array_size(array[i]));
    if (vtac_array_write(array[i], bytes, &error)) stop(error.message);
    free(bytes);
  }
  if (vtac_module_run(module, device, ARGS, array, &error)) stop(error.message);
  size_t size = vtac_array_size(array[ARGS - 1]);
  char *have = malloc(size), *want = read_file(argv[1 + ARGS], size);
  if (!have || vtac_array_read(array[ARGS - 1], have, &error)) stop("read");
  if (memcmp(have, want, size)) stop("the result differs");
  print_counters(device);
  return 0;
}
