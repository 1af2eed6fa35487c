/* SPDX-License-Identifier: Apache-2.0 */
/* A CMA library over an emulated board's contiguous memory, whose folder
 * EMULATED_BOARD names.  It notes cache calls as u-dma-buf's attributes get
 * them. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT void *cma_alloc(uint32_t size, uint32_t cached);
EXPORT void cma_free(void *bytes);
EXPORT unsigned long cma_get_phy_addr(void *bytes);
EXPORT void cma_flush_cache(void *bytes, unsigned int phys, int size);
EXPORT void cma_invalidate_cache(void *bytes, unsigned int phys, int size);

enum { ADDRESS = 0x00100000 };

static size_t taken;

static void name_file(const char *name, char *ret, size_t size) {
  const char *dir = getenv("EMULATED_BOARD");
  snprintf(ret, size, "%s/%s", dir ? dir : "", name);
}

/* As the real one: -1 where there is no memory. */
void *cma_alloc(uint32_t size, uint32_t cached) {
  char path[512];
  (void)cached;
  name_file("dev/udmabuf0", path, sizeof path);
  int fd = open(path, O_RDWR);
  if (fd < 0 || lseek(fd, 0, SEEK_END) < (off_t)size) return (void *)-1;
  void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  taken = size;
  return bytes;
}

void cma_free(void *bytes) { munmap(bytes, taken); }

unsigned long cma_get_phy_addr(void *bytes) {
  (void)bytes;
  return ADDRESS;
}

static void note(const char *attribute, unsigned int phys, int size,
                 unsigned int direction) {
  char path[512], name[64];
  snprintf(name, sizeof name, "sys/class/u-dma-buf/udmabuf0/%s", attribute);
  name_file(name, path, sizeof path);
  FILE *file = fopen(path, "a");
  if (!file) return;
  fprintf(file, "0x%08x%08x\n", phys - ADDRESS,
          (unsigned int)size | direction << 2 | 1);
  fclose(file);
}

void cma_flush_cache(void *bytes, unsigned int phys, int size) {
  (void)bytes;
  note("sync_for_device", phys, size, 1);
}

void cma_invalidate_cache(void *bytes, unsigned int phys, int size) {
  (void)bytes;
  note("sync_for_cpu", phys, size, 2);
}
