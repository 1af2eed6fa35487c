/* SPDX-License-Identifier: Apache-2.0 */
/* Shrinking: delete runs of choices, set runs to 0, lower single ones; again
 * until nothing helps.  A case replaces another only if its list is shorter, or
 * as long and smaller at the first difference, so this ends. */
#include "support/shrink.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_TRIES = 3000, MOST_SECONDS = 60, LONGEST_RUN = 32 };

typedef struct Shrinker {
  Trial *best;
  Trial trial;
  void (*run)(void *self, Trial *trial);
  void *self;
  int tries;
  time_t start;
} Shrinker;

static bool simpler(const Choices *a, const Choices *b) {
  if (a->used != b->used) return a->used < b->used;
  for (int i = 0; i < a->used; i++)
    if (a->at[i] != b->at[i]) return a->at[i] < b->at[i];
  return false;
}

/* Tries the best case with other choices. */
static bool attempt(Shrinker *s, const Choices *choices) {
  if (s->tries >= MOST_TRIES || time(NULL) - s->start > MOST_SECONDS)
    return false;
  s->tries++;
  s->trial = (Trial){.choices = choices_again(choices), .seed = s->best->seed};
  s->run(s->self, &s->trial);
  if (s->trial.outcome != WRONG || strcmp(s->trial.id, s->best->id) ||
      !simpler(&s->trial.choices, &s->best->choices))
    return false;
  *s->best = s->trial;
  return true;
}

static bool delete_run(Shrinker *s, int from, int n) {
  Choices choices = s->best->choices;
  if (from + n > choices.used) return false;
  choices.used -= n;
  memmove(&choices.at[from], &choices.at[from + n],
          (size_t)(choices.used - from) * sizeof *choices.at);
  return attempt(s, &choices);
}

static bool clear_run(Shrinker *s, int from, int n) {
  Choices choices = s->best->choices;
  bool clear = true;
  if (from + n > choices.used) return false;
  for (int i = from; i < from + n; i++) {
    clear &= !choices.at[i];
    choices.at[i] = 0;
  }
  return !clear && attempt(s, &choices);
}

static bool lower(Shrinker *s, int i, int by) {
  Choices choices = s->best->choices;
  if (i >= choices.used || by < 1 || choices.at[i] < by) return false;
  choices.at[i] = (uint16_t)(choices.at[i] - by);
  return attempt(s, &choices);
}

static bool lower_one(Shrinker *s, int i) {
  bool any = false;
  int by = CHOICE_LIMIT;
  while (by && i < s->best->choices.used) {
    if (lower(s, i, by))
      any = true;
    else
      by /= 2;
  }
  return any;
}

static bool pass(Shrinker *s) {
  bool any = false;
  for (int n = LONGEST_RUN; n; n /= 2) {
    for (int i = s->best->choices.used - n; i >= 0; i--)
      any |= delete_run(s, i, n);
    for (int i = 0; i < s->best->choices.used; i += n)
      any |= clear_run(s, i, n);
  }
  for (int i = 0; i < s->best->choices.used; i++) any |= lower_one(s, i);
  return any;
}

int shrink(Trial *trial, void (*run)(void *self, Trial *trial), void *self) {
  Shrinker *s = calloc(1, sizeof *s);
  if (!s) abort();
  s->best = trial;
  s->run = run;
  s->self = self;
  s->start = time(NULL);
  while (pass(s)) continue;
  int tries = s->tries;
  free(s);
  return tries;
}
