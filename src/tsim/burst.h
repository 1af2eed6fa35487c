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

#endif
