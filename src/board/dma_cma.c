/* SPDX-License-Identifier: Apache-2.0 */
/* Contiguous memory from a CMA library, as the images of Pynq bring one: one
 * buffer, taken when the board is opened. */
#include "board/dma.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef struct Cma {
  DmaMemory dma;
  void *library;
  bool sync;
  void *(*alloc)(uint32_t size, uint32_t cached);
  unsigned long (*phys)(void *bytes);
  void (*release)(void *bytes);
  void (*flush)(void *bytes, unsigned int phys, int size);
  void (*invalidate)(void *bytes, unsigned int phys, int size);
} Cma;

static void cma_close(DmaMemory *dma) {
  Cma *own = (Cma *)dma;
  if (dma->bytes) own->release(dma->bytes);
  if (own->library) dlclose(own->library);
  free(own);
}

static vtac_status cma_for_device(DmaMemory *dma, size_t offset, size_t size,
                                  Diag *diag) {
  const Cma *own = (Cma *)dma;
  (void)diag;
  if (own->sync)
    own->flush(dma->bytes + offset, (unsigned int)(dma->phys + offset),
               (int)size);
  return VTAC_OK;
}

static vtac_status cma_for_cpu(DmaMemory *dma, size_t offset, size_t size,
                               Diag *diag) {
  const Cma *own = (Cma *)dma;
  (void)diag;
  if (own->sync)
    own->invalidate(dma->bytes + offset, (unsigned int)(dma->phys + offset),
                    (int)size);
  return VTAC_OK;
}

static const DmaOps cma_ops = {.close = cma_close,
                               .sync_for_device = cma_for_device,
                               .sync_for_cpu = cma_for_cpu};

/* Fills in one function; ISO C has no cast for it. */
static vtac_status find(Cma *own, const char *name, void *ret, Diag *diag) {
  void *symbol = dlsym(own->library, name);
  if (!symbol)
    return diag_set(diag, D_BOARD_MEMORY, "the CMA library has no %s", name);
  memcpy(ret, &symbol, sizeof symbol);
  return VTAC_OK;
}

static vtac_status find_functions(Cma *own, Diag *diag) {
  vtac_status status = find(own, "cma_alloc", &own->alloc, diag);
  if (!status) status = find(own, "cma_free", &own->release, diag);
  if (!status) status = find(own, "cma_get_phy_addr", &own->phys, diag);
  if (status || !own->sync) return status;
  status = find(own, "cma_flush_cache", &own->flush, diag);
  if (!status)
    status = find(own, "cma_invalidate_cache", &own->invalidate, diag);
  return status;
}

static vtac_status take_buffer(Cma *own, const BoardSpec *spec, Diag *diag) {
  const uint32_t cached = strcmp(spec->cache, "off") != 0;
  void *bytes = own->alloc((uint32_t)spec->dma_size, cached);
  /* Libraries say no by NULL or by -1. */
  if (!bytes || (intptr_t)bytes == -1)
    return diag_set(diag, D_BOARD_MEMORY,
                    "%s: cannot allocate %llu bytes of contiguous memory",
                    spec->dma, (unsigned long long)spec->dma_size);
  own->dma.bytes = bytes;
  own->dma.size = (size_t)spec->dma_size;
  own->dma.phys = own->phys(bytes);
  return VTAC_OK;
}

vtac_status dma_open_cma(const BoardSpec *spec, DmaMemory **ret, Diag *diag) {
  Cma *own = calloc(1, sizeof *own);
  if (!own) return diag_set(diag, D_NO_MEMORY, "no memory for a board");
  own->dma.ops = &cma_ops;
  own->sync = !strcmp(spec->cache, "sync");
  own->library = dlopen(spec->dma, RTLD_NOW | RTLD_LOCAL);
  vtac_status status =
      own->library ? find_functions(own, diag)
                   : diag_set(diag, D_BOARD_MEMORY,
                              "cannot load the CMA library: %s", dlerror());
  if (!status) status = take_buffer(own, spec, diag);
  if (status)
    cma_close(&own->dma);
  else
    *ret = &own->dma;
  return status;
}
