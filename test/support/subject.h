/* SPDX-License-Identifier: Apache-2.0 */
/* Subjects: computations that a random test declares, schedules and runs. */
#ifndef TEST_SUPPORT_SUBJECT_H
#define TEST_SUPPORT_SUBJECT_H

#include "support/random_test.h"

enum { MOST_SUBJECT_ARGS = 40 }; /* as many as a net has nodes */

/* A declared computation with its schedule, and what goes in and is to come
 * out. */
typedef struct Subject {
  vtac_schedule schedule;
  int n, inputs; /* parameters; those before the outputs */
  vtac_tensor args[MOST_SUBJECT_ARGS];
  void *data[MOST_SUBJECT_ARGS]; /* malloc'ed bytes of each; NULL: whatever */
  bool host;                     /* lower it without the accelerator's passes */
} Subject;

/* Builds the subject, runs it on a simulator of this configuration, its streams
 * verified, and compares; the trial says how it ended. */
void subject_judge(const Subject *subject, vtac_context *context,
                   const vtac_config *config, Trial *trial);
void subject_free(Subject *subject); /* its data */

#endif
