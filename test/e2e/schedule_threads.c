/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual threads and what stands around them: whatever is loaded, computed or
 * stored outside of the threads and used inside, or the other way round, the
 * numbers are right and no unit waits for ever. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/agree.h"
#include "support/api_kit.h"

static const char *tag = "cthread";

/* A matrix multiply, rows x columns blocks over `depth`, and its tail. */
typedef struct Gemm {
  vtac_tensor data, weight, data_buf, weight_buf, sum, shr, res;
  vtac_iter k, k_tns;
  vtac_schedule schedule;
  vtac_stage on_data, on_weight, on_sum, on_shr, on_res;
} Gemm;

static vtac_tensor multiply(Gemm *g, int64_t rows, int64_t columns) {
  vtac_iter i[4];
  vtac_axes(c, VTAC_DIMS(rows, columns, 1, LANES),
            (const char *[]){"o", "m", "bi", "ci"}, i);
  vtac_expr d = vtac_at(c, g->data_buf, VTAC_ITERS(i[0], g->k, i[2], g->k_tns));
  vtac_expr w =
      vtac_at(c, g->weight_buf, VTAC_ITERS(i[1], g->k, i[3], g->k_tns));
  vtac_expr both =
      vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", w));
  return vtac_compute(c, "sum", 4, i,
                      vtac_sum(c, both, VTAC_ITERS(g->k, g->k_tns)));
}

static Gemm gemm_of(vtac_tensor data, vtac_tensor data_buf, int64_t columns) {
  int64_t rows = vtac_tensor_dim(data_buf, 0);
  int64_t depth = vtac_tensor_dim(data_buf, 1);
  Gemm g = {.data = data,
            .data_buf = data_buf,
            .k = vtac_reduce_axis(c, 0, depth, "k"),
            .k_tns = vtac_reduce_axis(c, 0, LANES, "k_tns")};
  g.weight = vtac_placeholder(c, "weight", "int8",
                              VTAC_DIMS(columns, depth, LANES, LANES));
  g.weight_buf = vtac_copy(c, g.weight, "weight_buf");
  g.sum = multiply(&g, rows, columns);
  g.shr = element_wise("shr", g.sum, shifted);
  g.res = element_wise("res", g.shr, narrow);
  g.schedule = vtac_schedule_new(c, VTAC_TENSORS(g.res));
  g.on_data = vtac_stage_of(c, g.schedule, g.data_buf);
  g.on_weight = vtac_stage_of(c, g.schedule, g.weight_buf);
  g.on_sum = vtac_stage_of(c, g.schedule, g.sum);
  g.on_shr = vtac_stage_of(c, g.schedule, g.shr);
  g.on_res = vtac_stage_of(c, g.schedule, g.res);
  vtac_set_scope(c, g.on_data, "local.inp_buffer");
  vtac_set_scope(c, g.on_weight, "local.wgt_buffer");
  vtac_set_scope(c, g.on_sum, "local.acc_buffer");
  vtac_set_scope(c, g.on_shr, "local.acc_buffer");
  vtac_pragma(c, g.on_data, vtac_axis(g.data_buf, 0), "dma_copy");
  vtac_pragma(c, g.on_weight, vtac_axis(g.weight_buf, 0), "dma_copy");
  vtac_pragma(c, g.on_shr, vtac_axis(g.shr, 0), "alu");
  vtac_tensorize_gemm(c, g.on_sum, vtac_axis(g.sum, 2));
  vtac_reorder(c, g.on_sum,
               VTAC_ITERS(g.k, vtac_axis(g.sum, 0), vtac_axis(g.sum, 1),
                          vtac_axis(g.sum, 2), vtac_axis(g.sum, 3), g.k_tns));
  fine();
  return g;
}

static Gemm gemm(int64_t rows, int64_t columns, int64_t depth) {
  vtac_tensor data =
      vtac_placeholder(c, "data", "int8", VTAC_DIMS(rows, depth, 1, LANES));
  return gemm_of(data, vtac_copy(c, data, "data_buf"), columns);
}

static void runs(const Gemm *g) {
  uint64_t counters[VTAC_COUNTERS];
  fine();
  runs_right(g->schedule, VTAC_TENSORS(g->data, g->weight, g->res), counters);
}

/* The rows of the result in threads: thread, row, the rest. */
static vtac_iter threads_over_rows(const Gemm *g, int64_t threads,
                                   vtac_iter *ret_row) {
  vtac_iter thread;
  vtac_split_nparts(c, g->on_res, vtac_axis(g->res, 0), threads, &thread,
                    ret_row);
  vtac_bind(c, g->on_res, thread, vtac_thread_axis(c, tag));
  vtac_compute_at(c, g->on_shr, g->on_res, *ret_row);
  vtac_compute_at(c, g->on_sum, g->on_res, *ret_row);
  vtac_pragma(c, g->on_res, vtac_axis(g->res, 1), "dma_copy");
  return thread;
}

static void weights_loaded_outside(void **state) {
  (void)state;
  vtac_iter row;
  Gemm g = gemm(4, 2, 2);
  threads_over_rows(&g, 2, &row);
  vtac_compute_at(c, g.on_data, g.on_sum, g.k);
  runs(&g);
}

static void both_loaded_outside(void **state) {
  (void)state;
  vtac_iter row;
  Gemm g = gemm(4, 2, 2);
  threads_over_rows(&g, 2, &row);
  runs(&g);
}

static void data_loaded_in_a_thread(void **state) {
  (void)state;
  vtac_iter row;
  Gemm g = gemm(4, 2, 2);
  vtac_iter thread = threads_over_rows(&g, 2, &row);
  vtac_compute_at(c, g.on_data, g.on_res, thread);
  vtac_compute_at(c, g.on_weight, g.on_sum, g.k);
  runs(&g);
}

/* All of the reduction inside the tile: the sum still starts at zero. */
static void no_reduction_outside_of_the_tile(void **state) {
  (void)state;
  Gemm g = gemm(2, 2, 1);
  const vtac_lower_options options = {.accelerator = 1, .verify = 1};
  vtac_reorder(c, g.on_sum,
               VTAC_ITERS(vtac_axis(g.sum, 0), vtac_axis(g.sum, 1),
                          vtac_axis(g.sum, 2), vtac_axis(g.sum, 3), g.k));
  vtac_pragma(c, g.on_res, vtac_axis(g.res, 0), "dma_copy");
  const char *text = vtac_lower_text(
      c, g.schedule, VTAC_TENSORS(g.data, g.weight, g.res), "kernel", &options);
  fine();
  assert_non_null(strstr(text, "uop_push(0, 1, "));
  runs(&g);
}

/* A plain loop over parts around the threads. */
static void threads_in_a_loop(void **state) {
  (void)state;
  vtac_iter outer, thread, row;
  Gemm g = gemm(8, 2, 2);
  vtac_split(c, g.on_res, vtac_axis(g.res, 0), 4, &outer, &row);
  vtac_split_nparts(c, g.on_res, row, 2, &thread, &row);
  vtac_bind(c, g.on_res, thread, vtac_thread_axis(c, tag));
  vtac_compute_at(c, g.on_shr, g.on_res, row);
  vtac_compute_at(c, g.on_sum, g.on_res, row);
  vtac_compute_at(c, g.on_data, g.on_sum, g.k);
  vtac_compute_at(c, g.on_weight, g.on_res, outer);
  vtac_pragma(c, g.on_res, vtac_axis(g.res, 1), "dma_copy");
  runs(&g);
}

/* The product in threads of its own, stored when they have joined. */
static void stored_after_the_threads(void **state) {
  (void)state;
  vtac_iter thread, row;
  Gemm g = gemm(4, 2, 2);
  vtac_split_nparts(c, g.on_sum, vtac_axis(g.sum, 0), 2, &thread, &row);
  vtac_reorder(c, g.on_sum, VTAC_ITERS(thread, g.k, row));
  vtac_bind(c, g.on_sum, thread, vtac_thread_axis(c, tag));
  vtac_compute_at(c, g.on_data, g.on_sum, g.k);
  vtac_compute_at(c, g.on_weight, g.on_sum, g.k);
  vtac_pragma(c, g.on_res, vtac_axis(g.res, 0), "dma_copy");
  runs(&g);
}

/* Threads that do not divide the rows. */
static void threads_of_unequal_work(void **state) {
  (void)state;
  for (int64_t rows = 3; rows <= 9; rows += 2) {
    vtac_iter row;
    Gemm g = gemm(rows, 2, 2);
    threads_over_rows(&g, 2, &row);
    vtac_compute_at(c, g.on_data, g.on_sum, g.k);
    vtac_compute_at(c, g.on_weight, g.on_sum, g.k);
    runs(&g);
  }
}

static void many_threads(void **state) {
  (void)state;
  for (int64_t threads = 3; threads <= 18; threads += 5) {
    vtac_iter row;
    Gemm g = gemm(2 * threads, 2, 2);
    threads_over_rows(&g, threads, &row);
    vtac_compute_at(c, g.on_data, g.on_sum, g.k);
    runs(&g);
  }
}

/* Two rows: the first one of `data`, and zeros. */
static vtac_tensor row_and_zeros(vtac_tensor data) {
  vtac_iter i[4];
  vtac_axes(c, VTAC_DIMS(2, 1, 1, LANES), NULL, i);
  vtac_expr zero = vtac_int(c, 0);
  vtac_expr first = vtac_less(c, vtac_iter_expr(c, i[0]), vtac_int(c, 1));
  vtac_expr row = vtac_read(
      c, data, VTAC_INDICES(zero, zero, zero, vtac_iter_expr(c, i[3])));
  vtac_expr none = vtac_cast(c, "int8", zero);
  return vtac_compute(c, "data_buf", 4, i,
                      vtac_if_then_else(c, first, row, none));
}

/* One thread loads a row, one nothing but padding: what they load differs,
 * though not where it comes from. */
static void one_thread_loads_padding(void **state) {
  (void)state;
  vtac_iter row;
  vtac_tensor data =
      vtac_placeholder(c, "data", "int8", VTAC_DIMS(1, 1, 1, LANES));
  Gemm g = gemm_of(data, row_and_zeros(data), 2);
  vtac_iter thread = threads_over_rows(&g, 2, &row);
  vtac_compute_at(c, g.on_data, g.on_res, thread);
  vtac_compute_at(c, g.on_weight, g.on_res, thread);
  runs(&g);
}

/* The same with threads that share what does not depend on them. */
static int set_up_shared(void **state) {
  tag = "vthread";
  return kit_set_up(state);
}

static int tear_down_shared(void **state) {
  tag = "cthread";
  return kit_tear_down(state);
}

/* The test by both tags. */
#define BOTH(name)                                                  \
  {#name " (cthread)", name, kit_set_up, kit_tear_down, NULL}, {    \
#name " (vthread)", name, set_up_shared, tear_down_shared, NULL \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(weights_loaded_outside),   BOTH(both_loaded_outside),
      BOTH(data_loaded_in_a_thread),  BOTH(no_reduction_outside_of_the_tile),
      BOTH(threads_in_a_loop),        BOTH(stored_after_the_threads),
      BOTH(threads_of_unequal_work),  BOTH(many_threads),
      BOTH(one_thread_loads_padding),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
