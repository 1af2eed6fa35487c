/* SPDX-License-Identifier: Apache-2.0 */
/* Plain row-major tensors: what the expectations are computed on. */
#ifndef CLI_PLAIN_TENSOR_H
#define CLI_PLAIN_TENSOR_H

#include <stdbool.h>

#include "cli/plain.h"

/* A 4-dimensional tensor with its values, row major. */
typedef struct Plain {
  int64_t dim[4]; /* batch or output channels, channels, height, width */
  int32_t *at;
} Plain;

/* Widths and blocks of the accelerator. */
typedef struct Blocks {
  int64_t batch, in, out;
  int inp_bits, wgt_bits, acc_bits;
} Blocks;

Blocks plain_blocks(const vtac_config *config);
int64_t plain_round(int64_t n, int64_t block); /* up to a multiple */
int64_t plain_size(const Plain *t);
bool plain_allocate(Plain *t); /* zeros */

/* The low bits as a signed number of that width. */
int32_t plain_wrap(uint32_t value, int bits);
/* Random values in the first `rows` rows. */
void plain_fill(Plain *t, int64_t rows, int bits, uint64_t *state);

/* Shift, then clip to the non-negative activations. */
int32_t plain_tail(uint32_t sum, int shift, const Blocks *b);

/* (N, C, H, W) -> (N/n, channels/c, H, W, n, c), as the accelerator's tiles
 * lie, with zeros in the channels that the tensor does not have. */
void *plain_pack(const Plain *t, int64_t channels, int64_t n, int64_t c,
                 int bits);
/* One value for each of n channels -> (channels/c, BATCH, c). */
void *plain_pack_bias(const int32_t *bias, int64_t n, int64_t channels,
                      const Blocks *b);
/* The data, or NULL and nothing left of it if a part is missing. */
TestData *test_data_checked(TestData *data);

#endif
