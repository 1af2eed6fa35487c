/* SPDX-License-Identifier: Apache-2.0 */
/* Loading code: through the project's own linker or through the system's.
 *
 * The system's loader reads files and keeps one copy per name, so a library is
 * handed to it as an anonymous file of its own each time: the same module
 * changed and loaded again is a new one, and nothing can replace the file in
 * between.  It must find the VTA functions in the program or in libvtac, and
 * they must be ours. */
#define _GNU_SOURCE /* dladdr1, dlinfo, memfd_create */
#include "runtime/image.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/externs.h"

struct Image {
  ElfImage *linked; /* one of the two */
  void *library;
  int file; /* of the library, kept open so that its name stays its own */
};

/* ---- Linked here -------------------------------------------------------- */

static void *lookup(void *self, const char *name) {
  (void)self;
  return extern_function(name);
}

static vtac_status link_object(Arena *scratch, const ElfFile *file,
                               Image *image, Diag *diag) {
  const ElfLinkOptions options = {.lookup = lookup};
  return elf_link(scratch, file, &options, &image->linked, diag);
}

/* ---- Loaded by the system ----------------------------------------------- */

/* Libraries look for VTA functions in the program's own scope, in which a
 * libvtac that the program loaded privately has to be put first. */
static vtac_status offer_functions(const ElfFile *file, Diag *diag) {
  static const char probe[] = "VTATLSCommandHandle";
  Dl_info self;
  void *ours = extern_function(probe), *found = dlsym(RTLD_DEFAULT, probe);
  if (!found && dladdr(ours, &self)) {
    dlopen(self.dli_fname, RTLD_NOLOAD | RTLD_NOW | RTLD_GLOBAL);
    found = dlsym(RTLD_DEFAULT, probe);
  }
  if (found == ours) return VTAC_OK;
  return diag_set(diag, D_MODULE_FILE,
                  found ? "'%s': another VTA runtime is loaded in this process"
                        : "'%s': this program does not export libvtac's "
                          "functions to the libraries it loads; link it with "
                          "-rdynamic, or load a .o file",
                  file->name);
}

static bool write_all(int fd, const uint8_t *bytes, size_t size) {
  while (size) {
    ssize_t n = write(fd, bytes, size);
    if (n <= 0) return false;
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

static vtac_status load_library(const ElfFile *file, Image *image, Diag *diag) {
  char path[64];
  vtac_status status = offer_functions(file, diag);
  if (status) return status;
  image->file = memfd_create("vtac-module", MFD_CLOEXEC);
  if (image->file < 0 || !write_all(image->file, file->bytes, file->size))
    return diag_set(diag, D_NO_MEMORY, "no memory for module '%s'", file->name);
  snprintf(path, sizeof path, "/proc/self/fd/%d", image->file);
  image->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (image->library) return VTAC_OK;
  return diag_set(diag, D_MODULE_FILE, "'%s': %s", file->name, dlerror());
}

/* A symbol of the library's dependencies is none of the module's. */
static void *library_symbol(void *library, const char *name) {
  Dl_info info;
  struct link_map *own, *owner;
  void *address = dlsym(library, name);
  if (!address || dlinfo(library, RTLD_DI_LINKMAP, &own) ||
      !dladdr1(address, &info, (void **)&owner, RTLD_DL_LINKMAP))
    return NULL;
  return own == owner ? address : NULL;
}

/* ---- Either ------------------------------------------------------------- */

static vtac_status open_any(Arena *scratch, const ElfFile *file, Image *image,
                            Diag *diag) {
  if (file->type == ET_DYN) {
    if (elf_is_native(file)) return load_library(file, image, diag);
    return diag_set(diag, D_MODULE_FILE,
                    "'%s': the code is for %s, not for this machine",
                    file->name, elf_machine_name(scratch, file));
  }
  return link_object(scratch, file, image, diag);
}

vtac_status image_open(Arena *scratch, const ElfFile *file, Image **ret,
                       Diag *diag) {
  Image *image = calloc(1, sizeof *image);
  if (!image) return diag_set(diag, D_NO_MEMORY, "cannot allocate a module");
  image->file = -1;
  vtac_status status = open_any(scratch, file, image, diag);
  if (status)
    image_close(image);
  else
    *ret = image;
  return status;
}

void image_close(Image *image) {
  if (!image) return;
  elf_image_free(image->linked);
  if (image->library) dlclose(image->library);
  if (image->file >= 0) close(image->file);
  free(image);
}

void *image_function(const Image *image, const char *name) {
  return image->linked ? elf_image_function(image->linked, name)
                       : library_symbol(image->library, name);
}

void **image_pointer(const Image *image, const char *name) {
  return image->linked ? elf_image_pointer(image->linked, name)
                       : library_symbol(image->library, name);
}
