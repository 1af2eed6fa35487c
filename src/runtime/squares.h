/* SPDX-License-Identifier: Apache-2.0 */
/* Squares of 16 bytes a side, transposed in vector registers: what
 * transpose.c gives to the code for one kind of processor. */
#ifndef RUNTIME_SQUARES_H
#define RUNTIME_SQUARES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SQUARE_BYTES = 16, ELEMENT_SIZES = 3 /* 1, 2, 4 bytes */ };

/* Groups of squares that are transposed one after another: along an axis of
 * `size` indices, `group` at a time from `start` on, which may be less than 0.
 * A group that would pass an end begins earlier or later instead, over another
 * one (strip_clamp).  All ways from one thing to the next are in bytes. */
typedef struct Strip {
  const char *from, *from_end; /* no byte from `from_end` on is read */
  char *to;
  int64_t start, size, group;
  int64_t from_index, to_index; /* to the next index of the axis */
  int64_t from_lane, to_lane;   /* to the next square of a group */
  int64_t from_stride, to_stride;
  int64_t rows, columns; /* of a square; fewer than its side: it is cut */
} Strip;

/* Functions by log2 of an element's bytes. */
typedef struct SquaresIsa {
  int lanes; /* squares in a group */
  void (*abreast[ELEMENT_SIZES])(const Strip *strip);
  /* Groups of one whole square with results that follow one another
   * (to_stride is SQUARE_BYTES). */
  void (*dealt[ELEMENT_SIZES])(const Strip *strip);
} SquaresIsa;

/* Transposes a group of squares abreast element by element. */
void squares_plain(const Strip *strip, const char *from, char *to, int lanes,
                   int bytes);

static inline int64_t strip_clamp(int64_t index, int64_t size, int64_t group) {
  const int64_t last = size - group;
  return index < 0 ? 0 : index < last ? index : last;
}

/* The first `size` bytes of a lane, at most 16. */
static inline void store_part(char *to, const char *from, int64_t size) {
  if (size >= 8) {
    memcpy(to, from, 8);
    memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    memcpy(to, from, 4);
    memcpy(to + size - 4, from + size - 4, 4);
  } else {
    for (int64_t i = 0; i < size; i++) to[i] = from[i];
  }
}

/* One file each; NULL where the compiler's target or the processor has none. */
const SquaresIsa *squares_portable(void);
const SquaresIsa *squares_avx2(void);
const SquaresIsa *squares_avx512(void);

#endif
