/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any text as instructions.  It is refused with a place and a
 * reason, or makes a stream whose own text makes the same stream again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vtac/vtac.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const vtac_config *config, const void *stream,
                        size_t count) {
  vtac_error error;
  size_t again;
  char *text = vtac_stream_disassemble(config, stream, count, &error);
  if (!text) abort();
  void *back =
      vtac_stream_assemble(config, text, strlen(text), "again", &again, &error);
  if (!back || again != count || memcmp(stream, back, count * VTAC_INSN_BYTES))
    abort();
  free(back);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  vtac_error error;
  size_t count;
  vtac_config *config = vtac_config_default(&error);
  if (!config) abort();
  void *stream = vtac_stream_assemble(config, (const char *)data, size, "fuzz",
                                      &count, &error);
  if (stream)
    check_again(config, stream, count);
  else if (error.status != VTAC_REFUSED || strncmp(error.message, "fuzz:", 5))
    abort();
  free(stream);
  vtac_config_free(config);
  return 0;
}
