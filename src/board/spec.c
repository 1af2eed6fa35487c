/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of boards: the presets, and JSON files over them. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/design.h"
#include "board/reset.h"

enum { FILE_MAX = 1 << 16 };

/* ---- Presets ------------------------------------------------------------ */

#define COMMON                                                  \
  .dma = "udmabuf0", .dma_size = 64 << 20, .cache = "coherent", \
  .timeout_ms = 10000, .fpga_manager = "fpga0"

static const struct {
  const char *name;
  BoardSpec spec;
} presets[] = {
    {"pynq",
     {.design = "hls", .registers = 0x43C00000, .reset = "zynq7000", COMMON}},
    {"ultra96",
     {.design = "hls", .registers = 0xA0000000, .reset = "zynqmp", COMMON}},
    {"zcu104",
     {.design = "hls", .registers = 0xA0000000, .reset = "zynqmp", COMMON}},
    {"de10nano",
     {.design = "chisel",
      .registers = 0xFF220000,
      .dma_offset = 0x80000000,
      .reset = "bitstream",
      COMMON}}};
enum { PRESETS = sizeof presets / sizeof *presets };

const char *board_preset_name(int index) {
  return index >= 0 && index < PRESETS ? presets[index].name : NULL;
}

static const BoardSpec *find_preset(const char *name) {
  for (int i = 0; i < PRESETS; i++)
    if (!strcmp(presets[i].name, name)) return &presets[i].spec;
  return NULL;
}

static void name_presets(char *ret, size_t size) {
  size_t used = 0;
  *ret = 0;
  for (int i = 0; i < PRESETS && used < size; i++)
    used += (size_t)snprintf(ret + used, size - used, "%s%s",
                             !i                 ? ""
                             : i == PRESETS - 1 ? " or "
                                                : ", ",
                             presets[i].name);
}

/* ---- Values ------------------------------------------------------------- */

typedef struct KeyRow {
  const char *name, *meaning;
  size_t offset;
  bool is_text;
  uint64_t least, most;
} KeyRow;

static const KeyRow keys[] = {
#define BOARD_TEXT(field, meaning) \
  {#field, meaning, offsetof(BoardSpec, field), true, 0, 0},
#define BOARD_NUMBER(field, least, most, meaning) \
  {#field, meaning, offsetof(BoardSpec, field), false, least, most},
#include "board/board_keys.def"
};
enum { KEYS = sizeof keys / sizeof *keys };

bool board_value(const BoardSpec *spec, int index, BoardValue *ret) {
  if (index < 0 || index >= KEYS) return false;
  const KeyRow *row = &keys[index];
  const char *at = (const char *)spec + row->offset;
  *ret = (BoardValue){row->name, row->is_text ? at : NULL, 0, row->meaning};
  if (!row->is_text) memcpy(&ret->number, at, sizeof ret->number);
  return true;
}

/* ---- Reading ------------------------------------------------------------ */

static vtac_status read_text(const json_t *value, const char *file,
                             const KeyRow *row, char *to, Diag *diag) {
  const char *text = json_string_value(value);
  size_t length = json_string_length(value);
  if (!text || length >= BOARD_TEXT_MAX || strlen(text) != length)
    return diag_set(diag, D_BOARD_KEY,
                    "%s: %s takes a string of up to %d bytes", file, row->name,
                    BOARD_TEXT_MAX - 1);
  memcpy(to, text, length + 1);
  return VTAC_OK;
}

static bool as_number(const json_t *value, uint64_t *ret) {
  const char *text = json_string_value(value);
  if (!text) {
    *ret = (uint64_t)json_integer_value(value);
    return json_is_integer(value) && json_integer_value(value) >= 0;
  }
  char *end;
  errno = 0;
  *ret = strtoull(text, &end, 16);
  return !strncmp(text, "0x", 2) && text[2] && !*end && !errno;
}

static vtac_status read_number(const json_t *value, const char *file,
                               const KeyRow *row, char *to, Diag *diag) {
  uint64_t number;
  if (!as_number(value, &number) || number < row->least || number > row->most)
    return diag_set(diag, D_BOARD_KEY,
                    "%s: %s takes an integer, or \"0x…\", in %llu..%llu", file,
                    row->name, (unsigned long long)row->least,
                    (unsigned long long)row->most);
  memcpy(to, &number, sizeof number);
  return VTAC_OK;
}

static vtac_status read_key(const char *name, const json_t *value,
                            const char *file, BoardSpec *spec, Diag *diag) {
  if (!strcmp(name, "preset")) return VTAC_OK;
  for (int i = 0; i < KEYS; i++) {
    if (strcmp(keys[i].name, name)) continue;
    char *to = (char *)spec + keys[i].offset;
    return (keys[i].is_text ? read_text : read_number)(value, file, &keys[i],
                                                       to, diag);
  }
  return diag_set(diag, D_BOARD_KEY, "%s: there is no key '%s'", file, name);
}

static vtac_status read_preset(const json_t *root, const char *file,
                               BoardSpec *spec, Diag *diag) {
  const char *name = json_string_value(json_object_get(root, "preset"));
  const BoardSpec *preset = name ? find_preset(name) : NULL;
  if (preset) {
    *spec = *preset;
    return VTAC_OK;
  }
  char names[64];
  name_presets(names, sizeof names);
  return diag_set(diag, D_BOARD_KEY, "%s: the key preset takes %s", file,
                  names);
}

/* What one key's table cannot say. */
static vtac_status check_words(const BoardSpec *spec, const char *file,
                               Diag *diag) {
  const char *cache = spec->cache;
  const char *key = NULL, *word = NULL;
  if (!board_design(spec->design)) {
    key = "design";
    word = spec->design;
  } else if (!reset_is_known(spec->reset)) {
    key = "reset";
    word = spec->reset;
  } else if (strcmp(cache, "coherent") && strcmp(cache, "sync") &&
             strcmp(cache, "off")) {
    key = "cache";
    word = cache;
  } else if (spec->registers % 4) {
    return diag_set(diag, D_BOARD_KEY,
                    "%s: registers is 0x%llx, no multiple of 4", file,
                    (unsigned long long)spec->registers);
  }
  if (!key) return VTAC_OK;
  return diag_set(diag, D_BOARD_KEY, "%s: %s does not take '%s'", file, key,
                  word);
}

vtac_status board_spec_parse(const char *text, size_t size,
                             const char *file_name, BoardSpec *ret,
                             Diag *diag) {
  json_error_t error;
  BoardSpec spec;
  json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  if (!root)
    return diag_set(diag, D_BOARD_KEY, "%s:%d:%d: not legal JSON: %s",
                    file_name, error.line, error.column, error.text);
  vtac_status status = read_preset(root, file_name, &spec, diag);
  const char *name;
  json_t *value;
  json_object_foreach(root, name, value) {
    if (!status) status = read_key(name, value, file_name, &spec, diag);
  }
  json_decref(root);
  if (!status) status = check_words(&spec, file_name, diag);
  if (!status) *ret = spec;
  return status;
}

static vtac_status parse_file(FILE *file, const char *path, BoardSpec *ret,
                              Diag *diag) {
  char *text = malloc(FILE_MAX);
  if (!text) return diag_set(diag, D_NO_MEMORY, "%s: no memory to read", path);
  errno = 0;
  size_t size = fread(text, 1, FILE_MAX, file);
  vtac_status status =
      ferror(file)
          ? diag_set(diag, D_FILE, "%s: cannot read: %s", path, strerror(errno))
      : size == FILE_MAX ? diag_set(diag, D_FILE, "%s: larger than %d bytes",
                                    path, FILE_MAX - 1)
                         : board_spec_parse(text, size, path, ret, diag);
  free(text);
  return status;
}

vtac_status board_spec_load(const char *name_or_path, BoardSpec *ret,
                            Diag *diag) {
  const BoardSpec *preset = find_preset(name_or_path);
  if (preset) {
    *ret = *preset;
    return VTAC_OK;
  }
  FILE *file = fopen(name_or_path, "rb");
  if (!file) {
    char names[64];
    int why = errno;
    name_presets(names, sizeof names);
    return diag_set(diag, D_FILE,
                    "%s: cannot open: %s; a board is %s, or a file",
                    name_or_path, strerror(why), names);
  }
  vtac_status status = parse_file(file, name_or_path, ret, diag);
  fclose(file);
  return status;
}
