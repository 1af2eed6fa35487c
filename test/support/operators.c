/* SPDX-License-Identifier: Apache-2.0 */
/* Random operators. */
#include "support/operators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/programs.h"

/* ---- Choices ------------------------------------------------------------ */

static int64_t pick(Choices *c, int least, int most) {
  return choose_low(c, least, most);
}

static int pick_int(Choices *c, int least, int most) {
  return choose_low(c, least, most);
}

/* ---- Parameters --------------------------------------------------------- */

static void random_gemm(Choices *s, OperatorParams *p, char *text) {
  p->gemm = (vtac_gemm_params){.batch = pick(s, 1, 40),
                               .in = pick(s, 1, 200),
                               .out = pick(s, 1, 200),
                               .shift = pick_int(s, 0, 7),
                               .vthreads = pick_int(s, 0, 2),
                               .bias = pick_int(s, 0, 1)};
  const vtac_gemm_params *g = &p->gemm;
  snprintf(text, OPERATOR_TEXT,
           "batch=%lld in=%lld out=%lld shift=%d vthreads=%d bias=%d",
           (long long)g->batch, (long long)g->in, (long long)g->out, g->shift,
           g->vthreads, g->bias);
}

static void conv2d_text(const vtac_conv2d_params *c, char *text) {
  snprintf(text, OPERATOR_TEXT,
           "batch=%lld in=%lld out=%lld size=%lldx%lld kernel=%lldx%lld "
           "pad=%lldx%lld stride=%lldx%lld shift=%d vthreads=%d bias=%d "
           "groups=%d",
           (long long)c->batch, (long long)c->in_channels,
           (long long)c->out_channels, (long long)c->height,
           (long long)c->width, (long long)c->kernel_height,
           (long long)c->kernel_width, (long long)c->pad_height,
           (long long)c->pad_width, (long long)c->stride_height,
           (long long)c->stride_width, c->shift, c->vthreads, c->bias,
           c->groups);
}

static void random_conv2d(Choices *s, OperatorParams *p, char *text) {
  vtac_conv2d_params *c = &p->conv2d;
  *c = (vtac_conv2d_params){.batch = pick(s, 1, 3),
                            .in_channels = pick(s, 1, 50),
                            .out_channels = pick(s, 1, 50),
                            .height = pick(s, 1, 20),
                            .width = pick(s, 1, 20),
                            .pad_height = pick(s, 0, 3),
                            .pad_width = pick(s, 0, 3),
                            .stride_height = pick(s, 1, 3),
                            .stride_width = pick(s, 1, 3),
                            .shift = pick_int(s, 0, 7),
                            .vthreads = pick_int(s, 0, 2),
                            .bias = pick_int(s, 0, 1)};
  int64_t most_h = c->height + 2 * c->pad_height;
  int64_t most_w = c->width + 2 * c->pad_width;
  c->kernel_height = pick(s, 1, most_h < 5 ? most_h : 5);
  c->kernel_width = pick(s, 1, most_w < 5 ? most_w : 5);
  conv2d_text(c, text);
}

static void random_groups(Choices *s, OperatorParams *p, char *text) {
  random_conv2d(s, p, text);
  p->conv2d.groups = pick_int(s, 1, 9);
  p->conv2d.in_channels = p->conv2d.groups * pick(s, 1, 20);
  p->conv2d.out_channels = p->conv2d.groups * pick(s, 1, 20);
  conv2d_text(&p->conv2d, text);
}

static void random_depthwise(Choices *s, OperatorParams *p, char *text) {
  random_conv2d(s, p, text);
  p->conv2d.out_channels = p->conv2d.in_channels * pick(s, 1, 3);
  conv2d_text(&p->conv2d, text);
}

static void random_transpose(Choices *s, OperatorParams *p, char *text) {
  vtac_conv2d_transpose_params *c = &p->transpose;
  *c = (vtac_conv2d_transpose_params){.batch = pick(s, 1, 3),
                                      .in_channels = pick(s, 1, 40),
                                      .out_channels = pick(s, 1, 40),
                                      .height = pick(s, 2, 10),
                                      .width = pick(s, 2, 10),
                                      .kernel_height = pick(s, 1, 5),
                                      .kernel_width = pick(s, 1, 5),
                                      .stride_height = pick(s, 1, 3),
                                      .stride_width = pick(s, 1, 3),
                                      .extra_height = pick(s, 0, 1),
                                      .extra_width = pick(s, 0, 1),
                                      .shift = pick_int(s, 0, 7),
                                      .vthreads = pick_int(s, 0, 2),
                                      .bias = pick_int(s, 0, 1)};
  c->pad_height = pick(s, 0, (c->kernel_height - 1) / 2);
  c->pad_width = pick(s, 0, (c->kernel_width - 1) / 2);
  snprintf(text, OPERATOR_TEXT,
           "batch=%lld in=%lld out=%lld size=%lldx%lld kernel=%lldx%lld "
           "pad=%lldx%lld stride=%lldx%lld extra=%lldx%lld shift=%d "
           "vthreads=%d bias=%d",
           (long long)c->batch, (long long)c->in_channels,
           (long long)c->out_channels, (long long)c->height,
           (long long)c->width, (long long)c->kernel_height,
           (long long)c->kernel_width, (long long)c->pad_height,
           (long long)c->pad_width, (long long)c->stride_height,
           (long long)c->stride_width, (long long)c->extra_height,
           (long long)c->extra_width, c->shift, c->vthreads, c->bias);
}

static void random_eltwise(Choices *s, OperatorParams *p, char *text) {
  vtac_eltwise_params *e = &p->eltwise;
  *e = (vtac_eltwise_params){.batch = pick(s, 1, 3),
                             .channels = pick(s, 1, 80),
                             .height = pick(s, 1, 40),
                             .width = pick(s, 1, 40),
                             .shift = pick_int(s, 0, 7),
                             .wide = pick_int(s, 0, 1),
                             .vthreads = pick_int(s, 0, 2)};
  snprintf(text, OPERATOR_TEXT,
           "batch=%lld channels=%lld size=%lldx%lld shift=%d wide=%d "
           "vthreads=%d",
           (long long)e->batch, (long long)e->channels, (long long)e->height,
           (long long)e->width, e->shift, e->wide, e->vthreads);
}

static void random_pool(Choices *s, OperatorParams *p, char *text) {
  vtac_pool2d_params *q = &p->pool;
  *q = (vtac_pool2d_params){.batch = pick(s, 1, 3),
                            .channels = pick(s, 1, 60),
                            .height = pick(s, 1, 25),
                            .width = pick(s, 1, 25),
                            .stride_height = pick(s, 1, 3),
                            .stride_width = pick(s, 1, 3),
                            .wide = pick_int(s, 0, 1),
                            .vthreads = pick_int(s, 0, 2)};
  q->window_height = pick(s, 1, q->height < 5 ? q->height : 5);
  q->window_width = pick(s, 1, q->width < 5 ? q->width : 5);
  q->pad_height = pick(s, 0, q->window_height - 1);
  q->pad_width = pick(s, 0, q->window_width - 1);
  snprintf(text, OPERATOR_TEXT,
           "batch=%lld channels=%lld size=%lldx%lld window=%lldx%lld "
           "pad=%lldx%lld stride=%lldx%lld wide=%d vthreads=%d",
           (long long)q->batch, (long long)q->channels, (long long)q->height,
           (long long)q->width, (long long)q->window_height,
           (long long)q->window_width, (long long)q->pad_height,
           (long long)q->pad_width, (long long)q->stride_height,
           (long long)q->stride_width, q->wide, q->vthreads);
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
  void (*random)(Choices *choices, OperatorParams *params, char *text);
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

OperatorCase operator_case(Choices *choices) {
  OperatorCase o;
  memset(&o, 0, sizeof o);
  o.number = choose(choices, OPERATORS);
  operators[o.number].random(choices, &o.params, o.text);
  o.seed = (uint64_t)choose(choices, CHOICE_LIMIT);
  o.name = operators[o.number].name;
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
