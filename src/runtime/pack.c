/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking tiles.
 *
 * For one outer index and one block of inner indices, packing is a transpose:
 * inner_block rows of height*width pixels become height*width rows of
 * inner_block numbers.  Squares of 16 bytes a side are transposed in vector
 * registers: in log2(16 / element) rounds, each of which interleaves the first
 * half of the rows with the second, so that row i of the result is column i. */
#include "vtac/pack.h"

#include <string.h>

#include "runtime/objects.h"

/* ---- Squares ------------------------------------------------------------ */

enum { VECTOR = 16, MOST_ROWS = 16 };

typedef uint8_t Bytes __attribute__((vector_size(VECTOR)));
typedef uint16_t Halves __attribute__((vector_size(VECTOR)));
typedef uint32_t Words __attribute__((vector_size(VECTOR)));

#define LOW8 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH8 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define LOW16 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH16 4, 12, 5, 13, 6, 14, 7, 15
#define LOW32 0, 4, 1, 5
#define HIGH32 2, 6, 3, 7

/* Strides are in bytes. */
#define DEFINE_SQUARE(name, T, rows, rounds, low, high)                       \
  static inline void name(const char *from, int64_t from_stride, char *to,    \
                          int64_t to_stride) {                                \
    T a[rows], b[rows];                                                       \
    for (int i = 0; i < rows; i++)                                            \
      memcpy(&a[i], from + i * from_stride, VECTOR);                          \
    for (int round = 0; round < rounds; round++) {                            \
      for (int i = 0; i < rows / 2; i++) {                                    \
        b[2 * i] = __builtin_shufflevector(a[i], a[i + rows / 2], low);       \
        b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + rows / 2], high);  \
      }                                                                       \
      memcpy(a, b, sizeof a);                                                 \
    }                                                                         \
    for (int i = 0; i < rows; i++) memcpy(to + i * to_stride, &a[i], VECTOR); \
  }

DEFINE_SQUARE(square_1, Bytes, 16, 4, LOW8, HIGH8)
DEFINE_SQUARE(square_2, Halves, 8, 3, LOW16, HIGH16)
DEFINE_SQUARE(square_4, Words, 4, 2, LOW32, HIGH32)

/* ---- Transposes --------------------------------------------------------- */

/* rows x columns elements; the result's rows are the columns.  Strides are in
 * bytes. */
typedef struct Transpose {
  const char *from;
  char *to;
  int64_t from_stride, to_stride;
  int64_t rows, columns;
  int bytes; /* of an element */
} Transpose;

/* The square in the corner of a block that is smaller than one. */
typedef void Square(const char *from, int64_t from_stride, char *to,
                    int64_t to_stride);

/* Fewer than a square's rows or columns: through a square that is padded.
 * Reads and writes go in whole vectors where that stays inside the block,
 * whose rows lie one behind the other; what is written too much is overwritten
 * by the next row. */
static void transpose_small(const Transpose *t, Square *square) {
  char padded[VECTOR * MOST_ROWS] = {0}, turned[VECTOR * MOST_ROWS] = {0};
  int64_t in = t->columns * t->bytes, out = t->rows * t->bytes;
  int64_t read = (t->rows - 1) * t->from_stride + in;
  int64_t write = (t->columns - 1) * t->to_stride + out;
  for (int64_t i = 0; i < t->rows; i++) {
    int64_t at = i * t->from_stride;
    bool whole = at + VECTOR <= read;
    memcpy(padded + i * VECTOR, t->from + at, whole ? VECTOR : (size_t)in);
  }
  square(padded, VECTOR, turned, VECTOR);
  for (int64_t i = 0; i < t->columns; i++) {
    int64_t at = i * t->to_stride;
    bool whole = out == VECTOR || (t->to_stride == out && at + VECTOR <= write);
    memcpy(t->to + at, turned + i * VECTOR, whole ? VECTOR : (size_t)out);
  }
}

/* A part of at most a square's side in one direction or both. */
static Transpose part_of(const Transpose *t, int64_t row, int64_t column,
                         int64_t side) {
  Transpose part = *t;
  part.from += row * t->from_stride + column * t->bytes;
  part.to += column * t->to_stride + row * t->bytes;
  part.rows = t->rows - row < side ? t->rows - row : side;
  part.columns = t->columns - column < side ? t->columns - column : side;
  return part;
}

static void transpose_narrow(const Transpose *t, Square *square) {
  int64_t side = VECTOR / t->bytes;
  for (int64_t row = 0; row < t->rows; row += side)
    for (int64_t column = 0; column < t->columns; column += side) {
      Transpose part = part_of(t, row, column, side);
      transpose_small(&part, square);
    }
}

/* The last square of a row or column overlaps the one before it, so that
 * nothing remains. */
#define DEFINE_TRANSPOSE(name, square, bytes_)                               \
  static void name(const Transpose *t) {                                     \
    enum { SIDE = VECTOR / bytes_ };                                         \
    if (t->rows < SIDE || t->columns < SIDE) {                               \
      transpose_narrow(t, square);                                           \
      return;                                                                \
    }                                                                        \
    for (int64_t c = 0; c < t->columns; c += SIDE)                           \
      for (int64_t r = 0; r < t->rows; r += SIDE) {                          \
        int64_t column = c < t->columns - SIDE ? c : t->columns - SIDE;      \
        int64_t row = r < t->rows - SIDE ? r : t->rows - SIDE;               \
        square(t->from + row * t->from_stride + column * bytes_,             \
               t->from_stride, t->to + column * t->to_stride + row * bytes_, \
               t->to_stride);                                                \
      }                                                                      \
  }

DEFINE_TRANSPOSE(transpose_1, square_1, 1)
DEFINE_TRANSPOSE(transpose_2, square_2, 2)
DEFINE_TRANSPOSE(transpose_4, square_4, 4)

static void transpose(const Transpose *t) {
  if (t->bytes == 1)
    transpose_1(t);
  else if (t->bytes == 2)
    transpose_2(t);
  else
    transpose_4(t);
}

/* ---- One pixel: rows of tiles ------------------------------------------- */

/* `n` runs of `size` bytes, each at its stride. */
static void copy_runs(const char *from, int64_t from_stride, char *to,
                      int64_t to_stride, int64_t n, size_t size) {
  if (size == VECTOR) { /* the usual tile row, without a call */
    for (int64_t i = 0; i < n; i++)
      memcpy(to + i * to_stride, from + i * from_stride, VECTOR);
    return;
  }
  for (int64_t i = 0; i < n; i++)
    memcpy(to + i * to_stride, from + i * from_stride, size);
}

/* ---- Tensors ------------------------------------------------------------ */

/* Where the parts of a tensor lie, in bytes. */
typedef struct Geometry {
  int64_t pixels, outer_blocks, inner_blocks;
  int64_t tile;        /* a tile of one pixel */
  int64_t tile_row;    /* one outer index of it */
  int64_t plain_inner; /* from one inner index to the next, plain */
  int64_t plain_outer;
} Geometry;

static Geometry geometry_of(const vtac_pack_shape *shape) {
  Geometry g = {.pixels = shape->height * shape->width,
                .outer_blocks = shape->outer / shape->outer_block,
                .inner_blocks = shape->inner / shape->inner_block};
  g.tile_row = shape->inner_block * shape->element_bytes;
  g.tile = g.tile_row * shape->outer_block;
  g.plain_inner = g.pixels * shape->element_bytes;
  g.plain_outer = g.plain_inner * shape->inner;
  return g;
}

/* A block of inner indices at one outer index, in both layouts. */
typedef struct Places {
  int64_t plain, packed;
} Places;

static Places places(const vtac_pack_shape *shape, const Geometry *g,
                     int64_t outer_block, int64_t inner_block, int64_t row) {
  int64_t outer = outer_block * shape->outer_block + row;
  return (Places){
      outer * g->plain_outer +
          inner_block * shape->inner_block * g->plain_inner,
      (outer_block * g->inner_blocks + inner_block) * g->pixels * g->tile +
          row * g->tile_row};
}

/* One block of tiles. */
static void move_block(const vtac_pack_shape *shape, const Geometry *g,
                       int64_t outer_block, int64_t inner_block, bool packing,
                       const char *from, char *to) {
  for (int64_t row = 0; row < shape->outer_block; row++) {
    Places at = places(shape, g, outer_block, inner_block, row);
    Transpose t = {.bytes = shape->element_bytes};
    t.from = from + (packing ? at.plain : at.packed);
    t.to = to + (packing ? at.packed : at.plain);
    t.from_stride = packing ? g->plain_inner : g->tile;
    t.to_stride = packing ? g->tile : g->plain_inner;
    t.rows = packing ? shape->inner_block : g->pixels;
    t.columns = packing ? g->pixels : shape->inner_block;
    transpose(&t);
  }
}

/* A matrix, written in order: tile by tile, or row by row. */
static void move_matrix(const vtac_pack_shape *shape, const Geometry *g,
                        int64_t outer_block, bool packing, const char *from,
                        char *to) {
  size_t size = (size_t)g->tile_row;
  for (int64_t i = 0; packing && i < g->inner_blocks; i++) {
    Places at = places(shape, g, outer_block, i, 0);
    copy_runs(from + at.plain, g->plain_outer, to + at.packed, g->tile_row,
              shape->outer_block, size);
  }
  for (int64_t row = 0; !packing && row < shape->outer_block; row++) {
    Places at = places(shape, g, outer_block, 0, row);
    copy_runs(from + at.packed, g->tile, to + at.plain, g->tile_row,
              g->inner_blocks, size);
  }
}

static void move_all(const vtac_pack_shape *shape, bool packing,
                     const char *from, char *to) {
  Geometry g = geometry_of(shape);
  for (int64_t o = 0; o < g.outer_blocks; o++) {
    if (g.pixels == 1) {
      move_matrix(shape, &g, o, packing, from, to);
      continue;
    }
    for (int64_t i = 0; i < g.inner_blocks; i++)
      move_block(shape, &g, o, i, packing, from, to);
  }
}

/* ---- The public calls --------------------------------------------------- */

static vtac_status check_size(const char *name, int64_t size, int64_t block,
                              Diag *diag) {
  if (size < 1 || block < 1)
    return diag_set(diag, D_ARGUMENT,
                    "%s is %lld in blocks of %lld; both must be positive", name,
                    (long long)size, (long long)block);
  if (size % block)
    return diag_set(diag, D_ARGUMENT,
                    "%s is %lld, which is no multiple of its block, %lld", name,
                    (long long)size, (long long)block);
  return VTAC_OK;
}

static vtac_status check_shape(const vtac_pack_shape *shape, Diag *diag) {
  int64_t n = shape->element_bytes;
  vtac_status status =
      check_size("outer", shape->outer, shape->outer_block, diag);
  if (!status)
    status = check_size("inner", shape->inner, shape->inner_block, diag);
  if (!status) status = check_size("height", shape->height, 1, diag);
  if (!status) status = check_size("width", shape->width, 1, diag);
  if (status) return status;
  if (n != 1 && n != 2 && n != 4)
    return diag_set(diag, D_ARGUMENT,
                    "elements have %lld bytes; 1, 2 and 4 are possible",
                    (long long)n);
  if (__builtin_mul_overflow(n, shape->outer, &n) ||
      __builtin_mul_overflow(n, shape->inner, &n) ||
      __builtin_mul_overflow(n, shape->height, &n) ||
      __builtin_mul_overflow(n, shape->width, &n))
    return diag_set(diag, D_ARGUMENT, "the tensor is too large");
  return VTAC_OK;
}

static vtac_status convert(const char *call, const vtac_pack_shape *shape,
                           bool packing, const void *from, void *to,
                           vtac_error *error) {
  Diag diag;
  if (is_missing(shape, call, "shape", error) ||
      is_missing(from, call, "from", error) ||
      is_missing(to, call, "to", error))
    return VTAC_INVALID;
  if (check_shape(shape, &diag)) return report_error(error, &diag);
  move_all(shape, packing, from, to);
  return VTAC_OK;
}

vtac_status vtac_pack(const vtac_pack_shape *shape, const void *from, void *to,
                      vtac_error *error) {
  return convert("vtac_pack", shape, true, from, to, error);
}

vtac_status vtac_unpack(const vtac_pack_shape *shape, const void *from,
                        void *to, vtac_error *error) {
  return convert("vtac_unpack", shape, false, from, to, error);
}
