/* SPDX-License-Identifier: Apache-2.0 */
/* 2D convolution with a fixed-point tail, blocked in output channels, rows,
 * columns and input channels, with virtual threads over output channels or
 * rows; and convolutions by groups of channels.
 *
 * Groups are taken together until both their channels fill whole blocks; such
 * a group of groups is one convolution whose kernel holds zeros where an
 * output and an input channel belong to different groups.  A depthwise
 * convolution of blocks of 16 channels then has kernels of 16 x 16 with the
 * weights on the diagonal, and takes one matrix micro-op for each pixel, tap
 * and block. */
#include <string.h>

#include "ops/op.h"
#include "ops/reduction.h"

typedef struct Conv2d {
  Reduction r; /* first */
  vtac_conv2d_params params;
  int64_t batch, groups, ins, outs; /* blocks; of one group of groups */
  int64_t height, width;            /* of the output */
} Conv2d;

static int64_t out_size(int64_t size, int64_t pad, int64_t kernel,
                        int64_t stride) {
  return (size + 2 * pad - kernel) / stride + 1;
}

static void check_window(vtac_context *c, const char *what, int64_t size,
                         int64_t pad, int64_t kernel) {
  if (kernel > size + 2 * pad)
    op_refuse(c, "use a smaller kernel or more padding",
              "kernel %s %lld is larger than the padded input's %lld", what,
              (long long)kernel, (long long)(size + 2 * pad));
}

static int64_t gcd(int64_t a, int64_t b) { return b ? gcd(b, a % b) : a; }

static bool chosen(const vtac_conv2d_params *p) {
  return !p->tile_batch || !p->tile_out_channels || !p->tile_in_channels ||
         !p->tile_height || !p->tile_width;
}

static void check_sizes(vtac_context *c, const vtac_conv2d_params *p) {
  OpTarget t = op_target(c);
  bool by_hand = !chosen(p) && p->groups < 2;
  op_need_size(c, "batch size", p->batch, "BATCH", t.batch, by_hand);
  op_need_size(c, "input channel count", p->in_channels, "BLOCK_IN", t.block_in,
               by_hand);
  op_need_size(c, "output channel count", p->out_channels, "BLOCK_OUT",
               t.block_out, by_hand);
  op_need_least(c, "height", p->height, 1);
  op_need_least(c, "width", p->width, 1);
  op_need_least(c, "kernel height", p->kernel_height, 1);
  op_need_least(c, "kernel width", p->kernel_width, 1);
  op_need_least(c, "height padding", p->pad_height, 0);
  op_need_least(c, "width padding", p->pad_width, 0);
  op_need_least(c, "height stride", p->stride_height, 1);
  op_need_least(c, "width stride", p->stride_width, 1);
  op_check_shift(c, p->shift);
  if (vtac_context_error(c)) return;
  check_window(c, "height", p->height, p->pad_height, p->kernel_height);
  check_window(c, "width", p->width, p->pad_width, p->kernel_width);
}

static void check_groups(vtac_context *c, const vtac_conv2d_params *p) {
  static const char divide[] = "use a number of groups that divides both";
  op_need_least(c, "number of groups", p->groups, 0);
  if (vtac_context_error(c) || p->groups < 2) return;
  if (p->in_channels % p->groups)
    op_refuse(c, divide, "%lld input channels cannot be divided into %d groups",
              (long long)p->in_channels, p->groups);
  else if (p->out_channels % p->groups)
    op_refuse(c, divide,
              "%lld output channels cannot be divided into %d groups",
              (long long)p->out_channels, p->groups);
}

static void check_tiles(vtac_context *c, const vtac_conv2d_params *p) {
  OpTarget t = op_target(c);
  op_need_least(c, "batch tile", p->tile_batch, 0);
  op_need_tile(c, "output channel tile", p->tile_out_channels, "BLOCK_OUT",
               t.block_out);
  op_need_tile(c, "input channel tile", p->tile_in_channels, "BLOCK_IN",
               t.block_in);
  op_need_least(c, "height tile", p->tile_height, 0);
  op_need_least(c, "width tile", p->tile_width, 0);
  if (p->tile_out_channels && p->groups < 2)
    op_check_vthreads(c, p->vthreads, "output channels", p->out_channels,
                      p->tile_out_channels);
  else
    op_need_least(c, "number of virtual threads", p->vthreads, 0);
}

/* ---- Declaration -------------------------------------------------------- */

/* Groups of groups that fill blocks; one of all if there are too few. */
static void divide_groups(vtac_context *c, Conv2d *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  int64_t groups = p->groups > 1 ? p->groups : 1;
  int64_t in = p->in_channels / groups, out = p->out_channels / groups;
  int64_t a = t.block_in / gcd(t.block_in, in);
  int64_t b = t.block_out / gcd(t.block_out, out);
  int64_t together = a / gcd(a, b) * b;
  if (together > groups) together = groups;
  conv->batch = ceil_div(p->batch, t.batch);
  conv->groups = ceil_div(groups, together);
  conv->ins = ceil_div(in * together, t.block_in);
  conv->outs = ceil_div(out * together, t.block_out);
  conv->height =
      out_size(p->height, p->pad_height, p->kernel_height, p->stride_height);
  conv->width =
      out_size(p->width, p->pad_width, p->kernel_width, p->stride_width);
}

/* Takes element `at`, which is about the group, out of a list of n where there
 * are no groups; returns how many remain. */
static int drop_group(const Conv2d *conv, int n, int at, void *list,
                      size_t size) {
  if (conv->r.group != NO_AXIS) return n;
  char *gap = (char *)list + (size_t)at * size;
  memmove(gap, gap + size, (size_t)(n - at - 1) * size);
  return n - 1;
}

static vtac_tensor placeholder(vtac_context *c, const Conv2d *conv,
                               const char *name, const char *type, int group,
                               int64_t shape[7]) {
  int n = drop_group(conv, 7, group, shape, sizeof *shape);
  return vtac_placeholder(c, name, type, n, shape);
}

static vtac_expr window(vtac_context *c, vtac_iter out, int64_t stride,
                        vtac_iter offset) {
  vtac_expr start = vtac_mul(c, vtac_iter_expr(c, out), vtac_int(c, stride));
  return vtac_add(c, start, vtac_iter_expr(c, offset));
}

/* The axes of the sums and the reduction. */
typedef struct Axes {
  vtac_iter b, g, co, i, j, bi, ci, ic, dy, dx, ic_tns;
  int n;
  vtac_iter all[7];
} Axes;

static Axes make_axes(vtac_context *c, const Conv2d *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  Axes a = {.dy = vtac_reduce_axis(c, 0, p->kernel_height, "dy"),
            .dx = vtac_reduce_axis(c, 0, p->kernel_width, "dx"),
            .ic = vtac_reduce_axis(c, 0, conv->ins, "ic"),
            .ic_tns = vtac_reduce_axis(c, 0, t.block_in, "ic_tns")};
  int64_t shape[] = {conv->batch, conv->groups, conv->outs, conv->height,
                     conv->width, t.batch,      t.block_out};
  const char *names[] = {"bo", "go", "co", "i", "j", "bi", "ci"};
  drop_group(conv, 7, 1, names, sizeof *names);
  a.n = drop_group(conv, 7, 1, shape, sizeof *shape);
  vtac_axes(c, a.n, shape, names, a.all);
  vtac_iter *to[] = {&a.b, &a.g, &a.co, &a.i, &a.j, &a.bi, &a.ci};
  drop_group(conv, 7, 1, to, sizeof *to);
  for (int i = 0; i < a.n; i++) *to[i] = a.all[i];
  return a;
}

static vtac_tensor convolve(vtac_context *c, const Conv2d *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  Axes a = make_axes(c, conv);
  if (vtac_context_error(c)) return NULL;
  vtac_expr at[] = {vtac_iter_expr(c, a.b),
                    a.g ? vtac_iter_expr(c, a.g) : NULL,
                    vtac_iter_expr(c, a.ic),
                    window(c, a.i, p->stride_height, a.dy),
                    window(c, a.j, p->stride_width, a.dx),
                    vtac_iter_expr(c, a.bi),
                    vtac_iter_expr(c, a.ic_tns)};
  vtac_iter in_kernel[] = {a.g, a.co, a.ic, a.dy, a.dx, a.ci, a.ic_tns};
  drop_group(conv, 7, 1, at, sizeof *at);
  drop_group(conv, 7, 0, in_kernel, sizeof *in_kernel);
  vtac_expr d = vtac_read(c, conv->r.data_buf, a.n, at);
  vtac_expr k = vtac_at(c, conv->r.weight_buf, a.n, in_kernel);
  vtac_expr product =
      vtac_mul(c, vtac_cast(c, t.acc_type, d), vtac_cast(c, t.acc_type, k));
  return vtac_compute(
      c, "res_conv", a.n, a.all,
      vtac_sum(c, product, VTAC_ITERS(a.ic, a.dy, a.dx, a.ic_tns)));
}

static void declare(vtac_context *c, Conv2d *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  Reduction *r = &conv->r;
  vtac_tensor data =
      placeholder(c, conv, "data", t.inp_type, 1,
                  (int64_t[]){conv->batch, conv->groups, conv->ins, p->height,
                              p->width, t.batch, t.block_in});
  vtac_tensor kernel = placeholder(
      c, conv, "kernel", t.wgt_type, 0,
      (int64_t[]){conv->groups, conv->outs, conv->ins, p->kernel_height,
                  p->kernel_width, t.block_out, t.block_in});
  int64_t pad[] = {0, 0, 0, p->pad_height, p->pad_width, 0, 0};
  drop_group(conv, 7, 1, pad, sizeof *pad);
  r->op.args[r->op.n++] = data;
  r->op.args[r->op.n++] = kernel;
  r->data_buf = p->pad_height || p->pad_width
                    ? vtac_pad(c, data, pad, NULL, "data_buf")
                    : vtac_copy(c, data, "data_buf");
  r->weight_buf = vtac_copy(c, kernel, "kernel_buf");
  r->sum = convolve(c, conv);
  if (p->bias) reduction_bias(c, r);
  reduction_finish(c, r, p->shift);
}

/* ---- Tiles -------------------------------------------------------------- */

static Layer layer_of(const Conv2d *conv) {
  const vtac_conv2d_params *p = &conv->params;
  return (Layer){.batch = conv->batch,
                 .groups = conv->groups,
                 .out = conv->outs,
                 .in = conv->ins,
                 .y = {conv->height, p->height, p->pad_height, p->stride_height,
                       p->kernel_height},
                 .x = {conv->width, p->width, p->pad_width, p->stride_width,
                       p->kernel_width},
                 .taps_y = p->kernel_height,
                 .taps_x = p->kernel_width,
                 .points = 1,
                 .phases = 1,
                 .alu = p->bias ? 4 : 3,
                 .bias = p->bias ? 1 : 0};
}

static void choose(vtac_context *c, Conv2d *conv) {
  OpTarget t = op_target(c);
  const vtac_conv2d_params *p = &conv->params;
  const Layer layer = layer_of(conv);
  conv->r.tiling = (Tiling){.batch = ceil_div(p->tile_batch, t.batch),
                            .out = p->tile_out_channels / t.block_out,
                            .in = p->tile_in_channels / t.block_in,
                            .y = p->tile_height,
                            .x = p->tile_width,
                            .over = OVER_CHANNELS,
                            .threads = p->vthreads};
  conv->r.by_hand = !chosen(p);
  if (conv->r.by_hand) {
    int64_t batches = p->tile_batch / t.batch;
    conv->r.tiling.batch = batches ? batches : 1;
  } else {
    choose_tiling(c, &layer, &conv->r.tiling);
  }
}

/* ---- The operators ------------------------------------------------------ */

vtac_op *vtac_conv2d(vtac_context *c, const vtac_conv2d_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  check_sizes(c, params);
  check_groups(c, params);
  check_tiles(c, params);
  Conv2d *conv = op_alloc(c, sizeof *conv);
  if (!conv) return NULL;
  conv->params = *params;
  divide_groups(c, conv);
  int groups = params->groups > 1 ? 1 : 0;
  conv->r.group = groups ? 1 : NO_AXIS;
  conv->r.out = 1 + groups;
  conv->r.y = 2 + groups;
  conv->r.x = conv->r.inner = 3 + groups;
  conv->r.y_scale = conv->r.x_scale = 1;
  choose(c, conv);
  declare(c, conv);
  return vtac_context_error(c) ? NULL : &conv->r.op;
}

vtac_op *vtac_group_conv2d(vtac_context *c, const vtac_conv2d_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  op_need_least(c, "number of groups", params->groups, 1);
  return vtac_conv2d(c, params);
}

vtac_op *vtac_depthwise_conv2d(vtac_context *c,
                               const vtac_conv2d_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  vtac_conv2d_params depthwise = *params;
  depthwise.groups = (int)params->in_channels;
  return vtac_conv2d(c, &depthwise);
}
