/* SPDX-License-Identifier: Apache-2.0 */
/* Modules as native code and as files.
 *
 * A module that vtac_build made runs by the evaluator; vtac_module_compile
 * gives the same module as machine code; vtac_module_save writes it to a file
 * that vtac_module_load reads.  All of these give the same results, counters
 * and instruction streams.
 *
 * Compiling and saving objects need the code generator, a shared library of its
 * own that is loaded when first needed; without it these calls fail with
 * "no-codegen" and all else works.  Loading a .o file needs nothing. */
#ifndef VTAC_MODULE_H
#define VTAC_MODULE_H

#include "vtac/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One parameter of a module's function; texts belong to the module. */
typedef struct vtac_param {
  const char *name, *dtype;
  int ndim;
  const int64_t *shape;
  int written; /* the function stores to it */
} vtac_param;

/* Parameter number `index`; returns 0 past the last one.  Objects of other
 * compilers do not describe their parameters and have none. */
VTAC_API int vtac_module_param(const vtac_module *module, int index,
                               vtac_param *ret_param);
/* The configuration the module was built for; the caller frees it.  NULL with
 * `error` if the module does not say. */
VTAC_API vtac_config *vtac_module_config(const vtac_module *module,
                                         vtac_error *error);
/* What the module's maker noted about it (vtac_save_options), or "". */
VTAC_API const char *vtac_module_origin(const vtac_module *module);

/* Files may hold several functions: objects of vtac that were linked together,
 * or what other compilers wrote.  Name number `index` of them; NULL past the
 * last one.  The module that was loaded is the one that the file calls its
 * main one, which is the first of those linked together; if it calls none so,
 * it cannot be run itself. */
VTAC_API const char *vtac_module_function_name(const vtac_module *module,
                                               int index);
/* The function of that name as a module, which the caller frees; it shares the
 * code, and `module` may be freed before it. */
VTAC_API vtac_module *vtac_module_function(vtac_module *module,
                                           const char *name, vtac_error *error);

/* The module as code for this processor.  The caller frees it; it does not
 * need `module` any more. */
VTAC_API vtac_module *vtac_module_compile(const vtac_module *module,
                                          vtac_error *error);

typedef struct vtac_save_options {
  const char *target; /* "host" (or NULL), "armv7", "aarch64", "riscv64" */
  const char *origin; /* a line to be kept in the file, or NULL */
} vtac_save_options;

/* Writes the module; the path's suffix says what: ".o" an object file with the
 * packed-function ABI of TVM 0.9, for any target; ".so" a shared library, which
 * needs a linker; ".c" readable C99 that needs only vtac/kernel.h.  A module
 * that was loaded cannot be saved again. */
VTAC_API vtac_status vtac_module_save(const vtac_module *module,
                                      const char *path,
                                      const vtac_save_options *options,
                                      vtac_error *error);
/* What a .o file of the module holds; the caller frees it with free(). */
VTAC_API void *vtac_module_object(const vtac_module *module,
                                  const vtac_save_options *options,
                                  size_t *ret_size, vtac_error *error);
/* The C99 text of the module; the caller frees it with free(). */
VTAC_API char *vtac_module_c_source(const vtac_module *module,
                                    const vtac_save_options *options,
                                    vtac_error *error);

/* Reads a module.  ".o": linked inside the process; ".so": loaded by the
 * system; ".c": compiled by $CC or cc.  This is native code: load only what
 * you would run.  VTAC_IO when the file is damaged, for another machine, or
 * needs functions that the runtime does not have. */
VTAC_API vtac_module *vtac_module_load(const char *path, vtac_error *error);
/* The same for an object or a shared library in memory; `name` serves
 * messages. */
VTAC_API vtac_module *vtac_module_load_bytes(const void *bytes, size_t size,
                                             const char *name,
                                             vtac_error *error);

/* What a file says of itself, where it may be for any machine: a module that
 * cannot be run or saved. */
VTAC_API vtac_module *vtac_module_describe(const char *path, vtac_error *error);

/* Name number `index` of the targets that code can be generated for; NULL past
 * the last one, or if there is no code generator. */
VTAC_API const char *vtac_module_target(int index);

/* Makes the VTA functions of vtac/kernel.h that this thread calls act on
 * `device`, for programs that call kernels themselves; NULL ends that.  Returns
 * the first failure since the last call on this thread. */
VTAC_API vtac_status vtac_device_use(vtac_device *device, vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
