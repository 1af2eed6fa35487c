/* SPDX-License-Identifier: Apache-2.0 */
/* Streams as text and back: hw/asm.h line by line. */
#include <stdlib.h>
#include <string.h>

#include "hw/asm.h"
#include "runtime/objects.h"
#include "vtac/stream.h"

_Static_assert(VTAC_INSN_BYTES == HW_INSN_BYTES, "one size");

/* ---- To text ------------------------------------------------------------ */

typedef struct Text {
  char *at;
  size_t length, capacity;
} Text;

/* Makes room for one more line and the end; false if memory is short. */
static bool reserve_line(Text *text) {
  if (text->capacity - text->length > ASM_LINE_MAX + 1) return true;
  size_t capacity = text->capacity * 2 + 4 * ASM_LINE_MAX;
  char *bigger = realloc(text->at, capacity);
  if (!bigger) return false;
  text->at = bigger;
  text->capacity = capacity;
  return true;
}

static char *disassemble(const AsmTable *table, const uint8_t *stream,
                         size_t count, Diag *diag) {
  Text text = {NULL, 0, 0};
  bool good = reserve_line(&text);
  for (size_t i = 0; i < count && good; i++) {
    uint64_t word[2];
    hw_insn_read(stream + i * HW_INSN_BYTES, word);
    text.length += (size_t)asm_print(table, word, text.at + text.length);
    text.at[text.length++] = '\n';
    good = reserve_line(&text);
  }
  if (!good) {
    free(text.at);
    diag_set(diag, D_NO_MEMORY, "no memory for the text of %zu instructions",
             count);
    return NULL;
  }
  text.at[text.length] = '\0';
  return text.at;
}

char *vtac_stream_disassemble(const vtac_config *config, const void *stream,
                              size_t count, vtac_error *error) {
  static const char call[] = "vtac_stream_disassemble";
  AsmTable table;
  Diag diag;
  if (is_missing(config, call, "config", error) ||
      is_missing(stream, call, "stream", error))
    return NULL;
  asm_table_init(&table, &config->hw);
  char *text = disassemble(&table, stream, count, &diag);
  if (!text) report_error(error, &diag);
  return text;
}

/* ---- To instructions ---------------------------------------------------- */

static size_t count_lines(const char *text, size_t length) {
  size_t lines = 1;
  for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
  return lines;
}

/* `ret` has room for an instruction of each line. */
static vtac_status assemble(const AsmTable *table, const char *text,
                            size_t length, const char *name, uint8_t *ret,
                            size_t *ret_count, Diag *diag) {
  const char *end = text + length;
  AsmLine line = {.text = text, .name = name, .number = 1};
  size_t count = 0;
  for (;; line.number++) {
    const char *stop = memchr(line.text, '\n', (size_t)(end - line.text));
    line.length = (size_t)((stop ? stop : end) - line.text);
    uint64_t word[2];
    bool any;
    vtac_status status = asm_parse(table, &line, &any, word, diag);
    if (status) return status;
    if (any) hw_insn_write(word, ret + count++ * HW_INSN_BYTES);
    if (!stop) break;
    line.text = stop + 1;
  }
  *ret_count = count;
  return VTAC_OK;
}

static void *assemble_all(const HwConfig *config, const char *text,
                          size_t length, const char *name, size_t *ret_count,
                          Diag *diag) {
  AsmTable table;
  size_t lines = count_lines(text, length);
  uint8_t *stream = calloc(lines, HW_INSN_BYTES);
  if (!stream) {
    diag_set(diag, D_NO_MEMORY, "no memory for %zu instructions", lines);
    return NULL;
  }
  asm_table_init(&table, config);
  if (!assemble(&table, text, length, name, stream, ret_count, diag))
    return stream;
  free(stream);
  return NULL;
}

void *vtac_stream_assemble(const vtac_config *config, const char *text,
                           size_t length, const char *name, size_t *ret_count,
                           vtac_error *error) {
  static const char call[] = "vtac_stream_assemble";
  Diag diag;
  if (is_missing(config, call, "config", error) ||
      is_missing(text, call, "text", error) ||
      is_missing(name, call, "name", error) ||
      is_missing(ret_count, call, "ret_count", error))
    return NULL;
  void *stream =
      assemble_all(&config->hw, text, length, name, ret_count, &diag);
  if (!stream) report_error(error, &diag);
  return stream;
}
