/* SPDX-License-Identifier: Apache-2.0 */
/* Choices: what a random case is made of.
 *
 * A maker of cases asks for numbers below limits that it names as it goes.
 * They are random the first time and are kept; the list alone repeats the case.
 * Makers take 0 for the simplest choice, and what is missing at the end of a
 * list is 0, so a shorter list, or one of smaller numbers, is a simpler case:
 * one shrinker serves all makers. (D. MacIver and A. Donaldson, "Test-case
 * reduction via test-case generation", ECOOP 2020.) */
#ifndef TEST_SUPPORT_CHOICES_H
#define TEST_SUPPORT_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_CHOICES = 1500, CHOICE_LIMIT = 65536 };

typedef struct Choices {
  bool replay;
  bool stress;    /* most of what choose_stressed asks for is to be had */
  uint64_t state; /* of the random numbers, unless this is a replay */
  int given;      /* numbers to replay */
  int used;       /* numbers asked for */
  uint16_t at[MOST_CHOICES];
} Choices;

Choices choices_random(uint64_t seed);
/* The same numbers again. */
Choices choices_again(const Choices *choices);

/* 0 to limit - 1, for limits up to CHOICE_LIMIT. */
int choose(Choices *choices, int limit);
/* `least` to `most`. */
int choose_from(Choices *choices, int least, int most);
/* The same; numbers in the lower quarter are as likely as all others. */
int choose_low(Choices *choices, int least, int most);
/* True once in n times. */
bool choose_rarely(Choices *choices, int n);
/* The same; two times of three under stress.  What a list of choices makes does
 * not depend on stress. */
bool choose_stressed(Choices *choices, int n);
/* Puts 0 to n - 1 into an order. */
void choose_order(Choices *choices, int n, int *ret_order);

/* "3.0.12", and back; false if the text is no list. */
enum { CHOICES_TEXT = 6 * MOST_CHOICES };
void choices_print(const Choices *choices, char ret[CHOICES_TEXT]);
bool choices_parse(const char *text, Choices *ret);

#endif
