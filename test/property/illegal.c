/* SPDX-License-Identifier: Apache-2.0 */
/* Each case is a random legal schedule of a
 * random computation, which is built and run first and is right; then one
 * fault is put in, whose diagnostic must come: it is known why the case is
 * illegal, and which diagnostics may say so.  With --table the program prints
 * how often each fault was named by which.  Sanitizers see most here. */
#include <string.h>

#include "support/accelerators.h"
#include "support/faults.h"
#include "support/faults_run.h"
#include "support/scheduler.h"

typedef struct Case {
  Trial *trial;
  vtac_config *config, *declared; /* the second says the shapes of blocks */
  FaultRun run;
  int run_fault; /* of a call of the module; -1: none */
  Choices base;  /* what the legal schedule is made of */
} Case;

static const Fault other_blocks = {
    .name = "blocks of another configuration",
    .ids = "tensorize dma-copy buffer-bind alu-op onchip-access tensor",
    .product = true};

/* ---- Choosing ----------------------------------------------------------- */

static int length(const Fault *faults) {
  int n = 0;
  while (faults[n].name) n++;
  return n;
}

static void choose_fault(Case *at) {
  const Fault *const tables[] = {call_faults, net_faults, build_faults,
                                 size_faults};
  Choices *c = &at->trial->choices;
  int n = 1 + run_faults();
  for (int i = 0; i < 4; i++) n += length(tables[i]);
  int number = choose(c, n);
  at->run_fault = -1;
  for (int i = 0; i < 4; i++) {
    int count = length(tables[i]);
    if (number >= 0 && number < count) at->run.fault = &tables[i][number];
    number -= count;
  }
  if (number == 0) at->run.fault = &other_blocks;
  if (number > 0) {
    at->run_fault = number - 1;
    at->run.fault = run_fault(at->run_fault);
  }
  at->run.trial = at->trial;
  at->run.at = -1;
  for (int i = 0; i < FAULT_NUMBERS; i++)
    at->run.number[i] = choose(c, CHOICE_LIMIT);
}

/* ---- One schedule ------------------------------------------------------- */

static bool has_product(const Net *net) {
  for (int i = 0; i < net->nodes; i++)
    if (net->node[i].used && net->node[i].kind == NODE_SUM &&
        net->node[i].sources == 2)
      return true;
  return false;
}

/* The same each time; the second time with the fault. */
static bool make_net(Case *at, bool spoiled, Net *net) {
  const Fault *fault = at->run.fault;
  net_random(net, at->declared, &at->trial->choices);
  bool suits = net_is_small(net) && (!fault->product || has_product(net));
  if (suits && fault->large) {
    net->nodes = 0;
    suits = !spoiled || fault->large(&at->run, at->config, net);
  }
  if (suits && spoiled && fault->net) suits = fault->net(&at->run, net);
  return suits;
}

static void schedule(Case *at, bool spoiled, Script *script) {
  Choices one_piece = {.replay = true};
  bool large = at->run.fault->large;
  if (at->run.fault->suits) {
    if (spoiled) at->run.at = at->run.number[0] % at->run.calls;
    at->run.calls = 0;
    fault_watch(&at->run, script);
  }
  schedule_randomly(script, large ? &one_piece : &at->trial->choices);
}

static void judge_subject(Case *at, bool spoiled, vtac_context *context,
                          Subject *subject) {
  const Fault *fault = at->run.fault;
  if (spoiled && fault->build) fault->build(&at->run, subject);
  if (vtac_context_error(context))
    trial_refused(at->trial, vtac_context_error(context));
  else if (spoiled && at->run_fault >= 0)
    run_spoiled(&at->run, at->run_fault, subject, context, at->config);
  else
    subject_judge(subject, context, at->config, at->trial);
}

/* False where there is nothing to put the fault in. */
static bool judge(Case *at, bool spoiled) {
  vtac_config *config = spoiled ? at->config : at->declared;
  Net net;
  Subject subject = {.n = 0};
  if (!make_net(at, spoiled, &net)) return false;
  vtac_context *context = vtac_context_new(config, NULL);
  if (spoiled) net_note(&net, at->trial);
  net_declare(&net, context, &subject);
  uint64_t seed = (uint64_t)choose(&at->trial->choices, CHOICE_LIMIT);
  if (!spoiled) net_data(&net, seed, &subject);
  Trial quiet = {.seed = 0};
  Script script = {.context = context,
                   .schedule = subject.schedule,
                   .trial = spoiled ? at->trial : &quiet};
  schedule(at, spoiled, &script);
  judge_subject(at, spoiled, context, &subject);
  subject_free(&subject);
  vtac_context_free(context);
  return true;
}

/* ---- The case ----------------------------------------------------------- */

static void check(const Case *at) {
  Trial *trial = at->trial;
  const Fault *fault = at->run.fault;
  char why[WHY_SIZE];
  if (trial->outcome == WRONG) return;
  memcpy(why, trial->why, sizeof why);
  if (trial->outcome == RIGHT)
    trial_wrong(trial, "%s: it was accepted", fault->name);
  else if (!fault_named(fault, trial->id))
    trial_wrong(trial, "%s: another diagnostic: %.900s [%s]", fault->name, why,
                trial->id);
  else if (!trial->cured)
    trial_wrong(trial, "%s: [%s] has no cure", fault->name, trial->id);
  else if (fault->word && !strstr(why, fault->word))
    trial_wrong(trial, "%s: '%s' is not named: %.900s", fault->name,
                fault->word, why);
}

/* Is the schedule legal, and is there something to spoil? */
static bool is_legal(Case *at) {
  Trial *trial = at->trial;
  if (at->run.fault->large) return true;
  if (!judge(at, false) || trial->outcome == REFUSED) return false;
  if (trial->outcome == WRONG) return false;
  return !at->run.fault->suits || at->run.calls > 0;
}

static void judge_case(Case *at) {
  Trial *trial = at->trial;
  Choices base = trial->choices;
  trial->skipped = !is_legal(at);
  if (trial->outcome == WRONG) trial->skipped = false;
  if (trial->skipped || trial->outcome == WRONG) return;
  trial->choices = base;
  if (!judge(at, true)) trial->skipped = true;
  if (!trial->skipped) check(at);
}

/* Blocks come from one accelerator, and all else from another. */
static bool choose_other(Case *at) {
  static const char *const keys[] = {"BATCH", "BLOCK_IN"};
  bool same = true;
  if (at->run.fault != &other_blocks) return true;
  at->declared = accelerator_random(at->trial);
  for (int i = 0; at->declared && i < 2; i++)
    same &= vtac_config_get(at->declared, keys[i]) ==
            vtac_config_get(at->config, keys[i]);
  return at->declared && !same;
}

static void run(Trial *trial) {
  Case at = {.trial = trial};
  choose_fault(&at);
  trial_tag(trial, at.run.fault->name);
  at.config = accelerator_random(trial);
  if (!at.config) return;
  at.declared = at.config;
  trial->skipped = !choose_other(&at);
  if (!trial->skipped) judge_case(&at);
  if (at.declared != at.config) vtac_config_free(at.declared);
  vtac_config_free(at.config);
}

int main(int argc, char **argv) {
  const RandomTest test = {.run = run,
                           .counts = COUNT_REFUSED,
                           .count = 500,
                           .long_count = 10000,
                           .most_refused = 100};
  return random_test_main(&test, argc, argv);
}
