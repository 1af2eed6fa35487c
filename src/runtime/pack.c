/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking tiles.
 *
 * For one outer index and one block of inner indices, packing is a transpose:
 * inner_block rows of height*width pixels become height*width rows of
 * inner_block numbers.  The outer indices of a tile are transposed side by
 * side, the blocks one after another. */
#include "vtac/pack.h"

#include <string.h>

#include "runtime/objects.h"
#include "runtime/transpose.h"

/* ---- One pixel: rows of tiles ------------------------------------------- */

/* `n` runs of `size` bytes, each at its stride. */
static void copy_runs(const char *from, int64_t from_stride, char *to,
                      int64_t to_stride, int64_t n, size_t size) {
  if (size == 16) { /* the usual tile row, without a call */
    for (int64_t i = 0; i < n; i++)
      memcpy(to + i * to_stride, from + i * from_stride, 16);
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

/* A block of inner indices at the first outer index of a block, in both
 * layouts. */
typedef struct Places {
  int64_t plain, packed;
} Places;

static Places places(const vtac_pack_shape *shape, const Geometry *g,
                     int64_t outer_block, int64_t inner_block) {
  return (Places){
      outer_block * shape->outer_block * g->plain_outer +
          inner_block * shape->inner_block * g->plain_inner,
      (outer_block * g->inner_blocks + inner_block) * g->pixels * g->tile};
}

/* A row of tiles; `from_end` is the end of the whole tensor. */
static void move_tiles(const vtac_pack_shape *shape, const Geometry *g,
                       int64_t outer_block, bool packing, const char *from,
                       const char *from_end, char *to) {
  const Places at = places(shape, g, outer_block, 0);
  const int64_t plain_block = shape->inner_block * g->plain_inner;
  const int64_t packed_block = g->pixels * g->tile;
  Transpose t = {.bytes = shape->element_bytes,
                 .count = shape->outer_block,
                 .blocks = g->inner_blocks,
                 .from_end = from_end};
  t.from = from + (packing ? at.plain : at.packed);
  t.to = to + (packing ? at.packed : at.plain);
  t.from_stride = packing ? g->plain_inner : g->tile;
  t.to_stride = packing ? g->tile : g->plain_inner;
  t.from_next = packing ? g->plain_outer : g->tile_row;
  t.to_next = packing ? g->tile_row : g->plain_outer;
  t.from_block = packing ? plain_block : packed_block;
  t.to_block = packing ? packed_block : plain_block;
  t.rows = packing ? shape->inner_block : g->pixels;
  t.columns = packing ? g->pixels : shape->inner_block;
  transpose(&t);
}

/* Rows of `count` tiles, written in order. */
static void unpack_strip(const vtac_pack_shape *shape, const Geometry *g,
                         const char *from, char *to, int64_t count) {
  for (int64_t row = 0; row < shape->outer_block; row++)
    copy_runs(from + row * g->tile_row, g->tile, to + row * g->plain_outer,
              g->tile_row, count, (size_t)g->tile_row);
}

/* A row of tiles of a matrix.  Packing writes tile by tile; unpacking, which
 * meets each line of a tile several times, takes as many tiles at a time as the
 * first cache keeps. */
static void move_matrix(const vtac_pack_shape *shape, const Geometry *g,
                        int64_t outer_block, bool packing, const char *from,
                        char *to) {
  enum { STRIP_BYTES = 16 << 10 };
  const int64_t most = g->tile < STRIP_BYTES ? STRIP_BYTES / g->tile : 1;
  const int64_t n = g->inner_blocks, step = packing ? 1 : most;
  for (int64_t i = 0; i < n; i += step) {
    const Places at = places(shape, g, outer_block, i);
    if (packing)
      copy_runs(from + at.plain, g->plain_outer, to + at.packed, g->tile_row,
                shape->outer_block, (size_t)g->tile_row);
    else
      unpack_strip(shape, g, from + at.packed, to + at.plain,
                   n - i < step ? n - i : step);
  }
}

static void move_all(const vtac_pack_shape *shape, bool packing,
                     const char *from, char *to) {
  Geometry g = geometry_of(shape);
  const char *from_end = from + g.plain_outer * shape->outer;
  for (int64_t o = 0; o < g.outer_blocks; o++) {
    if (g.pixels == 1)
      move_matrix(shape, &g, o, packing, from, to);
    else
      move_tiles(shape, &g, o, packing, from, from_end, to);
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
