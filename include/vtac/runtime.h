/* SPDX-License-Identifier: Apache-2.0 */
/* Running modules: devices, arrays in their memory, and counters. */
#ifndef VTAC_RUNTIME_H
#define VTAC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/config.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_device vtac_device;
typedef struct vtac_array vtac_array;
typedef struct vtac_module vtac_module;

/* ---- Devices ------------------------------------------------------------ */

/* How the functional simulator computes; results are the same. */
typedef enum vtac_sim_path {
  VTAC_SIM_FAST = 0, /* the fastest this processor has */
  VTAC_SIM_PORTABLE, /* fast, without processor-specific instructions */
  VTAC_SIM_PLAIN     /* one instruction at a time, as the manual reads */
} vtac_sim_path;

typedef struct vtac_device_options {
  vtac_sim_path sim_path;
  int force_serial; /* run streams in program order, ignoring tokens */
  int verify;       /* check each stream, tokens included, before it runs */
  /* If not NULL, receives the listing of each micro-op kernel as it is
   * recorded and of each instruction stream before it runs. */
  void (*on_listing)(void *user, const char *text, size_t length);
  void *user;
} vtac_device_options;

/* A device: a functional simulator with a memory of its own.  One device
 * serves one thread at a time; devices share nothing.  `options` may be NULL.
 * NULL with `error` filled in on failure. */
VTAC_API vtac_device *vtac_device_open(const vtac_config *config,
                                       const vtac_device_options *options,
                                       vtac_error *error);
/* Closes it; its arrays must have been freed.  NULL is fine. */
VTAC_API void vtac_device_close(vtac_device *device);

/* Work done since the device was opened or its counters cleared. */
#define VTAC_COUNTERS 7
VTAC_API const char *vtac_counter_name(int counter); /* NULL past the last */
VTAC_API void vtac_device_counters(const vtac_device *device,
                                   uint64_t ret_counters[VTAC_COUNTERS]);
VTAC_API void vtac_device_clear_counters(vtac_device *device);

/* ---- Arrays ------------------------------------------------------------- */

/* An array in the device's memory, compact and row major.  NULL on failure:
 * VTAC_INVALID for a bad shape or type, VTAC_NOMEM or VTAC_DEVICE when the
 * memory is full. */
VTAC_API vtac_array *vtac_array_new(vtac_device *device, const char *dtype,
                                    int ndim, const int64_t *shape,
                                    vtac_error *error);
VTAC_API void vtac_array_free(vtac_array *array);         /* NULL is fine */
VTAC_API size_t vtac_array_size(const vtac_array *array); /* in bytes */
/* Copies all vtac_array_size bytes from or to host memory. */
VTAC_API vtac_status vtac_array_write(vtac_array *array, const void *from,
                                      vtac_error *error);
VTAC_API vtac_status vtac_array_read(const vtac_array *array, void *to,
                                     vtac_error *error);

/* ---- Modules ------------------------------------------------------------ */

/* Runs the module's function on n arrays of the device, which must have the
 * parameters' types and shapes and be made for the same configuration.  The
 * call returns when the device has finished.  A module is immutable: several
 * devices may run it at the same time. */
VTAC_API vtac_status vtac_module_run(const vtac_module *module,
                                     vtac_device *device, int n,
                                     vtac_array *const *args,
                                     vtac_error *error);
VTAC_API void vtac_module_free(vtac_module *module); /* NULL is fine */
VTAC_API const char *vtac_module_name(const vtac_module *module);

#ifdef __cplusplus
}
#endif
#endif
