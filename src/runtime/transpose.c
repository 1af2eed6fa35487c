/* SPDX-License-Identifier: Apache-2.0 */
/* Transposing many small matrices.
 *
 * A matrix is cut in squares of 16 bytes a side, which are transposed in vector
 * registers (squares_loops.h), several at once where vectors have several lanes
 * of 16 bytes.  Which squares share a vector is chosen so that results are
 * written as whole vectors if that can be, or else so that sources are read
 * so: a store of 64 bytes in place of four of 16 makes twice the speed in the
 * caches.  The last squares of an axis overlap the ones before them, so that
 * only matrices that are smaller than a square have cut ones. */
#include "runtime/transpose.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/squares.h"

/* ---- Plain -------------------------------------------------------------- */

static void transpose_block(const Transpose *t, const char *from, char *to) {
  for (int64_t n = 0; n < t->count; n++)
    for (int64_t r = 0; r < t->rows; r++)
      for (int64_t c = 0; c < t->columns; c++)
        memcpy(to + n * t->to_next + c * t->to_stride + r * t->bytes,
               from + n * t->from_next + r * t->from_stride + c * t->bytes,
               (size_t)t->bytes);
}

void transpose_plain(const Transpose *t) {
  for (int64_t b = 0; b < t->blocks; b++)
    transpose_block(t, t->from + b * t->from_block, t->to + b * t->to_block);
}

void squares_plain(const Strip *strip, const char *from, char *to, int lanes,
                   int bytes) {
  const Transpose t = {.from_stride = strip->from_stride,
                       .to_stride = strip->to_stride,
                       .from_next = strip->from_lane,
                       .to_next = strip->to_lane,
                       .rows = strip->rows,
                       .columns = strip->columns,
                       .count = lanes,
                       .bytes = bytes};
  transpose_block(&t, from, to);
}

/* ---- Which squares share a vector --------------------------------------- */

typedef enum Axis { COUNT, COLUMNS, ROWS, AXES } Axis;

/* The axis along which the squares of a group lie; AXES: a group is one square
 * dealt to the lanes. */
typedef struct Way {
  const SquaresIsa *isa;
  Axis across;
  bool stores_whole; /* results, as whole vectors */
} Way;

/* So that results are stored as whole vectors. */
static bool find_whole_stores(const Transpose *t, const SquaresIsa *isa,
                              int64_t side, Way *ret) {
  *ret = (Way){isa, AXES, true};
  if (t->rows >= side * isa->lanes)
    ret->across = ROWS;
  else if (t->to_next == SQUARE_BYTES && t->count >= isa->lanes)
    ret->across = COUNT;
  else
    return t->to_stride == SQUARE_BYTES && t->rows == side &&
           t->columns >= side;
  return true;
}

/* So that there are as many squares as lanes. */
static bool find_any(const Transpose *t, const SquaresIsa *isa, int64_t side,
                     Way *ret) {
  const Axis across = t->columns >= side * isa->lanes ? COLUMNS : COUNT;
  *ret = (Way){isa, across, false};
  return across == COLUMNS || t->count >= isa->lanes;
}

static Way choose_way(const Transpose *t, int64_t side, int most_lanes) {
  const SquaresIsa *const isas[] = {most_lanes >= 4 ? squares_avx512() : NULL,
                                    most_lanes >= 2 ? squares_avx2() : NULL,
                                    squares_portable()};
  enum { ISAS = sizeof isas / sizeof *isas };
  Way way = {isas[ISAS - 1], COUNT, false};
  for (int i = 0; i < ISAS - 1; i++)
    if (isas[i] && find_whole_stores(t, isas[i], side, &way)) return way;
  for (int i = 0; i < ISAS; i++)
    if (isas[i] && find_any(t, isas[i], side, &way)) break;
  return way;
}

/* ---- Matrices ----------------------------------------------------------- */

/* An axis as groups of squares. */
typedef struct AxisPlan {
  int64_t start, size, group; /* as in Strip */
  int64_t from, to;           /* bytes from an index to the next */
} AxisPlan;

static int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }

static bool has_several(const AxisPlan *axis) {
  return axis->size > axis->group;
}

/* Makes whole vectors that are stored along a long axis lie aligned: stores
 * that cross a line of the cache take twice the time. */
static void align_stores(AxisPlan *axis, const char *to, int64_t vector) {
  enum { LONG = 8 };
  const int64_t over = (int64_t)((uintptr_t)to & (uintptr_t)(vector - 1));
  if (over && over % axis->to == 0 && axis->size >= LONG * axis->group)
    axis->start = (vector - over) / axis->to - axis->group;
}

static void plan_axes(const Transpose *t, Way way, int64_t side,
                      AxisPlan axis[AXES]) {
  const int64_t vector = SQUARE_BYTES * way.isa->lanes;
  const Axis across = way.across == AXES ? COLUMNS : way.across;
  axis[COUNT] = (AxisPlan){0, t->count, 1, t->from_next, t->to_next};
  axis[ROWS] =
      (AxisPlan){0, t->rows, min_of(side, t->rows), t->from_stride, t->bytes};
  axis[COLUMNS] = (AxisPlan){0, t->columns, min_of(side, t->columns), t->bytes,
                             t->to_stride};
  if (way.across != AXES) axis[way.across].group *= way.isa->lanes;
  if (way.stores_whole) align_stores(&axis[across], t->to, vector);
}

static Strip strip_along(const Transpose *t, Way way, const AxisPlan *axis,
                         Axis along, int64_t side) {
  Strip s = {.from_end = t->from_end,
             .start = axis[along].start,
             .size = axis[along].size,
             .group = axis[along].group,
             .from_index = axis[along].from,
             .to_index = axis[along].to,
             .from_stride = t->from_stride,
             .to_stride = t->to_stride,
             .rows = min_of(t->rows, side),
             .columns = min_of(t->columns, side)};
  if (way.across == AXES) return s;
  const int64_t apart = axis[way.across].group / way.isa->lanes;
  s.from_lane = apart * axis[way.across].from;
  s.to_lane = apart * axis[way.across].to;
  return s;
}

typedef struct Plan {
  Strip strip; /* the innermost axis that has several groups */
  AxisPlan outer, inner;
  void (*transpose)(const Strip *strip);
} Plan;

static Plan make_plan(const Transpose *t, int most_lanes) {
  const int log_bytes = t->bytes / 2;
  const int64_t side = SQUARE_BYTES >> log_bytes;
  const Way way = choose_way(t, side, most_lanes);
  AxisPlan axis[AXES];
  plan_axes(t, way, side, axis);
  /* Neighbouring columns share lines of the source. */
  const Axis along = has_several(&axis[COLUMNS]) ? COLUMNS
                     : has_several(&axis[ROWS])  ? ROWS
                                                 : COUNT;
  return (Plan){
      .strip = strip_along(t, way, axis, along, side),
      .outer = axis[along == COUNT ? ROWS : COUNT],
      .inner = axis[along == COLUMNS ? ROWS : COLUMNS],
      .transpose =
          (way.across == AXES ? way.isa->dealt : way.isa->abreast)[log_bytes]};
}

static void run_plan(const Plan *plan, const char *from, char *to) {
  const AxisPlan *outer = &plan->outer, *inner = &plan->inner;
  Strip strip = plan->strip;
  for (int64_t o = outer->start; o < outer->size; o += outer->group)
    for (int64_t i = inner->start; i < inner->size; i += inner->group) {
      const int64_t at_o = strip_clamp(o, outer->size, outer->group);
      const int64_t at_i = strip_clamp(i, inner->size, inner->group);
      strip.from = from + at_o * outer->from + at_i * inner->from;
      strip.to = to + at_o * outer->to + at_i * inner->to;
      plan->transpose(&strip);
    }
}

void transpose_lanes(const Transpose *t, int most_lanes) {
  const Plan plan = make_plan(t, most_lanes);
  for (int64_t b = 0; b < t->blocks; b++)
    run_plan(&plan, t->from + b * t->from_block, t->to + b * t->to_block);
}

void transpose(const Transpose *t) { transpose_lanes(t, 4); }
