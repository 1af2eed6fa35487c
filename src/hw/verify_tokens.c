/* SPDX-License-Identifier: Apache-2.0 */
/* Proves a stream free of races whatever the speed of the three units.
 *
 * A token queue has one producer and one consumer, both in order, so its k-th
 * pop always takes its k-th push: which instruction waits for which does not
 * depend on speed.  "Before" is then the order within each unit plus an edge
 * from every push to its pop.  Each unit carries a vector clock, the last
 * instruction of every unit that is surely finished; a token carries its
 * producer's clock, a pop joins it to the consumer's.  Two accesses of
 * different units to one element, at least one a write, must be ordered: the
 * later one's clock must have seen the earlier.
 *
 * The stream is walked in one order in which it can run, which extends
 * "before"; of two unordered accesses the second then meets the first as a
 * last access, and if a unit's last access is ordered, so are all before it.
 * Hence the last read and the last write of each unit suffice.  Cost: one
 * constant-time test an access. */
#include "hw/verify_tokens.h"

#include <stdlib.h>
#include <string.h>

static bool alloc_fifos(TokenChecker *checker, const Insn *insns,
                        uint32_t count) {
  size_t pushes[HW_TOKENS + 1] = {0};
  for (uint32_t i = 0; i < count; i++) {
    HwStage stage = hw_stage(&insns[i]);
    if (insns[i].push_prev) pushes[hw_push_token(stage, true)]++;
    if (insns[i].push_next) pushes[hw_push_token(stage, false)]++;
  }
  for (int q = 0; q < HW_TOKENS; q++) {
    checker->fifo[q].clock = calloc(pushes[q] + 1, sizeof(Clock));
    if (!checker->fifo[q].clock) return false;
  }
  return true;
}

vtac_status tokens_init(TokenChecker *checker, const HwConfig *config,
                        const Insn *insns, uint32_t count,
                        const uint64_t tokens[HW_TOKENS], Diag *diag) {
  *checker = (TokenChecker){.config = config};
  bool made = alloc_fifos(checker, insns, count);
  for (int q = 0; q < HW_TOKENS; q++) checker->fifo[q].initial = tokens[q];
  for (uint32_t memory = 0; memory < 4 && made; memory++) {
    checker->last[memory] =
        calloc(hw_depth(config, memory), sizeof(LastAccess));
    made = checker->last[memory] != NULL;
  }
  if (made) return VTAC_OK;
  tokens_clear(checker);
  return diag_set(diag, D_NO_MEMORY, "no memory to verify %u instructions",
                  count);
}

void tokens_clear(TokenChecker *checker) {
  for (int q = 0; q < HW_TOKENS; q++) free(checker->fifo[q].clock);
  for (int memory = 0; memory < 4; memory++) free(checker->last[memory]);
}

static void join(Clock *clock, const Clock *other) {
  for (int u = 0; u < UNITS; u++)
    if (other->seen[u] > clock->seen[u]) clock->seen[u] = other->seen[u];
}

static void pop(TokenFifo *fifo, Clock *clock) {
  if (fifo->initial)
    fifo->initial--; /* says nothing about this stream */
  else if (fifo->head < fifo->end)
    join(clock, &fifo->clock[fifo->head++]);
}

static void push(TokenFifo *fifo, const Clock *clock) {
  fifo->clock[fifo->end++] = *clock;
}

void tokens_begin(TokenChecker *checker, const Insn *insn) {
  HwStage stage = hw_stage(insn);
  Clock *clock = &checker->unit[stage - 1];
  if (insn->pop_prev) pop(&checker->fifo[hw_pop_token(stage, true)], clock);
  if (insn->pop_next) pop(&checker->fifo[hw_pop_token(stage, false)], clock);
}

void tokens_end(TokenChecker *checker, uint32_t index, const Insn *insn) {
  HwStage stage = hw_stage(insn);
  Clock *clock = &checker->unit[stage - 1];
  clock->seen[stage - 1] = index + 1;
  if (insn->push_prev) push(&checker->fifo[hw_push_token(stage, true)], clock);
  if (insn->push_next) push(&checker->fifo[hw_push_token(stage, false)], clock);
}

/* Whether unit `u` has an access to the element that `clock` does not see. */
static bool races_with(const LastAccess *last, const Clock *clock, int u,
                       bool write, TokenRace *ret) {
  if (last->write[u] > clock->seen[u]) {
    ret->other = last->write[u] - 1;
    ret->other_writes = true;
    return true;
  }
  if (write && last->read[u] > clock->seen[u]) {
    ret->other = last->read[u] - 1;
    ret->other_writes = false;
    return true;
  }
  return false;
}

bool tokens_access(TokenChecker *checker, uint32_t index, HwStage stage,
                   HwAccess access, TokenRace *ret) {
  const int own = stage - 1;
  const Clock *clock = &checker->unit[own];
  for (uint64_t i = 0; i < access.count; i++) {
    LastAccess *last = &checker->last[access.memory][access.first + i];
    for (int u = 0; u < UNITS; u++) {
      if (u == own || !races_with(last, clock, u, access.write, ret)) continue;
      ret->element = access.first + (uint32_t)i;
      return true;
    }
    if (access.write)
      last->write[own] = index + 1;
    else
      last->read[own] = index + 1;
  }
  return false;
}
