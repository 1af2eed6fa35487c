/* SPDX-License-Identifier: Apache-2.0 */
/* Loading libvtac-codegen.so.
 *
 * It is looked for where $VTAC_CODEGEN says; next to the file that holds this
 * code (libvtac.so, or a program with libvtac.a inside); in the library folder
 * that belongs to the folder of an installed program; and where the system
 * looks for libraries.  Once loaded it is never unloaded, because LLVM does not
 * survive that; loading it again costs a look-up. */
#define _GNU_SOURCE /* dladdr, secure_getenv */
#include "runtime/generator.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "libvtac-codegen.so"
enum { MOST_PATH = 4096 };

/* The folder of a path, in place. */
static const char *folder(char *path) {
  char *slash = strrchr(path, '/');
  if (!slash) return ".";
  *slash = '\0';
  return path;
}

static void *open_in(const char *dir, const char *below) {
  char path[MOST_PATH];
  int n = snprintf(path, sizeof path, "%s/%s" FILE_NAME, dir, below);
  if (n >= (int)sizeof path || access(path, R_OK)) return NULL;
  return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static void *open_near_library(void) {
  Dl_info self;
  char path[MOST_PATH];
  if (!dladdr(__extension__(void *) generator_load, &self)) return NULL;
  if (!strchr(self.dli_fname, '/')) return NULL;
  snprintf(path, sizeof path, "%s", self.dli_fname);
  return open_in(folder(path), "");
}

static void *open_near_program(void) {
  char path[MOST_PATH];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n <= 0) return NULL;
  path[n] = '\0';
  const char *dir = folder(path);
  void *library = open_in(dir, "");
  return library ? library : open_in(dir, VTAC_BIN_TO_LIB "/");
}

static void *open_anywhere(void) {
  const char *named = secure_getenv("VTAC_CODEGEN");
  if (named && *named) return dlopen(named, RTLD_NOW | RTLD_LOCAL);
  void *library = open_near_library();
  if (!library) library = open_near_program();
  return library ? library : dlopen(FILE_NAME, RTLD_NOW | RTLD_LOCAL);
}

const CodegenApi *generator_load(Diag *diag) {
  const CodegenApi *(*get)(void);
  void *library = open_anywhere();
  void *symbol = library ? dlsym(library, CODEGEN_SYMBOL) : NULL;
  if (!symbol) {
    const char *why = dlerror();
    diag_set(diag, D_NO_CODEGEN, "cannot load the code generator: %s",
             why ? why : "no " FILE_NAME " was found");
    return NULL;
  }
  memcpy(&get, &symbol, sizeof get);
  const CodegenApi *api = get();
  if (!strcmp(api->version, CODEGEN_VERSION)) return api;
  diag_set(diag, D_NO_CODEGEN,
           "the code generator is of version %s, libvtac of " CODEGEN_VERSION,
           api->version);
  return NULL;
}

const CodegenTarget *generator_target(const CodegenApi *api, const char *name,
                                      Diag *diag) {
  char known[128] = "";
  if (!name) name = "host";
  for (const CodegenTarget *target = api->targets; target->name; target++) {
    if (!strcmp(target->name, name)) return target;
    size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "",
             target->name);
  }
  diag_set(diag, D_ARGUMENT, "there is no target '%s'; there are %s", name,
           known);
  return NULL;
}
