/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of a run, as options of commands. */
#include "cli/pictures.h"

#include <stdio.h>
#include <string.h>

bool pictures_wanted(const PictureOptions *options) {
  return options->trace || options->report || options->plot;
}

static bool same(const char *a, const char *b) {
  return a && b && !strcmp(a, b);
}

bool pictures_take_cycles(PictureOptions *options, const char *text) {
  int64_t *cycles = options->plot_cycles;
  char begin[32];
  size_t length = strcspn(text, "-");
  snprintf(begin, sizeof begin, "%.*s", (int)length, text);
  if (!text[length] || length >= sizeof begin) {
    complain("--plot-cycles: '%s' is not BEGIN-END", text);
    return false;
  }
  if (!parse_int("--plot-cycles", begin, &cycles[0]) ||
      !parse_int("--plot-cycles", text + length + 1, &cycles[1]))
    return false;
  if (cycles[0] < cycles[1]) return true;
  complain("--plot-cycles: there is no cycle between %lld and %lld",
           (long long)cycles[0], (long long)cycles[1]);
  return false;
}

bool pictures_check(const PictureOptions *options, vtac_simulator *simulator) {
  if (options->plot_cycles[1] && !options->plot) {
    complain("--plot-cycles needs --plot FILE");
    return false;
  }
  if (!pictures_wanted(options)) return true;
  if (*simulator == VTAC_SIMULATOR_FUNCTIONAL) {
    complain("--trace, --report and --plot need --sim tsim");
    return false;
  }
  if (same(options->trace, options->report) ||
      same(options->trace, options->plot) ||
      same(options->report, options->plot)) {
    complain("--trace, --report and --plot need files of their own");
    return false;
  }
  *simulator = VTAC_SIMULATOR_TIMING;
  return true;
}

int pictures_open(const vtac_config *config, const PictureOptions *options,
                  const char *title, const vtac_profile *profile,
                  vtac_recorder **ret) {
  vtac_error error;
  if (!pictures_wanted(options)) return -1;
  const vtac_recorder_options files = {
      .trace = options->trace,
      .report = options->report,
      .plot = options->plot,
      .title = title,
      .profile = profile,
      .plot_begin = (uint64_t)options->plot_cycles[0],
      .plot_end = (uint64_t)options->plot_cycles[1]};
  *ret = vtac_recorder_open(config, &files, &error);
  return *ret ? -1 : report(&error);
}

int pictures_close(vtac_recorder *recorder, int status) {
  vtac_error error;
  if (!vtac_recorder_close(recorder, &error)) return status;
  int failure = report(&error);
  return status > EXIT_RIGHT ? status : failure;
}
