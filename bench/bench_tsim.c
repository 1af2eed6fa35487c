/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the timing simulator is: simulated cycles a second of streams
 * alone, and the time of whole runs against the functional simulator's.
 *
 *   bench_tsim [STREAM...]
 *
 * A STREAM is a file of 16-byte instructions; test/golden/timing has one,
 * compressed: zcat FILE | bench_tsim /dev/stdin.  The seed convolution is
 * always measured.  Every figure is the best of several runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vtac/vtac.h>

enum { MOST_ARGS = 4, RUNS = 20, DEVICES = 5 };

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void stop(const vtac_error *error) {
  fprintf(stderr, "bench_tsim: %s\n", error->message);
  exit(1);
}

/* ---- Streams alone ------------------------------------------------------ */

/* The bytes of a file or pipe. */
static unsigned char *read_file(const char *path, size_t *ret_size) {
  enum { STEP = 1 << 20 };
  FILE *file = fopen(path, "rb");
  unsigned char *bytes = NULL;
  size_t got = STEP, size = 0;
  for (; file && got == STEP; size += got) {
    unsigned char *bigger = realloc(bytes, size + STEP);
    if (!bigger) break;
    bytes = bigger;
    got = fread(bytes + size, 1, STEP, file);
  }
  if (file) fclose(file);
  *ret_size = size;
  return bytes;
}

static void measure_stream(const vtac_config *config, const char *path) {
  size_t size = 0;
  unsigned char *bytes = read_file(path, &size);
  if (!bytes) {
    fprintf(stderr, "bench_tsim: cannot read %s\n", path);
    exit(1);
  }
  double best = 1e9;
  uint64_t cycles = 0;
  for (int i = 0; i < RUNS; i++) {
    vtac_error error;
    double start = now_ms();
    if (vtac_stream_cycles(config, bytes, size / 16, &cycles, &error))
      stop(&error);
    double took = now_ms() - start;
    if (took < best) best = took;
  }
  printf("%-24s %12llu cycles %9.3f ms %8.0f Mcycles/s, decoding included\n",
         path, (unsigned long long)cycles, best, (double)cycles / best / 1e3);
  free(bytes);
}

/* ---- Whole runs --------------------------------------------------------- */

static vtac_op *declare(vtac_context *context) {
  const vtac_conv2d_params params = {.batch = 1,
                                     .in_channels = 256,
                                     .out_channels = 256,
                                     .height = 14,
                                     .width = 14,
                                     .kernel_height = 3,
                                     .kernel_width = 3,
                                     .pad_height = 1,
                                     .pad_width = 1,
                                     .stride_height = 1,
                                     .stride_width = 1,
                                     .tile_batch = 1,
                                     .tile_out_channels = 128,
                                     .tile_in_channels = 16,
                                     .tile_height = 7,
                                     .tile_width = 14,
                                     .vthreads = 2,
                                     .shift = 8};
  return vtac_conv2d(context, &params);
}

typedef struct Times {
  double first, again; /* milliseconds */
  uint64_t cycles;
} Times;

static void run_device(const vtac_config *config, const vtac_module *module,
                       const vtac_device_options *options, int n,
                       const vtac_tensor *tensors, Times *best) {
  vtac_array *array[MOST_ARGS];
  vtac_error error;
  vtac_device *device = vtac_device_open(config, options, &error);
  if (!device) stop(&error);
  for (int i = 0; i < n; i++)
    if (!(array[i] = vtac_array_like(device, tensors[i], &error))) stop(&error);
  for (int i = 0; i < RUNS; i++) {
    vtac_device_clear_counters(device);
    double start = now_ms();
    if (vtac_module_run(module, device, n, array, &error)) stop(&error);
    double took = now_ms() - start;
    double *slot = i ? &best->again : &best->first;
    if (took < *slot) *slot = took;
  }
  best->cycles = vtac_device_cycles(device);
  for (int i = 0; i < n; i++) vtac_array_free(array[i]);
  vtac_device_close(device);
}

static void measure_runs(const vtac_config *config, vtac_context *context) {
  static const vtac_simulator simulators[] = {VTAC_SIMULATOR_FUNCTIONAL,
                                              VTAC_SIMULATOR_TIMING};
  static const char *const names[] = {"functional", "functional and timing"};
  vtac_op *op = declare(context);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  const vtac_tensor *args;
  int n = vtac_op_args(op, &args);
  const vtac_lower_options lower = {.accelerator = 1};
  vtac_module *module =
      vtac_build(context, vtac_op_schedule(op), n, args, "conv2d", &lower);
  if (!module) stop(vtac_context_error(context));
  for (int i = 0; i < 2; i++) {
    const vtac_device_options options = {.simulator = simulators[i]};
    Times best = {1e9, 1e9, 0};
    for (int device = 0; device < DEVICES; device++)
      run_device(config, module, &options, n, args, &best);
    printf("conv2d, %-24s first run %8.3f ms, again %8.3f ms, %llu cycles\n",
           names[i], best.first, best.again, (unsigned long long)best.cycles);
  }
  vtac_module_free(module);
}

int main(int argc, char **argv) {
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  if (!config) stop(&error);
  vtac_context *context = vtac_context_new(config, &error);
  if (!context) stop(&error);
  measure_runs(config, context);
  for (int i = 1; i < argc; i++) measure_stream(config, argv[i]);
  vtac_context_free(context);
  vtac_config_free(config);
  return 0;
}
