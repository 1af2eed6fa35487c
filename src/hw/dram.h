/* SPDX-License-Identifier: Apache-2.0 */
/* Dram: the virtual device memory of a simulator.
 *
 * Blocks lie behind one another on pages from 0x1000 up.  A freed block gives
 * its host memory back and keeps its addresses: a later request that fits
 * takes the smallest such block, the one freed first among equals. */
#ifndef HW_DRAM_H
#define HW_DRAM_H

#include "hw/port.h"

typedef struct DramBlock DramBlock;

typedef struct Dram {
  DramBlock *block; /* in the order of their addresses */
  size_t blocks, capacity;
  uint32_t pages;    /* of all blocks */
  uint64_t released; /* frees so far: the order among free blocks */
} Dram;

void dram_init(Dram *dram);
void dram_clear(Dram *dram); /* frees all; the dram may be used again */

/* New memory is zero.  A request for no bytes gets a page of its own that no
 * access may touch. */
vtac_status dram_alloc(Dram *dram, size_t size, HwAddr *ret, Diag *diag);
vtac_status dram_free(Dram *dram, HwAddr addr, Diag *diag);

/* The host's view of `size` bytes at `addr`, which must lie in one live block.
 * A 64-bit address lets a caller pass sums that leave the address space. */
vtac_status dram_range(const Dram *dram, uint64_t addr, uint64_t size,
                       void **ret, Diag *diag);

#endif
