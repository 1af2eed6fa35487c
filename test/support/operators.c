/* SPDX-License-Identifier: Apache-2.0 */
/* Random operators: making them, and running them. */
#include "support/operators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/programs.h"

/* ---- Random numbers ----------------------------------------------------- */

/* Low numbers are as likely as all others together. */
static int64_t pick(uint64_t *state, int64_t least, int64_t most) {
  if (test_random(state) >> 63) most = least + (most - least) / 4;
  return least + (int64_t)(test_random(state) % (uint64_t)(most - least + 1));
}

static int pick_int(uint64_t *state, int least, int most) {
  return (int)pick(state, least, most);
}

/* ---- Parameters --------------------------------------------------------- */

static void random_gemm(uint64_t *s, OperatorParams *p, char *text) {
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

static void random_conv2d(uint64_t *s, OperatorParams *p, char *text) {
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

static void random_groups(uint64_t *s, OperatorParams *p, char *text) {
  random_conv2d(s, p, text);
  p->conv2d.groups = pick_int(s, 1, 9);
  p->conv2d.in_channels = p->conv2d.groups * pick(s, 1, 20);
  p->conv2d.out_channels = p->conv2d.groups * pick(s, 1, 20);
  conv2d_text(&p->conv2d, text);
}

static void random_depthwise(uint64_t *s, OperatorParams *p, char *text) {
  random_conv2d(s, p, text);
  p->conv2d.out_channels = p->conv2d.in_channels * pick(s, 1, 3);
  conv2d_text(&p->conv2d, text);
}

static void random_transpose(uint64_t *s, OperatorParams *p, char *text) {
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

static void random_eltwise(uint64_t *s, OperatorParams *p, char *text) {
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

static void random_pool(uint64_t *s, OperatorParams *p, char *text) {
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
  void (*random)(uint64_t *state, OperatorParams *params, char *text);
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

const char *operator_name(int number) { return operators[number].name; }

OperatorParams operator_random(int number, uint64_t seed,
                               char ret_text[OPERATOR_TEXT]) {
  OperatorParams params;
  memset(&params, 0, sizeof params);
  operators[number].random(&seed, &params, ret_text);
  return params;
}

vtac_op *operator_declare(vtac_context *context, int number,
                          const OperatorParams *params) {
  return operators[number].declare(context, params);
}

TestData *operator_data(const vtac_config *config, int number,
                        const OperatorParams *params, uint64_t seed) {
  return operators[number].data(config, params, seed);
}

/* ---- Accelerators ------------------------------------------------------- */

vtac_config *random_config(uint64_t seed, char ret_text[OPERATOR_TEXT]) {
  vtac_config *config = NULL;
  while (!config) {
    int acc = pick_int(&seed, 3, 5), inp = pick_int(&seed, 0, acc);
    int wgt = pick_int(&seed, 1, acc);
    int n = snprintf(
        ret_text, OPERATOR_TEXT,
        "{\"TARGET\": \"sim\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": %d, "
        "\"LOG_WGT_WIDTH\": %d, \"LOG_ACC_WIDTH\": %d, \"LOG_BATCH\": %d, "
        "\"LOG_BLOCK\": %d, \"LOG_UOP_BUFF_SIZE\": %d, "
        "\"LOG_INP_BUFF_SIZE\": %d, \"LOG_WGT_BUFF_SIZE\": %d, "
        "\"LOG_ACC_BUFF_SIZE\": %d}",
        inp, wgt, acc, pick_int(&seed, 0, 3), pick_int(&seed, 1, 5),
        pick_int(&seed, 7, 15), pick_int(&seed, 9, 15), pick_int(&seed, 11, 18),
        pick_int(&seed, 10, 17));
    config = vtac_config_parse(ret_text, (size_t)n, "random", NULL);
  }
  return config;
}

/* ---- Running ------------------------------------------------------------ */

typedef struct Session {
  vtac_context *context;
  vtac_module *module;
  vtac_device *device;
  TestData *data;
  vtac_array *array[TEST_INPUTS + 1];
} Session;

static void close_session(Session *s) {
  for (int i = 0; i <= TEST_INPUTS; i++) vtac_array_free(s->array[i]);
  vtac_device_close(s->device);
  vtac_module_free(s->module);
  vtac_context_free(s->context);
  test_data_free(s->data);
}

static OperatorOutcome failed(const vtac_error *error, vtac_error *ret_why) {
  *ret_why = *error;
  return error->status == VTAC_REFUSED && *error->message ? OP_REFUSED
                                                          : OP_WRONG;
}

static OperatorOutcome compare(Session *s, vtac_error *why) {
  vtac_array *array = s->array[s->data->inputs];
  size_t size = vtac_array_size(array);
  unsigned char *result = malloc(size);
  OperatorOutcome outcome = OP_RIGHT;
  if (!result) abort();
  if (vtac_array_read(array, result, why)) {
    outcome = OP_WRONG;
  } else if (memcmp(result, s->data->expected, size)) {
    size_t at = 0;
    while (result[at] == ((unsigned char *)s->data->expected)[at]) at++;
    snprintf(why->message, sizeof why->message, "byte %zu of %zu is %u, not %u",
             at, size, result[at], ((unsigned char *)s->data->expected)[at]);
    outcome = OP_WRONG;
  }
  free(result);
  return outcome;
}

static OperatorOutcome run_steps(Session *s, const OperatorRun *run,
                                 vtac_error *why) {
  const vtac_device_options options = {.verify = 1};
  const vtac_tensor *args;
  s->context = vtac_context_new(run->config, why);
  if (!s->context) return OP_WRONG;
  vtac_op *op = operator_declare(s->context, run->number, run->params);
  if (!op) return failed(vtac_context_error(s->context), why);
  const vtac_lower_options lower = {.accelerator = 1};
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(s->context, op, VTAC_OP_VTA);
  s->module =
      vtac_build(s->context, vtac_op_schedule(op), n, args, "op", &lower);
  if (!s->module) return failed(vtac_context_error(s->context), why);
  s->device = vtac_device_open(run->config, &options, why);
  s->data = operator_data(run->config, run->number, run->params, run->seed);
  if (!s->device || !s->data || s->data->inputs != n - 1) return OP_WRONG;
  for (int i = 0; i < n; i++) {
    s->array[i] = vtac_array_like(s->device, args[i], why);
    if (!s->array[i]) return OP_WRONG;
    if (i < n - 1 && vtac_array_write(s->array[i], s->data->input[i], why))
      return OP_WRONG;
  }
  if (vtac_module_run(s->module, s->device, n, s->array, why))
    return failed(why, why);
  return compare(s, why);
}

OperatorOutcome operator_run(const OperatorRun *run,
                             uint64_t ret_counters[VTAC_COUNTERS],
                             vtac_error *ret_why) {
  Session s = {0};
  memset(ret_why, 0, sizeof *ret_why);
  OperatorOutcome outcome = run_steps(&s, run, ret_why);
  if (s.device && ret_counters) vtac_device_counters(s.device, ret_counters);
  close_session(&s);
  return outcome;
}
