/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of runs on several devices: the results of every run are those of the
 * run alone, work is counted once, and failures name the first run. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "vtac/vtac.h"

enum { RUNS = 24, MOST_DEVICES = 3, SIZE = 64, ARGS = 3 };

static vtac_config *config;

/* ---- A matrix multiply -------------------------------------------------- */

static vtac_module *build_gemm(void) {
  const vtac_gemm_params params = {
      .batch = 1, .in = SIZE, .out = SIZE, .shift = 6};
  const vtac_lower_options options = {.accelerator = 1};
  vtac_context *context = vtac_context_new(config, NULL);
  vtac_op *op = vtac_gemm(context, &params);
  const vtac_tensor *args;
  const int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  vtac_module *module =
      vtac_build(context, vtac_op_schedule(op), n, args, "gemm", &options);
  vtac_context_free(context);
  assert_non_null(module);
  return module;
}

/* Host memory of all runs; the weights are everybody's. */
typedef struct Data {
  int8_t data[RUNS][SIZE], weights[SIZE * SIZE];
  int8_t res[RUNS][SIZE], alone[RUNS][SIZE];
  void *args[RUNS][ARGS];
  void *const *runs[RUNS];
} Data;

static Data *new_data(void) {
  Data *d = calloc(1, sizeof *d);
  unsigned random = 5;
  assert_non_null(d);
  for (int i = 0; i < SIZE * SIZE; i++)
    d->weights[i] = (int8_t)((random = random * 1664525 + 1013904223) >> 24);
  for (int i = 0; i < RUNS; i++) {
    for (int k = 0; k < SIZE; k++)
      d->data[i][k] = (int8_t)((random = random * 1664525 + 1013904223) >> 24);
    d->args[i][0] = d->data[i];
    d->args[i][1] = d->weights;
    d->args[i][2] = d->res[i];
    d->runs[i] = d->args[i];
  }
  return d;
}

/* Each run by itself; returns what one moves. */
static uint64_t run_alone(const vtac_module *module, Data *d) {
  uint64_t counters[VTAC_COUNTERS];
  vtac_device *device = vtac_device_open(config, NULL, NULL);
  vtac_array *array[ARGS];
  for (int k = 0; k < ARGS; k++) {
    vtac_param param;
    assert_true(vtac_module_param(module, k, &param));
    array[k] =
        vtac_array_new(device, param.dtype, param.ndim, param.shape, NULL);
  }
  vtac_array_write(array[1], d->weights, NULL);
  for (int i = 0; i < RUNS; i++) {
    vtac_array_write(array[0], d->data[i], NULL);
    assert_int_equal(vtac_module_run(module, device, ARGS, array, NULL),
                     VTAC_OK);
    vtac_array_read(array[2], d->alone[i], NULL);
  }
  vtac_device_counters(device, counters);
  for (int k = 0; k < ARGS; k++) vtac_array_free(array[k]);
  vtac_device_close(device);
  return counters[0] / RUNS;
}

static void open_devices(int n, vtac_device **device) {
  for (int i = 0; i < n; i++) {
    device[i] = vtac_device_open(config, NULL, NULL);
    assert_non_null(device[i]);
  }
}

static void close_devices(int n, vtac_device **device) {
  for (int i = 0; i < n; i++) vtac_device_close(device[i]);
}

static void test_results(void **state) {
  (void)state;
  vtac_module *module = build_gemm();
  Data *d = new_data();
  const uint64_t moved = run_alone(module, d);
  assert_true(moved > 0);
  for (int n = 1; n <= MOST_DEVICES; n++) {
    vtac_device *device[MOST_DEVICES];
    vtac_error error;
    uint64_t sum = 0;
    open_devices(n, device);
    memset(d->res, 0, sizeof d->res);
    if (vtac_module_run_batch(module, n, device, RUNS, d->runs, &error))
      fail_msg("%d devices: %s", n, error.message);
    assert_memory_equal(d->res, d->alone, sizeof d->res);
    for (int i = 0; i < n; i++) {
      uint64_t counters[VTAC_COUNTERS];
      vtac_device_counters(device[i], counters);
      sum += counters[0];
    }
    assert_int_equal(sum, moved * RUNS);
    close_devices(n, device);
  }
  free(d);
  vtac_module_free(module);
}

/* Batches on the same devices make new arrays, which lie where the old ones did
 * or elsewhere: `wedge` takes the place of one. */
static void test_again(void **state) {
  (void)state;
  enum { BATCHES = 6, DEVICES = 2 };
  vtac_module *module = build_gemm();
  vtac_device *device[DEVICES];
  vtac_array *wedge[BATCHES][DEVICES] = {{NULL}};
  Data *d = new_data();
  open_devices(DEVICES, device);
  for (int b = 0; b < BATCHES; b++) {
    const int64_t size[1] = {SIZE * (1 + b)};
    vtac_error error;
    for (int i = 0; b % 2 && i < DEVICES; i++)
      wedge[b][i] = vtac_array_new(device[i], "int8", 1, size, NULL);
    for (int i = 0; i < SIZE * SIZE; i++) d->weights[i] ^= (int8_t)(i + b);
    run_alone(module, d);
    memset(d->res, 0, sizeof d->res);
    if (vtac_module_run_batch(module, DEVICES, device, RUNS, d->runs, &error))
      fail_msg("batch %d: %s", b, error.message);
    assert_memory_equal(d->res, d->alone, sizeof d->res);
  }
  for (int b = 0; b < BATCHES; b++)
    for (int i = 0; i < DEVICES; i++) vtac_array_free(wedge[b][i]);
  close_devices(DEVICES, device);
  free(d);
  vtac_module_free(module);
}

/* ---- Failures ----------------------------------------------------------- */

/* y[0] = 100 / x[0] on the host. */
static vtac_module *build_division(void) {
  vtac_context *context = vtac_context_new(config, NULL);
  const int64_t one[1] = {1};
  vtac_iter axis[1];
  vtac_tensor args[2];
  vtac_axes(context, 1, one, NULL, axis);
  args[0] = vtac_placeholder(context, "x", "int32", 1, one);
  args[1] = vtac_compute(context, "y", 1, axis,
                         vtac_truncdiv(context, vtac_int(context, 100),
                                       vtac_at(context, args[0], 1, axis)));
  vtac_module *module =
      vtac_build(context, vtac_schedule_new(context, 1, &args[1]), 2, args,
                 "divide", NULL);
  vtac_context_free(context);
  assert_non_null(module);
  return module;
}

static void test_first_failure(void **state) {
  (void)state;
  vtac_module *module = build_division();
  vtac_device *device[2];
  vtac_error error;
  int32_t x[RUNS], y[RUNS] = {0};
  void *args[RUNS][2];
  void *const *runs[RUNS];
  for (int i = 0; i < RUNS; i++) {
    x[i] = i + 1;
    args[i][0] = &x[i];
    args[i][1] = &y[i];
    runs[i] = args[i];
  }
  x[9] = x[10] = 0;
  open_devices(2, device);
  assert_int_equal(vtac_module_run_batch(module, 2, device, RUNS, runs, &error),
                   VTAC_DEVICE);
  assert_string_equal(error.id, "division-by-zero");
  for (int i = 0; i < 9; i++) assert_int_equal(y[i], 100 / x[i]);
  /* and the devices can be used again */
  x[9] = x[10] = 7;
  assert_int_equal(vtac_module_run_batch(module, 2, device, RUNS, runs, &error),
                   VTAC_OK);
  for (int i = 0; i < RUNS; i++) assert_int_equal(y[i], 100 / x[i]);
  close_devices(2, device);
  vtac_module_free(module);
}

static void refused(vtac_status status, const vtac_error *error,
                    const char *message) {
  assert_int_equal(status, VTAC_INVALID);
  assert_string_equal(error->message, message);
}

static void test_refusals(void **state) {
  (void)state;
  vtac_module *module = build_division();
  vtac_device *device[2];
  vtac_error error;
  int32_t x = 1;
  void *const good[2] = {&x, &x}, *const bad[2] = {&x, NULL};
  void *const *runs[2] = {good, bad};
  open_devices(2, device);
  refused(vtac_module_run_batch(NULL, 2, device, 1, runs, &error), &error,
          "vtac_module_run_batch: argument 'module' is NULL");
  refused(vtac_module_run_batch(module, 2, NULL, 1, runs, &error), &error,
          "vtac_module_run_batch: argument 'devices' is NULL");
  refused(vtac_module_run_batch(module, 0, device, 1, runs, &error), &error,
          "a batch needs a device, got 0");
  refused(vtac_module_run_batch(module, 2, device, 2, runs, &error), &error,
          "runs[1][1] (y) is NULL");
  vtac_device *twice[2] = {device[0], device[0]};
  refused(vtac_module_run_batch(module, 2, twice, 1, runs, &error), &error,
          "devices[0] and devices[1] are the same");
  vtac_device *missing[2] = {device[0], NULL};
  refused(vtac_module_run_batch(module, 2, missing, 1, runs, &error), &error,
          "devices[1] is NULL");
  assert_int_equal(vtac_module_run_batch(module, 2, device, 0, NULL, &error),
                   VTAC_OK);
  close_devices(2, device);
  vtac_module_free(module);
}

/* ---- The program -------------------------------------------------------- */

static int open_config(void **state) {
  (void)state;
  config = vtac_config_default(NULL);
  return config ? 0 : 1;
}

static int close_config(void **state) {
  (void)state;
  vtac_config_free(config);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_results),
      cmocka_unit_test(test_again),
      cmocka_unit_test(test_first_failure),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, open_config, close_config);
}
