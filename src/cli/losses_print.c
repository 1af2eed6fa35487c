/* SPDX-License-Identifier: Apache-2.0 */
/* Losses in words, and as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/account.h"
#include "cli/json.h"
#include "cli/losses.h"

/* What compute does in the cycles of a loss, and what can be said where no
 * experiment tells more. */
static const struct {
  const char *does, *advice;
} words[VTAC_CAUSES] = {
    [VTAC_CAUSE_WORK] = {"works", ""},
    [VTAC_CAUSE_TOKEN_LOAD] = {"waits for tokens from load", ""},
    [VTAC_CAUSE_TOKEN_COMPUTE] = {"waits for tokens", ""},
    [VTAC_CAUSE_TOKEN_STORE] = {"waits for tokens from store", ""},
    [VTAC_CAUSE_LATENCY] = {"waits for memory to answer its own loads",
                            "kernels used before need no load of micro-ops"},
    [VTAC_CAUSE_BUS_FETCH] = {"waits for its data behind fetch's",
                              "fewer instructions leave the bus to data"},
    [VTAC_CAUSE_BUS_LOAD] = {"waits for its data behind load's", ""},
    [VTAC_CAUSE_BUS_COMPUTE] = {"waits for its data behind its own", ""},
    [VTAC_CAUSE_QUEUE_LOAD] = {"waits", ""},
    [VTAC_CAUSE_QUEUE_COMPUTE] = {"waits", ""},
    [VTAC_CAUSE_QUEUE_STORE] = {"waits", ""},
    [VTAC_CAUSE_NO_INSN] = {"has no instruction, as fetch is behind",
                            "fewer and larger instructions need less fetching"},
    [VTAC_CAUSE_START] = {"begins instructions, or waits for its first one",
                          "larger tiles make fewer instructions of the same "
                          "work; each costs 2 cycles before it"},
    [VTAC_CAUSE_DRAIN] = {"ends instructions, or has none left",
                          "larger tiles make fewer instructions of the same "
                          "work; each costs 5 cycles behind it"},
};

static double percent(uint64_t part, uint64_t whole) {
  return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* Does the run get faster by that, because the loss gets smaller? */
static bool helps(const Losses *losses, const Trial *trial, int loss) {
  uint64_t cycles = vtac_profile_cycles(losses->profile);
  uint64_t before = losses->loss[loss].cycles, after = trial->loss[loss];
  return trial->cycles < cycles && before > after &&
         before - after >= before / 20;
}

/* ---- Text --------------------------------------------------------------- */

static void print_place(const Losses *losses, const Loss *loss) {
  char call[64];
  const char *stage = vtac_profile_stage(losses->profile, loss->stage);
  if (stage) printf(", before or in %s", stage);
  if (!loss->line) return;
  account_call(losses->profile, loss->line, call, sizeof call);
  printf(" (line %d, %s)", loss->line, call);
}

/* What the unit that is waited for does, as far as it is worth a word. */
static void print_meanwhile(const Losses *losses, const Loss *loss) {
  if (loss->n)
    printf("   meanwhile %s: ", vtac_unit_name(loss->meanwhile[0].unit));
  for (int i = 0; i < loss->n; i++) {
    const Meanwhile *other = &loss->meanwhile[i];
    const char *stage = vtac_profile_stage(losses->profile, other->stage);
    double share = percent(other->cycles, loss->cycles);
    if (i && share < 1) break;
    printf("%s%s%s%s %.0f %%", i ? ", " : "",
           vtac_cause_name(other->cause, NULL), stage ? " at " : "",
           stage ? stage : "", share);
  }
  if (loss->n) puts("");
}

static void print_trial(const Losses *losses, const Trial *trial, int loss) {
  uint64_t cycles = vtac_profile_cycles(losses->profile);
  printf("   - %s: %" PRIu64 " cycles, and the run %" PRIu64
         " (%.1f %% less)\n     %s\n",
         trial->what_if.premise, trial->loss[loss], trial->cycles,
         percent(cycles - trial->cycles, cycles), trial->what_if.means);
}

static void print_help(const Losses *losses, int index) {
  const Loss *loss = &losses->loss[index];
  int printed = 0;
  for (int i = 0; i < losses->trials && printed < 3; i++)
    if (helps(losses, &losses->trial[i], index)) {
      print_trial(losses, &losses->trial[i], index);
      printed++;
    }
  if (!printed && *words[loss->cause].advice)
    printf("   - %s\n", words[loss->cause].advice);
}

static void print_loss(const Losses *losses, int index) {
  const Loss *loss = &losses->loss[index];
  printf("%d. %" PRIu64 " cycles (%.1f %%): compute %s", index + 1,
         loss->cycles,
         percent(loss->cycles, vtac_profile_cycles(losses->profile)),
         words[loss->cause].does);
  print_place(losses, loss);
  puts("");
  print_meanwhile(losses, loss);
  print_help(losses, index);
}

void losses_text(const Losses *losses) {
  uint64_t cycles = vtac_profile_cycles(losses->profile);
  uint64_t work = vtac_profile_spent(losses->profile, VTAC_SCOPE_RUN, 0,
                                     VTAC_UNIT_COMPUTE, VTAC_CAUSE_WORK);
  printf("\nCompute is at work in %.1f %% of %" PRIu64
         " cycles.  The largest losses:\n",
         percent(work, cycles), cycles);
  for (int i = 0; i < losses->n; i++) print_loss(losses, i);
  puts("\nWith one thing changed, the run would take:");
  for (int i = 0; i < losses->trials; i++) {
    const Trial *trial = &losses->trial[i];
    printf("%12" PRIu64 " cycles %6.1f %%  %s\n", trial->cycles,
           percent(trial->cycles, cycles) - 100, trial->what_if.premise);
  }
}

/* ---- JSON --------------------------------------------------------------- */

static void json_stage(const Losses *losses, int stage) {
  const char *name = vtac_profile_stage(losses->profile, stage);
  printf("\"stage\": ");
  json_text(name ? name : "");
}

static void json_helping(const Losses *losses, int index) {
  const char *comma = "";
  printf(", \"would_help\": [");
  for (int i = 0; i < losses->trials; i++) {
    const Trial *trial = &losses->trial[i];
    if (!helps(losses, trial, index)) continue;
    printf("%s{\"what_if\": \"%s\", \"cycles\": %" PRIu64 "}", comma,
           trial->what_if.name, trial->loss[index]);
    comma = ", ";
  }
  printf("]}");
}

static void json_loss(const Losses *losses, int index) {
  const Loss *loss = &losses->loss[index];
  printf("{\"unit\": \"compute\", \"cause\": \"%s\", ",
         vtac_cause_name(loss->cause, NULL));
  json_stage(losses, loss->stage);
  printf(", \"line\": %d, \"cycles\": %" PRIu64 ", \"meanwhile\": [",
         loss->line, loss->cycles);
  for (int i = 0; i < loss->n; i++) {
    const Meanwhile *other = &loss->meanwhile[i];
    printf("%s{\"unit\": \"%s\", \"cause\": \"%s\", ", i ? ", " : "",
           vtac_unit_name(other->unit), vtac_cause_name(other->cause, NULL));
    json_stage(losses, other->stage);
    printf(", \"cycles\": %" PRIu64 "}", other->cycles);
  }
  printf("]");
  json_helping(losses, index);
}

void losses_json(const Losses *losses) {
  printf(",\n \"losses\": [");
  for (int i = 0; i < losses->n; i++) {
    printf("%s\n  ", i ? "," : "");
    json_loss(losses, i);
  }
  printf("],\n \"what_if\": [");
  for (int i = 0; i < losses->trials; i++) {
    const Trial *trial = &losses->trial[i];
    printf("%s\n  {\"name\": \"%s\", \"premise\": ", i ? "," : "",
           trial->what_if.name);
    json_text(trial->what_if.premise);
    printf(", \"means\": ");
    json_text(trial->what_if.means);
    printf(", \"cycles\": %" PRIu64 "}", trial->cycles);
  }
  printf("]");
}
