/* SPDX-License-Identifier: Apache-2.0 */
/* Loads: their first request, the zeros around the data, and their end.  The
 * requests between are memory.c's.
 *
 * The padding engine writes one zero element a cycle, and only in cycles in
 * which no data are written.  It is advanced burst by burst, so that no burst
 * has to be remembered. */
#include "tsim/burst.h"

/* ---- Padding ------------------------------------------------------------ */

static void padding_begin(Padding *padding, const MemInsn *mem, Cycle first) {
  uint64_t sides = mem->x_pad_0 + mem->x_pad_1;
  uint64_t width = sides + mem->x_size;
  uint64_t rows = !sides && mem->y_pad_1 ? mem->y_size : 0;
  *padding = (Padding){.at = first,
                       .left = {[PAD_TOP] = mem->y_pad_0 * width,
                                [PAD_SIDES] = mem->y_size * sides,
                                [PAD_ROWS] = rows,
                                [PAD_BOTTOM] = mem->y_pad_1 * width}};
  for (int phase = 0; phase < PADS; phase++)
    padding->any = padding->any || padding->left[phase];
}

/* Lets the engine work in the cycles before `end`; with `blocked` it can only
 * count rows. */
static void padding_advance(Padding *padding, Cycle end, bool blocked) {
  while (padding->phase < PADS && padding->at < end) {
    uint64_t *left = &padding->left[padding->phase];
    if (*left && blocked && padding->phase != PAD_ROWS) {
      padding->at = end;
      return;
    }
    uint64_t room = (uint64_t)(end - padding->at);
    uint64_t cycles = *left < room ? *left : room;
    padding->at += (Cycle)cycles;
    *left -= cycles;
    if (!*left) padding->phase++;
  }
}

void loader_pad(Sim *sim, int unit, Cycle last_beat, uint32_t beats) {
  Loader *loader = &sim->loaders[unit];
  Cycle last = last_beat + loader->transfer->written;
  padding_advance(&loader->padding, last - beats + 1, false);
  padding_advance(&loader->padding, last + 1, true);
}

/* ---- Life of a load ----------------------------------------------------- */

static void end_load(Sim *sim, int unit, Cycle data_done) {
  Loader *loader = &sim->loaders[unit];
  Cycle done = data_done;
  if (loader->padding.any) {
    padding_advance(&loader->padding, NEVER, false);
    done = later(done, loader->padding.at);
  }
  loader->data_done = data_done;
  sim->units[unit].done = done;
  schedule(sim, (TsimUnit)unit, done);
}

void loader_begin(Sim *sim, int unit, const MemInsn *mem) {
  Loader *loader = &sim->loaders[unit];
  const Transfer *transfer = &sim->transfers[mem->memory_type & 7];
  Cycle start = sim->units[unit].start;
  loader->transfer = transfer;
  loader->address = (uint64_t)mem->dram_base * transfer->bytes;
  loader->stride = (uint64_t)mem->x_stride * transfer->bytes;
  loader->row_bytes = (uint64_t)mem->x_size * transfer->bytes;
  loader->rows = transfer->bytes ? mem->y_size : 0;
  loader->row_beats = 0;
  padding_begin(&loader->padding, mem, start + transfer->written);
  uint32_t beats = next_burst(sim, loader);
  if (!beats) {
    end_load(sim, unit, start + 1);
    return;
  }
  Cycle posted = start + 1 + mem->y_pad_0;
  memory_post(sim, transfer->slot, posted, beats);
  if (sim->books.open) books_reading(sim, (TsimUnit)unit, posted);
}

void loader_end(Sim *sim, int unit, Cycle last_beat) {
  end_load(sim, unit, last_beat + sim->loaders[unit].transfer->written + 1);
}
