/* SPDX-License-Identifier: Apache-2.0 */
/* Running an operator from the command line: show it, run it, verify it. */
#ifndef CLI_OPERATOR_H
#define CLI_OPERATOR_H

#include "cli/cli.h"
#include "cli/plain.h"

/* An operator command's own part. */
typedef struct OperatorCommand {
  const char *name, *synopsis; /* of the subcommand, for its --help */
  const Option *options;
  bool (*take)(void *params, int index, const char *text);
  const char *function;  /* name of the built function: "my_gemm" */
  const char *success;   /* the last line of a right run */
  bool keep_expressions; /* build without naming common subexpressions */
  vtac_op *(*declare)(vtac_context *context, const void *params);
  TestData *(*make_data)(const vtac_config *config, const void *params,
                         uint64_t seed);
} OperatorCommand;

/* declare_NAME and NAME_test: MAKE and DATA for parameters of any type. */
#define OPERATOR_FUNCTIONS(name, make, data)                                  \
  static vtac_op *declare_##name(vtac_context *context, const void *params) { \
    return make(context, params);                                             \
  }                                                                           \
  static TestData *name##_test(const vtac_config *config, const void *params, \
                               uint64_t seed) {                               \
    return data(config, params, seed);                                        \
  }

/* The whole command: takes its options into `params`, which hold the defaults,
 * then declares, shows, runs and verifies the operator.  Both return the exit
 * status. */
int operator_main(const OperatorCommand *command, void *params, int argc,
                  char **argv);
int run_operator(const OperatorCommand *command, const CommonOptions *options,
                 const void *params);

#endif
