/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules, computations and calls that are spoiled by anything at random are
 * refused with a diagnostic, or are legal after all and then right; none
 * crashes, none leaks, none gives wrong numbers.  illegal.c puts in faults that
 * it knows.  Sanitizers see most here. */
#include <string.h>

#include "support/accelerators.h"
#include "support/net.h"
#include "support/scheduler.h"
#include "support/spoiler.h"

typedef enum Target { SPOIL_CALL, SPOIL_NET, SPOIL_ARGS } Target;

/* Arguments of lowering that are not the schedule's tensors. */
static void spoil_args(Subject *s, Trial *trial) {
  Choices *c = &trial->choices;
  int at = choose(c, s->n), kind = choose(c, 5);
  trial_note(trial, "spoiled: argument %d in way %d\n", at, kind);
  switch (kind) {
    case 0: s->args[at] = s->args[choose(c, s->n)]; return;
    case 1: s->args[at] = NULL; return;
    case 2: s->n--; return;
    case 3: s->schedule = NULL; return;
    default: s->host = true; return;
  }
}

static void check(Trial *trial, Damage damage, bool spoiled) {
  trial->skipped = !spoiled && trial->outcome != WRONG;
  bool refused = trial->outcome == REFUSED;
  if (refused && !trial->cured)
    trial_wrong(trial, "[%s] has no cure", trial->id);
  bool crashed = !strcmp(trial->id, "crash");
  if (damage == DAMAGE_FATAL && spoiled && !refused && !crashed) {
    trial->outcome = RIGHT;
    trial_wrong(trial, "accepted, though it has no meaning");
  }
}

static void judge(Trial *trial, const vtac_config *config,
                  vtac_context *context) {
  Choices *c = &trial->choices;
  int part = choose(c, 10);
  Target target = part < 6 ? SPOIL_CALL : part < 9 ? SPOIL_NET : SPOIL_ARGS;
  Net net;
  Subject subject;
  Spoiler spoiler;
  Damage damage = DAMAGE_NONE;
  net_random(&net, config, c);
  trial->skipped = !net_is_small(&net);
  if (trial->skipped) return;
  net_note(&net, trial);
  if (target == SPOIL_NET) damage = spoil_net(&net, trial);
  net_declare(&net, context, &subject);
  if (damage != DAMAGE_FATAL)
    net_data(&net, (uint64_t)choose(c, CHOICE_LIMIT), &subject);
  Script script = {
      .context = context, .schedule = subject.schedule, .trial = trial};
  if (target == SPOIL_CALL) spoil_script(&spoiler, &script, c);
  schedule_randomly(&script, c);
  if (target == SPOIL_ARGS) spoil_args(&subject, trial);
  if (vtac_context_error(context))
    trial_refused(trial, vtac_context_error(context));
  else
    subject_judge(&subject, context, config, trial);
  check(trial, damage,
        target == SPOIL_ARGS || damage != DAMAGE_NONE ||
            (target == SPOIL_CALL && spoiler.done));
  subject_free(&subject);
}

static void run(Trial *trial) {
  accelerator_judge(trial, accelerator_random(trial), judge);
}

int main(int argc, char **argv) {
  const RandomTest test = {
      .run = run, .count = 500, .long_count = 10000, .most_refused = 100};
  return random_test_main(&test, argc, argv);
}
