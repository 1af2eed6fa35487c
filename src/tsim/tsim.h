/* SPDX-License-Identifier: Apache-2.0 */
/* The timing simulator as a port: a functional simulator's results, and the
 * cycles that the hardware would take for them. */
#ifndef TSIM_TSIM_H
#define TSIM_TSIM_H

#include "hw/port.h"
#include "tsim/model.h"

/* Puts the timing of `config.timing` around the port `inner`, which it takes
 * over, on failure too.  A run fails where `inner` fails, and where the
 * hardware's queues cannot hold what the stream wants them to. */
vtac_status tsim_create(const HwConfig *config, HwPort *inner, HwPort **ret,
                        Diag *diag);

/* From the next run on, says on what cycles are spent; `sink`, which may be
 * NULL, must live as long.  (NULL, false) ends it. */
void tsim_watch(HwPort *port, const TsimSink *sink, bool account);
/* The sums of all runs since the counters were cleared. */
void tsim_sums(const HwPort *port, TsimResult *ret);

#endif
