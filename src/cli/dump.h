/* SPDX-License-Identifier: Apache-2.0 */
/* What --dump-after, --dump-dir and --time-passes show of a lowering. */
#ifndef CLI_DUMP_H
#define CLI_DUMP_H

#include "cli/cli.h"

enum { MOST_PASSES = 64 };

typedef struct PassTime {
  char name[48];
  double seconds;
} PassTime;

typedef struct Dump {
  const CommonOptions *options;
  const char *stage; /* being lowered now: "default", …, "build" */
  int failure;       /* exit status of a file that could not be written */
  int n;
  PassTime time[MOST_PASSES]; /* in the order of the pipeline */
} Dump;

/* Checks the names in --dump-after and makes --dump-dir; returns -1, or the
 * exit status to end with. */
int dump_open(Dump *dump, const CommonOptions *options);
/* Makes lowering tell `dump` of its passes, if any option asks for it. */
void dump_watch(Dump *dump, const char *stage, vtac_lower_options *options);
/* Prints the times if they were asked for. */
void dump_close(Dump *dump);

#endif
