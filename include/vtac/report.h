/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of timed runs: a trace, a page, and a figure (docs/timing.md).
 *
 * A recorder listens to the timing simulator of a device, or to that of one
 * stream.  Several runs follow each other in the pictures as if the device had
 * rested in no cycle between them.  `error` may be NULL everywhere. */
#ifndef VTAC_REPORT_H
#define VTAC_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/config.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vtac_recorder vtac_recorder;
struct vtac_profile; /* vtac/profile.h */

/* The files to write; NULL leaves one out.  Trace and report grow on disk while
 * the runs are timed, so that memory does not grow with the cycles. */
typedef struct vtac_recorder_options {
  const char *trace;  /* JSON for Perfetto and chrome://tracing */
  const char *report; /* an HTML page that needs nothing beside it */
  const char *plot;   /* an SVG figure in black and white */
  const char *title;  /* stands above the pictures; NULL: "vtac" */
  /* Of the module that runs: its text, and which instruction comes from which
   * line, in runs that are as the profile's; a second run is not if it finds
   * micro-ops on the chip.  NULL leaves that out.  It must live until the
   * recorder is closed. */
  const struct vtac_profile *profile;
  /* The cycles begin <= cycle < end that the plot shows over time; 0 and 0 for
   * all. */
  uint64_t plot_begin, plot_end;
} vtac_recorder_options;

/* Opens the files.  Give the recorder to a device or to vtac_stream_run in
 * their options, and close it behind the last run.  NULL on failure: VTAC_IO
 * for a file that cannot be written. */
VTAC_API vtac_recorder *vtac_recorder_open(const vtac_config *config,
                                           const vtac_recorder_options *options,
                                           vtac_error *error);
/* Finishes the files, also after a run that failed, and frees the recorder,
 * whose device must be closed or run no more.  VTAC_IO where a file is not
 * whole: a full disk.  NULL is fine. */
VTAC_API vtac_status vtac_recorder_close(vtac_recorder *recorder,
                                         vtac_error *error);

/* Times a stream as vtac_stream_cycles does, and records it.  What the
 * memories on chip hold remains unknown: micro-ops are data. */
VTAC_API vtac_status vtac_recorder_time(vtac_recorder *recorder,
                                        const void *stream, size_t count,
                                        uint64_t *ret_cycles,
                                        vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
