/* SPDX-License-Identifier: Apache-2.0 */
/* A second model of the hardware's timing: registers and state machines,
 * stepped cycle by cycle.  It shares nothing with src/tsim but the
 * specification and serves to check it. */
#ifndef SUPPORT_TSIM_PLAIN_H
#define SUPPORT_TSIM_PLAIN_H

#include "hw/insn.h"

typedef struct PlainTiming {
  bool finished; /* false: a deadlock, or no FINISH */
  uint64_t cycles, acc_writes;
  uint64_t beats; /* that the memory delivered */
} PlainTiming;

/* When an instruction started and was done; 0 if it was not. */
typedef struct PlainTimes {
  uint64_t start, done;
} PlainTimes;

/* `times` has `count` entries.  A loop takes time in proportion to its
 * iterations. */
PlainTiming tsim_plain(const HwConfig *config, const TimingConfig *timing,
                       const Insn *insns, uint32_t count,
                       const uint64_t tokens[HW_TOKENS], PlainTimes *times);

#endif
