/* SPDX-License-Identifier: Apache-2.0 */
/* Preparing tiles of 16-bit weights on x86-64: as prepare_x86.h, which comes
 * before, where groups are pairs and need not be widened. */
TARGET static inline __attribute__((always_inline)) __m128i load_pairs(
    const int16_t *from) {
  return _mm_loadu_si128((const __m128i *)(const void *)from);
}

TARGET static void prepare_wide(void *to, const void *from, int block) {
  const size_t stride = (size_t)block / 4;
  const int16_t *weights = from;
  __m128i *target = to;
  for (int output = 0; output < block; output += 4)
    for (int k = 0; k < block; k += 8) {
      const int16_t *row = weights + output * block + k;
      store_transposed(target + (size_t)(k / 2) * stride + output / 4, stride,
                       load_pairs(row), load_pairs(row + block),
                       load_pairs(row + 2 * block),
                       load_pairs(row + 3 * block));
    }
}
