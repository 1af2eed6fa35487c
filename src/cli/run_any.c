/* SPDX-License-Identifier: Apache-2.0 */
/* vtac run of a module that no operator command made: on random numbers, of
 * which nobody knows what should come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"

typedef struct Run {
  vtac_module *module;
  const RunOptions *options;
  vtac_config *config;
  vtac_device *device;
  int n;
  vtac_array *array[RUN_MOST_ARGS];
} Run;

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

static int fill(vtac_array *array, uint64_t *state) {
  vtac_error error;
  size_t size = vtac_array_size(array);
  uint8_t *bytes = malloc(size + 1);
  if (!bytes) {
    complain("no memory left");
    return EXIT_ENVIRONMENT;
  }
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)next_random(state);
  vtac_status status = vtac_array_write(array, bytes, &error);
  free(bytes);
  return status ? report(&error) : -1;
}

static int add_array(Run *run, const char *dtype, int ndim,
                     const int64_t *shape, uint64_t *state) {
  vtac_error error;
  vtac_array *array = vtac_array_new(run->device, dtype, ndim, shape, &error);
  if (!array) return report(&error);
  run->array[run->n++] = array;
  return fill(array, state);
}

/* "int8:1x64x1x16" */
static int add_given(Run *run, const char *text, uint64_t *state) {
  enum { MOST_RANK = 16 };
  char copy[256], *rest = copy, *word;
  int64_t shape[MOST_RANK];
  int n = 0;
  snprintf(copy, sizeof copy, "%s", text);
  const char *dtype = strsep(&rest, ":");
  while ((word = strsep(&rest, "x")) && n < MOST_RANK &&
         parse_int("--arg", word, &shape[n]))
    n++;
  if (!n || word) {
    complain("--arg: '%s' is no TYPE:AxBxC", text);
    return EXIT_USAGE;
  }
  return add_array(run, dtype, n, shape, state);
}

static int make_arrays(Run *run) {
  vtac_param param;
  uint64_t state = 0;
  int status = -1;
  if (vtac_module_param(run->module, 0, &param)) {
    for (int i = 0; status < 0 && i < RUN_MOST_ARGS &&
                    vtac_module_param(run->module, i, &param);
         i++)
      status = add_array(run, param.dtype, param.ndim, param.shape, &state);
    return status;
  }
  for (int i = 0; status < 0 && i < run->options->n; i++)
    status = add_given(run, run->options->arg[i], &state);
  return status;
}

static void print_stats(const Run *run) {
  uint64_t counters[VTAC_COUNTERS];
  vtac_device_counters(run->device, counters);
  if (!run->options->json) puts("Execution statistics:");
  for (int i = 0; i < VTAC_COUNTERS; i++)
    printf(
        run->options->json ? "%s\"%s\": %llu" : "%.0s        %-16s: %16llu\n",
        i ? ", " : "{", vtac_counter_name(i), (unsigned long long)counters[i]);
  if (run->options->json) puts("}");
}

static int run_function(Run *run) {
  vtac_error error;
  run->config = vtac_module_config(run->module, NULL);
  if (!run->config) run->config = vtac_config_default(&error);
  if (!run->config) return report(&error);
  run->device = vtac_device_open(run->config, NULL, &error);
  if (!run->device) return report(&error);
  int status = make_arrays(run);
  if (status >= 0) return status;
  if (vtac_module_run(run->module, run->device, run->n, run->array, &error))
    return report(&error);
  print_stats(run);
  return EXIT_RIGHT;
}

int run_any(vtac_module *module, const RunOptions *options) {
  Run run = {.module = module, .options = options};
  int status = run_function(&run);
  for (int i = 0; i < run.n; i++) vtac_array_free(run.array[i]);
  vtac_device_close(run.device);
  vtac_config_free(run.config);
  return status;
}
