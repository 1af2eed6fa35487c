/* SPDX-License-Identifier: Apache-2.0 */
/* Image: machine code in memory, linked here or loaded by the system. */
#ifndef RUNTIME_IMAGE_H
#define RUNTIME_IMAGE_H

#include "elf/elf.h"

typedef struct Image Image;

/* Makes code that can be called out of a file's bytes, which may go away
 * afterwards.  An object is linked here, a shared library loaded by the
 * system. */
vtac_status image_open(Arena *scratch, const ElfFile *file, Image **ret,
                       Diag *diag);
void image_close(Image *image); /* NULL is fine */
/* The address of a global function, or of a pointer variable, of the module
 * itself; or NULL. */
void *image_function(const Image *image, const char *name);
void **image_pointer(const Image *image, const char *name);

#endif
