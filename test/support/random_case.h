/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs: a family, an accelerator and small parameters, each with
 * its range, so that a case can be written down, read back and shrunk. */
#ifndef TEST_SUPPORT_RANDOM_CASE_H
#define TEST_SUPPORT_RANDOM_CASE_H

#include "support/family.h"

enum { CASE_PARAMS = 24, CASE_TEXT = 400, CASE_CONFIGS = 7 };

typedef struct RandomCase {
  FamilyKind kind;
  int config;             /* number of the accelerator */
  uint64_t seed;          /* of the data */
  int param[CASE_PARAMS]; /* sizes and tiles are in blocks */
} RandomCase;

/* The accelerators: the built-in one, those of golden/configs (below the
 * working directory), one whose memories are tiny, and two with other lanes
 * than bytes. */
vtac_config *case_config(int config, vtac_error *error);

RandomCase random_case(uint64_t seed);
/* False if the parameters make no legal or no small program. */
bool case_family(const RandomCase *random, const vtac_config *config,
                 FamilyCase *ret);

/* "conv2d config=2 seed=17 batch=1 …", and back. */
void case_print(const RandomCase *random, char ret[CASE_TEXT]);
bool case_parse(const char *text, RandomCase *ret);

/* Smaller variants of the case, number by number; false past the last. */
bool case_smaller(const RandomCase *random, int number, RandomCase *ret);

#endif
