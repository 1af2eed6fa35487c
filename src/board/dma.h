/* SPDX-License-Identifier: Apache-2.0 */
/* DmaMemory: physically contiguous memory that the process and the FPGA see,
 * and the care of the processor's caches over it. */
#ifndef BOARD_DMA_H
#define BOARD_DMA_H

#include "board/board.h"

typedef struct DmaMemory DmaMemory;

typedef struct DmaOps {
  void (*close)(DmaMemory *dma);
  /* Before the device reads the range: writes back what the caches hold. */
  vtac_status (*sync_for_device)(DmaMemory *dma, size_t offset, size_t size,
                                 Diag *diag);
  /* After the device wrote it: drops what the caches hold. */
  vtac_status (*sync_for_cpu)(DmaMemory *dma, size_t offset, size_t size,
                              Diag *diag);
} DmaOps;

struct DmaMemory {
  const DmaOps *ops;
  uint8_t *bytes;
  uint64_t phys; /* as the processor counts, on a page */
  size_t size;
};

/* Opens what the description names. */
vtac_status dma_open(const BoardSpec *spec, DmaMemory **ret, Diag *diag);
vtac_status dma_open_udmabuf(const BoardSpec *spec, DmaMemory **ret,
                             Diag *diag);
vtac_status dma_open_cma(const BoardSpec *spec, DmaMemory **ret, Diag *diag);
static inline void dma_close(DmaMemory *dma) {
  if (dma) dma->ops->close(dma);
}

#endif
