/* SPDX-License-Identifier: Apache-2.0 */
/* What instructions do to the memories on chip, said once and plainly: the
 * reference for every fast path and for the timing simulator. */
#ifndef HW_SEMANTICS_H
#define HW_SEMANTICS_H

#include "hw/dram.h"
#include "hw/insn.h"

/* The memories, as the bytes that DRAM would hold. */
typedef struct OnChip {
  const HwConfig *config; /* the owner's */
  uint8_t *uop, *wgt, *inp, *acc;
} OnChip;

/* Memories of zeros.  `config` must outlive them. */
vtac_status onchip_init(OnChip *chip, const HwConfig *config, Diag *diag);
void onchip_clear(OnChip *chip);  /* frees */
void onchip_forget(OnChip *chip); /* back to zeros */

/* The bytes of a memory; ACC, OUT and ACC_8BIT are the same. */
uint8_t *onchip_memory(const OnChip *chip, uint32_t memory);

/* Refuses an instruction whose operands are illegal or lie outside the
 * memories, on chip or in DRAM.  One that passes cannot fail. */
vtac_status onchip_check(const OnChip *chip, const Insn *insn, const Dram *dram,
                         Diag *diag);

/* The effect of an instruction that passed the check. */
void onchip_load(OnChip *chip, const MemInsn *mem, const Dram *dram);
void onchip_store(OnChip *chip, const MemInsn *mem, const Dram *dram);
void onchip_gemm(OnChip *chip, const GemmInsn *gemm);
void onchip_alu(OnChip *chip, const AluInsn *alu);

/* Checks and runs one instruction. */
vtac_status onchip_execute(OnChip *chip, const Insn *insn, const Dram *dram,
                           Diag *diag);

/* Adds what `insn` counts. */
void hw_count(const HwConfig *config, const Insn *insn,
              uint64_t counters[HW_COUNTERS]);

#endif
