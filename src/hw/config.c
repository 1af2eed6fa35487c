/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, completes and lists accelerator configurations. */
#include "hw/config.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/config_check.h"

/* A configuration file is a dozen lines; anything larger is a mistake. */
enum { FILE_MAX = 1 << 20 };

static void derive_exponents(HwConfig *c) {
#define HW_LOG_VALUE(NAME, field, formula) c->field = (formula);
#include "hw/config_values.def"
}

static void derive_numbers(HwConfig *c) {
#define HW_VALUE(NAME, field, formula) c->field = (formula);
#include "hw/config_values.def"
  snprintf(c->bitstream, sizeof c->bitstream, "%dx%d_i%dw%da%d_%d_%d_%d_%d",
           c->batch, c->block_in, c->inp_width, c->wgt_width, c->acc_width,
           c->log_uop_buff_size, c->log_inp_buff_size, c->log_wgt_buff_size,
           c->log_acc_buff_size);
  snprintf(c->model, sizeof c->model, "%s_%s", c->target, c->bitstream);
}

/* Exponents that the table's ranges refuse may not be added up first. */
static bool exponents_are_small(const HwConfig *c) {
  enum { SMALL = 1 << 20 };
  bool small = true;
#define HW_KEY(KEY, field, least, most, preset, meaning) \
  small = small && c->field > -SMALL && c->field < SMALL;
#include "hw/config_keys.def"
  return small;
}

vtac_status hw_config_finish(HwConfig *config, const char *file_name,
                             Diag *diag) {
  HwConfig complete = *config;
  if (exponents_are_small(&complete)) derive_exponents(&complete);
  vtac_status status = config_check(&complete, file_name, diag);
  if (status) return status;
  derive_numbers(&complete);
  *config = complete;
  return VTAC_OK;
}

static void use_preset(HwConfig *config, int index) {
  snprintf(config->tsim_preset, sizeof config->tsim_preset, "%s",
           timing_preset_name(index));
  config->timing = timing_preset(index);
}

void hw_config_default(HwConfig *ret) {
  HwConfig config = {0};
#define HW_KEY_TEXT(KEY, field, preset, meaning) \
  strncpy(config.field, preset, sizeof config.field - 1);
#define HW_KEY(KEY, field, least, most, preset, meaning) config.field = preset;
#include "hw/config_keys.def"
  use_preset(&config, 0);
  derive_exponents(&config);
  derive_numbers(&config);
  *ret = config;
}

/* The value of a key as the file writes it, cut to `size`. */
static void show_value(const json_t *value, char *ret, size_t size) {
  char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
  snprintf(ret, size, "%s", text ? text : "unprintable");
  free(text);
}

static vtac_status bad_value(const char *file_name, const char *key,
                             const json_t *value, const char *allowed,
                             Diag *diag) {
  char shown[80];
  show_value(value, shown, sizeof shown);
  return diag_set(diag, D_CONFIG_KEY, "%s: %s is %s, allowed is %s", file_name,
                  key, shown, allowed);
}

static vtac_status read_text(const json_t *root, const char *file_name,
                             const char *key, char ret[HW_TEXT_MAX],
                             Diag *diag) {
  const json_t *value = json_object_get(root, key);
  if (!value)
    return diag_set(diag, D_CONFIG_KEY,
                    "%s: key %s is missing, it takes a string", file_name, key);
  const char *text = json_string_value(value);
  size_t length = json_string_length(value);
  if (!text || length == 0 || length >= HW_TEXT_MAX || strlen(text) != length)
    return bad_value(file_name, key, value, "a string of 1..63 bytes", diag);
  memcpy(ret, text, length + 1);
  return VTAC_OK;
}

static vtac_status read_number(const json_t *value, const char *file_name,
                               const KeyLimit *limit, int *ret, Diag *diag) {
  json_int_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < limit->least ||
      number > limit->most) {
    char allowed[48];
    snprintf(allowed, sizeof allowed, "an integer in %d..%d", limit->least,
             limit->most);
    return bad_value(file_name, limit->key, value, allowed, diag);
  }
  *ret = (int)number;
  return VTAC_OK;
}

static vtac_status read_exponent(const json_t *root, const char *file_name,
                                 const KeyLimit *limit, int *ret, Diag *diag) {
  const json_t *value = json_object_get(root, limit->key);
  if (!value)
    return diag_set(diag, D_CONFIG_KEY,
                    "%s: key %s is missing, it takes an integer in %d..%d",
                    file_name, limit->key, limit->least, limit->most);
  return read_number(value, file_name, limit, ret, diag);
}

static vtac_status read_keys(const json_t *root, const char *file_name,
                             HwConfig *ret, Diag *diag) {
  vtac_status status = VTAC_OK;
#define HW_KEY_TEXT(KEY, field, preset, meaning) \
  if (!status) status = read_text(root, file_name, #KEY, ret->field, diag);
#define HW_KEY(KEY, field, lo, hi, preset, meaning)                     \
  if (!status) {                                                        \
    const KeyLimit limit = {#KEY, 0, lo, hi, ""};                       \
    status = read_exponent(root, file_name, &limit, &ret->field, diag); \
  }
#include "hw/config_keys.def"
  return status;
}

static vtac_status read_preset(const json_t *root, const char *file_name,
                               HwConfig *ret, Diag *diag) {
  const json_t *value = json_object_get(root, "TSIM_PRESET");
  const char *name = json_string_value(value);
  int index = !value ? 0 : name ? timing_preset_find(name) : -1;
  if (index < 0) {
    char names[160] = "one of ";
    timing_preset_names(names + strlen(names), sizeof names - strlen(names));
    return bad_value(file_name, "TSIM_PRESET", value, names, diag);
  }
  use_preset(ret, index);
  return VTAC_OK;
}

/* The optional keys of the timing simulator. */
static vtac_status read_timing(const json_t *root, const char *file_name,
                               HwConfig *ret, Diag *diag) {
  vtac_status status = read_preset(root, file_name, ret, diag);
#define HW_TIMING_KEY(KEY, field, lo, hi, meaning)                       \
  if (!status && json_object_get(root, #KEY)) {                          \
    const KeyLimit limit = {#KEY, 0, lo, hi, ""};                        \
    status = read_number(json_object_get(root, #KEY), file_name, &limit, \
                         &ret->timing.field, diag);                      \
  }
#include "hw/timing_keys.def"
  return status;
}

vtac_status hw_config_parse(const char *text, size_t len, const char *file_name,
                            HwConfig *ret, Diag *diag) {
  json_error_t error;
  json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
  if (!root &&
      (!*error.text || json_error_code(&error) == json_error_out_of_memory))
    return diag_set(diag, D_NO_MEMORY, "%s: no memory to read", file_name);
  if (!root)
    return diag_set(diag, D_CONFIG_SYNTAX, "%s:%d:%d: not legal JSON: %s",
                    file_name, error.line, error.column, error.text);
  HwConfig config = {0};
  vtac_status status;
  if (json_is_object(root))
    status = read_keys(root, file_name, &config, diag);
  else
    status =
        diag_set(diag, D_CONFIG_SYNTAX, "%s:1:1: not a JSON object", file_name);
  if (!status) status = read_timing(root, file_name, &config, diag);
  json_decref(root);
  if (!status) status = hw_config_finish(&config, file_name, diag);
  if (!status) *ret = config;
  return status;
}

static vtac_status parse_stream(FILE *file, const char *path, HwConfig *ret,
                                Diag *diag) {
  char *text = malloc(FILE_MAX);
  if (!text) return diag_set(diag, D_NO_MEMORY, "%s: no memory to read", path);
  errno = 0;
  size_t length = fread(text, 1, FILE_MAX, file);
  vtac_status status;
  if (ferror(file))
    status = diag_set(diag, D_CONFIG_FILE, "%s: cannot read: %s", path,
                      strerror(errno));
  else if (length == FILE_MAX)
    status = diag_set(diag, D_CONFIG_FILE, "%s: larger than %d bytes", path,
                      FILE_MAX - 1);
  else
    status = hw_config_parse(text, length, path, ret, diag);
  free(text);
  return status;
}

vtac_status hw_config_load(const char *path, HwConfig *ret, Diag *diag) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return diag_set(diag, D_CONFIG_FILE, "%s: cannot open: %s", path,
                    strerror(errno));
  vtac_status status = parse_stream(file, path, ret, diag);
  fclose(file);
  return status;
}

bool hw_config_warning(const HwConfig *config, int index, char *ret,
                       size_t size) {
  const HwConfig *c = config;
  /* The end of the loop counts in GEMM's first word. */
  int used = 37 + 2 * c->log_uop_buff_depth + c->log_acc_buff_depth;
  bool early = used <= 64;
  bool unequal = c->log_acc_buff_depth > c->log_inp_buff_depth;
  if (early && index-- == 0) {
    snprintf(ret, size,
             "dst_factor_out fits behind the loop counts (%d bits of 64 used) "
             "and is packed there; some hardware expects it at bit 64",
             used);
    return true;
  }
  if (unequal && index == 0) {
    snprintf(ret, size,
             "the accumulator is deeper (2^%d) than the activation memory "
             "(2^%d); some hardware then misplaces the micro-op's weight index",
             c->log_acc_buff_depth, c->log_inp_buff_depth);
    return true;
  }
  return false;
}

/* A row of the listing: where its value lies in HwConfig. */
typedef struct ValueRow {
  const char *name, *meaning;
  size_t offset;
  bool is_text, timing;
} ValueRow;

static const ValueRow rows[] = {
#define HW_KEY_TEXT(KEY, field, preset, meaning) \
  {#KEY, meaning, offsetof(HwConfig, field), true, false},
#define HW_KEY(KEY, field, least, most, preset, meaning) \
  {#KEY, meaning, offsetof(HwConfig, field), false, false},
#include "hw/config_keys.def"
    {"TSIM_PRESET", "values of the timing keys that are absent",
     offsetof(HwConfig, tsim_preset), true, true},
#define HW_TIMING_KEY(KEY, field, least, most, meaning) \
  {#KEY, meaning, offsetof(HwConfig, timing.field), false, true},
#include "hw/timing_keys.def"
#define HW_LOG_VALUE(NAME, field, formula) \
  {#NAME, "", offsetof(HwConfig, field), false, false},
#define HW_VALUE(NAME, field, formula) \
  {#NAME, "", offsetof(HwConfig, field), false, false},
#include "hw/config_values.def"
    {"BITSTREAM", "", offsetof(HwConfig, bitstream), true, false},
    {"MODEL", "", offsetof(HwConfig, model), true, false},
};

bool hw_config_value(const HwConfig *config, int index, HwConfigValue *ret) {
  if (index < 0 || (size_t)index >= sizeof rows / sizeof *rows) return false;
  const ValueRow *row = &rows[index];
  const char *at = (const char *)config + row->offset;
  *ret = (HwConfigValue){row->name, NULL, 0, row->meaning, row->timing};
  if (row->is_text)
    ret->text = at;
  else
    ret->number = *(const int *)at;
  return true;
}
