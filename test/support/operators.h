/* SPDX-License-Identifier: Apache-2.0 */
/* The operator library with random parameters on any accelerator. */
#ifndef TEST_SUPPORT_OPERATORS_H
#define TEST_SUPPORT_OPERATORS_H

#include "cli/plain.h"
#include "vtac/vtac.h"

enum { OPERATORS = 12, OPERATOR_TEXT = 400 };

typedef union OperatorParams {
  vtac_gemm_params gemm;
  vtac_conv2d_params conv2d;
  vtac_conv2d_transpose_params transpose;
  vtac_eltwise_params eltwise;
  vtac_pool2d_params pool;
} OperatorParams;

const char *operator_name(int number);
/* Small parameters of `seed`, as a line of text for messages, too. */
OperatorParams operator_random(int number, uint64_t seed,
                               char ret_text[OPERATOR_TEXT]);
vtac_op *operator_declare(vtac_context *context, int number,
                          const OperatorParams *params);
TestData *operator_data(const vtac_config *config, int number,
                        const OperatorParams *params, uint64_t seed);

/* A valid accelerator of `seed`, small enough to be filled. */
vtac_config *random_config(uint64_t seed, char ret_text[OPERATOR_TEXT]);

/* Declares, builds, runs with the streams verified, compares.  The counters
 * receive the work. */
typedef struct OperatorRun {
  const vtac_config *config;
  int number;
  const OperatorParams *params;
  uint64_t seed;
} OperatorRun;
typedef enum OperatorOutcome { OP_RIGHT, OP_REFUSED, OP_WRONG } OperatorOutcome;
OperatorOutcome operator_run(const OperatorRun *run,
                             uint64_t ret_counters[VTAC_COUNTERS],
                             vtac_error *ret_why);

#endif
