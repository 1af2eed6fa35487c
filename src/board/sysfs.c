/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing attributes. */
#include "board/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sysfs_read(const char *path, char ret[SYSFS_TEXT_MAX]) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = read(fd, ret, SYSFS_TEXT_MAX - 1);
  int why = errno;
  close(fd);
  errno = why;
  if (n < 0) return false;
  ret[n] = 0;
  ret[strcspn(ret, "\n")] = 0;
  return true;
}

bool sysfs_read_number(const char *path, int base, uint64_t *ret) {
  char text[SYSFS_TEXT_MAX], *end;
  if (!sysfs_read(path, text)) return false;
  errno = 0;
  uint64_t number = strtoull(text, &end, base);
  if (!errno && (end == text || *end)) errno = EINVAL;
  if (errno) return false;
  *ret = number;
  return true;
}

bool sysfs_write(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd < 0) return false;
  size_t size = strlen(text);
  ssize_t n = write(fd, text, size);
  int why = errno;
  close(fd);
  errno = n < 0 ? why : EIO;
  return n == (ssize_t)size;
}
