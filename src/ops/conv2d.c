/* SPDX-License-Identifier: Apache-2.0 */
/* 2D convolution with a fixed-point tail, blocked in output channels, rows,
 * columns and input channels, with virtual threads over output channels. */
#include "ops/op.h"

typedef struct Conv2d {
  vtac_op op; /* first */
  vtac_conv2d_params params;
  vtac_tensor data_buf, kernel_buf, sum;
  OpTail tail;
  vtac_iter in_outer; /* the blocked input channels */
} Conv2d;

static int64_t out_size(int64_t size, int64_t pad, int64_t kernel,
                        int64_t stride) {
  return (size + 2 * pad - kernel) / stride + 1;
}

static void check_window(vtac_context *c, const char *what, int64_t size,
                         int64_t pad, int64_t kernel) {
  if (kernel > size + 2 * pad)
    op_refuse(c, "kernel %s %lld is larger than the padded input's %lld", what,
              (long long)kernel, (long long)(size + 2 * pad));
}

static void check_sizes(vtac_context *c, const vtac_conv2d_params *p) {
  OpTarget t = op_target(c);
  op_need_multiple(c, "batch size", p->batch, "BATCH", t.batch);
  op_need_multiple(c, "input channels", p->in_channels, "BLOCK_IN", t.block_in);
  op_need_multiple(c, "output channels", p->out_channels, "BLOCK_OUT",
                   t.block_out);
  op_need_least(c, "height", p->height, 1);
  op_need_least(c, "width", p->width, 1);
  op_need_least(c, "kernel height", p->kernel_height, 1);
  op_need_least(c, "kernel width", p->kernel_width, 1);
  op_need_least(c, "height padding", p->pad_height, 0);
  op_need_least(c, "width padding", p->pad_width, 0);
  op_need_least(c, "height stride", p->stride_height, 1);
  op_need_least(c, "width stride", p->stride_width, 1);
  op_need_least(c, "shift", p->shift, 0);
  if (vtac_context_error(c)) return;
  check_window(c, "height", p->height, p->pad_height, p->kernel_height);
  check_window(c, "width", p->width, p->pad_width, p->kernel_width);
}

static void check_tiles(vtac_context *c, const vtac_conv2d_params *p) {
  OpTarget t = op_target(c);
  op_need_least(c, "batch tile", p->tile_batch, 1);
  op_need_multiple(c, "output channel tile", p->tile_out_channels, "BLOCK_OUT",
                   t.block_out);
  op_need_multiple(c, "input channel tile", p->tile_in_channels, "BLOCK_IN",
                   t.block_in);
  op_need_least(c, "height tile", p->tile_height, 1);
  op_need_least(c, "width tile", p->tile_width, 1);
  op_need_least(c, "number of virtual threads", p->vthreads, 0);
  if (vtac_context_error(c)) return;
  int64_t tiles = (p->out_channels - 1) / p->tile_out_channels + 1;
  if (p->vthreads > tiles)
    op_refuse(c, "%d virtual threads for %lld tiles of output channels",
              p->vthreads, (long long)tiles);
}

static vtac_expr window(vtac_context *c, vtac_iter out, int64_t stride,
                        vtac_iter offset) {
  vtac_expr start = vtac_mul(c, vtac_iter_expr(c, out), vtac_int(c, stride));
  return vtac_add(c, start, vtac_iter_expr(c, offset));
}

static vtac_tensor convolve(vtac_context *c, const Conv2d *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  vtac_iter i[6];
  vtac_iter dy = vtac_reduce_axis(c, 0, p->kernel_height, "dy");
  vtac_iter dx = vtac_reduce_axis(c, 0, p->kernel_width, "dx");
  vtac_iter ic = vtac_reduce_axis(c, 0, p->in_channels / t.block_in, "ic");
  vtac_iter ic_tns = vtac_reduce_axis(c, 0, t.block_in, "ic_tns");
  vtac_axes(c,
            VTAC_DIMS(p->batch / t.batch, p->out_channels / t.block_out,
                      out_size(p->height, p->pad_height, p->kernel_height,
                               p->stride_height),
                      out_size(p->width, p->pad_width, p->kernel_width,
                               p->stride_width),
                      t.batch, t.block_out),
            (const char *[]){"bo", "co", "i", "j", "bi", "ci"}, i);
  vtac_expr d = vtac_read(
      c, conv->data_buf,
      VTAC_INDICES(vtac_iter_expr(c, i[0]), vtac_iter_expr(c, ic),
                   window(c, i[2], p->stride_height, dy),
                   window(c, i[3], p->stride_width, dx),
                   vtac_iter_expr(c, i[4]), vtac_iter_expr(c, ic_tns)));
  vtac_expr k =
      vtac_at(c, conv->kernel_buf, VTAC_ITERS(i[1], ic, dy, dx, i[5], ic_tns));
  vtac_expr product =
      vtac_mul(c, vtac_cast(c, t.acc_type, d), vtac_cast(c, t.acc_type, k));
  return vtac_compute(c, "res_conv", 6, i,
                      vtac_sum(c, product, VTAC_ITERS(ic, dy, dx, ic_tns)));
}

static void declare(vtac_context *c, Conv2d *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  int64_t ins = p->in_channels / t.block_in;
  vtac_tensor data =
      vtac_placeholder(c, "data", t.inp_type,
                       VTAC_DIMS(p->batch / t.batch, ins, p->height, p->width,
                                 t.batch, t.block_in));
  vtac_tensor kernel = vtac_placeholder(
      c, "kernel", t.wgt_type,
      VTAC_DIMS(p->out_channels / t.block_out, ins, p->kernel_height,
                p->kernel_width, t.block_out, t.block_in));
  const int64_t pad[] = {0, 0, p->pad_height, p->pad_width, 0, 0};
  conv->data_buf = p->pad_height || p->pad_width
                       ? vtac_pad(c, data, pad, NULL, "data_buf")
                       : vtac_copy(c, data, "data_buf");
  conv->kernel_buf = vtac_copy(c, kernel, "kernel_buf");
  conv->sum = convolve(c, conv);
  conv->tail = op_tail(c, conv->sum, p->shift);
  conv->op.n = 3;
  conv->op.args[0] = data;
  conv->op.args[1] = kernel;
  conv->op.args[2] = conv->tail.res;
  conv->op.schedule = vtac_schedule_new(c, VTAC_TENSORS(conv->tail.res));
}

/* Splits the result's four outer dimensions; returns the loop in which one
 * tile is computed, and the loops that threads may divide. */
static vtac_iter tile_result(vtac_context *c, Conv2d *conv, vtac_iter *ret_b,
                             vtac_iter *ret_oc) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  vtac_tensor res = conv->tail.res;
  vtac_stage out = vtac_stage_of(c, conv->op.schedule, res);
  int64_t batches = p->tile_batch / t.batch;
  vtac_iter b, b_in, oc, oc_in, y, y_in, x, x_in;
  vtac_split(c, out, vtac_axis(res, 0), batches ? batches : 1, &b, &b_in);
  vtac_split(c, out, vtac_axis(res, 1), p->tile_out_channels / t.block_out, &oc,
             &oc_in);
  vtac_split(c, out, vtac_axis(res, 2), p->tile_height, &y, &y_in);
  vtac_split(c, out, vtac_axis(res, 3), p->tile_width, &x, &x_in);
  vtac_reorder(c, out,
               VTAC_ITERS(b, oc, y, x, b_in, oc_in, y_in, x_in,
                          vtac_axis(res, 4), vtac_axis(res, 5)));
  *ret_b = b;
  *ret_oc = oc;
  return x;
}

/* Splits the reduction and brings its outer part out of the tile's loops.  A
 * loop that changes the output (x) stands inside the window's loops. */
static void block_reduction(vtac_context *c, Conv2d *conv) {
  OpTarget t = op_target(c);
  vtac_tensor sum = conv->sum;
  vtac_stage mul = vtac_stage_of(c, conv->op.schedule, sum);
  vtac_iter ic_in;
  vtac_split(c, mul, vtac_tensor_reduce_axis(sum, 0),
             conv->params.tile_in_channels / t.block_in, &conv->in_outer,
             &ic_in);
  vtac_reorder(
      c, mul,
      VTAC_ITERS(conv->in_outer, vtac_axis(sum, 0), vtac_axis(sum, 1),
                 vtac_axis(sum, 2), ic_in, vtac_tensor_reduce_axis(sum, 1),
                 vtac_tensor_reduce_axis(sum, 2), vtac_axis(sum, 3),
                 vtac_axis(sum, 4), vtac_axis(sum, 5),
                 vtac_tensor_reduce_axis(sum, 3)));
}

static void tile(vtac_context *c, vtac_op *op) {
  Conv2d *conv = (Conv2d *)op;
  vtac_stage out = vtac_stage_of(c, op->schedule, conv->tail.res);
  vtac_iter b, oc, thread;
  vtac_iter at = tile_result(c, conv, &b, &oc);
  vtac_compute_at(c, vtac_stage_of(c, op->schedule, conv->sum), out, at);
  op_tail_at(c, op->schedule, &conv->tail, at);
  block_reduction(c, conv);
  if (conv->params.vthreads < 2) return;
  vtac_split(c, out, oc, conv->params.vthreads, NULL, &thread);
  vtac_reorder(c, out, VTAC_ITERS(thread, b));
  vtac_bind(c, out, thread, vtac_thread_axis(c, "cthread"));
}

static void map(vtac_context *c, vtac_op *op) {
  Conv2d *conv = (Conv2d *)op;
  vtac_schedule s = op->schedule;
  vtac_stage mul = vtac_stage_of(c, s, conv->sum);
  vtac_stage out = vtac_stage_of(c, s, conv->tail.res);
  vtac_set_scope(c, mul, SCOPE_ACC);
  op_load_at(c, s, conv->data_buf, SCOPE_INP, mul, conv->in_outer);
  op_load_at(c, s, conv->kernel_buf, SCOPE_WGT, mul, conv->in_outer);
  vtac_pragma(c, out, vtac_axis(conv->tail.res, 4), "dma_copy");
  vtac_tensorize_gemm(c, mul, vtac_axis(conv->sum, 4));
  op_tail_map(c, s, &conv->tail);
}

vtac_op *vtac_conv2d(vtac_context *c, const vtac_conv2d_params *params) {
  check_sizes(c, params);
  check_tiles(c, params);
  Conv2d *conv = op_alloc(c, sizeof *conv);
  if (!conv) return NULL;
  conv->params = *params;
  conv->op.tile = tile;
  conv->op.map = map;
  declare(c, conv);
  return vtac_context_error(c) ? NULL : &conv->op;
}
