/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule that matrix multiplies and convolutions share. */
#ifndef OPS_REDUCTION_H
#define OPS_REDUCTION_H

#include "ops/op.h"
#include "ops/tiling.h"

enum { NO_AXIS = -1 };

/* A reduction of data with weights by the matrix unit, perhaps a bias, and
 * the tail.  Axes are numbers of dimensions of the result; those of the sums
 * are the same up to `y`, from where each step of the result's y and x may be
 * several dimensions of the sums. */
typedef struct Reduction {
  vtac_op op; /* first */
  Tiling tiling;
  bool by_hand; /* the user has said all tiles: as the reference schedules */
  vtac_tensor data_buf, weight_buf, bias_buf; /* bias_buf may be NULL */
  vtac_tensor sum, biased;                    /* the same without bias */
  OpTail tail;
  int group, out, y, x;     /* axes; NO_AXIS where there is none */
  int64_t y_scale, x_scale; /* steps of the result for one of the tiling */
  int inner;                /* axes of the sums from here on run inside the
                             * reduction over windows */
  /* what scheduling finds */
  vtac_iter in_outer, out_outer, data_at, store;
} Reduction;

/* Declares a bias for each channel, its copy, and the stage that adds it. */
void reduction_bias(vtac_context *context, Reduction *r);
/* Declares the tail and the schedule.  The operator's arguments are those it
 * has so far, and the result. */
void reduction_finish(vtac_context *context, Reduction *r, int shift);
/* The schedule alone, for a tail that is declared already. */
void reduction_schedule(vtac_context *context, Reduction *r);

/* Of vtac_op. */
void reduction_tile(vtac_context *context, vtac_op *op);
void reduction_map(vtac_context *context, vtac_op *op);

#endif
