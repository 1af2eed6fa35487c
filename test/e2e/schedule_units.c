/* SPDX-License-Identifier: Apache-2.0 */
/* What the units can do, each thing in a schedule of its own: every memory as
 * the target of loads, whole, in part and padded; stores; residuals, biases and
 * windows on the ALU; constants beyond an immediate. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/agree.h"
#include "support/api_kit.h"

static const char ACC[] = "local.acc_buffer";
enum { ROWS = 6, COLUMNS = 5, TILES = ROWS * COLUMNS, WORD = 4 };

static uint64_t counters[VTAC_COUNTERS];
static vtac_schedule schedule;

static void expect_counter(const char *name, uint64_t want) {
  uint64_t have = counter(counters, name);
  if (have != want)
    fail_msg("%s is %llu instead of %llu", name, (unsigned long long)have,
             (unsigned long long)want);
}

static vtac_stage on(vtac_tensor tensor) {
  return vtac_stage_of(c, schedule, tensor);
}

static void mark(vtac_tensor tensor, const char *scope, const char *pragma) {
  if (scope) vtac_set_scope(c, on(tensor), scope);
  vtac_pragma(c, on(tensor), vtac_axis(tensor, 0), pragma);
}

static vtac_tensor image(const char *name, const char *dtype) {
  return vtac_placeholder(c, name, dtype, VTAC_DIMS(ROWS, COLUMNS, 1, LANES));
}

static vtac_expr wide(vtac_expr e) { return vtac_cast(c, "int32", e); }

/* A stage that the ALU computes and one that narrows and stores it. */
static vtac_tensor finish(vtac_tensor last) {
  vtac_tensor res = element_wise("res", last, narrow);
  schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
  mark(last, ACC, "alu");
  mark(res, NULL, "dma_copy");
  return res;
}

static void runs(int n, const vtac_tensor *args) {
  fine();
  runs_right(schedule, n, args, counters);
}

/* ---- Loads -------------------------------------------------------------- */

/* All three memories that a product needs, and the micro-ops. */
static void every_memory_is_loaded(void **state) {
  (void)state;
  Graph g = graph();
  map(&g);
  fine();
  runs_right(g.schedule, VTAC_TENSORS(g.data, g.weight, g.res), counters);
  expect_counter("inp_load_nbytes", 4 * LANES);
  expect_counter("wgt_load_nbytes", 2 * 4 * LANES * LANES);
  assert_true(counter(counters, "uop_load_nbytes") > 0);
  expect_counter("out_store_nbytes", 2 * LANES);
}

static vtac_expr plus_five(vtac_expr e) {
  return vtac_add(c, e, vtac_int(c, 5));
}

/* 32-bit accumulators, and 8-bit values that are widened on the way. */
static void accumulators_of_both_widths(void **state) {
  (void)state;
  static const char *const types[] = {"int32", "int8"};
  for (int i = 0; i < 2; i++) {
    vtac_tensor a = image("a", types[i]);
    vtac_tensor a_buf =
        i ? element_wise("a_buf", a, wide) : vtac_copy(c, a, "a_buf");
    vtac_tensor plus = element_wise("plus", a_buf, plus_five);
    vtac_tensor res = finish(plus);
    mark(a_buf, ACC, "dma_copy");
    runs(VTAC_TENSORS(a, res));
    expect_counter("acc_load_nbytes", TILES * LANES * WORD);
    expect_counter("alu_counter", TILES);
  }
}

/* A window of the source, then one of the window's rows at a time. */
static void parts_of_accumulators(void **state) {
  (void)state;
  for (int by_rows = 0; by_rows < 2; by_rows++) {
    vtac_tensor a = image("a", "int32");
    vtac_iter i[4];
    vtac_axes(c, VTAC_DIMS(3, 2, 1, LANES), NULL, i);
    vtac_expr at[4] = {vtac_add(c, vtac_iter_expr(c, i[0]), vtac_int(c, 2)),
                       vtac_add(c, vtac_iter_expr(c, i[1]), vtac_int(c, 1)),
                       vtac_iter_expr(c, i[2]), vtac_iter_expr(c, i[3])};
    vtac_tensor part = vtac_compute(c, "part", 4, i, vtac_read(c, a, 4, at));
    vtac_tensor plus = element_wise("plus", part, plus_five);
    vtac_tensor res = element_wise("res", plus, narrow);
    schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
    if (by_rows) {
      vtac_compute_at(c, on(part), on(res), vtac_axis(res, 0));
      vtac_compute_at(c, on(plus), on(res), vtac_axis(res, 0));
    }
    mark(part, ACC, "dma_copy");
    mark(plus, ACC, "alu");
    vtac_pragma(c, on(res), vtac_axis(res, by_rows), "dma_copy");
    runs(VTAC_TENSORS(a, res));
    expect_counter("acc_load_nbytes", 3 * 2 * LANES * WORD);
  }
}

static void padded_accumulators(void **state) {
  (void)state;
  const int64_t before[4] = {2, 1, 0, 0}, after[4] = {1, 3, 0, 0};
  vtac_tensor a = image("a", "int32");
  vtac_tensor padded = vtac_pad(c, a, before, after, "padded");
  vtac_tensor plus = element_wise("plus", padded, plus_five);
  vtac_tensor res = finish(plus);
  mark(padded, ACC, "dma_copy");
  runs(VTAC_TENSORS(a, res));
  expect_counter("acc_load_nbytes", TILES * LANES * WORD);
  expect_counter("out_store_nbytes", (ROWS + 3) * (COLUMNS + 4) * LANES);
}

/* ---- Stores ------------------------------------------------------------- */

/* Only values of the activations' width can be stored. */
static void stores_are_narrow(void **state) {
  (void)state;
  vtac_tensor a = image("a", "int32");
  vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
  vtac_tensor plus = element_wise("plus", a_buf, plus_five);
  vtac_tensor res = vtac_copy(c, plus, "res");
  schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
  mark(a_buf, ACC, "dma_copy");
  mark(plus, ACC, "alu");
  mark(res, NULL, "dma_copy");
  const vtac_lower_options options = {.accelerator = 1};
  assert_null(
      vtac_lower_text(c, schedule, VTAC_TENSORS(a, res), "main", &options));
  assert_string_equal(vtac_context_error(c)->cure,
                      "cast to that type in the stage that is stored");
  refused("dma-copy",
          "dma_copy of 'res': the machine stores int8, but 'res' is of type "
          "int32");
}

/* ---- The ALU ------------------------------------------------------------ */

/* Two loads into one memory, and their sum. */
static void a_residual(void **state) {
  (void)state;
  vtac_tensor a = image("a", "int32"), b = image("b", "int8");
  vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
  vtac_tensor b_buf = element_wise("b_buf", b, wide);
  vtac_iter i[4];
  vtac_axes(c, VTAC_DIMS(ROWS, COLUMNS, 1, LANES), NULL, i);
  vtac_tensor both = vtac_compute(
      c, "both", 4, i,
      vtac_add(c, vtac_at(c, a_buf, 4, i), vtac_at(c, b_buf, 4, i)));
  vtac_tensor res = finish(both);
  mark(a_buf, ACC, "dma_copy");
  mark(b_buf, ACC, "dma_copy");
  runs(VTAC_TENSORS(a, b, res));
  expect_counter("acc_load_nbytes", 2 * TILES * LANES * WORD);
  expect_counter("alu_counter", TILES);
}

/* One tile for each column serves all rows. */
static void a_bias(void **state) {
  (void)state;
  vtac_tensor a = image("a", "int32");
  vtac_tensor bias =
      vtac_placeholder(c, "bias", "int32", VTAC_DIMS(COLUMNS, 1, LANES));
  vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
  vtac_tensor bias_buf = vtac_copy(c, bias, "bias_buf");
  vtac_iter i[4];
  vtac_axes(c, VTAC_DIMS(ROWS, COLUMNS, 1, LANES), NULL, i);
  vtac_tensor both = vtac_compute(
      c, "both", 4, i,
      vtac_add(c, vtac_at(c, a_buf, 4, i),
               vtac_at(c, bias_buf, VTAC_ITERS(i[1], i[2], i[3]))));
  vtac_tensor res = finish(both);
  mark(a_buf, ACC, "dma_copy");
  mark(bias_buf, ACC, "dma_copy");
  runs(VTAC_TENSORS(a, bias, res));
  expect_counter("acc_load_nbytes", (TILES + COLUMNS) * LANES * WORD);
}

/* Windows of 2 x 3, by the largest element and by the sum. */
static void windows(void **state) {
  (void)state;
  for (int average = 0; average < 2; average++) {
    vtac_tensor a = image("a", "int32");
    vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
    vtac_iter i[4], y = vtac_reduce_axis(c, 0, 2, "y"),
                    x = vtac_reduce_axis(c, 0, 3, "x");
    vtac_axes(c, VTAC_DIMS(ROWS - 1, COLUMNS - 2, 1, LANES), NULL, i);
    vtac_expr at[4] = {
        vtac_add(c, vtac_iter_expr(c, i[0]), vtac_iter_expr(c, y)),
        vtac_add(c, vtac_iter_expr(c, i[1]), vtac_iter_expr(c, x)),
        vtac_iter_expr(c, i[2]), vtac_iter_expr(c, i[3])};
    vtac_expr read = vtac_read(c, a_buf, 4, at);
    vtac_tensor pool =
        vtac_compute(c, "pool", 4, i,
                     average ? vtac_sum(c, read, VTAC_ITERS(y, x))
                             : vtac_max_over(c, read, VTAC_ITERS(y, x)));
    vtac_tensor tail = element_wise("tail", pool, shifted);
    vtac_tensor res = finish(tail);
    mark(a_buf, ACC, "dma_copy");
    vtac_set_scope(c, on(pool), ACC);
    vtac_reorder(c, on(pool), VTAC_ITERS(i[0], i[1], y, x, i[2], i[3]));
    vtac_pragma(c, on(pool), i[0], "alu");
    runs(VTAC_TENSORS(a, res));
  }
}

static int64_t constant;
static vtac_expr plus_constant(vtac_expr e) {
  return vtac_add(c, e, vtac_int(c, constant));
}
static vtac_expr at_most_constant(vtac_expr e) {
  return vtac_shift_right(c, vtac_min(c, e, vtac_int(c, constant)),
                          vtac_int(c, 8));
}

/* Sums of several immediates are; bounds are not. */
static void constants_beyond_an_immediate(void **state) {
  (void)state;
  static const int64_t constants[] = {32767, 32768, -32769, 65535, -65536};
  for (int i = 0; i < 5; i++) {
    constant = constants[i];
    vtac_tensor a = image("a", "int32");
    vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
    vtac_tensor res = finish(element_wise("plus", a_buf, plus_constant));
    mark(a_buf, ACC, "dma_copy");
    runs(VTAC_TENSORS(a, res));
    int steps = constant < -32768 || constant > 32767 ? 2 : 1;
    if (constant == 65535) steps = 3;
    expect_counter("alu_counter", (uint64_t)(steps * TILES));
  }
  constant = 40000;
  vtac_tensor a = image("a", "int32");
  vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
  vtac_tensor res = finish(element_wise("most", a_buf, at_most_constant));
  mark(a_buf, ACC, "dma_copy");
  const vtac_lower_options options = {.accelerator = 1};
  assert_null(
      vtac_lower_text(c, schedule, VTAC_TENSORS(a, res), "main", &options));
  refused("alu-op",
          "alu stage 'most': constant 40000 is outside the range of "
          "immediates, -32768 to 32767, and cannot be made of a few of them");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_memory_is_loaded),
      TEST(accumulators_of_both_widths),
      TEST(parts_of_accumulators),
      TEST(padded_accumulators),
      TEST(stores_are_narrow),
      TEST(a_residual),
      TEST(a_bias),
      TEST(windows),
      TEST(constants_beyond_an_immediate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
