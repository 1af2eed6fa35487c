/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing every way of running a schedule with the host's. */
#include "support/agree.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/api_kit.h"
#include "support/programs.h"
#include "support/temp.h"

enum { MOST_ARGS = 8 };

typedef struct Case {
  int n;
  const vtac_tensor *args;
  size_t size[MOST_ARGS];
  void *data[MOST_ARGS]; /* of the inputs; then what is expected */
  uint64_t counters[VTAC_COUNTERS];
  bool counted;
} Case;

/* ---- One run ------------------------------------------------------------ */

static void must(vtac_status status, const char *way, const vtac_error *error) {
  if (status) fail_msg("%s: %s [%s]", way, error->message, error->id);
}

/* Runs a module on fresh arrays; copies the result to `ret`. */
static void run_on(const Case *at, const vtac_module *module,
                   vtac_device *device, const char *way, void *ret) {
  vtac_array *array[MOST_ARGS];
  vtac_error error;
  int last = at->n - 1;
  for (int i = 0; i < at->n; i++) {
    array[i] = vtac_array_like(device, at->args[i], &error);
    assert_non_null(array[i]);
    if (i < last)
      must(vtac_array_write(array[i], at->data[i], &error), way, &error);
  }
  must(vtac_module_run(module, device, at->n, array, &error), way, &error);
  must(vtac_array_read(array[last], ret, &error), way, &error);
  for (int i = 0; i < at->n; i++) vtac_array_free(array[i]);
}

static void compare(Case *at, const vtac_module *module, const char *way,
                    const vtac_device_options *options) {
  uint64_t counters[VTAC_COUNTERS];
  vtac_error error;
  size_t size = at->size[at->n - 1], i = 0;
  const uint8_t *want = at->data[at->n - 1];
  uint8_t *have = malloc(size);
  vtac_device *device = vtac_device_open(config, options, &error);
  assert_non_null(device);
  run_on(at, module, device, way, have);
  vtac_device_counters(device, counters);
  vtac_device_close(device);
  while (i < size && have[i] == want[i]) i++;
  if (i < size)
    fail_msg("%s: byte %zu is %d instead of %d", way, i, (int8_t)have[i],
             (int8_t)want[i]);
  free(have);
  for (int k = 0; at->counted && k < VTAC_COUNTERS; k++)
    if (counters[k] != at->counters[k])
      fail_msg("%s: %s is %llu, before it was %llu", way, vtac_counter_name(k),
               (unsigned long long)counters[k],
               (unsigned long long)at->counters[k]);
  memcpy(at->counters, counters, sizeof counters);
  at->counted = true;
}

/* ---- Every way ---------------------------------------------------------- */

static void run_simulated(Case *at, const vtac_module *module) {
  static const struct {
    const char *way;
    vtac_device_options options;
  } ways[] = {{"fast path", {.verify = 1}},
              {"portable path", {.sim_path = VTAC_SIM_PORTABLE}},
              {"plain path", {.sim_path = VTAC_SIM_PLAIN}},
              {"program order", {.force_serial = 1, .verify = 1}},
              {"timed", {.simulator = VTAC_SIMULATOR_TIMING}}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    compare(at, module, ways[i].way, &ways[i].options);
}

static void run_native(Case *at, vtac_module *native, const char *way,
                       const vtac_error *error) {
  const vtac_device_options options = {.verify = 1};
  if (!native) fail_msg("%s: %s", way, error->message);
  compare(at, native, way, &options);
  vtac_module_free(native);
}

static void run_saved(Case *at, const vtac_module *module, const char *suffix) {
  vtac_error error;
  char file[32], path[256];
  snprintf(file, sizeof file, "agree.%d%s", (int)getpid(), suffix);
  temp_name(path, sizeof path, file);
  must(vtac_module_save(module, path, NULL, &error), suffix, &error);
  vtac_module *native = vtac_module_load(path, &error);
  unlink(path);
  run_native(at, native, suffix, &error);
}

static void run_compiled(Case *at, const vtac_module *module) {
  vtac_error error;
  run_saved(at, module, ".c");
  if (!vtac_module_target(0)) return; /* there is no code generator */
  run_native(at, vtac_module_compile(module, &error), "compiled", &error);
  run_saved(at, module, ".o");
}

static vtac_module *build(const Case *at, vtac_schedule schedule,
                          int accelerator, int keep_common) {
  static const char *const cse[] = {"CommonSubexprElim"};
  const vtac_lower_options options = {.accelerator = accelerator,
                                      .verify = 1,
                                      .disabled = cse,
                                      .disabled_count = keep_common};
  vtac_module *module =
      vtac_build(c, schedule, at->n, at->args, "kernel", &options);
  fine();
  return module;
}

/* Random inputs, and what the host makes of them. */
static void make_data(Case *at) {
  vtac_error error;
  uint64_t seed = 1;
  vtac_device *device = vtac_device_open(config, NULL, &error);
  for (int i = 0; i < at->n; i++) {
    vtac_array *array = vtac_array_like(device, at->args[i], &error);
    at->size[i] = vtac_array_size(array);
    vtac_array_free(array);
    uint8_t *bytes = at->data[i] = malloc(at->size[i]);
    for (size_t k = 0; k < at->size[i]; k++)
      bytes[k] = (uint8_t)(test_random(&seed) >> 56);
  }
  vtac_tensor output = at->args[at->n - 1];
  vtac_schedule plain = vtac_schedule_new(c, VTAC_TENSORS(output));
  vtac_module *module = build(at, plain, 0, 0);
  run_on(at, module, device, "on the host", at->data[at->n - 1]);
  vtac_module_free(module);
  vtac_device_close(device);
}

void runs_right(vtac_schedule schedule, int n, const vtac_tensor *args,
                uint64_t ret_counters[VTAC_COUNTERS]) {
  Case at = {.n = n, .args = args};
  assert_true(n <= MOST_ARGS);
  make_data(&at);
  for (int keep_common = 0; keep_common < 2; keep_common++) {
    vtac_module *module = build(&at, schedule, 1, keep_common);
    run_simulated(&at, module);
    if (!keep_common) run_compiled(&at, module);
    vtac_module_free(module);
  }
  for (int i = 0; i < n; i++) free(at.data[i]);
  memcpy(ret_counters, at.counters, sizeof at.counters);
}

uint64_t counter(const uint64_t counters[VTAC_COUNTERS], const char *name) {
  for (int i = 0; vtac_counter_name(i); i++)
    if (!strcmp(vtac_counter_name(i), name)) return counters[i];
  fail_msg("there is no counter %s", name);
  return 0;
}
