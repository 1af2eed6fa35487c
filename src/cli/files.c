/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes whole files. */
#include "cli/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* Pipes have no size, so the buffer grows while there is more. */
static char *read_all(FILE *file, size_t *ret_size) {
  size_t size = 0, capacity = 1 << 16;
  char *bytes = malloc(capacity);
  while (bytes) {
    size += fread(bytes + size, 1, capacity - size - 1, file);
    if (size < capacity - 1) break;
    char *bigger = realloc(bytes, capacity *= 2);
    if (!bigger) free(bytes);
    bytes = bigger;
  }
  if (!bytes) {
    errno = ENOMEM;
    return NULL;
  }
  if (ferror(file)) {
    free(bytes);
    return NULL;
  }
  bytes[size] = '\0';
  *ret_size = size;
  return bytes;
}

char *input_read(const char *path, size_t *ret_size) {
  bool standard = !strcmp(path, "-");
  FILE *file = standard ? stdin : fopen(path, "rb");
  char *bytes = file ? read_all(file, ret_size) : NULL;
  if (!bytes) complain("cannot read '%s': %s", path, strerror(errno));
  if (file && !standard) fclose(file);
  return bytes;
}

bool output_write(const char *path, const void *bytes, size_t size) {
  bool standard = !strcmp(path, "-");
  FILE *file = standard ? stdout : fopen(path, "wb");
  bool good = file && fwrite(bytes, 1, size, file) == size;
  if (file && !standard && fclose(file)) good = false;
  if (!good) complain("cannot write '%s': %s", path, strerror(errno));
  return good;
}
