/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler: the three dumps of a seed, kernels a second, and what a
 * program of ten times the statements costs. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>

#include "bench/groups.h"

static vtac_context *new_context(const vtac_config *config) {
  vtac_error error;
  return need(vtac_context_new(config, &error), &error);
}

/* ---- Dumps -------------------------------------------------------------- */

typedef struct Dumps {
  vtac_config *config;
  const Layer *layer;
} Dumps;

static void dump(vtac_context *context, vtac_op *op, vtac_op_stage stage) {
  const vtac_lower_options options = {.accelerator = stage == VTAC_OP_VTA};
  const vtac_tensor *args;
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(context, op, stage);
  vtac_lower_text(context, vtac_op_schedule(op), n, args, "main", &options);
}

/* From nothing to the three texts, and all of it freed. */
static double time_dumps(void *self) {
  const Dumps *dumps = self;
  const double start = now_ms();
  vtac_context *context = new_context(dumps->config);
  vtac_op *op = declare_layer(context, dumps->layer, 1);
  dump(context, op, VTAC_OP_DEFAULT);
  dump(context, op, VTAC_OP_TILED);
  dump(context, op, VTAC_OP_VTA);
  check_context(context);
  vtac_context_free(context);
  return now_ms() - start;
}

/* ---- Kernels ------------------------------------------------------------ */

/* Layer number `i`: a convolution or a matrix multiply of a shape that no
 * other number below 60 has. */
static Layer varied_layer(int i) {
  const int step = i / 2;
  if (i % 2)
    return (Layer){"gemm",
                   1,
                   256 * (1 + step % 6),
                   256 * (1 + step / 6),
                   0,
                   1,
                   256,
                   256,
                   1,
                   1,
                   0};
  return (Layer){
      "conv2d", 14, 64 * (1 + step % 6), 256 * (1 + step / 6), 3, 1, 128, 16, 7,
      14,       2};
}

static double build_layer(const vtac_config *config, const Layer *layer) {
  const vtac_lower_options options = {.accelerator = 1};
  const vtac_tensor *args;
  const double start = now_ms();
  vtac_context *context = new_context(config);
  vtac_op *op = declare_layer(context, layer, 1);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  int n = vtac_op_args(op, &args);
  vtac_module_free(
      vtac_build(context, vtac_op_schedule(op), n, args, "kernel", &options));
  check_context(context);
  vtac_context_free(context);
  return now_ms() - start;
}

static double time_build(void *self) {
  const Dumps *dumps = self;
  return build_layer(dumps->config, dumps->layer);
}

enum { KERNELS = 60 };

static void *build_varied(void *config) {
  for (int i = 0; i < KERNELS; i++) {
    const Layer layer = varied_layer(i);
    build_layer(config, &layer);
  }
  return NULL;
}

/* Kernels a second of two threads, a context for each kernel. */
static double sample_kernels(void *config) {
  pthread_t thread[2];
  const double start = now_ms();
  for (int i = 0; i < 2; i++)
    if (pthread_create(&thread[i], NULL, build_varied, config))
      stop("no thread");
  for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
  return 2 * KERNELS / (now_ms() - start) * 1e3;
}

/* Heap in use, including what the allocator took from the system directly. */
static double heap_bytes(void) {
  const struct mallinfo2 info = mallinfo2();
  return (double)info.uordblks + (double)info.hblkhd;
}

/* Bytes that stay in use for each kernel. */
static double sample_leftover(void *config) {
  const double before = heap_bytes();
  build_varied(config);
  return (heap_bytes() - before) / KERNELS;
}

/* ---- Ten times the statements ------------------------------------------- */

/* A chain of n element-wise statements, each of what the one before made. */
static vtac_schedule declare_chain(vtac_context *context, int n,
                                   vtac_tensor args[2]) {
  const int64_t shape[1] = {64};
  vtac_tensor last = vtac_placeholder(context, "x", "int32", 1, shape);
  args[0] = last;
  for (int i = 0; i < n; i++) {
    vtac_iter axis[1];
    char name[16];
    snprintf(name, sizeof name, "y%d", i);
    vtac_axes(context, 1, shape, NULL, axis);
    vtac_expr term = vtac_mul(context, vtac_iter_expr(context, axis[0]),
                              vtac_int(context, i));
    last =
        vtac_compute(context, name, 1, axis,
                     vtac_add(context, vtac_at(context, last, 1, axis), term));
  }
  args[1] = last;
  return vtac_schedule_new(context, 1, &args[1]);
}

typedef struct Chain {
  vtac_config *config;
  int n;
  double peak; /* bytes in use at the fullest */
} Chain;

static void note_peak(void *self, const vtac_pass_event *event) {
  Chain *chain = self;
  const double bytes = heap_bytes();
  (void)event;
  if (bytes > chain->peak) chain->peak = bytes;
}

static double time_chain(Chain *chain, int watch) {
  const vtac_lower_options options = {.on_pass = watch ? note_peak : NULL,
                                      .user = chain};
  vtac_tensor args[2];
  vtac_context *context = new_context(chain->config);
  vtac_schedule schedule = declare_chain(context, chain->n, args);
  const double start = now_ms();
  vtac_lower_text(context, schedule, 2, args, "main", &options);
  const double took = now_ms() - start;
  check_context(context);
  vtac_context_free(context);
  return took;
}

static double sample_chain(void *chain) { return time_chain(chain, 0); }

/* The time of ten times the statements by that of n. */
static Figure growth(const Bench *bench, vtac_config *config, int n) {
  Chain few = {config, n, 0}, many = {config, 10 * n, 0};
  const Figure small = measure(bench, sample_chain, &few);
  const Figure large = measure(bench, sample_chain, &many);
  return (Figure){large.median / small.median, large.low / small.high,
                  large.high / small.low, large.samples};
}

static double peak_of(vtac_config *config, int n) {
  const double before = heap_bytes();
  Chain chain = {config, n, 0};
  time_chain(&chain, 1);
  return chain.peak - before;
}

/* ---- Memory of a kernel ------------------------------------------------- */

/* Bytes in use at the fullest while a layer is built, by those of the function
 * that comes of it. */
static double multiple_of_ir(vtac_config *config, const Layer *layer) {
  Chain watch = {config, 0, 0};
  const vtac_lower_options options = {
      .accelerator = 1, .on_pass = note_peak, .user = &watch};
  const vtac_tensor *args;
  const double before = heap_bytes();
  vtac_context *context = new_context(config);
  vtac_op *op = declare_layer(context, layer, 1);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  const int n = vtac_op_args(op, &args);
  vtac_module *module =
      vtac_build(context, vtac_op_schedule(op), n, args, layer->name, &options);
  check_context(context);
  vtac_context_free(context);
  const double kept = heap_bytes() - before;
  vtac_module_free(module);
  return (watch.peak - before) / kept;
}

/* ---- The group ---------------------------------------------------------- */

void bench_compile(Bench *bench) {
  enum { STATEMENTS = 40 };
  vtac_config *config = default_config();
  Dumps conv2d = {config, &layer_conv2d}, gemm = {config, &layer_gemm};
  add_row(bench, "conv2d, three dumps", "ms",
          measure(bench, time_dumps, &conv2d), MOST(1));
  add_row(bench, "gemm, three dumps", "ms", measure(bench, time_dumps, &gemm),
          MOST(1));
  add_row(bench, "conv2d, declared to module", "ms",
          measure(bench, time_build, &conv2d), NO_TARGET);
  add_row(bench, "kernels of different shapes, two threads", "kernels/s",
          measure(bench, sample_kernels, config), LEAST(5000));
  add_row(bench, "memory kept after a kernel", "bytes",
          measure(bench, sample_leftover, config), MOST(0));
  add_row(bench, "conv2d, memory at the fullest", "of its IR",
          exactly(multiple_of_ir(config, &layer_conv2d)), MOST(16));
  add_row(bench, "time for ten times the statements", "times",
          growth(bench, config, STATEMENTS), MOST(12));
  add_row(
      bench, "memory for ten times the statements", "times",
      exactly(peak_of(config, 10 * STATEMENTS) / peak_of(config, STATEMENTS)),
      MOST(12));
  vtac_config_free(config);
}
