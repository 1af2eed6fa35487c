/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for libFuzzer: runs a fuzz target once over each file named on
 * the command line, so that a corpus is replayed with any compiler. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A heap block of exactly the input's size lets sanitizers see overruns. */
static uint8_t *read_file(const char *path, size_t *ret_size) {
  uint8_t *data = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  if (!fseek(file, 0, SEEK_END)) {
    long size = ftell(file);
    if (size >= 0) data = malloc(size ? (size_t)size : 1);
    rewind(file);
    if (data) *ret_size = fread(data, 1, (size_t)size, file);
  }
  fclose(file);
  return data;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    size_t size = 0;
    uint8_t *data = read_file(argv[i], &size);
    if (!data) {
      fprintf(stderr, "cannot read %s\n", argv[i]);
      return 1;
    }
    printf("%s\n", argv[i]);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
  }
  printf("%d inputs\n", argc - 1);
  return 0;
}
