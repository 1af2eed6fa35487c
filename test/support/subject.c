/* SPDX-License-Identifier: Apache-2.0 */
/* Building and running subjects. */
#include "support/subject.h"

#include <stdlib.h>
#include <string.h>

typedef struct Run {
  const Subject *subject;
  vtac_module *module;
  vtac_device *device;
  vtac_array *array[MOST_SUBJECT_ARGS];
} Run;

static void compare(const Run *run, int number, Trial *trial) {
  vtac_array *array = run->array[number];
  const unsigned char *expected = run->subject->data[number];
  size_t size = vtac_array_size(array), at = 0;
  unsigned char *result = malloc(size);
  vtac_error error;
  if (!expected) {
    free(result);
    return;
  }
  if (!result) abort();
  if (vtac_array_read(array, result, &error)) {
    trial_wrong(trial, "reading the result: %s", error.message);
  } else {
    while (at < size && result[at] == expected[at]) at++;
    if (at < size)
      trial_wrong(trial, "%s: byte %zu of %zu is %u instead of %u",
                  vtac_tensor_name(run->subject->args[number]), at, size,
                  result[at], expected[at]);
  }
  free(result);
}

static bool make_arrays(Run *run, vtac_error *error) {
  const Subject *s = run->subject;
  for (int i = 0; i < s->n; i++) {
    run->array[i] = vtac_array_like(run->device, s->args[i], error);
    if (!run->array[i]) return false;
    if (i < s->inputs && s->data[i] &&
        vtac_array_write(run->array[i], s->data[i], error))
      return false;
  }
  return true;
}

static void run_module(Run *run, const vtac_config *config, Trial *trial) {
  const Subject *s = run->subject;
  const vtac_device_options options = {.verify = 1};
  vtac_error error = {.message = ""};
  run->device = vtac_device_open(config, &options, &error);
  if (!run->device || !make_arrays(run, &error)) {
    trial_wrong(trial, "the device: %s", error.message);
    return;
  }
  if (vtac_module_run(run->module, run->device, s->n, run->array, &error)) {
    trial_refused(trial, &error);
    return;
  }
  for (int i = s->inputs; i < s->n; i++) compare(run, i, trial);
}

void subject_judge(const Subject *subject, vtac_context *context,
                   const vtac_config *config, Trial *trial) {
  const vtac_lower_options options = {.accelerator = !subject->host,
                                      .verify = 1};
  Run run = {.subject = subject};
  run.module = vtac_build(context, subject->schedule, subject->n, subject->args,
                          "kernel", &options);
  if (run.module)
    run_module(&run, config, trial);
  else
    trial_refused(trial, vtac_context_error(context));
  for (int i = 0; i < subject->n; i++) vtac_array_free(run.array[i]);
  vtac_device_close(run.device);
  vtac_module_free(run.module);
}

void subject_free(Subject *subject) {
  for (int i = 0; i < MOST_SUBJECT_ARGS; i++) free(subject->data[i]);
}
