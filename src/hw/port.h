/* SPDX-License-Identifier: Apache-2.0 */
/* HwPort: a machine that runs instruction streams: a simulator or a board.
 * One port is one device with a DRAM of its own; two ports share nothing. */
#ifndef HW_PORT_H
#define HW_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/config.h"

typedef uint32_t HwAddr; /* physical byte address; 0 is never valid */

typedef enum HwCounter {
#define HW_COUNTER(name, meaning) HW_COUNT_##name,
#include "hw/counters.def"
  HW_COUNTERS
} HwCounter;

const char *hw_counter_name(HwCounter counter);
const char *hw_counter_meaning(HwCounter counter);

/* What a port that knows time has counted since its counters were cleared. */
typedef struct HwTiming {
  uint64_t cycles;     /* from launch to FINISH, summed over the runs */
  uint64_t acc_writes; /* iterations of GEMM and ALU */
} HwTiming;

typedef struct HwPort HwPort;

typedef struct HwPortOps {
  void (*destroy)(HwPort *port);

  /* Device memory.  A block starts on a page; `free` takes its start only.
   * `host` gives the host's view of a range, which must lie in one block. */
  vtac_status (*alloc)(HwPort *port, size_t size, HwAddr *ret, Diag *diag);
  vtac_status (*free)(HwPort *port, HwAddr addr, Diag *diag);
  vtac_status (*host)(HwPort *port, HwAddr addr, size_t size, void **ret,
                      Diag *diag);

  /* Makes the host's writes to a range visible to the machine, and the
   * machine's to the host; NULL where memory is coherent. */
  void (*flush)(HwPort *port, HwAddr addr, size_t size);
  void (*invalidate)(HwPort *port, HwAddr addr, size_t size);

  /* Runs `count` instructions that lie at `addr`, until the machine is idle.
   * Tokens and on-chip memories keep their contents between runs. */
  vtac_status (*run)(HwPort *port, HwAddr addr, uint32_t count, Diag *diag);

  void (*counters)(const HwPort *port, uint64_t ret[HW_COUNTERS]);
  void (*counters_clear)(HwPort *port);
  /* NULL where the port knows no time; false where it does not now. */
  bool (*timing)(const HwPort *port, HwTiming *ret);
  /* In this mode runs count but move and compute nothing, except that
   * micro-ops are loaded. */
  void (*skip_execution)(HwPort *port, bool skip);
  /* Drops tokens and on-chip contents; DRAM and counters stay. */
  void (*reset)(HwPort *port);
} HwPortOps;

struct HwPort {
  const HwPortOps *ops;
  void *self; /* the implementation's own state */
  HwConfig config;
  /* A micro-op may not write what one of the last so many micro-ops of its
   * instruction wrote; 0 where the machine has no such hazard. */
  int uop_hazard_distance;
  /* A STORE takes what GEMM and ALU have put into an output memory, not the
   * accumulators themselves. */
  bool has_output_memory;
};

/* Copies between the host and device memory, a range of one block.  Flushing
 * is the caller's. */
vtac_status port_copy_in(HwPort *port, HwAddr to, const void *from, size_t size,
                         Diag *diag);
vtac_status port_copy_out(HwPort *port, HwAddr from, void *to, size_t size,
                          Diag *diag);

static inline void port_destroy(HwPort *port) {
  if (port) port->ops->destroy(port);
}

#endif
