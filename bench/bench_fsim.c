/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the functional simulator runs whole modules: multiply-accumulates
 * a second of vtac_module_run (queue, encoding, transfers, arithmetic and all)
 * for the operators' usual layers, under several configurations.
 *
 *   bench_fsim [--seconds S] [NAME...]
 *
 * prints one line a case (tile/layer) whose name contains one of the NAMEs:
 * GMAC/s of the best, the median and the slowest tenth run, and microseconds of
 * the median and of the first run on a new device.  The path is
 * the processor's best, or what the environment's VTAC_SIM_ISA names.  Every
 * result is compared with that of the plain path. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vtac/vtac.h>

enum { MOST_ARGS = 4, MOST_RUNS = 20000 };

typedef struct Shape {
  const char *name;
  int log_batch, log_block;
  int log_uop, log_inp, log_wgt, log_acc; /* sizes of the memories */
} Shape;

static const Shape shapes[] = {
    {"1x16", 0, 4, 15, 15, 18, 17}, {"2x16", 1, 4, 15, 15, 18, 17},
    {"4x16", 2, 4, 15, 16, 18, 18}, {"1x8", 0, 3, 13, 13, 15, 15},
    {"1x32", 0, 5, 15, 15, 20, 17}, {"1x64", 0, 6, 15, 17, 21, 18},
    {"4x64", 2, 6, 15, 17, 21, 19}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* A layer: a matrix multiply where `kernel` is 0. */
typedef struct Layer {
  const char *name;
  int size, in, out, kernel, stride;
  int tile_out, tile_in, tile_h, tile_w;
} Layer;

static const Layer layers[] = {
    {"gemm", 1, 1024, 1024, 0, 1, 256, 256, 1, 1},
    {"conv2d", 14, 256, 256, 3, 1, 128, 16, 7, 14},
    {"resnet18.C2", 56, 64, 64, 3, 1, 32, 16, 7, 56},
    {"resnet18.C3", 56, 64, 128, 3, 2, 64, 16, 7, 28},
    {"resnet18.C4", 56, 64, 128, 1, 2, 64, 16, 7, 28},
    {"resnet18.C11", 7, 512, 512, 3, 1, 128, 16, 7, 7}};
enum { LAYERS = sizeof layers / sizeof *layers };

/* One case, ready to run. */
typedef struct Case {
  vtac_config *config;
  vtac_context *context;
  vtac_module *module;
  vtac_op *op;
  vtac_device *device;
  vtac_array *array[MOST_ARGS];
  const vtac_tensor *args;
  int n;
  double macs;
} Case;

/* The object, or the end of the program. */
static void *need(const void *object, const vtac_error *error) {
  if (object) return (void *)object;
  fprintf(stderr, "bench_fsim: %s\n", error->message);
  exit(EXIT_FAILURE);
}

static vtac_config *make_config(const Shape *shape) {
  char text[512];
  vtac_error error;
  int length = snprintf(
      text, sizeof text,
      "{\"TARGET\": \"sim\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": 3, "
      "\"LOG_WGT_WIDTH\": 3, \"LOG_ACC_WIDTH\": 5, \"LOG_BATCH\": %d, "
      "\"LOG_BLOCK\": %d, \"LOG_UOP_BUFF_SIZE\": %d, \"LOG_INP_BUFF_SIZE\": "
      "%d, \"LOG_WGT_BUFF_SIZE\": %d, \"LOG_ACC_BUFF_SIZE\": %d}",
      shape->log_batch, shape->log_block, shape->log_uop, shape->log_inp,
      shape->log_wgt, shape->log_acc);
  vtac_config *config =
      vtac_config_parse(text, (size_t)length, shape->name, &error);
  return need(config, &error);
}

static int most(int a, int b) { return a > b ? a : b; }

static vtac_op *declare(Case *c, const Shape *shape, const Layer *layer) {
  const int batch = 1 << shape->log_batch, block = 1 << shape->log_block;
  if (!layer->kernel) {
    const vtac_gemm_params gemm = {.batch = batch,
                                   .in = layer->in,
                                   .out = layer->out,
                                   .tile_batch = batch,
                                   .tile_in = layer->tile_in,
                                   .tile_out = layer->tile_out,
                                   .shift = 8};
    c->macs = (double)batch * layer->in * layer->out;
    return vtac_gemm(c->context, &gemm);
  }
  const vtac_conv2d_params conv = {
      .batch = batch,
      .in_channels = layer->in,
      .out_channels = layer->out,
      .height = layer->size,
      .width = layer->size,
      .kernel_height = layer->kernel,
      .kernel_width = layer->kernel,
      .pad_height = layer->kernel / 2,
      .pad_width = layer->kernel / 2,
      .stride_height = layer->stride,
      .stride_width = layer->stride,
      .tile_batch = batch,
      .tile_out_channels = layer->tile_out,
      .tile_in_channels = most(layer->tile_in, block),
      .tile_height = layer->tile_h,
      .tile_width = layer->tile_w,
      .vthreads = 2,
      .shift = 8};
  const double out_size = (layer->size - 1) / layer->stride + 1;
  c->macs = batch * out_size * out_size * layer->in * layer->out *
            layer->kernel * layer->kernel;
  return vtac_conv2d(c->context, &conv);
}

/* Builds the layer; false when the configuration has no room for it. */
static int build(Case *c, const Shape *shape, const Layer *layer) {
  static const char *const cse[] = {"CommonSubexprElim"};
  const vtac_lower_options options = {
      .accelerator = 1, .disabled_count = 1, .disabled = cse};
  vtac_error error;
  c->config = make_config(shape);
  c->context = need(vtac_context_new(c->config, &error), &error);
  c->op = declare(c, shape, layer);
  if (!c->op) return 0;
  vtac_op_schedule_to(c->context, c->op, VTAC_OP_VTA);
  c->n = vtac_op_args(c->op, &c->args);
  c->module = vtac_build(c->context, vtac_op_schedule(c->op), c->n, c->args,
                         layer->name, &options);
  return c->module != NULL;
}

static void open_device(Case *c, vtac_sim_path path) {
  const vtac_device_options options = {.sim_path = path};
  vtac_error error;
  unsigned random = 1;
  c->device = need(vtac_device_open(c->config, &options, &error), &error);
  for (int i = 0; i < c->n; i++) {
    c->array[i] = need(vtac_array_like(c->device, c->args[i], &error), &error);
    size_t size = vtac_array_size(c->array[i]);
    uint8_t *bytes = need(malloc(size), &error);
    for (size_t b = 0; b < size; b++)
      bytes[b] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
    vtac_array_write(c->array[i], bytes, NULL);
    free(bytes);
  }
}

static void close_device(Case *c) {
  for (int i = 0; i < c->n; i++) vtac_array_free(c->array[i]);
  vtac_device_close(c->device);
}

static void run_once(Case *c) {
  vtac_error error;
  if (vtac_module_run(c->module, c->device, c->n, c->array, &error))
    need(NULL, &error);
}

/* The result of one run on a device of its own. */
static uint8_t *result_of(Case *c, vtac_sim_path path, size_t *ret_size) {
  vtac_error error = {.message = "no memory"};
  open_device(c, path);
  run_once(c);
  *ret_size = vtac_array_size(c->array[c->n - 1]);
  uint8_t *bytes = need(malloc(*ret_size), &error);
  vtac_array_read(c->array[c->n - 1], bytes, NULL);
  close_device(c);
  return bytes;
}

static int is_right(Case *c, vtac_sim_path path) {
  size_t size;
  uint8_t *plain = result_of(c, VTAC_SIM_PLAIN, &size);
  uint8_t *fast = result_of(c, path, &size);
  int right = !memcmp(plain, fast, size);
  free(plain);
  free(fast);
  return right;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Runs for a while; sorted times, and how many.  The first run on a device
 * stands apart: later ones repeat its stream. */
static int measure(Case *c, double seconds, double times[MOST_RUNS],
                   double *ret_first) {
  const double start = now();
  int n = 0;
  run_once(c);
  *ret_first = now() - start;
  run_once(c);
  while (n < MOST_RUNS && (n < 5 || now() - start < seconds)) {
    const double before = now();
    run_once(c);
    times[n++] = now() - before;
  }
  qsort(times, (size_t)n, sizeof *times, by_value);
  return n;
}

static void report(const char *shape, const char *layer, Case *c,
                   vtac_sim_path path, double seconds) {
  static double times[MOST_RUNS];
  const int right = is_right(c, path);
  open_device(c, path);
  double first;
  const int n = measure(c, seconds, times, &first);
  close_device(c);
  const double scale = c->macs * 1e-9;
  printf("%-6s %-13s %8.1f %8.1f %8.1f %9.1f %9.1f %6d  %s\n", shape, layer,
         scale / times[0], scale / times[n / 2], scale / times[n * 9 / 10],
         times[n / 2] * 1e6, first * 1e6, n, right ? "right" : "WRONG");
  fflush(stdout);
}

static void run_case(const Shape *shape, const Layer *layer, vtac_sim_path path,
                     double seconds) {
  Case c = {0};
  if (build(&c, shape, layer))
    report(shape->name, layer->name, &c, path, seconds);
  vtac_module_free(c.module);
  vtac_context_free(c.context);
  vtac_config_free(c.config);
}

static int is_wanted(const Shape *shape, const Layer *layer, int n,
                     char **names) {
  char name[64];
  snprintf(name, sizeof name, "%s/%s", shape->name, layer->name);
  for (int i = 0; i < n; i++)
    if (strstr(name, names[i])) return 1;
  return n == 0;
}

/* The path that the environment asks for. */
static vtac_sim_path wanted_path(void) {
  const char *name = getenv("VTAC_SIM_ISA");
  if (!name || !*name) return VTAC_SIM_FAST;
  for (int path = 0; vtac_sim_path_name(path); path++)
    if (!strcmp(vtac_sim_path_name(path), name)) return (vtac_sim_path)path;
  fprintf(stderr, "bench_fsim: VTAC_SIM_ISA: there is no '%s'\n", name);
  exit(EXIT_FAILURE);
}

int main(int argc, char **argv) {
  const vtac_sim_path path = wanted_path();
  double seconds = 0.5;
  if (argc > 2 && !strcmp(argv[1], "--seconds")) {
    seconds = atof(argv[2]);
    argc -= 2;
    argv += 2;
  }
  printf("%-6s %-13s %8s %8s %8s %9s %9s %6s\n", "tile", "layer", "best",
         "median", "p90", "us", "first us", "runs");
  for (int s = 0; s < SHAPES; s++)
    for (int l = 0; l < LAYERS; l++)
      if (is_wanted(&shapes[s], &layers[l], argc - 1, argv + 1))
        run_case(&shapes[s], &layers[l], path, seconds);
  return EXIT_SUCCESS;
}
