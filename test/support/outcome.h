/* SPDX-License-Identifier: Apache-2.0 */
/* How the run of a program ended. */
#ifndef TEST_SUPPORT_OUTCOME_H
#define TEST_SUPPORT_OUTCOME_H

typedef enum Outcome {
  RIGHT,
  REFUSED, /* status VTAC_REFUSED and a message */
  WRONG
} Outcome;

enum { WHY_SIZE = 1280 };

#endif
