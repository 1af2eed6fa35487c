/* SPDX-License-Identifier: Apache-2.0 */
/* Tally: how often cases of each kind ended in each way. */
#ifndef TEST_SUPPORT_TALLY_H
#define TEST_SUPPORT_TALLY_H

enum { TALLY_TAG = 40, TALLY_END = 32, TALLY_ROWS = 600 };

typedef struct Tally {
  int n;
  struct {
    char tag[TALLY_TAG], end[TALLY_END];
    int count;
  } row[TALLY_ROWS];
} Tally;

/* One more case of kind `tag` ended as `end` says. */
void tally_add(Tally *tally, const char *tag, const char *end);
/* A line for each kind, in the order of the kinds' names. */
void tally_print(const Tally *tally);

#endif
