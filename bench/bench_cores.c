/* SPDX-License-Identifier: Apache-2.0 */
/* Two cores: devices share nothing, so two of them run at twice the speed. */
#include <pthread.h>

#include "bench/groups.h"

enum { RUNS = 20 };

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

void bench_cores(Bench *bench) {
  Kernel kernel[2];
  if (!build_kernel(&kernel[0], default_config(), &layer_conv2d))
    stop("conv2d does not fit");
  kernel[1] = kernel[0];
  for (int i = 0; i < 2; i++) open_kernel(&kernel[i], NULL);
  add_row(bench, "conv2d, two devices on two threads", "of one",
          measure(bench, sample_two, kernel), LEAST(1.8));
  for (int i = 0; i < 2; i++) close_kernel(&kernel[i]);
  free_kernel(&kernel[0]);
}
