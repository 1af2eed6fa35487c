/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator with its default schedule, random shapes and random
 * accelerators: the result is that of the plain computation, and streams pass
 * the verifier.  None is refused, however small the memories, but averages of
 * windows whose sums leave the accumulators, and those that need more than the
 * few accumulators there are to be divided bit by bit. */
#include <string.h>

#include "support/accelerators.h"
#include "support/operators.h"

enum { MOST_WORK = 4000000 };

/* Notes the refusal of an operator that has an average to compute. */
static void judge_refusal(Trial *trial, const OperatorCase *chosen,
                          const vtac_error *error) {
  bool average = strstr(chosen->name, "avg");
  if (average && !strcmp(error->id, "operator"))
    trial_refused(trial, error);
  else
    trial_wrong(trial, "refused: %s [%s]", error->message, error->id);
}

static void judge(Trial *trial, const vtac_config *config,
                  vtac_context *context) {
  OperatorCase chosen =
      operator_case(&trial->choices, choose(&trial->choices, 2));
  Subject subject;
  trial->skipped = chosen.work > MOST_WORK;
  if (trial->skipped) return;
  trial_note(trial, "%s %s\n", chosen.name, chosen.text);
  vtac_op *op = operator_declare(&chosen, context, &subject);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  if (vtac_context_error(context)) {
    judge_refusal(trial, &chosen, vtac_context_error(context));
    return;
  }
  operator_data(&chosen, config, &subject);
  subject_judge(&subject, context, config, trial);
  if (trial->outcome == REFUSED) {
    char why[WHY_SIZE];
    memcpy(why, trial->why, sizeof why);
    trial_wrong(trial, "refused: %.1200s [%s]", why, trial->id);
  }
  subject_free(&subject);
}

static void run(Trial *trial) {
  bool small = choose_rarely(&trial->choices, 3);
  accelerator_judge(
      trial, small ? accelerator_small(trial) : accelerator_random(trial),
      judge);
}

int main(int argc, char **argv) {
  const RandomTest test = {
      .run = run, .count = 720, .long_count = 12000, .most_refused = 20};
  return random_test_main(&test, argc, argv);
}
