/* SPDX-License-Identifier: Apache-2.0 */
/* Declares and schedules operators without a matrix multiply.  All stages are
 * computed inside the innermost loop over tiles of the result; virtual threads
 * divide channels, or rows where there are too few. */
#include "ops/image.h"

#include <stdio.h>

#include "compile/context.h"

bool image_loads_activations(vtac_context *c) {
  return c->config.inp_width == 8 && c->config.acc_width == 32;
}

ImageShape image_shape(vtac_context *c, int64_t batch, int64_t channels,
                       int64_t height, int64_t width) {
  OpTarget t = op_target(c);
  return (ImageShape){{ceil_div(batch, t.batch),
                       ceil_div(channels, t.block_out), height, width, t.batch,
                       t.block_out}};
}

void image_axes(vtac_context *c, const ImageShape *shape,
                vtac_iter ret[IMAGE_DIMS]) {
  static const char *const names[] = {"b", "c", "y", "x", "bi", "ci"};
  for (int i = 0; i < IMAGE_DIMS; i++) ret[i] = NULL;
  vtac_axes(c, IMAGE_DIMS, shape->dim, names, ret);
}

/* ---- Declaration -------------------------------------------------------- */

static vtac_expr inside(vtac_context *c, vtac_iter axis, int64_t pad,
                        int64_t size) {
  vtac_expr at = vtac_iter_expr(c, axis);
  return vtac_and(c, vtac_greater_equal(c, at, vtac_int(c, pad)),
                  vtac_less(c, at, vtac_int(c, size + pad)));
}

vtac_expr image_inside(vtac_context *c, const ImageShape *shape,
                       const int64_t pad[2], const vtac_iter axes[IMAGE_DIMS]) {
  vtac_expr all = NULL;
  for (int i = 0; i < 2; i++) {
    if (!pad[i]) continue;
    vtac_expr one = inside(c, axes[2 + i], pad[i], shape->dim[2 + i]);
    all = all ? vtac_and(c, all, one) : one;
  }
  return all;
}

/* The element of `data`, or zero in the padding. */
static vtac_expr padded(vtac_context *c, vtac_tensor data,
                        const ImageShape *shape, const int64_t pad[2],
                        const vtac_iter axes[IMAGE_DIMS]) {
  OpTarget t = op_target(c);
  vtac_expr at[IMAGE_DIMS];
  for (int i = 0; i < IMAGE_DIMS; i++) at[i] = vtac_iter_expr(c, axes[i]);
  for (int i = 0; i < 2; i++)
    if (pad[i]) at[2 + i] = vtac_sub(c, at[2 + i], vtac_int(c, pad[i]));
  vtac_expr value =
      vtac_cast(c, t.acc_type, vtac_read(c, data, IMAGE_DIMS, at));
  vtac_expr all = image_inside(c, shape, pad, axes);
  if (!all) return value;
  return vtac_if_then_else(c, all, value, vtac_const(c, t.acc_type, 0));
}

void image_source(vtac_context *c, ImageOp *image, const char *name,
                  const ImageShape *shape, bool wide, const int64_t pad[2]) {
  OpTarget t = op_target(c);
  bool narrow = !wide && image_loads_activations(c);
  vtac_tensor data = vtac_placeholder(c, name, narrow ? t.inp_type : t.acc_type,
                                      IMAGE_DIMS, shape->dim);
  ImageShape larger = *shape;
  vtac_iter axes[IMAGE_DIMS];
  char buf[16];
  larger.dim[2] += 2 * pad[0];
  larger.dim[3] += 2 * pad[1];
  image_axes(c, &larger, axes);
  snprintf(buf, sizeof buf, "%s_buf", name);
  image->op.args[image->op.n++] = data;
  image->source[image->sources++] =
      vtac_compute(c, buf, IMAGE_DIMS, axes, padded(c, data, shape, pad, axes));
}

vtac_tensor image_stage(vtac_context *c, ImageOp *image, const char *name,
                        const vtac_iter axes[IMAGE_DIMS], vtac_expr body) {
  vtac_tensor stage = vtac_compute(c, name, IMAGE_DIMS, axes, body);
  image->stage[image->stages++] = stage;
  return stage;
}

static vtac_tensor last_stage(const ImageOp *image) {
  return image->stages ? image->stage[image->stages - 1] : image->source[0];
}

static void axes_like(vtac_context *c, vtac_tensor tensor,
                      vtac_iter ret[IMAGE_DIMS]) {
  ImageShape shape;
  for (int i = 0; i < IMAGE_DIMS; i++)
    shape.dim[i] = tensor ? vtac_tensor_dim(tensor, i) : 1;
  image_axes(c, &shape, ret);
}

vtac_tensor image_constant(vtac_context *c, ImageOp *image, const char *name,
                           ImageCombine combine, int64_t value) {
  vtac_tensor last = last_stage(image);
  vtac_iter axes[IMAGE_DIMS];
  axes_like(c, last, axes);
  vtac_expr constant = vtac_const(c, op_target(c).acc_type, (double)value);
  return image_stage(c, image, name, axes,
                     combine(c, vtac_at(c, last, IMAGE_DIMS, axes), constant));
}

/* ---- The schedule ------------------------------------------------------- */

static void divide(vtac_context *c, const ImageOp *image, vtac_iter *tiles,
                   vtac_iter *ret_thread) {
  *ret_thread = NULL;
  if (image->tiling.threads < 2) return;
  vtac_split(c, vtac_stage_of(c, image->op.schedule, image->res), *tiles,
             image->tiling.threads, tiles, ret_thread);
}

/* The reduction among the stages; their number if there is none. */
static int reduction_of(const ImageOp *image) {
  int i = 0;
  while (i < image->stages && !vtac_tensor_reduce_axis(image->stage[i], 0)) i++;
  return i;
}

/* Windows are reduced for each element of the result: rows and columns of it
 * are loops of the instruction, the window and the channels micro-ops.  Where
 * only a part of the window fits, loops over the parts go outside of all;
 * returns the inner one, in which the part is loaded. */
static vtac_iter order_window(vtac_context *c, const ImageOp *image,
                              vtac_tensor tensor) {
  vtac_stage stage = vtac_stage_of(c, image->op.schedule, tensor);
  vtac_iter dy = vtac_tensor_reduce_axis(tensor, 0), dys = NULL;
  vtac_iter dx = vtac_tensor_reduce_axis(tensor, 1), dxs = NULL;
  bool parts = image->tiling.window_y > 0;
  if (parts) {
    vtac_split(c, stage, dy, image->tiling.window_y, &dys, &dy);
    vtac_split(c, stage, dx, image->tiling.window_x, &dxs, &dx);
  }
  vtac_iter order[] = {dys,
                       dxs,
                       vtac_axis(tensor, 2),
                       vtac_axis(tensor, 3),
                       vtac_axis(tensor, 0),
                       dy,
                       dx,
                       vtac_axis(tensor, 1),
                       vtac_axis(tensor, 4),
                       vtac_axis(tensor, 5)};
  if (vtac_context_error(c)) return NULL;
  vtac_reorder(c, stage, parts ? 10 : 8, order + (parts ? 0 : 2));
  return dxs;
}

/* What the window reads is computed at its parts, all else at the tile. */
static void attach_stages(vtac_context *c, const ImageOp *image,
                          vtac_iter tile) {
  vtac_schedule s = image->op.schedule;
  vtac_stage out = vtac_stage_of(c, s, image->res), consumer = out;
  vtac_iter at = tile, part = NULL;
  int window = reduction_of(image);
  if (window < image->stages)
    part = order_window(c, image, image->stage[window]);
  if (part) {
    consumer = vtac_stage_of(c, s, image->stage[window]);
    at = part;
  }
  for (int i = 0; i < image->sources; i++)
    vtac_compute_at(c, vtac_stage_of(c, s, image->source[i]), consumer, at);
  for (int i = 0; i < image->stages; i++)
    vtac_compute_at(c, vtac_stage_of(c, s, image->stage[i]),
                    i < window ? consumer : out, i < window ? at : tile);
}

static void tile(vtac_context *c, vtac_op *op) {
  ImageOp *image = (ImageOp *)op;
  const ImageTiling *t = &image->tiling;
  vtac_stage out = vtac_stage_of(c, op->schedule, image->res);
  vtac_iter ch, ch_in, y, y_in, x, x_in, thread;
  vtac_iter b = vtac_axis(image->res, 0);
  vtac_split(c, out, vtac_axis(image->res, 1), t->channels, &ch, &ch_in);
  vtac_split(c, out, vtac_axis(image->res, 2), t->y, &y, &y_in);
  vtac_split(c, out, vtac_axis(image->res, 3), t->x, &x, &x_in);
  divide(c, image, t->over_channels ? &ch : &y, &thread);
  if (vtac_context_error(c)) return;
  vtac_iter order[] = {thread, b, ch, y, x, ch_in, y_in, x_in};
  int first = thread ? 0 : 1;
  vtac_reorder(c, out, 8 - first, order + first);
  attach_stages(c, image, x);
  if (thread) vtac_bind(c, out, thread, vtac_thread_axis(c, "cthread"));
  image->store = ch_in;
}

static void map(vtac_context *c, vtac_op *op) {
  ImageOp *image = (ImageOp *)op;
  int window = reduction_of(image);
  for (int i = 0; i < image->sources; i++) {
    vtac_stage stage = vtac_stage_of(c, op->schedule, image->source[i]);
    vtac_set_scope(c, stage, SCOPE_ACC);
    vtac_pragma(c, stage, vtac_axis(image->source[i], 0), "dma_copy");
  }
  for (int i = 0; i < image->stages; i++) {
    vtac_stage stage = vtac_stage_of(c, op->schedule, image->stage[i]);
    vtac_set_scope(c, stage, SCOPE_ACC);
    vtac_pragma(c, stage, vtac_axis(image->stage[i], i == window ? 2 : 0),
                "alu");
  }
  vtac_pragma(c, vtac_stage_of(c, op->schedule, image->res), image->store,
              "dma_copy");
}

void image_finish(vtac_context *c, ImageOp *image) {
  vtac_tensor last = last_stage(image);
  vtac_iter axes[IMAGE_DIMS];
  axes_like(c, last, axes);
  image->res = vtac_compute(
      c, "res", IMAGE_DIMS, axes,
      vtac_cast(c, op_target(c).inp_type, vtac_at(c, last, IMAGE_DIMS, axes)));
  image->op.args[image->op.n++] = image->res;
  image->op.schedule = vtac_schedule_new(c, VTAC_TENSORS(image->res));
  image->op.tile = tile;
  image->op.map = map;
}
