/* SPDX-License-Identifier: Apache-2.0 */
/* The functional simulator, a port that computes results and counts work but
 * not time.  Runs are deterministic. */
#ifndef FSIM_FSIM_H
#define FSIM_FSIM_H

#include "hw/port.h"

/* The instruction sets of host processors that have loops of their own. */
typedef enum FsimIsa {
  FSIM_ISA_BEST, /* the fastest this processor has */
  FSIM_ISA_PORTABLE,
  FSIM_ISA_AVX2,
  FSIM_ISA_AVX512VNNI,
  FSIM_ISA_NEONDOT
} FsimIsa;

typedef struct FsimOptions {
  bool plain; /* only the plain semantics, one instruction at a time */
  FsimIsa isa;
} FsimOptions;

/* Makes a simulator with empty memories.  `port_destroy` releases it.  An
 * instruction set that the processor lacks is refused (VTAC_INVALID). */
vtac_status fsim_create(const HwConfig *config, HwPort **ret, Diag *diag);
vtac_status fsim_create_with(const HwConfig *config, FsimOptions options,
                             HwPort **ret, Diag *diag);

/* The loops' limits on this processor: does nothing but multiply-accumulates of
 * bytes in registers, and returns how many, or nothing but read `size` bytes.
 * Return 0 and false for an instruction set that the processor lacks. */
uint64_t fsim_multiply(FsimIsa isa, uint32_t rounds);
bool fsim_read(FsimIsa isa, const void *from, size_t size);

#endif
