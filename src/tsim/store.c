/* SPDX-License-Identifier: Apache-2.0 */
/* Stores: bursts as of loads, but each waits for the one before it to be
 * acknowledged, on a path that no read disturbs.
 *
 * A burst of R beats takes three cycles before the first beat, R beats, and
 * one for the answer.  On the narrow path reading the next row of a tensor
 * costs a cycle between two rows of a burst (sizes are powers of two, so a
 * burst holds whole rows or lies inside one). */
#include "tsim/sim.h"

enum { STORE_OVERHEAD = 4 };

static StoreRow row_at(const Sim *sim, uint64_t address, uint64_t bytes) {
  uint64_t beat_mask = (UINT64_C(1) << sim->log_bytes) - 1;
  uint64_t before = (address & sim->span_mask) >> sim->log_bytes;
  uint64_t beats = (address & beat_mask) + bytes + beat_mask;
  return (StoreRow){(uint32_t)(beats >> sim->log_bytes),
                    sim->burst_beats - (uint32_t)before};
}

StoreRow store_row(const Sim *sim, const MemInsn *mem, uint32_t y) {
  uint64_t element = mem->dram_base + (uint64_t)mem->x_stride * y;
  return row_at(sim, element * sim->out_bytes,
                (uint64_t)mem->x_size * sim->out_bytes);
}

bool store_pauses(const Sim *sim) {
  return !sim->wide_store && sim->out_row_beats <= sim->burst_beats;
}

static uint64_t row_cycles(const Sim *sim, StoreRow row) {
  uint32_t before = sim->burst_beats - row.limit;
  uint32_t bursts = ((before + row.beats - 1) >> sim->log_burst) + 1;
  uint32_t pauses =
      store_pauses(sim) ? (row.beats >> sim->log_out_row) - bursts : 0;
  return STORE_OVERHEAD * (uint64_t)bursts + row.beats + pauses;
}

Cycle store_cycles(const Sim *sim, const MemInsn *mem) {
  uint64_t stride = (uint64_t)mem->x_stride * sim->out_bytes;
  if (!(stride & sim->span_mask))
    return (Cycle)(mem->y_size * row_cycles(sim, store_row(sim, mem, 0)));
  uint64_t cycles = 0;
  for (uint32_t y = 0; y < mem->y_size; y++)
    cycles += row_cycles(sim, store_row(sim, mem, y));
  return (Cycle)cycles;
}
