/* SPDX-License-Identifier: Apache-2.0 */
/* What the linker must know of one machine. */
#ifndef ELF_ARCH_H
#define ELF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

/* One place to be patched. */
typedef struct Fixup {
  uint8_t *at;     /* in this process */
  uint64_t place;  /* its address when the code runs */
  uint64_t symbol; /* address meant, without the addend */
  uint64_t got;    /* address of a pointer to the symbol */
  uint64_t call;   /* where a call goes: the symbol, or a stub that jumps */
  int64_t addend;
  uint32_t type;
} Fixup;

typedef enum FixResult { FIX_DONE, FIX_UNKNOWN, FIX_FAR } FixResult;

typedef struct Arch {
  uint16_t machine;
  const char *name;
  int stub_bytes;
  /* A jump to `target`, whose address also stands at `got`. */
  void (*stub)(uint8_t *at, uint64_t place, uint64_t target, uint64_t got);
  FixResult (*apply)(const Fixup *fixup);
  /* The addend that stands in the code itself (REL); NULL if never. */
  int64_t (*addend)(const uint8_t *at, uint32_t type);
  int patch_bytes; /* the most that one fixup touches */
} Arch;

extern const Arch arch_x86_64, arch_aarch64, arch_arm;
const Arch *arch_of(uint16_t machine); /* NULL if not known */

static inline uint32_t get32(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
         (uint32_t)at[3] << 24;
}
static inline void put32(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> 8 * i);
}
static inline void put64(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 8; i++) at[i] = (uint8_t)(value >> 8 * i);
}
/* Does the value fit a signed field of that many bits? */
static inline bool fits_signed(int64_t value, int bits) {
  int64_t half = INT64_C(1) << (bits - 1);
  return value >= -half && value < half;
}

#endif
