/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix multiply with a fixed-point tail, blocked in all three dimensions. */
#include "ops/op.h"

typedef struct Gemm {
  vtac_op op; /* first */
  vtac_gemm_params params;
  vtac_tensor data_buf, weight_buf, sum;
  OpTail tail;
  vtac_iter in_outer; /* the blocked reduction axis */
} Gemm;

static void check(vtac_context *c, const vtac_gemm_params *p) {
  OpTarget t = op_target(c);
  op_need_multiple(c, "batch size", p->batch, "BATCH", t.batch);
  op_need_multiple(c, "input size", p->in, "BLOCK_IN", t.block_in);
  op_need_multiple(c, "output size", p->out, "BLOCK_OUT", t.block_out);
  op_need_least(c, "batch tile", p->tile_batch, 1);
  op_need_multiple(c, "input tile", p->tile_in, "BLOCK_IN", t.block_in);
  op_need_multiple(c, "output tile", p->tile_out, "BLOCK_OUT", t.block_out);
  op_need_least(c, "shift", p->shift, 0);
}

/* sum over ic and ic_tns of data[bo, ic, bi, ic_tns] weight[co, ic, ci,
 * ic_tns], in the accumulator's type. */
static vtac_tensor multiply(vtac_context *c, const Gemm *gemm) {
  OpTarget t = op_target(c);
  const vtac_gemm_params *p = &gemm->params;
  vtac_iter i[4];
  vtac_iter ic = vtac_reduce_axis(c, 0, p->in / t.block_in, "ic");
  vtac_iter ic_tns = vtac_reduce_axis(c, 0, t.block_in, "ic_tns");
  vtac_axes(
      c,
      VTAC_DIMS(p->batch / t.batch, p->out / t.block_out, t.batch, t.block_out),
      (const char *[]){"bo", "co", "bi", "ci"}, i);
  vtac_expr d = vtac_at(c, gemm->data_buf, VTAC_ITERS(i[0], ic, i[2], ic_tns));
  vtac_expr w =
      vtac_at(c, gemm->weight_buf, VTAC_ITERS(i[1], ic, i[3], ic_tns));
  vtac_expr product =
      vtac_mul(c, vtac_cast(c, t.acc_type, d), vtac_cast(c, t.acc_type, w));
  return vtac_compute(c, "res_gem", 4, i,
                      vtac_sum(c, product, VTAC_ITERS(ic, ic_tns)));
}

static void declare(vtac_context *c, Gemm *gemm) {
  OpTarget t = op_target(c);
  const vtac_gemm_params *p = &gemm->params;
  int64_t ins = p->in / t.block_in, outs = p->out / t.block_out;
  vtac_tensor data =
      vtac_placeholder(c, "data", t.inp_type,
                       VTAC_DIMS(p->batch / t.batch, ins, t.batch, t.block_in));
  vtac_tensor weight = vtac_placeholder(
      c, "weight", t.wgt_type, VTAC_DIMS(outs, ins, t.block_out, t.block_in));
  gemm->data_buf = vtac_copy(c, data, "data_buf");
  gemm->weight_buf = vtac_copy(c, weight, "weight_buf");
  gemm->sum = multiply(c, gemm);
  gemm->tail = op_tail(c, gemm->sum, p->shift);
  gemm->op.n = 3;
  gemm->op.args[0] = data;
  gemm->op.args[1] = weight;
  gemm->op.args[2] = gemm->tail.res;
  gemm->op.schedule = vtac_schedule_new(c, VTAC_TENSORS(gemm->tail.res));
}

/* Tile the output; compute what leads to a tile inside its loop; split the
 * reduction and bring its outer part out of the tile's loops. */
static void tile(vtac_context *c, vtac_op *op) {
  Gemm *gemm = (Gemm *)op;
  OpTarget t = op_target(c);
  const vtac_gemm_params *p = &gemm->params;
  vtac_schedule s = op->schedule;
  vtac_tensor res = gemm->tail.res, sum = gemm->sum;
  vtac_stage out = vtac_stage_of(c, s, res), mul = vtac_stage_of(c, s, sum);
  int64_t batches = p->tile_batch / t.batch;
  vtac_iter b_out, b_in, oc_out, oc_in, ic_in;
  vtac_split(c, out, vtac_axis(res, 0), batches ? batches : 1, &b_out, &b_in);
  vtac_split(c, out, vtac_axis(res, 1), p->tile_out / t.block_out, &oc_out,
             &oc_in);
  vtac_reorder(c, out, VTAC_ITERS(b_out, oc_out, b_in, oc_in));
  vtac_compute_at(c, mul, out, oc_out);
  op_tail_at(c, s, &gemm->tail, oc_out);
  vtac_split(c, mul, vtac_tensor_reduce_axis(sum, 0), p->tile_in / t.block_in,
             &gemm->in_outer, &ic_in);
  vtac_reorder(c, mul,
               VTAC_ITERS(gemm->in_outer, vtac_axis(sum, 0), vtac_axis(sum, 1),
                          ic_in, vtac_axis(sum, 2), vtac_axis(sum, 3),
                          vtac_tensor_reduce_axis(sum, 1)));
}

static void map(vtac_context *c, vtac_op *op) {
  Gemm *gemm = (Gemm *)op;
  vtac_schedule s = op->schedule;
  vtac_stage mul = vtac_stage_of(c, s, gemm->sum);
  vtac_stage out = vtac_stage_of(c, s, gemm->tail.res);
  vtac_set_scope(c, mul, SCOPE_ACC);
  op_load_at(c, s, gemm->data_buf, SCOPE_INP, mul, gemm->in_outer);
  op_load_at(c, s, gemm->weight_buf, SCOPE_WGT, mul, gemm->in_outer);
  vtac_pragma(c, out, vtac_axis(gemm->tail.res, 2), "dma_copy");
  vtac_tensorize_gemm(c, mul, vtac_axis(gemm->sum, 2));
  op_tail_map(c, s, &gemm->tail);
}

vtac_op *vtac_gemm(vtac_context *c, const vtac_gemm_params *params) {
  check(c, params);
  Gemm *gemm = op_alloc(c, sizeof *gemm);
  if (!gemm) return NULL;
  gemm->params = *params;
  gemm->op.tile = tile;
  gemm->op.map = map;
  declare(c, gemm);
  return vtac_context_error(c) ? NULL : &gemm->op;
}
