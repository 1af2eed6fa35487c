/* SPDX-License-Identifier: Apache-2.0 */
/* TimeMemo: what the last streams took.  Time is a function of the stream and
 * the tokens at its start, so a kernel that runs again need not be timed
 * again (inside tsim only). */
#ifndef TSIM_MEMO_H
#define TSIM_MEMO_H

#include "tsim/model.h"

enum { MEMO_ROWS = 8, MEMO_MOST_INSNS = 1 << 16 };

typedef struct MemoRow {
  uint8_t *stream; /* a copy, or NULL */
  uint32_t count;
  uint64_t before[HW_TOKENS], after[HW_TOKENS];
  TsimResult result;
  uint64_t used;
} MemoRow;

typedef struct TimeMemo {
  MemoRow row[MEMO_ROWS];
  uint64_t tick;
} TimeMemo;

void memo_clear(TimeMemo *memo);

/* The row of a stream of `count` encoded instructions, or NULL. */
const MemoRow *memo_find(TimeMemo *memo, const uint8_t *stream, uint32_t count,
                         const uint64_t tokens[HW_TOKENS]);

/* Keeps a row in place of the one used longest ago, unless its stream is
 * long. */
vtac_status memo_add(TimeMemo *memo, const uint8_t *stream, const MemoRow *row,
                     Diag *diag);

#endif
