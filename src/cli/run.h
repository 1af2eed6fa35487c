/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of vtac run. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/cli.h"

enum { RUN_MOST_ARGS = 32 };

typedef struct RunOptions {
  const char *file;
  bool list, json;
  const char *function; /* NULL: the file's main one */
  int n;
  const char *arg[RUN_MOST_ARGS]; /* "int8:1x64x1x16", if it says nothing */
} RunOptions;

/* Prints which functions the file holds; an exit status. */
int run_list(const RunOptions *options);
/* Runs the module's function on arrays of random numbers, as the module
 * describes them or the options do; an exit status. */
int run_any(vtac_module *module, const RunOptions *options);

#endif
