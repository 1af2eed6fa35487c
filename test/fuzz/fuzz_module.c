/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the loader of objects: any bytes give an image or an error.  Code is
 * linked and never called. */
#include <stdint.h>
#include <stdlib.h>

#include "base/trap.h"
#include "elf/elf.h"
#include "runtime/functions.h"

static void *any_function(void *self, const char *name) {
  return name[0] ? self : NULL;
}

static void link_file(Arena *arena, const ElfFile *file) {
  char somewhere;
  Diag diag;
  ElfImage *image;
  const ElfLinkOptions options = {any_function, &somewhere, true};
  if (elf_link(arena, file, &options, &image, &diag)) return;
  elf_image_function(image, "my_gemm");
  elf_image_pointer(image, "__TVMFuncCall");
  elf_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Trap trap;
  Arena arena;
  ElfFile file;
  Diag diag;
  arena_init(&arena, &trap);
  if (!setjmp(trap.here) &&
      !elf_open(&arena, data, size, "fuzz", &file, &diag)) {
    link_file(&arena, &file);
    FunctionList list = functions_read(&arena, &file);
    functions_text(&arena, &list);
  }
  arena_clear(&arena);
  return 0;
}
