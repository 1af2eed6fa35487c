/* SPDX-License-Identifier: Apache-2.0 */
/* Temporaries in DRAM: tensors that are neither parameters nor on the chip,
 * between the host and the accelerator or between two parts of the latter,
 * in loops and in virtual threads. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/agree.h"
#include "support/api_kit.h"

static const char INP[] = "local.inp_buffer", WGT[] = "local.wgt_buffer",
                  ACC[] = "local.acc_buffer";
static vtac_schedule schedule;

static vtac_stage on(vtac_tensor tensor) {
  return vtac_stage_of(c, schedule, tensor);
}

static void mark(vtac_tensor tensor, const char *scope, const char *pragma) {
  if (scope) vtac_set_scope(c, on(tensor), scope);
  if (pragma) vtac_pragma(c, on(tensor), vtac_axis(tensor, 0), pragma);
}

static void runs(int n, const vtac_tensor *args) {
  uint64_t counters[VTAC_COUNTERS];
  fine();
  runs_right(schedule, n, args, counters);
}

/* Which barriers the lowered function has. */
static void barriers(int n, const vtac_tensor *args, int read, int write) {
  const vtac_lower_options options = {.accelerator = 1};
  const char *text = vtac_lower_text(c, schedule, n, args, "main", &options);
  fine();
  assert_int_equal(strstr(text, "coproc_read_barrier") != NULL, read);
  assert_int_equal(strstr(text, "coproc_write_barrier") != NULL, write);
}

/* ---- One layer ---------------------------------------------------------- */

/* sum over k of from[o, k] weight[m, k], shifted. */
typedef struct Layer {
  vtac_tensor from_buf, weight_buf, sum, shr;
  vtac_iter k, k_tns;
} Layer;

static Layer layer(vtac_tensor from, vtac_tensor weight) {
  int64_t rows = vtac_tensor_dim(from, 0), depth = vtac_tensor_dim(from, 1);
  int64_t columns = vtac_tensor_dim(weight, 0);
  Layer l = {.k = vtac_reduce_axis(c, 0, depth, "k"),
             .k_tns = vtac_reduce_axis(c, 0, LANES, "k_tns")};
  vtac_iter i[4];
  l.from_buf = vtac_copy(c, from, "from_buf");
  l.weight_buf = vtac_copy(c, weight, "weight_buf");
  vtac_axes(c, VTAC_DIMS(rows, columns, 1, LANES), NULL, i);
  vtac_expr d = vtac_at(c, l.from_buf, VTAC_ITERS(i[0], l.k, i[2], l.k_tns));
  vtac_expr w = vtac_at(c, l.weight_buf, VTAC_ITERS(i[1], l.k, i[3], l.k_tns));
  l.sum = vtac_compute(
      c, "sum", 4, i,
      vtac_sum(c,
               vtac_mul(c, vtac_cast(c, "int32", d), vtac_cast(c, "int32", w)),
               VTAC_ITERS(l.k, l.k_tns)));
  l.shr = element_wise("shr", l.sum, shifted);
  return l;
}

/* On the accelerator, operands loaded for each part of the reduction. */
static void map_layer(const Layer *l) {
  mark(l->from_buf, INP, "dma_copy");
  mark(l->weight_buf, WGT, "dma_copy");
  mark(l->sum, ACC, NULL);
  mark(l->shr, ACC, "alu");
  vtac_reorder(
      c, on(l->sum),
      VTAC_ITERS(l->k, vtac_axis(l->sum, 0), vtac_axis(l->sum, 1),
                 vtac_axis(l->sum, 2), vtac_axis(l->sum, 3), l->k_tns));
  vtac_compute_at(c, on(l->from_buf), on(l->sum), l->k);
  vtac_compute_at(c, on(l->weight_buf), on(l->sum), l->k);
  vtac_tensorize_gemm(c, on(l->sum), vtac_axis(l->sum, 2));
}

static void layer_at(const Layer *l, vtac_tensor consumer, vtac_iter axis) {
  vtac_compute_at(c, on(l->shr), on(consumer), axis);
  vtac_compute_at(c, on(l->sum), on(consumer), axis);
}

static vtac_expr doubled(vtac_expr e) {
  return vtac_mul(c, e, vtac_const(c, "int8", 2));
}
static vtac_expr flipped(vtac_expr e) {
  return vtac_bitwise_xor(c, e, vtac_const(c, "int8", 0x55));
}

static vtac_tensor data_of(int64_t rows, int64_t depth) {
  return vtac_placeholder(c, "data", "int8", VTAC_DIMS(rows, depth, 1, LANES));
}

static vtac_tensor weight_of(const char *name) {
  return vtac_placeholder(c, name, "int8", VTAC_DIMS(2, 2, LANES, LANES));
}

static void threads(vtac_tensor tensor, const char *tag, vtac_iter *ret_inner) {
  vtac_iter thread;
  vtac_split_nparts(c, on(tensor), vtac_axis(tensor, 0), 2, &thread, ret_inner);
  vtac_bind(c, on(tensor), thread, vtac_thread_axis(c, tag));
}

/* ---- Host and accelerator ----------------------------------------------- */

static void the_host_computes_what_is_loaded(void **state) {
  (void)state;
  vtac_tensor data = data_of(4, 2), weight = weight_of("weight");
  vtac_tensor twice = element_wise("twice", data, doubled);
  Layer l = layer(twice, weight);
  vtac_tensor res = element_wise("res", l.shr, narrow);
  schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
  map_layer(&l);
  mark(res, NULL, "dma_copy");
  runs(VTAC_TENSORS(data, weight, res));
  barriers(VTAC_TENSORS(data, weight, res), 1, 0);
}

static void the_host_goes_on_with_what_is_stored(void **state) {
  (void)state;
  vtac_tensor data = data_of(4, 2), weight = weight_of("weight");
  Layer l = layer(data, weight);
  vtac_tensor small = element_wise("small", l.shr, narrow);
  vtac_tensor res = element_wise("res", small, flipped);
  schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
  map_layer(&l);
  mark(small, NULL, "dma_copy");
  runs(VTAC_TENSORS(data, weight, res));
  barriers(VTAC_TENSORS(data, weight, res), 0, 1);
}

/* One row at a time: the host waits in each step. */
static void host_work_in_a_loop(void **state) {
  (void)state;
  vtac_tensor data = data_of(4, 2), weight = weight_of("weight");
  vtac_tensor twice = element_wise("twice", data, doubled);
  Layer l = layer(twice, weight);
  vtac_tensor small = element_wise("small", l.shr, narrow);
  vtac_tensor res = element_wise("res", small, flipped);
  schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
  map_layer(&l);
  mark(small, NULL, NULL);
  vtac_iter row = vtac_axis(res, 0);
  layer_at(&l, res, row);
  vtac_compute_at(c, on(small), on(res), row);
  vtac_compute_at(c, on(twice), on(res), row);
  vtac_pragma(c, on(small), vtac_axis(small, 0), "dma_copy");
  runs(VTAC_TENSORS(data, weight, res));
  barriers(VTAC_TENSORS(data, weight, res), 1, 1);
}

/* The second temporary may not take the memory of the first, whose loads are
 * still to be done when the host computes it. */
static void two_temporaries_of_the_host(void **state) {
  (void)state;
  vtac_tensor data = data_of(16, 2), weight = weight_of("weight");
  vtac_tensor twice = element_wise("twice", data, doubled);
  vtac_tensor other = element_wise("other", weight, flipped);
  Layer l = layer(twice, other);
  vtac_tensor res = element_wise("res", l.shr, narrow);
  schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
  map_layer(&l);
  vtac_compute_root(c, on(l.from_buf));
  vtac_compute_root(c, on(l.weight_buf));
  mark(res, NULL, "dma_copy");
  runs(VTAC_TENSORS(data, weight, res));
}

/* ---- The accelerator alone ---------------------------------------------- */

typedef struct Net {
  vtac_tensor data, weight1, weight2, mid, res;
  Layer first, second;
} Net;

static Net net(int64_t rows) {
  Net n = {.data = data_of(rows, 2),
           .weight1 = weight_of("weight1"),
           .weight2 = weight_of("weight2")};
  n.first = layer(n.data, n.weight1);
  n.mid = element_wise("mid", n.first.shr, narrow);
  n.second = layer(n.mid, n.weight2);
  n.res = element_wise("res", n.second.shr, narrow);
  schedule = vtac_schedule_new(c, VTAC_TENSORS(n.res));
  map_layer(&n.first);
  map_layer(&n.second);
  return n;
}

static void net_runs(const Net *n) {
  runs(VTAC_TENSORS(n->data, n->weight1, n->weight2, n->res));
}

static void two_layers(void **state) {
  (void)state;
  Net n = net(4);
  mark(n.mid, NULL, "dma_copy");
  mark(n.res, NULL, "dma_copy");
  net_runs(&n);
}

/* Row by row, so that one small temporary serves all. */
static void two_layers_row_by_row(void **state) {
  (void)state;
  Net n = net(4);
  vtac_iter row = vtac_axis(n.res, 0);
  layer_at(&n.second, n.res, row);
  vtac_compute_at(c, on(n.mid), on(n.res), row);
  layer_at(&n.first, n.res, row);
  mark(n.mid, NULL, "dma_copy");
  vtac_pragma(c, on(n.res), vtac_axis(n.res, 1), "dma_copy");
  net_runs(&n);
}

static void two_layers_in_threads(void **state) {
  static const char *const tags[] = {"cthread", "vthread"};
  (void)state;
  for (int i = 0; i < 2; i++) {
    Net n = net(4);
    vtac_iter row;
    threads(n.res, tags[i], &row);
    layer_at(&n.second, n.res, row);
    vtac_compute_at(c, on(n.mid), on(n.res), row);
    layer_at(&n.first, n.res, row);
    mark(n.mid, NULL, "dma_copy");
    vtac_pragma(c, on(n.res), vtac_axis(n.res, 1), "dma_copy");
    net_runs(&n);
  }
}

static void host_work_in_threads(void **state) {
  static const char *const tags[] = {"cthread", "vthread"};
  (void)state;
  for (int i = 0; i < 2; i++) {
    vtac_tensor data = data_of(4, 2), weight = weight_of("weight");
    vtac_tensor twice = element_wise("twice", data, doubled);
    Layer l = layer(twice, weight);
    vtac_tensor small = element_wise("small", l.shr, narrow);
    vtac_tensor res = element_wise("res", small, flipped);
    schedule = vtac_schedule_new(c, VTAC_TENSORS(res));
    map_layer(&l);
    vtac_iter row;
    threads(res, tags[i], &row);
    layer_at(&l, res, row);
    vtac_compute_at(c, on(small), on(res), row);
    vtac_compute_at(c, on(twice), on(res), row);
    vtac_pragma(c, on(small), vtac_axis(small, 0), "dma_copy");
    runs(VTAC_TENSORS(data, weight, res));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_host_computes_what_is_loaded),
      TEST(the_host_goes_on_with_what_is_stored),
      TEST(host_work_in_a_loop),
      TEST(two_temporaries_of_the_host),
      TEST(two_layers),
      TEST(two_layers_row_by_row),
      TEST(two_layers_in_threads),
      TEST(host_work_in_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
