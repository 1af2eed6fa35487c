/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel from its declaration to its result while the n-th allocation
 * fails, for every n: each failure comes back as VTAC_NOMEM, and what had been
 * made can be freed.  Once that allocation alone fails, once all that follow
 * it do too.  (Linked with --wrap for the allocation functions; leaks are for
 * the address sanitizer to see.) */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>

#include "support/family.h"
#include "support/seeds.h"

#define CONFIG "golden/configs/blk8/vta_config.json"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static struct {
  long count, fail_at; /* 0: none fails */
  bool fail_on;        /* all from fail_at */
} memory;

static bool fails(void) {
  memory.count++;
  if (!memory.fail_at) return false;
  return memory.fail_on ? memory.count >= memory.fail_at
                        : memory.count == memory.fail_at;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : __real_calloc(n, size);
}
void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}

/* ---- The life of one kernel --------------------------------------------- */

typedef struct Life {
  vtac_config *config;
  vtac_context *context;
  Program program;
  vtac_module *module;
  vtac_device *device;
  vtac_array *array[FAMILY_ARGS];
  vtac_profile *profile, *what_if;
  vtac_stepper *stepper;
  vtac_error error;
} Life;

/* Each step returns false with the life's error. */

static bool take_context_error(Life *life) {
  const vtac_error *error = vtac_context_error(life->context);
  if (error) life->error = *error;
  return !error;
}

static void on_pass(void *user, const vtac_pass_event *event) {
  *(size_t *)user += strlen(event->text);
}

static bool compile(Life *life, const FamilyCase *family) {
  size_t length = 0;
  const vtac_lower_options watched = {.accelerator = 1,
                                      .verify = 1,
                                      .on_pass = on_pass,
                                      .user = &length,
                                      .want_text = 1};
  const vtac_lower_options options = {.accelerator = 1};
  vtac_context *c = life->context;
  Program *p = &life->program;
  program_declare(c, family, p);
  program_map(c, p);
  vtac_lower_text(c, p->schedule, p->n, p->args, "main", &watched);
  life->module = vtac_build(c, p->schedule, p->n, p->args, "kernel", &options);
  return take_context_error(life);
}

static bool make_arrays(Life *life, const TestData *data) {
  for (int i = 0; i < life->program.n; i++) {
    vtac_array **array = &life->array[i];
    *array = vtac_array_like(life->device, life->program.args[i], &life->error);
    if (!*array) return false;
    if (i < data->inputs &&
        vtac_array_write(*array, data->input[i], &life->error))
      return false;
  }
  return true;
}

/* Where its cycles go, and its instructions one by one. */
static bool explain(Life *life) {
  enum { MERGED_STORES = 3 };
  size_t count;
  vtac_error *error = &life->error;
  life->profile = vtac_profile_module(life->module, error);
  if (!life->profile) return false;
  life->what_if = vtac_profile_what_if(life->profile, MERGED_STORES, error);
  if (!life->what_if) return false;
  const void *insns = vtac_profile_insns(life->profile, &count);
  life->stepper = vtac_stepper_new(life->config, insns, count, NULL, error);
  return life->stepper && !vtac_stepper_run(life->stepper, error);
}

static bool run(Life *life, const FamilyCase *family, const TestData *data) {
  const vtac_device_options options = {.verify = 1};
  int8_t result[1024];
  vtac_error *error = &life->error;
  life->config = vtac_config_load(CONFIG, error);
  if (!life->config) return false;
  life->context = vtac_context_new(life->config, error);
  if (!life->context || !compile(life, family)) return false;
  life->device = vtac_device_open(life->config, &options, error);
  if (!life->device || !make_arrays(life, data)) return false;
  if (vtac_module_run(life->module, life->device, life->program.n, life->array,
                      error))
    return false;
  vtac_array *res = life->array[life->program.n - 1];
  assert_true(vtac_array_size(res) <= sizeof result);
  if (vtac_array_read(res, result, error)) return false;
  assert_memory_equal(result, data->expected, vtac_array_size(res));
  return explain(life);
}

static void end(Life *life) {
  vtac_stepper_free(life->stepper);
  vtac_profile_free(life->what_if);
  vtac_profile_free(life->profile);
  for (int i = 0; i < FAMILY_ARGS; i++) vtac_array_free(life->array[i]);
  vtac_device_close(life->device);
  vtac_module_free(life->module);
  vtac_context_free(life->context);
  vtac_config_free(life->config);
}

/* ---- Failing ------------------------------------------------------------ */

/* One life; true if the failure came to pass.  What only saves work may be
 * done without memory, so that the result is right all the same. */
static bool live(const FamilyCase *family, const TestData *data, long fail_at,
                 bool fail_on) {
  Life life = {.error = {.status = VTAC_OK}};
  memory.count = 0;
  memory.fail_at = fail_at;
  memory.fail_on = fail_on;
  bool right = run(&life, family, data);
  memory.fail_at = 0;
  bool met = memory.count >= fail_at;
  end(&life);
  if (!right && life.error.status != VTAC_NOMEM)
    fail_msg("allocation %ld: %s: %s", fail_at,
             vtac_status_name(life.error.status), life.error.message);
  return met;
}

static void check(const FamilyCase *family) {
  enum { LIKELY_LEAST = 20, SEED = 3 };
  vtac_config *config = vtac_config_load(CONFIG, NULL);
  TestData *data = family_data(config, family, SEED);
  for (int fail_on = 0; fail_on < 2; fail_on++) {
    long n = 1;
    while (live(family, data, n, fail_on)) n++;
    assert_true(n > LIKELY_LEAST);
    print_message("%ld allocations\n", n - 1);
  }
  test_data_free(data);
  vtac_config_free(config);
}

static void test_gemm(void **state) {
  (void)state;
  const FamilyCase gemm = {.kind = FAMILY_MATMUL,
                           .matmul = {.batch = 1,
                                      .in = 64,
                                      .out = 64,
                                      .tile_batch = 1,
                                      .tile_in = 32,
                                      .tile_out = 32,
                                      .shift = 6}};
  check(&gemm);
}

static void test_conv2d(void **state) {
  (void)state;
  const FamilyCase conv2d = {.kind = FAMILY_CONV2D,
                             .conv2d = seed_conv2d_small(32, 64, 4)};
  check(&conv2d);
}

/* The JSON parser's state is the third allocation, behind the object and the
 * text.  (Later on it takes lack of memory for bad syntax.) */
static void test_config(void **state) {
  (void)state;
  enum { FIRST_ALLOCATIONS = 3 };
  vtac_error error;
  json_set_alloc_funcs(__wrap_malloc, free);
  for (long n = 1; n <= FIRST_ALLOCATIONS; n++) {
    memory.count = 0;
    memory.fail_at = n;
    assert_null(vtac_config_load(CONFIG, &error));
    memory.fail_at = 0;
    assert_int_equal(error.status, VTAC_NOMEM);
  }
  json_set_alloc_funcs(__real_malloc, free);
}

/* ---- Recordings --------------------------------------------------------- */

/* Records a stream of FINISH alone; true if the failure came to pass. */
static bool record(const vtac_config *config, long fail_at) {
  static const uint8_t finish[VTAC_INSN_BYTES] = {3};
  const vtac_recorder_options options = {
      .trace = "/dev/null", .report = "/dev/null", .plot = "/dev/null"};
  vtac_error error = {.status = VTAC_OK};
  uint64_t cycles;
  memory.count = 0;
  memory.fail_at = fail_at;
  vtac_recorder *recorder = vtac_recorder_open(config, &options, &error);
  if (recorder) vtac_recorder_time(recorder, finish, 1, &cycles, &error);
  memory.fail_at = 0;
  bool met = memory.count >= fail_at;
  assert_true(recorder || error.status == VTAC_NOMEM);
  assert_int_equal(error.status, met ? VTAC_NOMEM : VTAC_OK);
  /* Where no cycle was timed, there is nothing to plot. */
  vtac_status status = vtac_recorder_close(recorder, &error);
  assert_int_equal(status, met && recorder ? VTAC_INVALID : VTAC_OK);
  return met;
}

static void test_recorder(void **state) {
  (void)state;
  vtac_config *config = vtac_config_load(CONFIG, NULL);
  long n = 1;
  memory.fail_on = false;
  while (record(config, n)) n++;
  assert_true(n > 8);
  vtac_config_free(config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_config), cmocka_unit_test(test_gemm),
      cmocka_unit_test(test_conv2d), cmocka_unit_test(test_recorder)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
