/* SPDX-License-Identifier: Apache-2.0 */
/* NativeCode: packed functions out of a file, and how they are called. */
#ifndef RUNTIME_NATIVE_H
#define RUNTIME_NATIVE_H

#include "device/queue.h"
#include "runtime/functions.h"
#include "runtime/image.h"
#include "vtac/kernel.h"
#include "vtac/runtime.h"

typedef struct NativeCode {
  Image *image; /* NULL: the file was only read */
  FunctionList functions;
  vtac_kernel_function *entry; /* of each function */
} NativeCode;

/* Code out of the bytes of an object or a shared library, in `arena`, to whose
 * trap errors jump. */
NativeCode *native_load(Arena *arena, const void *bytes, size_t size,
                        const char *name);
/* What the file says of itself, without its code, for any machine. */
NativeCode *native_describe(Arena *arena, const void *bytes, size_t size,
                            const char *name);
void native_unload(NativeCode *native); /* NULL is fine */

/* One call by the packed convention.  A tensor on the accelerator has its
 * buffer in `buffer`, and gets a handle of it for the time of the call. */
enum { NATIVE_MOST_ARGS = 64 };
typedef struct NativeCall {
  int n;
  vtac_kernel_value value[NATIVE_MOST_ARGS], result;
  int32_t code[NATIVE_MOST_ARGS], result_code;
  vtac_kernel_tensor tensor[NATIVE_MOST_ARGS];
  BufferId buffer[NATIVE_MOST_ARGS]; /* 0: memory of the host, or no tensor */
} NativeCall;

/* Calls `entry` with the arguments as they are. */
vtac_status native_call(vtac_kernel_function entry, vtac_device *device,
                        NativeCall *call, Diag *diag);
/* The entry of a function in the list; NULL if there is no code. */
vtac_kernel_function native_entry(const NativeCode *native,
                                  const ModuleInfo *info);

/* Calls the function with arrays that have been checked. */
vtac_status native_run(vtac_kernel_function entry, const ModuleInfo *info,
                       vtac_device *device, int n, vtac_array *const *args,
                       Diag *diag);

#endif
