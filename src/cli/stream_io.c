/* SPDX-License-Identifier: Apache-2.0 */
/* Options and files of the commands about instruction streams. */
#include "cli/stream_io.h"

#include <stdlib.h>

#include "cli/files.h"

static const Option options[] = {
    {"config", "FILE", "accelerator (a vta_config.json); default: built in"},
    {"output", "FILE", "where to write; default: standard output (also -o)"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  TextOptions *own = self;
  if (index == 0)
    own->config_file = text;
  else
    own->output = text;
  return true;
}

vtac_config *open_config(const char *file, int *ret_status) {
  vtac_error error;
  vtac_config *config =
      file ? vtac_config_load(file, &error) : vtac_config_default(&error);
  if (!config) *ret_status = report(&error);
  return config;
}

int text_options(const char *command, const char *synopsis, int argc,
                 char **argv, TextOptions *ret, vtac_config **ret_config) {
  *ret = (TextOptions){.output = "-"};
  const OptionParser parser = {.command = command,
                               .synopsis = synopsis,
                               .own = options,
                               .take = take,
                               .self = ret};
  int status = parse_file_options(&parser, argc, argv, &ret->input);
  if (status >= 0) return status;
  *ret_config = open_config(ret->config_file, &status);
  return status;
}

void *stream_read(const char *path, size_t *ret_count, int *ret_status) {
  size_t size;
  char *bytes = input_read(path, &size);
  if (!bytes) {
    *ret_status = EXIT_ENVIRONMENT;
    return NULL;
  }
  if (size % VTAC_INSN_BYTES) {
    complain("'%s' has %zu bytes, which are no whole instructions of %d bytes",
             path, size, VTAC_INSN_BYTES);
    *ret_status = EXIT_REFUSED;
    free(bytes);
    return NULL;
  }
  *ret_count = size / VTAC_INSN_BYTES;
  return bytes;
}
