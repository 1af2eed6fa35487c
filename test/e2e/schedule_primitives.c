/* SPDX-License-Identifier: Apache-2.0 */
/* Primitives on stages of the accelerator, each by itself and in company:
 * the numbers are right, and the counters are what the loops say. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/agree.h"
#include "support/api_kit.h"

static const char ACC[] = "local.acc_buffer";
static uint64_t counters[VTAC_COUNTERS];

static void expect_counter(const char *name, uint64_t want) {
  uint64_t have = counter(counters, name);
  if (have != want)
    fail_msg("%s is %llu instead of %llu", name, (unsigned long long)have,
             (unsigned long long)want);
}

static void runs(const Graph *g) {
  fine();
  runs_right(g->schedule, VTAC_TENSORS(g->data, g->weight, g->res), counters);
}

/* ---- cache_write -------------------------------------------------------- */

/* The result is computed in the accumulators by the cache's stage; its own
 * stage is the copy back. */
static void cache_write_of_an_output(void **state) {
  (void)state;
  const int64_t shape[] = {4, 2, 1, LANES};
  vtac_iter i[4];
  vtac_tensor a = vtac_placeholder(c, "a", "int32", 4, shape);
  vtac_tensor a_buf = vtac_copy(c, a, "a_buf");
  vtac_axes(c, 4, shape, NULL, i);
  vtac_tensor sum = vtac_compute(
      c, "sum", 4, i, vtac_add(c, vtac_at(c, a_buf, 4, i), vtac_int(c, 5)));
  vtac_tensor res = element_wise("res", sum, narrow);
  vtac_schedule s = vtac_schedule_new(c, VTAC_TENSORS(res));
  vtac_tensor in_acc = vtac_cache_write(c, s, sum, ACC);
  vtac_stage on_cache = vtac_stage_of(c, s, in_acc);
  vtac_set_scope(c, vtac_stage_of(c, s, a_buf), ACC);
  vtac_pragma(c, vtac_stage_of(c, s, a_buf), vtac_axis(a_buf, 0), "dma_copy");
  vtac_pragma(c, on_cache, vtac_axis(in_acc, 0), "alu");
  vtac_compute_inline(c, vtac_stage_of(c, s, sum));
  vtac_pragma(c, vtac_stage_of(c, s, res), vtac_axis(res, 0), "dma_copy");
  fine();
  runs_right(s, VTAC_TENSORS(a, res), counters);
  expect_counter("acc_load_nbytes", 4 * 2 * LANES * 4);
  expect_counter("alu_counter", 4 * 2);
  expect_counter("out_store_nbytes", 4 * 2 * LANES);
}

/* A reduction: the cache's stage has its reduction axes and is tensorized. */
static void cache_write_of_a_product(void **state) {
  (void)state;
  Graph g = graph();
  vtac_set_scope(c, g.on_data, "local.inp_buffer");
  vtac_set_scope(c, g.on_weight, "local.wgt_buffer");
  vtac_pragma(c, g.on_data, vtac_axis(g.data_buf, 0), "dma_copy");
  vtac_pragma(c, g.on_weight, vtac_axis(g.weight_buf, 0), "dma_copy");
  vtac_tensor in_acc = vtac_cache_write(c, g.schedule, g.sum, ACC);
  vtac_stage on_cache = vtac_stage_of(c, g.schedule, in_acc);
  vtac_compute_inline(c, g.on_sum);
  vtac_set_scope(c, g.on_shr, ACC);
  vtac_pragma(c, g.on_shr, vtac_axis(g.shr, 0), "alu");
  vtac_pragma(c, g.on_res, vtac_axis(g.res, 0), "dma_copy");
  vtac_iter k = vtac_tensor_reduce_axis(in_acc, 0);
  vtac_reorder(c, on_cache,
               VTAC_ITERS(k, vtac_axis(in_acc, 0), vtac_axis(in_acc, 1),
                          vtac_axis(in_acc, 2), vtac_axis(in_acc, 3),
                          vtac_tensor_reduce_axis(in_acc, 1)));
  vtac_compute_at(c, g.on_data, on_cache, k);
  vtac_compute_at(c, g.on_weight, on_cache, k);
  vtac_tensorize_gemm(c, on_cache, vtac_axis(in_acc, 2));
  runs(&g);
  expect_counter("gemm_counter", 1 * 2 * 4);
  expect_counter("wgt_load_nbytes", 2 * 4 * LANES * LANES);
}

/* ---- fuse across a reorder ---------------------------------------------- */

/* Loops that were exchanged and then fused: both indices of an element are
 * parts of one loop variable. */
static vtac_iter exchange_and_fuse(vtac_stage stage, vtac_tensor of, int outer,
                                   int inner) {
  vtac_reorder(c, stage,
               VTAC_ITERS(vtac_axis(of, inner), vtac_axis(of, outer)));
  return vtac_fuse(c, stage,
                   VTAC_ITERS(vtac_axis(of, inner), vtac_axis(of, outer)));
}

/* int32 elements [3][4] through the accumulators, `tile` wide. */
typedef struct Chain {
  vtac_tensor a, a_buf, plus, res;
  vtac_schedule s;
} Chain;

static vtac_expr plus_five(vtac_expr e) {
  return vtac_add(c, e, vtac_int(c, 5));
}

static Chain chain(void) {
  Chain n = {.a = vtac_placeholder(c, "a", "int32", VTAC_DIMS(3, 4, 1, LANES))};
  n.a_buf = vtac_copy(c, n.a, "a_buf");
  n.plus = element_wise("plus", n.a_buf, plus_five);
  n.res = element_wise("res", n.plus, narrow);
  n.s = vtac_schedule_new(c, VTAC_TENSORS(n.res));
  vtac_set_scope(c, vtac_stage_of(c, n.s, n.a_buf), ACC);
  vtac_set_scope(c, vtac_stage_of(c, n.s, n.plus), ACC);
  return n;
}

static void chain_marks(const Chain *n, vtac_iter load, vtac_iter add,
                        vtac_iter store) {
  vtac_pragma(c, vtac_stage_of(c, n->s, n->a_buf), load, "dma_copy");
  vtac_pragma(c, vtac_stage_of(c, n->s, n->plus), add, "alu");
  vtac_pragma(c, vtac_stage_of(c, n->s, n->res), store, "dma_copy");
  fine();
  runs_right(n->s, VTAC_TENSORS(n->a, n->res), counters);
}

static void chain_runs(const Chain *n, vtac_iter load, vtac_iter add,
                       vtac_iter store) {
  chain_marks(n, load, add, store);
  expect_counter("acc_load_nbytes", 3 * 4 * LANES * 4);
  expect_counter("alu_counter", 3 * 4);
  expect_counter("out_store_nbytes", 3 * 4 * LANES);
}

static void a_fused_alu_stage(void **state) {
  (void)state;
  Chain n = chain();
  vtac_iter fused =
      exchange_and_fuse(vtac_stage_of(c, n.s, n.plus), n.plus, 0, 1);
  chain_runs(&n, vtac_axis(n.a_buf, 0), fused, vtac_axis(n.res, 0));
}

static void a_fused_load(void **state) {
  (void)state;
  Chain n = chain();
  vtac_iter fused =
      exchange_and_fuse(vtac_stage_of(c, n.s, n.a_buf), n.a_buf, 0, 1);
  chain_runs(&n, fused, vtac_axis(n.plus, 0), vtac_axis(n.res, 0));
}

static void a_fused_store(void **state) {
  (void)state;
  Chain n = chain();
  vtac_iter fused =
      exchange_and_fuse(vtac_stage_of(c, n.s, n.res), n.res, 0, 1);
  chain_runs(&n, vtac_axis(n.a_buf, 0), vtac_axis(n.plus, 0), fused);
}

/* Everything in a loop of fused and exchanged tiles. */
static void stages_in_a_fused_loop(void **state) {
  (void)state;
  Chain n = chain();
  vtac_stage out = vtac_stage_of(c, n.s, n.res);
  vtac_iter fused = exchange_and_fuse(out, n.res, 0, 1);
  vtac_compute_at(c, vtac_stage_of(c, n.s, n.plus), out, fused);
  vtac_compute_at(c, vtac_stage_of(c, n.s, n.a_buf), out, fused);
  chain_runs(&n, vtac_axis(n.a_buf, 0), vtac_axis(n.plus, 0),
             vtac_axis(n.res, 2));
}

/* The same in parts of the fused loop: of a row, a row, several rows. */
static Chain in_parts(int64_t part, vtac_iter *ret_store) {
  Chain n = chain();
  vtac_stage out = vtac_stage_of(c, n.s, n.res);
  vtac_iter outer,
      fused = vtac_fuse(c, out,
                        VTAC_ITERS(vtac_axis(n.res, 0), vtac_axis(n.res, 1)));
  vtac_split(c, out, fused, part, &outer, ret_store);
  vtac_compute_at(c, vtac_stage_of(c, n.s, n.plus), out, outer);
  vtac_compute_at(c, vtac_stage_of(c, n.s, n.a_buf), out, outer);
  return n;
}

static void stages_in_parts_of_a_fused_loop(void **state) {
  static const int64_t part[] = {1, 2, 4, 12};
  (void)state;
  for (int i = 0; i < 4; i++) {
    vtac_iter store;
    Chain n = in_parts(part[i], &store);
    chain_runs(&n, vtac_axis(n.a_buf, 0), vtac_axis(n.plus, 0), store);
  }
}

/* Parts of rows are transfers of their own: of 6 in rows of 4, a row and a
 * half, and half a row and a row.  The box around each part is computed. */
static void a_part_across_rows(void **state) {
  (void)state;
  vtac_iter store;
  Chain n = in_parts(6, &store);
  chain_marks(&n, vtac_axis(n.a_buf, 0), vtac_axis(n.plus, 0), store);
  expect_counter("acc_load_nbytes", 2 * 2 * 4 * LANES * 4);
  expect_counter("alu_counter", 2 * 2 * 4);
  expect_counter("out_store_nbytes", 3 * 4 * LANES);
}

/* The loops of the product, outside of its tile. */
static void a_fused_product(void **state) {
  (void)state;
  for (int where = 0; where < 2; where++) {
    Graph g = graph();
    map(&g);
    if (where)
      vtac_fuse(c, g.on_sum, VTAC_ITERS(g.i[0], g.i[1]));
    else
      exchange_and_fuse(g.on_sum, g.sum, 0, 1);
    runs(&g);
    expect_counter("gemm_counter", 1 * 2 * 4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(cache_write_of_an_output),
      TEST(cache_write_of_a_product),
      TEST(a_fused_alu_stage),
      TEST(a_fused_load),
      TEST(a_fused_store),
      TEST(stages_in_a_fused_loop),
      TEST(stages_in_parts_of_a_fused_loop),
      TEST(a_part_across_rows),
      TEST(a_fused_product),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
