/* SPDX-License-Identifier: Apache-2.0 */
/* Load, compute and store: queues, tokens, and how long instructions take.
 *
 * An instruction starts when its unit is idle, it is at the head of its queue
 * and its tokens are there; a token posted in a cycle is there in the next
 * one.  All of this is known when the last of it happens, so a start needs no
 * event of its own; only the end has one, when the entry is freed and tokens
 * are posted. */
#include "tsim/sim.h"

/* Cycles from the start of a loop to its end, beside its iterations. */
enum { LOOP_DEPTH = 6, TOKENS_MOST = 255 };

/* The queue that a flag acts on, or HW_TOKENS: hw_pop_token as a table. */
static const uint8_t pops[HW_STAGES][2] = {
    {HW_TOKENS, HW_TOKENS},
    [HW_STAGE_LOAD] = {HW_TOKENS, HW_G2L},
    [HW_STAGE_COMPUTE] = {HW_L2G, HW_S2G},
    [HW_STAGE_STORE] = {HW_G2S, HW_TOKENS},
};
static const uint8_t pushes[HW_STAGES][2] = {
    {HW_TOKENS, HW_TOKENS},
    [HW_STAGE_LOAD] = {HW_TOKENS, HW_L2G},
    [HW_STAGE_COMPUTE] = {HW_G2L, HW_G2S},
    [HW_STAGE_STORE] = {HW_S2G, HW_TOKENS},
};

/* The unit that takes the tokens of a queue, and from which side. */
static const struct {
  uint8_t unit, side;
} takers[HW_TOKENS] = {
    [HW_L2G] = {HW_STAGE_COMPUTE, 0},
    [HW_G2L] = {HW_STAGE_LOAD, 1},
    [HW_G2S] = {HW_STAGE_STORE, 0},
    [HW_S2G] = {HW_STAGE_COMPUTE, 1},
};

static void report_token(const Sim *sim, int token, bool taken, uint32_t insn,
                         Cycle cycle) {
  const TsimSink *sink = sim->books.sink;
  if (sink && sink->token)
    sink->token(sink->self, (HwToken)token, taken, insn, (uint64_t)cycle);
}

static bool take_tokens(Sim *sim, int unit, const Insn *insn) {
  int prev = insn->pop_prev ? pops[unit][0] : HW_TOKENS;
  int next = insn->pop_next ? pops[unit][1] : HW_TOKENS;
  if (prev != HW_TOKENS && !sim->tokens[prev]) return false;
  if (next != HW_TOKENS && !sim->tokens[next]) return false;
  if (prev != HW_TOKENS) sim->tokens[prev]--;
  if (next != HW_TOKENS) sim->tokens[next]--;
  return true;
}

/* A counter holds what its unit will take only in a later cycle, too. */
static bool saturated(const Sim *sim, int token, Cycle now) {
  const Unit *taker = &sim->units[takers[token].unit];
  uint32_t count = sim->tokens[token];
  if (count < TOKENS_MOST - 1) return false;
  if (taker->busy && taker->start > now) {
    const Insn *insn =
        &sim->insns[taker->queue[taker->head & sim->queue_mask].insn];
    count += takers[token].side ? insn->pop_next != 0 : insn->pop_prev != 0;
  }
  return count >= TOKENS_MOST;
}

static void post_token(Sim *sim, int token, uint32_t insn, Cycle now) {
  if (token == HW_TOKENS || saturated(sim, token, now)) return;
  int unit = takers[token].unit;
  if (sim->books.open) {
    if (!sim->tokens[token] && !sim->units[unit].busy)
      sim->books.account[unit].token_at[takers[token].side] = now + 1;
    report_token(sim, token, false, insn, now);
  }
  sim->tokens[token]++;
  unit_step(sim, unit, now);
}

static void end_at(Sim *sim, int unit, Cycle done) {
  sim->units[unit].done = done;
  schedule(sim, (TsimUnit)unit, done);
}

static void execute(Sim *sim, int unit, const Insn *insn) {
  Cycle start = sim->units[unit].start;
  if (is_transfer(insn) && !insn->mem.x_size) {
    end_at(sim, unit, start + 1);
  } else if (insn->opcode == HW_OP_LOAD) {
    loader_begin(sim, unit, &insn->mem);
  } else if (insn->opcode == HW_OP_STORE) {
    Cycle cycles = store_cycles(sim, &insn->mem);
    end_at(sim, unit, start + (cycles ? cycles : 1));
  } else if (insn->opcode == HW_OP_FINISH) {
    sim->books.limit = start + 1;
    end_at(sim, unit, start + 1);
  } else {
    sim->result->acc_writes += loop_iterations(&insn->gemm);
    end_at(sim, unit, start + LOOP_DEPTH + (Cycle)loop_cycles(insn));
  }
}

static void report_taken(const Sim *sim, int unit, const Insn *insn,
                         uint32_t index) {
  Cycle start = sim->units[unit].start;
  if (insn->pop_prev && pops[unit][0] != HW_TOKENS)
    report_token(sim, pops[unit][0], true, index, start);
  if (insn->pop_next && pops[unit][1] != HW_TOKENS)
    report_token(sim, pops[unit][1], true, index, start);
}

void unit_step(Sim *sim, int number, Cycle now) {
  Unit *unit = &sim->units[number];
  if (unit->busy || !unit->count) return;
  const Entry *entry = &unit->queue[unit->head & sim->queue_mask];
  const Insn *insn = &sim->insns[entry->insn];
  if (!take_tokens(sim, number, insn)) return;
  unit->busy = true;
  unit->start = later(later(unit->ready, entry->visible), now + 1);
  if (sim->books.open) report_taken(sim, number, insn, entry->insn);
  execute(sim, number, insn);
}

void unit_done(Sim *sim, int number, Cycle now) {
  Unit *unit = &sim->units[number];
  uint32_t index = unit->queue[unit->head & sim->queue_mask].insn;
  const Insn *insn = &sim->insns[index];
  if (sim->books.open) books_insn(sim, number);
  sim->result->insns[number]++;
  if (insn->opcode == HW_OP_FINISH) {
    sim->finished = true;
    return;
  }
  sim->next[number] = NEVER;
  unit->busy = false;
  unit->ready = now + 1;
  unit->head++;
  unit->count--;
  fetch_wake(sim, number, now);
  if (insn->push_prev) post_token(sim, pushes[number][0], index, now);
  if (insn->push_next) post_token(sim, pushes[number][1], index, now);
  unit_step(sim, number, now);
}
