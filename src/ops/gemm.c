/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix multiply with a fixed-point tail, blocked in all three dimensions,
 * with virtual threads over the output; and the dense layer, which adds a
 * bias. */
#include "ops/op.h"
#include "ops/reduction.h"

static bool chosen(const vtac_gemm_params *p) {
  return !p->tile_batch || !p->tile_in || !p->tile_out;
}

static void check(vtac_context *c, const vtac_gemm_params *p) {
  OpTarget t = op_target(c);
  bool by_hand = !chosen(p);
  op_need_size(c, "batch size", p->batch, "BATCH", t.batch, by_hand);
  op_need_size(c, "input size", p->in, "BLOCK_IN", t.block_in, by_hand);
  op_need_size(c, "output size", p->out, "BLOCK_OUT", t.block_out, by_hand);
  op_need_least(c, "batch tile", p->tile_batch, 0);
  op_need_tile(c, "input tile", p->tile_in, "BLOCK_IN", t.block_in);
  op_need_tile(c, "output tile", p->tile_out, "BLOCK_OUT", t.block_out);
  op_check_shift(c, p->shift);
  if (p->tile_out)
    op_check_vthreads(c, p->vthreads, "the output", p->out, p->tile_out);
  else
    op_need_least(c, "number of virtual threads", p->vthreads, 0);
}

/* sum over ic and ic_tns of data[bo, ic, bi, ic_tns] weight[co, ic, ci,
 * ic_tns], in the accumulator's type. */
static vtac_tensor multiply(vtac_context *c, const Reduction *r,
                            const int64_t shape[4], int64_t ins) {
  OpTarget t = op_target(c);
  vtac_iter i[4];
  vtac_iter ic = vtac_reduce_axis(c, 0, ins, "ic");
  vtac_iter ic_tns = vtac_reduce_axis(c, 0, t.block_in, "ic_tns");
  vtac_axes(c, 4, shape, (const char *[]){"bo", "co", "bi", "ci"}, i);
  vtac_expr d = vtac_at(c, r->data_buf, VTAC_ITERS(i[0], ic, i[2], ic_tns));
  vtac_expr w = vtac_at(c, r->weight_buf, VTAC_ITERS(i[1], ic, i[3], ic_tns));
  vtac_expr product =
      vtac_mul(c, vtac_cast(c, t.acc_type, d), vtac_cast(c, t.acc_type, w));
  return vtac_compute(c, "res_gem", 4, i,
                      vtac_sum(c, product, VTAC_ITERS(ic, ic_tns)));
}

static void declare(vtac_context *c, Reduction *r, const vtac_gemm_params *p) {
  OpTarget t = op_target(c);
  int64_t batch = ceil_div(p->batch, t.batch),
          ins = ceil_div(p->in, t.block_in);
  int64_t outs = ceil_div(p->out, t.block_out);
  vtac_tensor data = vtac_placeholder(
      c, "data", t.inp_type, VTAC_DIMS(batch, ins, t.batch, t.block_in));
  vtac_tensor weight = vtac_placeholder(
      c, "weight", t.wgt_type, VTAC_DIMS(outs, ins, t.block_out, t.block_in));
  r->op.args[r->op.n++] = data;
  r->op.args[r->op.n++] = weight;
  r->data_buf = vtac_copy(c, data, "data_buf");
  r->weight_buf = vtac_copy(c, weight, "weight_buf");
  r->sum = multiply(c, r, (int64_t[]){batch, outs, t.batch, t.block_out}, ins);
  if (p->bias) reduction_bias(c, r);
  reduction_finish(c, r, p->shift);
}

static void choose(vtac_context *c, Reduction *r, const vtac_gemm_params *p) {
  OpTarget t = op_target(c);
  const Span point = {1, 1, 0, 1, 1};
  const Layer layer = {.batch = ceil_div(p->batch, t.batch),
                       .groups = 1,
                       .out = ceil_div(p->out, t.block_out),
                       .in = ceil_div(p->in, t.block_in),
                       .y = point,
                       .x = point,
                       .taps_y = 1,
                       .taps_x = 1,
                       .points = 1,
                       .phases = 1,
                       .alu = p->bias ? 4 : 3,
                       .bias = p->bias};
  r->tiling = (Tiling){.batch = ceil_div(p->tile_batch, t.batch),
                       .out = p->tile_out / t.block_out,
                       .in = p->tile_in / t.block_in,
                       .y = 1,
                       .x = 1,
                       .over = OVER_CHANNELS,
                       .threads = p->vthreads};
  r->by_hand = !chosen(p);
  if (r->by_hand) {
    int64_t batches = p->tile_batch / t.batch;
    r->tiling.batch = batches ? batches : 1;
  } else {
    choose_tiling(c, &layer, &r->tiling);
  }
}

vtac_op *vtac_gemm(vtac_context *c, const vtac_gemm_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  check(c, params);
  Reduction *r = op_alloc(c, sizeof *r);
  if (!r) return NULL;
  r->group = r->y = r->x = NO_AXIS;
  r->out = 1;
  r->inner = 2;
  choose(c, r, params);
  declare(c, r, params);
  return vtac_context_error(c) ? NULL : &r->op;
}

vtac_op *vtac_dense(vtac_context *c, const vtac_gemm_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  vtac_gemm_params with_bias = *params;
  with_bias.bias = 1;
  return vtac_gemm(c, &with_bias);
}
