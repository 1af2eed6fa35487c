/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a saved seed workload on the functional simulator of this machine, or on
 * the emulated board whose folder the environment names, and compares the
 * result with one that was computed elsewhere.
 *
 *   cross_main MODULE INPUT0 INPUT1 EXPECTED */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/objects.h"
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

int main(int argc, char **argv) {
  vtac_error error;
  vtac_array *array[ARGS];
  if (argc != 2 + ARGS) stop("usage: MODULE INPUT0 INPUT1 EXPECTED");
  vtac_module *module = vtac_module_load(argv[1], &error);
  if (!module) stop(error.message);
  vtac_config *config = vtac_module_config(module, &error);
  if (!config) stop(error.message);
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
