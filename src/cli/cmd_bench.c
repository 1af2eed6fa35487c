/* SPDX-License-Identifier: Apache-2.0 */
/* vtac bench: how fast the functional simulator is on this machine, beside
 * what a core of it can do at most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json.h"

enum { KERNELS = 3, MOST_ARGS = 4, MOST_RUNS = 4096, FEWEST_RUNS = 7 };
enum { MOST_JOBS = 256, BATCH_RUNS = 8 /* for each simulator */ };

typedef struct BenchOptions {
  const char *config_file, *plot;
  double seconds;
  bool json;
  int jobs;
  vtac_sim_path path;
} BenchOptions;

static const Option options[] = {
    {"config", "FILE", "accelerator (a vta_config.json); default: built in"},
    {"sim-path", "PATH",
     "simulate on the fast (default) or portable path, or on that of avx2, "
     "avx512vnni or neondot"},
    {"seconds", "S", "time for each kernel; default 1"},
    {"jobs", "N",
     "also run each kernel on N simulators at the same time; default 1"},
    {"json", NULL, "print JSON"},
    {"plot", "FILE", "draw a roofline as an SVG file"},
    {NULL, NULL, NULL}};

static bool take_seconds(const char *text, double *ret) {
  char *end;
  const double seconds = strtod(text, &end);
  if (end == text || *end || !(seconds > 0 && seconds <= 3600)) {
    complain("--seconds: '%s' is no number above 0, up to 3600", text);
    return false;
  }
  *ret = seconds;
  return true;
}

static bool take_jobs(const char *text, int *ret) {
  if (!parse_small("--jobs", text, ret)) return false;
  if (*ret >= 1 && *ret <= MOST_JOBS) return true;
  complain("--jobs: %d is not between 1 and %d", *ret, MOST_JOBS);
  return false;
}

static bool take(void *self, int index, const char *text) {
  BenchOptions *bench = self;
  switch (index) {
    case 0: bench->config_file = text; return true;
    case 1: return parse_sim_path("--sim-path", text, &bench->path);
    case 2: return take_seconds(text, &bench->seconds);
    case 3: return take_jobs(text, &bench->jobs);
    case 4: return bench->json = true;
    default: bench->plot = text; return true;
  }
}

/* ---- Kernels ------------------------------------------------------------ */

/* What is measured, and what came of it; times in seconds. */
typedef struct Result {
  const char *name;
  double macs, bytes;
  double first, median, low, high; /* low and high: the quartiles */
  int runs;
  bool right;     /* same result as the plain path's */
  double scaling; /* speed of all jobs by that of one; 0: not measured */
} Result;

static vtac_op *declare_gemm(vtac_context *context, double *ret_macs) {
  const vtac_gemm_params params = {
      .batch = 1, .in = 1024, .out = 1024, .shift = 8};
  *ret_macs = 1024.0 * 1024;
  return vtac_gemm(context, &params);
}

static vtac_op *declare_conv(vtac_context *context, int channels, int size,
                             double *ret_macs) {
  const vtac_conv2d_params params = {.batch = 1,
                                     .in_channels = channels,
                                     .out_channels = channels,
                                     .height = size,
                                     .width = size,
                                     .kernel_height = 3,
                                     .kernel_width = 3,
                                     .pad_height = 1,
                                     .pad_width = 1,
                                     .stride_height = 1,
                                     .stride_width = 1,
                                     .shift = 8};
  *ret_macs = 9.0 * channels * channels * size * size;
  return vtac_conv2d(context, &params);
}

static vtac_op *declare(vtac_context *context, int kernel, Result *result) {
  static const char *const names[KERNELS] = {"gemm", "conv2d", "resnet18.C2"};
  result->name = names[kernel];
  if (kernel == 0) return declare_gemm(context, &result->macs);
  return kernel == 1 ? declare_conv(context, 256, 14, &result->macs)
                     : declare_conv(context, 64, 56, &result->macs);
}

/* ---- Measuring ---------------------------------------------------------- */

typedef struct Session {
  const BenchOptions *options;
  vtac_config *config;
  vtac_context *context;
  vtac_module *module;
  vtac_op *op;
  vtac_device *device;
  int n;
  vtac_array *array[MOST_ARGS];
} Session;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void close_device(Session *s) {
  for (int i = 0; i < s->n; i++) vtac_array_free(s->array[i]);
  vtac_device_close(s->device);
  memset(s->array, 0, sizeof s->array);
  s->device = NULL;
}

/* A device of the path with arrays of pseudo-random bytes. */
static bool open_device(Session *s, vtac_sim_path path, vtac_error *error) {
  const vtac_device_options simulator = {.sim_path = path};
  const vtac_tensor *args;
  uint32_t random = 1;
  s->n = vtac_op_args(s->op, &args);
  s->device = vtac_device_open(s->config, &simulator, error);
  for (int i = 0; i < s->n && s->device; i++) {
    s->array[i] = vtac_array_like(s->device, args[i], error);
    uint8_t *bytes = vtac_array_data(s->array[i], s->array[i] ? error : NULL);
    if (!bytes) return false;
    for (size_t k = 0; k < vtac_array_size(s->array[i]); k++)
      bytes[k] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
  }
  return s->device != NULL;
}

static bool run(Session *s, double *ret_seconds, vtac_error *error) {
  const double start = now();
  if (vtac_module_run(s->module, s->device, s->n, s->array, error))
    return false;
  *ret_seconds = now() - start;
  return true;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Runs again and again on the device that has run once. */
static bool repeat(Session *s, Result *result, vtac_error *error) {
  static double times[MOST_RUNS];
  int n = 0;
  const double end = now() + s->options->seconds;
  while (n < MOST_RUNS && (n < FEWEST_RUNS || now() < end)) {
    if (!run(s, &times[n], error)) return false;
    n++;
  }
  qsort(times, (size_t)n, sizeof *times, by_value);
  result->median = times[n / 2];
  result->low = times[n / 4];
  result->high = times[n * 3 / 4];
  result->runs = n;
  return true;
}

/* The bytes that one run moves to and from device memory. */
static double moved_bytes(const vtac_device *device) {
  uint64_t counters[VTAC_COUNTERS];
  double bytes = 0;
  vtac_device_counters(device, counters);
  for (int i = 0; i < VTAC_COUNTERS; i++)
    if (strstr(vtac_counter_name(i), "_nbytes")) bytes += (double)counters[i];
  return bytes;
}

/* The bytes of the result after a run on the plain path, to be freed. */
static uint8_t *plain_result(Session *s, vtac_error *error) {
  double seconds;
  uint8_t *bytes = NULL;
  if (open_device(s, VTAC_SIM_PLAIN, error) && run(s, &seconds, error)) {
    const vtac_array *result = s->array[s->n - 1];
    bytes = malloc(vtac_array_size(result));
    if (bytes && vtac_array_read(result, bytes, error)) {
      free(bytes);
      bytes = NULL;
    }
  }
  close_device(s);
  return bytes;
}

/* ---- Several simulators ------------------------------------------------- */

/* Runs of one kernel, all on the arrays of the device's memory: inputs are
 * shared, each run has a result of its own. */
typedef struct Batch {
  int devices, count;
  vtac_device *device[MOST_JOBS];
  void **results;
  void *args[MOST_JOBS * BATCH_RUNS][MOST_ARGS];
  void *const *runs[MOST_JOBS * BATCH_RUNS];
} Batch;

static void close_batch(Batch *batch) {
  if (!batch) return;
  for (int i = 0; i < batch->devices; i++) vtac_device_close(batch->device[i]);
  for (int i = 0; batch->results && i < batch->count; i++)
    free(batch->results[i]);
  free(batch->results);
  free(batch);
}

static Batch *open_batch(Session *s, vtac_error *error) {
  const vtac_device_options simulator = {.sim_path = s->options->path};
  Batch *batch = calloc(1, sizeof *batch);
  if (!batch) return NULL;
  batch->count = s->options->jobs * BATCH_RUNS;
  batch->results = calloc((size_t)batch->count, sizeof *batch->results);
  bool good = batch->results != NULL;
  for (int i = 0; good && i < batch->count; i++) {
    for (int k = 0; k < s->n - 1; k++)
      batch->args[i][k] = vtac_array_data(s->array[k], error);
    batch->results[i] = calloc(1, vtac_array_size(s->array[s->n - 1]));
    batch->args[i][s->n - 1] = batch->results[i];
    batch->runs[i] = batch->args[i];
    good = batch->results[i] != NULL;
  }
  for (int i = 0; good && i < s->options->jobs; i++) {
    batch->device[i] = vtac_device_open(s->config, &simulator, error);
    good = batch->device[i] != NULL;
    batch->devices += good;
  }
  if (good) return batch;
  close_batch(batch);
  return NULL;
}

/* The best time of a batch on the first n devices. */
static bool time_batch(Session *s, Batch *batch, int n, double *ret_best,
                       vtac_error *error) {
  const double end = now() + s->options->seconds / 2;
  *ret_best = 1e9;
  for (int tries = 0; tries < FEWEST_RUNS || now() < end; tries++) {
    const double start = now();
    if (vtac_module_run_batch(s->module, n, batch->device, (size_t)batch->count,
                              batch->runs, error))
      return false;
    const double took = now() - start;
    if (took < *ret_best) *ret_best = took;
  }
  return true;
}

/* Every result must be that of the run alone, which lies in the array. */
static bool measure_batch(Session *s, Result *result, vtac_error *error) {
  double one, all;
  Batch *batch = open_batch(s, error);
  bool good = batch && time_batch(s, batch, 1, &one, error) &&
              time_batch(s, batch, batch->devices, &all, error);
  const vtac_array *array = s->array[s->n - 1];
  const void *alone = good ? vtac_array_data(array, error) : NULL;
  for (int i = 0; good && i < batch->count; i++)
    if (memcmp(batch->results[i], alone, vtac_array_size(array)))
      result->right = false;
  if (good) result->scaling = one / all;
  close_batch(batch);
  return good;
}

/* ---- One kernel --------------------------------------------------------- */

static bool measure_module(Session *s, Result *result, vtac_error *error) {
  uint8_t *expected = plain_result(s, error);
  bool good = expected && open_device(s, s->options->path, error) &&
              run(s, &result->first, error);
  if (good) {
    vtac_array *array = s->array[s->n - 1];
    result->bytes = moved_bytes(s->device);
    good = repeat(s, result, error);
    const void *bytes = good ? vtac_array_data(array, error) : NULL;
    good = bytes != NULL;
    result->right = good && !memcmp(bytes, expected, vtac_array_size(array));
    if (good && s->options->jobs > 1) good = measure_batch(s, result, error);
  }
  close_device(s);
  free(expected);
  return good;
}

static bool build(Session *s, int kernel, Result *result) {
  const vtac_lower_options lower = {.accelerator = 1};
  const vtac_tensor *args;
  s->op = declare(s->context, kernel, result);
  if (!s->op) return false;
  vtac_op_schedule_to(s->context, s->op, VTAC_OP_VTA);
  const int n = vtac_op_args(s->op, &args);
  s->module =
      vtac_build(s->context, vtac_op_schedule(s->op), n, args, "bench", &lower);
  return s->module != NULL;
}

/* Returns -1, or the exit status to end with. */
static int measure_kernel(const BenchOptions *bench, vtac_config *config,
                          int kernel, Result *result) {
  vtac_error error = {.status = VTAC_NOMEM,
                      .id = "no-memory",
                      .cure = "",
                      .message = "no memory left"};
  Session s = {.options = bench, .config = config};
  int status = -1;
  s.context = vtac_context_new(config, &error);
  if (!s.context)
    status = report(&error);
  else if (!build(&s, kernel, result))
    status = report(vtac_context_error(s.context));
  else if (!measure_module(&s, result, &error))
    status = report(&error);
  vtac_module_free(s.module);
  vtac_context_free(s.context);
  return status;
}

/* ---- Printing ----------------------------------------------------------- */

/* The most that the core allows for a kernel's bytes. */
static double roof(const vtac_core_speed *core, const Result *result) {
  const double by_cache = core->cache * result->macs / result->bytes;
  return by_cache < core->macs ? by_cache : core->macs;
}

static void print_text(const BenchOptions *bench, const vtac_core_speed *core,
                       const Result *results) {
  printf(
      "One core, path %s: peak %.1f GMAC/s; reads 1 MiB in cache at %.1f "
      "GB/s, 64 MiB at %.1f GB/s.\n\n",
      vtac_sim_path_name(bench->path), core->macs * 1e-9, core->cache * 1e-9,
      core->memory * 1e-9);
  printf("%-12s %9s %9s %9s %9s %9s %9s\n", "kernel", "GMAC/s", "quartile",
         "quartile", "% of roof", "ms", "first ms");
  for (int i = 0; i < KERNELS; i++) {
    const Result *r = &results[i];
    printf("%-12s %9.1f %9.1f %9.1f %9.1f %9.3f %9.3f%s\n", r->name,
           r->macs / r->median * 1e-9, r->macs / r->high * 1e-9,
           r->macs / r->low * 1e-9, 100 * r->macs / r->median / roof(core, r),
           r->median * 1e3, r->first * 1e3, r->right ? "" : "  WRONG");
  }
  if (bench->jobs < 2) return;
  printf("\n%d simulators at the same time, by the speed of one:\n",
         bench->jobs);
  for (int i = 0; i < KERNELS; i++)
    printf("%-12s %9.2f\n", results[i].name, results[i].scaling);
}

static void print_json(const BenchOptions *bench, const vtac_core_speed *core,
                       const Result *results) {
  printf(
      "{\"version\": \"%s\", \"path\": \"%s\", \"core\": {\"macs\": %.6g, "
      "\"cache\": %.6g, \"memory\": %.6g}, \"kernels\": [",
      vtac_version(), vtac_sim_path_name(bench->path), core->macs, core->cache,
      core->memory);
  for (int i = 0; i < KERNELS; i++) {
    const Result *r = &results[i];
    printf("%s\n  {\"name\": ", i ? "," : "");
    json_text(r->name);
    printf(
        ", \"macs\": %.0f, \"bytes\": %.0f, \"seconds\": %.6g, \"low\": "
        "%.6g, \"high\": %.6g, \"first\": %.6g, \"runs\": %d, \"right\": "
        "%s",
        r->macs, r->bytes, r->median, r->low, r->high, r->first, r->runs,
        r->right ? "true" : "false");
    if (bench->jobs > 1)
      printf(", \"jobs\": %d, \"scaling\": %.4g", bench->jobs, r->scaling);
    putchar('}');
  }
  puts("\n]}");
}

static int plot(const BenchOptions *bench, const vtac_core_speed *core,
                const Result *results) {
  vtac_roofline_point point[KERNELS];
  vtac_error error;
  char title[96];
  for (int i = 0; i < KERNELS; i++)
    point[i] = (vtac_roofline_point){results[i].name, results[i].macs,
                                     results[i].bytes, results[i].median};
  snprintf(title, sizeof title, "The functional simulator on one core (%s)",
           vtac_sim_path_name(bench->path));
  return vtac_roofline_write(bench->plot, title, core, KERNELS, point, &error)
             ? report(&error)
             : -1;
}

/* ---- The command -------------------------------------------------------- */

/* The path that "fast" is on this processor. */
static vtac_sim_path fast_path(const vtac_config *config) {
  static const vtac_sim_path by_speed[] = {VTAC_SIM_AVX512VNNI,
                                           VTAC_SIM_NEONDOT, VTAC_SIM_AVX2};
  for (size_t i = 0; i < sizeof by_speed / sizeof *by_speed; i++) {
    const vtac_device_options simulator = {.sim_path = by_speed[i]};
    vtac_device *device = vtac_device_open(config, &simulator, NULL);
    vtac_device_close(device);
    if (device) return by_speed[i];
  }
  return VTAC_SIM_PORTABLE;
}

static int measure_all(BenchOptions *bench, vtac_core_speed *core,
                       Result *results) {
  vtac_error error;
  int status = -1;
  vtac_config *config = bench->config_file
                            ? vtac_config_load(bench->config_file, &error)
                            : vtac_config_default(&error);
  if (config && bench->path == VTAC_SIM_FAST) bench->path = fast_path(config);
  if (!config || vtac_measure_core(bench->path, core, &error))
    status = report(&error);
  for (int i = 0; i < KERNELS && status < 0; i++)
    status = measure_kernel(bench, config, i, &results[i]);
  vtac_config_free(config);
  return status;
}

static int verdict(const Result *results) {
  for (int i = 0; i < KERNELS; i++) {
    if (results[i].right) continue;
    complain("%s: the result differs from the plain path's", results[i].name);
    return EXIT_DIFFERS;
  }
  return EXIT_RIGHT;
}

int command_bench(int argc, char **argv) {
  BenchOptions bench = {.seconds = 1, .jobs = 1};
  Result results[KERNELS] = {{0}};
  vtac_core_speed core;
  const OptionParser parser = {
      "bench",
      "Measures the functional simulator on three kernels, beside what a core "
      "of this\nmachine can do at most, and compares results with the plain "
      "path's.",
      options,
      take,
      &bench,
      NULL};
  if (!environment_sim_path(&bench.path)) return bad_usage("bench");
  int status = parse_options(&parser, argc, argv);
  if (status < 0) status = measure_all(&bench, &core, results);
  if (status < 0 && bench.plot) status = plot(&bench, &core, results);
  if (status >= 0) return status;
  (bench.json ? print_json : print_text)(&bench, &core, results);
  return verdict(results);
}
