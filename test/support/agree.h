/* SPDX-License-Identifier: Apache-2.0 */
/* Running one schedule every way there is.  The context and configuration are
 * those of support/api_kit.h. */
#ifndef TEST_SUPPORT_AGREE_H
#define TEST_SUPPORT_AGREE_H

#include "vtac/vtac.h"

/* Builds the schedule of the last argument, the only output, for the
 * accelerator and runs it on random arguments: on each path of the simulator,
 * streams verified, in program order, timed; evaluated, compiled, as object,
 * as C source; with and without common subexpressions named.  Each time the
 * result must be that of the untouched schedule on the host, and the counters
 * must be the same, which are returned.  The test fails otherwise. */
void runs_right(vtac_schedule schedule, int n, const vtac_tensor *args,
                uint64_t ret_counters[VTAC_COUNTERS]);

/* The value of a counter by its name. */
uint64_t counter(const uint64_t counters[VTAC_COUNTERS], const char *name);

#endif
