/* SPDX-License-Identifier: Apache-2.0 */
/* The accounting of an instruction: its waiting, and the steps of its class
 * (how long they take stands in unit.c, loader.c and store.c). */
#include "tsim/sim.h"

/* Who posts the token that a unit takes from the side of its predecessor and
 * of its successor. */
static const TsimCause awaits[HW_STAGES][2] = {
    [HW_STAGE_LOAD] = {TSIM_TOKEN_COMPUTE, TSIM_TOKEN_COMPUTE},
    [HW_STAGE_COMPUTE] = {TSIM_TOKEN_LOAD, TSIM_TOKEN_STORE},
    [HW_STAGE_STORE] = {TSIM_TOKEN_COMPUTE, TSIM_TOKEN_COMPUTE},
};

static void book_waiting(Sim *sim, int number) {
  const Unit *unit = &sim->units[number];
  const Entry *entry = &unit->queue[unit->head & sim->queue_mask];
  const Insn *insn = &sim->insns[entry->insn];
  Account *account = &sim->books.account[number];
  TsimUnit id = (TsimUnit)number;
  account->spent_on = entry->insn;
  bool first = !unit->ready;
  books_span(sim, id, first ? TSIM_START : TSIM_NO_INSN,
             sooner(entry->visible, unit->start));
  if (insn->pop_prev)
    books_span(sim, id, awaits[number][0],
               insn->pop_next ? sooner(account->token_at[0], unit->start)
                              : unit->start);
  books_span(sim, id, awaits[number][1], unit->start);
}

void books_until_reading(Sim *sim, int unit) {
  const Account *account = &sim->books.account[unit];
  book_waiting(sim, unit);
  if (account->reading)
    books_span(sim, (TsimUnit)unit, TSIM_START, account->reads_from);
}

static void book_loop(Sim *sim, int unit, const Insn *insn) {
  Cycle first = sim->units[unit].start + 2;
  books_span(sim, (TsimUnit)unit, TSIM_START, first);
  books_span(sim, (TsimUnit)unit, TSIM_WORK, first + (Cycle)loop_cycles(insn));
}

/* The beats are booked; what is left are the way to the memory on chip and
 * zeros behind the data. */
static void book_load(Sim *sim, int unit) {
  Account *account = &sim->books.account[unit];
  Cycle data_done = sim->loaders[unit].data_done;
  if (account->at < sim->units[unit].start + 1) book_waiting(sim, unit);
  account->reading = false;
  books_span(sim, (TsimUnit)unit, TSIM_DRAIN, data_done);
  books_span(sim, (TsimUnit)unit, TSIM_WORK, sim->units[unit].done);
}

static void book_store_burst(Sim *sim, uint32_t beats) {
  Cycle at = sim->books.account[TSIM_STORE].at;
  uint32_t piece = store_pauses(sim) ? sim->out_row_beats : beats;
  books_span(sim, TSIM_STORE, TSIM_LATENCY, at += 3);
  while (beats) {
    books_span(sim, TSIM_STORE, TSIM_WORK, at += piece);
    beats -= piece;
    books_span(sim, TSIM_STORE, TSIM_LATENCY, at += 1);
  }
}

static void book_store(Sim *sim, const MemInsn *mem) {
  books_span(sim, TSIM_STORE, TSIM_START, sim->units[TSIM_STORE].start + 1);
  for (uint32_t y = 0; y < mem->y_size; y++) {
    StoreRow row = store_row(sim, mem, y);
    while (row.beats) {
      uint32_t beats = row.beats < row.limit ? row.beats : row.limit;
      book_store_burst(sim, beats);
      row.beats -= beats;
      row.limit = sim->burst_beats;
    }
  }
}

void books_work(Sim *sim, int unit, const Insn *insn) {
  if (is_transfer(insn) && insn->opcode == HW_OP_LOAD && insn->mem.x_size) {
    book_load(sim, unit);
  } else {
    book_waiting(sim, unit);
    if (insn->opcode == HW_OP_STORE && insn->mem.x_size)
      book_store(sim, &insn->mem);
    else if (!is_transfer(insn) && insn->opcode != HW_OP_FINISH)
      book_loop(sim, unit, insn);
    else
      books_span(sim, (TsimUnit)unit, TSIM_START, sim->units[unit].start + 1);
  }
  books_span(sim, (TsimUnit)unit, TSIM_DRAIN, sim->units[unit].done + 1);
}
