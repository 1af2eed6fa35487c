/* SPDX-License-Identifier: Apache-2.0 */
/* Plain element-wise operators and poolings. */
#include <stdlib.h>

#include "cli/plain_tensor.h"

/* ---- Sources ------------------------------------------------------------ */

/* The bits in which an operator takes its data. */
static int data_bits(const Blocks *b, bool wide) {
  return !wide && b->inp_bits == 8 && b->acc_bits == 32 ? 8 : b->acc_bits;
}

static int64_t clip(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

static int64_t most_of(const Blocks *b) {
  return ((int64_t)1 << (b->inp_bits - 1)) - 1;
}

/* Packs inputs and result and frees them. */
static TestData *pack_image(Plain *const *source, int sources, Plain *res,
                            const Blocks *b, int bits) {
  TestData *data = calloc(1, sizeof *data);
  for (int i = 0; data && i < sources; i++)
    data->input[data->inputs++] =
        plain_pack(source[i], source[i]->dim[1], b->batch, b->out, bits);
  if (data)
    data->expected =
        plain_pack(res, res->dim[1], b->batch, b->out, b->inp_bits);
  return data ? test_data_checked(data) : NULL;
}

/* ---- Element by element ------------------------------------------------- */

static TestData *eltwise(const vtac_config *config,
                         const vtac_eltwise_params *p, int sources, bool relu,
                         uint64_t seed) {
  Blocks b = plain_blocks(config);
  int64_t batch = plain_round(p->batch, b.batch);
  const Plain shape = {{batch, p->channels, p->height, p->width}, NULL};
  Plain one = shape, other = shape, res = shape;
  TestData *data = NULL;
  if (plain_allocate(&one) && plain_allocate(&other) && plain_allocate(&res)) {
    int bits = p->wide && b.acc_bits > 20 ? 20 : data_bits(&b, p->wide);
    int values = bits > b.inp_bits && !p->wide ? b.inp_bits : bits;
    plain_fill(&one, p->batch, values, &seed);
    plain_fill(&other, p->batch, values, &seed);
    for (int64_t i = 0; i < plain_size(&res); i++) {
      uint32_t sum = (uint32_t)one.at[i];
      if (sources == 2) sum += (uint32_t)other.at[i];
      int64_t value = plain_wrap(sum, b.acc_bits) >> p->shift;
      res.at[i] =
          (int32_t)clip(value, relu ? 0 : -most_of(&b) - 1, most_of(&b));
    }
    data = pack_image((Plain *[]){&one, &other}, sources, &res, &b,
                      data_bits(&b, p->wide));
  }
  free(one.at);
  free(other.at);
  free(res.at);
  return data;
}

TestData *add_data(const vtac_config *config, const vtac_eltwise_params *p,
                   uint64_t seed) {
  return eltwise(config, p, 2, false, seed);
}

TestData *relu_data(const vtac_config *config, const vtac_eltwise_params *p,
                    uint64_t seed) {
  return eltwise(config, p, 1, true, seed);
}

TestData *requantize_data(const vtac_config *config,
                          const vtac_eltwise_params *p, uint64_t seed) {
  vtac_eltwise_params sums = *p;
  sums.wide = 1;
  return eltwise(config, &sums, 1, false, seed);
}

/* ---- Windows ------------------------------------------------------------ */

/* The largest and the sum of one window. */
typedef struct Window {
  int64_t most, sum;
} Window;

static Window look(const Plain *image, const vtac_pool2d_params *p,
                   int64_t plane, int64_t y, int64_t x) {
  Window window = {INT32_MIN, 0};
  for (int64_t dy = 0; dy < p->window_height; dy++)
    for (int64_t dx = 0; dx < p->window_width; dx++) {
      int64_t row = y * p->stride_height + dy - p->pad_height;
      int64_t column = x * p->stride_width + dx - p->pad_width;
      if (row < 0 || row >= p->height || column < 0 || column >= p->width)
        continue;
      int32_t value = image->at[(plane * p->height + row) * p->width + column];
      window.sum += value;
      if (value > window.most) window.most = value;
    }
  return window;
}

/* sum / n to the nearest whole number, halves upwards. */
static int64_t average(int64_t sum, int64_t n) {
  int64_t doubled = 2 * sum + n, quotient = doubled / (2 * n);
  return doubled % (2 * n) < 0 ? quotient - 1 : quotient;
}

static TestData *pool(const vtac_config *config, const vtac_pool2d_params *p,
                      bool average_them, uint64_t seed) {
  Blocks b = plain_blocks(config);
  int64_t batch = plain_round(p->batch, b.batch);
  int64_t n = p->window_height * p->window_width;
  Plain image = {{batch, p->channels, p->height, p->width}, NULL};
  Plain res = {
      {batch, p->channels,
       (p->height + 2 * p->pad_height - p->window_height) / p->stride_height +
           1,
       (p->width + 2 * p->pad_width - p->window_width) / p->stride_width + 1},
      NULL};
  TestData *data = NULL;
  if (plain_allocate(&image) && plain_allocate(&res)) {
    int64_t pixels = res.dim[2] * res.dim[3];
    plain_fill(&image, p->batch, b.inp_bits, &seed);
    for (int64_t i = 0; i < plain_size(&res); i++) {
      Window window =
          look(&image, p, i / pixels, i % pixels / res.dim[3], i % res.dim[3]);
      res.at[i] =
          (int32_t)(average_them ? average(window.sum, n) : window.most);
    }
    data = pack_image((Plain *[]){&image}, 1, &res, &b, data_bits(&b, p->wide));
  }
  free(image.at);
  free(res.at);
  return data;
}

TestData *max_pool2d_data(const vtac_config *config,
                          const vtac_pool2d_params *p, uint64_t seed) {
  return pool(config, p, false, seed);
}

TestData *avg_pool2d_data(const vtac_config *config,
                          const vtac_pool2d_params *p, uint64_t seed) {
  return pool(config, p, true, seed);
}

TestData *global_avg_pool2d_data(const vtac_config *config,
                                 const vtac_pool2d_params *p, uint64_t seed) {
  vtac_pool2d_params all = *p;
  all.window_height = p->height;
  all.window_width = p->width;
  all.stride_height = all.stride_width = 1;
  all.pad_height = all.pad_width = 0;
  return pool(config, &all, true, seed);
}
