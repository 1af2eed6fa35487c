/* SPDX-License-Identifier: Apache-2.0 */
/* vtac asm: instructions from their text. */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/stream_io.h"

static int assemble(const TextOptions *options, const vtac_config *config) {
  vtac_error error;
  size_t size, count;
  char *text = input_read(options->input, &size);
  if (!text) return EXIT_ENVIRONMENT;
  void *stream =
      vtac_stream_assemble(config, text, size, options->input, &count, &error);
  free(text);
  if (!stream) return report(&error);
  bool good = output_write(options->output, stream, count * VTAC_INSN_BYTES);
  free(stream);
  return good ? EXIT_RIGHT : EXIT_ENVIRONMENT;
}

int command_asm(int argc, char **argv) {
  TextOptions options;
  vtac_config *config;
  int status = text_options(
      "asm",
      "Makes a stream of instructions from its text (docs/stream.md); '-' is\n"
      "standard input.",
      argc, argv, &options, &config);
  if (status >= 0) return status;
  status = assemble(&options, config);
  vtac_config_free(config);
  return status;
}
