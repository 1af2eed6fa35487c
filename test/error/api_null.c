/* SPDX-License-Identifier: Apache-2.0 */
/* NULL and bad lists, in every call of the public API: an error that names the
 * call and the argument, or an empty answer. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/api_kit.h"

static void test_null_tensors(void **state) {
  (void)state;
  const int64_t shape[] = {4};
  vtac_iter i[2] = {NULL, NULL};
  vtac_tensor t = vtac_placeholder(c, "t", "int8", 1, shape);
  vtac_axes(c, 1, shape, NULL, i);
  vtac_placeholder(c, NULL, "int8", 1, shape);
  refused("argument", "vtac_placeholder: argument 'name' is NULL");
  vtac_placeholder(c, "t", NULL, 1, shape);
  refused("argument", "vtac_placeholder: argument 'dtype' is NULL");
  vtac_placeholder(c, "t", "int8", 1, NULL);
  refused("argument", "vtac_placeholder: argument 'shape' is NULL");
  vtac_axes(c, 1, NULL, NULL, i);
  refused("argument", "vtac_axes: argument 'shape' is NULL");
  vtac_axes(c, 1, shape, NULL, NULL);
  refused("argument", "vtac_axes: argument 'ret_axes' is NULL");
  vtac_axes(c, 1, shape, (const char *[]){NULL}, i);
  refused("argument", "vtac_axes: names[0] is NULL");
  vtac_compute(c, "u", 1, NULL, vtac_int(c, 1));
  refused("argument", "vtac_compute: argument 'axes' is NULL");
  vtac_compute(c, "u", 2, i, vtac_int(c, 1));
  refused("argument", "vtac_compute: axes[0] is NULL");
  vtac_compute(c, "u", 1, i, NULL);
  refused("argument", "vtac_compute: axes[0] is NULL");
  vtac_copy(c, NULL, "copy");
  refused("argument", "vtac_copy: argument 'tensor' is NULL");
  vtac_pad(c, t, NULL, NULL, "padded");
  refused("argument", "vtac_pad: argument 'before' is NULL");
  vtac_read(c, t, 1, NULL);
  refused("argument", "vtac_read: argument 'indices' is NULL");
  vtac_add(c, vtac_int(c, 1), NULL);
  refused("argument", "vtac_add: argument 'b' is NULL");
  vtac_cast(c, NULL, vtac_int(c, 1));
  refused("argument", "vtac_cast: argument 'dtype' is NULL");
  vtac_select(c, NULL, vtac_int(c, 1), vtac_int(c, 1));
  refused("argument", "vtac_select: argument 'condition' is NULL");
  vtac_sum(c, vtac_int(c, 1), 1, NULL);
  refused("argument", "vtac_sum: argument 'axes' is NULL");
  assert_null(vtac_tensor_name(NULL));
  assert_null(vtac_tensor_dtype(NULL));
  assert_int_equal(vtac_tensor_ndim(NULL), 0);
  assert_int_equal(vtac_tensor_dim(NULL, 0), -1);
  assert_null(vtac_axis(NULL, 0));
  assert_null(vtac_tensor_reduce_axis(NULL, 0));
}

static void test_null_schedules(void **state) {
  (void)state;
  Graph g = graph();
  vtac_iter x = vtac_axis(g.res, 0), tiles[4];
  vtac_schedule_new(c, 1, NULL);
  refused("argument", "vtac_schedule_new: argument 'outputs' is NULL");
  vtac_schedule_new(c, -1, NULL);
  refused("argument", "vtac_schedule_new: -1 is no number of outputs");
  vtac_stage_of(c, NULL, g.res);
  refused("argument", "vtac_stage_of: argument 'schedule' is NULL");
  vtac_stage_of(c, g.schedule, NULL);
  refused("argument", "vtac_stage_of: argument 'tensor' is NULL");
  vtac_split(c, NULL, x, 2, NULL, NULL);
  refused("argument", "vtac_split: argument 'stage' is NULL");
  vtac_split_nparts(c, g.on_res, NULL, 2, NULL, NULL);
  refused("argument", "vtac_split_nparts: argument 'axis' is NULL");
  vtac_fuse(c, g.on_res, 2, (vtac_iter[]){x, NULL});
  refused("argument", "vtac_fuse: axes[1] is NULL");
  vtac_reorder(c, g.on_res, 2, NULL);
  refused("argument", "vtac_reorder: argument 'axes' is NULL");
  vtac_tile(c, g.on_res, x, NULL, 2, 2, tiles);
  refused("argument", "vtac_tile: argument 'y' is NULL");
  vtac_compute_at(c, g.on_shr, NULL, x);
  refused("argument", "vtac_compute_at: argument 'consumer' is NULL");
  vtac_set_scope(c, g.on_shr, NULL);
  refused("argument", "vtac_set_scope: argument 'scope' is NULL");
  vtac_bind(c, g.on_res, x, NULL);
  refused("argument", "vtac_bind: argument 'thread' is NULL");
  vtac_pragma(c, g.on_res, x, NULL);
  refused("argument", "vtac_pragma: argument 'pragma' is NULL");
  vtac_tensorize_gemm(c, g.on_res, NULL);
  refused("argument", "vtac_tensorize_gemm: argument 'axis' is NULL");
  vtac_cache_read(c, g.schedule, g.data, "global", 1, NULL);
  refused("argument", "vtac_cache_read: argument 'readers' is NULL");
  vtac_cache_write(c, NULL, g.sum, "global");
  refused("argument", "vtac_cache_write: argument 'schedule' is NULL");
  vtac_lower_text(c, NULL, VTAC_TENSORS(g.data), "main", NULL);
  refused("argument", "vtac_lower_text: argument 'schedule' is NULL");
  vtac_lower_text(c, g.schedule, 1, NULL, "main", NULL);
  refused("argument", "vtac_lower_text: argument 'args' is NULL");
  vtac_build(c, g.schedule, VTAC_TENSORS(g.data, g.weight, NULL), "main", NULL);
  refused("argument", "vtac_build: args[2] is NULL");
  vtac_build(c, g.schedule, VTAC_TENSORS(g.data, g.weight, g.res), NULL, NULL);
  refused("argument", "vtac_build: argument 'name' is NULL");
  vtac_gemm(c, NULL);
  refused("argument", "vtac_gemm: argument 'params' is NULL");
  vtac_conv2d(c, NULL);
  refused("argument", "vtac_conv2d: argument 'params' is NULL");
  vtac_op_schedule_to(c, NULL, VTAC_OP_VTA);
  refused("argument", "vtac_op_schedule_to: argument 'op' is NULL");
  assert_null(vtac_op_schedule(NULL));
  assert_int_equal(vtac_op_args(NULL, NULL), 0);
}

static void test_null_runtime(void **state) {
  (void)state;
  const int64_t shape[] = {4};
  vtac_error error;
  vtac_device *device = vtac_device_open(config, NULL, &error);
  vtac_array *array = vtac_array_new(device, "int8", 1, shape, &error);
  assert_null(vtac_config_load(NULL, &error));
  expect(&error, "argument", "vtac_config_load: argument 'path' is NULL");
  assert_null(vtac_config_parse(NULL, 0, "text", &error));
  expect(&error, "argument", "vtac_config_parse: argument 'text' is NULL");
  assert_null(vtac_context_new(NULL, &error));
  expect(&error, "argument", "vtac_context_new: argument 'config' is NULL");
  assert_null(vtac_device_open(NULL, NULL, &error));
  expect(&error, "argument", "vtac_device_open: argument 'config' is NULL");
  assert_null(vtac_array_new(NULL, "int8", 1, shape, &error));
  expect(&error, "argument", "vtac_array_new: argument 'device' is NULL");
  assert_null(vtac_array_new(device, NULL, 1, shape, &error));
  expect(&error, "argument", "vtac_array_new: argument 'dtype' is NULL");
  assert_null(vtac_array_new(device, "int8", 1, NULL, &error));
  expect(&error, "argument", "vtac_array_new: argument 'shape' is NULL");
  assert_null(vtac_array_like(device, NULL, &error));
  expect(&error, "argument", "vtac_array_like: argument 'tensor' is NULL");
  assert_int_equal(vtac_array_write(array, NULL, &error), VTAC_INVALID);
  expect(&error, "argument", "vtac_array_write: argument 'from' is NULL");
  assert_int_equal(vtac_array_read(NULL, &error, &error), VTAC_INVALID);
  expect(&error, "argument", "vtac_array_read: argument 'array' is NULL");
  assert_int_equal(vtac_module_run(NULL, device, 0, NULL, &error),
                   VTAC_INVALID);
  expect(&error, "argument", "vtac_module_run: argument 'module' is NULL");
  assert_null(vtac_device_open(NULL, NULL, NULL)); /* nobody listens */
  expect(vtac_context_error(NULL), "argument", "there is no context");
  assert_int_equal(vtac_array_size(NULL), 0);
  assert_int_equal(vtac_config_get(NULL, "BATCH"), -1);
  assert_int_equal(vtac_config_get(config, "NONSENSE"), -1);
  vtac_array_free(array);
  vtac_device_close(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_null_tensors),
      TEST(test_null_schedules),
      TEST(test_null_runtime),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
