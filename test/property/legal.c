/* SPDX-License-Identifier: Apache-2.0 */
/* Random legal schedules of random computations on random accelerators give
 * the numbers of the plain computation, and streams that the verifier passes.
 * Only a limit of the machine may be the reason of a refusal, and no refusal
 * counts.  With --table the program prints how many cases had which operators,
 * computations and primitives. */
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

/* ---- What was drawn ----------------------------------------------------- */

static bool tag_call(Script *script, Call *call) {
  trial_tag(script->trial, call_name(call->kind));
  return true;
}

static bool is_whole(const Node *node, const Node *operand) {
  return operand->rank == node->rank;
}

static void tag_node(Trial *trial, const Net *net, const Node *node) {
  bool product = node->kind == NODE_SUM && node->sources == 2;
  if (product) trial_tag(trial, node->rank > 4 ? "a convolution" : "a product");
  if (node->kind >= NODE_SUM && node->kind <= NODE_MIN && !product)
    trial_tag(trial, "a window");
  if (node->passes) trial_tag(trial, "a result that passes through memory");
  if (node->kind == NODE_HOST) trial_tag(trial, "a stage of the host");
  if (node->kind != NODE_MAP || node->sources < 2) return;
  const Node *operand = &net->node[node->source[1]];
  if (!is_whole(node, operand))
    trial_tag(trial, "a bias that is broadcast");
  else
    trial_tag(trial, "a second tensor, as a residual");
}

static void tag_net(Trial *trial, const Net *net) {
  for (int i = 0; i < net->nodes; i++)
    if (net->node[i].used) tag_node(trial, net, &net->node[i]);
}

/* ---- A case ------------------------------------------------------------- */

/* A transposed convolution's rows and columns take turns by the stride. */
static void take_period(const OperatorCase *chosen, int64_t *period,
                        Script *script) {
  const vtac_conv2d_transpose_params *p = &chosen->params.transpose;
  if (strcmp(chosen->name, "conv2d_transpose")) return;
  for (int i = 0; i < NODE_RANK; i++) period[i] = 1;
  period[2] = p->stride_height;
  period[3] = p->stride_width;
  script->period = period;
}

/* False where the operator itself is refused, or the net is too large. */
static bool declare(Trial *trial, const vtac_config *config, Subject *ret,
                    int64_t *period, Script *script) {
  if (choose_rarely(&trial->choices, 4)) {
    OperatorCase chosen = operator_case(&trial->choices, false);
    trial_note(trial, "%s %s\n", chosen.name, chosen.text);
    trial_tag(trial, chosen.name);
    if (!operator_declare(&chosen, script->context, ret)) return false;
    take_period(&chosen, period, script);
    operator_data(&chosen, config, ret);
    return true;
  }
  Net net;
  net_random(&net, config, &trial->choices);
  trial->skipped = !net_is_small(&net);
  if (trial->skipped) return false;
  net_note(&net, trial);
  tag_net(trial, &net);
  net_declare(&net, script->context, ret);
  net_data(&net, (uint64_t)choose(&trial->choices, CHOICE_LIMIT), ret);
  return true;
}

static void judge(Trial *trial, const vtac_config *config,
                  vtac_context *context) {
  Subject subject = {.n = 0};
  int64_t period[NODE_RANK];
  Script script = {.context = context, .trial = trial, .spoil = tag_call};
  bool declared = declare(trial, config, &subject, period, &script);
  script.schedule = subject.schedule;
  if (declared) schedule_randomly(&script, &trial->choices);
  if (vtac_context_error(context))
    trial_refused(trial, vtac_context_error(context));
  else if (declared)
    subject_judge(&subject, context, config, trial);
  check_refusal(trial);
  subject_free(&subject);
}

static void run(Trial *trial) {
  accelerator_judge(trial, accelerator_random(trial), judge);
}

int main(int argc, char **argv) {
  const RandomTest test = {.run = run,
                           .counts = COUNT_RIGHT,
                           .count = 1000,
                           .long_count = 10000,
                           .most_refused = 20};
  return random_test_main(&test, argc, argv);
}
