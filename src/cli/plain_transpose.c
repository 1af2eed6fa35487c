/* SPDX-License-Identifier: Apache-2.0 */
/* The plain transposed convolution: every input element is multiplied with
 * the kernel and added where it belongs. */
#include <stdlib.h>

#include "cli/plain_tensor.h"

typedef vtac_conv2d_transpose_params Params;

static void scatter(uint32_t *sums, const int64_t out[4], const Plain *data,
                    const Plain *kernel, const Params *p) {
  for (int64_t i = 0; i < plain_size(data); i++) {
    int64_t x = i % p->width, y = i / p->width % p->height;
    int64_t channel = i / p->width / p->height % p->in_channels;
    int64_t image = i / p->width / p->height / p->in_channels;
    for (int64_t o = 0; o < p->out_channels; o++)
      for (int64_t k = 0; k < p->kernel_height * p->kernel_width; k++) {
        int64_t row =
            y * p->stride_height + k / p->kernel_width - p->pad_height;
        int64_t column =
            x * p->stride_width + k % p->kernel_width - p->pad_width;
        if (row < 0 || row >= out[2] || column < 0 || column >= out[3])
          continue;
        int64_t weight = (o * p->in_channels + channel) *
                             (p->kernel_height * p->kernel_width) +
                         k;
        sums[((image * out[1] + o) * out[2] + row) * out[3] + column] +=
            (uint32_t)data->at[i] * (uint32_t)kernel->at[weight];
      }
  }
}

static int64_t taps_of(int64_t kernel, int64_t stride) {
  return (kernel + stride - 1) / stride;
}

/* (O, I, KH, KW) -> (O, I, SH SW, TH TW), sorted as include/vtac/ops.h says. */
static bool sort_kernel(const Plain *kernel, const Params *p, Plain *ret) {
  int64_t th = taps_of(p->kernel_height, p->stride_height);
  int64_t tw = taps_of(p->kernel_width, p->stride_width);
  *ret = (Plain){{p->out_channels, p->in_channels,
                  p->stride_height * p->stride_width, th * tw},
                 NULL};
  if (!plain_allocate(ret)) return false;
  for (int64_t i = 0; i < plain_size(ret); i++) {
    int64_t t = i % (th * tw), r = i / (th * tw) % ret->dim[2];
    int64_t matrix = i / (th * tw) / ret->dim[2];
    int64_t y = (r / p->stride_width + p->pad_height) % p->stride_height +
                t / tw * p->stride_height;
    int64_t x = (r % p->stride_width + p->pad_width) % p->stride_width +
                t % tw * p->stride_width;
    if (y < p->kernel_height && x < p->kernel_width)
      ret->at[i] =
          kernel->at[(matrix * p->kernel_height + y) * p->kernel_width + x];
  }
  return true;
}

static TestData *pack(const Plain *data, const Plain *sorted, const Plain *bias,
                      const Plain *res, const Blocks *b) {
  TestData *packed = calloc(1, sizeof *packed);
  if (!packed) return NULL;
  packed->input[packed->inputs++] =
      plain_pack(data, data->dim[1], b->batch, b->in, b->inp_bits);
  packed->input[packed->inputs++] =
      plain_pack(sorted, sorted->dim[1], b->out, b->in, b->wgt_bits);
  if (bias)
    packed->input[packed->inputs++] =
        plain_pack_bias(bias->at, res->dim[1], res->dim[1], b);
  packed->expected =
      plain_pack(res, res->dim[1], b->batch, b->out, b->inp_bits);
  return test_data_checked(packed);
}

/* The tensors of one computation. */
typedef struct Tensors {
  Plain data, kernel, bias, sums, res, sorted;
} Tensors;

static TestData *compute(Tensors *t, const Params *p, const Blocks *b,
                         uint64_t seed) {
  int64_t pixels = t->res.dim[2] * t->res.dim[3];
  plain_fill(&t->data, p->batch, b->inp_bits, &seed);
  plain_fill(&t->kernel, p->out_channels, b->wgt_bits, &seed);
  if (p->bias)
    plain_fill(&t->bias, p->out_channels, b->acc_bits < 16 ? b->acc_bits : 16,
               &seed);
  scatter((uint32_t *)t->sums.at, t->res.dim, &t->data, &t->kernel, p);
  for (int64_t i = 0; i < plain_size(&t->res); i++) {
    int32_t bias = t->bias.at[i / pixels % p->out_channels];
    t->res.at[i] =
        plain_tail((uint32_t)t->sums.at[i] + (uint32_t)bias, p->shift, b);
  }
  if (!sort_kernel(&t->kernel, p, &t->sorted)) return NULL;
  /* rows of blocks of output channels are full in the packed kernel */
  Plain rows = t->sorted;
  rows.dim[0] = plain_round(rows.dim[0], b->out);
  rows.at = calloc((size_t)plain_size(&rows), sizeof *rows.at);
  if (!rows.at) return NULL;
  for (int64_t i = 0; i < plain_size(&t->sorted); i++)
    rows.at[i] = t->sorted.at[i];
  TestData *packed =
      pack(&t->data, &rows, p->bias ? &t->bias : NULL, &t->res, b);
  free(rows.at);
  return packed;
}

TestData *conv2d_transpose_data(const vtac_config *config, const Params *p,
                                uint64_t seed) {
  Blocks b = plain_blocks(config);
  int64_t batch = plain_round(p->batch, b.batch);
  int64_t height = (p->height - 1) * p->stride_height - 2 * p->pad_height +
                   p->kernel_height + p->extra_height;
  int64_t width = (p->width - 1) * p->stride_width - 2 * p->pad_width +
                  p->kernel_width + p->extra_width;
  Tensors t = {.data = {{batch, p->in_channels, p->height, p->width}, NULL},
               .kernel = {{p->out_channels, p->in_channels, p->kernel_height,
                           p->kernel_width},
                          NULL},
               .bias = {{p->out_channels, 1, 1, 1}, NULL},
               .sums = {{batch, p->out_channels, height, width}, NULL},
               .res = {{batch, p->out_channels, height, width}, NULL}};
  TestData *packed = NULL;
  if (plain_allocate(&t.data) && plain_allocate(&t.kernel) &&
      plain_allocate(&t.bias) && plain_allocate(&t.sums) &&
      plain_allocate(&t.res))
    packed = compute(&t, p, &b, seed);
  free(t.data.at);
  free(t.kernel.at);
  free(t.bias.at);
  free(t.sums.at);
  free(t.res.at);
  free(t.sorted.at);
  return packed;
}
