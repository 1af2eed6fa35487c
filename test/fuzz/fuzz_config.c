/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: no configuration file crashes the reader, and one that it
 * accepts describes a machine whose layouts are sound. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "hw/config.h"
#include "hw/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_layouts(const HwConfig *config) {
  for (int id = 0; id < HW_LAYOUTS; id++) {
    HwField fields[HW_FIELDS_MAX];
    int count = hw_layout(config, (HwLayoutId)id, fields);
    int limit = id == HW_LAYOUT_UOP ? 32 : 128;
    for (int f = 0; f < count; f++) {
      int end = fields[f].position + fields[f].width;
      if (fields[f].width < 1 || end > limit) abort();
      if (fields[f].position / 64 != (end - 1) / 64) abort();
      if (f && fields[f].position < fields[f - 1].position) abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  HwConfig config;
  Diag diag = {0};
  vtac_status status =
      hw_config_parse((const char *)data, size, "fuzz.json", &config, &diag);
  if (status == VTAC_OK)
    check_layouts(&config);
  else if (!diag.message[0] || diag.status != status)
    abort();
  return 0;
}
