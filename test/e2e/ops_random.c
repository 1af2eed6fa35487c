/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator with its default schedule, random shapes and random
 * accelerators: the result is that of the plain computation, and streams pass
 * the verifier.  What is refused is refused for a limit of the machine. */
#include "support/accelerators.h"
#include "support/operators.h"

static void judge(Trial *trial, const vtac_config *config,
                  vtac_context *context) {
  OperatorCase chosen = operator_case(&trial->choices);
  Subject subject;
  trial_note(trial, "%s %s\n", chosen.name, chosen.text);
  vtac_op *op = operator_declare(&chosen, context, &subject);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  if (vtac_context_error(context)) {
    trial_refused(trial, vtac_context_error(context));
    return;
  }
  operator_data(&chosen, config, &subject);
  subject_judge(&subject, context, config, trial);
  subject_free(&subject);
}

static void run(Trial *trial) {
  vtac_config *config = accelerator_random(trial);
  if (!config) return;
  vtac_context *context = vtac_context_new(config, NULL);
  judge(trial, config, context);
  vtac_context_free(context);
  vtac_config_free(config);
}

int main(int argc, char **argv) {
  const RandomTest test = {
      .run = run, .count = 720, .long_count = 12000, .most_refused = 20};
  return random_test_main(&test, argc, argv);
}
