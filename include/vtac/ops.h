/* SPDX-License-Identifier: Apache-2.0 */
/* Operators: ready-made graphs and schedules of neural-network layers on the
 * accelerator.  All tensors have the packed layout that the accelerator's
 * tiles ask for: each channel dimension is split by the block, the batch by
 * BATCH, and the parts inside a tile come last. */
#ifndef VTAC_OPS_H
#define VTAC_OPS_H

#include "vtac/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An operator: tensors, their schedule, and how far it has been scheduled.  It
 * belongs to the context. */
typedef struct vtac_op vtac_op;

/* The stages of scheduling, each of which includes those before it. */
typedef enum vtac_op_stage {
  VTAC_OP_DEFAULT, /* untouched: one loop nest after another */
  VTAC_OP_TILED,   /* blocked to fit the memories; virtual threads bound */
  VTAC_OP_VTA      /* copies, matrix and vector work mapped to the units */
} vtac_op_stage;

/* res = clip((data x weight^T) >> shift, 0, largest activation), for data
 * (batch, in) and weight (out, in).  Parameters: data, weight, res with shapes
 * (batch/BATCH, in/BLOCK_IN, BATCH, BLOCK_IN),
 * (out/BLOCK_OUT, in/BLOCK_IN, BLOCK_OUT, BLOCK_IN) and
 * (batch/BATCH, out/BLOCK_OUT, BATCH, BLOCK_OUT).  Sizes and tiles are in
 * elements; each size must be a multiple of its block. */
typedef struct vtac_gemm_params {
  int64_t batch, in, out;
  int64_t tile_batch, tile_in, tile_out;
  int shift;
} vtac_gemm_params;

/* res = clip((data * kernel) >> shift, 0, largest activation), a convolution
 * with zero padding, for data (batch, in_channels, height, width) and kernel
 * (out_channels, in_channels, kernel_height, kernel_width), both packed like
 * gemm's with the spatial dimensions between block and tile dimensions.
 * vthreads 2 hides memory latency by two virtual threads over the output
 * channels; 0 and 1 use none.  Parameters: data, kernel, res. */
typedef struct vtac_conv2d_params {
  int64_t batch, in_channels, out_channels;
  int64_t height, width, kernel_height, kernel_width;
  int64_t pad_height, pad_width, stride_height, stride_width;
  int64_t tile_batch, tile_out_channels, tile_in_channels;
  int64_t tile_height, tile_width; /* of the output */
  int vthreads;
  int shift;
} vtac_conv2d_params;

/* Declare the operator and make its untouched schedule.  Errors, kept in the
 * context: VTAC_REFUSED when a size is no positive multiple of its block, a
 * tile is not positive, a stride is zero, or a kernel is larger than the
 * padded input. */
VTAC_API vtac_op *vtac_gemm(vtac_context *context,
                            const vtac_gemm_params *params);
VTAC_API vtac_op *vtac_conv2d(vtac_context *context,
                              const vtac_conv2d_params *params);

/* Takes the schedule on to a stage; a stage passed already is no error. */
VTAC_API void vtac_op_schedule_to(vtac_context *context, vtac_op *op,
                                  vtac_op_stage stage);
VTAC_API vtac_schedule vtac_op_schedule(const vtac_op *op);
/* The function's parameters in order; returns how many. */
VTAC_API int vtac_op_args(const vtac_op *op, const vtac_tensor **ret_args);

#ifdef __cplusplus
}
#endif
#endif
