/* SPDX-License-Identifier: Apache-2.0 */
/* vtac run: a saved module on the simulator.
 *
 * A module that an operator command wrote remembers its command line; the run
 * is then that command's, with the module of the file in place of a new one,
 * and is verified like it.  Any other module gets random inputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

enum { MOST_WORDS = 64, MOST_ARGS = 32 };

/* ---- The command that made it ------------------------------------------- */

/* The module's own command line, then --load FILE, then what the user adds. */
static int run_as(const char *origin, int argc, char **argv) {
  char copy[512], load[] = "--load", *rest = copy, *word;
  char *words[MOST_WORDS + 3];
  int n = 0;
  snprintf(copy, sizeof copy, "%s", origin);
  while (n < MOST_WORDS / 2 && (word = strsep(&rest, " ")))
    if (*word) words[n++] = word;
  words[n++] = load;
  for (int i = 1; i < argc && n < MOST_WORDS; i++) words[n++] = argv[i];
  words[n] = NULL;
  return command_find(operators, words[0])->run(n, words);
}

static bool has_command(const char *origin) {
  char name[32];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(origin, " "), origin);
  return command_find(operators, name) != NULL;
}

/* ---- Any module --------------------------------------------------------- */

typedef struct Run {
  vtac_module *module;
  vtac_config *config;
  vtac_device *device;
  int n;
  vtac_array *array[MOST_ARGS];
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
  uint8_t *bytes = malloc(size);
  if (!bytes) {
    complain("no memory left");
    return EXIT_ENVIRONMENT;
  }
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)next_random(state);
  vtac_status status = vtac_array_write(array, bytes, &error);
  free(bytes);
  return status ? report(&error) : -1;
}

static int make_arrays(Run *run) {
  vtac_error error;
  vtac_param param;
  uint64_t state = 0;
  while (run->n < MOST_ARGS && vtac_module_param(run->module, run->n, &param)) {
    vtac_array *array = vtac_array_new(run->device, param.dtype, param.ndim,
                                       param.shape, &error);
    if (!array) return report(&error);
    run->array[run->n++] = array;
    int status = fill(array, &state);
    if (status >= 0) return status;
  }
  if (run->n) return -1;
  complain("the module does not describe its parameters");
  return EXIT_REFUSED;
}

static void print_stats(const vtac_device *device) {
  uint64_t counters[VTAC_COUNTERS];
  vtac_device_counters(device, counters);
  puts("Execution statistics:");
  for (int i = 0; i < VTAC_COUNTERS; i++)
    printf("        %-16s: %16llu\n", vtac_counter_name(i),
           (unsigned long long)counters[i]);
}

static int run_random(Run *run) {
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
  print_stats(run->device);
  return EXIT_RIGHT;
}

static void close_run(Run *run) {
  for (int i = 0; i < run->n; i++) vtac_array_free(run->array[i]);
  vtac_device_close(run->device);
  vtac_config_free(run->config);
  vtac_module_free(run->module);
}

/* ---- The command -------------------------------------------------------- */

/* Modules that run elsewhere may be for another processor. */
static bool goes_elsewhere(int argc, char **argv) {
  for (int i = 2; i < argc; i++)
    if (!strncmp(argv[i], "--rpc", 5)) return true;
  return false;
}

static int run_file(int argc, char **argv) {
  vtac_error error;
  Run run = {.module = goes_elsewhere(argc, argv)
                           ? vtac_module_describe(argv[1], &error)
                           : vtac_module_load(argv[1], &error)};
  if (!run.module) return report(&error);
  const char *origin = vtac_module_origin(run.module);
  int status;
  if (has_command(origin)) {
    status = run_as(origin, argc, argv);
  } else if (argc > 2) {
    complain("the module does not say which command '%s' is for", argv[2]);
    status = EXIT_USAGE;
  } else {
    status = run_random(&run);
  }
  close_run(&run);
  return status;
}

int command_run(int argc, char **argv) {
  static const Option none[] = {{NULL, NULL, NULL}};
  CommonOptions common = {0};
  const OptionParser parser = {
      "run FILE",
      "Runs a module that was saved by --output.  The common options are those "
      "of the\noperator command that saved it.",
      none,
      NULL,
      NULL,
      &common};
  if (argc > 1 && argv[1][0] != '-') return run_file(argc, argv);
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  complain("'run' needs the file of a module");
  return bad_usage("run");
}
