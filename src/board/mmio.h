/* SPDX-License-Identifier: Apache-2.0 */
/* Mmio: a window of device registers in the process's address space. */
#ifndef BOARD_MMIO_H
#define BOARD_MMIO_H

#include "board/board.h"

typedef struct Mmio {
  volatile uint32_t *words;
  void *map;
  size_t map_size;
} Mmio;

/* Maps `size` bytes from the physical address `address` on, uncached. */
vtac_status mmio_map(const BoardSpec *spec, uint64_t address, size_t size,
                     Mmio *ret, Diag *diag);
void mmio_unmap(Mmio *mmio); /* a zeroed window is fine */

/* The offset is in bytes, a multiple of 4. */
static inline uint32_t mmio_read(const Mmio *mmio, uint32_t offset) {
  return mmio->words[offset / 4];
}

static inline void mmio_write(const Mmio *mmio, uint32_t offset,
                              uint32_t value) {
  mmio->words[offset / 4] = value;
}

/* What was written to memory before is there for the device, and what the
 * device wrote is there for reads behind it. */
static inline void mmio_barrier(void) {
#if defined(__arm__) || defined(__aarch64__)
  __asm__ volatile("dsb sy" ::: "memory");
#else
  __sync_synchronize();
#endif
}

#endif
