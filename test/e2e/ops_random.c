/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator with its default schedule, random shapes and random
 * accelerators: the result is that of the plain computation, and streams pass
 * the verifier.  What is refused is refused for a limit of the machine.
 * OPS_CASE=operator:seed in the environment runs one case alone. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "support/operators.h"
#include "support/random_case.h"

static vtac_config *config_of(uint64_t seed, char text[OPERATOR_TEXT]) {
  if (seed % 3) return random_config(seed, text);
  snprintf(text, OPERATOR_TEXT, "accelerator %d",
           (int)(seed / 3 % CASE_CONFIGS));
  return case_config((int)(seed / 3 % CASE_CONFIGS), NULL);
}

static OperatorOutcome run_case(int number, uint64_t seed) {
  char accelerator[OPERATOR_TEXT], text[OPERATOR_TEXT];
  vtac_config *config = config_of(seed, accelerator);
  if (!config) fail_msg("no accelerator of seed %d", (int)seed);
  OperatorParams params = operator_random(number, seed, text);
  const OperatorRun run = {config, number, &params, seed};
  vtac_error why;
  OperatorOutcome outcome = operator_run(&run, NULL, &why);
  if (outcome != OP_RIGHT &&
      (outcome == OP_WRONG || getenv("OPS_CASE") || getenv("OPS_REFUSALS")))
    print_message("%s:%llu %s on %s: %s [%s]\n", operator_name(number),
                  (unsigned long long)seed, text, accelerator, why.message,
                  why.id ? why.id : "");
  vtac_config_free(config);
  return outcome;
}

static void check_operator(int number) {
  uint64_t cases = getenv("VTAC_LONG") ? 1000 : 60;
  int count[3] = {0};
  for (uint64_t seed = 1; seed <= cases; seed++)
    count[run_case(number, seed)]++;
  print_message("%s: %d right, %d refused, %d wrong\n", operator_name(number),
                count[OP_RIGHT], count[OP_REFUSED], count[OP_WRONG]);
  assert_int_equal(count[OP_WRONG], 0);
  assert_true((uint64_t)count[OP_RIGHT] >= cases / 3);
}

static void every_operator(void **state) {
  (void)state;
  for (int i = 0; i < OPERATORS; i++) check_operator(i);
}

static int run_one(const char *text) {
  const char *colon = strchr(text, ':');
  for (int i = 0; colon && i < OPERATORS; i++)
    if (!strncmp(operator_name(i), text, (size_t)(colon - text)) &&
        !operator_name(i)[colon - text])
      return run_case(i, strtoull(colon + 1, NULL, 10)) != OP_RIGHT;
  return 2;
}

int main(void) {
  const char *one = getenv("OPS_CASE");
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_operator)};
  return one ? run_one(one) : cmocka_run_group_tests(tests, NULL, NULL);
}
