/* SPDX-License-Identifier: Apache-2.0 */
/* Making, keeping and repeating choices. */
#include "support/choices.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/programs.h"

Choices choices_random(uint64_t seed) { return (Choices){.state = seed}; }

Choices choices_again(const Choices *choices) {
  Choices again = *choices;
  again.replay = true;
  again.given = choices->used;
  again.used = 0;
  return again;
}

int choose(Choices *c, int limit) {
  int value = 0;
  if (c->used >= MOST_CHOICES) return 0;
  if (!c->replay)
    value = (int)(test_random(&c->state) % (uint64_t)limit);
  else if (c->used < c->given)
    value = c->at[c->used] < limit ? c->at[c->used] : limit - 1;
  c->at[c->used++] = (uint16_t)value;
  return value;
}

int choose_from(Choices *c, int least, int most) {
  return least + choose(c, most - least + 1);
}

int choose_low(Choices *c, int least, int most) {
  int high = choose(c, 2);
  return choose_from(c, least, high ? most : least + (most - least) / 4);
}

/* Simple is the common outcome. */
bool choose_rarely(Choices *c, int n) { return choose(c, n) == n - 1; }

bool choose_stressed(Choices *c, int n) {
  if (!c->stress || c->replay || c->used >= MOST_CHOICES)
    return choose_rarely(c, n);
  bool yes = test_random(&c->state) % 3 > 0;
  c->at[c->used++] = (uint16_t)(yes ? n - 1 : 0);
  return yes;
}

void choose_order(Choices *c, int n, int *ret_order) {
  for (int i = 0; i < n; i++) ret_order[i] = i;
  for (int i = 0; i + 1 < n; i++) {
    int k = i + choose(c, n - i), first = ret_order[k];
    for (; k > i; k--) ret_order[k] = ret_order[k - 1];
    ret_order[i] = first;
  }
}

void choices_print(const Choices *c, char ret[CHOICES_TEXT]) {
  int n = 0;
  ret[0] = 0;
  for (int i = 0; i < c->used; i++)
    n += snprintf(ret + n, (size_t)(CHOICES_TEXT - n), "%s%d", i ? "." : "",
                  c->at[i]);
}

bool choices_parse(const char *text, Choices *ret) {
  *ret = (Choices){.replay = true};
  while (*text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || value >= CHOICE_LIMIT || ret->given == MOST_CHOICES)
      return false;
    ret->at[ret->given++] = (uint16_t)value;
    if (*end == '.') end++;
    text = end;
  }
  return true;
}
