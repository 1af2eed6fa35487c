/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation in a board's contiguous memory. */
#include "board/region.h"

#include <stdlib.h>
#include <string.h>

void region_init(Region *region, HwAddr base, size_t size) {
  *region =
      (Region){.base = base, .size = size / HW_PAGE_BYTES * HW_PAGE_BYTES};
}

void region_clear(Region *region) {
  free(region->block);
  *region = (Region){0};
}

static uint64_t span_of(size_t size) {
  uint64_t pages = (uint64_t)size / HW_PAGE_BYTES + (size % HW_PAGE_BYTES != 0);
  return (pages ? pages : 1) * HW_PAGE_BYTES;
}

/* Where the gap behind block `index` - 1 starts. */
static uint64_t gap_start(const Region *region, size_t index) {
  if (index == 0) return region->base;
  const RegionBlock *before = &region->block[index - 1];
  return before->addr + before->span;
}

static uint64_t gap_end(const Region *region, size_t index) {
  return index < region->blocks ? region->block[index].addr
                                : (uint64_t)region->base + region->size;
}

static vtac_status grow(Region *region, Diag *diag) {
  if (region->blocks < region->capacity) return VTAC_OK;
  size_t capacity = region->capacity ? region->capacity * 2 : 16;
  RegionBlock *bigger = realloc(region->block, capacity * sizeof *bigger);
  if (!bigger)
    return diag_set(diag, D_NO_MEMORY, "no memory for a block's record");
  region->block = bigger;
  region->capacity = capacity;
  return VTAC_OK;
}

static vtac_status report_full(const Region *region, uint64_t wanted,
                               Diag *diag) {
  uint64_t used = 0;
  for (size_t i = 0; i < region->blocks; i++) used += region->block[i].span;
  return diag_set(diag, D_BOARD_FULL,
                  "the board's memory is full: %llu bytes wanted, %llu of "
                  "%zu in use",
                  (unsigned long long)wanted, (unsigned long long)used,
                  region->size);
}

vtac_status region_alloc(Region *region, size_t size, HwAddr *ret, Diag *diag) {
  if (size > region->size) return report_full(region, size, diag);
  const uint64_t span = span_of(size);
  size_t at = 0;
  while (at <= region->blocks &&
         gap_end(region, at) - gap_start(region, at) < span)
    at++;
  if (at > region->blocks) return report_full(region, span, diag);
  const HwAddr addr = (HwAddr)gap_start(region, at);
  vtac_status status = grow(region, diag);
  if (status) return status;
  memmove(region->block + at + 1, region->block + at,
          (region->blocks++ - at) * sizeof *region->block);
  region->block[at] = (RegionBlock){addr, size, span, false, false};
  region->changes++;
  *ret = addr;
  return VTAC_OK;
}

/* The last block that starts at or before `addr`, or NULL. */
static RegionBlock *block_at(const Region *region, uint64_t addr) {
  size_t low = 0, high = region->blocks;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (region->block[middle].addr <= addr)
      low = middle + 1;
    else
      high = middle;
  }
  return low ? &region->block[low - 1] : NULL;
}

vtac_status region_free(Region *region, HwAddr addr, Diag *diag) {
  RegionBlock *block = block_at(region, addr);
  if (!block || block->addr != addr)
    return diag_set(diag, D_DRAM_RANGE,
                    "free of 0x%08x: no live block starts there", addr);
  size_t at = (size_t)(block - region->block);
  region->changes++;
  memmove(block, block + 1, (--region->blocks - at) * sizeof *block);
  return VTAC_OK;
}

vtac_status region_find(const Region *region, uint64_t addr, uint64_t size,
                        RegionBlock **ret, Diag *diag) {
  RegionBlock *block = block_at(region, addr);
  uint64_t offset = block ? addr - block->addr : 0;
  if (!block || offset >= block->span)
    return diag_set(diag, D_DRAM_RANGE,
                    "device memory 0x%08llx + %llu bytes: no block lies there",
                    (unsigned long long)addr, (unsigned long long)size);
  if (offset > block->size || size > block->size - offset)
    return diag_set(diag, D_DRAM_RANGE,
                    "device memory 0x%08llx + %llu bytes: leaves the block of "
                    "%zu bytes at 0x%08x",
                    (unsigned long long)addr, (unsigned long long)size,
                    block->size, block->addr);
  *ret = block;
  return VTAC_OK;
}
