/* SPDX-License-Identifier: Apache-2.0 */
/* The on-chip elements that an instruction reads and writes. */
#ifndef HW_ACCESS_H
#define HW_ACCESS_H

#include "hw/insn.h"

typedef struct HwAccess {
  HwMemory memory; /* UOP, WGT, INP or ACC */
  uint32_t first;
  uint64_t count;
  bool write;
} HwAccess;

typedef void (*AccessBody)(void *self, HwAccess access);

/* Calls `body` for each access in the order of execution.  An accumulation is
 * a read, then a write.  `uops` are the contents of the micro-op memory; the
 * instruction has passed the checks of bounds.h. */
void hw_each_access(const HwConfig *config, const Insn *insn,
                    const uint8_t *uops, AccessBody body, void *self);

/* Puts the micro-ops of a LOAD that passed hw_check_mem into a micro-op memory
 * that is kept as bytes, zeros for padding; `from` are the bytes of its
 * hw_dram_span. */
void hw_place_uops(const MemInsn *mem, const uint8_t *from, uint8_t *uops);

#endif
