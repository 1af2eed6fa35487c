/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in a call of a module that is right. */
#include <stdlib.h>
#include <string.h>

#include "support/accelerators.h"
#include "support/faults.h"
#include "support/faults_run.h"

enum { POISON = 0x5a };

typedef struct Attempt {
  const vtac_config *config;
  const Subject *subject;
  FaultRun *run;
  vtac_module *module;
  vtac_device *device, *other; /* another device, if the fault needs one */
  int n, at;                   /* arguments; the one that is wrong */
  vtac_array *array[MOST_SUBJECT_ARGS + 1], *right; /* the one replaced */
  vtac_error error;
} Attempt;

/* ---- Faults ------------------------------------------------------------- */

static void replace(Attempt *a, vtac_array *array) {
  a->right = a->array[a->at];
  a->array[a->at] = array;
}

static bool fewer(Attempt *a) {
  a->n--;
  return true;
}

static bool more(Attempt *a) {
  a->array[a->n++] = NULL;
  return true;
}

static bool no_array(Attempt *a) {
  replace(a, NULL);
  return true;
}

static bool no_module(Attempt *a) {
  vtac_module_free(a->module);
  a->module = NULL;
  return true;
}

static bool no_device(Attempt *a) {
  for (int i = 0; i < a->n; i++) {
    vtac_array_free(a->array[i]);
    a->array[i] = NULL;
  }
  vtac_device_close(a->device);
  a->device = NULL;
  return true;
}

/* An array of the same rank, but for dimension `at`, which is so much larger;
 * or of another rank; or another type. */
static bool other_array(Attempt *a, int at, int64_t larger, int rank,
                        const char *type) {
  vtac_tensor tensor = a->subject->args[a->at];
  int64_t shape[NODE_RANK + 1] = {0};
  int n = vtac_tensor_ndim(tensor);
  for (int i = 0; i < n; i++) shape[i] = vtac_tensor_dim(tensor, i);
  shape[n] = 1;
  shape[at] += larger;
  vtac_array *array =
      vtac_array_new(a->device, type ? type : vtac_tensor_dtype(tensor),
                     n + rank, shape, &a->error);
  if (array) replace(a, array);
  return array;
}

static bool other_type(Attempt *a) {
  const char *type = vtac_tensor_dtype(a->subject->args[a->at]);
  static const char *const types[] = {"int8", "int16", "int32", "float32",
                                      "uint8"};
  int at = a->run->number[1] % 5;
  if (!strcmp(types[at], type)) at = (at + 1) % 5;
  return other_array(a, 0, 0, 0, types[at]);
}

static bool other_rank(Attempt *a) {
  return other_array(a, 0, 0, a->run->number[1] % 2 ? 1 : -1, NULL);
}

static bool other_shape(Attempt *a) {
  int rank = vtac_tensor_ndim(a->subject->args[a->at]);
  return other_array(a, a->run->number[1] % rank, 1 + a->run->number[2] % 3, 0,
                     NULL);
}

static bool on_other_device(Attempt *a) {
  a->other = vtac_device_open(a->config, NULL, &a->error);
  if (!a->other) return false;
  replace(a, vtac_array_like(a->other, a->subject->args[a->at], &a->error));
  return true;
}

/* All of the call moves to a device of another configuration. */
static bool other_config(Attempt *a) {
  vtac_config *config =
      accelerator(a->run->number[1] % ACCELERATORS, &a->error);
  bool same = true;
  static const char *const keys[] = {"BATCH", "BLOCK_IN", "INP_WIDTH",
                                     "WGT_BUFF_SIZE", "ACC_BUFF_SIZE"};
  for (int i = 0; config && i < 5; i++)
    same &=
        vtac_config_get(config, keys[i]) == vtac_config_get(a->config, keys[i]);
  if (config && !same) {
    no_device(a);
    a->device = vtac_device_open(config, NULL, &a->error);
    for (int i = 0; i < a->n; i++)
      a->array[i] = vtac_array_like(a->device, a->subject->args[i], &a->error);
  }
  vtac_config_free(config);
  return !same;
}

typedef struct RunFault {
  Fault fault;
  bool (*spoil)(Attempt *a);
} RunFault;

static const RunFault faults[] = {
    {{.name = "run: too few arguments", .ids = "argument"}, fewer},
    {{.name = "run: too many arguments", .ids = "argument"}, more},
    {{.name = "run: no array", .ids = "argument"}, no_array},
    {{.name = "run: no module", .ids = "argument"}, no_module},
    {{.name = "run: no device", .ids = "argument"}, no_device},
    {{.name = "run: another type", .ids = "argument"}, other_type},
    {{.name = "run: another rank", .ids = "argument"}, other_rank},
    {{.name = "run: another shape", .ids = "argument"}, other_shape},
    {{.name = "run: an array of another device", .ids = "argument"},
     on_other_device},
    {{.name = "run: another configuration", .ids = "config-mismatch"},
     other_config}};

/* ---- One call ----------------------------------------------------------- */

int run_faults(void) { return sizeof faults / sizeof *faults; }

const Fault *run_fault(int number) { return &faults[number].fault; }

static void fill(const Attempt *a, int i, void *bytes) {
  vtac_error error;
  memset(bytes, POISON, vtac_array_size(a->array[i]));
  vtac_array_write(a->array[i], bytes, &error);
}

static bool is_untouched(const Attempt *a, int i, unsigned char *bytes) {
  vtac_error error;
  size_t size = vtac_array_size(a->array[i]);
  vtac_array_read(a->array[i], bytes, &error);
  for (size_t k = 0; k < size; k++)
    if (bytes[k] != POISON) return false;
  return true;
}

/* Results that are there hold the same before and behind the a. */
static void attempt(Attempt *a, Trial *trial) {
  unsigned char *bytes[MOST_SUBJECT_ARGS + 1] = {0};
  for (int i = a->subject->inputs; i < a->subject->n; i++)
    if (a->array[i]) {
      bytes[i] = malloc(vtac_array_size(a->array[i]));
      if (!bytes[i]) abort();
      fill(a, i, bytes[i]);
    }
  if (vtac_module_run(a->module, a->device, a->n, a->array, &a->error))
    trial_refused(trial, &a->error);
  for (int i = 0; i <= MOST_SUBJECT_ARGS; i++) {
    if (bytes[i] && !is_untouched(a, i, bytes[i]))
      trial_wrong(trial, "result %d was written", i);
    free(bytes[i]);
  }
}

void run_spoiled(FaultRun *run, int number, const Subject *subject,
                 vtac_context *context, const vtac_config *config) {
  const vtac_lower_options options = {.accelerator = 1};
  Attempt a = {.config = config, .subject = subject, .run = run};
  a.n = subject->n;
  a.at = run->number[0] % subject->n;
  a.module = vtac_build(context, subject->schedule, subject->n, subject->args,
                        "kernel", &options);
  a.device = vtac_device_open(config, NULL, &a.error);
  for (int i = 0; i < a.n; i++)
    a.array[i] = vtac_array_like(a.device, subject->args[i], &a.error);
  bool spoiled = faults[number].spoil(&a);
  run->trial->skipped = !spoiled;
  if (spoiled) attempt(&a, run->trial);
  for (int i = 0; i <= MOST_SUBJECT_ARGS; i++) vtac_array_free(a.array[i]);
  vtac_array_free(a.right);
  vtac_device_close(a.other);
  vtac_device_close(a.device);
  vtac_module_free(a.module);
}
