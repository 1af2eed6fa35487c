/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed 2D convolution, without multiplying by zeros.
 *
 * out[o] is the sum over i of in[i] w[o + pad - i stride].  For the outputs
 * o = q stride + r of one remainder r, only the taps k = (r + pad) mod stride +
 * t stride matter, and they meet in[q + (r + pad) / stride - t]: that is an
 * ordinary convolution with a kernel of ceil(kernel / stride) taps.  The
 * remainders of rows and columns are dimensions of the sums, (.., q, r, ..),
 * which lie in memory as the output does; the kernel comes sorted by
 * remainder. */
#include "ops/op.h"
#include "ops/reduction.h"

/* One spatial dimension. */
typedef struct Side {
  int64_t in, out, steps; /* input; output; output per remainder */
  int64_t stride, pad, taps;
  int64_t before, after; /* zeros around the input */
  int64_t reach;         /* input elements that one step reads */
} Side;

typedef struct Transpose {
  Reduction r; /* first */
  vtac_conv2d_transpose_params params;
  Side y, x;
} Transpose;

static Side side_of(int64_t in, int64_t kernel, int64_t stride, int64_t pad,
                    int64_t extra) {
  Side s = {.in = in, .stride = stride, .pad = pad};
  s.out = (in - 1) * stride - 2 * pad + kernel + extra;
  s.steps = ceil_div(s.out, stride);
  s.taps = ceil_div(kernel, stride);
  int64_t first = pad / stride, last = (pad + stride - 1) / stride;
  int64_t before = s.taps - 1 - first, after = s.steps + last - in;
  s.before = before > 0 ? before : 0;
  s.after = after > 0 ? after : 0;
  s.reach = s.taps + last - first;
  return s;
}

static void check_side(vtac_context *c, const char *what, const Side *s) {
  if (vtac_context_error(c) || s->out > 0) return;
  op_refuse(c, "use less padding", "%s padding %lld leaves no output", what,
            (long long)s->pad);
}

static void check(vtac_context *c, const vtac_conv2d_transpose_params *p) {
  op_need_least(c, "batch size", p->batch, 1);
  op_need_least(c, "input channel count", p->in_channels, 1);
  op_need_least(c, "output channel count", p->out_channels, 1);
  op_need_least(c, "height", p->height, 1);
  op_need_least(c, "width", p->width, 1);
  op_need_least(c, "kernel height", p->kernel_height, 1);
  op_need_least(c, "kernel width", p->kernel_width, 1);
  op_need_least(c, "height padding", p->pad_height, 0);
  op_need_least(c, "width padding", p->pad_width, 0);
  op_need_least(c, "height stride", p->stride_height, 1);
  op_need_least(c, "width stride", p->stride_width, 1);
  op_need_least(c, "extra height", p->extra_height, 0);
  op_need_least(c, "extra width", p->extra_width, 0);
  op_need_least(c, "number of virtual threads", p->vthreads, 0);
  op_check_shift(c, p->shift);
}

/* ---- Declaration -------------------------------------------------------- */

/* The input that output (q, r) reads for tap t, in the padded tensor. */
static vtac_expr position(vtac_context *c, const Side *s, vtac_iter q,
                          vtac_iter r, vtac_iter t) {
  vtac_expr whole =
      vtac_floordiv(c, vtac_add(c, vtac_iter_expr(c, r), vtac_int(c, s->pad)),
                    vtac_int(c, s->stride));
  vtac_expr at = vtac_add(c, vtac_iter_expr(c, q), whole);
  at = vtac_sub(c, at, vtac_iter_expr(c, t));
  return vtac_add(c, at, vtac_int(c, s->before));
}

static vtac_tensor convolve(vtac_context *c, const Transpose *conv,
                            int64_t batch, int64_t outs, int64_t ins) {
  OpTarget t = op_target(c);
  const Side *y = &conv->y, *x = &conv->x;
  enum { B, CO, Y, RY, X, RX, BI, CI, AXES };
  const int64_t shape[AXES] = {batch,    outs,      y->steps, y->stride,
                               x->steps, x->stride, t.batch,  t.block_out};
  const char *names[AXES] = {"bo", "co", "i", "ri", "j", "rj", "bi", "ci"};
  vtac_iter i[AXES];
  vtac_iter dy = vtac_reduce_axis(c, 0, y->taps, "dy");
  vtac_iter dx = vtac_reduce_axis(c, 0, x->taps, "dx");
  vtac_iter ic = vtac_reduce_axis(c, 0, ins, "ic");
  vtac_iter ic_tns = vtac_reduce_axis(c, 0, t.block_in, "ic_tns");
  vtac_axes(c, AXES, shape, names, i);
  if (vtac_context_error(c)) return NULL;
  vtac_expr d = vtac_read(
      c, conv->r.data_buf,
      VTAC_INDICES(vtac_iter_expr(c, i[B]), vtac_iter_expr(c, ic),
                   position(c, y, i[Y], i[RY], dy),
                   position(c, x, i[X], i[RX], dx), vtac_iter_expr(c, i[BI]),
                   vtac_iter_expr(c, ic_tns)));
  vtac_expr k =
      vtac_at(c, conv->r.weight_buf,
              VTAC_ITERS(i[CO], ic, i[RY], i[RX], dy, dx, i[CI], ic_tns));
  vtac_expr product =
      vtac_mul(c, vtac_cast(c, t.acc_type, d), vtac_cast(c, t.acc_type, k));
  return vtac_compute(c, "res_conv", AXES, i,
                      vtac_sum(c, product, VTAC_ITERS(ic, dy, dx, ic_tns)));
}

/* The result reads each sum where its remainders put it. */
static vtac_tensor interleave(vtac_context *c, const Transpose *conv,
                              vtac_tensor last) {
  OpTarget t = op_target(c);
  vtac_iter i[6];
  if (vtac_context_error(c)) return NULL;
  const int64_t shape[] = {vtac_tensor_dim(last, 0),
                           vtac_tensor_dim(last, 1),
                           conv->y.out,
                           conv->x.out,
                           t.batch,
                           t.block_out};
  vtac_axes(c, 6, shape, NULL, i);
  vtac_expr y = vtac_iter_expr(c, i[2]), x = vtac_iter_expr(c, i[3]);
  vtac_expr sy = vtac_int(c, conv->y.stride), sx = vtac_int(c, conv->x.stride);
  vtac_expr value =
      vtac_read(c, last,
                VTAC_INDICES(vtac_iter_expr(c, i[0]), vtac_iter_expr(c, i[1]),
                             vtac_floordiv(c, y, sy), vtac_floormod(c, y, sy),
                             vtac_floordiv(c, x, sx), vtac_floormod(c, x, sx),
                             vtac_iter_expr(c, i[4]), vtac_iter_expr(c, i[5])));
  return vtac_compute(c, "res", 6, i, vtac_cast(c, t.inp_type, value));
}

static void declare(vtac_context *c, Transpose *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_transpose_params *p = &conv->params;
  const Side *y = &conv->y, *x = &conv->x;
  Reduction *r = &conv->r;
  int64_t batch = ceil_div(p->batch, t.batch);
  int64_t ins = ceil_div(p->in_channels, t.block_in);
  int64_t outs = ceil_div(p->out_channels, t.block_out);
  vtac_tensor data = vtac_placeholder(
      c, "data", t.inp_type,
      VTAC_DIMS(batch, ins, p->height, p->width, t.batch, t.block_in));
  vtac_tensor kernel =
      vtac_placeholder(c, "kernel", t.wgt_type,
                       VTAC_DIMS(outs, ins, y->stride, x->stride, y->taps,
                                 x->taps, t.block_out, t.block_in));
  const int64_t before[] = {0, 0, y->before, x->before, 0, 0};
  const int64_t after[] = {0, 0, y->after, x->after, 0, 0};
  r->op.args[r->op.n++] = data;
  r->op.args[r->op.n++] = kernel;
  r->data_buf = y->before || y->after || x->before || x->after
                    ? vtac_pad(c, data, before, after, "data_buf")
                    : vtac_copy(c, data, "data_buf");
  r->weight_buf = vtac_copy(c, kernel, "kernel_buf");
  r->sum = convolve(c, conv, batch, outs, ins);
  if (p->bias) reduction_bias(c, r);
  if (!r->biased) r->biased = r->sum;
  r->tail = op_tail_stages(c, r->biased, p->shift);
  r->tail.res = interleave(c, conv, r->tail.min);
  reduction_schedule(c, r);
}

/* ---- Tiles -------------------------------------------------------------- */

/* The whole period of a side's remainders in each tile; or, with `single`,
 * tiles of one output step, which need the weights and sums of one remainder
 * alone. */
static Span span_of(const Side *s, bool single) {
  if (!single) return (Span){s->steps, s->in, s->before, 1, s->reach};
  return (Span){s->out, s->in * s->stride, s->before * s->stride, 1, s->taps};
}

static bool tiles_fit(vtac_context *c, Transpose *conv, bool single_y,
                      bool single_x) {
  OpTarget t = op_target(c);
  const vtac_conv2d_transpose_params *p = &conv->params;
  const Side *y = &conv->y, *x = &conv->x;
  conv->r.y_scale = single_y ? 1 : y->stride;
  conv->r.x_scale = single_x ? 1 : x->stride;
  const int64_t points = conv->r.y_scale * conv->r.x_scale;
  const Layer layer = {.batch = ceil_div(p->batch, t.batch),
                       .groups = 1,
                       .out = ceil_div(p->out_channels, t.block_out),
                       .in = ceil_div(p->in_channels, t.block_in),
                       .y = span_of(y, single_y),
                       .x = span_of(x, single_x),
                       .taps_y = y->taps,
                       .taps_x = x->taps,
                       .points = points,
                       .phases = y->stride * x->stride / points,
                       .alu = p->bias ? 4 : 3,
                       .bias = p->bias ? 1 : 0};
  conv->r.tiling =
      (Tiling){.y = single_y, .x = single_x, .threads = p->vthreads};
  if (!single_y || !single_x) return find_tiling(c, &layer, &conv->r.tiling);
  choose_tiling(c, &layer, &conv->r.tiling);
  return true;
}

/* Whole rows make the longest transfers, so rows are taken singly first. */
static void choose(vtac_context *c, Transpose *conv) {
  for (int single = 0; single < 4; single++)
    if (tiles_fit(c, conv, single & 1, single & 2)) return;
}

vtac_op *vtac_conv2d_transpose(vtac_context *c,
                               const vtac_conv2d_transpose_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  check(c, params);
  Transpose *conv = op_alloc(c, sizeof *conv);
  if (!conv) return NULL;
  conv->params = *params;
  conv->y =
      side_of(params->height, params->kernel_height, params->stride_height,
              params->pad_height, params->extra_height);
  conv->x = side_of(params->width, params->kernel_width, params->stride_width,
                    params->pad_width, params->extra_width);
  check_side(c, "height", &conv->y);
  check_side(c, "width", &conv->x);
  Reduction *r = &conv->r;
  r->group = NO_AXIS;
  r->out = 1;
  r->y = 2;
  r->x = 3;
  r->inner = 4;
  choose(c, conv);
  declare(c, conv);
  return vtac_context_error(c) ? NULL : &r->op;
}
