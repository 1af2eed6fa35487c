/* SPDX-License-Identifier: Apache-2.0 */
/* The families that are no operators of the library. */
#ifndef TEST_SUPPORT_PROGRAMS_H
#define TEST_SUPPORT_PROGRAMS_H

#include "support/family.h"

/* Tile sizes and types of the accelerator a program is built for. */
typedef struct ProgramTarget {
  int64_t batch, block_in, block_out;
  const char *inp_type, *wgt_type, *acc_type;
} ProgramTarget;

void eltwise_declare(vtac_context *context, const ProgramTarget *target,
                     Program *program);
void eltwise_map(vtac_context *context, Program *program);
TestData *eltwise_data(const ProgramTarget *target, const EltwiseParams *params,
                       uint64_t seed);

void gemm_free_declare(vtac_context *context, const ProgramTarget *target,
                       Program *program);
void gemm_free_map(vtac_context *context, Program *program);
TestData *gemm_free_data(const ProgramTarget *target,
                         const GemmFreeParams *params, uint64_t seed);

uint64_t test_random(uint64_t *state);

#endif
