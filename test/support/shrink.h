/* SPDX-License-Identifier: Apache-2.0 */
/* Making a failing case small. */
#ifndef TEST_SUPPORT_SHRINK_H
#define TEST_SUPPORT_SHRINK_H

#include "support/random_test.h"

/* Replaces a failing case by the simplest one found that fails with the same
 * id: with fewer choices, then with smaller ones.  `run` runs a case and fills
 * it in.  Returns how many were tried. */
int shrink(Trial *trial, void (*run)(void *self, Trial *trial), void *self);

#endif
