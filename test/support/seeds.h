/* SPDX-License-Identifier: Apache-2.0 */
/* The two seed workloads, as the command's defaults have them, and small ones
 * of their shape. */
#ifndef TEST_SUPPORT_SEEDS_H_
#define TEST_SUPPORT_SEEDS_H_

#include "vtac/ops.h"

/* (1 x 1024) times (1024 x 1024), tiles of 256. */
extern const vtac_gemm_params seed_gemm;

/* 256 channels of 14 x 14 by 3 x 3 into 256, tiles of 128 x 7 rows, two
 * virtual threads. */
extern const vtac_conv2d_params seed_conv2d;

/* The seed's convolution of a SIZE x SIZE image with fewer channels: OUT in
 * tiles of 32, half the rows at a time. */
vtac_conv2d_params seed_conv2d_small(int in, int out, int size);

#endif
