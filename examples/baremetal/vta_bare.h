/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime of the accelerator for one kernel at a time, in static memory.
 * Addresses are those of a Zynq board; change them for yours. */
#ifndef VTA_BARE_H
#define VTA_BARE_H

#include <stddef.h>
#include <stdint.h>

#define VTA_BARE_REGISTERS 0x43C00000u /* of the accelerator */

enum {
  VTA_BARE_INSNS = 1024, /* in one batch */
  VTA_BARE_UOPS = 2048,
  VTA_BARE_KERNELS = 32,
  VTA_BARE_CLOSURE = 32, /* bytes that a kernel captures */
  VTA_BARE_BUFFERS = 16,
  VTA_BARE_POOL = 65536 /* bytes of all temporaries at one time */
};

/* Memory that the accelerator sees at the address the processor uses.  `bytes`
 * must be aligned to 64 and stay; returns the handle kernels take, or NULL. */
void *vta_bare_buffer(void *bytes, uint32_t size);
/* What went wrong first, or NULL; forgets it. */
const char *vta_bare_error(void);

#endif
