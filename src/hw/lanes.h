/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: the scalars packed in an element of an on-chip memory.  Lanes of
 * less than a byte fill little-endian words from the low end, so a byte holds
 * 8 / bits of them in order. */
#ifndef HW_LANES_H
#define HW_LANES_H

#include <stddef.h>
#include <stdint.h>

/* Lane `i`, sign-extended from `bits` (1, 2, 4, 8, 16 or 32). */
static inline int32_t lane_get(const void *element, size_t i, int bits) {
  const uint8_t *at = element;
  if (bits == 8) return (int8_t)at[i];
  uint32_t value = 0;
  if (bits < 8) {
    size_t per_byte = (size_t)(8 / bits);
    value = at[i / per_byte] >> (i % per_byte * (size_t)bits);
  } else {
    int bytes = bits / 8;
    for (int b = 0; b < bytes; b++)
      value |= (uint32_t)at[i * (size_t)bytes + (size_t)b] << 8 * b;
  }
  uint32_t sign = UINT32_C(1) << (bits - 1);
  uint32_t mask = (sign << 1) - 1;
  return (int32_t)(((value & mask) ^ sign) - sign);
}

/* Stores the low `bits` of `value`. */
static inline void lane_set(void *element, size_t i, int bits, int32_t value) {
  uint8_t *at = element;
  if (bits < 8) {
    size_t per_byte = (size_t)(8 / bits);
    unsigned shift = (unsigned)(i % per_byte) * (unsigned)bits;
    unsigned mask = (1u << bits) - 1;
    unsigned kept = at[i / per_byte] & ~(mask << shift);
    at[i / per_byte] = (uint8_t)(kept | ((unsigned)value & mask) << shift);
    return;
  }
  int bytes = bits / 8;
  for (int b = 0; b < bytes; b++)
    at[i * (size_t)bytes + (size_t)b] = (uint8_t)((uint32_t)value >> 8 * b);
}

#endif
