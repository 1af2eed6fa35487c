/* SPDX-License-Identifier: Apache-2.0 */
/* What the linker must know of one machine. */
#ifndef ELF_ARCH_H
#define ELF_ARCH_H

#include <stdbool.h>
#include <stdint.h>

/* One place to be patched. */
typedef struct Fixup {
  uint8_t *at;       /* in this process */
  uint64_t place;    /* its address when the code runs */
  uint64_t symbol;   /* address meant, without the addend */
  uint64_t got;      /* address of a pointer to the symbol */
  uint64_t got_base; /* of the table of these pointers */
  uint64_t call;     /* where a call goes: the symbol, or a stub that jumps */
  int64_t addend;
  const uint64_t *high; /* what the relocation at `symbol` went, or NULL */
  uint32_t type;
} Fixup;

typedef enum FixResult {
  FIX_DONE,
  FIX_UNKNOWN, /* type */
  FIX_FAR,     /* the value does not fit */
  FIX_ALONE    /* one half of a pair without the other */
} FixResult;

typedef struct Arch {
  uint16_t machine;
  bool wide; /* 64 bits */
  const char *name;
  int stub_bytes;
  /* A jump to `target`, whose address also stands at `got`. */
  void (*stub)(uint8_t *at, uint64_t place, uint64_t target, uint64_t got);
  /* How many bytes a relocation of that type touches. */
  int (*width)(uint32_t type);
  FixResult (*apply)(const Fixup *fixup);
  /* The addend that stands in the code itself (REL); NULL if never. */
  int64_t (*addend)(const uint8_t *at, uint32_t type);
  /* Is it the first of a pair whose second one names this place?  Then the
   * distance to the target, which the second one needs.  NULL if never. */
  bool (*high)(const Fixup *fixup, uint64_t *ret_distance);
} Arch;

extern const Arch arch_x86_64, arch_aarch64, arch_arm, arch_riscv64;
const Arch *arch_of(uint16_t machine, bool wide); /* NULL if not known */

static inline uint64_t get_bytes(const uint8_t *at, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; i++) value |= (uint64_t)at[i] << 8 * i;
  return value;
}
static inline void put_bytes(uint8_t *at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}
static inline uint32_t get32(const uint8_t *at) {
  return (uint32_t)get_bytes(at, 4);
}
static inline void put32(uint8_t *at, uint64_t value) {
  put_bytes(at, value, 4);
}
static inline void put64(uint8_t *at, uint64_t value) {
  put_bytes(at, value, 8);
}
/* Does the value fit a signed field of that many bits? */
static inline bool fits_signed(int64_t value, int bits) {
  int64_t half = INT64_C(1) << (bits - 1);
  return value >= -half && value < half;
}

#endif
