/* SPDX-License-Identifier: Apache-2.0 */
/* The stream verifier: says before a run what could go wrong in it. */
#ifndef HW_VERIFY_H
#define HW_VERIFY_H

#include "hw/insn.h"

typedef struct HwVerifyOptions {
  /* Tokens that the queues hold before the stream; all earlier streams are
   * taken to be finished. */
  uint64_t tokens[HW_TOKENS];
  /* The bytes of device memory, or NULL where no one block holds the range.
   * Micro-ops are read as they are before the run: a stream that stores over
   * micro-ops and then loads them is judged by the old ones.
   * Without this callback DRAM is not checked, and micro-ops are unknown. */
  const void *(*dram)(void *self, uint64_t addr, uint64_t size);
  void *self;
  /* Refuse to read what the stream itself has not written on chip. */
  bool refuse_uninitialised;
  bool allow_races; /* do not look for unordered accesses */
  /* Refuse a STORE of elements that a LOAD or a reset wrote last.  Hardware
   * stores from a memory of its own, which results of GEMM and ALU alone enter;
   * simulators store the accumulators. */
  bool refuse_stale_output;
} HwVerifyOptions;

typedef struct HwVerifyReport {
  uint64_t tokens[HW_TOKENS]; /* left in the queues after the stream */
  /* GEMM and ALU instructions whose micro-ops were unknown, so that their
   * steps could not be checked. */
  uint32_t unknown;
  uint32_t stale; /* STOREs that refuse_stale_output would refuse */
  uint32_t first_stale;
} HwVerifyReport;

/* Checks `count` instructions, the last of them FINISH: operations, memories
 * and flags legal; every access inside its memory and every transfer inside a
 * block; no queue waits for ever; and no unit reads or overwrites an element
 * that an unfinished instruction of another unit still needs, whatever the
 * speed of the units.  The first fault is reported with its instructions.
 * `options` and `ret` may be NULL. */
vtac_status hw_verify(const HwConfig *config, const Insn *insns, uint32_t count,
                      const HwVerifyOptions *options, HwVerifyReport *ret,
                      Diag *diag);

#endif
