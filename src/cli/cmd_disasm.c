/* SPDX-License-Identifier: Apache-2.0 */
/* vtac disasm: the text of instructions. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/stream_io.h"

static int disassemble(const TextOptions *options, const vtac_config *config) {
  vtac_error error;
  size_t count;
  int status;
  void *stream = stream_read(options->input, &count, &status);
  if (!stream) return status;
  char *text = vtac_stream_disassemble(config, stream, count, &error);
  free(stream);
  if (!text) return report(&error);
  bool good = output_write(options->output, text, strlen(text));
  free(text);
  return good ? EXIT_RIGHT : EXIT_ENVIRONMENT;
}

int command_disasm(int argc, char **argv) {
  TextOptions options;
  vtac_config *config;
  int status = text_options(
      "disasm",
      "Prints the text of a stream of instructions, from which 'vtac asm' "
      "makes the\nsame bytes (docs/stream.md); '-' is standard input.",
      argc, argv, &options, &config);
  if (status >= 0) return status;
  status = disassemble(&options, config);
  vtac_config_free(config);
  return status;
}
