/* SPDX-License-Identifier: Apache-2.0 */
/* Admission: what a stream may do to a board, found out before the hardware
 * gets it.  The FPGA writes where an instruction tells it to; no memory
 * protection stands between it and the kernel. */
#ifndef BOARD_ADMIT_H
#define BOARD_ADMIT_H

#include "board/region.h"
#include "hw/insn.h"

typedef struct Admission {
  const HwConfig *config;
  Region *region;
  HwDecoder decoder;
  uint64_t tokens[HW_TOKENS]; /* on the board, between runs */

  /* The stream admitted last, and what was found out about it: the same one
   * again, in the same state, need not be looked at. */
  Insn *insns;
  uint8_t *bytes;
  uint32_t count, capacity;
  uint64_t before[HW_TOKENS], after[HW_TOKENS];
  uint64_t changes; /* the region's, then */
  bool admitted;
  uint64_t counts[HW_COUNTERS];
} Admission;

/* `config` and `region` must outlive it. */
void admission_init(Admission *admission, const HwConfig *config,
                    Region *region);
void admission_clear(Admission *admission);

/* Refuses `count` instructions at `bytes` if one is illegal, if a transfer
 * leaves the live blocks, or if a unit would wait for ever.  Otherwise counts
 * their work, marks the blocks that they read and write, and moves the tokens
 * to where the run leaves them.  After a refusal all is as before. */
vtac_status admission_check(Admission *admission, const uint8_t *bytes,
                            uint32_t count, Diag *diag);

#endif
