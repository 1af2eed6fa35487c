/* SPDX-License-Identifier: Apache-2.0 */
/* The two seed workloads from end to end: what is printed, what runs, what is
 * counted, instruction by instruction; and the layers of ResNet-18. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/family.h"
#include "support/seeds.h"
#include "support/text.h"

enum { SEED_OF_DATA = 5 };

/* What one seed is and where its expectations lie. */
typedef struct Seed {
  const char *command, *folder, *function;
} Seed;

static const Seed matmul = {"gemm", "matmul", "my_gemm"};
static const Seed conv2d = {"conv2d", "conv2d", "my_conv"};

static FamilyCase family_of(const Seed *seed) {
  if (seed == &conv2d)
    return (FamilyCase){.kind = FAMILY_CONV2D, .conv2d = seed_conv2d};
  return (FamilyCase){.kind = FAMILY_MATMUL, .matmul = seed_gemm};
}

static char *golden(const Seed *seed, const char *file) {
  char path[256];
  snprintf(path, sizeof path, "golden/seeds/%s/%s", seed->folder, file);
  char *text = read_whole_file(path);
  if (!text) fail_msg("%s cannot be read", path);
  return text;
}

/* The reference's listing; DRAM addresses are where its buffers lay. */
static char *golden_listing(const Seed *seed) {
  int status;
  char *text;
  if (seed == &matmul)
    text = golden(seed, "instructions.txt");
  else
    text = command_output("gzip -dc golden/seeds/conv2d/instructions.txt.gz",
                          &status);
  mask_addresses(text);
  return text;
}

static char *run_command(int *ret_status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The command's standard output and its exit status. */
static char *run_command(int *ret_status, const char *format, ...) {
  char options[512], line[1024];
  const char *program = getenv("VTAC");
  va_list args;
  va_start(args, format);
  vsnprintf(options, sizeof options, format, args);
  va_end(args);
  snprintf(line, sizeof line, "'%s' %s", program ? program : "vtac", options);
  return command_output(line, ret_status);
}

static void expect_output(const Seed *seed, const char *options, char *want) {
  int status;
  char *have = run_command(&status, "%s %s", seed->command, options);
  if (strstr(options, "insns")) mask_addresses(have);
  assert_int_equal(status, 0);
  assert_texts_equal(have, want);
  free(have);
  free(want);
}

/* ---- The command -------------------------------------------------------- */

static void check_command(const Seed *seed) {
  expect_output(seed, "--no-run --emit default", golden(seed, "default.tir"));
  expect_output(seed, "--no-run --emit tiled", golden(seed, "tiled.tir"));
  expect_output(seed, "--no-run --emit vta", golden(seed, "vta.tir"));
  expect_output(seed, "--no-run --emit insns", golden_listing(seed));
  expect_output(seed, "", golden(seed, "stats.txt"));
}

static void test_matmul_command(void **state) {
  (void)state;
  check_command(&matmul);
}

static void test_conv2d_command(void **state) {
  (void)state;
  check_command(&conv2d);
}

/* Several stages come in the order of the pipeline, however asked for. */
static void test_all_stages(void **state) {
  (void)state;
  static const char *const files[] = {"default.tir", "tiled.tir", "vta.tir"};
  char *all = calloc(1, 1);
  for (int i = 0; i < 3; i++) {
    char *text = golden(&matmul, files[i]);
    all = realloc(all, strlen(all) + strlen(text) + 1);
    strcat(all, text);
    free(text);
  }
  expect_output(&matmul, "--no-run --emit vta --emit default --emit tiled",
                all);
}

/* ---- The library -------------------------------------------------------- */

/* One seed, built, with a device that writes down what it runs. */
typedef struct Bench {
  vtac_config *config;
  vtac_context *context;
  FamilyCase family; /* which the program points to */
  Program program;
  vtac_module *module;
  vtac_device *device;
  char *listing;
  size_t length, capacity;
} Bench;

static void note_listing(void *user, const char *text, size_t length) {
  Bench *bench = user;
  if (bench->length + length >= bench->capacity) {
    bench->capacity = 2 * (bench->length + length + 1);
    bench->listing = realloc(bench->listing, bench->capacity);
  }
  memcpy(bench->listing + bench->length, text, length);
  bench->length += length;
  bench->listing[bench->length] = '\0';
}

static void set_up(Bench *bench, const char *function,
                   const FamilyCase *family) {
  static const char *const cse[] = {"CommonSubexprElim"};
  const vtac_lower_options options = {
      .accelerator = 1,
      .verify = 1,
      .disabled = cse,
      .disabled_count = family->kind == FAMILY_CONV2D};
  const vtac_device_options device = {
      .verify = 1, .on_listing = note_listing, .user = bench};
  *bench = (Bench){.config = vtac_config_default(NULL), .family = *family};
  bench->context = vtac_context_new(bench->config, NULL);
  program_declare(bench->context, &bench->family, &bench->program);
  program_map(bench->context, &bench->program);
  bench->module =
      vtac_build(bench->context, bench->program.schedule, bench->program.n,
                 bench->program.args, function, &options);
  assert_null(vtac_context_error(bench->context));
  bench->device = vtac_device_open(bench->config, &device, NULL);
  assert_non_null(bench->device);
}

static void tear_down(Bench *bench) {
  free(bench->listing);
  vtac_device_close(bench->device);
  vtac_module_free(bench->module);
  vtac_context_free(bench->context);
  vtac_config_free(bench->config);
}

/* Runs it once more; `listing` and the counters then tell of that run. */
static void call(Bench *bench) {
  char why[WHY_SIZE];
  const ProgramRun run = {bench->config, &bench->program, bench->module,
                          SEED_OF_DATA};
  bench->length = 0;
  vtac_device_clear_counters(bench->device);
  if (run_and_verify(&run, bench->device, why) != RIGHT) fail_msg("%s", why);
  mask_addresses(bench->listing);
}

static void expect_counters(const Bench *bench, const Seed *seed) {
  uint64_t counters[VTAC_COUNTERS];
  char *stats = golden(seed, "stats.txt");
  vtac_device_counters(bench->device, counters);
  for (int i = 0; i < VTAC_COUNTERS; i++) {
    const char *line = strstr(stats, vtac_counter_name(i));
    assert_non_null(line);
    assert_int_equal(counters[i], strtoull(strchr(line, ':') + 1, NULL, 10));
  }
  free(stats);
}

static void set_up_seed(Bench *bench, const Seed *seed) {
  const FamilyCase family = family_of(seed);
  set_up(bench, seed->function, &family);
}

static void check_library(const Seed *seed) {
  Bench bench;
  set_up_seed(&bench, seed);
  call(&bench);
  char *want = golden_listing(seed);
  assert_texts_equal(bench.listing, want);
  expect_counters(&bench, seed);
  free(want);
  tear_down(&bench);
}

static void test_matmul_library(void **state) {
  (void)state;
  check_library(&matmul);
}

static void test_conv2d_library(void **state) {
  (void)state;
  check_library(&conv2d);
}

/* The second call finds its kernels recorded, and starts with the tokens that
 * the first one left pending: 143 instructions instead of 142. */
static void test_second_call(void **state) {
  (void)state;
  Bench bench;
  set_up_seed(&bench, &matmul);
  call(&bench);
  assert_non_null(strstr(bench.listing, "There are 142 instructions\n"));
  assert_non_null(strstr(bench.listing, " uops\n"));
  call(&bench);
  assert_non_null(strstr(bench.listing, "There are 143 instructions\n"));
  assert_null(strstr(bench.listing, " uops\n"));
  expect_counters(&bench, &matmul);
  tear_down(&bench);
}

/* ---- ResNet-18 ---------------------------------------------------------- */

/* A line of `vtac conv2d --workload list`; the tiles are to be chosen. */
static bool read_layer(const char *line, char name[32],
                       vtac_conv2d_params *ret) {
  int h, w, in, out, kh, kw, pad, stride;
  if (sscanf(line, "%31s %dx%d %d %d %dx%d %d %d", name, &h, &w, &in, &out, &kh,
             &kw, &pad, &stride) != 9)
    return false;
  *ret = (vtac_conv2d_params){.batch = 1,
                              .in_channels = in,
                              .out_channels = out,
                              .height = h,
                              .width = w,
                              .kernel_height = kh,
                              .kernel_width = kw,
                              .pad_height = pad,
                              .pad_width = pad,
                              .stride_height = stride,
                              .stride_width = stride,
                              .shift = 8};
  return true;
}

/* What any schedule must move: each tensor once. */
static uint64_t least_bytes(const vtac_conv2d_params *p) {
  int64_t h =
      (p->height + 2 * p->pad_height - p->kernel_height) / p->stride_height + 1;
  int64_t w =
      (p->width + 2 * p->pad_width - p->kernel_width) / p->stride_width + 1;
  return (uint64_t)(p->in_channels * p->height * p->width +
                    p->in_channels * p->out_channels * p->kernel_height *
                        p->kernel_width +
                    p->out_channels * h * w);
}

static uint64_t moved_bytes(const Bench *bench) {
  uint64_t counters[VTAC_COUNTERS], sum = 0;
  vtac_device_counters(bench->device, counters);
  for (int i = 0; i < VTAC_COUNTERS; i++)
    if (strstr(vtac_counter_name(i), "_nbytes")) sum += counters[i];
  return sum;
}

static void check_layer(const char *name, const vtac_conv2d_params *params,
                        int vthreads) {
  FamilyCase layer = {.kind = FAMILY_CONV2D, .conv2d = *params};
  layer.conv2d.vthreads = vthreads;
  Bench bench;
  set_up(&bench, name, &layer);
  call(&bench);
  if (vthreads == 0)
    assert_in_range(moved_bytes(&bench), 1, least_bytes(params) * 16 / 10);
  tear_down(&bench);
}

/* Chosen tiles fit, with any number of threads; streams pass the verifier,
 * results are right; and the choice moves little more than it must. */
static void test_resnet18(void **state) {
  (void)state;
  int status, layers = 0;
  char *list = run_command(&status, "conv2d --workload list");
  char *rest = list, *line, name[32];
  vtac_conv2d_params params;
  while ((line = strsep(&rest, "\n")))
    if (read_layer(line, name, &params)) {
      layers++;
      for (int threads = 0; threads < 3; threads++)
        check_layer(name, &params, threads);
    }
  assert_int_equal(status, 0);
  assert_int_equal(layers, 10);
  free(list);
}

/* The command runs the layers it lists. */
static void test_workload_option(void **state) {
  (void)state;
  int status;
  char *output =
      run_command(&status, "conv2d --workload resnet18.C10 --vthreads 1");
  assert_int_equal(status, 0);
  assert_non_null(strstr(output, "Successful 2D convolution test!\n"));
  free(output);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_matmul_command),
      cmocka_unit_test(test_conv2d_command),
      cmocka_unit_test(test_all_stages),
      cmocka_unit_test(test_matmul_library),
      cmocka_unit_test(test_conv2d_library),
      cmocka_unit_test(test_second_call),
      cmocka_unit_test(test_resnet18),
      cmocka_unit_test(test_workload_option),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
