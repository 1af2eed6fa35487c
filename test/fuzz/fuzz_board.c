/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: no description of a board crashes the reader, and one that it
 * accepts keeps to the table of keys and can be printed. */
#include <stdlib.h>
#include <string.h>

#include "board/design.h"
#include "board/reset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_values(const BoardSpec *spec) {
  BoardValue value;
  int n = 0;
  for (; board_value(spec, n, &value); n++)
    if (value.text && strlen(value.text) >= BOARD_TEXT_MAX) abort();
  if (n == 0 || !board_design(spec->design) || !reset_is_known(spec->reset) ||
      !spec->timeout_ms || !spec->registers || spec->registers % 4)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  BoardSpec spec;
  Diag diag = {0};
  vtac_status status =
      board_spec_parse((const char *)data, size, "fuzz.json", &spec, &diag);
  if (status == VTAC_OK)
    check_values(&spec);
  else if (!diag.message[0] || diag.status != status)
    abort();
  return 0;
}
