/* SPDX-License-Identifier: Apache-2.0 */
/* Input data and expected results of operators, computed on plain row-major
 * tensors without any part of the compiler. */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include "vtac/vtac.h"

/* Host memory of one run: packed inputs and the packed result that must come
 * out of them. */
enum { TEST_INPUTS = 3 };
typedef struct TestData {
  int inputs;
  void *input[TEST_INPUTS];
  void *expected;
} TestData;

void test_data_free(TestData *data); /* NULL is fine */

/* Random data of `seed`, uniform over the types' whole range.  NULL when
 * memory is short.  The parameters have been accepted by the operator. */
TestData *gemm_data(const vtac_config *config, const vtac_gemm_params *params,
                    uint64_t seed);
TestData *dense_data(const vtac_config *config, const vtac_gemm_params *params,
                     uint64_t seed);
TestData *conv2d_data(const vtac_config *config,
                      const vtac_conv2d_params *params, uint64_t seed);
TestData *depthwise_data(const vtac_config *config,
                         const vtac_conv2d_params *params, uint64_t seed);
TestData *conv2d_transpose_data(const vtac_config *config,
                                const vtac_conv2d_transpose_params *params,
                                uint64_t seed);
TestData *add_data(const vtac_config *config, const vtac_eltwise_params *params,
                   uint64_t seed);
TestData *relu_data(const vtac_config *config,
                    const vtac_eltwise_params *params, uint64_t seed);
TestData *requantize_data(const vtac_config *config,
                          const vtac_eltwise_params *params, uint64_t seed);
TestData *max_pool2d_data(const vtac_config *config,
                          const vtac_pool2d_params *params, uint64_t seed);
TestData *avg_pool2d_data(const vtac_config *config,
                          const vtac_pool2d_params *params, uint64_t seed);
TestData *global_avg_pool2d_data(const vtac_config *config,
                                 const vtac_pool2d_params *params,
                                 uint64_t seed);

#endif
