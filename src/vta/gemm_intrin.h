/* SPDX-License-Identifier: Apache-2.0 */
/* The GEMM tensor intrinsic: one tile of matrix product on the compute unit.
 *
 *   out(i, j) = sum over k of acc(inp(i, k)) * acc(wgt(j, k))
 *
 * with i < BATCH, j < BLOCK_OUT, k < BLOCK_IN. */
#ifndef VTA_GEMM_INTRIN_H
#define VTA_GEMM_INTRIN_H

#include "te/te.h"
#include "vta/env.h"

/* Inputs are the activations, then the weights. */
const TensorIntrin *gemm_intrin(const VtaEnv *env, Arena *arena);

#endif
