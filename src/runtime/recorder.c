/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of recordings, and their connection to a simulator. */
#include <stdlib.h>
#include <string.h>

#include "report/recorder.h"
#include "runtime/objects.h"
#include "runtime/profile.h"
#include "runtime/stream.h"
#include "tsim/tsim.h"
#include "vtac/report.h"

struct vtac_recorder {
  Recorder *recorder;
};

/* ---- The program -------------------------------------------------------- */

/* Where the stream of a run lies in the profile.  Runs follow each other as the
 * profile's streams do, and begin again behind the last one. */
static bool find_stream(const vtac_profile *profile, uint32_t run,
                        vtac_profile_stream_part *ret) {
  return profile->stream_count &&
         vtac_profile_part(profile, (int)(run % profile->stream_count), ret);
}

static bool same_insn(const vtac_profile *profile, uint32_t known, Insn insn) {
  uint64_t word[2] = {0, 0}, want[2];
  if (hw_opcode_layout(insn.opcode) == HW_LAYOUT_MEM)
    insn.mem.dram_base = profile->insns[known].mem.dram_base;
  hw_insn_read(profile->bytes + (size_t)known * HW_INSN_BYTES, want);
  return !hw_encode(&profile->config, &insn, word, NULL) &&
         word[0] == want[0] && word[1] == want[1];
}

/* Buffers may lie elsewhere, but all else must agree: a run that finds its
 * micro-ops on the chip, say, has fewer instructions. */
static bool profile_knows(void *self, uint32_t run, const Insn *insns,
                          uint32_t count) {
  const vtac_profile *profile = self;
  vtac_profile_stream_part part;
  if (!find_stream(profile, run, &part) || part.count != count) return false;
  for (uint32_t i = 0; i < count; i++)
    if (!same_insn(profile, (uint32_t)part.first + i, insns[i])) return false;
  return true;
}

static uint32_t profile_line(void *self, uint32_t run, uint32_t insn) {
  const vtac_profile *profile = self;
  vtac_profile_stream_part part;
  vtac_site site;
  if (!find_stream(profile, run, &part)) return 0;
  const int number = vtac_profile_insn_site(profile, part.first + insn);
  return vtac_profile_site(profile, number, &site) ? (uint32_t)site.line : 0;
}

static const char *profile_stage(void *self, uint32_t line) {
  const vtac_profile *profile = self;
  vtac_site site;
  for (int i = 1; vtac_profile_site(profile, i, &site); i++)
    if (site.line == (int)line) return site.stage_name;
  return "";
}

static Program program_of(const vtac_profile *profile) {
  if (!profile) return (Program){.self = NULL};
  return (Program){(void *)profile, vtac_profile_text(profile), profile_knows,
                   profile_line, profile_stage};
}

/* ---- Life --------------------------------------------------------------- */

vtac_recorder *vtac_recorder_open(const vtac_config *config,
                                  const vtac_recorder_options *options,
                                  vtac_error *error) {
  static const char call[] = "vtac_recorder_open";
  Diag diag;
  if (is_missing(config, call, "config", error) ||
      is_missing(options, call, "options", error))
    return NULL;
  if (options->plot_end && options->plot_end <= options->plot_begin) {
    diag_set(&diag, D_ARGUMENT, "the plot has no cycle between %llu and %llu",
             (unsigned long long)options->plot_begin,
             (unsigned long long)options->plot_end);
    report_error(error, &diag);
    return NULL;
  }
  const RecorderOptions files = {.trace = options->trace,
                                 .page = options->report,
                                 .plot = options->plot,
                                 .title = options->title,
                                 .plot_begin = options->plot_begin,
                                 .plot_end = options->plot_end,
                                 .program = program_of(options->profile)};
  vtac_recorder *recorder = malloc(sizeof *recorder);
  if (!recorder)
    diag_set(&diag, D_NO_MEMORY, "no memory for a recording");
  else if (!recorder_open(&config->hw, &files, &recorder->recorder, &diag))
    return recorder;
  report_error(error, &diag);
  free(recorder);
  return NULL;
}

vtac_status vtac_recorder_close(vtac_recorder *recorder, vtac_error *error) {
  Diag diag;
  if (!recorder) return VTAC_OK;
  vtac_status status = recorder_close(recorder->recorder, &diag);
  free(recorder);
  return status ? report_error(error, &diag) : VTAC_OK;
}

/* ---- Devices ------------------------------------------------------------ */

static const void *device_bytes(void *self, uint64_t address, uint64_t size) {
  HwPort *port = self;
  void *bytes;
  Diag why;
  if (address > UINT32_MAX || size > UINT32_MAX) return NULL;
  if (port->ops->host(port, (HwAddr)address, (size_t)size, &bytes, &why))
    return NULL;
  return bytes;
}

vtac_status recorder_attach(vtac_recorder *recorder, HwPort *port, bool timed,
                            Diag *diag) {
  if (!recorder) return VTAC_OK;
  if (!timed)
    return diag_set(diag, D_ARGUMENT, "a recorder needs the timing simulator");
  const HwConfig *config = recorder_config(recorder->recorder);
  if (memcmp(config, &port->config, sizeof *config))
    return diag_set(diag, D_CONFIG_MISMATCH,
                    "the recorder was opened for another configuration");
  recorder_view(recorder->recorder, (MemoryView){device_bytes, port});
  tsim_watch(port, recorder_sink(recorder->recorder), true);
  return VTAC_OK;
}

/* ---- Streams ------------------------------------------------------------ */

vtac_status vtac_recorder_time(vtac_recorder *recorder, const void *stream,
                               size_t count, uint64_t *ret_cycles,
                               vtac_error *error) {
  static const char call[] = "vtac_recorder_time";
  Diag diag;
  if (is_missing(recorder, call, "recorder", error) ||
      is_missing(stream, call, "stream", error) ||
      is_missing(ret_cycles, call, "ret_cycles", error))
    return VTAC_INVALID;
  const HwConfig *config = recorder_config(recorder->recorder);
  const TsimSink *sink = recorder_sink(recorder->recorder);
  recorder_view(recorder->recorder, (MemoryView){NULL, NULL});
  if (!stream_time(config, stream, count, sink, ret_cycles, &diag))
    return VTAC_OK;
  return report_error(error, &diag);
}
