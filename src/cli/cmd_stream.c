/* SPDX-License-Identifier: Apache-2.0 */
/* vtac stream: checks and runs of instruction streams, whoever made them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/pictures.h"
#include "cli/ranges.h"
#include "cli/stream_io.h"

typedef struct StreamOptions {
  const char *input, *config_file;
  bool run, timing_only, json, stats_given;
  bool runs_only; /* an option only of runs is given */
  vtac_stream_options options;
  Ranges image, dump;
  PictureOptions pictures;
} StreamOptions;

/* ---- Options ------------------------------------------------------------ */

enum {
  OPT_CONFIG,
  OPT_DRAM,
  OPT_DUMP,
  OPT_SIM,
  OPT_SIM_PATH,
  OPT_NO_VERIFY,
  OPT_TIMING_ONLY,
  OPT_STATS,
  OPT_TRACE,
  OPT_REPORT,
  OPT_PLOT,
  OPT_PLOT_CYCLES
};

static const Option options[] = {
    [OPT_CONFIG] = {"config", "FILE",
                    "accelerator (a vta_config.json); default: built in"},
    [OPT_DRAM] = {"dram", "FILE@ADDRESS",
                  "put a file into device memory; may be repeated"},
    [OPT_DUMP] = {"dump", "FILE@ADDRESS+SIZE",
                  "run: write device memory to a file afterwards"},
    [OPT_SIM] = {"sim", "NAME", "run: fsim, or tsim, which counts cycles, too"},
    [OPT_SIM_PATH] = {"sim-path", "PATH",
                      "run: on a path of the simulator; default: fast"},
    [OPT_NO_VERIFY] = {"no-verify", NULL, "run: do not verify first"},
    [OPT_TIMING_ONLY] = {"timing-only", NULL,
                         "run: count cycles, compute nothing"},
    [OPT_STATS] = {"stats", "FORMAT",
                   "run: counters as text (default) or json"},
    [OPT_TRACE] = {"trace", "FILE",
                   "run: write what happens in which cycle, for Perfetto"},
    [OPT_REPORT] = {"report", "FILE",
                    "run: write an HTML page about the cycles"},
    [OPT_PLOT] = {"plot", "FILE", "run: draw them as an SVG figure"},
    [OPT_PLOT_CYCLES] = {"plot-cycles", "BEGIN-END",
                         "run: draw these cycles over time; default: all"},
    {NULL, NULL, NULL}};

static bool take_sim(StreamOptions *own, const char *text) {
  static const char *const names[] = {"fsim", "tsim"};
  int index = parse_choice("--sim", text, 2, names);
  own->options.simulator =
      index ? VTAC_SIMULATOR_TIMING : VTAC_SIMULATOR_FUNCTIONAL;
  return index >= 0;
}

static bool take_stats(StreamOptions *own, const char *text) {
  static const char *const names[] = {"text", "json"};
  int format = parse_choice("--stats", text, 2, names);
  own->json = format == 1;
  own->stats_given = true;
  return format >= 0;
}

static bool take(void *self, int index, const char *text) {
  StreamOptions *own = self;
  own->runs_only |= index != OPT_CONFIG && index != OPT_DRAM;
  switch (index) {
    case OPT_CONFIG: own->config_file = text; return true;
    case OPT_DRAM: return ranges_add(&own->image, "--dram", text, false);
    case OPT_DUMP: return ranges_add(&own->dump, "--dump", text, true);
    case OPT_SIM: return take_sim(own, text);
    case OPT_SIM_PATH:
      return parse_sim_path("--sim-path", text, &own->options.sim_path);
    case OPT_NO_VERIFY: own->options.no_verify = 1; return true;
    case OPT_TIMING_ONLY: own->timing_only = true; return true;
    case OPT_TRACE: own->pictures.trace = text; return true;
    case OPT_REPORT: own->pictures.report = text; return true;
    case OPT_PLOT: own->pictures.plot = text; return true;
    case OPT_PLOT_CYCLES: return pictures_take_cycles(&own->pictures, text);
    default: return take_stats(own, text);
  }
}

/* ---- Files -------------------------------------------------------------- */

static int make_dumps(StreamOptions *own, vtac_stream_dump *ret) {
  for (size_t i = 0; i < own->dump.n; i++) {
    Range *range = &own->dump.at[i];
    range->bytes = calloc(1, range->size + 1);
    if (!range->bytes) {
      complain("--dump: no memory for %zu bytes", range->size);
      return EXIT_ENVIRONMENT;
    }
    ret[i] = (vtac_stream_dump){range->address, range->bytes, range->size};
  }
  own->options.dumps = ret;
  own->options.dump_count = own->dump.n;
  return -1;
}

static int write_dumps(const StreamOptions *own) {
  for (size_t i = 0; i < own->dump.n; i++)
    if (!output_write(own->dump.at[i].path, own->dump.at[i].bytes,
                      own->dump.at[i].size))
      return EXIT_ENVIRONMENT;
  return EXIT_RIGHT;
}

/* ---- Results ------------------------------------------------------------ */

/* On what the cycles were spent, if they were counted. */
static void print_account(const vtac_profile *profile, bool json) {
  if (!profile) return;
  if (json) printf(" \"account\": {");
  (json ? account_json : account_text)(profile);
  if (json) printf("},\n");
}

static void print_text(const vtac_stream_result *result, bool counted) {
  puts("Execution statistics:");
  for (int i = 0; i < VTAC_COUNTERS && counted; i++)
    printf("        %-16s: %16llu\n", vtac_counter_name(i),
           (unsigned long long)result->counters[i]);
  if (result->timed)
    printf("        %-16s: %16llu\n", "cycle_count",
           (unsigned long long)result->cycles);
}

static void print_json(const vtac_stream_result *result, size_t count,
                       bool counted, const vtac_profile *profile) {
  const char *comma = "";
  printf("{\"instructions\": %zu,", count);
  print_account(profile, true);
  printf(" \"stats\": {");
  for (int i = 0; i < VTAC_COUNTERS && counted; i++) {
    printf("%s\"%s\": %llu", comma, vtac_counter_name(i),
           (unsigned long long)result->counters[i]);
    comma = ", ";
  }
  if (result->timed)
    printf("%s\"cycles\": %llu", comma, (unsigned long long)result->cycles);
  puts("}}");
}

/* ---- The command -------------------------------------------------------- */

/* A fault of the stream refuses it, also where a run would end in a failure
 * of the device. */
static int verify(const StreamOptions *own, const vtac_config *config,
                  const void *stream, size_t count) {
  vtac_error error;
  vtac_stream_result result;
  vtac_status status =
      vtac_stream_verify(config, stream, count, &own->options, &result, &error);
  if (status) {
    int exit_status = report(&error);
    return status == VTAC_DEVICE ? EXIT_REFUSED : exit_status;
  }
  printf("%s: %zu instructions are right\n", own->input, count);
  if (result.unknown)
    printf(
        "%s: the micro-ops of %u of them are unknown and were not "
        "followed\n",
        own->input, result.unknown);
  if (result.stale)
    printf(
        "%s: %u of them store what is only loaded or reset, first instruction "
        "%u; a board\nrefuses that [stale-output]: send it through the ALU, as "
        "by a shift by 0\n",
        own->input, result.stale, result.first_stale);
  return EXIT_RIGHT;
}

static vtac_status count_cycles(const StreamOptions *own,
                                const vtac_config *config, const void *stream,
                                size_t count, uint64_t *ret,
                                vtac_error *error) {
  vtac_recorder *recorder = own->options.recorder;
  return recorder ? vtac_recorder_time(recorder, stream, count, ret, error)
                  : vtac_stream_cycles(config, stream, count, ret, error);
}

static int run(const StreamOptions *own, const vtac_config *config,
               const void *stream, size_t count) {
  vtac_error error;
  vtac_stream_result result = {.timed = 1};
  vtac_status status =
      own->timing_only
          ? count_cycles(own, config, stream, count, &result.cycles, &error)
          : vtac_stream_run(config, stream, count, &own->options, &result,
                            &error);
  if (status) return report(&error);
  vtac_profile *profile = own->stats_given && result.timed
                              ? vtac_profile_stream(config, stream, count, NULL)
                              : NULL;
  if (own->json)
    print_json(&result, count, !own->timing_only, profile);
  else
    print_text(&result, !own->timing_only);
  if (!own->json) print_account(profile, false);
  vtac_profile_free(profile);
  return write_dumps(own);
}

static int record_and_run(StreamOptions *own, const vtac_config *config,
                          const void *stream, size_t count) {
  int status = pictures_open(config, &own->pictures, own->input, NULL,
                             &own->options.recorder);
  if (status < 0) status = run(own, config, stream, count);
  return pictures_close(own->options.recorder, status);
}

static int process(StreamOptions *own) {
  vtac_stream_image images[MOST_RANGES];
  vtac_stream_dump dumps[MOST_RANGES];
  size_t count;
  int status = ranges_read(&own->image, images);
  own->options.images = images;
  own->options.image_count = own->image.n;
  if (status < 0) status = make_dumps(own, dumps);
  if (status >= 0) return status;
  vtac_config *config = open_config(own->config_file, &status);
  void *stream = config ? stream_read(own->input, &count, &status) : NULL;
  if (stream)
    status = own->run ? record_and_run(own, config, stream, count)
                      : verify(own, config, stream, count);
  free(stream);
  vtac_config_free(config);
  return status;
}

static int check_options(StreamOptions *own) {
  if (!own->run && own->runs_only) {
    complain("'stream verify' takes only --config and --dram");
    return bad_usage("stream");
  }
  if (own->timing_only && own->dump.n) {
    complain("--dump: nothing is computed with --timing-only");
    return bad_usage("stream");
  }
  if (!pictures_check(&own->pictures, &own->options.simulator))
    return bad_usage("stream");
  return -1;
}

/* The word behind "stream"; without it there may be --help. */
static int check_action(const char *action) {
  if (*action == '-' || !strcmp(action, "run") || !strcmp(action, "verify"))
    return -1;
  complain("'stream' is followed by verify or run");
  return bad_usage("stream");
}

int command_stream(int argc, char **argv) {
  StreamOptions own = {.run = false};
  const char *action = argc > 1 ? argv[1] : "";
  int status = check_action(action);
  own.run = !strcmp(action, "run");
  if (status < 0 && *action != '-') {
    argc--;
    argv++;
  }
  const OptionParser parser = {
      .command = *action == '-' ? "stream verify|run"
                 : own.run      ? "stream run"
                                : "stream verify",
      .synopsis =
          "Verifies or runs a stream of little-endian 128-bit instructions\n"
          "(docs/stream.md); '-' is standard input.",
      .own = options,
      .take = take,
      .self = &own};
  if (status < 0 && !environment_sim_path(&own.options.sim_path))
    status = EXIT_USAGE;
  if (status < 0) status = parse_file_options(&parser, argc, argv, &own.input);
  if (status < 0) status = check_options(&own);
  if (status < 0) status = process(&own);
  ranges_free(&own.image);
  ranges_free(&own.dump);
  return status;
}
