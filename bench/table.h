/* SPDX-License-Identifier: Apache-2.0 */
/* The table of results: as text, as JSON, and against an earlier one. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "bench/harness.h"

typedef struct Row {
  char group[16], what[56], unit[12];
  Figure figure;
  Target target;
} Row;

enum { MOST_ROWS = 160 };

typedef struct Table {
  char machine[160];
  double load; /* processes that wanted to run in the minute before */
  int n;
  Row row[MOST_ROWS];
} Table;

struct Bench {
  const char *group; /* that is being measured */
  double seconds;    /* for a row */
  Table table;
};

int is_met(const Row *row);
const Row *find_row(const Table *table, const char *group, const char *what);
/* The processor, how many cores there are, and what else they do. */
void name_machine(Table *table);

void print_table(const Table *table);
/* Returns 0, or -1 with a message on standard error. */
int write_json(const Table *table, const char *path);
int read_json(Table *table, const char *path);
/* Prints new / old row by row and returns how many rows got worse by more than
 * `tolerance` (0.1: ten percent); rows without a direction count as times. */
int compare_tables(const Table *before, const Table *after, double tolerance);

#endif
