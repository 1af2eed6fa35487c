/* SPDX-License-Identifier: Apache-2.0 */
/* vtac config: an accelerator's configuration with all that follows from it. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json.h"

typedef struct ConfigOptions {
  const char *file;
  bool json;
} ConfigOptions;

static const Option options[] = {
    {"config", "FILE", "a vta_config.json; default: built in"},
    {"format", "FORMAT", "text (default) or json"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  ConfigOptions *config = self;
  if (index == 0) {
    config->file = text;
    return true;
  }
  static const char *const formats[] = {"text", "json"};
  int format = parse_choice("--format", text, 2, formats);
  config->json = format == 1;
  return format >= 0;
}

static void print_text(const vtac_config *config) {
  vtac_config_value value;
  for (int i = 0; vtac_config_at(config, i, &value); i++) {
    printf("%-22s ", value.name);
    if (value.text)
      printf("%s\n", value.text);
    else
      printf("%10lld%s%s\n", (long long)value.number,
             *value.meaning ? "  " : "", value.meaning);
  }
}

static void print_json(const vtac_config *config) {
  vtac_config_value value;
  for (int i = 0; vtac_config_at(config, i, &value); i++) {
    printf("%s\n  \"%s\": ", i ? "," : "{", value.name);
    if (value.text)
      json_text(value.text);
    else
      printf("%lld", (long long)value.number);
  }
  puts("\n}");
}

int command_config(int argc, char **argv) {
  ConfigOptions own = {0};
  vtac_error error;
  const OptionParser parser = {
      "config", "Shows an accelerator's configuration and what it implies.",
      options,  take,
      &own,     NULL};
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  vtac_config *config = own.file ? vtac_config_load(own.file, &error)
                                 : vtac_config_default(&error);
  if (!config) return report(&error);
  (own.json ? print_json : print_text)(config);
  vtac_config_free(config);
  return EXIT_RIGHT;
}
