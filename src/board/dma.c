/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a board's contiguous memory, and what any must fulfil. */
#include "board/dma.h"

#include <string.h>

static bool is_library(const char *name) {
  const char *at = strstr(name, ".so");
  return at && (at[3] == 0 || at[3] == '.');
}

/* Instructions name addresses by 32 bits, and 0 is none. */
static vtac_status check_place(const DmaMemory *dma, const BoardSpec *spec,
                               Diag *diag) {
  const uint64_t first = dma->phys + spec->dma_offset;
  if (dma->size < HW_PAGE_BYTES)
    return diag_set(diag, D_BOARD_MEMORY,
                    "%s: has %zu bytes, a board needs a page of %d", spec->dma,
                    dma->size, HW_PAGE_BYTES);
  if (first == 0 || first % HW_PAGE_BYTES || first + dma->size > UINT32_MAX)
    return diag_set(diag, D_BOARD_MEMORY,
                    "%s: its %zu bytes at 0x%llx are not pages inside 32 bits",
                    spec->dma, dma->size, (unsigned long long)first);
  return VTAC_OK;
}

vtac_status dma_open(const BoardSpec *spec, DmaMemory **ret, Diag *diag) {
  DmaMemory *dma = NULL;
  vtac_status status = is_library(spec->dma)
                           ? dma_open_cma(spec, &dma, diag)
                           : dma_open_udmabuf(spec, &dma, diag);
  if (status) return status;
  status = check_place(dma, spec, diag);
  if (status)
    dma_close(dma);
  else
    *ret = dma;
  return status;
}
