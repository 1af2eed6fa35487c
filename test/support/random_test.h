/* SPDX-License-Identifier: Apache-2.0 */
/* The program around a random test: it makes cases of seeds, runs them in
 * processes of their own, counts, and shrinks what fails.
 *
 *   PROGRAM [--seed N] [--count N] [--stress] [--choices LIST] [--verbose]
 *           [--table]
 *
 * Case number i has the seed N + i, so that `--seed N+i --count 1` repeats it;
 * VTAC_SEED and VTAC_COUNT in the environment do the same.  Under --stress most
 * cases are what choose_stressed asks for; a list needs no such word.  A crash,
 * a leak, a hang or a failed sanitizer is a finding like a wrong number. */
#ifndef TEST_SUPPORT_RANDOM_TEST_H
#define TEST_SUPPORT_RANDOM_TEST_H

#include "support/choices.h"
#include "support/outcome.h"
#include "support/tally.h"
#include "vtac/vtac.h"

enum { TRIAL_TEXT = 8000, TRIAL_ID = 32, TRIAL_TAGS = 40 };

/* One case and how it ended.  Holds no pointers: it crosses processes. */
typedef struct Trial {
  Choices choices;
  uint64_t seed;
  Outcome outcome;
  bool skipped;      /* the choices make no case, or one that is too large */
  char id[TRIAL_ID]; /* of the refusal's diagnostic, or the kind of failure */
  bool cured;        /* the diagnostic says what helps */
  char why[WHY_SIZE];
  char text[TRIAL_TEXT]; /* the case, for a reader */
  int tags;              /* what kinds of case it is, for --table */
  char tag[TRIAL_TAGS][TALLY_TAG];
} Trial;

/* Adds to the text; what does not fit is left out. */
void trial_note(Trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Says that the case is of this kind, too; once is enough. */
void trial_tag(Trial *trial, const char *tag);
/* Ends as WRONG for this reason, unless it did before. */
void trial_wrong(Trial *trial, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends as REFUSED; as WRONG where there is no message, or the status is none
 * of a refusal.  `id` may be NULL, as in an error without one. */
void trial_refused(Trial *trial, const vtac_error *error);

/* Which cases are counted until there are enough; wrong ones always are. */
typedef enum Counts { COUNT_ALL, COUNT_RIGHT, COUNT_REFUSED } Counts;

typedef struct RandomTest {
  void (*run)(Trial *trial); /* makes a case of the choices, and judges it */
  Counts counts;
  int count, long_count; /* of cases, usually and with VTAC_LONG */
  int most_refused;      /* percent; twice as many under stress */
} RandomTest;

int random_test_main(const RandomTest *test, int argc, char **argv);

#endif
