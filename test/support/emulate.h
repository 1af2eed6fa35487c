/* SPDX-License-Identifier: Apache-2.0 */
/* Emulator: the sequential meaning of the accelerator's calls, for the
 * evaluator.  It runs a function at any point of the accelerator's pipeline:
 * an operand on chip is a pointer into memory that the function allocates,
 * or, once those allocations are gone, an element index into memory of the
 * emulator's own.
 *
 * Tokens are counted: a pop that comes before its push in program order, or a
 * token that nobody pops, fails the run.  Lanes narrower than a byte are not
 * emulated. */
#ifndef TEST_SUPPORT_EMULATE_H
#define TEST_SUPPORT_EMULATE_H

#include "hw/config.h"
#include "ir/eval.h"

typedef struct Emulator Emulator;

/* NULL when memory is short or a lane is narrower than a byte. */
Emulator *emulator_new(const HwConfig *config);
void emulator_free(Emulator *emulator); /* NULL is fine */

/* Runs the program from fresh memories, which hold rubbish. */
vtac_status emulator_run(Emulator *emulator, const EvalProgram *program,
                         const EvalMemory *args, Diag *diag);

#endif
