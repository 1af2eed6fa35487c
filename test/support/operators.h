/* SPDX-License-Identifier: Apache-2.0 */
/* The operator library with random parameters. */
#ifndef TEST_SUPPORT_OPERATORS_H
#define TEST_SUPPORT_OPERATORS_H

#include "support/subject.h"

enum { OPERATORS = 12, OPERATOR_TEXT = 400 };

typedef union OperatorParams {
  vtac_gemm_params gemm;
  vtac_conv2d_params conv2d;
  vtac_conv2d_transpose_params transpose;
  vtac_eltwise_params eltwise;
  vtac_pool2d_params pool;
} OperatorParams;

typedef struct OperatorCase {
  int number;
  const char *name;
  OperatorParams params;
  int64_t work;  /* steps of the plain computation, about */
  uint64_t seed; /* of the data */
  char text[OPERATOR_TEXT];
} OperatorCase;

/* A small one; if wide, of any shape, often one of primes, with kernels that
 * steps jump over and padding larger than kernels. */
OperatorCase operator_case(Choices *choices, bool wide);
/* The operator with its untouched schedule; NULL where it is refused. */
vtac_op *operator_declare(const OperatorCase *operator_case,
                          vtac_context *context, Subject *ret);
/* Fills in the data of an operator that was accepted. */
void operator_data(const OperatorCase *operator_case, const vtac_config *config,
                   Subject *subject);

#endif
