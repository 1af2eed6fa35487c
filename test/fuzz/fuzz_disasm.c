/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a stream have a text, one line an instruction,
 * that makes the same bytes; and the verifier ends with an answer. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vtac/vtac.h"

enum { MAX_INSNS = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_lines(const char *text) {
  size_t lines = 0;
  for (; *text; text++) lines += *text == '\n';
  return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  vtac_error error;
  size_t count = size / VTAC_INSN_BYTES, again;
  vtac_config *config = vtac_config_default(&error);
  if (!config) abort();
  if (count > MAX_INSNS) count = MAX_INSNS;
  char *text = vtac_stream_disassemble(config, data, count, &error);
  if (!text || count_lines(text) != count) abort();
  void *back =
      vtac_stream_assemble(config, text, strlen(text), "fuzz", &again, &error);
  if (!back || again != count || memcmp(data, back, count * VTAC_INSN_BYTES))
    abort();
  if (vtac_stream_verify(config, data, count, NULL, NULL, &error) &&
      !error.message[0])
    abort();
  free(back);
  free(text);
  vtac_config_free(config);
  return 0;
}
