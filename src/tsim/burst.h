/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting a load into bursts (inside tsim only; inlined into the loop over
 * bursts, where the model spends its time).
 *
 * A burst ends at a boundary of SPAN bytes, the most that one may hold; rows
 * are never merged.  On the wide path beats are aligned and may be used in
 * part. */
#ifndef TSIM_BURST_H
#define TSIM_BURST_H

#include "tsim/sim.h"

static inline void begin_row(const Sim *sim, Loader *loader) {
  uint64_t beat_mask = (UINT64_C(1) << sim->log_bytes) - 1;
  uint64_t bytes = (loader->address & beat_mask) + loader->row_bytes;
  uint64_t before = (loader->address & sim->span_mask) >> sim->log_bytes;
  loader->row_beats = (uint32_t)((bytes + beat_mask) >> sim->log_bytes);
  loader->limit = sim->burst_beats - (uint32_t)before;
  loader->address += loader->stride;
  loader->rows--;
}

/* The beats of the next burst, or 0 when there are no more. */
static inline uint32_t next_burst(const Sim *sim, Loader *loader) {
  if (!loader->row_beats) {
    if (!loader->rows) return 0;
    begin_row(sim, loader);
  }
  uint32_t beats =
      loader->row_beats < loader->limit ? loader->row_beats : loader->limit;
  loader->row_beats -= beats;
  loader->limit = sim->burst_beats;
  return beats;
}

/* Of a load whose next burst is full and asked for: how many bursts behind it
 * are full, too, without looking beyond rows that are all alike. */
static inline uint64_t full_bursts(const Sim *sim, const Loader *loader) {
  uint64_t here = loader->row_beats >> sim->log_burst;
  bool ends = loader->row_beats & (sim->burst_beats - 1);
  uint64_t ragged = loader->address | loader->stride | loader->row_bytes;
  if (ends || ragged & sim->span_mask) return here;
  return here + loader->rows *
                    (loader->row_bytes >> (sim->log_burst + sim->log_bytes));
}

/* Takes `n` of these bursts away. */
static inline void skip_full(const Sim *sim, Loader *loader, uint64_t n) {
  uint64_t here = loader->row_beats >> sim->log_burst;
  if (n <= here) {
    loader->row_beats -= (uint32_t)(n << sim->log_burst);
    return;
  }
  uint64_t row = loader->row_bytes >> (sim->log_burst + sim->log_bytes);
  uint64_t rows = (n - here) / row, rest = (n - here) % row;
  loader->row_beats = 0;
  loader->address += rows * loader->stride;
  loader->rows -= (uint32_t)rows;
  if (!rest) return;
  begin_row(sim, loader);
  loader->row_beats -= (uint32_t)(rest << sim->log_burst);
  loader->limit = sim->burst_beats;
}

#endif
