/* SPDX-License-Identifier: Apache-2.0 */
/* Two cores: devices share nothing, so two of them run at twice the speed,
 * whether a program has threads of its own or asks for a batch. */
#include <pthread.h>
#include <stdlib.h>

#include "bench/groups.h"

enum { RUNS = 20 };

/* ---- Threads of the program --------------------------------------------- */

static void *run_many(void *kernel) {
  for (int i = 0; i < RUNS; i++) run_kernel(kernel);
  return NULL;
}

static double time_threads(Kernel *kernel, int n) {
  pthread_t thread[2];
  const double start = now_ms();
  for (int i = 0; i < n; i++)
    if (pthread_create(&thread[i], NULL, run_many, &kernel[i]))
      stop("no thread");
  for (int i = 0; i < n; i++) pthread_join(thread[i], NULL);
  return now_ms() - start;
}

/* The speed of two threads by that of one. */
static double sample_two(void *kernel) {
  const double one = time_threads(kernel, 1);
  return 2 * one / time_threads(kernel, 2);
}

/* ---- A batch ------------------------------------------------------------ */

/* Inputs and results of their own, weights that all runs share. */
typedef struct Batch {
  const vtac_module *module;
  vtac_device *device[2];
  void *args[RUNS][MOST_ARGS];
  void *const *runs[RUNS];
} Batch;

static double time_batch(const Batch *batch, int devices) {
  vtac_error error;
  const double start = now_ms();
  succeed(vtac_module_run_batch(batch->module, devices, batch->device, RUNS,
                                batch->runs, &error),
          &error);
  return now_ms() - start;
}

static double sample_batch(void *batch) {
  const double one = time_batch(batch, 1);
  return one / time_batch(batch, 2);
}

static void *zeros(const vtac_array *array) {
  void *bytes = calloc(1, vtac_array_size(array));
  if (!bytes) stop("no memory");
  return bytes;
}

static void measure_batch(Bench *bench, const Kernel kernel[2]) {
  Batch batch = {
      kernel->module, {kernel[0].device, kernel[1].device}, {{0}}, {0}};
  void *weights = zeros(kernel->array[1]);
  for (int i = 0; i < RUNS; i++) {
    for (int k = 0; k < kernel->n; k++)
      batch.args[i][k] = k == 1 ? weights : zeros(kernel->array[k]);
    batch.runs[i] = batch.args[i];
  }
  add_row(bench, "conv2d, a batch on two devices", "of one",
          measure(bench, sample_batch, &batch), LEAST(1.8));
  for (int i = 0; i < RUNS; i++)
    for (int k = 0; k < kernel->n; k++)
      if (k != 1) free(batch.args[i][k]);
  free(weights);
}

void bench_cores(Bench *bench) {
  Kernel kernel[2];
  if (!build_kernel(&kernel[0], default_config(), &layer_conv2d))
    stop("conv2d does not fit");
  kernel[1] = kernel[0];
  for (int i = 0; i < 2; i++) open_kernel(&kernel[i], NULL);
  add_row(bench, "conv2d, two devices on two threads", "of one",
          measure(bench, sample_two, kernel), LEAST(1.8));
  measure_batch(bench, kernel);
  for (int i = 0; i < 2; i++) close_kernel(&kernel[i]);
  free_kernel(&kernel[0]);
}
