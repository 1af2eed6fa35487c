/* SPDX-License-Identifier: Apache-2.0 */
/* Plain convolutions, of which a matrix multiply is one with 1x1 images and
 * kernels: each output pixel's window is gathered and multiplied with every
 * kernel.  Sums wrap as the accelerator's accumulators do. */
#include "cli/plain.h"

#include <stdlib.h>

#include "cli/plain_tensor.h"

typedef struct Layer {
  int64_t pad[2], stride[2], groups;
  int shift;
  const int32_t *bias; /* of each output channel, or NULL */
} Layer;

/* ---- The computation ---------------------------------------------------- */

/* A vector of products' operands; 16 bits are enough for the usual types and
 * let the compiler multiply many at once. */
typedef struct Vectors {
  bool narrow;
  int16_t *low;
  int32_t *full;
} Vectors;

static bool make_vectors(Vectors *v, bool narrow, int64_t n) {
  size_t size = narrow ? sizeof *v->low : sizeof *v->full;
  void *memory = malloc((size_t)n * size);
  *v = (Vectors){narrow, narrow ? memory : NULL, narrow ? NULL : memory};
  return memory != NULL;
}

static void free_vectors(Vectors *v) {
  free(v->low);
  free(v->full);
}

static void set_vector(Vectors *v, int64_t i, int32_t value) {
  if (v->narrow)
    v->low[i] = (int16_t)value;
  else
    v->full[i] = value;
}

static uint32_t dot_narrow(const int16_t *a, const int16_t *b, int64_t n) {
  int32_t sum = 0; /* cannot overflow within one block of products */
  uint32_t total = 0;
  enum { BLOCK = 1 << 14 };
  for (int64_t start = 0; start < n; start += BLOCK) {
    int64_t end = start + BLOCK < n ? start + BLOCK : n;
    sum = 0;
    for (int64_t i = start; i < end; i++) sum += a[i] * b[i];
    total += (uint32_t)sum;
  }
  return total;
}

static uint32_t dot(const Vectors *a, int64_t a_start, const Vectors *b,
                    int64_t b_start, int64_t n) {
  if (a->narrow) return dot_narrow(a->low + a_start, b->low + b_start, n);
  uint32_t total = 0;
  for (int64_t i = 0; i < n; i++)
    total += (uint32_t)a->full[a_start + i] * (uint32_t)b->full[b_start + i];
  return total;
}

/* The input values under the kernel at one output pixel, zeros outside. */
static void gather(Vectors *window, const Plain *data, const Plain *kernel,
                   const Layer *layer, const int64_t pixel[3]) {
  int64_t n = 0;
  for (int64_t c = 0; c < data->dim[1]; c++)
    for (int64_t dy = 0; dy < kernel->dim[2]; dy++)
      for (int64_t dx = 0; dx < kernel->dim[3]; dx++) {
        int64_t y = pixel[1] * layer->stride[0] + dy - layer->pad[0];
        int64_t x = pixel[2] * layer->stride[1] + dx - layer->pad[1];
        bool inside = y >= 0 && y < data->dim[2] && x >= 0 && x < data->dim[3];
        int64_t row = (pixel[0] * data->dim[1] + c) * data->dim[2] + y;
        set_vector(window, n++, inside ? data->at[row * data->dim[3] + x] : 0);
      }
}

static void convolve_with(Plain *res, const Plain *data, const Plain *kernel,
                          const Layer *layer, const Blocks *b, Vectors *kernels,
                          Vectors *window) {
  int64_t n = kernel->dim[1] * kernel->dim[2] * kernel->dim[3];
  int64_t pixels = res->dim[2] * res->dim[3];
  int64_t in_group = res->dim[1] / layer->groups;
  for (int64_t i = 0; i < plain_size(kernel); i++)
    set_vector(kernels, i, kernel->at[i]);
  for (int64_t p = 0; p < res->dim[0] * pixels; p++) {
    const int64_t pixel[3] = {p / pixels, p % pixels / res->dim[3],
                              p % res->dim[3]};
    gather(window, data, kernel, layer, pixel);
    for (int64_t o = 0; o < res->dim[1]; o++) {
      uint32_t sum = dot(window, o / in_group * n, kernels, o * n, n);
      if (layer->bias) sum += (uint32_t)layer->bias[o];
      res->at[(pixel[0] * res->dim[1] + o) * pixels + p % pixels] =
          plain_tail(sum, layer->shift, b);
    }
  }
}

static bool convolve(Plain *res, const Plain *data, const Plain *kernel,
                     const Layer *layer, const Blocks *b) {
  bool narrow = b->inp_bits <= 8 && b->wgt_bits <= 8;
  Vectors kernels, window;
  bool good = make_vectors(&kernels, narrow, plain_size(kernel));
  good &= make_vectors(&window, narrow,
                       data->dim[1] * kernel->dim[2] * kernel->dim[3]);
  if (good) convolve_with(res, data, kernel, layer, b, &kernels, &window);
  free_vectors(&kernels);
  free_vectors(&window);
  return good;
}

/* ---- Test data ---------------------------------------------------------- */

/* Groups that are taken together, as include/vtac/ops.h says; and how many of
 * those there are. */
static int64_t groups_together(const Layer *layer, const Plain *kernel,
                               int64_t in, const Blocks *b, int64_t *ret_n) {
  int64_t ins = kernel->dim[1], outs = kernel->dim[0] / layer->groups;
  int64_t m = 1;
  while (m < layer->groups && (m * ins % b->in || m * outs % b->out)) m++;
  *ret_n = (layer->groups + m - 1) / m;
  return in ? m * ins : m * outs;
}

/* The kernel between all channels that are taken together, zeros between
 * groups: rows are all output channels, padded; columns those of one part. */
static bool spread_kernel(const Plain *kernel, const Layer *layer,
                          const Blocks *b, Plain *ret) {
  int64_t parts;
  int64_t ins = groups_together(layer, kernel, 1, b, &parts);
  int64_t outs = groups_together(layer, kernel, 0, b, &parts);
  int64_t in_group = kernel->dim[1], out_group = kernel->dim[0] / layer->groups;
  int64_t taps = kernel->dim[2] * kernel->dim[3];
  int64_t part_ins = plain_round(ins, b->in),
          part_outs = plain_round(outs, b->out);
  *ret = (Plain){{parts * part_outs, part_ins, kernel->dim[2], kernel->dim[3]},
                 NULL};
  if (!plain_allocate(ret)) return false;
  for (int64_t o = 0; o < kernel->dim[0]; o++)
    for (int64_t i = 0; i < in_group; i++)
      for (int64_t k = 0; k < taps; k++) {
        int64_t column = o / out_group * in_group % ins + i;
        ret->at[(o * part_ins + column) * taps + k] =
            kernel->at[(o * in_group + i) * taps + k];
      }
  return true;
}

static TestData *pack_layer(const Plain *data, const Plain *kernel,
                            const Plain *res, const Layer *layer,
                            const Blocks *b) {
  TestData *packed = calloc(1, sizeof *packed);
  Plain spread = {{0}, NULL};
  if (!packed) return NULL;
  if (!spread_kernel(kernel, layer, b, &spread)) {
    free(packed);
    return NULL;
  }
  int64_t parts = 1;
  groups_together(layer, kernel, 1, b, &parts);
  int64_t outs = spread.dim[0], ins = parts * spread.dim[1];
  packed->input[packed->inputs++] =
      plain_pack(data, ins, b->batch, b->in, b->inp_bits);
  packed->input[packed->inputs++] =
      plain_pack(&spread, spread.dim[1], b->out, b->in, b->wgt_bits);
  if (layer->bias)
    packed->input[packed->inputs++] =
        plain_pack_bias(layer->bias, res->dim[1], outs, b);
  packed->expected = plain_pack(res, outs, b->batch, b->out, b->inp_bits);
  free(spread.at);
  return test_data_checked(packed);
}

TestData *conv2d_data(const vtac_config *config, const vtac_conv2d_params *p,
                      uint64_t seed) {
  Blocks b = plain_blocks(config);
  Layer layer = {{p->pad_height, p->pad_width},
                 {p->stride_height, p->stride_width},
                 p->groups > 1 ? p->groups : 1,
                 p->shift,
                 NULL};
  int64_t batch = plain_round(p->batch, b.batch);
  Plain data = {{batch, p->in_channels, p->height, p->width}, NULL};
  Plain kernel = {{p->out_channels, p->in_channels / layer.groups,
                   p->kernel_height, p->kernel_width},
                  NULL};
  Plain res = {
      {batch, p->out_channels,
       (p->height + 2 * p->pad_height - p->kernel_height) / p->stride_height +
           1,
       (p->width + 2 * p->pad_width - p->kernel_width) / p->stride_width + 1},
      NULL};
  Plain bias = {{p->out_channels, 1, 1, 1}, NULL};
  TestData *packed = NULL;
  if (plain_allocate(&data) && plain_allocate(&kernel) &&
      plain_allocate(&res) && plain_allocate(&bias)) {
    plain_fill(&data, p->batch, b.inp_bits, &seed);
    plain_fill(&kernel, p->out_channels, b.wgt_bits, &seed);
    if (p->bias) {
      plain_fill(&bias, p->out_channels, b.acc_bits < 16 ? b.acc_bits : 16,
                 &seed);
      layer.bias = bias.at;
    }
    if (convolve(&res, &data, &kernel, &layer, &b))
      packed = pack_layer(&data, &kernel, &res, &layer, &b);
  }
  free(bias.at);
  free(data.at);
  free(kernel.at);
  free(res.at);
  return packed;
}

TestData *depthwise_data(const vtac_config *config, const vtac_conv2d_params *p,
                         uint64_t seed) {
  vtac_conv2d_params depthwise = *p;
  depthwise.groups = (int)p->in_channels;
  return conv2d_data(config, &depthwise, seed);
}

TestData *gemm_data(const vtac_config *config, const vtac_gemm_params *p,
                    uint64_t seed) {
  const vtac_conv2d_params one_pixel = {.batch = p->batch,
                                        .in_channels = p->in,
                                        .out_channels = p->out,
                                        .height = 1,
                                        .width = 1,
                                        .kernel_height = 1,
                                        .kernel_width = 1,
                                        .stride_height = 1,
                                        .stride_width = 1,
                                        .shift = p->shift,
                                        .bias = p->bias};
  return conv2d_data(config, &one_pixel, seed);
}

TestData *dense_data(const vtac_config *config, const vtac_gemm_params *p,
                     uint64_t seed) {
  vtac_gemm_params dense = *p;
  dense.bias = 1;
  return gemm_data(config, &dense, seed);
}
