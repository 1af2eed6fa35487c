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
 * belongs to the context and lives as long. */
typedef struct vtac_op vtac_op;

/* The stages of scheduling, each of which includes those before it. */
typedef enum vtac_op_stage {
  VTAC_OP_DEFAULT, /* untouched: one loop nest after another */
  VTAC_OP_TILED,   /* blocked to fit the memories; virtual threads bound */
  VTAC_OP_VTA      /* copies, matrix and vector work mapped to the units */
} vtac_op_stage;

/* What holds for all operators.
 *
 * Sizes and tiles are in elements.  Channels and batches that fill no whole
 * block take the rest of the last one, too: a dimension of n elements in
 * blocks of B has ceil(n / B) of them, the last padded at its end.  Padding in
 * weights must be zero; in data it may hold anything, and in results it holds
 * what follows from it.
 *
 * A tile of 0 is chosen, and with it whether there are two virtual threads if
 * vthreads is 0, what they divide, and which operand stays on the chip: of the
 * tilings that fit the memories, the fastest of those that move at most an
 * eighth more bytes than the one that moves least (src/ops/tiling.c states
 * the costs).  Where no tile is 0, the schedule is that of the tutorials of
 * VTA, and vthreads 0 and 1 use no virtual threads; 2 hides memory latency by
 * two of them over the output's channels.  Chosen tilings leave threads out
 * where there are no tiles to divide.
 *
 * shift is an arithmetic right shift of the sums; clip(a, low, high) bounds
 * them afterwards. */

/* res = clip((data x weight^T + bias) >> shift, 0, largest activation), for
 * data (batch, in) and weight (out, in).  Parameters: data, weight, bias if
 * there is one, res with shapes
 * (batch/BATCH, in/BLOCK_IN, BATCH, BLOCK_IN),
 * (out/BLOCK_OUT, in/BLOCK_IN, BLOCK_OUT, BLOCK_IN),
 * (out/BLOCK_OUT, BATCH, BLOCK_OUT), the same values for each row of BATCH, in
 * the accumulators' type, and
 * (batch/BATCH, out/BLOCK_OUT, BATCH, BLOCK_OUT). */
typedef struct vtac_gemm_params {
  int64_t batch, in, out;
  int64_t tile_batch, tile_in, tile_out;
  int shift;
  int vthreads;
  int bias; /* 1: add one; vtac_dense always does */
} vtac_gemm_params;

/* res = clip((data * kernel + bias) >> shift, 0, largest activation), a
 * convolution with zero padding, for data (batch, in_channels, height, width)
 * and kernel (out_channels, in_channels / groups, kernel_height, kernel_width),
 * both packed like gemm's with the spatial dimensions between block and tile
 * dimensions.  Pads are zeros on each side, in elements; the output has
 * (height + 2 pad_height - kernel_height) / stride_height + 1 rows, and columns
 * likewise.  Parameters: data, kernel, the bias if there is one, res.
 *
 * With groups > 1, the channels of a group are convolved with each other only.
 * The smallest number m of groups whose channels fill whole blocks (all, if
 * there are fewer) are taken together: data is (batch/BATCH, groups/m,
 * m in/BLOCK_IN, height, width, BATCH, BLOCK_IN), where `in` are the channels
 * of a group; res likewise; bias is (groups/m, m out/BLOCK_OUT, BATCH,
 * BLOCK_OUT).  In memory that is the order of gemm's layout.  kernel is
 * (groups/m, m out/BLOCK_OUT, m in/BLOCK_IN, kernel_height, kernel_width,
 * BLOCK_OUT, BLOCK_IN), zero where the channels are of different groups. */
typedef struct vtac_conv2d_params {
  int64_t batch, in_channels, out_channels;
  int64_t height, width, kernel_height, kernel_width;
  int64_t pad_height, pad_width, stride_height, stride_width;
  int64_t tile_batch, tile_out_channels, tile_in_channels;
  int64_t tile_height, tile_width; /* of the output */
  int vthreads;
  int shift;
  int bias;   /* 1: add one */
  int groups; /* 0 and 1: none; vtac_depthwise_conv2d: in_channels */
} vtac_conv2d_params;

/* Declare the operator and make its untouched schedule; `params` is copied.
 * NULL on failure, with an error in the context: VTAC_REFUSED when a size or a
 * stride is below 1, a tile is no multiple of its block, padding or shift is
 * negative, a kernel is larger than the padded input, groups do not divide the
 * channels, there are fewer tiles of output channels than threads, or not even
 * the smallest tile fits.  Whether a tile that is given fits the memories is
 * seen when the operator is lowered. */
VTAC_API vtac_op *vtac_gemm(vtac_context *context,
                            const vtac_gemm_params *params);
VTAC_API vtac_op *vtac_dense(vtac_context *context,
                             const vtac_gemm_params *params);
VTAC_API vtac_op *vtac_conv2d(vtac_context *context,
                              const vtac_conv2d_params *params);
VTAC_API vtac_op *vtac_group_conv2d(vtac_context *context,
                                    const vtac_conv2d_params *params);
VTAC_API vtac_op *vtac_depthwise_conv2d(vtac_context *context,
                                        const vtac_conv2d_params *params);

/* res = clip((data *^T kernel + bias) >> shift, 0, largest activation), the
 * transposed convolution: out[o] is the sum over i, k with
 * o = i stride + k - pad of data[i] kernel[k] in both spatial dimensions, of
 * (height - 1) stride_height - 2 pad_height + kernel_height + extra_height
 * rows, and columns likewise.  data, bias and res are packed as conv2d's;
 * kernel is (out/BLOCK_OUT, in/BLOCK_IN, stride_height, stride_width, ty, tx,
 * BLOCK_OUT, BLOCK_IN), where ty is kernel_height / stride_height rounded up:
 * its element
 * [.., r, .., t, ..] is that of tap (r + pad) mod stride + t stride, or zero if
 * the kernel has no such tap; columns likewise.  Tiles are always chosen.
 * Parameters: data, kernel, the bias if there is one, res. */
typedef struct vtac_conv2d_transpose_params {
  int64_t batch, in_channels, out_channels;
  int64_t height, width, kernel_height, kernel_width;
  int64_t pad_height, pad_width, stride_height, stride_width;
  int64_t extra_height, extra_width; /* of the output */
  int vthreads;                      /* 0: chosen */
  int shift;
  int bias; /* 1: add one */
} vtac_conv2d_transpose_params;

VTAC_API vtac_op *vtac_conv2d_transpose(
    vtac_context *context, const vtac_conv2d_transpose_params *params);

/* Element-wise operators on (batch, channels, height, width), packed like a
 * convolution's data.  `wide` says that data are sums in the accumulators'
 * type; otherwise they are activations, which the accumulators can load if
 * activations have 8 bits and sums 32 (in other configurations they come in the
 * accumulators' type, too; vtac_tensor_dtype tells).
 *   vtac_add_op      res = clip((data + other) >> shift, all activations)
 *   vtac_relu        res = clip(data >> shift, 0, largest activation)
 *   vtac_requantize  res = clip(data >> shift, all activations), data wide
 * Parameters: data, other if there is one, res. */
typedef struct vtac_eltwise_params {
  int64_t batch, channels, height, width;
  int shift;
  int wide;
  int vthreads; /* 0: chosen */
} vtac_eltwise_params;

VTAC_API vtac_op *vtac_add_op(vtac_context *context,
                              const vtac_eltwise_params *params);
VTAC_API vtac_op *vtac_relu(vtac_context *context,
                            const vtac_eltwise_params *params);
VTAC_API vtac_op *vtac_requantize(vtac_context *context,
                                  const vtac_eltwise_params *params);

/* Poolings of activations; data, `wide` and the layout as above, the output's
 * size as a convolution's.
 *   vtac_max_pool2d         the largest of a window; padding does not count
 *   vtac_avg_pool2d         floor(sum / n + 1/2) over the n elements of a
 *                           window, padding included as zeros
 *   vtac_global_avg_pool2d  the same with the image as the only window; the
 *                           window, stride and padding given do not matter
 * Refused besides: padding as large as the window; an average whose sum does
 * not fit the accumulators, or whose window has an odd factor above 32767 that
 * cannot be divided by in parts.  Where the accumulators have no bits for a
 * product, the average is divided bit by bit, at some ten operations a bit.
 * Parameters: data, res. */
typedef struct vtac_pool2d_params {
  int64_t batch, channels, height, width;
  int64_t window_height, window_width;
  int64_t pad_height, pad_width, stride_height, stride_width;
  int wide;
  int vthreads; /* 0: chosen */
} vtac_pool2d_params;

VTAC_API vtac_op *vtac_max_pool2d(vtac_context *context,
                                  const vtac_pool2d_params *params);
VTAC_API vtac_op *vtac_avg_pool2d(vtac_context *context,
                                  const vtac_pool2d_params *params);
VTAC_API vtac_op *vtac_global_avg_pool2d(vtac_context *context,
                                         const vtac_pool2d_params *params);

/* Takes the schedule on to a stage; a stage passed already is no error, nor is
 * op NULL. */
VTAC_API void vtac_op_schedule_to(vtac_context *context, vtac_op *op,
                                  vtac_op_stage stage);
VTAC_API vtac_schedule vtac_op_schedule(const vtac_op *op);
/* The function's parameters in order; returns how many.  The list is the
 * operator's. */
VTAC_API int vtac_op_args(const vtac_op *op, const vtac_tensor **ret_args);

/* The tiles of a matrix multiply or convolution, given or chosen, in elements
 * of the output (in: of the reduction), and what its virtual threads divide:
 * "channels", "rows" or, without threads, "nothing".  A dimension that the
 * operator lacks is 1. */
typedef struct vtac_op_tiling {
  int64_t batch, out, in, height, width;
  int vthreads;
  const char *over;
} vtac_op_tiling;
/* Returns 0 for other operators. */
VTAC_API int vtac_op_tiles(const vtac_op *op, vtac_op_tiling *ret_tiles);

#ifdef __cplusplus
}
#endif
#endif
