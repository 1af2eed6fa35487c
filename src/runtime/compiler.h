/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's C compiler and linker ($CC, or cc), and files as bytes. */
#ifndef RUNTIME_COMPILER_H
#define RUNTIME_COMPILER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

typedef struct FileBytes {
  unsigned char *bytes; /* malloc'ed */
  size_t size;
} FileBytes;

vtac_status file_read(const char *path, FileBytes *ret, Diag *diag);
/* Replaces the file as a whole or leaves it alone. */
vtac_status file_write(const char *path, const void *bytes, size_t size,
                       Diag *diag);

/* A shared library of an object, or of a C file that needs vtac/kernel.h.
 * `name` serves messages. */
vtac_status compiler_link(const void *bytes, size_t size, const char *name,
                          FileBytes *ret, Diag *diag);
vtac_status compiler_compile(const void *text, size_t size, const char *name,
                             FileBytes *ret, Diag *diag);

#endif
