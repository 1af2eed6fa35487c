/* SPDX-License-Identifier: Apache-2.0 */
/* Transposing many small matrices.
 *
 * Squares of 16 bytes a side are transposed in vector registers: in
 * log2(16 / element) rounds, each of which interleaves the first half of the
 * rows with the second, so that row i of the result is column i.  The vectors
 * of 32 and 64 bytes that some CPUs have hold a row of as many squares side by
 * side, which are neighbours in a matrix or in neighbouring matrices.  Cost:
 * for bytes, 4 rounds of 16 shuffles a row of squares, and a store for each row
 * of each square. */
#include "runtime/transpose.h"

#include <stdbool.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { VECTOR = 16 };

/* ---- Plain -------------------------------------------------------------- */

void transpose_plain(const Transpose *t) {
  for (int64_t n = 0; n < t->count; n++)
    for (int64_t r = 0; r < t->rows; r++)
      for (int64_t c = 0; c < t->columns; c++)
        memcpy(t->to + n * t->to_next + c * t->to_stride + r * t->bytes,
               t->from + n * t->from_next + r * t->from_stride + c * t->bytes,
               (size_t)t->bytes);
}

/* ---- Squares ------------------------------------------------------------ */

/* Squares side by side: of at most VECTOR bytes a side.  The way from a lane
 * to the next is in bytes. */
typedef struct Squares {
  const char *from;
  char *to;
  int64_t from_stride, to_stride, from_lane, to_lane;
  int64_t rows, columns;
} Squares;

typedef uint8_t Row1 __attribute__((vector_size(16)));
typedef uint8_t Row2 __attribute__((vector_size(32)));
typedef uint8_t Row4 __attribute__((vector_size(64)));

#define COUNT4(x) x, x + 1, x + 2, x + 3
#define COUNT16(x) COUNT4(x), COUNT4(x + 4), COUNT4(x + 8), COUNT4(x + 12)
#define COUNT32(x) COUNT16(x), COUNT16(x + 16)
#define COUNT64(x) COUNT32(x), COUNT32(x + 32)

/* Half of a lane's bytes of two rows by turns, in units of 1, 2 or 4 bytes from
 * byte x on; the lane begins at A in the first row and at B in the second. */
#define TURN1(x, A, B) A + x, B + x
#define TURN2(x, A, B) A + x, A + x + 1, B + x, B + x + 1
#define TURN4(x, A, B) COUNT4(A + x), COUNT4(B + x)
#define HALF1(x, A, B)                                                        \
  TURN1(x, A, B), TURN1(x + 1, A, B), TURN1(x + 2, A, B), TURN1(x + 3, A, B), \
      TURN1(x + 4, A, B), TURN1(x + 5, A, B), TURN1(x + 6, A, B),             \
      TURN1(x + 7, A, B)
#define HALF2(x, A, B) \
  TURN2(x, A, B), TURN2(x + 2, A, B), TURN2(x + 4, A, B), TURN2(x + 6, A, B)
#define HALF4(x, A, B) TURN4(x, A, B), TURN4(x + 4, A, B)
#define HALVES1(HALF, x) HALF(x, 0, 16)
#define HALVES2(HALF, x) HALF(x, 0, 32), HALF(x, 16, 48)
#define HALVES4(HALF, x) \
  HALF(x, 0, 64), HALF(x, 16, 80), HALF(x, 32, 96), HALF(x, 48, 112)

/* A row whose lanes lie apart. */
static inline Row1 load_row(const char *from) {
  Row1 row;
  memcpy(&row, from, sizeof row);
  return row;
}
#define JOIN1(from, apart) load_row(from)
#define LANE1(row, lane) row
#ifdef __x86_64__
#define LOAD(from) _mm_loadu_si128((const __m128i *)(const void *)(from))
#define PAIR(from, apart)                                     \
  _mm256_inserti128_si256(_mm256_castsi128_si256(LOAD(from)), \
                          LOAD((from) + (apart)), 1)
#define JOIN2(from, apart) (Row2) PAIR(from, apart)
#define JOIN4(from, apart)                                             \
  (Row4) _mm512_inserti64x4(_mm512_castsi256_si512(PAIR(from, apart)), \
                            PAIR((from) + 2 * (apart), apart), 1)
#define LANE2(row, lane) (Row1) _mm256_extracti128_si256((__m256i)(row), lane)
#define LANE4(row, lane) (Row1) _mm512_extracti32x4_epi32((__m512i)(row), lane)
#endif

/* Stores a row whose lanes lie apart. */
static inline void store_row(char *to, Row1 row) {
  memcpy(to, &row, sizeof row);
}
#define LANE(row, lane) __builtin_shufflevector(row, row, COUNT16(lane *VECTOR))

/* The first `size` bytes of a vector. */
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

/* With constant indices only, compilers keep arrays of rows in registers. */
#define TIMES2(DO, i) DO(i) DO(i + 1)
#define TIMES4(DO, i) TIMES2(DO, i) TIMES2(DO, i + 2)
#define TIMES8(DO, i) TIMES4(DO, i) TIMES4(DO, i + 4)
#define TIMES16(DO, i) TIMES8(DO, i) TIMES8(DO, i + 8)

#define SOURCE(i) (from + ((i) < rows ? (i) : 0) * from_stride)
#define LOAD_WHOLE(i) memcpy(&a[i], SOURCE(i), sizeof a[i]);
#define LOAD_LANES1(i) a[i] = JOIN1(SOURCE(i), from_lane);
#define LOAD_LANES2(i) a[i] = JOIN2(SOURCE(i), from_lane);
#define LOAD_LANES4(i) a[i] = JOIN4(SOURCE(i), from_lane);

#define TURN(i, half, HALVES, HALF)                                         \
  b[2 * (i)] = __builtin_shufflevector(a[i], a[i + half], HALVES(HALF, 0)); \
  b[2 * (i) + 1] = __builtin_shufflevector(a[i], a[i + half], HALVES(HALF, 8));
#define TURN_1_1(i) TURN(i, 8, HALVES1, HALF1)
#define TURN_1_2(i) TURN(i, 8, HALVES2, HALF1)
#define TURN_1_4(i) TURN(i, 8, HALVES4, HALF1)
#define TURN_2_1(i) TURN(i, 4, HALVES1, HALF2)
#define TURN_2_2(i) TURN(i, 4, HALVES2, HALF2)
#define TURN_2_4(i) TURN(i, 4, HALVES4, HALF2)
#define TURN_4_1(i) TURN(i, 2, HALVES1, HALF4)
#define TURN_4_2(i) TURN(i, 2, HALVES2, HALF4)
#define TURN_4_4(i) TURN(i, 2, HALVES4, HALF4)
#define TAKE(i) a[i] = b[i];
#define ROUND1(lanes) TIMES8(TURN_1_##lanes, 0) TIMES16(TAKE, 0)
#define ROUND2(lanes) TIMES4(TURN_2_##lanes, 0) TIMES8(TAKE, 0)
#define ROUND4(lanes) TIMES2(TURN_4_##lanes, 0) TIMES4(TAKE, 0)
#define ROUNDS1(lanes) ROUND1(lanes) ROUND1(lanes) ROUND1(lanes) ROUND1(lanes)
#define ROUNDS2(lanes) ROUND2(lanes) ROUND2(lanes) ROUND2(lanes)
#define ROUNDS4(lanes) ROUND4(lanes) ROUND4(lanes)

/* Lane by lane, so that neighbours in memory are written in succession. */
#define STORE(i, lane, lanes) \
  if ((i) < whole) store_row(to + (i)*to_stride, LANE##lanes(a[i], lane));
#define STORE_0_1(i) STORE(i, 0, 1)
#define STORE_0_2(i) STORE(i, 0, 2)
#define STORE_1_2(i) STORE(i, 1, 2)
#define STORE_0_4(i) STORE(i, 0, 4)
#define STORE_1_4(i) STORE(i, 1, 4)
#define STORE_2_4(i) STORE(i, 2, 4)
#define STORE_3_4(i) STORE(i, 3, 4)
#define STORE_LANE(lane, lanes, side) \
  TIMES##side(STORE_##lane##_##lanes, 0) to += to_lane;
#define STORE_LANES1(side) STORE_LANE(0, 1, side)
#define STORE_LANES2(side) STORE_LANE(0, 2, side) STORE_LANE(1, 2, side)
#define STORE_LANES4(side) \
  STORE_LANE(0, 4, side)   \
  STORE_LANE(1, 4, side) STORE_LANE(2, 4, side) STORE_LANE(3, 4, side)
#define KEEP(i) turned[i] = a[i];

/* `bytes` of an element, `side` of them in a vector, `lanes` squares; rows that
 * are missing are read as the first one, and what they become is not kept. */
#define DEFINE_SQUARES(name, target, bytes, side, lanes)                  \
  target static void name(const Squares *s) {                             \
    Row##lanes a[side], b[side], turned[side];                            \
    const char *from = s->from;                                           \
    char *to = s->to;                                                     \
    const int64_t from_stride = s->from_stride, to_stride = s->to_stride; \
    const int64_t from_lane = s->from_lane, to_lane = s->to_lane;         \
    const int64_t rows = s->rows, columns = s->columns;                   \
    if (from_lane == VECTOR) {                                            \
      TIMES##side(LOAD_WHOLE, 0)                                          \
    } else {                                                              \
      TIMES##side(LOAD_LANES##lanes, 0)                                   \
    }                                                                     \
    ROUNDS##bytes(lanes);                                                 \
    if (rows == side && columns == side) {                                \
      const int whole = side;                                             \
      STORE_LANES##lanes(side);                                           \
      return;                                                             \
    }                                                                     \
    TIMES##side(KEEP, 0);                                                 \
    if (rows == side && to_lane == VECTOR) {                              \
      for (int64_t i = 0; i < columns; i++)                               \
        memcpy(to + i * to_stride, &turned[i], sizeof *turned);           \
      return;                                                             \
    }                                                                     \
    int64_t first = 0;                                                    \
    if (columns == side && to_stride == rows * bytes && to_stride >= 8) { \
      const int whole = side - 1;                                         \
      STORE_LANES##lanes(side);                                           \
      first = whole;                                                      \
    }                                                                     \
    for (int64_t lane = 0; lane < lanes; lane++)                          \
      for (int64_t i = first; i < columns; i++)                           \
        store_part(s->to + lane * to_lane + i * to_stride,                \
                   (char *)&turned[i] + lane * VECTOR, rows * bytes);     \
  }

typedef void SquaresFn(const Squares *s);

/* Squares side by side, as a CPU can. */
typedef struct Isa {
  int lanes;
  SquaresFn *transpose[3]; /* elements of 1, 2, 4 bytes */
} Isa;

#define DEFINE_ISA(isa, target, lanes)          \
  DEFINE_SQUARES(isa##_1, target, 1, 16, lanes) \
  DEFINE_SQUARES(isa##_2, target, 2, 8, lanes)  \
  DEFINE_SQUARES(isa##_4, target, 4, 4, lanes)  \
  static const Isa isa = {lanes, {isa##_1, isa##_2, isa##_4}};

DEFINE_ISA(portable, , 1)
#ifdef __x86_64__
DEFINE_ISA(avx2, __attribute__((target("avx2"))), 2)
DEFINE_ISA(avx512, __attribute__((target("avx512bw,avx512vl"))), 4)
#endif

static const Isa *isa_of(int most_lanes) {
#ifdef __x86_64__
  if (most_lanes >= 4 && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    return &avx512;
  if (most_lanes >= 2 && __builtin_cpu_supports("avx2")) return &avx2;
#endif
  (void)most_lanes;
  return &portable;
}

/* ---- Matrices ----------------------------------------------------------- */

typedef enum Axis { COUNT, COLUMNS, ROWS, AXES } Axis;

/* A transpose as squares: their number on each axis, and the axis on which a
 * row of `isa->lanes` of them is taken at once. */
typedef struct Walk {
  const Transpose *t;
  const Isa *isa;
  int64_t side;
  int64_t squares[AXES], whole[AXES]; /* whole: without a cut one */
  Axis across;
} Walk;

static Walk walk_of(const Transpose *t, int most_lanes) {
  const int shift = 4 - t->bytes / 2; /* divisions cost more than a square */
  Walk w = {.t = t, .isa = isa_of(most_lanes), .side = 1 << shift};
  const int64_t size[AXES] = {t->count * w.side, t->columns, t->rows};
  for (int i = 0; i < AXES; i++) {
    w.squares[i] = (size[i] + w.side - 1) >> shift;
    w.whole[i] = size[i] >> shift;
  }
  w.across = w.whole[COLUMNS] >= w.isa->lanes ? COLUMNS
             : w.whole[ROWS] >= w.isa->lanes  ? ROWS
                                              : COUNT;
  return w;
}

static int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }

/* The element where square i begins: the last of several overlaps the one
 * before it, so that none is cut. */
static int64_t begin_of(int64_t i, int64_t side, int64_t size) {
  return size < side ? 0 : min_of(i * side, size - side);
}

static Squares squares_at(const Walk *w, const int64_t at[AXES]) {
  const Transpose *t = w->t;
  int64_t r = begin_of(at[ROWS], w->side, t->rows);
  int64_t c = begin_of(at[COLUMNS], w->side, t->columns);
  const int64_t from_lane[] = {t->from_next, VECTOR, w->side * t->from_stride};
  const int64_t to_lane[] = {t->to_next, w->side * t->to_stride, VECTOR};
  return (Squares){
      .from = t->from + at[COUNT] * t->from_next + r * t->from_stride +
              c * t->bytes,
      .to = t->to + at[COUNT] * t->to_next + c * t->to_stride + r * t->bytes,
      .from_stride = t->from_stride,
      .to_stride = t->to_stride,
      .from_lane = from_lane[w->across],
      .to_lane = to_lane[w->across],
      .rows = min_of(t->rows, w->side),
      .columns = min_of(t->columns, w->side)};
}

static void transpose_lane(const Walk *w, const Squares *s, int64_t lane) {
  Transpose t = *w->t;
  t.from = s->from + lane * s->from_lane;
  t.to = s->to + lane * s->to_lane;
  t.rows = s->rows;
  t.columns = s->columns;
  t.count = 1;
  transpose_plain(&t);
}

/* Near the end of the source whole vectors may not be read. */
static void transpose_squares(const Walk *w, const int64_t at[AXES],
                              int64_t lanes) {
  Squares s = squares_at(w, at);
  const char *last =
      s.from + (s.rows - 1) * s.from_stride + (lanes - 1) * s.from_lane;
  const Isa *isa = lanes == w->isa->lanes ? w->isa : &portable;
  if (w->t->from_end - last >= VECTOR)
    isa->transpose[w->t->bytes / 2](&s);
  else
    for (int64_t i = 0; i < lanes; i++) transpose_lane(w, &s, i);
}

/* As many squares as are taken at once at `at` of an axis. */
static int64_t step(const Walk *w, Axis axis, int64_t at) {
  bool wide = axis == w->across && at + w->isa->lanes <= w->whole[axis];
  return wide ? w->isa->lanes : 1;
}

void transpose_lanes(const Transpose *t, int most_lanes) {
  Walk w = walk_of(t, most_lanes);
  int64_t at[AXES], dn, dc, dr;
  for (at[COUNT] = 0; at[COUNT] < w.squares[COUNT]; at[COUNT] += dn) {
    dn = step(&w, COUNT, at[COUNT]);
    for (at[COLUMNS] = 0; at[COLUMNS] < w.squares[COLUMNS]; at[COLUMNS] += dc) {
      dc = step(&w, COLUMNS, at[COLUMNS]);
      for (at[ROWS] = 0; at[ROWS] < w.squares[ROWS]; at[ROWS] += dr) {
        dr = step(&w, ROWS, at[ROWS]);
        transpose_squares(&w, at, dn * dc * dr);
      }
    }
  }
}

void transpose(const Transpose *t) { transpose_lanes(t, 4); }
