/* SPDX-License-Identifier: Apache-2.0 */
/* Measures vtac against its targets: one table of everything.
 *
 *   bench [--only GROUP[,GROUP...]] [--seconds S] [--json FILE] [--strict]
 *   bench --compare OLD NEW [--tolerance PERCENT]
 *
 * The first form prints the table and, with --json, writes it to a file; with
 * --strict, targets that are not met make the exit status 1.  The second
 * compares two such files; its exit status is 1 if a row got worse by more than
 * the tolerance, 10 percent if none is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/groups.h"
#include "bench/table.h"

static const struct {
  const char *name;
  void (*run)(Bench *bench);
} groups[] = {
#define GROUP(name) {#name, bench_##name},
#include "bench/groups.def"
#undef GROUP
};
enum { GROUPS = sizeof groups / sizeof *groups };

typedef struct Options {
  const char *only, *json, *before, *after;
  double seconds, tolerance;
  int strict;
} Options;

static int usage(void) {
  fputs(
      "usage: bench [--only GROUP[,GROUP...]] [--seconds S] [--json FILE] "
      "[--strict]\n"
      "       bench --compare OLD NEW [--tolerance PERCENT]\n"
      "groups:",
      stderr);
  for (int i = 0; i < GROUPS; i++) fprintf(stderr, " %s", groups[i].name);
  fputc('\n', stderr);
  return 2;
}

/* ---- The command line --------------------------------------------------- */

/* A number that is not negative. */
static int take_number(const char *text, double *ret) {
  char *end;
  *ret = strtod(text, &end);
  return end != text && !*end && *ret >= 0 && *ret < 1e6;
}

static int is_group(const char *name, size_t length) {
  for (int i = 0; i < GROUPS; i++)
    if (strlen(groups[i].name) == length &&
        !strncmp(groups[i].name, name, length))
      return 1;
  return 0;
}

/* Are these the names of groups? */
static int take_groups(const char *list, const char **ret) {
  *ret = list;
  for (size_t length; *list; list += length + (list[length] == ',')) {
    length = strcspn(list, ",");
    if (!is_group(list, length)) return 0;
  }
  return 1;
}

static int parse(int argc, char **argv, Options *options) {
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i];
    const int left = argc - 1 - i;
    int good = 1;
    if (!strcmp(name, "--strict"))
      options->strict = 1;
    else if (!strcmp(name, "--compare") && left >= 2) {
      options->before = argv[++i];
      options->after = argv[++i];
    } else if (!strcmp(name, "--json") && left)
      options->json = argv[++i];
    else if (!strcmp(name, "--only") && left)
      good = take_groups(argv[++i], &options->only);
    else if (!strcmp(name, "--seconds") && left)
      good = take_number(argv[++i], &options->seconds);
    else if (!strcmp(name, "--tolerance") && left)
      good = take_number(argv[++i], &options->tolerance);
    else
      good = 0;
    if (!good) return 0;
  }
  return 1;
}

/* ---- Measuring ---------------------------------------------------------- */

static int is_wanted(const char *group, const char *only) {
  const size_t length = strlen(group);
  for (const char *at = only; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (!strncmp(at, group, length) && (!at[length] || at[length] == ','))
      return 1;
  }
  return !only;
}

static int missed(const Table *table) {
  int n = 0;
  for (int i = 0; i < table->n; i++) n += !is_met(&table->row[i]);
  return n;
}

static int run(const Options *options) {
  static Bench bench;
  bench.seconds = options->seconds;
  name_machine(&bench.table);
  const char *codegen = BENCH_CODEGEN;
  if (*codegen && !getenv("VTAC_CODEGEN")) setenv("VTAC_CODEGEN", codegen, 1);
  for (int i = 0; i < GROUPS; i++) {
    if (!is_wanted(groups[i].name, options->only)) continue;
    bench.group = groups[i].name;
    fprintf(stderr, "bench: %s\n", bench.group);
    groups[i].run(&bench);
  }
  print_table(&bench.table);
  if (options->json && write_json(&bench.table, options->json)) return 1;
  return options->strict && missed(&bench.table) > 0;
}

static int compare(const Options *options) {
  static Table before, after;
  if (read_json(&before, options->before) || read_json(&after, options->after))
    return 2;
  return compare_tables(&before, &after, options->tolerance / 100) > 0;
}

int main(int argc, char **argv) {
  Options options = {.seconds = 0.3, .tolerance = 10};
  if (!parse(argc, argv, &options)) return usage();
  return options.before ? compare(&options) : run(&options);
}
