/* SPDX-License-Identifier: Apache-2.0 */
/* Running, counting and reporting random cases.
 *
 * A process runs a batch of cases and leaves each in memory that it shares with
 * its parent.  Where it dies, the case it had begun is the culprit, and another
 * process goes on behind it.  Where it only ends badly, as for a leak, its
 * cases are run again one by one. */
#include "support/random_test.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/shrink.h"

enum {
  BATCH = 25,
  PATIENCE = 60 /* seconds a case */,
  MOST_IDS = 32,
  MOST_REPORTS = 8
};

/* What parent and child share. */
typedef struct Shared {
  int begun, done;
  Trial trial[BATCH];
} Shared;

typedef struct Session {
  const RandomTest *test;
  const char *program;
  bool verbose, stress, table;
  Shared *shared;
  int right, refused, skipped, wrong;
  int ids;
  struct {
    char name[TRIAL_ID];
    int count;
  } id[MOST_IDS];
  Tally tally;
} Session;

/* ---- Trials ------------------------------------------------------------- */

void trial_note(Trial *trial, const char *format, ...) {
  size_t used = strlen(trial->text);
  va_list args;
  va_start(args, format);
  vsnprintf(trial->text + used, TRIAL_TEXT - used, format, args);
  va_end(args);
}

void trial_tag(Trial *trial, const char *tag) {
  for (int i = 0; i < trial->tags; i++)
    if (!strcmp(trial->tag[i], tag)) return;
  if (trial->tags < TRIAL_TAGS)
    snprintf(trial->tag[trial->tags++], TALLY_TAG, "%s", tag);
}

void trial_wrong(Trial *trial, const char *format, ...) {
  va_list args;
  if (trial->outcome == WRONG) return;
  va_start(args, format);
  vsnprintf(trial->why, WHY_SIZE, format, args);
  va_end(args);
  trial->outcome = WRONG;
  if (!*trial->id) snprintf(trial->id, TRIAL_ID, "wrong");
}

void trial_refused(Trial *trial, const vtac_error *error) {
  if (error->status == VTAC_OK || !*error->message) {
    trial_wrong(trial, "status %d, message '%s'", error->status,
                error->message);
    return;
  }
  if (trial->outcome != RIGHT) return;
  trial->outcome = REFUSED;
  trial->cured = error->cure && *error->cure;
  snprintf(trial->id, TRIAL_ID, "%s", error->id ? error->id : "");
  snprintf(trial->why, WHY_SIZE, "%s", error->message);
}

/* ---- Processes ---------------------------------------------------------- */

/* Exits by `exit`, so that a leak is found. */
static void run_child(const Session *session, int from, int count) {
  Shared *shared = session->shared;
  for (int i = from; i < count; i++) {
    alarm(PATIENCE);
    shared->begun = i + 1;
    session->test->run(&shared->trial[i]);
    shared->done = i + 1;
  }
  exit(0);
}

static int run_process(const Session *session, int from, int count) {
  int status = 0;
  fflush(stdout);
  session->shared->begun = session->shared->done = from;
  pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) run_child(session, from, count);
  waitpid(child, &status, 0);
  return status;
}

static void blame(Trial *trial, int status) {
  snprintf(trial->id, TRIAL_ID, "crash");
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    trial_wrong(trial, "it takes more than %d seconds", PATIENCE);
  else if (WIFSIGNALED(status))
    trial_wrong(trial, "killed by signal %d", WTERMSIG(status));
  else
    trial_wrong(trial, "exit status %d", WEXITSTATUS(status));
}

static void reset(Trial *trial) {
  Choices choices = trial->choices;
  if (choices.used) choices = choices_again(&choices);
  *trial = (Trial){.choices = choices, .seed = trial->seed};
}

/* Runs the cases of the batch that stand at and behind `from`. */
static void run_batch(Session *session, int from, int count) {
  Shared *shared = session->shared;
  while (from < count) {
    int status = run_process(session, from, count);
    if (status == 0) return;
    if (shared->begun > shared->done || count - from == 1) {
      blame(&shared->trial[shared->begun - 1], status);
      from = shared->begun;
      continue;
    }
    for (; from < count; from++) {
      reset(&shared->trial[from]);
      run_batch(session, from, from + 1);
    }
  }
}

/* Runs it in a process of its own. */
static void run_alone(void *self, Trial *trial) {
  Session *session = self;
  session->shared->trial[0] = *trial;
  run_batch(session, 0, 1);
  *trial = session->shared->trial[0];
}

/* ---- Reports ------------------------------------------------------------ */

static void count_id(Session *session, const char *name) {
  int i = 0;
  while (i < session->ids && strcmp(session->id[i].name, name)) i++;
  if (i == MOST_IDS) return;
  if (i == session->ids) strcpy(session->id[session->ids++].name, name);
  session->id[i].count++;
}

static void report(Session *session, const Trial *trial) {
  static char choices[CHOICES_TEXT];
  Trial *small = malloc(sizeof *small);
  if (!small) abort();
  *small = *trial;
  printf("FAIL seed %llu: %s\n", (unsigned long long)trial->seed, trial->why);
  int tries = shrink(small, run_alone, session);
  choices_print(&small->choices, choices);
  printf(
      "shrunk in %d tries: %s\n%s\nto see it again, in test/:\n"
      "  %s --choices %s\n",
      tries, small->why, small->text, session->program, choices);
  free(small);
}

static void judge(Session *session, const Trial *trial) {
  static const char *const names[] = {"right", "refused", "wrong"};
  if (trial->skipped) {
    session->skipped++;
    return;
  }
  session->right += trial->outcome == RIGHT;
  session->refused += trial->outcome == REFUSED;
  session->wrong += trial->outcome == WRONG;
  if (trial->outcome == REFUSED) count_id(session, trial->id);
  for (int i = 0; i < trial->tags; i++)
    tally_add(&session->tally, trial->tag[i],
              *trial->id ? trial->id : names[trial->outcome]);
  if (session->verbose)
    printf("seed %llu: %s\n%s%s%s%s%s", (unsigned long long)trial->seed,
           names[trial->outcome], trial->text, trial->why,
           *trial->id ? " [" : "", trial->id, *trial->id ? "]\n\n" : "\n");
  if (trial->outcome == WRONG && session->wrong <= MOST_REPORTS)
    report(session, trial);
}

static int conclude(const Session *s, uint64_t seed) {
  int cases = s->right + s->refused + s->wrong;
  printf("seed %llu: %d cases, %d right, %d refused, %d wrong",
         (unsigned long long)seed, cases, s->right, s->refused, s->wrong);
  if (s->skipped) printf(", %d skipped", s->skipped);
  for (int i = 0; i < s->ids; i++)
    printf("%s%d %s", i ? ", " : "; refused: ", s->id[i].count, s->id[i].name);
  printf("\n");
  int most = s->test->most_refused * (s->stress ? 2 : 1);
  bool many = cases >= 100 && s->refused * 100 > cases * most;
  if (many) printf("more than %d %% are refused\n", most);
  return s->wrong || many;
}

/* ---- The program -------------------------------------------------------- */

static bool counts(const RandomTest *test, const Trial *trial) {
  if (trial->skipped) return false;
  if (test->counts == COUNT_RIGHT) return trial->outcome != REFUSED;
  return test->counts == COUNT_ALL || trial->outcome != RIGHT;
}

static void judge_seeds(Session *session, uint64_t seed, int count) {
  Shared *shared = session->shared;
  Trial *batch = malloc(sizeof shared->trial);
  if (!batch) abort();
  for (int done = 0; done < count;) {
    int n = count - done < BATCH ? count - done : BATCH;
    for (int i = 0; i < n; i++, seed++) {
      shared->trial[i] = (Trial){.choices = choices_random(seed), .seed = seed};
      shared->trial[i].choices.stress = session->stress;
    }
    run_batch(session, 0, n);
    memcpy(batch, shared->trial, sizeof shared->trial);
    for (int i = 0; i < n && done < count; i++) {
      judge(session, &batch[i]);
      done += counts(session->test, &batch[i]);
    }
  }
  free(batch);
}

static void judge_choices(Session *session, const Choices *choices) {
  Trial trial = {.choices = *choices};
  session->verbose = true;
  run_alone(session, &trial);
  judge(session, &trial);
}

static int usage(const char *program) {
  fprintf(stderr,
          "usage: %s [--seed N] [--count N] [--stress] [--choices LIST] "
          "[--verbose] [--table]\n",
          program);
  return 2;
}

static uint64_t setting(const char *name, uint64_t otherwise) {
  const char *value = getenv(name);
  return value && *value ? strtoull(value, NULL, 10) : otherwise;
}

int random_test_main(const RandomTest *test, int argc, char **argv) {
  Session session = {.test = test, .program = argv[0]};
  int usual = getenv("VTAC_LONG") ? test->long_count : test->count;
  uint64_t seed = setting("VTAC_SEED", 1);
  int count = (int)setting("VTAC_COUNT", (uint64_t)usual);
  Choices choices = {0};
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(argv[i], "--verbose")) {
      session.verbose = true;
      continue;
    }
    if (!strcmp(argv[i], "--stress")) {
      session.stress = true;
      continue;
    }
    if (!strcmp(argv[i], "--table")) {
      session.table = true;
      continue;
    }
    if (!strcmp(argv[i], "--seed"))
      seed = strtoull(value, NULL, 10);
    else if (!strcmp(argv[i], "--count"))
      count = atoi(value);
    else if (strcmp(argv[i], "--choices") || !choices_parse(value, &choices))
      return usage(argv[0]);
    i++;
  }
  session.shared = mmap(NULL, sizeof *session.shared, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (session.shared == MAP_FAILED) abort();
  if (choices.replay)
    judge_choices(&session, &choices);
  else
    judge_seeds(&session, seed, count);
  munmap(session.shared, sizeof *session.shared);
  if (session.table) tally_print(&session.tally);
  return conclude(&session, seed);
}
