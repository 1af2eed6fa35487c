/* SPDX-License-Identifier: Apache-2.0 */
/* Running modules: devices, arrays in their memory, and counters
 * (docs/runtime.md).  `error` may be NULL everywhere. */
#ifndef VTAC_RUNTIME_H
#define VTAC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/board.h"
#include "vtac/config.h"
#include "vtac/report.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_device vtac_device;
typedef struct vtac_array vtac_array;
typedef struct vtac_module vtac_module;

/* ---- Devices ------------------------------------------------------------ */

/* How the functional simulator computes; results are the same. */
typedef enum vtac_sim_path {
  VTAC_SIM_FAST = 0, /* what VTAC_SIM_ISA in the environment names, or else the
                      * fastest this processor has */
  VTAC_SIM_PORTABLE, /* fast, without processor-specific instructions */
  VTAC_SIM_PLAIN,    /* one instruction at a time, as the manual reads */
  VTAC_SIM_AVX2,     /* fast, with these instructions and no others */
  VTAC_SIM_AVX512VNNI,
  VTAC_SIM_NEONDOT
} vtac_sim_path;

/* "fast", "portable", "plain", "avx2", …; NULL past the last. */
VTAC_API const char *vtac_sim_path_name(int path);

/* Which simulator a device is.  Results are the same; the timing simulator
 * counts the hardware's cycles, too. */
typedef enum vtac_simulator {
  VTAC_SIMULATOR_BY_TARGET = 0, /* timing where TARGET is "tsim" */
  VTAC_SIMULATOR_FUNCTIONAL,
  VTAC_SIMULATOR_TIMING
} vtac_simulator;

typedef struct vtac_device_options {
  vtac_sim_path sim_path;
  int force_serial; /* run streams in program order, ignoring tokens */
  int verify;       /* check each stream, tokens included, before it runs */
  /* If not NULL, receives the listing of each micro-op kernel as it is
   * recorded and of each instruction stream before it runs. */
  void (*on_listing)(void *user, const char *text, size_t length);
  void *user;
  vtac_simulator simulator;
  /* If not NULL, receives the instructions of each stream before it runs, of
   * 16 bytes each, little-endian, piece by piece. */
  void (*on_insns)(void *user, const void *insns, size_t count);
  /* If not NULL, the device is this board and no simulator.  The board must
   * outlive the call that opens the device. */
  const vtac_board *board;
  /* If not NULL, records the runs (vtac/report.h); the device must be the
   * timing simulator.  It must outlive the device's runs. */
  vtac_recorder *recorder;
} vtac_device_options;

/* A device: a simulator with a memory of its own, or a board.  One device
 * serves one thread at a time; devices share nothing, and a board is one device
 * at a time.  `options` may be NULL.  NULL with `error` filled in on failure:
 * VTAC_INVALID for a path whose instructions this processor lacks, VTAC_IO for
 * a board's file or driver that cannot be used, VTAC_DEVICE for a board that
 * does not answer. */
VTAC_API vtac_device *vtac_device_open(const vtac_config *config,
                                       const vtac_device_options *options,
                                       vtac_error *error);
/* Closes it; its arrays must have been freed.  NULL is fine. */
VTAC_API void vtac_device_close(vtac_device *device);

/* Work done since the device was opened or its counters cleared, in the order
 * of the names: bytes loaded and stored, micro-ops run. */
#define VTAC_COUNTERS 7
VTAC_API const char *vtac_counter_name(int counter); /* NULL past the last */
VTAC_API void vtac_device_counters(const vtac_device *device,
                                   uint64_t ret_counters[VTAC_COUNTERS]);
/* The cycles from launch to the end, summed over the runs; 0 where no run was
 * timed. */
VTAC_API uint64_t vtac_device_cycles(const vtac_device *device);
VTAC_API void vtac_device_clear_counters(vtac_device *device);

/* The cache of recorded micro-op kernels, since the device was opened.  It
 * holds 16384 kernels; then those go that were not used longest.  A kernel that
 * a run repeats is found in the run itself and counts as a hit, too. */
typedef struct vtac_kernel_stats {
  uint64_t hits, misses, evictions;
  uint64_t kernels, bytes; /* held now */
} vtac_kernel_stats;
VTAC_API vtac_kernel_stats vtac_device_kernels(const vtac_device *device);

/* The cycles that a stream of `count` instructions takes, of 16 bytes each,
 * little-endian.  Nothing is run: time depends on no data.  VTAC_INVALID for
 * an unknown opcode or a missing FINISH, VTAC_DEVICE for a deadlock. */
VTAC_API vtac_status vtac_stream_cycles(const vtac_config *config,
                                        const void *stream, size_t count,
                                        uint64_t *ret_cycles,
                                        vtac_error *error);

/* ---- Arrays ------------------------------------------------------------- */

/* An array in the device's memory, compact and row major, filled with zeros.
 * The caller frees it, before the device is closed.  NULL on failure:
 * VTAC_INVALID for a bad shape or type, VTAC_NOMEM when the device's or the
 * host's memory is full. */
VTAC_API vtac_array *vtac_array_new(vtac_device *device, const char *dtype,
                                    int ndim, const int64_t *shape,
                                    vtac_error *error);
VTAC_API void vtac_array_free(vtac_array *array);         /* NULL is fine */
VTAC_API size_t vtac_array_size(const vtac_array *array); /* in bytes */
/* The array's bytes where the host can reach them, valid until the array is
 * freed, to be used by the thread that the device serves; NULL with `error` if
 * the host can't reach them. */
VTAC_API void *vtac_array_data(const vtac_array *array, vtac_error *error);
/* Copies all vtac_array_size bytes from or to host memory. */
VTAC_API vtac_status vtac_array_write(vtac_array *array, const void *from,
                                      vtac_error *error);
VTAC_API vtac_status vtac_array_read(const vtac_array *array, void *to,
                                     vtac_error *error);

/* ---- Modules ------------------------------------------------------------ */

/* Runs the module's function on n arrays of the device, which must have the
 * parameters' types and shapes; the device must have the configuration that the
 * module was built for.  The call returns when the device has finished.  A
 * module is immutable: several devices may run it at the same time.
 *
 * VTAC_INVALID for wrong arguments, before anything runs.  Later failures end
 * the run, and outputs may be written in part: VTAC_REFUSED where the
 * accelerator cannot do what is asked, VTAC_DEVICE for an index out of bounds,
 * a division by zero or a deadlock, VTAC_NOMEM.  The device may be used
 * again. */
VTAC_API vtac_status vtac_module_run(const vtac_module *module,
                                     vtac_device *device, int n,
                                     vtac_array *const *args,
                                     vtac_error *error);
/* Runs the function `count` times, on n different devices at the same time:
 * each is served by a thread of its own, the first by the caller's, and takes
 * the next run when it has finished one.  runs[i] says for every parameter, in
 * order, where its data lie in host memory, compact and row major.  What the
 * function stores to is copied back; nothing else is changed.  Data at the same
 * place as in a device's run before, such as weights, are copied once and must
 * not change meanwhile.  The data that a run stores to may be no other run's.
 *
 * Returns the failure of the first run that failed, as vtac_module_run and
 * vtac_array_new fail; later runs may not have taken place.  VTAC_INVALID for a
 * module that does not describe its parameters (vtac_module_param). */
VTAC_API vtac_status vtac_module_run_batch(const vtac_module *module, int n,
                                           vtac_device *const *devices,
                                           size_t count,
                                           void *const *const *runs,
                                           vtac_error *error);
VTAC_API void vtac_module_free(vtac_module *module); /* NULL is fine */
/* The function's name, which lives as long as the module. */
VTAC_API const char *vtac_module_name(const vtac_module *module);

#ifdef __cplusplus
}
#endif
#endif
