/* SPDX-License-Identifier: Apache-2.0 */
/* Element-wise operators: add, relu, requantize. */
#include "ops/image.h"

static void check(vtac_context *c, const vtac_eltwise_params *p) {
  op_need_least(c, "batch size", p->batch, 1);
  op_need_least(c, "channel count", p->channels, 1);
  op_need_least(c, "height", p->height, 1);
  op_need_least(c, "width", p->width, 1);
  op_check_shift(c, p->shift);
  op_need_least(c, "number of virtual threads", p->vthreads, 0);
}

static ImageOp *new_op(vtac_context *c, const vtac_eltwise_params *p,
                       int sources) {
  check(c, p);
  ImageOp *image = op_alloc(c, sizeof *image);
  if (!image) return NULL;
  ImageShape shape = image_shape(c, p->batch, p->channels, p->height, p->width);
  const Image sizes = {.batch = shape.dim[0],
                       .channels = shape.dim[1],
                       .y = {p->height, p->height, 0, 1, 1},
                       .x = {p->width, p->width, 0, 1, 1},
                       .sources = sources};
  image->tiling.threads = p->vthreads;
  choose_image_tiling(c, &sizes, &image->tiling);
  static const int64_t no_pad[2] = {0, 0};
  static const char *const names[] = {"data", "other"};
  for (int i = 0; i < sources; i++)
    image_source(c, image, names[i], &shape, p->wide, no_pad);
  return image;
}

/* >> shift, then the bounds that can matter. */
static vtac_op *finish(vtac_context *c, ImageOp *image, int shift,
                       int64_t low) {
  OpTarget t = op_target(c);
  if (shift) image_constant(c, image, "res_shr", vtac_shift_right, shift);
  image_constant(c, image, "res_max", vtac_max, low);
  image_constant(c, image, "res_min", vtac_min, t.inp_max);
  image_finish(c, image);
  return vtac_context_error(c) ? NULL : &image->op;
}

vtac_op *vtac_add_op(vtac_context *c, const vtac_eltwise_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  ImageOp *image = new_op(c, params, 2);
  if (!image) return NULL;
  ImageShape shape = image_shape(c, params->batch, params->channels,
                                 params->height, params->width);
  vtac_iter axes[IMAGE_DIMS];
  image_axes(c, &shape, axes);
  vtac_expr a = vtac_at(c, image->source[0], IMAGE_DIMS, axes);
  vtac_expr b = vtac_at(c, image->source[1], IMAGE_DIMS, axes);
  image_stage(c, image, "res_add", axes, vtac_add(c, a, b));
  return finish(c, image, params->shift, -op_target(c).inp_max - 1);
}

vtac_op *vtac_relu(vtac_context *c, const vtac_eltwise_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  ImageOp *image = new_op(c, params, 1);
  return image ? finish(c, image, params->shift, 0) : NULL;
}

vtac_op *vtac_requantize(vtac_context *c, const vtac_eltwise_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  vtac_eltwise_params sums = *params;
  sums.wide = 1;
  ImageOp *image = new_op(c, &sums, 1);
  return image ? finish(c, image, params->shift, -op_target(c).inp_max - 1)
               : NULL;
}
