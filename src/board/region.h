/* SPDX-License-Identifier: Apache-2.0 */
/* Region: blocks of pages in a board's contiguous memory.  Only live blocks
 * are kept, by address; what lies between them is free.  Cost: looking a
 * block up is a binary search, allocation takes the first gap that fits. */
#ifndef BOARD_REGION_H
#define BOARD_REGION_H

#include "hw/port.h"

typedef struct RegionBlock {
  HwAddr addr;
  size_t size;        /* as asked for */
  uint64_t span;      /* whole pages, at least one */
  bool read, written; /* marks of the stream that is being looked at */
} RegionBlock;

typedef struct Region {
  HwAddr base;
  size_t size;
  RegionBlock *block; /* by address */
  size_t blocks, capacity;
  uint64_t changes; /* allocations and frees so far */
} Region;

/* `base` is a device address on a page, not 0. */
void region_init(Region *region, HwAddr base, size_t size);
void region_clear(Region *region);

/* A request for no bytes gets a page that no access may touch. */
vtac_status region_alloc(Region *region, size_t size, HwAddr *ret, Diag *diag);
vtac_status region_free(Region *region, HwAddr addr, Diag *diag);
/* The live block that holds `size` bytes at `addr`. */
vtac_status region_find(const Region *region, uint64_t addr, uint64_t size,
                        RegionBlock **ret, Diag *diag);

#endif
