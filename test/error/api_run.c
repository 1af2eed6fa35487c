/* SPDX-License-Identifier: Apache-2.0 */
/* Runs with wrong arguments are refused with an exact message; errors stay in a
 * context, and later calls do no harm. */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/api_kit.h"

/* ---- Running ------------------------------------------------------------ */

static vtac_module *host_module(const Graph *g) {
  return vtac_build(c, g->schedule, VTAC_TENSORS(g->data, g->weight, g->res),
                    "kernel", NULL);
}

static void run_refused(const vtac_module *module, vtac_device *device, int n,
                        vtac_array *const *args, const char *id,
                        const char *message) {
  vtac_error error;
  assert_int_equal(vtac_module_run(module, device, n, args, &error),
                   VTAC_INVALID);
  expect(&error, id, message);
}

static void test_runs(void **state) {
  (void)state;
  Graph g = graph();
  vtac_device *device = vtac_device_open(config, NULL, NULL);
  vtac_device *other = vtac_device_open(config, NULL, NULL);
  vtac_module *module = host_module(&g);
  vtac_array *data = vtac_array_like(device, g.data, NULL);
  vtac_array *weight = vtac_array_like(device, g.weight, NULL);
  vtac_array *res = vtac_array_like(device, g.res, NULL);
  vtac_array *wide = vtac_array_like(device, g.sum, NULL);
  vtac_array *far = vtac_array_like(other, g.data, NULL);
  vtac_array *flat = vtac_array_new(device, "int8", VTAC_DIMS(64), NULL);
  assert_non_null(module);
  run_refused(module, device, 2, (vtac_array *[]){data, weight}, "argument",
              "'kernel' takes 3 arguments, got 2");
  run_refused(module, device, 3, NULL, "argument",
              "vtac_module_run: argument 'args' is NULL");
  run_refused(module, device, 3, (vtac_array *[]){data, NULL, res}, "argument",
              "argument 1 (weight) is NULL");
  run_refused(module, device, 3, (vtac_array *[]){data, data, res}, "argument",
              "argument 1 (weight): dimension 0 is 1, expected 2");
  run_refused(module, device, 3, (vtac_array *[]){flat, weight, res},
              "argument", "argument 0 (data) has 1 dimensions, expected 4");
  run_refused(module, device, 3, (vtac_array *[]){data, weight, wide},
              "argument",
              "argument 2 (res) has elements of type int32, expected int8");
  run_refused(module, device, 3, (vtac_array *[]){far, weight, res}, "argument",
              "argument 0 (data) lies on another device");
  vtac_array *all[] = {data, weight, res, wide, far, flat};
  for (int i = 0; i < 6; i++) vtac_array_free(all[i]);
  vtac_module_free(module);
  vtac_device_close(device);
  vtac_device_close(other);
}

static void test_arrays(void **state) {
  (void)state;
  vtac_device *device = vtac_device_open(config, NULL, NULL);
  vtac_error error;
  assert_null(vtac_array_new(device, "int8", VTAC_DIMS(4, 0), &error));
  expect(&error, "argument",
         "vtac_array_new: dimension 1 is 0; it must be at least 1");
  assert_null(vtac_array_new(device, "int8", -1, (int64_t[]){1}, &error));
  expect(&error, "argument", "vtac_array_new: -1 is no number of dimensions");
  assert_null(vtac_array_new(device, "complex64", VTAC_DIMS(4), &error));
  expect(&error, "argument", "vtac_array_new: unknown data type 'complex64'");
  assert_null(vtac_array_new(device, "int8", VTAC_DIMS(INT64_MAX, 4), &error));
  expect(&error, "argument",
         "vtac_array_new: the array is larger than the 4294967295 bytes that a "
         "device can address");
  assert_null(
      vtac_array_new(device, "int32", VTAC_DIMS(INT64_C(1) << 30), &error));
  expect(&error, "argument",
         "vtac_array_new: the array is larger than the 4294967295 bytes that a "
         "device can address");
  vtac_device_close(device);
}

/* A module for another accelerator than the device. */
static void test_configurations(void **state) {
  (void)state;
  vtac_error error;
  const vtac_gemm_params params = {.batch = 2,
                                   .in = 32,
                                   .out = 32,
                                   .tile_batch = 2,
                                   .tile_in = 16,
                                   .tile_out = 16,
                                   .shift = 8};
  const vtac_lower_options options = {.accelerator = 1};
  vtac_config *two =
      vtac_config_load("golden/configs/b2/vta_config.json", &error);
  vtac_device *device = vtac_device_open(two, NULL, &error);
  vtac_op *op = vtac_gemm(c, &params);
  const vtac_tensor *args;
  vtac_array *array[3];
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(c, op, VTAC_OP_VTA);
  vtac_module *module =
      vtac_build(c, vtac_op_schedule(op), n, args, "kernel", &options);
  for (int i = 0; i < n; i++) array[i] = vtac_array_like(device, args[i], NULL);
  run_refused(module, device, n, array, "config-mismatch",
              "module 'kernel' was built for LOG_BATCH = 0, the device has 1");
  for (int i = 0; i < n; i++) vtac_array_free(array[i]);
  vtac_module_free(module);
  vtac_device_close(device);
  vtac_config_free(two);
}

/* The environment says what the fast path is, and nothing about others. */
static void test_forced_path(void **state) {
  (void)state;
  const vtac_device_options plain = {.sim_path = VTAC_SIM_PLAIN};
  const char *before = getenv("VTAC_SIM_ISA");
  char *kept = before ? strdup(before) : NULL;
  vtac_core_speed speed;
  vtac_error error;
  setenv("VTAC_SIM_ISA", "sse", 1);
  assert_null(vtac_device_open(config, NULL, &error));
  expect(&error, "sim-isa", "VTAC_SIM_ISA: there is no simulator path 'sse'");
  assert_int_equal(vtac_measure_core(VTAC_SIM_FAST, &speed, &error),
                   VTAC_INVALID);
  vtac_device *device = vtac_device_open(config, &plain, &error);
  assert_non_null(device);
  vtac_device_close(device);
  setenv("VTAC_SIM_ISA", "portable", 1);
  device = vtac_device_open(config, NULL, &error);
  assert_non_null(device);
  vtac_device_close(device);
  if (kept)
    setenv("VTAC_SIM_ISA", kept, 1);
  else
    unsetenv("VTAC_SIM_ISA");
  free(kept);
}

/* ---- Errors stay -------------------------------------------------------- */

static void test_sticky(void **state) {
  (void)state;
  Graph g = graph();
  vtac_iter outer = vtac_axis(g.res, 0), inner = outer;
  vtac_split(c, g.on_res, vtac_axis(g.shr, 0), 2, NULL, NULL);
  const vtac_error first = *vtac_context_error(c);
  vtac_set_scope(c, NULL, NULL);
  vtac_split(c, g.on_res, vtac_axis(g.res, 0), 2, &outer, &inner);
  assert_null(outer);
  assert_null(inner);
  assert_null(vtac_placeholder(c, "A", "int8", VTAC_DIMS(4)));
  assert_null(vtac_add(c, NULL, NULL));
  assert_null(lower(&g, 0));
  assert_null(host_module(&g));
  assert_null(vtac_gemm(c, NULL));
  expect(vtac_context_error(c), first.id, first.message);
  refused("axis", "split: axis 'i0' does not belong to stage 'res'");
  assert_non_null(lower(&g, 0)); /* nothing had changed */
}

/* A program that asks once, at its end, may call anything in between. */
static void test_unchecked_program(void **state) {
  (void)state;
  const vtac_gemm_params params = {.batch = 0,
                                   .in = 64,
                                   .out = 64,
                                   .tile_batch = 1,
                                   .tile_in = 16,
                                   .tile_out = 16,
                                   .shift = 8};
  vtac_op *op = vtac_gemm(c, &params);
  const vtac_tensor *args;
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(c, op, VTAC_OP_VTA);
  vtac_module *module =
      vtac_build(c, vtac_op_schedule(op), n, args, "kernel", NULL);
  assert_int_equal(n, 0);
  assert_null(module);
  assert_null(vtac_module_name(module));
  vtac_module_free(module);
  refused("operator", "batch size is 0; it must be at least 1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_runs),        TEST(test_arrays), TEST(test_configurations),
      TEST(test_forced_path), TEST(test_sticky), TEST(test_unchecked_program),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
