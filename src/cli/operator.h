/* SPDX-License-Identifier: Apache-2.0 */
/* Running an operator from the command line: show it, run it, verify it. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "cli/cli.h"
#include "cli/plain.h"

/* An operator command's own part. */
typedef struct OperatorCommand {
  const char *function;  /* name of the built function: "my_gemm" */
  const char *success;   /* the last line of a right run */
  bool keep_expressions; /* build without naming common subexpressions */
  vtac_op *(*declare)(vtac_context *context, const void *params);
  TestData *(*make_data)(const vtac_config *config, const void *params,
                         uint64_t seed);
} OperatorCommand;

int run_operator(const OperatorCommand *command, const CommonOptions *options,
                 const void *params);

#endif
