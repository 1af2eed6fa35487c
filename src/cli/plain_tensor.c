/* SPDX-License-Identifier: Apache-2.0 */
/* Filling and packing plain tensors. */
#include "cli/plain_tensor.h"

#include <stdlib.h>

Blocks plain_blocks(const vtac_config *config) {
  return (Blocks){vtac_config_get(config, "BATCH"),
                  vtac_config_get(config, "BLOCK_IN"),
                  vtac_config_get(config, "BLOCK_OUT"),
                  (int)vtac_config_get(config, "INP_WIDTH"),
                  (int)vtac_config_get(config, "WGT_WIDTH"),
                  (int)vtac_config_get(config, "ACC_WIDTH")};
}

int64_t plain_round(int64_t n, int64_t block) {
  return (n + block - 1) / block * block;
}

int64_t plain_size(const Plain *t) {
  return t->dim[0] * t->dim[1] * t->dim[2] * t->dim[3];
}

bool plain_allocate(Plain *t) {
  t->at = calloc((size_t)plain_size(t), sizeof *t->at);
  return t->at != NULL;
}

/* ---- Values ------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

int32_t plain_wrap(uint32_t value, int bits) {
  return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

void plain_fill(Plain *t, int64_t rows, int bits, uint64_t *state) {
  int64_t n = t->dim[0] ? plain_size(t) / t->dim[0] * rows : 0;
  for (int64_t i = 0; i < n; i++)
    t->at[i] = plain_wrap((uint32_t)(next_random(state) >> 32), bits);
}

int32_t plain_tail(uint32_t sum, int shift, const Blocks *b) {
  int32_t value = plain_wrap(sum, b->acc_bits);
  int32_t most = (int32_t)((1u << (b->inp_bits - 1)) - 1);
  value >>= shift > 31 ? 31 : shift;
  return value < 0 ? 0 : value > most ? most : value;
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

void *plain_pack(const Plain *t, int64_t channels, int64_t n, int64_t c,
                 int bits) {
  channels = plain_round(channels, c);
  int64_t pixels = t->dim[2] * t->dim[3];
  int64_t lanes = t->dim[0] * channels * pixels, at = 0;
  uint8_t *bytes = calloc(((size_t)lanes * (size_t)bits + 7) / 8, 1);
  for (int64_t tile = 0; bytes && at < lanes; tile++) {
    int64_t pixel = tile % pixels, cs = tile / pixels % (channels / c);
    int64_t ns = tile / pixels / (channels / c);
    for (int64_t lane = 0; lane < n * c; lane++, at++) {
      int64_t row = ns * n + lane / c, channel = cs * c + lane % c;
      if (channel < t->dim[1])
        put(bytes, at, bits,
            t->at[(row * t->dim[1] + channel) * pixels + pixel]);
    }
  }
  return bytes;
}

void *plain_pack_bias(const int32_t *bias, int64_t n, int64_t channels,
                      const Blocks *b) {
  channels = plain_round(channels, b->out);
  uint8_t *bytes =
      calloc((size_t)(channels * b->batch), (size_t)b->acc_bits / 8);
  for (int64_t i = 0; bytes && i < channels * b->batch; i++) {
    int64_t channel = i / (b->batch * b->out) * b->out + i % b->out;
    if (channel < n) put(bytes, i, b->acc_bits, bias[channel]);
  }
  return bytes;
}

/* ---- Test data ---------------------------------------------------------- */

void test_data_free(TestData *data) {
  if (!data) return;
  for (int i = 0; i < TEST_INPUTS; i++) free(data->input[i]);
  free(data->expected);
  free(data);
}

TestData *test_data_checked(TestData *data) {
  bool whole = data->expected != NULL;
  for (int i = 0; i < data->inputs; i++) whole &= data->input[i] != NULL;
  if (whole) return data;
  test_data_free(data);
  return NULL;
}
