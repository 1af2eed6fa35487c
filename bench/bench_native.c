/* SPDX-License-Identifier: Apache-2.0 */
/* Native code and tensors: how long the convolution takes to build with LLVM,
 * what a call of compiled code costs when the device has nothing to do, and how
 * fast tensors are packed, against memcpy of the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/groups.h"

static vtac_module *compile(vtac_module *built, vtac_context *context) {
  vtac_error error;
  if (!built) stop("%s", vtac_context_error(context)->message);
  vtac_module *module = need(vtac_module_compile(built, &error), &error);
  vtac_module_free(built);
  return module;
}

/* ---- Building ----------------------------------------------------------- */

/* Declares, schedules, lowers and compiles; the whole as a user meets it. */
static double time_build(void *config) {
  static const char *const cse[] = {"CommonSubexprElim"};
  const vtac_lower_options options = {
      .accelerator = 1, .disabled = cse, .disabled_count = 1};
  const vtac_tensor *args;
  vtac_error error;
  const double start = now_ms();
  vtac_context *context = need(vtac_context_new(config, &error), &error);
  vtac_op *op = declare_layer(context, &layer_conv2d, 1);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  int n = vtac_op_args(op, &args);
  vtac_module_free(compile(
      vtac_build(context, vtac_op_schedule(op), n, args, "conv2d", &options),
      context));
  vtac_context_free(context);
  return now_ms() - start;
}

/* ---- Calling ------------------------------------------------------------ */

/* y[i] = x[i] + 1 for one element: nothing but the call. */
static vtac_module *build_increment(const vtac_config *config) {
  vtac_error error;
  vtac_context *context = need(vtac_context_new(config, &error), &error);
  const int64_t one[1] = {1};
  vtac_iter axis[1];
  vtac_tensor args[2];
  vtac_axes(context, 1, one, NULL, axis);
  args[0] = vtac_placeholder(context, "x", "int32", 1, one);
  args[1] = vtac_compute(context, "y", 1, axis,
                         vtac_add(context, vtac_at(context, args[0], 1, axis),
                                  vtac_int(context, 1)));
  vtac_schedule schedule = vtac_schedule_new(context, 1, &args[1]);
  vtac_module *module = compile(
      vtac_build(context, schedule, 2, args, "increment", NULL), context);
  vtac_context_free(context);
  return module;
}

typedef struct Call {
  vtac_module *module;
  vtac_device *device;
  vtac_array *array[2];
} Call;

/* Microseconds of a call. */
static double sample_call(void *self) {
  enum { CALLS = 2000 };
  const Call *call = self;
  vtac_error error;
  const double start = now_ms();
  for (int i = 0; i < CALLS; i++)
    succeed(vtac_module_run(call->module, call->device, 2, call->array, &error),
            &error);
  return (now_ms() - start) * 1e3 / CALLS;
}

static void measure_call(Bench *bench, const vtac_config *config) {
  const int64_t one[1] = {1};
  vtac_error error;
  Call call = {.module = build_increment(config)};
  call.device = need(vtac_device_open(config, NULL, &error), &error);
  for (int i = 0; i < 2; i++)
    call.array[i] =
        need(vtac_array_new(call.device, "int32", 1, one, &error), &error);
  add_row(bench, "call of compiled code without device work", "us",
          measure(bench, sample_call, &call), MOST(2));
  for (int i = 0; i < 2; i++) vtac_array_free(call.array[i]);
  vtac_device_close(call.device);
  vtac_module_free(call.module);
}

/* ---- Packing ------------------------------------------------------------ */

typedef struct Pack {
  const char *what;
  vtac_pack_shape shape;
} Pack;

static const Pack packs[] = {
    {"activations int8 1x256x56x56", {1, 256, 56, 56, 1, 16, 1}},
    {"activations int8 1x2048x112x112", {1, 2048, 112, 112, 1, 16, 1}},
    {"kernels int8 512x512x3x3", {512, 512, 3, 3, 16, 16, 1}},
    {"matrix int8 4096x4096", {4096, 4096, 1, 1, 16, 16, 1}},
    {"accumulators int32 1x256x56x56", {1, 256, 56, 56, 1, 16, 4}}};

typedef struct Copying {
  const vtac_pack_shape *shape;
  vtac_status (*pack)(const vtac_pack_shape *shape, const void *from, void *to,
                      vtac_error *error);
  size_t size;
  char *from, *to;
} Copying;

/* The speed as a part of memcpy's. */
static double sample_pack(void *self) {
  const Copying *copying = self;
  vtac_error error;
  const double start = now_ms();
  memcpy(copying->to, copying->from, copying->size);
  const double half = now_ms();
  succeed(copying->pack(copying->shape, copying->from, copying->to, &error),
          &error);
  return (half - start) / (now_ms() - half);
}

static void measure_pack(Bench *bench, const Pack *pack) {
  const vtac_pack_shape *s = &pack->shape;
  char what[64];
  Copying copying = {s, vtac_pack, 0, NULL, NULL};
  copying.size =
      (size_t)(s->outer * s->inner * s->height * s->width * s->element_bytes);
  copying.from = malloc(copying.size);
  copying.to = malloc(copying.size);
  if (!copying.from || !copying.to) stop("no memory");
  memset(copying.from, 1, copying.size);
  snprintf(what, sizeof what, "pack %s", pack->what);
  add_row(bench, what, "of memcpy", measure(bench, sample_pack, &copying),
          LEAST(0.5));
  copying.pack = vtac_unpack;
  snprintf(what, sizeof what, "unpack %s", pack->what);
  add_row(bench, what, "of memcpy", measure(bench, sample_pack, &copying),
          LEAST(0.5));
  free(copying.from);
  free(copying.to);
}

void bench_native(Bench *bench) {
  vtac_config *config = default_config();
  if (vtac_module_target(0)) {
    add_row(bench, "conv2d, declared to machine code", "ms",
            measure(bench, time_build, config), MOST(12));
    measure_call(bench, config);
  } else {
    leave_out(bench, "compiled code", "there is no code generator");
  }
  for (size_t i = 0; i < sizeof packs / sizeof *packs; i++)
    measure_pack(bench, &packs[i]);
  vtac_config_free(config);
}
