/* SPDX-License-Identifier: Apache-2.0 */
/* Transposing squares, for one instruction set; included by its file, which
 * first defines
 *
 *   TARGET  the functions' attributes
 *   LANES   lanes of 16 bytes in a vector
 *   Row     a vector
 *   load_whole(from), load_lanes(from, apart): a vector whose lanes follow one
 *       another, or begin `apart` bytes from each other
 *   store_whole(to, row), store_lane(to, row, lane), and
 *   store_first(to, row, lane, size): the first bytes of a lane only
 *   low_halves(a, b, bytes), high_halves(a, b, bytes): in each lane, the first
 *       or second eight bytes of a and b by turns, `bytes` at a time
 *   turn_parts(row): part p of lane l, of LANES parts, becomes part l of
 *       lane p
 *
 * A round interleaves the first half of the rows with the second.  Number the
 * elements of n rows through: a round turns the bits of that number to the left
 * by one.  After log2(n) rounds what was the row is the place in a row.
 *
 * Squares abreast lie in a lane each, which takes log2(side) rounds of `side`
 * shuffles.  A single square is dealt to the lanes: lane l has the rows from
 * l * side / LANES on, which takes fewer vectors and rounds; the parts of the
 * lanes are then turned, and the result is in order, in whole vectors.
 * With four lanes a square of bytes takes 12 shuffles so, else 16. */
#include <stdbool.h>
#include <string.h>

#include "runtime/squares.h"

#define INLINE TARGET static inline __attribute__((always_inline))
/* With constant indices only, compilers keep arrays of rows in registers. */
#define UNROLLED _Pragma("GCC unroll 16")

INLINE void run_rounds(Row *row, const int n, const int bytes) {
  Row next[SQUARE_BYTES];
  UNROLLED
  for (int done = 1; done < n; done *= 2) {
    UNROLLED
    for (int i = 0; i < n / 2; i++) {
      next[2 * i] = low_halves(row[i], row[i + n / 2], bytes);
      next[2 * i + 1] = high_halves(row[i], row[i + n / 2], bytes);
    }
    UNROLLED
    for (int i = 0; i < n; i++) row[i] = next[i];
  }
}

/* ---- Squares abreast ---------------------------------------------------- */

/* Where row i is read; a row that is missing is read as the first one, and what
 * becomes of it is not stored. */
INLINE const char *row_at(const Strip *s, const char *from, int i,
                          const bool whole) {
  return from + (whole || i < s->rows ? i : 0) * s->from_stride;
}

INLINE void load_rows(const Strip *s, const char *from, Row *row,
                      const int side, const bool whole) {
  if (s->from_lane == SQUARE_BYTES) {
    UNROLLED
    for (int i = 0; i < side; i++)
      row[i] = load_whole(row_at(s, from, i, whole));
  } else {
    UNROLLED
    for (int i = 0; i < side; i++)
      row[i] = load_lanes(row_at(s, from, i, whole), s->from_lane);
  }
}

/* The first `columns` results, lane by lane: neighbours in memory follow one
 * another. */
INLINE void store_lanes(const Strip *s, char *to, const Row *row,
                        const int columns) {
  UNROLLED
  for (int lane = 0; lane < LANES; lane++, to += s->to_lane) {
    UNROLLED
    for (int i = 0; i < columns; i++)
      store_lane(to + i * s->to_stride, row[i], lane);
  }
}

/* Results of fewer than 16 bytes, or fewer results than the side. */
INLINE void store_parts(const Strip *s, char *to, const Row *row,
                        const int side, const int bytes) {
  UNROLLED
  for (int lane = 0; lane < LANES; lane++, to += s->to_lane) {
    UNROLLED
    for (int i = 0; i < side; i++)
      if (i < s->columns)
        store_first(to + i * s->to_stride, row[i], lane, s->rows * bytes);
  }
}

/* Results of 8 bytes or more that follow one another: all but the last are
 * stored as if they had 16, for the next one mends what was too much. */
INLINE void store_mended(const Strip *s, char *to, const Row *row,
                         const int side, const int bytes) {
  store_lanes(s, to, row, side - 1);
  to += (side - 1) * s->to_stride;
  UNROLLED
  for (int lane = 0; lane < LANES; lane++, to += s->to_lane)
    store_first(to, row[side - 1], lane, s->rows * bytes);
}

INLINE void transpose_abreast(const Strip *s, const char *from, char *to,
                              const int bytes, const bool whole) {
  const int side = SQUARE_BYTES / bytes;
  Row row[SQUARE_BYTES];
  load_rows(s, from, row, side, whole);
  run_rounds(row, side, bytes);
  if (s->to_lane == SQUARE_BYTES && (whole || s->rows == side)) {
    UNROLLED
    for (int i = 0; i < side; i++)
      if (whole || i < s->columns) store_whole(to + i * s->to_stride, row[i]);
  } else if (whole) {
    store_lanes(s, to, row, side);
  } else if (s->columns == side && s->to_stride == s->rows * bytes &&
             s->to_stride >= SQUARE_BYTES / 2) {
    store_mended(s, to, row, side, bytes);
  } else {
    store_parts(s, to, row, side, bytes);
  }
}

/* ---- One square dealt to the lanes -------------------------------------- */

INLINE void transpose_dealt(const Strip *s, const char *from, char *to,
                            const int bytes) {
  const int n = SQUARE_BYTES / bytes / LANES;
  Row row[SQUARE_BYTES];
  UNROLLED
  for (int i = 0; i < n; i++)
    row[i] = load_lanes(from + i * s->from_stride, n * s->from_stride);
  run_rounds(row, n, bytes);
  UNROLLED
  for (int i = 0; i < n; i++)
    store_whole(to + i * (int)sizeof(Row), turn_parts(row[i]));
}

/* ---- Strips ------------------------------------------------------------- */

typedef struct Place {
  const char *from;
  char *to;
} Place;

INLINE Place place_of(const Strip *s, int64_t index) {
  const int64_t at = strip_clamp(index, s->size, s->group);
  return (Place){s->from + at * s->from_index, s->to + at * s->to_index};
}

INLINE void strip_abreast(const Strip *strip, const int bytes) {
  const Strip s = *strip; /* which no store can change */
  const int side = SQUARE_BYTES / bytes;
  const bool whole = s.rows == side && s.columns == side;
  /* To behind the last vector that is read. */
  const int64_t reach =
      (s.rows - 1) * s.from_stride + (LANES - 1) * s.from_lane + SQUARE_BYTES;
  for (int64_t i = s.start; i < s.size; i += s.group) {
    const Place at = place_of(&s, i);
    if (s.from_end - at.from < reach)
      squares_plain(strip, at.from, at.to, LANES, bytes);
    else if (whole)
      transpose_abreast(&s, at.from, at.to, bytes, true);
    else
      transpose_abreast(&s, at.from, at.to, bytes, false);
  }
}

INLINE void strip_dealt(const Strip *strip, const int bytes) {
  const Strip s = *strip;
  for (int64_t i = s.start; i < s.size; i += s.group) {
    const Place at = place_of(&s, i);
    transpose_dealt(&s, at.from, at.to, bytes);
  }
}

TARGET static void abreast_1(const Strip *s) { strip_abreast(s, 1); }
TARGET static void abreast_2(const Strip *s) { strip_abreast(s, 2); }
TARGET static void abreast_4(const Strip *s) { strip_abreast(s, 4); }
TARGET static void dealt_1(const Strip *s) { strip_dealt(s, 1); }
TARGET static void dealt_2(const Strip *s) { strip_dealt(s, 2); }
TARGET static void dealt_4(const Strip *s) { strip_dealt(s, 4); }

static const SquaresIsa squares = {
    LANES, {abreast_1, abreast_2, abreast_4}, {dealt_1, dealt_2, dealt_4}};
