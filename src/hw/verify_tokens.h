/* SPDX-License-Identifier: Apache-2.0 */
/* TokenChecker: proves that tokens order every two accesses that need order
 * (inside hw only; hw_verify drives it). */
#ifndef HW_VERIFY_TOKENS_H
#define HW_VERIFY_TOKENS_H

#include "hw/access.h"

enum { UNITS = 3 }; /* load, compute, store: HwStage - 1 */

/* What a unit knows to be finished: the index + 1 of the last instruction of
 * each unit, 0 for none. */
typedef struct Clock {
  uint32_t seen[UNITS];
} Clock;

/* Last accesses to one element: index + 1 of the instruction, 0 for none. */
typedef struct LastAccess {
  uint32_t read[UNITS], write[UNITS];
} LastAccess;

typedef struct TokenFifo {
  Clock *clock;       /* one for each push of the stream */
  uint32_t head, end; /* tokens in the queue that the stream pushed */
  uint64_t initial;   /* tokens from before the stream */
} TokenFifo;

typedef struct TokenChecker {
  const HwConfig *config;
  Clock unit[UNITS]; /* what each unit knows now */
  TokenFifo fifo[HW_TOKENS];
  LastAccess *last[4]; /* by memory: UOP, WGT, INP, ACC */
} TokenChecker;

/* Two instructions whose accesses to an element nothing orders. */
typedef struct TokenRace {
  uint32_t other; /* instruction */
  uint32_t element;
  bool other_writes;
} TokenRace;

vtac_status tokens_init(TokenChecker *checker, const HwConfig *config,
                        const Insn *insns, uint32_t count,
                        const uint64_t tokens[HW_TOKENS], Diag *diag);
void tokens_clear(TokenChecker *checker);

/* To be called in an order in which the stream can run: `begin`, then each
 * access (true if it races), then `end`. */
void tokens_begin(TokenChecker *checker, const Insn *insn);
bool tokens_access(TokenChecker *checker, uint32_t index, HwStage stage,
                   HwAccess access, TokenRace *ret);
void tokens_end(TokenChecker *checker, uint32_t index, const Insn *insn);

#endif
