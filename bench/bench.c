/* SPDX-License-Identifier: Apache-2.0 */
/* Measures vtac against its targets: lowering, building and running the two
 * seed workloads and a layer of ResNet-18, and the command as a whole.
 *
 *   bench [--vtac FILE] [--json FILE]
 *
 * Prints a table; --json also writes it to a file.  Every figure is a median.
 * The command is measured first, while this process is small: a forked child
 * counts its parent's pages until it starts the command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vtac/vtac.h>

enum { PROCESS_RUNS = 11, LOWER_RUNS = 101, MODULE_RUNS = 31, MOST_ROWS = 64 };
enum { MOST_ARGS = 3, MOST_DIMS = 8 };

/* ---- Workloads ---------------------------------------------------------- */

/* Targets in the units of the table; 0 where there is none. */
typedef struct Targets {
  double lower_ms, process_ms, process_mb;
} Targets;

typedef struct Workload {
  const char *name;
  const char *arguments[4]; /* of the command; NULL behind the last one */
  vtac_op *(*declare)(vtac_context *context);
  double macs;
  int keep_expressions; /* build without naming common subexpressions */
  Targets target;
} Workload;

static vtac_op *declare_gemm(vtac_context *context) {
  const vtac_gemm_params params = {.batch = 1,
                                   .in = 1024,
                                   .out = 1024,
                                   .tile_batch = 1,
                                   .tile_in = 256,
                                   .tile_out = 256,
                                   .shift = 8};
  return vtac_gemm(context, &params);
}

/* A 3x3 convolution of stride 1 as wide as its input. */
static vtac_op *declare_conv2d(vtac_context *context, int channels, int size,
                               int tile_out, int tile_width) {
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
                                     .tile_batch = 1,
                                     .tile_out_channels = tile_out,
                                     .tile_in_channels = 16,
                                     .tile_height = 7,
                                     .tile_width = tile_width,
                                     .vthreads = 2,
                                     .shift = 8};
  return vtac_conv2d(context, &params);
}

static vtac_op *declare_c8(vtac_context *context) {
  return declare_conv2d(context, 256, 14, 128, 14);
}

static vtac_op *declare_c2(vtac_context *context) {
  return declare_conv2d(context, 64, 56, 32, 56);
}

static const Workload workloads[] = {
    {.name = "gemm",
     .arguments = {"gemm"},
     .declare = declare_gemm,
     .macs = 1024.0 * 1024,
     .target = {1, 30, 20}},
    {.name = "conv2d",
     .arguments = {"conv2d"},
     .declare = declare_c8,
     .macs = 256.0 * 256 * 14 * 14 * 9,
     .keep_expressions = 1,
     .target = {2, 60, 0}},
    {.name = "resnet18.C2",
     .arguments = {"conv2d", "--workload", "resnet18.C2"},
     .declare = declare_c2,
     .macs = 64.0 * 64 * 56 * 56 * 9,
     .keep_expressions = 1},
};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };

/* ---- The table ---------------------------------------------------------- */

typedef struct Row {
  const char *workload, *what, *unit;
  double figure, target; /* a target of 0: none */
} Row;

typedef struct Table {
  int rows;
  Row row[MOST_ROWS];
} Table;

static void add_row(Table *table, Row row) {
  if (table->rows < MOST_ROWS) table->row[table->rows++] = row;
}

static int met(const Row *row) { return row->figure <= row->target; }

static void print_table(const Table *table) {
  printf("%-12s %-34s %10s %-7s %8s %s\n", "workload", "what", "figure", "unit",
         "target", "met");
  for (int i = 0; i < table->rows; i++) {
    const Row *row = &table->row[i];
    printf("%-12s %-34s %10.3f %-7s", row->workload, row->what, row->figure,
           row->unit);
    if (row->target > 0)
      printf(" %8g %s", row->target, met(row) ? "yes" : "NO");
    putchar('\n');
  }
}

static int write_json(const Table *table, const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) return -1;
  fprintf(file, "{\"version\": \"%s\", \"rows\": [", vtac_version());
  for (int i = 0; i < table->rows; i++) {
    const Row *row = &table->row[i];
    fprintf(file,
            "%s\n  {\"workload\": \"%s\", \"what\": \"%s\", \"figure\": %.6g, "
            "\"unit\": \"%s\"",
            i ? "," : "", row->workload, row->what, row->figure, row->unit);
    if (row->target > 0)
      fprintf(file, ", \"target\": %g, \"met\": %s", row->target,
              met(row) ? "true" : "false");
    fputc('}', file);
  }
  fputs("\n]}\n", file);
  return fclose(file);
}

/* ---- Measuring ---------------------------------------------------------- */

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *figure, int n) {
  qsort(figure, (size_t)n, sizeof *figure, compare);
  return figure[n / 2];
}

static void die(const char *what, const vtac_error *error) {
  fprintf(stderr, "bench: %s: %s\n", what, error ? error->message : "failed");
  exit(1);
}

/* ---- The command as a whole --------------------------------------------- */

typedef struct Process {
  double ms, mb; /* wall time and peak memory */
} Process;

static void become(const char *command, const Workload *workload) {
  char *argv[6] = {(char *)(size_t)command};
  for (int i = 0; i < 4; i++)
    argv[i + 1] = (char *)(size_t)workload->arguments[i];
  if (!freopen("/dev/null", "w", stdout)) _exit(126);
  execv(command, argv);
  _exit(127);
}

static Process run_process(const char *command, const Workload *workload) {
  struct rusage usage;
  int status;
  fflush(NULL);
  double start = now_ms();
  pid_t child = fork();
  if (child < 0) die("fork", NULL);
  if (child == 0) become(command, workload);
  if (wait4(child, &status, 0, &usage) < 0) die("wait4", NULL);
  if (!WIFEXITED(status) || WEXITSTATUS(status)) die(command, NULL);
  return (Process){now_ms() - start, (double)usage.ru_maxrss * 1024 / 1e6};
}

static void measure_process(Table *table, const char *command,
                            const Workload *workload) {
  double ms[PROCESS_RUNS], mb[PROCESS_RUNS];
  const Targets *target = &workload->target;
  for (int i = 0; i < PROCESS_RUNS; i++) {
    Process process = run_process(command, workload);
    ms[i] = process.ms;
    mb[i] = process.mb;
  }
  add_row(table, (Row){workload->name, "whole process, wall time", "ms",
                       median(ms, PROCESS_RUNS), target->process_ms});
  add_row(table, (Row){workload->name, "whole process, peak memory", "MB",
                       median(mb, PROCESS_RUNS), target->process_mb});
}

/* ---- Lowering ----------------------------------------------------------- */

static vtac_context *new_context(const vtac_config *config) {
  vtac_error error;
  vtac_context *context = vtac_context_new(config, &error);
  if (!context) die("context", &error);
  return context;
}

static void check_context(const vtac_context *context) {
  const vtac_error *error = vtac_context_error(context);
  if (error) die("lowering", error);
}

static void dump(vtac_context *context, vtac_op *op, vtac_op_stage stage) {
  const vtac_lower_options options = {.accelerator = stage == VTAC_OP_VTA};
  const vtac_tensor *args;
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(context, op, stage);
  vtac_lower_text(context, vtac_op_schedule(op), n, args, "main", &options);
}

/* From nothing to the three texts, and all of it freed. */
static double time_dumps(const vtac_config *config, const Workload *workload) {
  double start = now_ms();
  vtac_context *context = new_context(config);
  vtac_op *op = workload->declare(context);
  check_context(context);
  dump(context, op, VTAC_OP_DEFAULT);
  dump(context, op, VTAC_OP_TILED);
  dump(context, op, VTAC_OP_VTA);
  check_context(context);
  vtac_context_free(context);
  return now_ms() - start;
}

static void measure_lowering(Table *table, const vtac_config *config,
                             const Workload *workload) {
  double ms[LOWER_RUNS];
  for (int i = 0; i < LOWER_RUNS; i++) ms[i] = time_dumps(config, workload);
  add_row(table, (Row){workload->name, "three dumps, fresh context", "ms",
                       median(ms, LOWER_RUNS), workload->target.lower_ms});
}

/* ---- Building and running ----------------------------------------------- */

/* A module and what it runs on. */
typedef struct Bench {
  vtac_context *context;
  vtac_module *module;
  vtac_device *device;
  vtac_array *array[MOST_ARGS];
  const vtac_tensor *args;
  int n;
} Bench;

static double build(Bench *b, const vtac_config *config,
                    const Workload *workload) {
  static const char *const cse[] = {"CommonSubexprElim"};
  const vtac_lower_options options = {
      .accelerator = 1,
      .disabled = cse,
      .disabled_count = workload->keep_expressions};
  double start = now_ms();
  b->context = new_context(config);
  vtac_op *op = workload->declare(b->context);
  check_context(b->context);
  vtac_op_schedule_to(b->context, op, VTAC_OP_VTA);
  b->n = vtac_op_args(op, &b->args);
  b->module = vtac_build(b->context, vtac_op_schedule(op), b->n, b->args,
                         "kernel", &options);
  check_context(b->context);
  return now_ms() - start;
}

static void unbuild(Bench *b) {
  vtac_module_free(b->module);
  vtac_context_free(b->context);
}

static void measure_build(Table *table, const vtac_config *config,
                          const Workload *workload) {
  double ms[MODULE_RUNS];
  for (int i = 0; i < MODULE_RUNS; i++) {
    Bench b;
    ms[i] = build(&b, config, workload);
    unbuild(&b);
  }
  add_row(table, (Row){workload->name, "declare, schedule and build", "ms",
                       median(ms, MODULE_RUNS), 0});
}

/* An array of the tensor's type and shape, filled with a pattern. */
static vtac_array *make_array(vtac_device *device, vtac_tensor tensor) {
  vtac_error error;
  int64_t shape[MOST_DIMS];
  int ndim = vtac_tensor_ndim(tensor);
  for (int d = 0; d < ndim; d++) shape[d] = vtac_tensor_dim(tensor, d);
  vtac_array *array =
      vtac_array_new(device, vtac_tensor_dtype(tensor), ndim, shape, &error);
  if (!array) die("array", &error);
  size_t size = vtac_array_size(array);
  unsigned char *bytes = malloc(size);
  if (!bytes) die("no memory", NULL);
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 37 % 251);
  if (vtac_array_write(array, bytes, &error)) die("write", &error);
  free(bytes);
  return array;
}

static void open_device(Bench *b, const vtac_config *config) {
  vtac_error error;
  b->device = vtac_device_open(config, NULL, &error);
  if (!b->device) die("device", &error);
  for (int i = 0; i < b->n; i++)
    b->array[i] = make_array(b->device, b->args[i]);
}

static void close_device(Bench *b) {
  for (int i = 0; i < b->n; i++) vtac_array_free(b->array[i]);
  vtac_device_close(b->device);
}

static double run(Bench *b) {
  vtac_error error;
  double start = now_ms();
  if (vtac_module_run(b->module, b->device, b->n, b->array, &error))
    die("run", &error);
  return now_ms() - start;
}

static void measure_run(Table *table, const vtac_config *config,
                        const Workload *workload) {
  double first[MODULE_RUNS], again[MODULE_RUNS];
  Bench b;
  build(&b, config, workload);
  for (int i = 0; i < MODULE_RUNS; i++) {
    open_device(&b, config);
    first[i] = run(&b);
    again[i] = run(&b);
    close_device(&b);
  }
  unbuild(&b);
  double ms = median(again, MODULE_RUNS);
  add_row(table, (Row){workload->name, "run, first on a device", "ms",
                       median(first, MODULE_RUNS), 0});
  add_row(table, (Row){workload->name, "run, again", "ms", ms, 0});
  add_row(table, (Row){workload->name, "simulated speed, run again", "GMAC/s",
                       workload->macs / ms / 1e6, 0});
}

/* ---- The program -------------------------------------------------------- */

static int usage(void) {
  fputs("usage: bench [--vtac FILE] [--json FILE]\n", stderr);
  return 2;
}

static void measure(Table *table, const char *command) {
  vtac_error error;
  for (int i = 0; i < WORKLOADS; i++)
    measure_process(table, command, &workloads[i]);
  vtac_config *config = vtac_config_default(&error);
  if (!config) die("configuration", &error);
  for (int i = 0; i < WORKLOADS; i++) {
    measure_lowering(table, config, &workloads[i]);
    measure_build(table, config, &workloads[i]);
    measure_run(table, config, &workloads[i]);
  }
  vtac_config_free(config);
}

int main(int argc, char **argv) {
  static Table table;
  const char *command = "build/vtac", *json = NULL;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return usage();
    if (!strcmp(argv[i], "--vtac"))
      command = argv[i + 1];
    else if (!strcmp(argv[i], "--json"))
      json = argv[i + 1];
    else
      return usage();
  }
  measure(&table, command);
  print_table(&table);
  if (json && write_json(&table, json)) die(json, NULL);
  return 0;
}
