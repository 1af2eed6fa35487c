/* SPDX-License-Identifier: Apache-2.0 */
/* The figure for papers: what the units did over time, what their cycles went
 * to in all, and the roofline. */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "report/output.h"
#include "report/summary.h"

vtac_status plot_write(const char *path, const Summary *summary, Diag *diag);

#endif
