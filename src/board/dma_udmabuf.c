/* SPDX-License-Identifier: Apache-2.0 */
/* Contiguous memory from the u-dma-buf driver: a device file to map, and
 * attributes that tell its address and take care of caches.
 *
 * A synchronisation is one number written to an attribute: the offset in the
 * upper half; size, direction and a 1 in the lower (sizes are multiples of
 * 16). */
#include "board/dma.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board/sysfs.h"

enum { TO_DEVICE = 1, FROM_DEVICE = 2, SYNC_UNIT = 16 };

typedef struct Udmabuf {
  DmaMemory dma;
  char name[BOARD_TEXT_MAX];
  int for_device, for_cpu; /* attributes, open; -1 where caches need no care */
} Udmabuf;

static void udmabuf_close(DmaMemory *dma) {
  Udmabuf *own = (Udmabuf *)dma;
  if (own->for_device >= 0) close(own->for_device);
  if (own->for_cpu >= 0) close(own->for_cpu);
  if (dma->bytes) munmap(dma->bytes, dma->size);
  free(own);
}

static vtac_status sync_range(const Udmabuf *own, int attribute, int direction,
                              size_t offset, size_t size, Diag *diag) {
  char text[32];
  if (attribute < 0) return VTAC_OK;
  size_t whole = (size + SYNC_UNIT - 1) / SYNC_UNIT * SYNC_UNIT;
  uint32_t low = (uint32_t)whole | (uint32_t)direction << 2 | 1;
  int n = snprintf(text, sizeof text, "0x%08" PRIX32 "%08" PRIX32 "\n",
                   (uint32_t)offset, low);
  if (write(attribute, text, (size_t)n) == n) return VTAC_OK;
  return diag_set(diag, D_BOARD_MEMORY,
                  "%s: cannot synchronise %zu bytes at %zu: %s", own->name,
                  size, offset, strerror(errno));
}

static vtac_status udmabuf_for_device(DmaMemory *dma, size_t offset,
                                      size_t size, Diag *diag) {
  const Udmabuf *own = (Udmabuf *)dma;
  return sync_range(own, own->for_device, TO_DEVICE, offset, size, diag);
}

static vtac_status udmabuf_for_cpu(DmaMemory *dma, size_t offset, size_t size,
                                   Diag *diag) {
  const Udmabuf *own = (Udmabuf *)dma;
  return sync_range(own, own->for_cpu, FROM_DEVICE, offset, size, diag);
}

static const DmaOps udmabuf_ops = {.close = udmabuf_close,
                                   .sync_for_device = udmabuf_for_device,
                                   .sync_for_cpu = udmabuf_for_cpu};

/* The folder of the attributes, whose name changed with the driver's. */
static bool find_folder(const BoardSpec *spec, char ret[SYSFS_PATH_MAX]) {
  static const char *const classes[] = {"u-dma-buf", "udmabuf"};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    snprintf(ret, SYSFS_PATH_MAX, "%s/sys/class/%s/%s", spec->root, classes[i],
             spec->dma);
    if (!access(ret, F_OK)) return true;
  }
  return false;
}

static vtac_status read_place(const char *folder, DmaMemory *dma, Diag *diag) {
  char path[SYSFS_PATH_MAX + 16];
  uint64_t size = 0;
  snprintf(path, sizeof path, "%s/phys_addr", folder);
  bool good = sysfs_read_number(path, 16, &dma->phys);
  if (good) {
    snprintf(path, sizeof path, "%s/size", folder);
    good = sysfs_read_number(path, 10, &size);
  }
  if (!good)
    return diag_set(diag, D_BOARD_MEMORY, "%s: cannot read: %s", path,
                    strerror(errno));
  dma->size = (size_t)size;
  return VTAC_OK;
}

static vtac_status map_device(const BoardSpec *spec, Udmabuf *own, Diag *diag) {
  char path[SYSFS_PATH_MAX];
  const int uncached = !strcmp(spec->cache, "off") ? O_SYNC : 0;
  snprintf(path, sizeof path, "%s/dev/%s", spec->root, spec->dma);
  int fd = open(path, O_RDWR | O_CLOEXEC | uncached);
  if (fd < 0)
    return diag_set(diag, D_BOARD_MEMORY, "%s: cannot open: %s", path,
                    strerror(errno));
  void *bytes =
      mmap(NULL, own->dma.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int why = errno;
  close(fd);
  if (bytes == MAP_FAILED)
    return diag_set(diag, D_BOARD_MEMORY, "%s: cannot map %zu bytes: %s", path,
                    own->dma.size, strerror(why));
  own->dma.bytes = bytes;
  return VTAC_OK;
}

static vtac_status open_attribute(const char *folder, const char *name,
                                  int *ret, Diag *diag) {
  char path[SYSFS_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  *ret = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (*ret >= 0) return VTAC_OK;
  return diag_set(diag, D_BOARD_MEMORY, "%s: cannot open: %s", path,
                  strerror(errno));
}

static vtac_status open_parts(const BoardSpec *spec, Udmabuf *own, Diag *diag) {
  char folder[SYSFS_PATH_MAX];
  if (!find_folder(spec, folder))
    return diag_set(diag, D_BOARD_MEMORY,
                    "there is no device '%s' of u-dma-buf (%s)", spec->dma,
                    folder);
  vtac_status status = read_place(folder, &own->dma, diag);
  if (!status) status = map_device(spec, own, diag);
  if (status || strcmp(spec->cache, "sync")) return status;
  status = open_attribute(folder, "sync_for_device", &own->for_device, diag);
  if (!status)
    status = open_attribute(folder, "sync_for_cpu", &own->for_cpu, diag);
  return status;
}

vtac_status dma_open_udmabuf(const BoardSpec *spec, DmaMemory **ret,
                             Diag *diag) {
  Udmabuf *own = calloc(1, sizeof *own);
  if (!own) return diag_set(diag, D_NO_MEMORY, "no memory for a board");
  own->dma.ops = &udmabuf_ops;
  own->for_device = own->for_cpu = -1;
  memcpy(own->name, spec->dma, sizeof own->name);
  vtac_status status = open_parts(spec, own, diag);
  if (status)
    udmabuf_close(&own->dma);
  else
    *ret = &own->dma;
  return status;
}
