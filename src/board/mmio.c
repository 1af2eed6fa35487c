/* SPDX-License-Identifier: Apache-2.0 */
/* Mapping registers through /dev/mem. */
#define _FILE_OFFSET_BITS 64 /* physical addresses from 2 GiB on */
#include "board/mmio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

vtac_status mmio_map(const BoardSpec *spec, uint64_t address, size_t size,
                     Mmio *ret, Diag *diag) {
  char path[BOARD_TEXT_MAX + 16];
  const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  const uint64_t start = address / page * page;
  const size_t map_size = size + (size_t)(address - start);
  snprintf(path, sizeof path, "%s/dev/mem", spec->root);
  int fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
  if (fd < 0)
    return diag_set(diag, D_BOARD_REGISTERS, "%s: cannot open: %s", path,
                    strerror(errno));
  void *map = mmap(NULL, map_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                   (off_t)start);
  int why = errno;
  close(fd);
  if (map == MAP_FAILED)
    return diag_set(diag, D_BOARD_REGISTERS,
                    "%s: cannot map %zu bytes at 0x%08llx: %s", path, map_size,
                    (unsigned long long)start, strerror(why));
  uint8_t *bytes = (uint8_t *)map + (size_t)(address - start);
  *ret = (Mmio){(volatile uint32_t *)(void *)bytes, map, map_size};
  return VTAC_OK;
}

void mmio_unmap(Mmio *mmio) {
  if (mmio->map) munmap(mmio->map, mmio->map_size);
  *mmio = (Mmio){0};
}
