/* SPDX-License-Identifier: Apache-2.0 */
/* What an instruction touches, and whether it may: shared by the simulators
 * and the verifier. */
#ifndef HW_BOUNDS_H
#define HW_BOUNDS_H

#include "hw/insn.h"

/* Elements that a transfer covers on chip, padding included. */
uint64_t hw_sram_elems(const MemInsn *mem);

/* The bytes of device memory between the first and the last that a transfer
 * moves; `bytes` is 0 when it moves none. */
typedef struct DramSpan {
  uint64_t addr, bytes;
} DramSpan;
DramSpan hw_dram_span(const HwConfig *config, const MemInsn *mem);

/* The loops of a GEMM or ALU instruction; the weight factors of ALU are 0. */
GemmInsn hw_loops(const Insn *insn);
bool hw_loops_are_empty(const GemmInsn *loops);

/* Micro-op `index` of a micro-op memory that is kept as bytes. */
Uop hw_uop_at(const HwConfig *config, const uint8_t *uops, uint32_t index);

/* Calls `body` with the indices of each step, in the order of execution. */
void hw_each_step(const HwConfig *config, const GemmInsn *loops,
                  const uint8_t *uops, void (*body)(void *self, Uop step),
                  void *self);

/* Refuses an illegal memory, padding of a store, and a range outside the
 * memory on chip.  NOPs pass. */
vtac_status hw_check_mem(const HwConfig *config, const Insn *insn, Diag *diag);
/* Refuses an illegal operation and a micro-op range that is inverted or
 * leaves its memory. */
vtac_status hw_check_uop_range(const HwConfig *config, const Insn *insn,
                               Diag *diag);
/* Refuses a step of GEMM or ALU that leaves a memory; `uops` holds the
 * micro-ops. Assumes hw_check_uop_range. */
vtac_status hw_check_steps(const HwConfig *config, const Insn *insn,
                           const uint8_t *uops, Diag *diag);

#endif
