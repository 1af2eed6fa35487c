/* SPDX-License-Identifier: Apache-2.0 */
/* Taking samples, running processes, and ends of the program. */
#include "bench/harness.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/table.h"

/* ---- Failures ----------------------------------------------------------- */

void stop(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("bench: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(EXIT_FAILURE);
}

void *need(const void *object, const vtac_error *error) {
  if (!object) stop("%s", error->message);
  return (void *)(uintptr_t)object;
}

void succeed(vtac_status status, const vtac_error *error) {
  if (status) stop("%s", error->message);
}

void check_context(const vtac_context *context) {
  const vtac_error *error = vtac_context_error(context);
  if (error) stop("%s", error->message);
}

/* ---- Samples ------------------------------------------------------------ */

double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* How often the system took a core away from this process and its children. */
static long interruptions(void) {
  struct rusage own, children;
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  return own.ru_nivcsw + children.ru_nivcsw;
}

static Figure summary(double *figure, int n) {
  qsort(figure, (size_t)n, sizeof *figure, by_value);
  return (Figure){figure[n / 2], figure[n / 4], figure[n * 3 / 4], n};
}

/* Interrupted samples measure other programs.  They count only where a machine
 * is so busy that the others are too few. */
Figure measure(const Bench *bench, double (*sample)(void *self), void *self) {
  enum { FEWEST = 7, MOST_SAMPLES = 4096, PATIENCE = 4 };
  static double quiet[MOST_SAMPLES], all[MOST_SAMPLES];
  int n = 0, quiets = 0;
  sample(self);
  const double start = now_ms(), time = 1e3 * bench->seconds;
  while (n < MOST_SAMPLES) {
    const double passed = now_ms() - start;
    if (passed > time && quiets >= FEWEST) break;
    if (passed > PATIENCE * time && n >= FEWEST) break;
    const long before = interruptions();
    all[n] = sample(self);
    if (interruptions() == before) quiet[quiets++] = all[n];
    n++;
  }
  return quiets >= FEWEST ? summary(quiet, quiets) : summary(all, n);
}

Figure exactly(double value) { return (Figure){value, value, value, 1}; }

Figure per(double factor, Figure figure) {
  return (Figure){factor / figure.median, factor / figure.high,
                  factor / figure.low, figure.samples};
}

Figure scaled(double factor, Figure figure) {
  return (Figure){factor * figure.median, factor * figure.low,
                  factor * figure.high, figure.samples};
}

/* ---- Rows --------------------------------------------------------------- */

void add_row(Bench *bench, const char *what, const char *unit, Figure figure,
             Target target) {
  Table *table = &bench->table;
  if (table->n == MOST_ROWS) stop("more than %d rows", MOST_ROWS);
  if (find_row(table, bench->group, what))
    stop("two rows are called %s: %s", bench->group, what);
  Row *row = &table->row[table->n++];
  *row = (Row){.figure = figure, .target = target};
  snprintf(row->group, sizeof row->group, "%s", bench->group);
  snprintf(row->what, sizeof row->what, "%s", what);
  snprintf(row->unit, sizeof row->unit, "%s", unit);
}

void leave_out(const Bench *bench, const char *what, const char *why) {
  fprintf(stderr, "bench: %s: %s is not measured: %s\n", bench->group, what,
          why);
}

/* ---- Processes ---------------------------------------------------------- */

extern char **environ;

/* posix_spawn does not copy this process, so its size does not matter. */
static int spawn_and_wait(const char *const *argv, struct rusage *usage) {
  posix_spawn_file_actions_t actions;
  pid_t child;
  int status;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  int failed = posix_spawnp(&child, argv[0], &actions, NULL,
                            (char *const *)(uintptr_t)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return -1;
  if (wait4(child, &status, 0, usage) < 0) stop("cannot wait for %s", argv[0]);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int try_process(const char *const *argv) {
  struct rusage usage;
  return spawn_and_wait(argv, &usage);
}

Process run_process(const char *const *argv) {
  struct rusage usage;
  const double start = now_ms();
  const int status = spawn_and_wait(argv, &usage);
  const double took = now_ms() - start;
  if (status) stop("%s %s: exit status %d", argv[0], argv[1], status);
  return (Process){took, (double)usage.ru_maxrss * 1024 / 1e6};
}

/* ---- The program -------------------------------------------------------- */

const char *vtac_path(void) { return BENCH_VTAC; }
const char *library_path(void) { return BENCH_LIBRARY; }
const char *source_path(void) { return BENCH_SOURCE; }
