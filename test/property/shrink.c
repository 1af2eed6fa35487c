/* SPDX-License-Identifier: Apache-2.0 */
/* The shrinker finds the simplest failing case, repeats it from its text, and
 * keeps to the failure it began with. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/shrink.h"

/* A list of up to 20 numbers below 1000; one above 137 is wrong, an odd one of
 * at least 500 crashes first. */
static void run(void *self, Trial *trial) {
  int n = choose(&trial->choices, 21);
  int *runs = self;
  ++*runs;
  for (int i = 0; i < n; i++) {
    int value = choose(&trial->choices, 1000);
    trial_note(trial, "%d ", value);
    if (value >= 500 && value % 2) strcpy(trial->id, "crash");
    if (value > 137) trial_wrong(trial, "%d is too large", value);
  }
}

static Trial failing(const char *id) {
  for (uint64_t seed = 1;; seed++) {
    int runs = 0;
    Trial trial = {.choices = choices_random(seed)};
    run(&runs, &trial);
    if (trial.outcome == WRONG && !strcmp(trial.id, id)) return trial;
  }
}

static void the_simplest_case_is_found(void **state) {
  (void)state;
  Trial trial = failing("wrong");
  int runs = 0, tries = shrink(&trial, run, &runs);
  assert_int_equal(tries, runs);
  assert_string_equal(trial.text, "138 ");
  assert_string_equal(trial.why, "138 is too large");
}

static void another_failure_does_not_take_its_place(void **state) {
  (void)state;
  Trial trial = failing("crash");
  int runs = 0;
  shrink(&trial, run, &runs);
  assert_string_equal(trial.text, "501 ");
}

static void a_list_of_choices_repeats_the_case(void **state) {
  (void)state;
  Trial trial = failing("wrong"), again = {.seed = 0};
  char text[CHOICES_TEXT];
  int runs = 0;
  choices_print(&trial.choices, text);
  assert_true(choices_parse(text, &again.choices));
  run(&runs, &again);
  assert_string_equal(again.text, trial.text);
  assert_false(choices_parse("3.x", &again.choices));
  assert_false(choices_parse("70000", &again.choices));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_simplest_case_is_found),
      cmocka_unit_test(another_failure_does_not_take_its_place),
      cmocka_unit_test(a_list_of_choices_repeats_the_case)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
