/* SPDX-License-Identifier: Apache-2.0 */
/* 200 kernels of different shapes, both operators on several accelerators, in
 * one process: one after another; all built first and then run interleaved on
 * a few devices; and from two threads, which share modules and nothing else.
 * Every result is compared, and every stream is verified. */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/accelerators.h"
#include "support/random_case.h"

enum {
  KERNELS = 200,
  CAPTURED = 4, /* built in, golden/configs */
  THREADS = 2,
  SEED = 4711
};

static vtac_config *configs[CAPTURED];

/* A kernel with all it was made from; immutable once built. */
typedef struct Kernel {
  RandomCase random;
  FamilyCase family;
  vtac_context *context;
  Program program;
  vtac_module *module;
} Kernel;

static const vtac_config *config_of(const Kernel *kernel) {
  return configs[kernel->random.config];
}

/* ---- Choosing ----------------------------------------------------------- */

/* Only the two operators, on accelerators with memory enough. */
static bool suits(const Kernel *kernel) {
  return kernel->random.config < CAPTURED &&
         (kernel->random.kind == FAMILY_MATMUL ||
          kernel->random.kind == FAMILY_CONV2D);
}

static bool same_shape(const Kernel *a, const Kernel *b) {
  return a->random.kind == b->random.kind &&
         a->random.config == b->random.config &&
         !memcmp(a->random.param, b->random.param, sizeof a->random.param);
}

static bool is_new(const Kernel *kernels, int n, const Kernel *kernel) {
  for (int i = 0; i < n; i++)
    if (same_shape(&kernels[i], kernel)) return false;
  return true;
}

/* KERNELS different ones, the same for every caller. */
static void choose_kernels(Kernel kernels[KERNELS]) {
  uint64_t seed = SEED;
  for (int n = 0; n < KERNELS;) {
    Kernel kernel = {.random = random_case(seed++)};
    if (!suits(&kernel) ||
        !case_family(&kernel.random, config_of(&kernel), &kernel.family) ||
        !is_new(kernels, n, &kernel))
      continue;
    kernels[n++] = kernel;
  }
}

/* ---- Building and running ----------------------------------------------- */

/* These return NULL, or what went wrong; cmocka's checks are for the main
 * thread alone. */

static const char *build(Kernel *kernel) {
  const vtac_lower_options options = {.accelerator = 1};
  kernel->context = vtac_context_new(config_of(kernel), NULL);
  program_declare(kernel->context, &kernel->family, &kernel->program);
  program_map(kernel->context, &kernel->program);
  kernel->module =
      vtac_build(kernel->context, kernel->program.schedule, kernel->program.n,
                 kernel->program.args, "kernel", &options);
  return kernel->module ? NULL : vtac_context_error(kernel->context)->message;
}

static void discard(Kernel *kernel) {
  vtac_module_free(kernel->module);
  vtac_context_free(kernel->context);
}

static vtac_device *open_device(int config) {
  const vtac_sim_path path = config % 2 ? VTAC_SIM_PORTABLE : VTAC_SIM_FAST;
  const vtac_device_options options = {.verify = 1, .sim_path = path};
  return vtac_device_open(configs[config], &options, NULL);
}

static bool run(const Kernel *kernel, vtac_device *device, uint64_t seed,
                char why[WHY_SIZE]) {
  const ProgramRun program = {config_of(kernel), &kernel->program,
                              kernel->module, seed};
  return run_and_verify(&program, device, why) == RIGHT;
}

static void run_or_fail(const Kernel *kernel, vtac_device *device,
                        uint64_t seed) {
  char why[WHY_SIZE], text[CASE_TEXT];
  if (run(kernel, device, seed, why)) return;
  case_print(&kernel->random, text);
  fail_msg("%s: %s", text, why);
}

static void build_or_fail(Kernel *kernel) {
  char text[CASE_TEXT];
  const char *why = build(kernel);
  if (!why) return;
  case_print(&kernel->random, text);
  fail_msg("%s: %s", text, why);
}

/* ---- One after another -------------------------------------------------- */

static void test_one_after_another(void **state) {
  (void)state;
  static Kernel kernels[KERNELS];
  vtac_device *devices[CAPTURED];
  choose_kernels(kernels);
  for (int i = 0; i < CAPTURED; i++) devices[i] = open_device(i);
  for (int i = 0; i < KERNELS; i++) {
    build_or_fail(&kernels[i]);
    run_or_fail(&kernels[i], devices[kernels[i].random.config], (uint64_t)i);
    discard(&kernels[i]);
  }
  for (int i = 0; i < CAPTURED; i++) vtac_device_close(devices[i]);
}

/* ---- Interleaved -------------------------------------------------------- */

/* 77 and 200 have no common factor, so that every kernel has its turn. */
enum { STRIDE = 77, DEVICES = 2 /* of each accelerator */ };

static void test_interleaved(void **state) {
  (void)state;
  static Kernel kernels[KERNELS];
  vtac_device *devices[CAPTURED][DEVICES];
  choose_kernels(kernels);
  for (int i = 0; i < KERNELS; i++) build_or_fail(&kernels[i]);
  for (int i = 0; i < CAPTURED; i++)
    for (int k = 0; k < DEVICES; k++) devices[i][k] = open_device(i);
  for (int i = 0; i < 2 * KERNELS; i++) {
    const Kernel *kernel = &kernels[i * STRIDE % KERNELS];
    run_or_fail(kernel, devices[kernel->random.config][i / 3 % DEVICES],
                (uint64_t)i);
  }
  for (int i = 0; i < CAPTURED; i++)
    for (int k = 0; k < DEVICES; k++) vtac_device_close(devices[i][k]);
  for (int i = 0; i < KERNELS; i++) discard(&kernels[i]);
}

/* ---- Two threads -------------------------------------------------------- */

/* Kernels of a thread's own, and those that it shares with the other. */
typedef struct Worker {
  pthread_t thread;
  int number;
  Kernel own[KERNELS];
  const Kernel *shared;
  bool right;
  char why[WHY_SIZE];
} Worker;

/* Every second kernel is built here; the others come from the shared ones,
 * in another order in each thread. */
static bool work_on(Worker *worker, int i,
                    vtac_device *const devices[CAPTURED]) {
  int at = worker->number ? KERNELS - 1 - i : i;
  Kernel *own = &worker->own[at];
  const Kernel *kernel = &worker->shared[at];
  bool builds = (at + worker->number) % 2;
  const char *why = NULL;
  if (builds) {
    kernel = own;
    why = build(own);
    if (why) snprintf(worker->why, WHY_SIZE, "%s", why);
  }
  bool right =
      !why && run(kernel, devices[kernel->random.config],
                  (uint64_t)(i * THREADS + worker->number), worker->why);
  if (builds) discard(own);
  return right;
}

static void *work(void *self) {
  Worker *worker = self;
  vtac_device *devices[CAPTURED];
  for (int i = 0; i < CAPTURED; i++) devices[i] = open_device(i);
  worker->right = true;
  for (int i = 0; i < KERNELS && worker->right; i++)
    worker->right = work_on(worker, i, devices);
  for (int i = 0; i < CAPTURED; i++) vtac_device_close(devices[i]);
  return NULL;
}

static void test_two_threads(void **state) {
  (void)state;
  static Kernel shared[KERNELS];
  static Worker workers[THREADS];
  choose_kernels(shared);
  for (int i = 0; i < KERNELS; i++) build_or_fail(&shared[i]);
  for (int i = 0; i < THREADS; i++) {
    workers[i].number = i;
    workers[i].shared = shared;
    choose_kernels(workers[i].own);
    assert_int_equal(
        pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
  for (int i = 0; i < THREADS; i++)
    if (!workers[i].right) fail_msg("thread %d: %s", i, workers[i].why);
  for (int i = 0; i < KERNELS; i++) discard(&shared[i]);
}

/* ---- The program -------------------------------------------------------- */

static int open_configs(void **state) {
  (void)state;
  for (int i = 0; i < CAPTURED; i++) {
    configs[i] = accelerator(i, NULL);
    if (!configs[i]) return 1;
  }
  return 0;
}

static int close_configs(void **state) {
  (void)state;
  for (int i = 0; i < CAPTURED; i++) vtac_config_free(configs[i]);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_after_another),
      cmocka_unit_test(test_interleaved),
      cmocka_unit_test(test_two_threads),
  };
  return cmocka_run_group_tests(tests, open_configs, close_configs);
}
