/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as text and as JSON, and one run against another. */
#include "bench/table.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int is_met(const Row *row) {
  switch (row->target.direction) {
    case AT_MOST: return row->figure.median <= row->target.bound;
    case AT_LEAST: return row->figure.median >= row->target.bound;
    case ANY: break;
  }
  return 1;
}

const Row *find_row(const Table *table, const char *group, const char *what) {
  for (int i = 0; i < table->n; i++)
    if (!strcmp(table->row[i].group, group) &&
        !strcmp(table->row[i].what, what))
      return &table->row[i];
  return NULL;
}

/* The value of a line "key : value" of /proc/cpuinfo. */
static int read_cpuinfo(const char *key, char *ret, size_t size) {
  char line[256];
  FILE *file = fopen("/proc/cpuinfo", "r");
  int found = 0;
  while (file && !found && fgets(line, sizeof line, file)) {
    const char *value = strchr(line, ':');
    if (!value || strncmp(line, key, strlen(key))) continue;
    value += strspn(value, ": \t");
    snprintf(ret, size, "%.*s", (int)strcspn(value, "\n"), value);
    found = 1;
  }
  if (file) fclose(file);
  return found;
}

void name_machine(Table *table) {
  char name[80] = "unknown processor", family[16] = "", model[16] = "";
  read_cpuinfo("model name", name, sizeof name);
  read_cpuinfo("cpu family", family, sizeof family);
  read_cpuinfo("model\t", model, sizeof model);
  snprintf(table->machine, sizeof table->machine,
           "%s, family %s, model %s, %ld cores", name, family, model,
           sysconf(_SC_NPROCESSORS_ONLN));
  if (getloadavg(&table->load, 1) != 1) table->load = 0;
}

/* ---- Text --------------------------------------------------------------- */

/* Four digits that count. */
static void print_number(int width, double value) {
  const double size = fabs(value);
  const int places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  printf(" %*.*f", width, places, value);
}

static void print_target(const Row *row) {
  if (row->target.direction == ANY) return;
  printf("  %s %-8g %s",
         row->target.direction == AT_MOST ? "<=" : ">=", row->target.bound,
         is_met(row) ? "met" : "NOT MET");
}

void print_table(const Table *table) {
  int wanted = 0, met = 0;
  printf("%s; load average %.1f\n%-10s %-50s %9s %9s %9s  %-10s %s\n",
         table->machine, table->load, "group", "what", "median", "quartile",
         "quartile", "unit", "target");
  for (int i = 0; i < table->n; i++) {
    const Row *row = &table->row[i];
    printf("%-10s %-50s", row->group, row->what);
    print_number(9, row->figure.median);
    print_number(9, row->figure.low);
    print_number(9, row->figure.high);
    printf("  %-10s", row->unit);
    print_target(row);
    putchar('\n');
    wanted += row->target.direction != ANY;
    met += row->target.direction != ANY && is_met(row);
  }
  printf("%d of %d targets are met\n", met, wanted);
}

/* ---- JSON --------------------------------------------------------------- */

static const char *const directions[] = {
    [ANY] = "none", [AT_MOST] = "most", [AT_LEAST] = "least"};

static json_t *row_to_json(const Row *row) {
  json_t *object = json_pack("{ss ss ss sf sf sf si}", "group", row->group,
                             "what", row->what, "unit", row->unit, "median",
                             row->figure.median, "low", row->figure.low, "high",
                             row->figure.high, "samples", row->figure.samples);
  if (!object) stop("%s: %s is no number", row->group, row->what);
  if (row->target.direction != ANY) {
    json_object_set_new(object, "at",
                        json_string(directions[row->target.direction]));
    json_object_set_new(object, "target", json_real(row->target.bound));
    json_object_set_new(object, "met", json_boolean(is_met(row)));
  }
  return object;
}

int write_json(const Table *table, const char *path) {
  json_t *rows = json_array();
  for (int i = 0; i < table->n; i++)
    json_array_append_new(rows, row_to_json(&table->row[i]));
  json_t *all = json_pack("{ss ss sf so}", "version", vtac_version(), "machine",
                          table->machine, "load", table->load, "rows", rows);
  const int failed =
      json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
  json_decref(all);
  if (failed) fprintf(stderr, "bench: cannot write %s\n", path);
  return failed;
}

static Direction direction_of(const char *text) {
  if (!strcmp(text, "most")) return AT_MOST;
  return !strcmp(text, "least") ? AT_LEAST : ANY;
}

static int row_from_json(json_t *object, Row *row) {
  const char *group, *what, *unit, *at = "none";
  *row = (Row){0};
  if (json_unpack(object, "{ss ss ss sF sF sF s?i s?s s?F}", "group", &group,
                  "what", &what, "unit", &unit, "median", &row->figure.median,
                  "low", &row->figure.low, "high", &row->figure.high, "samples",
                  &row->figure.samples, "at", &at, "target",
                  &row->target.bound))
    return -1;
  row->target.direction = direction_of(at);
  snprintf(row->group, sizeof row->group, "%s", group);
  snprintf(row->what, sizeof row->what, "%s", what);
  snprintf(row->unit, sizeof row->unit, "%s", unit);
  return 0;
}

int read_json(Table *table, const char *path) {
  json_error_t error;
  json_t *all = json_load_file(path, 0, &error), *rows, *object;
  const char *machine;
  size_t i;
  *table = (Table){0};
  if (!all) {
    fprintf(stderr, "bench: %s:%d: %s\n", path, error.line, error.text);
    return -1;
  }
  int failed = json_unpack(all, "{ss s?F so}", "machine", &machine, "load",
                           &table->load, "rows", &rows);
  if (!failed) {
    snprintf(table->machine, sizeof table->machine, "%s", machine);
    json_array_foreach(rows, i, object) {
      failed =
          table->n == MOST_ROWS || row_from_json(object, &table->row[table->n]);
      if (failed) break;
      table->n++;
    }
  }
  if (failed) fprintf(stderr, "bench: %s is no table of bench\n", path);
  json_decref(all);
  return failed ? -1 : 0;
}

/* ---- Comparison --------------------------------------------------------- */

/* What units that grow with speed end in. */
static int more_is_better(const Row *row) {
  if (row->target.direction != ANY) return row->target.direction == AT_LEAST;
  const size_t length = strlen(row->unit);
  return length > 2 && !strcmp(row->unit + length - 2, "/s");
}

static int compare_row(const Row *before, const Row *after, double tolerance) {
  const double ratio = before->figure.median == after->figure.median
                           ? 1
                           : after->figure.median / before->figure.median;
  const int up = ratio > 1 + tolerance, down = ratio < 1 / (1 + tolerance);
  const int better = more_is_better(after) ? up : down;
  const int worse = more_is_better(after) ? down : up;
  printf("%-10s %-50s", after->group, after->what);
  print_number(9, before->figure.median);
  print_number(9, after->figure.median);
  printf("  %-10s x %-8.3f %s\n", after->unit, ratio,
         worse    ? "WORSE"
         : better ? "better"
                  : "");
  return worse;
}

int compare_tables(const Table *before, const Table *after, double tolerance) {
  int worse = 0;
  if (strcmp(before->machine, after->machine))
    printf("before: %s\nafter:  %s\n", before->machine, after->machine);
  printf("%-10s %-50s %9s %9s  %-10s %s\n", "group", "what", "before", "after",
         "unit", "after / before");
  for (int i = 0; i < after->n; i++) {
    const Row *now = &after->row[i];
    const Row *then = find_row(before, now->group, now->what);
    if (then)
      worse += compare_row(then, now, tolerance);
    else
      printf("%-10s %-50s is new\n", now->group, now->what);
  }
  for (int i = 0; i < before->n; i++)
    if (!find_row(after, before->row[i].group, before->row[i].what))
      printf("%-10s %-50s is gone\n", before->row[i].group,
             before->row[i].what);
  printf("%d rows are worse by more than %g %%\n", worse, 100 * tolerance);
  return worse;
}
