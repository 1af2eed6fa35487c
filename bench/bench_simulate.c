/* SPDX-License-Identifier: Apache-2.0 */
/* The functional simulator: multiply-accumulates a second of vtac_module_run
 * (queue, encoding, transfers, arithmetic and all), by path of the processor,
 * by accelerator and by type.  Every result is compared with that of the plain
 * path first.
 *
 * Runs repeat on one device, as a program runs a kernel again and again.  The
 * first run of a kernel on a device has rows of its own: it evaluates the host
 * function, encodes the stream and plans it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/groups.h"

typedef struct Shape {
  const char *name;
  int log_batch, log_block;
  int log_inp_width, log_wgt_width;
  int log_uop, log_inp, log_wgt, log_acc; /* sizes of the memories */
} Shape;

static const Shape shapes[] = {
    {"2x16 int8", 1, 4, 3, 3, 15, 15, 18, 17},
    {"4x16 int8", 2, 4, 3, 3, 15, 16, 18, 18},
    {"1x8 int8", 0, 3, 3, 3, 13, 13, 15, 15},
    {"1x32 int8", 0, 5, 3, 3, 15, 15, 20, 17},
    {"1x64 int8", 0, 6, 3, 3, 15, 17, 21, 18},
    {"4x64 int8", 2, 6, 3, 3, 15, 17, 21, 19},
    {"1x16 int4", 0, 4, 2, 2, 15, 14, 17, 17},
    {"1x16 int8 by int2", 0, 4, 3, 1, 15, 15, 16, 17},
    {"1x16 int16", 0, 4, 4, 4, 15, 16, 19, 17}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static vtac_config *make_config(const Shape *shape) {
  char text[512];
  vtac_error error;
  int length = snprintf(
      text, sizeof text,
      "{\"TARGET\": \"sim\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": %d, "
      "\"LOG_WGT_WIDTH\": %d, \"LOG_ACC_WIDTH\": 5, \"LOG_BATCH\": %d, "
      "\"LOG_BLOCK\": %d, \"LOG_UOP_BUFF_SIZE\": %d, \"LOG_INP_BUFF_SIZE\": "
      "%d, \"LOG_WGT_BUFF_SIZE\": %d, \"LOG_ACC_BUFF_SIZE\": %d}",
      shape->log_inp_width, shape->log_wgt_width, shape->log_batch,
      shape->log_block, shape->log_uop, shape->log_inp, shape->log_wgt,
      shape->log_acc);
  return need(vtac_config_parse(text, (size_t)length, shape->name, &error),
              &error);
}

/* ---- Right or wrong ----------------------------------------------------- */

/* The result of a run on a device of its own; the caller frees it. */
static unsigned char *result_of(Kernel *kernel, vtac_sim_path path) {
  const vtac_device_options options = {.sim_path = path};
  open_kernel(kernel, &options);
  run_kernel(kernel);
  run_kernel(kernel);
  const vtac_array *result = kernel->array[kernel->n - 1];
  unsigned char *bytes = malloc(vtac_array_size(result));
  if (!bytes) stop("no memory");
  succeed(vtac_array_read(result, bytes, NULL), NULL);
  close_kernel(kernel);
  return bytes;
}

static size_t result_size(Kernel *kernel) {
  open_kernel(kernel, NULL);
  const size_t size = vtac_array_size(kernel->array[kernel->n - 1]);
  close_kernel(kernel);
  return size;
}

static void check_result(Kernel *kernel, vtac_sim_path path, const char *what) {
  unsigned char *plain = result_of(kernel, VTAC_SIM_PLAIN);
  unsigned char *fast = result_of(kernel, path);
  if (memcmp(plain, fast, result_size(kernel))) stop("%s is wrong", what);
  free(plain);
  free(fast);
}

/* ---- Speed -------------------------------------------------------------- */

static void measure_again(Bench *bench, Kernel *kernel, vtac_sim_path path,
                          const char *what, Target target) {
  const vtac_device_options options = {.sim_path = path};
  check_result(kernel, path, what);
  open_kernel(kernel, &options);
  run_kernel(kernel);
  const Figure ms = measure(bench, run_kernel, kernel);
  close_kernel(kernel);
  add_row(bench, what, "GMAC/s", per(kernel->macs * 1e-6, ms), target);
}

static double time_first(void *kernel) {
  open_kernel(kernel, NULL);
  const double took = run_kernel(kernel);
  close_kernel(kernel);
  return took;
}

/* ---- Paths -------------------------------------------------------------- */

typedef struct Path {
  vtac_sim_path path;
  double least[3]; /* of the layers below */
} Path;

static const Layer *const layers[3] = {&layer_gemm, &layer_conv2d, &layer_c2};

static const Path paths[] = {{VTAC_SIM_AVX512VNNI, {40, 200, 200}},
                             {VTAC_SIM_AVX2, {10, 50, 50}},
                             {VTAC_SIM_NEONDOT, {10, 50, 50}},
                             {VTAC_SIM_PORTABLE, {5.8, 9.6, 9.6}}};

static int has_path(const vtac_config *config, vtac_sim_path path) {
  const vtac_device_options options = {.sim_path = path};
  vtac_device *device = vtac_device_open(config, &options, NULL);
  vtac_device_close(device);
  return device != NULL;
}

static void measure_path(Bench *bench, const Path *path) {
  const char *name = vtac_sim_path_name(path->path);
  for (int i = 0; i < 3; i++) {
    Kernel kernel;
    char what[64];
    if (!build_kernel(&kernel, default_config(), layers[i]))
      stop("%s does not fit", layers[i]->name);
    snprintf(what, sizeof what, "%s, %s", layers[i]->name, name);
    if (has_path(kernel.config, path->path))
      measure_again(bench, &kernel, path->path, what, LEAST(path->least[i]));
    else
      leave_out(bench, what, "the processor lacks it");
    free_kernel(&kernel);
  }
}

static void measure_first(Bench *bench, const Layer *layer) {
  Kernel kernel;
  char what[64];
  if (!build_kernel(&kernel, default_config(), layer))
    stop("%s does not fit", layer->name);
  snprintf(what, sizeof what, "%s, first run on a device", layer->name);
  add_row(bench, what, "ms", measure(bench, time_first, &kernel), NO_TARGET);
  free_kernel(&kernel);
}

/* ---- Shapes ------------------------------------------------------------- */

/* No slower than twice what the reference's simulator takes for 1x16 int8,
 * which makes 5.8 GMAC/s of the matrix multiply and 9.6 of the convolution. */
static void measure_shape(Bench *bench, const Shape *shape) {
  static const struct {
    Layer layer;
    double least;
  } chosen[] = {{{"gemm", 1, 1024, 1024, 0, 1, 0, 0, 0, 0, 0}, 5.8 / 2},
                {{"conv2d", 14, 256, 256, 3, 1, 0, 0, 0, 0, 0}, 9.6 / 2}};
  for (int i = 0; i < 2; i++) {
    Kernel kernel;
    char what[64];
    snprintf(what, sizeof what, "%s, %s", chosen[i].layer.name, shape->name);
    if (build_kernel(&kernel, make_config(shape), &chosen[i].layer)) {
      measure_again(bench, &kernel, VTAC_SIM_FAST, what,
                    LEAST(chosen[i].least));
      free_kernel(&kernel);
    } else {
      leave_out(bench, what, "no tile fits");
    }
  }
}

void bench_simulate(Bench *bench) {
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    measure_path(bench, &paths[i]);
  for (int i = 0; i < 3; i++) measure_first(bench, layers[i]);
  for (int i = 0; i < SHAPES; i++) measure_shape(bench, &shapes[i]);
}
