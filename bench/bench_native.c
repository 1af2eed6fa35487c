/* SPDX-License-Identifier: Apache-2.0 */
/* Native code and tensors: how long the convolution takes to build with LLVM,
 * what a call of compiled code costs when the device has nothing to do, and
 * how fast tensors are packed.
 *
 *   bench_native
 *
 * Prints each figure with its target; medians of several runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vtac/vtac.h>

enum { BUILDS = 15, CALLS = 20000, PACKS = 9 };

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void stop(const char *what) {
  fprintf(stderr, "bench_native: %s\n", what);
  exit(1);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int n) {
  qsort(values, (size_t)n, sizeof *values, by_value);
  return values[n / 2];
}

static void print(const char *what, double figure, const char *unit,
                  const char *target) {
  printf("%-44s %9.3f %-8s %s\n", what, figure, unit, target);
}

/* ---- Building ----------------------------------------------------------- */

static vtac_op *seed_conv2d(vtac_context *context) {
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

/* Declares, schedules, lowers and compiles; the whole as a user meets it. */
static vtac_module *build_conv2d(const vtac_config *config) {
  static const char *const cse[] = {"CommonSubexprElim"};
  const vtac_lower_options options = {
      .accelerator = 1, .disabled = cse, .disabled_count = 1};
  const vtac_tensor *args;
  vtac_error error;
  vtac_context *context = vtac_context_new(config, &error);
  if (!context) stop(error.message);
  vtac_op *op = seed_conv2d(context);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  int n = vtac_op_args(op, &args);
  vtac_module *built =
      vtac_build(context, vtac_op_schedule(op), n, args, "conv2d", &options);
  if (!built) stop(vtac_context_error(context)->message);
  vtac_module *module = vtac_module_compile(built, &error);
  if (!module) stop(error.message);
  vtac_module_free(built);
  vtac_context_free(context);
  return module;
}

static void measure_build(const vtac_config *config) {
  double ms[BUILDS];
  double start = now_ms();
  vtac_module_free(build_conv2d(config));
  print("first build, LLVM is loaded", now_ms() - start, "ms", "");
  for (int i = 0; i < BUILDS; i++) {
    start = now_ms();
    vtac_module_free(build_conv2d(config));
    ms[i] = now_ms() - start;
  }
  print("convolution, declared to machine code", median(ms, BUILDS), "ms",
        "target <= 12");
}

/* ---- Calling ------------------------------------------------------------ */

/* y[i] = x[i] + 1 for one element: nothing but the call. */
static vtac_module *build_increment(const vtac_config *config) {
  vtac_error error;
  vtac_context *context = vtac_context_new(config, &error);
  if (!context) stop(error.message);
  const int64_t one[1] = {1};
  vtac_iter axis[1];
  vtac_tensor args[2];
  vtac_axes(context, 1, one, NULL, axis);
  args[0] = vtac_placeholder(context, "x", "int32", 1, one);
  args[1] = vtac_compute(context, "y", 1, axis,
                         vtac_add(context, vtac_at(context, args[0], 1, axis),
                                  vtac_int(context, 1)));
  vtac_schedule schedule = vtac_schedule_new(context, 1, &args[1]);
  vtac_module *built =
      vtac_build(context, schedule, 2, args, "increment", NULL);
  if (!built) stop(vtac_context_error(context)->message);
  vtac_module *module = vtac_module_compile(built, &error);
  if (!module) stop(error.message);
  vtac_module_free(built);
  vtac_context_free(context);
  return module;
}

static void measure_call(const vtac_config *config) {
  const int64_t one[1] = {1};
  vtac_error error;
  vtac_module *module = build_increment(config);
  vtac_device *device = vtac_device_open(config, NULL, &error);
  if (!device) stop(error.message);
  vtac_array *array[2];
  for (int i = 0; i < 2; i++) {
    array[i] = vtac_array_new(device, "int32", 1, one, &error);
    if (!array[i]) stop(error.message);
  }
  double start = now_ms();
  for (int i = 0; i < CALLS; i++)
    if (vtac_module_run(module, device, 2, array, &error)) stop(error.message);
  double us = (now_ms() - start) * 1e3 / CALLS;
  print("call of compiled code without device work", us, "us", "target <= 2");
  for (int i = 0; i < 2; i++) vtac_array_free(array[i]);
  vtac_device_close(device);
  vtac_module_free(module);
}

/* ---- Packing ------------------------------------------------------------ */

typedef struct Pack {
  const char *what;
  vtac_pack_shape shape;
} Pack;

static const Pack packs[] = {
    {"activations int8 1x256x56x56", {1, 256, 56, 56, 1, 16, 1}},
    {"activations int8 1x2048x112x112", {1, 2048, 112, 112, 1, 16, 1}},
    {"kernels int8 512x512x3x3", {512, 512, 3, 3, 16, 16, 1}},
    {"matrix int8 4096x4096", {4096, 4096, 1, 1, 16, 16, 1}},
    {"accumulators int32 1x256x56x56", {1, 256, 56, 56, 1, 16, 4}}};

/* Gigabytes a second, best of several. */
static double speed(double ms[PACKS], size_t size) {
  return (double)size / median(ms, PACKS) / 1e6;
}

static void measure_pack(const Pack *pack) {
  const vtac_pack_shape *s = &pack->shape;
  vtac_error error;
  size_t size =
      (size_t)(s->outer * s->inner * s->height * s->width * s->element_bytes);
  char *from = malloc(size), *to = malloc(size), what[64];
  double copy[PACKS], in[PACKS], out[PACKS];
  if (!from || !to) stop("no memory");
  memset(from, 1, size);
  memset(to, 2, size);
  for (int i = 0; i < PACKS; i++) {
    double start = now_ms();
    memcpy(to, from, size);
    copy[i] = now_ms() - start;
    start = now_ms();
    if (vtac_pack(s, from, to, &error)) stop(error.message);
    in[i] = now_ms() - start;
    start = now_ms();
    if (vtac_unpack(s, to, from, &error)) stop(error.message);
    out[i] = now_ms() - start;
  }
  double whole = speed(copy, size);
  snprintf(what, sizeof what, "pack %s", pack->what);
  print(what, speed(in, size) / whole, "memcpy", "target >= 0.5");
  snprintf(what, sizeof what, "unpack %s", pack->what);
  print(what, speed(out, size) / whole, "memcpy", "target >= 0.5");
  free(from);
  free(to);
}

int main(void) {
  vtac_error error;
  vtac_config *config = vtac_config_default(&error);
  if (!config) stop(error.message);
  if (vtac_module_target(0)) {
    measure_build(config);
    measure_call(config);
  } else {
    puts("no code generator: only packing is measured");
  }
  for (size_t i = 0; i < sizeof packs / sizeof *packs; i++)
    measure_pack(&packs[i]);
  vtac_config_free(config);
  return 0;
}
