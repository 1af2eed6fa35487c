/* SPDX-License-Identifier: Apache-2.0 */
/* NativeCode: a packed entry point, and how it is called. */
#ifndef RUNTIME_NATIVE_H
#define RUNTIME_NATIVE_H

#include "runtime/image.h"
#include "runtime/record.h"
#include "vtac/kernel.h"
#include "vtac/runtime.h"

typedef struct NativeCode {
  Image *image;
  vtac_kernel_function entry;
} NativeCode;

/* Code out of the bytes of an object or a shared library, and what the file
 * says of itself; both in `arena`, to whose trap errors jump. */
NativeCode *native_load(Arena *arena, const void *bytes, size_t size,
                        const char *name, ModuleInfo *ret_info);
void native_unload(NativeCode *native); /* NULL is fine */

/* Calls the function with arrays that have been checked. */
vtac_status native_run(const NativeCode *native, const ModuleInfo *info,
                       vtac_device *device, int n, vtac_array *const *args,
                       Diag *diag);

#endif
