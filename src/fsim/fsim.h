/* SPDX-License-Identifier: Apache-2.0 */
/* The functional simulator, a port that computes results and counts work but
 * not time.  Runs are deterministic. */
#ifndef FSIM_FSIM_H
#define FSIM_FSIM_H

#include "hw/port.h"

typedef struct FsimOptions {
  bool plain;    /* only the plain semantics, no fast path */
  bool portable; /* no processor-specific code in the fast path */
} FsimOptions;

/* Makes a simulator with empty memories.  `port_destroy` releases it. */
vtac_status fsim_create(const HwConfig *config, HwPort **ret, Diag *diag);
vtac_status fsim_create_with(const HwConfig *config, FsimOptions options,
                             HwPort **ret, Diag *diag);

#endif
