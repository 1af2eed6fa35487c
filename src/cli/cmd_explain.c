/* SPDX-License-Identifier: Apache-2.0 */
/* vtac explain: where the cycles of an operator, a module or a stream go.
 *
 * An operator's own command does the work, with --explain; files are profiled
 * here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/losses.h"
#include "cli/progress.h"
#include "cli/stream_io.h"

/* ---- Explaining --------------------------------------------------------- */

static bool print_text(const vtac_profile *profile, const Losses *losses,
                       bool insns) {
  account_text(profile);
  losses_text(losses);
  return !insns || account_insns_text(profile);
}

static bool print_json(const vtac_profile *profile, const Losses *losses,
                       bool insns) {
  printf("{");
  account_json(profile);
  losses_json(losses);
  bool good = !insns || account_insns_json(profile);
  puts("}");
  return good;
}

int explain(vtac_profile *profile, bool json, bool insns) {
  Losses losses;
  vtac_error error;
  int status = EXIT_RIGHT;
  vtac_status found = losses_find(profile, &losses, &error);
  progress_close();
  if (found)
    status = report(&error);
  else if (!(json ? print_json : print_text)(profile, &losses, insns))
    status = EXIT_ENVIRONMENT;
  vtac_profile_free(profile);
  return status;
}

/* ---- Files -------------------------------------------------------------- */

typedef struct ExplainOptions {
  const char *input, *config_file;
  bool json, insns;
} ExplainOptions;

static const Option options[] = {
    {"config", "FILE",
     "accelerator of a stream (a vta_config.json); default: built in"},
    {"stats", "FORMAT", "text (default) or json"},
    {"insns", NULL, "list every instruction, too"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  static const char *const formats[] = {"text", "json"};
  ExplainOptions *own = self;
  if (index == 0) own->config_file = text;
  if (index == 2) own->insns = true;
  if (index != 1) return true;
  int format = parse_choice("--stats", text, 2, formats);
  own->json = format == 1;
  return format >= 0;
}

static bool is_module(const char *path) {
  const char *suffix = strrchr(path, '.');
  return suffix && (!strcmp(suffix, ".o") || !strcmp(suffix, ".so") ||
                    !strcmp(suffix, ".c"));
}

static vtac_profile *profile_module(const char *path, vtac_error *error) {
  vtac_module *module = vtac_module_load(path, error);
  if (!module) return NULL;
  vtac_profile *profile = vtac_profile_module(module, error);
  vtac_module_free(module);
  return profile;
}

static int explain_module(const ExplainOptions *own) {
  vtac_error error;
  vtac_profile *profile = profile_module(own->input, &error);
  return profile ? explain(profile, own->json, own->insns) : report(&error);
}

static int explain_stream(const ExplainOptions *own) {
  size_t count;
  int status;
  vtac_error error;
  vtac_config *config = open_config(own->config_file, &status);
  if (!config) return status;
  void *stream = stream_read(own->input, &count, &status);
  if (stream) {
    vtac_profile *profile = vtac_profile_stream(config, stream, count, &error);
    status = profile ? explain(profile, own->json, own->insns) : report(&error);
  }
  free(stream);
  vtac_config_free(config);
  return status;
}

static int explain_file(int argc, char **argv) {
  ExplainOptions own = {.json = false};
  const OptionParser parser = {
      .command = "explain",
      .synopsis =
          "Says on what the accelerator's units spend the cycles of a run, and "
          "what would\nmake it faster (docs/timing.md).  FILE is a stream of "
          "instructions, a saved module,\nor the name of an operator, which "
          "takes its own options; '-' is standard input.",
      .own = options,
      .take = take,
      .self = &own};
  int status = parse_file_options(&parser, argc, argv, &own.input);
  if (status >= 0) return status;
  return is_module(own.input) ? explain_module(&own) : explain_stream(&own);
}

/* ---- The command -------------------------------------------------------- */

/* The operator's command line with --explain behind its name. */
static int explain_operator(const Command *command, int argc, char **argv) {
  char **with = calloc((size_t)argc + 1, sizeof *with);
  if (!with) {
    complain("no memory left");
    return EXIT_ENVIRONMENT;
  }
  with[0] = argv[1];
  with[1] = "--explain";
  for (int i = 2; i < argc; i++) with[i] = argv[i];
  int status = command->run(argc, with);
  free(with);
  return status;
}

int command_explain(int argc, char **argv) {
  const Command *operation = argc > 1 ? command_find(operators, argv[1]) : NULL;
  return operation ? explain_operator(operation, argc, argv)
                   : explain_file(argc, argv);
}
