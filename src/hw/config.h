/* SPDX-License-Identifier: Apache-2.0 */
/* HwConfig: the description of one accelerator, the keys of its file and all
 * that follows from them.  A plain value without pointers: copy it freely. */
#ifndef HW_CONFIG_H
#define HW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "hw/timing.h"

/* Widths and limits that no configuration changes. */
enum {
  HW_INSN_BYTES = 16,
  HW_UOP_BYTES = 4,
  HW_PAGE_BITS = 12,
  HW_PAGE_BYTES = 1 << HW_PAGE_BITS,
  HW_MAX_XFER = 1 << 25, /* bytes of one instruction or micro-op buffer */
  HW_TEXT_MAX = 64,      /* a text key with its terminator */
  HW_BITSTREAM_MAX = 80,
  HW_MODEL_MAX = HW_TEXT_MAX + HW_BITSTREAM_MAX
};

typedef struct HwConfig {
#define HW_KEY_TEXT(KEY, field, preset, meaning) char field[HW_TEXT_MAX];
#define HW_KEY(KEY, field, least, most, preset, meaning) int field;
#include "hw/config_keys.def"
#define HW_LOG_VALUE(NAME, field, formula) int field;
#define HW_VALUE(NAME, field, formula) int field;
#include "hw/config_values.def"
  char tsim_preset[HW_TEXT_MAX]; /* what `timing` started from */
  TimingConfig timing;
  char bitstream[HW_BITSTREAM_MAX]; /* "1x16_i8w8a32_15_15_18_17" */
  char model[HW_MODEL_MAX];         /* TARGET_bitstream */
} HwConfig;

/* The configuration all shipped samples share: TARGET sim, 1x16 tiles. */
void hw_config_default(HwConfig *ret);

/* Reads JSON text; `file_name` serves messages only.  On failure `ret` is
 * untouched and `diag` names the file, the key, its value and the limit.
 * Keys that the table does not hold are accepted and ignored. */
vtac_status hw_config_parse(const char *text, size_t len, const char *file_name,
                            HwConfig *ret, Diag *diag);
/* The same from a file; VTAC_IO when it cannot be read. */
vtac_status hw_config_load(const char *path, HwConfig *ret, Diag *diag);

/* Checks the limits that keys make together and fills in what is derived.
 * For callers that set the keys of `config` themselves. */
vtac_status hw_config_finish(HwConfig *config, const char *file_name,
                             Diag *diag);

/* What is legal but worth a warning: text number `index` into `ret`, or false
 * when there are no more. */
bool hw_config_warning(const HwConfig *config, int index, char *ret,
                       size_t size);

/* One row of the listing of keys and derived values. */
typedef struct HwConfigValue {
  const char *name;    /* "LOG_INP_WIDTH" */
  const char *text;    /* a text's value, or NULL for a number */
  int64_t number;      /* a number's value */
  const char *meaning; /* of a key; "" for derived values */
  bool timing;         /* instructions do not depend on it */
} HwConfigValue;

/* Row `index` of the listing (keys, derived values, BITSTREAM, MODEL; keys of
 * the timing simulator stand behind the others), or
 * false past its end.  A text points into `config`. */
bool hw_config_value(const HwConfig *config, int index, HwConfigValue *ret);

#endif
