/* SPDX-License-Identifier: Apache-2.0 */
/* Counting cases by kind and end. */
#include "support/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tally_add(Tally *t, const char *tag, const char *end) {
  int i = 0;
  while (i < t->n && (strcmp(t->row[i].tag, tag) || strcmp(t->row[i].end, end)))
    i++;
  if (i == TALLY_ROWS) return;
  if (i == t->n) {
    snprintf(t->row[i].tag, TALLY_TAG, "%s", tag);
    snprintf(t->row[i].end, TALLY_END, "%s", end);
    t->row[i].count = 0;
    t->n++;
  }
  t->row[i].count++;
}

/* The next name in alphabetical order; NULL behind the last one. */
static const char *next_tag(const Tally *t, const char *tag) {
  const char *next = NULL;
  for (int i = 0; i < t->n; i++)
    if (strcmp(t->row[i].tag, tag) > 0 &&
        (!next || strcmp(t->row[i].tag, next) < 0))
      next = t->row[i].tag;
  return next;
}

void tally_print(const Tally *t) {
  for (const char *tag = next_tag(t, ""); tag; tag = next_tag(t, tag)) {
    printf("  %-*s", TALLY_TAG, tag);
    for (int i = 0; i < t->n; i++)
      if (!strcmp(t->row[i].tag, tag))
        printf(" %6d %s", t->row[i].count, t->row[i].end);
    printf("\n");
  }
}
