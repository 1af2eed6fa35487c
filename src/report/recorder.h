/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder: listens to the timing simulator and hands what happens to the
 * writers of pictures.  Its memory is bounded: the trace and the page go to
 * disk as events come, the rest is kept in bins. */
#ifndef REPORT_RECORDER_H
#define REPORT_RECORDER_H

#include "report/event.h"
#include "report/occupancy.h"

typedef struct Recorder Recorder;

typedef struct RecorderOptions {
  const char *trace, *page, *plot; /* files, or NULL */
  const char *title;
  /* The cycles that the plot shows over time; none for all. */
  uint64_t plot_begin, plot_end;
  Program program; /* must live as long as the recorder */
} RecorderOptions;

/* Opens the files.  Paths and the title are copied. */
vtac_status recorder_open(const HwConfig *config,
                          const RecorderOptions *options, Recorder **ret,
                          Diag *diag);
/* Finishes the files, also after runs that failed, and frees. */
vtac_status recorder_close(Recorder *recorder, Diag *diag);

const HwConfig *recorder_config(const Recorder *recorder);
/* For one simulator at a time; lives as long as the recorder. */
const TsimSink *recorder_sink(const Recorder *recorder);
/* Where micro-ops are found; without it the memories on chip stay empty. */
void recorder_view(Recorder *recorder, MemoryView view);

#endif
