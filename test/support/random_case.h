/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs: a family, an accelerator and small parameters, each with
 * its range, the least value of which is the simplest. */
#ifndef TEST_SUPPORT_RANDOM_CASE_H
#define TEST_SUPPORT_RANDOM_CASE_H

#include "support/choices.h"
#include "support/family.h"

enum { CASE_PARAMS = 24, CASE_TEXT = 400 };

typedef struct RandomCase {
  FamilyKind kind;
  int config;             /* number of the accelerator */
  uint64_t seed;          /* of the data */
  int param[CASE_PARAMS]; /* sizes and tiles are in blocks */
} RandomCase;

/* Of the choices; of choices made from a seed. */
RandomCase case_of(Choices *choices);
RandomCase random_case(uint64_t seed);
/* False if the parameters make no legal or no small program. */
bool case_family(const RandomCase *random, const vtac_config *config,
                 FamilyCase *ret);

/* "conv2d config=2 seed=17 batch=1 …" */
void case_print(const RandomCase *random, char ret[CASE_TEXT]);

#endif
