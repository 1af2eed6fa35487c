/* SPDX-License-Identifier: Apache-2.0 */
/* Random legal schedules of random computations on random accelerators give
 * the numbers of the plain computation, and streams that the verifier passes.
 * Only a limit of the machine may be the reason of a refusal. */
#include <string.h>

#include "support/accelerators.h"
#include "support/net.h"
#include "support/operators.h"
#include "support/scheduler.h"

/* Diagnostics of a memory that is too small, or sums that are too large. */
static const char *const capacities[] = {"buffer-overflow", "operator"};

static void check_refusal(Trial *trial) {
  if (trial->outcome != REFUSED) return;
  for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++)
    if (!strcmp(capacities[i], trial->id)) return;
  char why[WHY_SIZE];
  memcpy(why, trial->why, sizeof why);
  trial_wrong(trial, "refused: %.1200s [%s]", why, trial->id);
}

/* False where the operator itself is refused, or the net is too large.  A
 * transposed convolution keeps its own schedule: a tile must be a multiple of
 * the stride. */
static bool declare(Trial *trial, const vtac_config *config,
                    vtac_context *context, Subject *ret, bool *ret_scheduled) {
  if (choose_rarely(&trial->choices, 4)) {
    OperatorCase chosen = operator_case(&trial->choices, false);
    trial_note(trial, "%s %s\n", chosen.name, chosen.text);
    vtac_op *op = operator_declare(&chosen, context, ret);
    if (!op) return false;
    *ret_scheduled = !strcmp(chosen.name, "conv2d_transpose");
    if (*ret_scheduled) vtac_op_schedule_to(context, op, VTAC_OP_VTA);
    operator_data(&chosen, config, ret);
    return true;
  }
  Net net;
  net_random(&net, config, &trial->choices);
  trial->skipped = !net_is_small(&net);
  if (trial->skipped) return false;
  net_note(&net, trial);
  net_declare(&net, context, ret);
  net_data(&net, (uint64_t)choose(&trial->choices, CHOICE_LIMIT), ret);
  return true;
}

static void judge(Trial *trial, const vtac_config *config,
                  vtac_context *context) {
  Subject subject = {.n = 0};
  bool scheduled = false;
  bool declared = declare(trial, config, context, &subject, &scheduled);
  Script script = {
      .context = context, .schedule = subject.schedule, .trial = trial};
  if (declared && !scheduled) schedule_randomly(&script, &trial->choices);
  if (vtac_context_error(context))
    trial_refused(trial, vtac_context_error(context));
  else if (declared)
    subject_judge(&subject, context, config, trial);
  check_refusal(trial);
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
  /* a fifth may be refused: at least 1,000 and 10,000 run */
  const RandomTest test = {
      .run = run, .count = 1250, .long_count = 12500, .most_refused = 20};
  return random_test_main(&test, argc, argv);
}
