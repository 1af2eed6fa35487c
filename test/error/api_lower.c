/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules that cannot be lowered or mapped to the accelerator are refused
 * with an exact message; padding that is not refused is right. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/api_kit.h"

static void test_arguments(void **state) {
  (void)state;
  static const char *const unknown[] = {"Simplify", "Nonsense"};
  const vtac_lower_options disable = {.disabled = unknown, .disabled_count = 2};
  const vtac_lower_options missing = {.disabled_count = 1};
  Graph g = graph(), other = graph();
  vtac_lower_text(c, g.schedule, VTAC_TENSORS(g.data, g.res), "main", NULL);
  refused("lower-args", "placeholder 'weight' is not among the arguments");
  vtac_lower_text(c, g.schedule, VTAC_TENSORS(g.data, g.weight), "main", NULL);
  refused("lower-args", "output 'res' is not among the arguments");
  vtac_lower_text(c, g.schedule, VTAC_TENSORS(g.data, g.weight, g.res, g.res),
                  "main", NULL);
  refused("lower-args", "argument 3 ('res') is given twice");
  vtac_lower_text(c, g.schedule,
                  VTAC_TENSORS(g.data, g.weight, g.res, other.data), "main",
                  NULL);
  refused("lower-args", "argument 3 ('data') is no tensor of the schedule");
  vtac_lower_text(c, g.schedule, VTAC_TENSORS(g.data, g.weight, g.res), "main",
                  &disable);
  refused("argument",
          "vtac_lower_text: there is no pass 'Nonsense' to disable");
  vtac_lower_text(c, g.schedule, VTAC_TENSORS(g.data, g.weight, g.res), "main",
                  &missing);
  refused("argument", "vtac_lower_text: argument 'disabled' is NULL");
}

static void test_mapping_is_right(void **state) {
  (void)state;
  Graph g = graph();
  map(&g);
  assert_non_null(lower(&g, 1));
}

static void test_wrong_pragmas(void **state) {
  (void)state;
  Graph g = graph();
  map(&g);
  vtac_pragma(c, g.on_shr, vtac_axis(g.shr, 1), "dma_copy");
  lowering_refused(
      &g, "dma-copy",
      "dma_copy of 'shr': what it writes is no plain element of another "
      "buffer: tir.shift_right(sum[((i1*16) + i3)], 8)");
  g = graph();
  map(&g);
  vtac_pragma(c, g.on_res, vtac_axis(g.res, 3), "alu");
  lowering_refused(
      &g, "dma-copy",
      "dma_copy of 'res': its loops hold no plain store, but this: attr");
}

/* A stage on chip that no unit is told to compute. */
static void test_missing_pragmas(void **state) {
  (void)state;
  Graph g = graph();
  vtac_set_scope(c, g.on_shr, "local.acc_buffer");
  vtac_pragma(c, g.on_res, vtac_axis(g.res, 0), "dma_copy");
  lowering_refused(&g, "onchip-access",
                   "the host accesses buffer 'shr', which lies in the "
                   "accelerator's local.acc_buffer");
  g = graph();
  vtac_set_scope(c, g.on_data, "local.inp_buffer");
  vtac_pragma(c, g.on_data, vtac_axis(g.data_buf, 0), "dma_copy");
  lowering_refused(&g, "onchip-access",
                   "the host accesses buffer 'data_buf', which lies in the "
                   "accelerator's local.inp_buffer");
}

static void test_wrong_scopes(void **state) {
  (void)state;
  Graph g = graph();
  map(&g);
  vtac_set_scope(c, g.on_data, "local.wgt_buffer");
  lowering_refused(
      &g, "buffer-bind",
      "buffer local.inp_buffer cannot be a view of data_buf: data_buf lies in "
      "local.wgt_buffer, but local.inp_buffer is needed");
  g = graph();
  map(&g);
  vtac_set_scope(c, g.on_sum, "global");
  lowering_refused(&g, "buffer-bind",
                   "buffer local.acc_buffer cannot be a view of sum: sum lies "
                   "in global, but local.acc_buffer is needed");
  g = graph();
  map(&g);
  vtac_set_scope(c, g.on_shr, "global");
  lowering_refused(&g, "dma-copy",
                   "dma_copy of 'res': only local.acc_buffer can be stored to "
                   "DRAM, not scope 'global' of 'shr'");
}

static void test_wrong_tensorize(void **state) {
  (void)state;
  Graph g = graph();
  vtac_tensorize_gemm(c, g.on_sum, g.i[1]);
  lowering_refused(
      &g, "tensorize",
      "tensorize of stage 'sum' at axis 'co' by 'GEMM': the output has extent "
      "2 in dimension 1; the intrinsic asks for 1");
  g = graph();
  vtac_tensorize_gemm(c, g.on_shr, vtac_axis(g.shr, 2));
  lowering_refused(&g, "tensorize",
                   "tensorize of stage 'shr' at axis 'i2' by 'GEMM': the stage "
                   "reads 1 tensors, the intrinsic 2");
  g = graph(); /* ic_tns is not inside */
  vtac_tensorize_gemm(c, g.on_sum, g.ic_tns);
  lowering_refused(
      &g, "tensorize",
      "tensorize of stage 'sum' at axis 'ic_tns' by 'GEMM': the output has "
      "extent 1 in dimension 3; the intrinsic asks for 16");
  g = graph();
  vtac_iter inner;
  vtac_split(c, g.on_sum, g.i[3], 8, NULL, &inner);
  vtac_tensorize_gemm(c, g.on_sum, inner);
  lowering_refused(
      &g, "tensorize",
      "tensorize of stage 'sum' at axis 'ci.inner' by 'GEMM': the output has "
      "extent 8 in dimension 3; the intrinsic asks for 16");
}

/* The transposed weight is another computation of the same shape. */
static void test_tensorize_other_computation(void **state) {
  (void)state;
  Graph g = graph();
  vtac_expr d =
      vtac_at(c, g.data_buf, VTAC_ITERS(g.i[0], g.ic, g.i[2], g.ic_tns));
  vtac_expr w =
      vtac_at(c, g.weight_buf, VTAC_ITERS(g.i[1], g.ic, g.ic_tns, g.i[3]));
  vtac_expr both =
      vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", w));
  g.sum = vtac_compute(c, "sum", 4, g.i,
                       vtac_sum(c, both, VTAC_ITERS(g.ic, g.ic_tns)));
  g.shr = element_wise("shr", g.sum, shifted);
  g.res = element_wise("res", g.shr, narrow);
  add_schedule(&g);
  map(&g);
  lowering_refused(
      &g, "tensorize",
      "tensorize of stage 'sum' at axis 'bi' by 'GEMM': the stage computes "
      "(int32(local.inp_buffer[0, k])*int32(local.wgt_buffer[k, j])) (int32), "
      "the intrinsic (int32(local.inp_buffer[0, k])*int32(local.wgt_buffer[j, "
      "k])) (int32)");
}

/* A copy of a padded tensor by way of the accelerator. */
typedef struct PaddedCopy {
  vtac_tensor data, res;
  int64_t from[6], before[6], shape[6]; /* of data, of padding, of res */
  vtac_module *module;
} PaddedCopy;

enum { DATA_SIZE = 2 * 6 * 6 * LANES, RES_SIZE = 1 << 17 };

static PaddedCopy build_padded(int64_t rows, const int64_t before[6]) {
  const vtac_lower_options options = {.accelerator = 1, .verify = 1};
  PaddedCopy copy = {.from = {1, 2, 6, 6, rows, LANES}};
  vtac_iter i[6];
  memcpy(copy.before, before, sizeof copy.before);
  copy.data = vtac_placeholder(c, "data", "int32", 6, copy.from);
  vtac_tensor padded = vtac_pad(c, copy.data, before, NULL, "data_buf");
  for (int k = 0; k < 6; k++) copy.shape[k] = vtac_tensor_dim(padded, k);
  vtac_axes(c, 6, copy.shape, NULL, i);
  copy.res = vtac_compute(c, "res", 6, i, narrow(vtac_at(c, padded, 6, i)));
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(copy.res));
  vtac_stage stage = vtac_stage_of(c, s, padded);
  vtac_set_scope(c, stage, "local.acc_buffer");
  vtac_pragma(c, stage, vtac_axis(padded, 0), "dma_copy");
  vtac_pragma(c, vtac_stage_of(c, s, copy.res), vtac_axis(copy.res, 0),
              "dma_copy");
  copy.module =
      vtac_build(c, s, VTAC_TENSORS(copy.data, copy.res), "copy", &options);
  return copy;
}

/* Element number `at` of the result, by the definition of padding. */
static int8_t padded_element(const PaddedCopy *copy, int64_t at,
                             const int32_t *data) {
  int64_t from = 0, index[6];
  for (int k = 5; k >= 0; k--) {
    index[k] = at % copy->shape[k] - copy->before[k];
    at /= copy->shape[k];
    if (index[k] < 0 || index[k] >= copy->from[k]) return 0;
  }
  for (int k = 0; k < 6; k++) from = from * copy->from[k] + index[k];
  return (int8_t)data[from];
}

static void padding_is_right(const int64_t before[6]) {
  static int32_t data[DATA_SIZE];
  static int8_t res[RES_SIZE];
  const vtac_device_options options = {.verify = 1};
  vtac_error error;
  PaddedCopy copy = build_padded(1, before);
  fine();
  vtac_device *device = vtac_device_open(config, &options, NULL);
  vtac_array *array[] = {vtac_array_like(device, copy.data, NULL),
                         vtac_array_like(device, copy.res, NULL)};
  for (int i = 0; i < DATA_SIZE; i++) data[i] = 1 + i % 97;
  assert_true(vtac_array_size(array[1]) <= RES_SIZE);
  vtac_array_write(array[0], data, NULL);
  if (vtac_module_run(copy.module, device, 2, array, &error))
    fail_msg("%s", error.message);
  vtac_array_read(array[1], res, NULL);
  for (size_t i = 0; i < vtac_array_size(array[1]); i++)
    assert_int_equal(res[i], padded_element(&copy, (int64_t)i, data));
  for (int i = 0; i < 2; i++) vtac_array_free(array[i]);
  vtac_device_close(device);
  vtac_module_free(copy.module);
}

static void padding_refused(int64_t rows, const int64_t before[6],
                            const char *message) {
  assert_null(build_padded(rows, before).module);
  refused("dma-copy", message);
}

/* Rows and columns are padded by the transfer itself, outer dimensions by
 * more transfers; what lies inside a block cannot be padded. */
static void test_padding(void **state) {
  (void)state;
  padding_is_right((int64_t[]){0, 0, 1, 15, 0, 0});
  padding_is_right((int64_t[]){1, 0, 0, 0, 0, 0});
  padding_is_right((int64_t[]){0, 1, 1, 1, 0, 0});
  padding_is_right((int64_t[]){0, 0, 1, 1, 1, 0});
  padding_is_right((int64_t[]){0, 0, 16, 1, 0, 0});
  padding_is_right((int64_t[]){0, 0, 1, 16, 0, 0});
  padding_refused(1, (int64_t[]){0, 0, 1, 1, 0, 1},
                  "dma_copy of 'data_buf': loop 'i5' runs inside one block of "
                  "16 elements and cannot be padded");
}

/* With tiles of more than one row, the rows are inside the block. */
static void test_padding_of_batch_block(void **state) {
  (void)state;
  vtac_config *two =
      vtac_config_load("golden/configs/b2/vta_config.json", NULL);
  vtac_context_free(c);
  c = vtac_context_new(two, NULL);
  vtac_config_free(two);
  padding_refused(2, (int64_t[]){0, 0, 1, 1, 1, 0},
                  "dma_copy of 'data_buf': loop 'i4' runs inside one block of "
                  "32 elements and cannot be padded");
}

static void test_threads(void **state) {
  (void)state;
  Graph g = graph();
  vtac_iter thread = vtac_thread_axis(c, "cthread");
  vtac_bind(c, g.on_res, vtac_axis(g.res, 1), thread);
  vtac_bind(c, g.on_shr, vtac_axis(g.shr, 3), thread);
  assert_null(lower(&g, 0));
  refused("schedule",
          "thread 'cthread' is bound to axis 'i3' of stage 'shr' and to axes "
          "of another extent");
}

/* A read of the row behind the last one; as it is, the host finds it when it
 * runs. */
static void test_reads_outside(void **state) {
  (void)state;
  vtac_iter i[4];
  vtac_tensor a = vtac_placeholder(c, "a", "int32", VTAC_DIMS(3, 2, 1, LANES));
  vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
  vtac_axes(c, VTAC_DIMS(3, 2, 1, LANES), NULL, i);
  vtac_expr row = vtac_add(c, vtac_iter_expr(c, i[0]), vtac_int(c, 1));
  vtac_expr value =
      vtac_read(c, a_buf,
                VTAC_INDICES(row, vtac_iter_expr(c, i[1]),
                             vtac_iter_expr(c, i[2]), vtac_iter_expr(c, i[3])));
  vtac_tensor b = vtac_compute(c, "b", 4, i, vtac_cast(c, "int8", value));
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(b));
  const vtac_lower_options options = {.accelerator = 1};
  assert_null(vtac_lower_text(c, s, VTAC_TENSORS(a, b), "main", &options));
  refused("read-bounds",
          "'b' reads dimension 0 of 'a_buf' at 1 to 3; it has 3 elements");
  assert_non_null(vtac_lower_text(c, s, VTAC_TENSORS(a, b), "main", NULL));
}

static void test_intrinsics_need_the_accelerator(void **state) {
  (void)state;
  Graph g = graph();
  map(&g);
  assert_null(vtac_build(c, g.schedule, VTAC_TENSORS(g.data, g.weight, g.res),
                         "main", NULL));
  refused("no-accelerator",
          "stage 'sum' is tensorized, which only the accelerator can run");
}

static void test_operators(void **state) {
  (void)state;
  const vtac_gemm_params gemm = {.batch = 1,
                                 .in = 128,
                                 .out = 64,
                                 .tile_batch = 1,
                                 .tile_in = 100,
                                 .tile_out = 16,
                                 .shift = 8};
  const vtac_gemm_params large = {.batch = 1,
                                  .in = 1024,
                                  .out = 1024,
                                  .tile_batch = 1,
                                  .tile_in = 1024,
                                  .tile_out = 1024,
                                  .shift = 8};
  assert_null(vtac_gemm(c, &gemm));
  refused("operator", "input tile 100 is no positive multiple of BLOCK_IN 16");
  vtac_op *op = vtac_gemm(c, &large);
  const vtac_tensor *args;
  int n = vtac_op_args(op, &args);
  const vtac_lower_options options = {.accelerator = 1};
  vtac_op_schedule_to(c, op, VTAC_OP_VTA);
  assert_null(vtac_build(c, vtac_op_schedule(op), n, args, "kernel", &options));
  refused("buffer-overflow",
          "buffer weight_buf needs 1048576 bytes of "
          "local.wgt_buffer, which has 262144");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_arguments),
      TEST(test_mapping_is_right),
      TEST(test_wrong_pragmas),
      TEST(test_missing_pragmas),
      TEST(test_wrong_scopes),
      TEST(test_wrong_tensorize),
      TEST(test_tensorize_other_computation),
      TEST(test_padding),
      TEST(test_padding_of_batch_block),
      TEST(test_threads),
      TEST(test_reads_outside),
      TEST(test_intrinsics_need_the_accelerator),
      TEST(test_operators),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
