/* SPDX-License-Identifier: Apache-2.0 */
/* Native code does what the evaluator does: the same results, counters and
 * instruction streams, compiled in the process and from saved files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/family.h"
#include "support/accelerators.h"
#include "support/random_case.h"
#include "support/seeds.h"
#include "support/temp.h"
#include "support/text.h"

enum { RANDOM_CASES = 60, LONG_CASES = 1500 };

/* The listing of one device. */
typedef struct Listing {
  char *text;
  size_t length, capacity;
} Listing;

static void add_listing(void *user, const char *text, size_t length) {
  Listing *listing = user;
  if (listing->length + length >= listing->capacity) {
    listing->capacity = 2 * (listing->length + length) + 4096;
    listing->text = realloc(listing->text, listing->capacity);
    assert_non_null(listing->text);
  }
  memcpy(listing->text + listing->length, text, length);
  listing->length += length;
  listing->text[listing->length] = '\0';
}

/* What one run left behind. */
typedef struct Trace {
  Listing listing;
  uint64_t counters[VTAC_COUNTERS];
} Trace;

static Trace trace_run(const ProgramRun *run, const char *what) {
  Trace trace = {0};
  char why[WHY_SIZE];
  const vtac_device_options options = {.on_listing = add_listing,
                                       .user = &trace.listing};
  if (run_alone(run, &options, trace.counters, why) != RIGHT)
    fail_msg("%s: %s", what, why);
  return trace;
}

static void compare_run(const ProgramRun *run, const vtac_module *module,
                        const Trace *want, const char *what) {
  ProgramRun other = *run;
  other.module = module;
  Trace have = trace_run(&other, what);
  assert_memory_equal(have.counters, want->counters, sizeof have.counters);
  if (want->listing.text) {
    assert_non_null(have.listing.text);
    assert_texts_equal(have.listing.text, want->listing.text);
  }
  free(have.listing.text);
}

static vtac_module *must(vtac_module *module, const vtac_error *error) {
  if (!module) fail_msg("%s", error->message);
  return module;
}

static void compare_compiled(const ProgramRun *run, const Trace *want) {
  vtac_error error;
  vtac_module *module = must(vtac_module_compile(run->module, &error), &error);
  compare_run(run, module, want, "compiled");
  vtac_module_free(module);
}

static void compare_saved(const ProgramRun *run, const Trace *want,
                          const char *suffix) {
  vtac_error error;
  char file[32], path[256];
  snprintf(file, sizeof file, "codegen_run.%d.%s", (int)getpid(), suffix);
  temp_name(path, sizeof path, file);
  if (vtac_module_save(run->module, path, NULL, &error))
    fail_msg("%s", error.message);
  vtac_module *module = must(vtac_module_load(path, &error), &error);
  unlink(path);
  compare_run(run, module, want, suffix);
  vtac_module_free(module);
}

static bool have_codegen(void) { return vtac_module_target(0) != NULL; }

/* ---- Programs ----------------------------------------------------------- */

typedef void Compare(const ProgramRun *run, const Trace *want);

static vtac_module *build(vtac_context *context, const Program *program,
                          bool accelerator) {
  const vtac_lower_options options = {.accelerator = accelerator};
  return vtac_build(
      context, program->op ? vtac_op_schedule(program->op) : program->schedule,
      program->n, program->args, "kernel", &options);
}

static void compare_program(const vtac_config *config, vtac_context *context,
                            const Program *program, bool accelerator,
                            Compare *compare) {
  vtac_module *module = build(context, program, accelerator);
  if (!module) return; /* refused, which other tests look at */
  const ProgramRun run = {config, program, module, 7};
  Trace want = trace_run(&run, "evaluated");
  compare(&run, &want);
  free(want.listing.text);
  vtac_module_free(module);
}

static void compare_family(const vtac_config *config, const FamilyCase *family,
                           Compare *compare) {
  vtac_error error;
  Program program = {0};
  vtac_context *context = vtac_context_new(config, &error);
  assert_non_null(context);
  program_declare(context, family, &program);
  /* the host has no memory of narrower lanes */
  bool whole = vtac_config_get(config, "INP_WIDTH") >= 8 &&
               vtac_config_get(config, "WGT_WIDTH") >= 8;
  if (!vtac_context_error(context) && whole)
    compare_program(config, context, &program, false, compare);
  vtac_context_clear_error(context);
  program_tile(context, &program);
  program_map(context, &program);
  if (!vtac_context_error(context))
    compare_program(config, context, &program, true, compare);
  vtac_context_free(context);
}

/* ---- Tests -------------------------------------------------------------- */

static void compare_in_process(const ProgramRun *run, const Trace *want) {
  compare_compiled(run, want);
  compare_saved(run, want, "o");
}

static void test_random_programs(void **state) {
  (void)state;
  if (!have_codegen()) skip();
  int n = getenv("VTAC_LONG") ? LONG_CASES : RANDOM_CASES;
  for (int seed = 1; seed <= n; seed++) {
    vtac_error error;
    FamilyCase family;
    RandomCase random = random_case((uint64_t)seed);
    vtac_config *config = accelerator(random.config, &error);
    assert_non_null(config);
    if (case_family(&random, config, &family))
      compare_family(config, &family, compare_in_process);
    vtac_config_free(config);
  }
}

static void compare_every_way(const ProgramRun *run, const Trace *want) {
  compare_in_process(run, want);
  compare_saved(run, want, "so");
  compare_saved(run, want, "c");
}

static const FamilyCase small_matmul = {.kind = FAMILY_MATMUL,
                                        .matmul = {.batch = 2,
                                                   .in = 64,
                                                   .out = 64,
                                                   .tile_batch = 1,
                                                   .tile_in = 32,
                                                   .tile_out = 32,
                                                   .shift = 4}};

static void test_every_way(void **state) {
  const FamilyCase small_conv2d = {.kind = FAMILY_CONV2D,
                                   .conv2d = seed_conv2d_small(32, 64, 14)};
  const FamilyCase *const families[] = {&small_matmul, &small_conv2d};
  vtac_error error;
  (void)state;
  if (!have_codegen()) skip();
  vtac_config *config = vtac_config_default(&error);
  assert_non_null(config);
  for (int i = 0; i < 2; i++)
    compare_family(config, families[i], compare_every_way);
  vtac_config_free(config);
}

/* C source needs no code generator. */
static void compare_source(const ProgramRun *run, const Trace *want) {
  compare_saved(run, want, "c");
}

static void test_source(void **state) {
  vtac_error error;
  (void)state;
  vtac_config *config = vtac_config_default(&error);
  assert_non_null(config);
  compare_family(config, &small_matmul, compare_source);
  vtac_config_free(config);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_source),
                                     cmocka_unit_test(test_every_way),
                                     cmocka_unit_test(test_random_programs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
