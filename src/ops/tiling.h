/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing tiles: which fit the memories, and which of them cost least. */
#ifndef OPS_TILING_H
#define OPS_TILING_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/op.h"

/* One spatial dimension: output steps, and the input they read. */
typedef struct Span {
  int64_t out;            /* steps of the output */
  int64_t in, before;     /* input size without padding; pad before */
  int64_t stride, window; /* of what one output step reads */
} Span;

/* A reduction of windows into sums, in tiles of the accelerator's memories:
 * what a matrix multiply, a convolution and their relatives have in common. */
typedef struct Layer {
  int64_t batch, groups, out, in; /* blocks; `out` and `in` of one group */
  Span y, x;
  int64_t taps_y, taps_x; /* of a window, each with its own weights */
  int64_t points;         /* sums at one step of the output */
  int64_t phases;         /* sets of weights that tiles take in turns */
  int64_t alu;            /* operations on a sum behind the reduction */
  int64_t bias;           /* accumulators for a block of `out` */
} Layer;

/* Who divides the tiles among two virtual threads. */
typedef enum ThreadsOver { OVER_NOTHING, OVER_CHANNELS, OVER_ROWS } ThreadsOver;

/* What stays on the chip while the loops over tiles inside it run. */
typedef enum Resident { KEEP_NOTHING, KEEP_WEIGHTS, KEEP_DATA } Resident;

typedef struct Tiling {
  int64_t batch, out, in, y, x; /* of a tile; in blocks and steps */
  int64_t taps_y, taps_x;       /* that are reduced at once, 0: all */
  ThreadsOver over;
  int threads;
  Resident keep;
} Tiling;

/* Chooses what is 0 in `tiling`: the tiles; and, if `threads` is 0, those.
 * More threads than there can be tiles are left out.  Refuses a layer of which
 * not even the smallest tile fits. */
void choose_tiling(vtac_context *context, const Layer *layer, Tiling *tiling);
/* The same for an operator that has other ways: false instead of a refusal. */
bool find_tiling(vtac_context *context, const Layer *layer, Tiling *tiling);

/* The same for stages that load windows right into the accumulators: tiles of
 * channels, rows and columns that read `sources` tensors. */
typedef struct Image {
  int64_t batch, channels; /* blocks */
  Span y, x;
  int64_t sources;
  int64_t apart; /* accumulators of its own for an element of the result */
} Image;
typedef struct ImageTiling {
  int64_t channels, y, x;
  int64_t window_y, window_x; /* parts of the window, 0: it is whole */
  int threads; /* over rows of tiles or, if `over_channels`, over channels */
  bool over_channels;
} ImageTiling;
void choose_image_tiling(vtac_context *context, const Image *image,
                         ImageTiling *tiling);

int64_t ceil_div(int64_t a, int64_t b);

#endif
