/* SPDX-License-Identifier: Apache-2.0 */
/* What the library refuses, and how: misuse of each part of the public API
 * leaves an error with an exact message, in the context or in the caller's
 * vtac_error, and harms nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "vtac/vtac.h"

static vtac_config *config;
static vtac_context *c;
static int mismatches; /* of the running test; all are shown */

static int set_up(void **state) {
  (void)state;
  config = vtac_config_default(NULL);
  c = vtac_context_new(config, NULL);
  mismatches = 0;
  return !c;
}

static int tear_down(void **state) {
  (void)state;
  vtac_context_free(c);
  vtac_config_free(config);
  return mismatches;
}

static void expect(const vtac_error *have, const char *id,
                   const char *message) {
  static const vtac_error none = {VTAC_OK, "no error", "", ""};
  if (!have) have = &none;
  if (!strcmp(have->id, id) && !strcmp(have->message, message)) return;
  print_error("have %s: %s\nwant %s: %s\n", have->id, have->message, id,
              message);
  mismatches++;
}

/* The context's error; it is cleared, so that the test goes on. */
static void refused(const char *id, const char *message) {
  expect(vtac_context_error(c), id, message);
  vtac_context_clear_error(c);
}

static void fine(void) {
  const vtac_error *error = vtac_context_error(c);
  if (error) fail_msg("%s", error->message);
}

/* ---- A graph to misuse -------------------------------------------------- */

/* data and weight, copied, multiplied, shifted: res. */
typedef struct Graph {
  vtac_tensor data, weight, data_buf, weight_buf, sum, shr, res;
  vtac_iter i[4], ic, ic_tns;
  vtac_schedule schedule;
  vtac_stage on_data, on_weight, on_sum, on_shr, on_res;
} Graph;

enum { LANES = 16 };

static vtac_expr product(const Graph *g, vtac_iter row) {
  vtac_expr d =
      vtac_at(c, g->data_buf, VTAC_ITERS(g->i[0], g->ic, g->i[2], g->ic_tns));
  vtac_expr w =
      vtac_at(c, g->weight_buf, VTAC_ITERS(g->i[1], g->ic, row, g->ic_tns));
  return vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", w));
}

static vtac_tensor element_wise(const char *name, vtac_tensor from,
                                vtac_expr (*make)(vtac_expr element)) {
  int64_t shape[4];
  vtac_iter i[4];
  for (int k = 0; k < 4; k++) shape[k] = vtac_tensor_dim(from, k);
  vtac_axes(c, 4, shape, NULL, i);
  return vtac_compute(c, name, 4, i, make(vtac_at(c, from, 4, i)));
}

static vtac_expr shifted(vtac_expr e) {
  return vtac_shift_right(c, e, vtac_int(c, 8));
}
static vtac_expr narrow(vtac_expr e) { return vtac_cast(c, "int8", e); }

static void add_schedule(Graph *g) {
  g->schedule = vtac_schedule_new(c, VTAC_TENSORS(g->res));
  g->on_data = vtac_stage_of(c, g->schedule, g->data_buf);
  g->on_weight = vtac_stage_of(c, g->schedule, g->weight_buf);
  g->on_sum = vtac_stage_of(c, g->schedule, g->sum);
  g->on_shr = vtac_stage_of(c, g->schedule, g->shr);
  g->on_res = vtac_stage_of(c, g->schedule, g->res);
}

static Graph graph(void) {
  Graph g = {.data = NULL};
  g.data = vtac_placeholder(c, "data", "int8", VTAC_DIMS(1, 4, 1, LANES));
  g.weight =
      vtac_placeholder(c, "weight", "int8", VTAC_DIMS(2, 4, LANES, LANES));
  g.data_buf = vtac_copy(c, g.data, "data_buf");
  g.weight_buf = vtac_copy(c, g.weight, "weight_buf");
  g.ic = vtac_reduce_axis(c, 0, 4, "ic");
  g.ic_tns = vtac_reduce_axis(c, 0, LANES, "ic_tns");
  vtac_axes(c, 4, (const int64_t[]){1, 2, 1, LANES},
            (const char *[]){"bo", "co", "bi", "ci"}, g.i);
  g.sum = vtac_compute(
      c, "sum", 4, g.i,
      vtac_sum(c, product(&g, g.i[3]), VTAC_ITERS(g.ic, g.ic_tns)));
  g.shr = element_wise("shr", g.sum, shifted);
  g.res = element_wise("res", g.shr, narrow);
  add_schedule(&g);
  fine();
  return g;
}

/* The whole schedule, mapped to the accelerator. */
static void map(const Graph *g) {
  vtac_iter ko = g->ic;
  vtac_set_scope(c, g->on_data, "local.inp_buffer");
  vtac_set_scope(c, g->on_weight, "local.wgt_buffer");
  vtac_set_scope(c, g->on_sum, "local.acc_buffer");
  vtac_set_scope(c, g->on_shr, "local.acc_buffer");
  vtac_reorder(c, g->on_sum,
               VTAC_ITERS(ko, g->i[0], g->i[1], g->i[2], g->i[3], g->ic_tns));
  vtac_compute_at(c, g->on_data, g->on_sum, ko);
  vtac_compute_at(c, g->on_weight, g->on_sum, ko);
  vtac_pragma(c, g->on_data, vtac_axis(g->data_buf, 0), "dma_copy");
  vtac_pragma(c, g->on_weight, vtac_axis(g->weight_buf, 0), "dma_copy");
  vtac_pragma(c, g->on_shr, vtac_axis(g->shr, 0), "alu");
  vtac_pragma(c, g->on_res, vtac_axis(g->res, 0), "dma_copy");
  vtac_tensorize_gemm(c, g->on_sum, g->i[2]);
  fine();
}

static const char *lower(const Graph *g, int accelerator) {
  const vtac_lower_options options = {.accelerator = accelerator, .verify = 1};
  return vtac_lower_text(c, g->schedule,
                         VTAC_TENSORS(g->data, g->weight, g->res), "main",
                         &options);
}

/* Lowers for the accelerator and expects a refusal. */
static void lowering_refused(const Graph *g, const char *id,
                             const char *message) {
  assert_null(lower(g, 1));
  refused(id, message);
}

/* ---- NULL --------------------------------------------------------------- */

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

/* ---- Tensors and expressions -------------------------------------------- */

static void test_shapes(void **state) {
  (void)state;
  vtac_iter i[2];
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 0));
  refused(
      "shape",
      "dimension 1 of 'A' has extent 0; it must lie between 1 and 2147483647");
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(-4));
  refused(
      "shape",
      "dimension 0 of 'A' has extent -4; it must lie between 1 and 2147483647");
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(INT64_MAX));
  refused("shape",
          "dimension 0 of 'A' has extent 9223372036854775807; it must lie "
          "between 1 and 2147483647");
  vtac_placeholder(c, "A", "int8", VTAC_DIMS(65536, 32768));
  refused("shape",
          "'A' has more than 2147483647 elements: 65536 times 32768 at "
          "dimension 1");
  vtac_placeholder(c, "A", "int8", 33, (int64_t[33]){1});
  refused("argument", "vtac_placeholder: 33 dimensions; a tensor has 0 to 32");
  vtac_placeholder(c, "A", "int8", -1, (int64_t[]){1});
  refused("argument", "vtac_placeholder: -1 dimensions; a tensor has 0 to 32");
  vtac_placeholder(c, "", "int8", VTAC_DIMS(4));
  refused("argument", "vtac_placeholder: the name is empty");
  vtac_placeholder(c, "A", "int65", VTAC_DIMS(4));
  refused("argument", "vtac_placeholder: unknown data type 'int65'");
  vtac_placeholder(c, "A", "handle", VTAC_DIMS(4));
  refused("argument", "vtac_placeholder: unknown data type 'handle'");
  vtac_axes(c, VTAC_DIMS(4, 0), (const char *[]){"y", "x"}, i);
  refused(
      "shape",
      "dimension 1 of 'x' has extent 0; it must lie between 1 and 2147483647");
  assert_null(i[0]);
  vtac_reduce_axis(c, 4, 4, "k");
  refused("shape",
          "reduction axis 'k' runs from 4 to 4; it needs an extent between 1 "
          "and 2147483647 in 32 bits");
  vtac_reduce_axis(c, 0, INT64_MAX, "k");
  refused("shape",
          "reduction axis 'k' runs from 0 to 9223372036854775807; it needs an "
          "extent between 1 and 2147483647 in 32 bits");
  vtac_tensor a = vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 4));
  vtac_pad(c, a, (int64_t[]){1, -1}, NULL, "padded");
  refused("shape",
          "padding of 'A' by -1 and -1 elements at dimension 1; it can't be "
          "negative");
  vtac_pad(c, a, (int64_t[]){0, 0}, (int64_t[]){0, INT64_MAX}, "padded");
  refused("shape",
          "padding of 'A' by 0 and 9223372036854775807 elements at dimension "
          "1; no extent may exceed 2147483647");
}

static void test_reads(void **state) {
  (void)state;
  vtac_iter i[2];
  vtac_tensor a = vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 4));
  vtac_axes(c, VTAC_DIMS(4, 4), NULL, i);
  vtac_at(c, a, 1, i);
  refused("tensor", "a read of 'A' has 1 indices; the tensor has 2 dimensions");
  vtac_read(
      c, a,
      VTAC_INDICES(vtac_iter_expr(c, i[0]), vtac_int(c, 0), vtac_int(c, 0)));
  refused("tensor", "a read of 'A' has 3 indices; the tensor has 2 dimensions");
  vtac_read(c, a,
            VTAC_INDICES(vtac_iter_expr(c, i[0]), vtac_const(c, "float32", 1)));
  refused("tensor",
          "index 1 of a read of 'A' has type float32; int32 is needed");
  vtac_const(c, "int8", 128);
  refused("argument", "vtac_const: 128 is no int8");
  vtac_const(c, "uint8", -1);
  refused("argument", "vtac_const: -1 is no uint8");
  vtac_const(c, "int8", 0.5);
  refused("argument", "vtac_const: 0.5 is no int8");
}

static void test_computes(void **state) {
  (void)state;
  vtac_iter i[2], k = vtac_reduce_axis(c, 0, 4, "k");
  vtac_tensor a = vtac_placeholder(c, "A", "int8", VTAC_DIMS(4, 4));
  vtac_axes(c, VTAC_DIMS(4, 4), (const char *[]){"y", "x"}, i);
  vtac_expr element = vtac_at(c, a, 2, i);
  vtac_compute(c, "B", 1, i, element);
  refused("tensor",
          "the body of compute 'B' uses variable 'x', which is no axis of it");
  vtac_compute(c, "B", VTAC_ITERS(i[0], i[0]), element);
  refused("tensor", "compute 'B' has axis 'y' twice");
  vtac_compute(c, "B", VTAC_ITERS(i[0], k), element);
  refused("tensor", "axis 1 ('k') of compute 'B' is no data axis from 0");
  vtac_expr sum = vtac_sum(c, vtac_at(c, a, VTAC_ITERS(i[0], k)), 1, &k);
  vtac_compute(c, "B", 1, i, vtac_add(c, sum, vtac_int(c, 1)));
  refused("tensor",
          "the body of compute 'B' has a reduction inside an expression; it "
          "may only stand at the top");
  vtac_sum(c, element, 0, NULL);
  refused("tensor", "a reduction needs at least one axis");
  vtac_sum(c, element, 1, i);
  refused("tensor", "a reduction runs over 'y', which is no reduction axis");
  vtac_max_over(c, element, VTAC_ITERS(k, k));
  refused("tensor", "a reduction runs over axis 'k' twice");
  vtac_compute(c, "B", -2, i, element);
  refused("argument", "vtac_compute: -2 dimensions; a tensor has 0 to 32");
}

/* ---- Schedules ---------------------------------------------------------- */

static void test_axes_of_stages(void **state) {
  (void)state;
  Graph g = graph();
  vtac_iter x = vtac_axis(g.res, 1), outer, inner;
  vtac_reorder(c, g.on_res, VTAC_ITERS(x, vtac_axis(g.shr, 0)));
  refused("axis", "reorder: axis 'i0' does not belong to stage 'res'");
  vtac_reorder(c, g.on_res, VTAC_ITERS(x, x));
  refused("axis", "reorder: axis 'i1' of stage 'res' is given twice");
  vtac_split(c, g.on_res, x, 0, NULL, NULL);
  refused("schedule",
          "split: axis 'i1' of stage 'res' into steps of 0; between 1 and "
          "1073741824 are possible");
  vtac_split_nparts(c, g.on_res, x, -1, NULL, NULL);
  refused("schedule",
          "split: axis 'i1' of stage 'res' into parts: -1; between 1 and "
          "1073741824 are possible");
  vtac_split(c, g.on_res, x, INT64_MAX, NULL, NULL);
  refused("schedule",
          "split: axis 'i1' of stage 'res' into steps of 9223372036854775807; "
          "between 1 and 1073741824 are possible");
  vtac_split(c, g.on_res, x, 2, &outer, &inner);
  vtac_split(c, g.on_res, x, 2, NULL, NULL);
  refused("axis",
          "split: axis 'i1' of stage 'res' is no leaf any more; it was split "
          "or fused");
  vtac_fuse(c, g.on_res, VTAC_ITERS(vtac_axis(g.res, 0), inner));
  refused("axis",
          "fuse: axes 'i0' and 'i1.inner' of stage 'res' are no neighbours");
  vtac_tile(c, g.on_res, inner, inner, 2, 2, (vtac_iter[4]){NULL});
  refused("axis", "tile: axis 'i1.inner' of stage 'res' is given twice");
  vtac_vectorize(c, g.on_sum, g.ic);
  refused("schedule",
          "vectorize: axis 'ic' of stage 'sum' is a reduction; its steps "
          "depend on one another");
  vtac_bind(c, g.on_res, outer, inner);
  refused("schedule", "bind: 'i1.inner' (for stage 'res') is no thread axis");
  vtac_bind(c, g.on_res, outer, vtac_thread_axis(c, "threadIdx.x"));
  refused("schedule",
          "bind: thread tag 'threadIdx.x' (for stage 'res'); the target has "
          "the virtual threads 'cthread' and 'vthread' only");
  vtac_bind(c, g.on_sum, g.ic, vtac_thread_axis(c, "cthread"));
  refused("schedule",
          "bind: axis 'ic' of stage 'sum' is a reduction; its steps depend on "
          "one another");
  vtac_pragma(c, g.on_res, vtac_axis(g.shr, 0), "dma_copy");
  refused("axis", "pragma: axis 'i0' does not belong to stage 'res'");
  vtac_tensorize_gemm(c, g.on_sum, vtac_axis(g.res, 0));
  refused("axis", "tensorize: axis 'i0' does not belong to stage 'sum'");
  vtac_tensorize_gemm(c, g.on_sum, g.i[2]);
  vtac_tensorize_gemm(c, g.on_sum, g.i[1]);
  refused("tensorize",
          "tensorize: axis 'bi' of stage 'sum' is tensorized already; 'co' "
          "can't be too");
}

static void test_places(void **state) {
  (void)state;
  Graph g = graph(), other = graph();
  vtac_compute_at(c, g.on_sum, g.on_shr, vtac_axis(g.shr, 0));
  vtac_compute_at(c, g.on_shr, g.on_sum, g.i[0]);
  refused("attach",
          "compute_at: stage 'shr' can't be inside 'sum', which is inside it");
  vtac_compute_at(c, g.on_shr, g.on_shr, vtac_axis(g.shr, 0));
  refused("attach",
          "compute_at: stage 'shr' can't be inside 'shr', which is inside it");
  vtac_compute_at(c, g.on_shr, g.on_data, vtac_axis(g.data_buf, 0));
  refused("attach",
          "compute_at: stage 'shr' at axis 'i0' of 'data_buf', which does not "
          "use it");
  vtac_compute_at(c, g.on_res, g.on_shr, vtac_axis(g.shr, 0));
  refused("attach",
          "compute_at: stage 'res' is an output; it stays at the root");
  vtac_compute_at(c, g.on_shr, other.on_res, vtac_axis(other.res, 0));
  refused("attach", "compute_at: 'shr' and 'res' are of two schedules");
  vtac_compute_at(c, g.on_shr, g.on_res, g.i[0]);
  refused("axis", "compute_at: axis 'bo' does not belong to stage 'res'");
  vtac_compute_at(c, vtac_stage_of(c, g.schedule, g.data), g.on_data,
                  vtac_axis(g.data_buf, 0));
  refused("schedule",
          "compute_at: 'data' is a placeholder; it is not computed");
  vtac_compute_inline(c, g.on_sum);
  refused("attach",
          "compute_inline: stage 'sum' is a reduction over 'ic'; it needs a "
          "place to accumulate in");
  vtac_stage_of(c, g.schedule, other.res);
  refused("schedule",
          "'res' is no tensor of this schedule: no output reads it");
  vtac_set_scope(c, g.on_sum, "acc_buffer");
  refused("schedule",
          "stage 'sum' in scope 'acc_buffer'; a scope is global, shared, warp "
          "or local, with or without a tag");
  vtac_set_scope(c, g.on_res, "local.acc_buffer");
  refused("schedule",
          "stage 'res' in scope 'local.acc_buffer'; an argument lies in global "
          "memory");
  vtac_cache_read(c, g.schedule, g.data, "global", VTAC_TENSORS(g.res));
  refused("schedule", "cache_read: stage 'res' does not read 'data'");
  vtac_cache_write(c, g.schedule, g.data, "global");
  refused("schedule", "cache_write: 'data' is a placeholder; use cache_read");
  vtac_schedule_new(c, VTAC_TENSORS(g.data));
  refused("schedule",
          "output 'data' is a placeholder; there is nothing to compute");
  vtac_schedule_new(c, VTAC_TENSORS(g.res, g.res));
  refused("schedule", "'res' is given as an output twice");
}

/* ---- Lowering ----------------------------------------------------------- */

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
      "buffer: @tir.shift_right(sum: Buffer(sum_1: Pointer(local.acc_buffer "
      "int32), int32, [32], [], scope=\"local.acc_buffer\", align=16)[((i1: "
      "int32*16) + i3: int32)], 8, dtype=int32)");
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

static void test_operators(void **state) {
  (void)state;
  const vtac_gemm_params gemm = {.batch = 1,
                                 .in = 100,
                                 .out = 64,
                                 .tile_batch = 1,
                                 .tile_in = 16,
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
  refused("operator", "input size 100 is no positive multiple of BLOCK_IN 16");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_null_tensors),
      TEST(test_null_schedules),
      TEST(test_null_runtime),
      TEST(test_shapes),
      TEST(test_reads),
      TEST(test_computes),
      TEST(test_axes_of_stages),
      TEST(test_places),
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
      TEST(test_operators),
      TEST(test_runs),
      TEST(test_arrays),
      TEST(test_configurations),
      TEST(test_sticky),
      TEST(test_unchecked_program),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
