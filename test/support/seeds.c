/* SPDX-License-Identifier: Apache-2.0 */
/* The seed workloads' numbers. */
#include "support/seeds.h"

const vtac_gemm_params seed_gemm = {.batch = 1,
                                    .in = 1024,
                                    .out = 1024,
                                    .tile_batch = 1,
                                    .tile_in = 256,
                                    .tile_out = 256,
                                    .shift = 8};

const vtac_conv2d_params seed_conv2d = {.batch = 1,
                                        .in_channels = 256,
                                        .out_channels = 256,
                                        .height = 14,
                                        .width = 14,
                                        .kernel_height = 3,
                                        .kernel_width = 3,
                                        .pad_height = 1,
                                        .pad_width = 1,
                                        .stride_height = 1,
                                        .stride_width = 1,
                                        .tile_batch = 1,
                                        .tile_out_channels = 128,
                                        .tile_in_channels = 16,
                                        .tile_height = 7,
                                        .tile_width = 14,
                                        .vthreads = 2,
                                        .shift = 8};

vtac_conv2d_params seed_conv2d_small(int in, int out, int size) {
  vtac_conv2d_params small = seed_conv2d;
  small.in_channels = in;
  small.out_channels = out;
  small.height = small.width = small.tile_width = size;
  small.tile_height = size / 2;
  small.tile_out_channels = 32;
  return small;
}
