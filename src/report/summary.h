/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a recording when it ends. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "report/bins.h"
#include "report/event.h"
#include "report/occupancy.h"

/* The cycles begin <= cycle < end. */
typedef struct PlotWindow {
  uint64_t begin, end;
} PlotWindow;

typedef struct Summary {
  const char *title;
  Program program;
  const HwConfig *config;
  uint32_t runs;
  uint64_t cycles;                          /* of all runs */
  uint64_t causes[TSIM_UNITS][TSIM_CAUSES]; /* add up to them for each unit */
  uint64_t beats;                           /* read from memory */
  uint64_t gemm_steps; /* micro-ops of GEMM, without resets */
  uint64_t alu_steps;
  PlotWindow window;
  const Bins (*groups)[GROUPS]; /* by unit, over the window */
  const Occupancy *occupancy;
} Summary;

/* The share of the cycles in which the matrix unit starts a micro-op. */
static inline double gemm_utilisation(const Summary *summary) {
  uint64_t cycles = summary->cycles;
  return cycles ? (double)summary->gemm_steps / (double)cycles : 0;
}

#endif
