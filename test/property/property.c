/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs are right at every step of the compiler and on every path
 * of the simulator, or are refused with a diagnostic.
 *
 *   property [--seed N] [--count N] [--case TEXT] [--verbose]
 *
 * Case number i has the seed N + i, so that `--seed N+i --count 1` repeats it.
 * A case that fails is shrunk: one parameter after another is made smaller
 * while it goes on failing.  Each case runs in a process of its own, so that
 * a crash is a finding like any other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/oracle.h"
#include "support/random_case.h"

enum { SHORT_COUNT = 200, LONG_COUNT = 5000, PATIENCE = 60 /* seconds */ };

typedef struct Verdict {
  Outcome outcome;
  bool skipped; /* too large, or no program at all */
  char why[WHY_SIZE];
} Verdict;

typedef struct Tally {
  int right, refused, skipped, wrong;
} Tally;

static Verdict check(const RandomCase *random) {
  Verdict verdict = {.outcome = RIGHT};
  FamilyCase family;
  vtac_error error;
  vtac_config *config = case_config(random->config, &error);
  if (!config) {
    snprintf(verdict.why, WHY_SIZE, "%s", error.message);
    verdict.outcome = WRONG;
    return verdict;
  }
  verdict.skipped = !case_family(random, config, &family);
  if (!verdict.skipped)
    verdict.outcome =
        check_everywhere(config, &family, random->seed, verdict.why);
  vtac_config_free(config);
  return verdict;
}

/* Exits by `exit`, so that a leak is found. */
static void run_child(const RandomCase *random, int to) {
  alarm(PATIENCE);
  Verdict verdict = check(random);
  bool sent = write(to, &verdict, sizeof verdict) == sizeof verdict;
  close(to);
  exit(sent ? 0 : 1);
}

static Verdict check_apart(const RandomCase *random) {
  Verdict verdict = {.outcome = WRONG};
  int ends[2], status = 0;
  fflush(stdout);
  if (pipe(ends)) abort();
  pid_t child = fork();
  if (child < 0) abort();
  if (child == 0) {
    close(ends[0]);
    run_child(random, ends[1]);
  }
  close(ends[1]);
  bool told = read(ends[0], &verdict, sizeof verdict) == sizeof verdict;
  close(ends[0]);
  waitpid(child, &status, 0);
  if (told && WIFEXITED(status) && !WEXITSTATUS(status)) return verdict;
  verdict.outcome = WRONG;
  if (WIFSIGNALED(status))
    snprintf(verdict.why, WHY_SIZE, "killed by signal %d", WTERMSIG(status));
  else
    snprintf(verdict.why, WHY_SIZE, "exit status %d", WEXITSTATUS(status));
  return verdict;
}

static bool same_case(const RandomCase *a, const RandomCase *b) {
  return a->config == b->config && !memcmp(a->param, b->param, sizeof a->param);
}

/* The first smaller variant that fails too. */
static bool shrink_once(RandomCase *random, Verdict *verdict) {
  RandomCase smaller;
  for (int i = 0; case_smaller(random, i, &smaller); i++) {
    if (same_case(&smaller, random)) continue;
    Verdict other = check_apart(&smaller);
    if (other.outcome != WRONG) continue;
    *random = smaller;
    *verdict = other;
    return true;
  }
  return false;
}

static void report(const char *program, RandomCase random, Verdict verdict) {
  char text[CASE_TEXT];
  case_print(&random, text);
  printf("FAIL %s\n  %s\n", text, verdict.why);
  while (shrink_once(&random, &verdict)) continue;
  case_print(&random, text);
  printf("  shrunk: %s\n  to see it again: %s --case '%s'\n", verdict.why,
         program, text);
}

static void judge(Tally *tally, const char *program, const RandomCase *random,
                  bool verbose) {
  char text[CASE_TEXT];
  Verdict verdict = check_apart(random);
  tally->skipped += verdict.skipped;
  tally->right += !verdict.skipped && verdict.outcome == RIGHT;
  tally->refused += verdict.outcome == REFUSED;
  tally->wrong += verdict.outcome == WRONG;
  if (verdict.outcome == WRONG) report(program, *random, verdict);
  if (!verbose || verdict.skipped) return;
  case_print(random, text);
  printf("%s: %s\n", text, verdict.outcome == RIGHT ? "right" : verdict.why);
}

/* Skipped cases do not count. */
static void judge_many(Tally *tally, const char *program, uint64_t seed,
                       int count, bool verbose) {
  for (uint64_t i = 0; tally->right + tally->refused + tally->wrong < count;
       i++) {
    RandomCase random = random_case(seed + i);
    judge(tally, program, &random, verbose);
  }
}

static int usage(const char *program) {
  fprintf(stderr,
          "usage: %s [--seed N] [--count N] [--case TEXT] [--verbose]\n",
          program);
  return 2;
}

int main(int argc, char **argv) {
  uint64_t seed = 1;
  int count = getenv("VTAC_LONG") ? LONG_COUNT : SHORT_COUNT;
  bool verbose = false;
  RandomCase random;
  const char *one = NULL;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (!strcmp(argv[i], "--verbose"))
      verbose = true;
    else if (!value)
      return usage(argv[0]);
    else if (!strcmp(argv[i], "--seed"))
      seed = strtoull(argv[++i], NULL, 10);
    else if (!strcmp(argv[i], "--count"))
      count = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--case"))
      one = argv[++i];
    else
      return usage(argv[0]);
  }
  Tally tally = {0};
  if (one && !case_parse(one, &random)) return usage(argv[0]);
  if (one)
    judge(&tally, argv[0], &random, verbose);
  else
    judge_many(&tally, argv[0], seed, count, verbose);
  printf("seed %llu: %d right, %d refused, %d wrong, %d skipped\n",
         (unsigned long long)seed, tally.right, tally.refused, tally.wrong,
         tally.skipped);
  return tally.wrong != 0;
}
