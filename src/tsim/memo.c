/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers how long streams took; cost: a comparison with each row. */
#include "tsim/memo.h"

#include <stdlib.h>
#include <string.h>

void memo_clear(TimeMemo *memo) {
  for (int i = 0; i < MEMO_ROWS; i++) free(memo->row[i].stream);
  *memo = (TimeMemo){0};
}

static bool matches(const MemoRow *row, const uint8_t *stream, uint32_t count,
                    const uint64_t tokens[HW_TOKENS]) {
  return row->stream && row->count == count &&
         !memcmp(row->before, tokens, sizeof row->before) &&
         !memcmp(row->stream, stream, (size_t)count * HW_INSN_BYTES);
}

const MemoRow *memo_find(TimeMemo *memo, const uint8_t *stream, uint32_t count,
                         const uint64_t tokens[HW_TOKENS]) {
  for (int i = 0; i < MEMO_ROWS; i++)
    if (matches(&memo->row[i], stream, count, tokens)) {
      memo->row[i].used = ++memo->tick;
      return &memo->row[i];
    }
  return NULL;
}

vtac_status memo_add(TimeMemo *memo, const uint8_t *stream, const MemoRow *row,
                     Diag *diag) {
  const size_t size = (size_t)row->count * HW_INSN_BYTES;
  MemoRow *oldest = &memo->row[0];
  for (int i = 1; i < MEMO_ROWS; i++)
    if (memo->row[i].used < oldest->used) oldest = &memo->row[i];
  if (row->count > MEMO_MOST_INSNS) return VTAC_OK;
  uint8_t *copy = malloc(size);
  if (!copy)
    return diag_set(diag, D_NO_MEMORY, "no memory for %u instructions",
                    row->count);
  memcpy(copy, stream, size);
  free(oldest->stream);
  *oldest = *row;
  oldest->stream = copy;
  oldest->used = ++memo->tick;
  return VTAC_OK;
}
