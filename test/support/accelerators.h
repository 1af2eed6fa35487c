/* SPDX-License-Identifier: Apache-2.0 */
/* Accelerators that tests build for. */
#ifndef TEST_SUPPORT_ACCELERATORS_H
#define TEST_SUPPORT_ACCELERATORS_H

#include "support/random_test.h"

enum { ACCELERATORS = 7 };

/* Number 0 is the built-in one; then those of golden/configs (below the working
 * directory), one whose memories are tiny, and two with other lanes than bytes.
 * The caller frees it. */
vtac_config *accelerator(int number, vtac_error *error);

/* One of those, or any valid one that is small enough to be filled; it is noted
 * in the trial. */
vtac_config *accelerator_random(Trial *trial);
/* Any valid one with small memories, down to those of two elements. */
vtac_config *accelerator_small(Trial *trial);

/* Judges the trial in a context of its own, and frees the accelerator; NULL is
 * one that could not be made, which the trial knows. */
void accelerator_judge(Trial *trial, vtac_config *config,
                       void (*judge)(Trial *trial, const vtac_config *config,
                                     vtac_context *context));

#endif
