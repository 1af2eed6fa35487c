/* SPDX-License-Identifier: Apache-2.0 */
/* The way from text to bits: a line is cut into words; the first names the
 * instruction, each other one a field.  The grammar stands in
 * docs/stream.md. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hw/asm.h"

/* A part of the line. */
typedef struct Word {
  const char *at;
  size_t length;
} Word;

typedef struct Parser {
  const AsmTable *table;
  const AsmLine *line;
  const char *at, *end; /* what is left of the line */
  const AsmLayout *layout;
  char opcode[ASM_NAME_MAX];
  uint32_t seen; /* fields given so far, by index */
  bool seen_spare[2];
  uint64_t word[2];
  Diag *diag;
} Parser;

_Static_assert(HW_FIELDS_MAX <= 32, "`seen` has a bit for each field");

/* ---- Messages ----------------------------------------------------------- */

static vtac_status refuse(const Parser *parser, const char *at,
                          const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static vtac_status refuse(const Parser *parser, const char *at,
                          const char *format, ...) {
  char what[700];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return diag_set(parser->diag, D_ASM, "%.200s:%u:%zu: %s", parser->line->name,
                  parser->line->number, (size_t)(at - parser->line->text) + 1,
                  what);
}

/* A word as a message can show it: short and printable. */
enum { QUOTE_MAX = 48 };
static const char *quote(Word word, char ret[QUOTE_MAX]) {
  size_t n = 0;
  for (; n < word.length && n < QUOTE_MAX - 4; n++)
    ret[n] = word.at[n] >= ' ' && word.at[n] <= '~' ? word.at[n] : '?';
  snprintf(ret + n, QUOTE_MAX - n, "%s", n < word.length ? "..." : "");
  return ret;
}

enum { LIST_MAX = 512 };
static void list_add(char list[LIST_MAX], const char *item) {
  size_t used = strlen(list);
  snprintf(list + used, LIST_MAX - used, "%s%s", used ? ", " : "", item);
}

/* ---- Words -------------------------------------------------------------- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static bool is_comment(char c) { return c == '#' || c == ';'; }

static bool next_word(Parser *parser, Word *ret) {
  while (parser->at < parser->end && is_space(*parser->at)) parser->at++;
  const char *start = parser->at;
  while (parser->at < parser->end && !is_space(*parser->at) &&
         !is_comment(*parser->at))
    parser->at++;
  *ret = (Word){start, (size_t)(parser->at - start)};
  return ret->length != 0;
}

static bool word_is(Word word, const char *text) {
  return word.length == strlen(text) && !memcmp(word.at, text, word.length);
}

/* Cuts a word at its first `c`; false, and all of it, if there is none. */
static bool cut(Word word, char c, Word *ret_left, Word *ret_right) {
  const char *at = memchr(word.at, c, word.length);
  size_t left = at ? (size_t)(at - word.at) : word.length;
  size_t skipped = at ? left + 1 : left;
  *ret_left = (Word){word.at, left};
  *ret_right = (Word){word.at + skipped, word.length - skipped};
  return at != NULL;
}

/* ---- Numbers ------------------------------------------------------------ */

typedef struct Number {
  bool negative;
  uint64_t magnitude;
} Number;

static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

static vtac_status parse_number(const Parser *parser, Word word, Number *ret) {
  char shown[QUOTE_MAX];
  Number number = {word.length && *word.at == '-', 0};
  size_t i = number.negative;
  bool hex = word.length > i + 2 && word.at[i] == '0' && word.at[i + 1] == 'x';
  unsigned base = hex ? 16 : 10;
  if (hex) i += 2;
  if (i == word.length)
    return refuse(parser, word.at, "a number is missing here");
  for (; i < word.length; i++) {
    unsigned digit = (unsigned)digit_value(word.at[i]);
    if (digit >= base)
      return refuse(parser, word.at, "'%s' is no number", quote(word, shown));
    if (number.magnitude > (UINT64_MAX - digit) / base)
      return refuse(parser, word.at, "%s does not fit 64 bits",
                    quote(word, shown));
    number.magnitude = number.magnitude * base + digit;
  }
  *ret = number;
  return VTAC_OK;
}

/* A number without sign. */
static vtac_status parse_bits(const Parser *parser, Word word, uint64_t *ret) {
  Number number;
  vtac_status status = parse_number(parser, word, &number);
  if (status) return status;
  if (number.negative)
    return refuse(parser, word.at, "bits are not written with a sign");
  *ret = number.magnitude;
  return VTAC_OK;
}

/* ---- Fields ------------------------------------------------------------- */

static vtac_status put_number(Parser *parser, const HwField *field, Word value,
                              Number number) {
  char shown[QUOTE_MAX];
  uint64_t size = UINT64_C(1) << field->width;
  uint64_t most = (field->is_signed ? size / 2 : size) - 1;
  uint64_t least = field->is_signed ? size / 2 : 0; /* its magnitude */
  if (number.magnitude > (number.negative ? least : most))
    return refuse(parser, value.at,
                  "%s is %s, allowed is %s%" PRIu64 "..%" PRIu64, field->name,
                  quote(value, shown), least ? "-" : "", least, most);
  uint64_t bits =
      number.negative ? UINT64_C(0) - number.magnitude : number.magnitude;
  asm_field_put(field, bits, parser->word);
  return VTAC_OK;
}

/* Fields of one bit may stand without a value, which is then 1. */
static vtac_status take_field(Parser *parser, int index, Word name,
                              bool has_value, Word value) {
  const HwField *field = &parser->layout->field[index];
  Number number = {false, 1};
  if (parser->seen >> index & 1)
    return refuse(parser, name.at, "%s is given twice", field->name);
  parser->seen |= UINT32_C(1) << index;
  if (!has_value && field->width > 1)
    return refuse(parser, name.at, "%s needs a value: %s=NUMBER", field->name,
                  field->name);
  if (has_value) {
    vtac_status status = parse_number(parser, value, &number);
    if (status) return status;
  }
  return put_number(parser, field, value, number);
}

static vtac_status take_spare(Parser *parser, int index, Word name,
                              Word value) {
  uint64_t bits = 0;
  if (parser->seen_spare[index])
    return refuse(parser, name.at, "spare%d is given twice", index);
  parser->seen_spare[index] = true;
  vtac_status status = parse_bits(parser, value, &bits);
  if (status) return status;
  if (bits & ~parser->layout->spare[index])
    return refuse(parser, value.at,
                  "spare%d sets bits of other fields; it may set 0x%" PRIx64,
                  index, parser->layout->spare[index]);
  parser->word[index] |= bits;
  return VTAC_OK;
}

static vtac_status refuse_field(const Parser *parser, Word name) {
  char shown[QUOTE_MAX], list[LIST_MAX] = "";
  for (int i = 1; i < parser->layout->count; i++)
    list_add(list, parser->layout->field[i].name);
  return refuse(parser, name.at, "%s has no field '%s'; it has %s",
                parser->opcode, quote(name, shown), list);
}

static vtac_status parse_field(Parser *parser, Word word) {
  Word name, value;
  bool has_value = cut(word, '=', &name, &value);
  for (int i = 1; i < parser->layout->count; i++)
    if (word_is(name, parser->layout->field[i].name))
      return take_field(parser, i, name, has_value, value);
  if (word_is(name, "spare0")) return take_spare(parser, 0, name, value);
  if (word_is(name, "spare1")) return take_spare(parser, 1, name, value);
  return refuse_field(parser, name);
}

/* ---- Instructions ------------------------------------------------------- */

static vtac_status refuse_opcode(const Parser *parser, Word name) {
  char shown[QUOTE_MAX], item[ASM_NAME_MAX], list[LIST_MAX] = "";
  for (uint32_t i = 0; i < 8; i++)
    if (asm_opcode(i, item)) list_add(list, item);
  return refuse(parser, name.at,
                "there is no instruction '%s'; there are %s and .word",
                quote(name, shown), list);
}

static vtac_status refuse_kind(const Parser *parser, HwLayoutId id, Word word) {
  char shown[QUOTE_MAX], item[ASM_NAME_MAX], list[LIST_MAX] = "";
  for (uint32_t i = 0; i < 8; i++)
    if (asm_kind(id, i, item)) list_add(list, item);
  if (!*list)
    return refuse(parser, word.at, "%s is written without '.'", parser->opcode);
  return refuse(parser, word.at, "there is no '%s'; after '%s.' comes %s",
                quote(word, shown), parser->opcode, list);
}

static vtac_status take_kind(Parser *parser, HwLayoutId id, Word word,
                             Word kind) {
  char name[ASM_NAME_MAX];
  for (uint32_t i = 0; i < 8 && parser->layout->kind >= 0; i++) {
    if (!asm_kind(id, i, name) || !word_is(kind, name)) continue;
    asm_field_put(&parser->layout->field[parser->layout->kind], i,
                  parser->word);
    parser->seen |= UINT32_C(1) << parser->layout->kind;
    return VTAC_OK;
  }
  return refuse_kind(parser, id, word);
}

static vtac_status parse_mnemonic(Parser *parser, Word word) {
  Word name, kind;
  bool has_kind = cut(word, '.', &name, &kind);
  for (uint32_t i = 0; i < 8; i++) {
    if (!asm_opcode(i, parser->opcode) || !word_is(name, parser->opcode))
      continue;
    HwLayoutId id = hw_opcode_layout(i);
    parser->layout = &parser->table->layout[id];
    asm_field_put(&parser->layout->field[0], i, parser->word);
    return has_kind ? take_kind(parser, id, word, kind) : VTAC_OK;
  }
  return refuse_opcode(parser, name);
}

/* What the suffix names has no default. */
static vtac_status check_kind(const Parser *parser, Word mnemonic) {
  const int kind = parser->layout->kind;
  if (kind < 0 || parser->seen >> kind & 1) return VTAC_OK;
  return refuse(parser, mnemonic.at, "%s needs '.' and a name, or %s=NUMBER",
                parser->opcode, parser->layout->field[kind].name);
}

static vtac_status parse_insn(Parser *parser, Word mnemonic) {
  Word word;
  vtac_status status = parse_mnemonic(parser, mnemonic);
  while (!status && next_word(parser, &word))
    status = parse_field(parser, word);
  return status ? status : check_kind(parser, mnemonic);
}

/* ".word HIGH LOW". */
static vtac_status parse_raw(Parser *parser) {
  Word word;
  char shown[QUOTE_MAX];
  for (int i = 1; i >= 0; i--) {
    next_word(parser, &word);
    vtac_status status = parse_bits(parser, word, &parser->word[i]);
    if (status) return status;
  }
  if (next_word(parser, &word))
    return refuse(parser, word.at, ".word takes two numbers, '%s' is more",
                  quote(word, shown));
  return VTAC_OK;
}

vtac_status asm_parse(const AsmTable *table, const AsmLine *line, bool *ret_any,
                      uint64_t ret_word[2], Diag *diag) {
  Parser parser = {.table = table,
                   .line = line,
                   .at = line->text,
                   .end = line->text + line->length,
                   .diag = diag};
  Word word;
  bool any = next_word(&parser, &word);
  vtac_status status = VTAC_OK;
  if (any)
    status =
        word_is(word, ".word") ? parse_raw(&parser) : parse_insn(&parser, word);
  if (status) return status;
  *ret_any = any;
  memcpy(ret_word, parser.word, sizeof parser.word);
  return VTAC_OK;
}
