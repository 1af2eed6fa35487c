/* SPDX-License-Identifier: Apache-2.0 */
/* vtac step: goes through a stream at a prompt, or by a script on standard
 * input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/prompt.h"
#include "cli/ranges.h"
#include "cli/step.h"
#include "cli/stream_io.h"

typedef struct StepOptions {
  const char *input, *config_file;
  Ranges image;
  vtac_stream_options options;
} StepOptions;

static const Option options[] = {
    {"config", "FILE", "accelerator (a vta_config.json); default: built in"},
    {"dram", "FILE@ADDRESS", "put a file into device memory; may be repeated"},
    {"sim", "NAME", "fsim, or tsim, which shows cycles and takes their order"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  static const char *const names[] = {"fsim", "tsim"};
  StepOptions *own = self;
  if (index == 0) own->config_file = text;
  if (index == 0) return true;
  if (index == 1) return ranges_add(&own->image, "--dram", text, false);
  int simulator = parse_choice("--sim", text, 2, names);
  own->options.simulator =
      simulator ? VTAC_SIMULATOR_TIMING : VTAC_SIMULATOR_FUNCTIONAL;
  return simulator >= 0;
}

/* ---- The session -------------------------------------------------------- */

/* Empty lines repeat the last one where a person types them. */
static void run_lines(StepSession *session, Prompt *prompt) {
  char last[256] = "", copy[256];
  const char *line;
  while (!session->quit && (line = prompt_line(prompt))) {
    bool repeat = !*line && prompt_is_terminal(prompt);
    if (!repeat) snprintf(last, sizeof last, "%s", line);
    memcpy(copy, last, sizeof copy);
    step_command(session, copy);
  }
  if (prompt_is_terminal(prompt) && !session->quit) puts("");
}

static int step_through(StepSession *session) {
  Prompt *prompt = prompt_open("(vtac) ");
  if (!prompt) {
    complain("no memory left");
    return EXIT_ENVIRONMENT;
  }
  if (prompt_is_terminal(prompt)) {
    printf("%zu instructions; 'help' lists the commands\n", session->count);
    step_show_next(session);
  }
  run_lines(session, prompt);
  prompt_close(prompt);
  return session->status;
}

static int open_session(const StepOptions *own, StepSession *session) {
  vtac_error error;
  session->stepper = vtac_stepper_new(session->config, session->stream,
                                      session->count, &own->options, &error);
  if (!session->stepper) return report(&error);
  int status = step_through(session);
  vtac_stepper_free(session->stepper);
  return status;
}

static int process(StepOptions *own) {
  vtac_stream_image images[MOST_RANGES];
  StepSession session = {.status = EXIT_RIGHT};
  int status = ranges_read(&own->image, images);
  if (status >= 0) return status;
  own->options.images = images;
  own->options.image_count = own->image.n;
  vtac_config *config = open_config(own->config_file, &status);
  if (!config) return status;
  void *stream = stream_read(own->input, &session.count, &status);
  session.config = config;
  session.stream = stream;
  if (stream) status = open_session(own, &session);
  free(stream);
  vtac_config_free(config);
  return status;
}

int command_step(int argc, char **argv) {
  StepOptions own = {.input = NULL};
  const OptionParser parser = {
      .command = "step",
      .synopsis =
          "Steps through a stream of instructions at a prompt, or by commands "
          "on standard\ninput (docs/stream.md).  It need not be right: illegal "
          "accesses and deadlocks are\nshown where they happen.",
      .own = options,
      .take = take,
      .self = &own};
  int status = parse_file_options(&parser, argc, argv, &own.input);
  if (status < 0 && !strcmp(own.input, "-")) {
    complain("step: commands come from standard input, so the stream cannot");
    status = bad_usage("step");
  }
  if (status < 0) status = process(&own);
  ranges_free(&own.image);
  return status;
}
