/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs are right at every step of the compiler and on every path
 * of the simulator, or are refused with a diagnostic. */
#include <string.h>

#include "support/accelerators.h"
#include "support/oracle.h"
#include "support/random_case.h"

static void judge(Trial *trial, const RandomCase *random,
                  const vtac_config *config) {
  FamilyCase family;
  char why[WHY_SIZE];
  trial->skipped = !case_family(random, config, &family);
  if (trial->skipped) return;
  trial->outcome = check_everywhere(config, &family, random->seed, why);
  if (trial->outcome != RIGHT) memcpy(trial->why, why, WHY_SIZE);
}

static void run(Trial *trial) {
  RandomCase random = case_of(&trial->choices);
  char text[CASE_TEXT];
  vtac_error error;
  case_print(&random, text);
  trial_note(trial, "%s\n", text);
  vtac_config *config = accelerator(random.config, &error);
  if (config)
    judge(trial, &random, config);
  else
    trial_wrong(trial, "%s", error.message);
  vtac_config_free(config);
}

int main(int argc, char **argv) {
  const RandomTest test = {
      .run = run, .count = 200, .long_count = 5000, .most_refused = 20};
  return random_test_main(&test, argc, argv);
}
