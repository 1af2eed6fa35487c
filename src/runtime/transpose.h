/* SPDX-License-Identifier: Apache-2.0 */
/* Transposing many small matrices of bytes, halves or words (inside runtime
 * only). */
#ifndef RUNTIME_TRANSPOSE_H
#define RUNTIME_TRANSPOSE_H

#include <stdint.h>

/* Matrices of rows x columns elements, `count` in each of `blocks` blocks; the
 * rows of a result are the columns.  Strides, and the way from a matrix or a
 * block to the next, are in bytes.  Sources and results lie apart. */
typedef struct Transpose {
  const char *from, *from_end; /* no byte from `from_end` on is read */
  char *to;                    /* only the results are written */
  int64_t from_stride, to_stride;
  int64_t from_next, to_next;
  int64_t from_block, to_block;
  int64_t rows, columns, count, blocks;
  int bytes; /* of an element: 1, 2 or 4 */
} Transpose;

/* As fast as the CPU allows. */
void transpose(const Transpose *t);

/* With vectors of at most 16 * `most_lanes` bytes: 1, 2 or 4. */
void transpose_lanes(const Transpose *t, int most_lanes);

/* Element by element, as the check of the other. */
void transpose_plain(const Transpose *t);

#endif
