/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which three units with token queues run a stream. */
#ifndef HW_PIPELINE_H
#define HW_PIPELINE_H

#include "hw/insn.h"

/* Called for each instruction when it starts; its tokens are taken already.
 * An error ends the run. */
typedef vtac_status (*PipelineStep)(void *self, uint32_t index,
                                    const Insn *insn, Diag *diag);

/* Runs `count` instructions to the end in one deterministic order out of the
 * legal ones: each unit goes on as far as its tokens allow, compute first,
 * then load, then store, and again.  `tokens` holds what the queues contain
 * and is updated.  Refuses flags towards no unit, a stream without exactly
 * one FINISH at its end, and a deadlock, naming the head of each queue and
 * the token it lacks. */
vtac_status pipeline_run(const Insn *insns, uint32_t count,
                         uint64_t tokens[HW_TOKENS], PipelineStep step,
                         void *self, Diag *diag);

#endif
