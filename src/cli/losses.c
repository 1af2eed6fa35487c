/* SPDX-License-Identifier: Apache-2.0 */
/* Finding losses.
 *
 * A loss is what compute spends on one cause other than work on behalf of one
 * stage.  What another unit does meanwhile comes from going through the run
 * once more and intersecting spans; what would help, from experiments on the
 * same instructions.  Cost: one timing of the run for each. */
#include "cli/losses.h"

#include <stdlib.h>
#include <string.h>

/* ---- The largest losses ------------------------------------------------- */

static uint64_t cycles_of(const vtac_profile *profile, const Loss *loss) {
  return vtac_profile_spent(profile, VTAC_SCOPE_STAGE, loss->stage,
                            VTAC_UNIT_COMPUTE, loss->cause);
}

/* Keeps the loss among the largest so far. */
static void consider(Losses *losses, const Loss *loss) {
  int at = losses->n;
  while (at > 0 && losses->loss[at - 1].cycles < loss->cycles) at--;
  if (at == MOST_LOSSES || !loss->cycles) return;
  if (losses->n < MOST_LOSSES) losses->n++;
  memmove(&losses->loss[at + 1], &losses->loss[at],
          (size_t)(losses->n - at - 1) * sizeof *loss);
  losses->loss[at] = *loss;
}

/* The site of the loss's stage that loses most, and the stage's work. */
static void find_line(const vtac_profile *profile, Loss *loss) {
  vtac_site site;
  uint64_t most = 0;
  for (int i = 1; vtac_profile_site(profile, i, &site); i++) {
    if (site.stage != loss->stage) continue;
    uint64_t cycles = vtac_profile_spent(profile, VTAC_SCOPE_SITE, i,
                                         VTAC_UNIT_COMPUTE, loss->cause);
    if (cycles) loss->insns += site.insns;
    if (cycles <= most) continue;
    most = cycles;
    loss->line = site.line;
  }
}

static void find_largest(Losses *losses) {
  const vtac_profile *profile = losses->profile;
  for (int stage = -1; stage < 0 || vtac_profile_stage(profile, stage); stage++)
    for (int cause = VTAC_CAUSE_WORK + 1; cause < VTAC_CAUSES; cause++) {
      Loss loss = {.cause = (vtac_cause)cause, .stage = stage};
      loss.cycles = cycles_of(profile, &loss);
      consider(losses, &loss);
    }
  for (int i = 0; i < losses->n; i++) find_line(profile, &losses->loss[i]);
}

/* ---- Meanwhile ---------------------------------------------------------- */

/* Cycles of a unit on one thing. */
typedef struct Stretch {
  uint64_t begin, end;
  int what; /* cause and stage: see what_of */
} Stretch;

typedef struct Stretches {
  Stretch *at;
  size_t n, capacity;
} Stretches;

typedef struct Watch {
  const vtac_profile *profile;
  Stretches of[VTAC_UNITS];
  bool failed;
} Watch;

static int what_of(int cause, int stage) {
  return (stage + 1) * VTAC_CAUSES + cause;
}
static int cause_of(int what) { return what % VTAC_CAUSES; }
static int stage_of(int what) { return what / VTAC_CAUSES - 1; }

static int stage_of_insn(const vtac_profile *profile, size_t insn) {
  vtac_site site;
  int number = vtac_profile_insn_site(profile, insn);
  return vtac_profile_site(profile, number, &site) ? site.stage : -1;
}

static bool grow(Stretches *list) {
  if (list->n < list->capacity) return true;
  size_t capacity = list->capacity ? 2 * list->capacity : 1024;
  Stretch *bigger = realloc(list->at, capacity * sizeof *bigger);
  if (!bigger) return false;
  list->at = bigger;
  list->capacity = capacity;
  return true;
}

static void on_span(void *user, const vtac_profile_span *span) {
  Watch *watch = user;
  Stretches *list = &watch->of[span->unit];
  int what = what_of(span->cause, stage_of_insn(watch->profile, span->insn));
  Stretch *last = list->n ? &list->at[list->n - 1] : NULL;
  if (last && last->what == what) {
    last->end = span->end;
  } else if (grow(list)) {
    list->at[list->n++] = (Stretch){span->begin, span->end, what};
  } else {
    watch->failed = true;
  }
}

/* Who is waited for; VTAC_UNIT_COMPUTE: nobody. */
static vtac_unit awaited(vtac_cause cause) {
  switch (cause) {
    case VTAC_CAUSE_TOKEN_LOAD: return VTAC_UNIT_LOAD;
    case VTAC_CAUSE_TOKEN_STORE: return VTAC_UNIT_STORE;
    case VTAC_CAUSE_NO_INSN: return VTAC_UNIT_FETCH;
    default: return VTAC_UNIT_COMPUTE;
  }
}

/* Adds the cycles that both lists have in common to `sum`, by what the second
 * says. */
static void intersect(const Stretches *a, int what, const Stretches *b,
                      uint64_t *sum) {
  size_t k = 0;
  for (size_t i = 0; i < a->n; i++) {
    if (a->at[i].what != what) continue;
    while (k < b->n && b->at[k].end <= a->at[i].begin) k++;
    for (; k < b->n && b->at[k].begin < a->at[i].end; k++) {
      uint64_t begin = a->at[i].begin, end = a->at[i].end;
      if (begin < b->at[k].begin) begin = b->at[k].begin;
      if (end > b->at[k].end) end = b->at[k].end;
      sum[b->at[k].what] += end - begin;
      if (b->at[k].end > a->at[i].end) break;
    }
  }
}

static void keep_largest(Loss *loss, vtac_unit unit, const uint64_t *sum,
                         int whats) {
  for (int what = 0; what < whats; what++) {
    int at = loss->n;
    while (at > 0 && loss->meanwhile[at - 1].cycles < sum[what]) at--;
    if (at == MOST_MEANWHILE || !sum[what]) continue;
    if (loss->n < MOST_MEANWHILE) loss->n++;
    memmove(&loss->meanwhile[at + 1], &loss->meanwhile[at],
            (size_t)(loss->n - at - 1) * sizeof *loss->meanwhile);
    loss->meanwhile[at] = (Meanwhile){unit, (vtac_cause)cause_of(what),
                                      stage_of(what), sum[what]};
  }
}

static bool compare(const Watch *watch, Losses *losses) {
  int stages = 0;
  while (vtac_profile_stage(losses->profile, stages)) stages++;
  const int whats = what_of(0, stages);
  uint64_t *sum = calloc((size_t)whats, sizeof *sum);
  for (int i = 0; sum && i < losses->n; i++) {
    Loss *loss = &losses->loss[i];
    vtac_unit unit = awaited(loss->cause);
    if (unit == VTAC_UNIT_COMPUTE) continue;
    memset(sum, 0, (size_t)whats * sizeof *sum);
    intersect(&watch->of[VTAC_UNIT_COMPUTE], what_of(loss->cause, loss->stage),
              &watch->of[unit], sum);
    keep_largest(loss, unit, sum, whats);
  }
  free(sum);
  return sum != NULL;
}

static vtac_status no_memory(vtac_error *error) {
  *error = (vtac_error){.status = VTAC_NOMEM,
                        .id = "no-memory",
                        .cure = "",
                        .message = "no memory to explain the run"};
  return VTAC_NOMEM;
}

static vtac_status find_meanwhile(Losses *losses, vtac_error *error) {
  Watch watch = {.profile = losses->profile};
  const vtac_profile_events events = {.user = &watch, .span = on_span};
  vtac_status status = vtac_profile_replay(losses->profile, &events, error);
  if (!status && (watch.failed || !compare(&watch, losses)))
    status = no_memory(error);
  for (int unit = 0; unit < VTAC_UNITS; unit++) free(watch.of[unit].at);
  return status;
}

/* ---- Experiments -------------------------------------------------------- */

static vtac_status try_all(Losses *losses, vtac_error *error) {
  vtac_what_if what_if;
  for (int i = 0; i < MOST_EXPERIMENTS && vtac_what_if_at(i, &what_if); i++) {
    vtac_profile *other = vtac_profile_what_if(losses->profile, i, error);
    if (!other) return error->status;
    Trial trial = {.what_if = what_if, .cycles = vtac_profile_cycles(other)};
    for (int k = 0; k < losses->n; k++)
      trial.loss[k] = cycles_of(other, &losses->loss[k]);
    vtac_profile_free(other);
    int at = losses->trials++;
    for (; at > 0 && losses->trial[at - 1].cycles > trial.cycles; at--)
      losses->trial[at] = losses->trial[at - 1];
    losses->trial[at] = trial;
  }
  return VTAC_OK;
}

vtac_status losses_find(const vtac_profile *profile, Losses *ret,
                        vtac_error *error) {
  *ret = (Losses){.profile = profile};
  find_largest(ret);
  vtac_status status = find_meanwhile(ret, error);
  return status ? status : try_all(ret, error);
}
