/* SPDX-License-Identifier: Apache-2.0 */
/* What a core of this machine can do at most, measured, and a picture of
 * simulated kernels below that. */
#ifndef VTAC_MEASURE_H
#define VTAC_MEASURE_H

#include "vtac/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All by one core, a second. */
typedef struct vtac_core_speed {
  double macs;   /* multiply-accumulates of bytes, from registers */
  double cache;  /* bytes read of VTAC_CACHE_BYTES, again and again */
  double memory; /* bytes read of VTAC_MEMORY_BYTES */
} vtac_core_speed;
#define VTAC_CACHE_BYTES (1 << 20)
#define VTAC_MEMORY_BYTES (64 << 20)

/* Measures for about a third of a second, with the instructions of a simulator
 * path.  VTAC_INVALID for a path that the processor lacks, VTAC_NOMEM. */
VTAC_API vtac_status vtac_measure_core(vtac_sim_path path,
                                       vtac_core_speed *ret_speed,
                                       vtac_error *error);

/* One kernel: what it computes and moves, and the time that takes. */
typedef struct vtac_roofline_point {
  const char *name;
  double macs, bytes, seconds;
} vtac_roofline_point;

/* Writes an SVG file with the n kernels below the roof that the core's speed
 * makes: multiply-accumulates a second over multiply-accumulates a byte, both
 * logarithmic, black on white.  VTAC_IO if the file cannot be written. */
VTAC_API vtac_status vtac_roofline_write(const char *path, const char *title,
                                         const vtac_core_speed *core, int n,
                                         const vtac_roofline_point *points,
                                         vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
