/* SPDX-License-Identifier: Apache-2.0 */
/* Plain convolutions, of which a matrix multiply is one with 1x1 images and
 * kernels: each output pixel's window is gathered and multiplied with every
 * kernel.  Sums wrap as the accelerator's accumulators do. */
#include "cli/plain.h"

#include <stdbool.h>
#include <stdlib.h>

/* A 4-dimensional tensor with its values, row major. */
typedef struct Plain {
  int64_t dim[4]; /* batch or output channels, channels, height, width */
  int32_t *at;
} Plain;

typedef struct Layer {
  int64_t pad[2], stride[2];
  int shift;
} Layer;

/* Widths and blocks of the accelerator. */
typedef struct Blocks {
  int64_t batch, in, out;
  int inp_bits, wgt_bits, acc_bits;
} Blocks;

static Blocks blocks_of(const vtac_config *config) {
  return (Blocks){vtac_config_get(config, "BATCH"),
                  vtac_config_get(config, "BLOCK_IN"),
                  vtac_config_get(config, "BLOCK_OUT"),
                  (int)vtac_config_get(config, "INP_WIDTH"),
                  (int)vtac_config_get(config, "WGT_WIDTH"),
                  (int)vtac_config_get(config, "ACC_WIDTH")};
}

static int64_t size_of(const Plain *t) {
  return t->dim[0] * t->dim[1] * t->dim[2] * t->dim[3];
}

static bool allocate(Plain *t) {
  t->at = calloc((size_t)size_of(t), sizeof *t->at);
  return t->at != NULL;
}

/* ---- Random values ------------------------------------------------------ */

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/* The low bits as a signed number of that width. */
static int32_t wrap(uint32_t value, int bits) {
  return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

static void fill(Plain *t, int bits, uint64_t *state) {
  for (int64_t i = 0; i < size_of(t); i++)
    t->at[i] = wrap((uint32_t)(next_random(state) >> 32), bits);
}

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

/* The fixed-point tail: shift, then clip to the non-negative activations. */
static int32_t tail(uint32_t sum, int shift, const Blocks *b) {
  int32_t value = wrap(sum, b->acc_bits);
  int32_t most = (int32_t)((1u << (b->inp_bits - 1)) - 1);
  value >>= shift > 31 ? 31 : shift;
  return value < 0 ? 0 : value > most ? most : value;
}

static void convolve_with(Plain *res, const Plain *data, const Plain *kernel,
                          const Layer *layer, const Blocks *b, Vectors *kernels,
                          Vectors *window) {
  int64_t n = kernel->dim[1] * kernel->dim[2] * kernel->dim[3];
  int64_t pixels = res->dim[2] * res->dim[3];
  for (int64_t i = 0; i < size_of(kernel); i++)
    set_vector(kernels, i, kernel->at[i]);
  for (int64_t p = 0; p < res->dim[0] * pixels; p++) {
    const int64_t pixel[3] = {p / pixels, p % pixels / res->dim[3],
                              p % res->dim[3]};
    gather(window, data, kernel, layer, pixel);
    for (int64_t o = 0; o < res->dim[1]; o++)
      res->at[(pixel[0] * res->dim[1] + o) * pixels + p % pixels] =
          tail(dot(window, 0, kernels, o * n, n), layer->shift, b);
  }
}

static bool convolve(Plain *res, const Plain *data, const Plain *kernel,
                     const Layer *layer, const Blocks *b) {
  bool narrow = b->inp_bits <= 8 && b->wgt_bits <= 8;
  Vectors kernels, window;
  bool good = make_vectors(&kernels, narrow, size_of(kernel));
  good &= make_vectors(&window, narrow, size_of(kernel) / kernel->dim[0]);
  if (good) convolve_with(res, data, kernel, layer, b, &kernels, &window);
  free_vectors(&kernels);
  free_vectors(&window);
  return good;
}

/* ---- Packing ------------------------------------------------------------ */

/* Stores value number `i` of a packed array of `bits`-wide numbers. */
static void put(uint8_t *bytes, int64_t i, int bits, int32_t value) {
  if (bits >= 8) {
    for (int k = 0; k < bits / 8; k++)
      bytes[i * (bits / 8) + k] = (uint8_t)((uint32_t)value >> (8 * k));
    return;
  }
  int at = (int)(i * bits % 8);
  unsigned mask = ((1u << bits) - 1) << at;
  uint8_t *byte = &bytes[i * bits / 8];
  *byte = (uint8_t)((*byte & ~mask) | (((uint32_t)value << at) & mask));
}

/* (N, C, H, W) -> (N/n, C/c, H, W, n, c), as the accelerator's tiles lie. */
static void *pack(const Plain *t, int64_t n, int64_t c, int bits) {
  uint8_t *bytes = calloc(((size_t)size_of(t) * (size_t)bits + 7) / 8, 1);
  int64_t outer[4] = {t->dim[0] / n, t->dim[1] / c, t->dim[2], t->dim[3]};
  int64_t tiles = outer[0] * outer[1] * outer[2] * outer[3], at = 0;
  for (int64_t tile = 0; bytes && tile < tiles; tile++) {
    int64_t x = tile % outer[3], y = tile / outer[3] % outer[2];
    int64_t cs = tile / outer[3] / outer[2] % outer[1];
    int64_t ns = tile / outer[3] / outer[2] / outer[1];
    for (int64_t lane = 0; lane < n * c; lane++) {
      int64_t row = (ns * n + lane / c) * t->dim[1] + cs * c + lane % c;
      put(bytes, at++, bits, t->at[(row * t->dim[2] + y) * t->dim[3] + x]);
    }
  }
  return bytes;
}

/* ---- Test data ---------------------------------------------------------- */

void test_data_free(TestData *data) {
  if (!data) return;
  free(data->input[0]);
  free(data->input[1]);
  free(data->expected);
  free(data);
}

static TestData *pack_all(const Plain *data, const Plain *kernel,
                          const Plain *res, const Blocks *b) {
  TestData *packed = calloc(1, sizeof *packed);
  if (!packed) return NULL;
  packed->inputs = 2;
  packed->input[0] = pack(data, b->batch, b->in, b->inp_bits);
  packed->input[1] = pack(kernel, b->out, b->in, b->wgt_bits);
  packed->expected = pack(res, b->batch, b->out, b->inp_bits);
  if (packed->input[0] && packed->input[1] && packed->expected) return packed;
  test_data_free(packed);
  return NULL;
}

TestData *conv2d_data(const vtac_config *config, const vtac_conv2d_params *p,
                      uint64_t seed) {
  Blocks b = blocks_of(config);
  Layer layer = {{p->pad_height, p->pad_width},
                 {p->stride_height, p->stride_width},
                 p->shift};
  Plain data = {{p->batch, p->in_channels, p->height, p->width}, NULL};
  Plain kernel = {
      {p->out_channels, p->in_channels, p->kernel_height, p->kernel_width},
      NULL};
  Plain res = {
      {p->batch, p->out_channels,
       (p->height + 2 * p->pad_height - p->kernel_height) / p->stride_height +
           1,
       (p->width + 2 * p->pad_width - p->kernel_width) / p->stride_width + 1},
      NULL};
  TestData *packed = NULL;
  if (allocate(&data) && allocate(&kernel) && allocate(&res)) {
    fill(&data, b.inp_bits, &seed);
    fill(&kernel, b.wgt_bits, &seed);
    if (convolve(&res, &data, &kernel, &layer, &b))
      packed = pack_all(&data, &kernel, &res, &b);
  }
  free(data.at);
  free(kernel.at);
  free(res.at);
  return packed;
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
                                        .shift = p->shift};
  return conv2d_data(config, &one_pixel, seed);
}
