/* SPDX-License-Identifier: Apache-2.0 */
/* Random operators. */
#include "support/operators.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/programs.h"

/* ---- Choices ------------------------------------------------------------ */

/* Parameters of one case; wide ones have any shape that is computed in plain
 * loops in no time. */
typedef struct Draw {
  Choices *c;
  bool wide;
  OperatorCase *ret;
} Draw;

static int pick(const Draw *d, int least, int most) {
  return choose_low(d->c, least, most);
}

/* A size up to `most`; if wide, of four times as much, and often a prime. */
static int64_t size(const Draw *d, int most) {
  static const int primes[] = {1,  2,  3,  5,  7,  11, 13, 17, 19, 23,
                               29, 31, 37, 41, 43, 47, 53, 61, 67, 127};
  if (!d->wide) return pick(d, 1, most);
  int kind = choose(d->c, 4);
  if (kind == 1) return primes[choose(d->c, sizeof primes / sizeof *primes)];
  return choose_low(d->c, 1, kind < 3 ? most : 4 * most);
}

/* One of a shape's small numbers: a kernel, a stride, padding. */
static int64_t small(const Draw *d, int least, int most, int wide_most) {
  return pick(d, least, d->wide ? wide_most : most);
}

static void note(OperatorCase *o, const char *format, ...) {
  size_t used = strlen(o->text);
  va_list args;
  va_start(args, format);
  vsnprintf(o->text + used, OPERATOR_TEXT - used, format, args);
  va_end(args);
}

static void note_sides(OperatorCase *o, const char *name, int64_t height,
                       int64_t width) {
  note(o, "%s=%lldx%lld ", name, (long long)height, (long long)width);
}

/* ---- Parameters --------------------------------------------------------- */

static void random_gemm(const Draw *d) {
  vtac_gemm_params *g = &d->ret->params.gemm;
  *g = (vtac_gemm_params){.batch = size(d, 40),
                          .in = size(d, 200),
                          .out = size(d, 200),
                          .shift = pick(d, 0, 7),
                          .vthreads = pick(d, 0, 2),
                          .bias = pick(d, 0, 1)};
  d->ret->work = g->batch * g->in * g->out;
  note(d->ret, "batch=%lld in=%lld out=%lld shift=%d vthreads=%d bias=%d",
       (long long)g->batch, (long long)g->in, (long long)g->out, g->shift,
       g->vthreads, g->bias);
}

static int64_t windows(int64_t size, int64_t pad, int64_t kernel,
                       int64_t stride) {
  return (size + 2 * pad - kernel) / stride + 1;
}

static void conv2d_done(OperatorCase *o) {
  const vtac_conv2d_params *c = &o->params.conv2d;
  int64_t height =
      windows(c->height, c->pad_height, c->kernel_height, c->stride_height);
  int64_t width =
      windows(c->width, c->pad_width, c->kernel_width, c->stride_width);
  o->work = c->batch * c->in_channels * c->out_channels * height * width *
            c->kernel_height * c->kernel_width;
  note(o, "batch=%lld in=%lld out=%lld ", (long long)c->batch,
       (long long)c->in_channels, (long long)c->out_channels);
  note_sides(o, "size", c->height, c->width);
  note_sides(o, "kernel", c->kernel_height, c->kernel_width);
  note_sides(o, "pad", c->pad_height, c->pad_width);
  note_sides(o, "stride", c->stride_height, c->stride_width);
  note(o, "shift=%d vthreads=%d bias=%d groups=%d", c->shift, c->vthreads,
       c->bias, c->groups);
}

static void draw_conv2d(const Draw *d, int most_size, int most_channels) {
  vtac_conv2d_params *c = &d->ret->params.conv2d;
  *c = (vtac_conv2d_params){.batch = pick(d, 1, 3),
                            .in_channels = size(d, most_channels),
                            .out_channels = size(d, most_channels),
                            .height = size(d, most_size),
                            .width = size(d, most_size),
                            .pad_height = small(d, 0, 3, 9),
                            .pad_width = small(d, 0, 3, 9),
                            .stride_height = small(d, 1, 3, 9),
                            .stride_width = small(d, 1, 3, 9),
                            .shift = pick(d, 0, 7),
                            .vthreads = pick(d, 0, 2),
                            .bias = pick(d, 0, 1)};
  int most = d->wide ? 9 : 5;
  int64_t most_h = c->height + 2 * c->pad_height;
  int64_t most_w = c->width + 2 * c->pad_width;
  c->kernel_height = pick(d, 1, most_h < most ? (int)most_h : most);
  c->kernel_width = pick(d, 1, most_w < most ? (int)most_w : most);
}

static void random_conv2d(const Draw *d) {
  draw_conv2d(d, 20, 50);
  conv2d_done(d->ret);
}

static void random_groups(const Draw *d) {
  vtac_conv2d_params *c = &d->ret->params.conv2d;
  draw_conv2d(d, 20, 50);
  c->groups = (int)size(d, 9);
  c->in_channels = c->groups * pick(d, 1, 20);
  c->out_channels = c->groups * pick(d, 1, 20);
  conv2d_done(d->ret);
}

static void random_depthwise(const Draw *d) {
  vtac_conv2d_params *c = &d->ret->params.conv2d;
  draw_conv2d(d, 20, 50);
  c->out_channels = c->in_channels * pick(d, 1, 3);
  conv2d_done(d->ret);
}

/* The most padding that leaves an output. */
static int most_cut(int64_t in, int64_t stride, int64_t kernel, int64_t extra) {
  int64_t most = ((in - 1) * stride + kernel + extra - 1) / 2;
  return most < 12 ? (int)most : 12;
}

static void random_transpose(const Draw *d) {
  vtac_conv2d_transpose_params *c = &d->ret->params.transpose;
  *c = (vtac_conv2d_transpose_params){.batch = pick(d, 1, 3),
                                      .in_channels = size(d, 40),
                                      .out_channels = size(d, 40),
                                      .height = size(d, 10),
                                      .width = size(d, 10),
                                      .kernel_height = small(d, 1, 5, 8),
                                      .kernel_width = small(d, 1, 5, 8),
                                      .stride_height = small(d, 1, 3, 5),
                                      .stride_width = small(d, 1, 3, 5),
                                      .extra_height = small(d, 0, 1, 4),
                                      .extra_width = small(d, 0, 1, 4),
                                      .shift = pick(d, 0, 7),
                                      .vthreads = pick(d, 0, 2),
                                      .bias = pick(d, 0, 1)};
  c->pad_height = pick(
      d, 0,
      most_cut(c->height, c->stride_height, c->kernel_height, c->extra_height));
  c->pad_width = pick(
      d, 0,
      most_cut(c->width, c->stride_width, c->kernel_width, c->extra_width));
  OperatorCase *o = d->ret;
  o->work = c->batch * c->in_channels * c->out_channels * c->height * c->width *
            c->kernel_height * c->kernel_width;
  note(o, "batch=%lld in=%lld out=%lld ", (long long)c->batch,
       (long long)c->in_channels, (long long)c->out_channels);
  note_sides(o, "size", c->height, c->width);
  note_sides(o, "kernel", c->kernel_height, c->kernel_width);
  note_sides(o, "pad", c->pad_height, c->pad_width);
  note_sides(o, "stride", c->stride_height, c->stride_width);
  note_sides(o, "extra", c->extra_height, c->extra_width);
  note(o, "shift=%d vthreads=%d bias=%d", c->shift, c->vthreads, c->bias);
}

static void random_eltwise(const Draw *d) {
  vtac_eltwise_params *e = &d->ret->params.eltwise;
  *e = (vtac_eltwise_params){.batch = pick(d, 1, 3),
                             .channels = size(d, 80),
                             .height = size(d, 40),
                             .width = size(d, 40),
                             .shift = pick(d, 0, 7),
                             .wide = pick(d, 0, 1),
                             .vthreads = pick(d, 0, 2)};
  d->ret->work = 10 * e->batch * e->channels * e->height * e->width;
  note(d->ret, "batch=%lld channels=%lld ", (long long)e->batch,
       (long long)e->channels);
  note_sides(d->ret, "size", e->height, e->width);
  note(d->ret, "shift=%d wide=%d vthreads=%d", e->shift, e->wide, e->vthreads);
}

static void random_pool(const Draw *d) {
  vtac_pool2d_params *q = &d->ret->params.pool;
  *q = (vtac_pool2d_params){.batch = pick(d, 1, 3),
                            .channels = size(d, 60),
                            .height = size(d, 25),
                            .width = size(d, 25),
                            .stride_height = small(d, 1, 3, 9),
                            .stride_width = small(d, 1, 3, 9),
                            .wide = pick(d, 0, 1),
                            .vthreads = pick(d, 0, 2)};
  int most = d->wide ? 20 : 5;
  q->window_height = pick(d, 1, q->height < most ? (int)q->height : most);
  q->window_width = pick(d, 1, q->width < most ? (int)q->width : most);
  q->pad_height = pick(d, 0, (int)q->window_height - 1);
  q->pad_width = pick(d, 0, (int)q->window_width - 1);
  d->ret->work = q->batch * q->channels * (q->height + 2 * q->pad_height) *
                 (q->width + 2 * q->pad_width) * q->window_height *
                 q->window_width;
  note(d->ret, "batch=%lld channels=%lld ", (long long)q->batch,
       (long long)q->channels);
  note_sides(d->ret, "size", q->height, q->width);
  note_sides(d->ret, "window", q->window_height, q->window_width);
  note_sides(d->ret, "pad", q->pad_height, q->pad_width);
  note_sides(d->ret, "stride", q->stride_height, q->stride_width);
  note(d->ret, "wide=%d vthreads=%d", q->wide, q->vthreads);
}

/* ---- The table ---------------------------------------------------------- */

#define OPERATOR(name, make, field)                                           \
  static vtac_op *declare_##name(vtac_context *c, const OperatorParams *p) {  \
    return make(c, &p->field);                                                \
  }                                                                           \
  static TestData *data_##name(const vtac_config *c, const OperatorParams *p, \
                               uint64_t seed) {                               \
    return name##_data(c, &p->field, seed);                                   \
  }
#define group_conv2d_data conv2d_data
OPERATOR(gemm, vtac_gemm, gemm)
OPERATOR(dense, vtac_dense, gemm)
OPERATOR(conv2d, vtac_conv2d, conv2d)
OPERATOR(group_conv2d, vtac_group_conv2d, conv2d)
OPERATOR(depthwise, vtac_depthwise_conv2d, conv2d)
OPERATOR(conv2d_transpose, vtac_conv2d_transpose, transpose)
OPERATOR(max_pool2d, vtac_max_pool2d, pool)
OPERATOR(avg_pool2d, vtac_avg_pool2d, pool)
OPERATOR(global_avg_pool2d, vtac_global_avg_pool2d, pool)
OPERATOR(add, vtac_add_op, eltwise)
OPERATOR(relu, vtac_relu, eltwise)
OPERATOR(requantize, vtac_requantize, eltwise)

static const struct {
  const char *name;
  void (*random)(const Draw *draw);
  vtac_op *(*declare)(vtac_context *context, const OperatorParams *params);
  TestData *(*data)(const vtac_config *config, const OperatorParams *params,
                    uint64_t seed);
} operators[] = {
    {"requantize", random_eltwise, declare_requantize, data_requantize},
    {"relu", random_eltwise, declare_relu, data_relu},
    {"add", random_eltwise, declare_add, data_add},
    {"gemm", random_gemm, declare_gemm, data_gemm},
    {"dense", random_gemm, declare_dense, data_dense},
    {"max_pool2d", random_pool, declare_max_pool2d, data_max_pool2d},
    {"avg_pool2d", random_pool, declare_avg_pool2d, data_avg_pool2d},
    {"global_avg_pool2d", random_pool, declare_global_avg_pool2d,
     data_global_avg_pool2d},
    {"conv2d", random_conv2d, declare_conv2d, data_conv2d},
    {"group_conv2d", random_groups, declare_group_conv2d, data_group_conv2d},
    {"depthwise_conv2d", random_depthwise, declare_depthwise, data_depthwise},
    {"conv2d_transpose", random_transpose, declare_conv2d_transpose,
     data_conv2d_transpose},
    {NULL, NULL, NULL, NULL}};

OperatorCase operator_case(Choices *choices, bool wide) {
  OperatorCase o;
  memset(&o, 0, sizeof o);
  o.number = choose(choices, OPERATORS);
  o.name = operators[o.number].name;
  operators[o.number].random(&(Draw){choices, wide, &o});
  o.seed = (uint64_t)choose(choices, CHOICE_LIMIT);
  return o;
}

vtac_op *operator_declare(const OperatorCase *o, vtac_context *context,
                          Subject *ret) {
  const vtac_tensor *args;
  vtac_op *op = operators[o->number].declare(context, &o->params);
  *ret = (Subject){.n = 0};
  if (!op) return NULL;
  ret->schedule = vtac_op_schedule(op);
  ret->n = vtac_op_args(op, &args);
  ret->inputs = ret->n - 1;
  for (int i = 0; i < ret->n; i++) ret->args[i] = args[i];
  return op;
}

void operator_data(const OperatorCase *o, const vtac_config *config,
                   Subject *subject) {
  TestData *data = operators[o->number].data(config, &o->params, o->seed);
  if (!data || data->inputs != subject->inputs) abort();
  for (int i = 0; i < data->inputs; i++) subject->data[i] = data->input[i];
  subject->data[data->inputs] = data->expected;
  free(data);
}
