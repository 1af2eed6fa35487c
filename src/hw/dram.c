/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation and bounds checks of a simulator's device memory.  Looking an
 * address up is a binary search; allocation scans the blocks once. */
#include "hw/dram.h"

#include <stdlib.h>
#include <string.h>

enum {
  ALIGNMENT = 256, /* of the host's view, as DLPack's producers have it */
  MAX_PAGES = (1 << (32 - HW_PAGE_BITS)) - 1
};

struct DramBlock {
  HwAddr addr;
  uint32_t pages;
  size_t size;          /* as asked for */
  void *storage;        /* NULL while the block is free */
  unsigned char *bytes; /* aligned into `storage` */
  uint64_t released;    /* when it was freed */
};

void dram_init(Dram *dram) { *dram = (Dram){0}; }

void dram_clear(Dram *dram) {
  for (size_t i = 0; i < dram->blocks; i++) free(dram->block[i].storage);
  free(dram->block);
  dram_init(dram);
}

/* The free block to take for `pages` pages, or NULL. */
static DramBlock *best_free(const Dram *dram, uint64_t pages) {
  DramBlock *best = NULL;
  for (size_t i = 0; i < dram->blocks; i++) {
    DramBlock *block = &dram->block[i];
    if (block->storage || block->pages < pages) continue;
    if (!best || block->pages < best->pages ||
        (block->pages == best->pages && block->released < best->released))
      best = block;
  }
  return best;
}

/* A new free block behind the last. */
static vtac_status append_block(Dram *dram, uint64_t pages, DramBlock **ret,
                                Diag *diag) {
  if (pages > MAX_PAGES - dram->pages)
    return diag_set(diag, D_DRAM_FULL,
                    "device memory is full: %llu pages wanted, %u of %d left",
                    (unsigned long long)pages, MAX_PAGES - dram->pages,
                    MAX_PAGES);
  if (dram->blocks == dram->capacity) {
    size_t capacity = dram->capacity ? dram->capacity * 2 : 16;
    DramBlock *bigger = realloc(dram->block, capacity * sizeof *bigger);
    if (!bigger)
      return diag_set(diag, D_NO_MEMORY, "no memory for a block's record");
    dram->block = bigger;
    dram->capacity = capacity;
  }
  *ret = &dram->block[dram->blocks++];
  **ret = (DramBlock){
      (dram->pages + 1) << HW_PAGE_BITS, (uint32_t)pages, 0, NULL, NULL, 0};
  dram->pages += (uint32_t)pages;
  return VTAC_OK;
}

vtac_status dram_alloc(Dram *dram, size_t size, HwAddr *ret, Diag *diag) {
  uint64_t pages = (uint64_t)size / HW_PAGE_BYTES + (size % HW_PAGE_BYTES != 0);
  if (pages == 0) pages = 1;
  if (pages > MAX_PAGES)
    return diag_set(diag, D_DRAM_FULL, "%zu bytes exceed the address space",
                    size);
  /* Asked for before the block is placed, so that a failure changes nothing */
  void *storage = calloc(1, size + ALIGNMENT);
  if (!storage)
    return diag_set(diag, D_NO_MEMORY, "no memory for a block of %zu bytes",
                    size);
  DramBlock *block = best_free(dram, pages);
  vtac_status status =
      block ? VTAC_OK : append_block(dram, pages, &block, diag);
  if (status) {
    free(storage);
    return status;
  }
  uintptr_t start = ((uintptr_t)storage + ALIGNMENT - 1) / ALIGNMENT;
  block->size = size;
  block->storage = storage;
  block->bytes =
      (unsigned char *)storage + (start * ALIGNMENT - (uintptr_t)storage);
  *ret = block->addr;
  return VTAC_OK;
}

/* The block, live or free, whose pages hold `addr`, or NULL. */
static DramBlock *find_block(const Dram *dram, uint64_t addr) {
  size_t low = 0, high = dram->blocks;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (dram->block[middle].addr <= addr)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return NULL;
  DramBlock *block = &dram->block[low - 1];
  uint64_t span = (uint64_t)block->pages << HW_PAGE_BITS;
  return addr - block->addr < span ? block : NULL;
}

vtac_status dram_free(Dram *dram, HwAddr addr, Diag *diag) {
  DramBlock *block = find_block(dram, addr);
  if (!block || block->addr != addr)
    return diag_set(diag, D_DRAM_RANGE, "free of 0x%08x: no block starts there",
                    addr);
  if (!block->storage)
    return diag_set(diag, D_DRAM_RANGE, "free of 0x%08x: it is already free",
                    addr);
  free(block->storage);
  block->storage = NULL;
  block->bytes = NULL;
  block->released = dram->released++;
  return VTAC_OK;
}

vtac_status dram_range(const Dram *dram, uint64_t addr, uint64_t size,
                       void **ret, Diag *diag) {
  const DramBlock *block = find_block(dram, addr);
  if (!block || !block->storage)
    return diag_set(diag, D_DRAM_RANGE,
                    "device memory 0x%08llx + %llu bytes: no block lies there",
                    (unsigned long long)addr, (unsigned long long)size);
  uint64_t offset = addr - block->addr;
  if (offset > block->size || size > block->size - offset)
    return diag_set(diag, D_DRAM_RANGE,
                    "device memory 0x%08llx + %llu bytes: leaves the block of "
                    "%zu bytes at 0x%08x",
                    (unsigned long long)addr, (unsigned long long)size,
                    block->size, block->addr);
  *ret = block->bytes + offset;
  return VTAC_OK;
}
