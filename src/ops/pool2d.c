/* SPDX-License-Identifier: Apache-2.0 */
/* Poolings on the vector unit.
 *
 * A window's maximum or sum is a reduction over a strided source.  Averages
 * divide sums by the window's n elements, rounding to the nearest, halves
 * upwards: (sum + n/2) / n rounded down.
 * Powers of two are shifted out.  Division by an odd factor d of the rest is
 * x m + r >> k, where m is the whole number nearest to 2^k / d, of 15 bits, and
 * r = 2^k / 2d: with e = m d - 2^k that is floor(x / d + x e / (d 2^k) + r /
 * 2^k), which is right while what is added lies in [0, 1/d), so while |x / d|
 * |e| < r. Dividing by one factor after another is the same as dividing by
 * their product.
 *
 * Where the accumulators have no bits for that, the quotient comes bit by bit,
 * as on paper: with a the power of two above all quotients, q = -1 or 0 says
 * whether x < 0, x + d a is what remains then, and for each power of two p < a
 * from the largest one, c = x / p >= d is the next bit, x - c d p remains. */
#include "ops/image.h"

#include <stdio.h>

#include "compile/context.h"

typedef struct Pool {
  ImageOp image; /* first */
  vtac_pool2d_params params;
  int64_t height, width; /* of the output */
} Pool;

static void check_span(vtac_context *c, const char *what, int64_t size,
                       int64_t window, int64_t stride, int64_t pad) {
  char text[64];
  snprintf(text, sizeof text, "%s", what);
  op_need_least(c, text, size, 1);
  snprintf(text, sizeof text, "window %s", what);
  op_need_least(c, text, window, 1);
  snprintf(text, sizeof text, "%s stride", what);
  op_need_least(c, text, stride, 1);
  snprintf(text, sizeof text, "%s padding", what);
  op_need_least(c, text, pad, 0);
  if (vtac_context_error(c)) return;
  if (window > size + 2 * pad)
    op_refuse(c, "use a smaller window or more padding",
              "window %s %lld is larger than the padded input's %lld", what,
              (long long)window, (long long)(size + 2 * pad));
  else if (pad >= window)
    op_refuse(c, "use less padding",
              "%s padding %lld leaves windows without input; it must be below "
              "the window's %lld",
              what, (long long)pad, (long long)window);
}

static void check(vtac_context *c, const vtac_pool2d_params *p) {
  op_need_least(c, "batch size", p->batch, 1);
  op_need_least(c, "channel count", p->channels, 1);
  check_span(c, "height", p->height, p->window_height, p->stride_height,
             p->pad_height);
  check_span(c, "width", p->width, p->window_width, p->stride_width,
             p->pad_width);
  op_need_least(c, "number of virtual threads", p->vthreads, 0);
}

/* `apart`: accumulators for an element of the result. */
static Pool *new_op(vtac_context *c, const vtac_pool2d_params *p, int apart) {
  check(c, p);
  Pool *pool = op_alloc(c, sizeof *pool);
  if (!pool) return NULL;
  pool->params = *p;
  pool->height =
      (p->height + 2 * p->pad_height - p->window_height) / p->stride_height + 1;
  pool->width =
      (p->width + 2 * p->pad_width - p->window_width) / p->stride_width + 1;
  ImageShape shape = image_shape(c, p->batch, p->channels, p->height, p->width);
  const Image sizes = {.batch = shape.dim[0],
                       .channels = shape.dim[1],
                       .y = {pool->height, p->height, p->pad_height,
                             p->stride_height, p->window_height},
                       .x = {pool->width, p->width, p->pad_width,
                             p->stride_width, p->window_width},
                       .sources = 1,
                       .apart = apart};
  pool->image.tiling.threads = p->vthreads;
  choose_image_tiling(c, &sizes, &pool->image.tiling);
  image_source(c, &pool->image, "data", &shape, p->wide,
               (int64_t[]){p->pad_height, p->pad_width});
  return pool;
}

typedef vtac_expr (*Reducer)(vtac_context *, vtac_expr, int, const vtac_iter *);

static void reduce(vtac_context *c, Pool *pool, vtac_tensor source,
                   const char *name, Reducer reducer) {
  const vtac_pool2d_params *p = &pool->params;
  ImageShape shape =
      image_shape(c, p->batch, p->channels, pool->height, pool->width);
  vtac_iter dy = vtac_reduce_axis(c, 0, p->window_height, "dy");
  vtac_iter dx = vtac_reduce_axis(c, 0, p->window_width, "dx");
  vtac_iter axes[IMAGE_DIMS];
  image_axes(c, &shape, axes);
  vtac_expr at[IMAGE_DIMS];
  for (int i = 0; i < IMAGE_DIMS; i++) at[i] = vtac_iter_expr(c, axes[i]);
  at[2] = vtac_add(c, vtac_mul(c, at[2], vtac_int(c, p->stride_height)),
                   vtac_iter_expr(c, dy));
  at[3] = vtac_add(c, vtac_mul(c, at[3], vtac_int(c, p->stride_width)),
                   vtac_iter_expr(c, dx));
  image_stage(
      c, &pool->image, name, axes,
      reducer(c, vtac_read(c, source, IMAGE_DIMS, at), VTAC_ITERS(dy, dx)));
}

/* ---- Maximum ------------------------------------------------------------ */

/* The padding, loaded as zeros, becomes no more than any value. */
static vtac_tensor lower_padding(vtac_context *c, Pool *pool) {
  const vtac_pool2d_params *p = &pool->params;
  const int64_t pad[] = {p->pad_height, p->pad_width};
  vtac_tensor source = pool->image.source[0];
  ImageShape shape = image_shape(c, p->batch, p->channels, p->height, p->width);
  ImageShape larger = shape;
  vtac_iter axes[IMAGE_DIMS];
  larger.dim[2] += 2 * pad[0];
  larger.dim[3] += 2 * pad[1];
  image_axes(c, &larger, axes);
  vtac_expr inside = image_inside(c, &shape, pad, axes);
  if (!inside) return source;
  OpTarget t = op_target(c);
  vtac_expr least = vtac_const(c, t.acc_type, -(double)t.inp_max - 1);
  return image_stage(
      c, &pool->image, "data_low", axes,
      vtac_if_then_else(c, inside, vtac_at(c, source, IMAGE_DIMS, axes),
                        least));
}

vtac_op *vtac_max_pool2d(vtac_context *c, const vtac_pool2d_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  Pool *pool = new_op(c, params, 1);
  if (!pool) return NULL;
  vtac_tensor source = lower_padding(c, pool);
  reduce(c, pool, source, "res_pool", vtac_max_over);
  image_finish(c, &pool->image);
  return vtac_context_error(c) ? NULL : &pool->image.op;
}

/* ---- Average ------------------------------------------------------------ */

enum { FACTOR_MAX = 32767 };

/* A division by an odd number as a product and a shift. */
typedef struct Divider {
  int64_t factor, rounding;
  int shift;
} Divider;

/* For quotients up to `most`; false if there is none that is exact and stays
 * in `bits` bits. */
static bool find_divider(int64_t d, int64_t most, int bits, Divider *ret) {
  for (int k = bits - 2; k > 0; k--) {
    int64_t whole = (int64_t)1 << k, m = (whole + d / 2) / d;
    int64_t error = m * d > whole ? m * d - whole : whole - m * d;
    int64_t rounding = whole / (2 * d);
    bool exact = (most + 1) * error < rounding;
    if (m < 1 || m > FACTOR_MAX || !exact) continue;
    bool fits =
        ((most + 1) * d) <= (((int64_t)1 << (bits - 1)) - 1 - rounding) / m;
    if (!fits) continue;
    *ret = (Divider){m, rounding, k};
    return true;
  }
  return false;
}

typedef struct Dividers {
  int n;
  Divider at[8];
} Dividers;

/* Division by d at once, or by a factor of it and then by the rest. */
static bool plan_division(int64_t d, int64_t most, int bits, Dividers *ret) {
  if (d == 1) return true;
  if (find_divider(d, most, bits, &ret->at[ret->n])) {
    ret->n++;
    return true;
  }
  for (int64_t factor = 3; factor * factor <= d; factor += 2)
    if (d % factor == 0 &&
        find_divider(factor, most * (d / factor), bits, &ret->at[ret->n])) {
      ret->n++;
      return plan_division(d / factor, most, bits, ret);
    }
  return false;
}

static void divide_at_once(vtac_context *c, ImageOp *image,
                           const Dividers *dividers) {
  for (int i = 0; i < dividers->n; i++) {
    const Divider *divider = &dividers->at[i];
    image_constant(c, image, "res_mul", vtac_mul, divider->factor);
    image_constant(c, image, "res_round", vtac_add, divider->rounding);
    image_constant(c, image, "res_div", vtac_shift_right, divider->shift);
  }
}

/* ---- Average, bit by bit ------------------------------------------------ */

enum { BITWISE_APART = 3 /* what remains, the quotient, a bit */ };

/* The stages so far, each an operand of several others. */
typedef struct Bitwise {
  vtac_context *c;
  ImageOp *image;
  int64_t d;
  vtac_tensor rest, quotient, bit;
} Bitwise;

typedef vtac_expr (*BitwiseBody)(const Bitwise *b, const vtac_iter *axes,
                                 int place);

static vtac_expr element(const Bitwise *b, vtac_tensor tensor,
                         const vtac_iter *axes) {
  return vtac_at(b->c, tensor, IMAGE_DIMS, axes);
}

static vtac_expr constant(const Bitwise *b, int64_t value) {
  return vtac_const(b->c, op_target(b->c).acc_type, (double)value);
}

static vtac_expr sign_of(const Bitwise *b, const vtac_iter *axes, int place) {
  return vtac_shift_right(b->c, element(b, b->rest, axes), constant(b, place));
}

/* 1 where the rest is at least d << place, else 0. */
static vtac_expr bit_of(const Bitwise *b, const vtac_iter *axes, int place) {
  vtac_expr value = sign_of(b, axes, place);
  value = vtac_add(b->c, value, constant(b, 1 - b->d));
  value = vtac_max(b->c, value, constant(b, 0));
  return vtac_min(b->c, value, constant(b, 1));
}

static vtac_expr twice(const Bitwise *b, const vtac_iter *axes, int place) {
  (void)place;
  return vtac_shift_left(b->c, element(b, b->quotient, axes), constant(b, 1));
}

static vtac_expr with_bit(const Bitwise *b, const vtac_iter *axes, int place) {
  (void)place;
  return vtac_add(b->c, element(b, b->quotient, axes),
                  element(b, b->bit, axes));
}

static vtac_expr part_of(const Bitwise *b, const vtac_iter *axes, int place) {
  vtac_expr part = vtac_mul(b->c, element(b, b->bit, axes), constant(b, -b->d));
  return vtac_shift_left(b->c, part, constant(b, place));
}

static vtac_expr less_part(const Bitwise *b, const vtac_iter *axes, int place) {
  (void)place;
  return vtac_add(b->c, element(b, b->rest, axes), element(b, b->bit, axes));
}

static vtac_tensor bitwise_stage(Bitwise *b, const char *name, BitwiseBody body,
                                 int place) {
  ImageShape shape;
  vtac_iter axes[IMAGE_DIMS];
  if (vtac_context_error(b->c)) return NULL;
  for (int i = 0; i < IMAGE_DIMS; i++)
    shape.dim[i] = vtac_tensor_dim(b->rest, i);
  image_axes(b->c, &shape, axes);
  if (vtac_context_error(b->c)) return NULL;
  return image_stage(b->c, b->image, name, axes, body(b, axes, place));
}

static void subtract(Bitwise *b, int place) {
  b->bit = bitwise_stage(b, "res_part", part_of, place);
  b->rest = bitwise_stage(b, "res_rest", less_part, place);
}

/* The quotient, which lies below 2^places in absolute value, is the last
 * stage. */
static void divide_bitwise(vtac_context *c, ImageOp *image, int64_t d,
                           int places) {
  Bitwise b = {c, image, d, image->stage[image->stages - 1], NULL, NULL};
  b.quotient = b.bit =
      bitwise_stage(&b, "res_sign", sign_of, c->config.acc_width - 1);
  if (places) subtract(&b, places);
  for (int place = places - 1; place >= 0; place--) {
    b.bit = bitwise_stage(&b, "res_bit", bit_of, place);
    b.quotient = bitwise_stage(&b, "res_twice", twice, place);
    b.quotient = bitwise_stage(&b, "res_quotient", with_bit, place);
    if (place) subtract(&b, place);
  }
}

/* ---- The operators ------------------------------------------------------ */

/* How the sums become averages: >> shift, then / odd. */
typedef struct Division {
  int shift;
  int64_t odd;
  bool bitwise;
  Dividers dividers;
} Division;

static void check_divisor(vtac_context *c, const vtac_pool2d_params *p,
                          const Division *division) {
  if (vtac_context_error(c) || !division->bitwise) return;
  if (division->odd > FACTOR_MAX)
    op_refuse(c, "use a window without large odd factors",
              "the average of %lld x %lld elements: %d-bit accumulators cannot "
              "divide exactly by %lld",
              (long long)p->window_height, (long long)p->window_width,
              c->config.acc_width, (long long)division->odd);
}

static Division division_of(vtac_context *c, int64_t n) {
  Division division = {.odd = n};
  if (n < 1) return division;
  while (division.odd % 2 == 0) {
    division.odd /= 2;
    division.shift++;
  }
  division.bitwise = !plan_division(division.odd, op_target(c).inp_max + 1,
                                    c->config.acc_width, &division.dividers);
  return division;
}

static void check_sums(vtac_context *c, const vtac_pool2d_params *p) {
  if (vtac_context_error(c)) return;
  int64_t n = p->window_height * p->window_width;
  int64_t most = ((int64_t)1 << (c->config.acc_width - 1)) - 1;
  int64_t limit = most / (op_target(c).inp_max + 1) - 1;
  if (limit < 1) limit = 1;
  if (n > limit && n > 1)
    op_refuse(c, "use a smaller window",
              "a window of %lld x %lld elements is above the limit of %lld, "
              "whose sum fits %d-bit accumulators",
              (long long)p->window_height, (long long)p->window_width,
              (long long)limit, c->config.acc_width);
}

vtac_op *vtac_avg_pool2d(vtac_context *c, const vtac_pool2d_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  int64_t n = params->window_height * params->window_width;
  Division division = division_of(c, n);
  Pool *pool = new_op(c, params, division.bitwise ? BITWISE_APART : 1);
  if (!pool) return NULL;
  ImageOp *image = &pool->image;
  check_sums(c, params);
  check_divisor(c, params, &division);
  reduce(c, pool, image->source[0], "res_sum", vtac_sum);
  if (n > 1) image_constant(c, image, "res_half", vtac_add, n / 2);
  if (division.shift)
    image_constant(c, image, "res_shr", vtac_shift_right, division.shift);
  if (division.bitwise)
    divide_bitwise(c, image, division.odd, c->config.inp_width - 1);
  else
    divide_at_once(c, image, &division.dividers);
  image_finish(c, image);
  return vtac_context_error(c) ? NULL : &image->op;
}

vtac_op *vtac_global_avg_pool2d(vtac_context *c,
                                const vtac_pool2d_params *params) {
  if (!op_has(c, __func__, params, "params")) return NULL;
  vtac_pool2d_params all = *params;
  all.window_height = params->height;
  all.window_width = params->width;
  all.stride_height = all.stride_width = 1;
  all.pad_height = all.pad_width = 0;
  return vtac_avg_pool2d(c, &all);
}
