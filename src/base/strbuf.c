/* SPDX-License-Identifier: Apache-2.0 */
/* Appending text in an arena. */
#include "base/strbuf.h"

#include <stdio.h>
#include <string.h>

void strbuf_init(Strbuf *buf, Arena *arena) {
  enum { START = 256 };
  *buf = (Strbuf){arena, arena_alloc(arena, START), 0, START};
  buf->text[0] = '\0';
}

static void reserve(Strbuf *buf, size_t more) {
  if (buf->length + more < buf->capacity) return;
  while (buf->length + more >= buf->capacity) buf->capacity *= 2;
  char *bigger = arena_alloc(buf->arena, buf->capacity);
  memcpy(bigger, buf->text, buf->length + 1);
  buf->text = bigger;
}

void strbuf_addn(Strbuf *buf, const char *text, size_t length) {
  reserve(buf, length);
  memcpy(buf->text + buf->length, text, length);
  buf->length += length;
  buf->text[buf->length] = '\0';
}

void strbuf_add(Strbuf *buf, const char *text) {
  strbuf_addn(buf, text, strlen(text));
}

void strbuf_char(Strbuf *buf, char c) {
  reserve(buf, 1);
  buf->text[buf->length++] = c;
  buf->text[buf->length] = '\0';
}

void strbuf_fill(Strbuf *buf, char c, size_t n) {
  reserve(buf, n);
  memset(buf->text + buf->length, c, n);
  buf->length += n;
  buf->text[buf->length] = '\0';
}

/* Writes the digits of a number in front of `end`; returns the first. */
static char *digits_before(char *end, unsigned long long number) {
  do *--end = (char)('0' + number % 10);
  while (number /= 10);
  return end;
}

enum { MOST_DIGITS = 20 };

void strbuf_int(Strbuf *buf, long long value) {
  char digits[1 + MOST_DIGITS], *end = digits + sizeof digits;
  unsigned long long rest =
      value < 0 ? 0ULL - (unsigned long long)value : (unsigned long long)value;
  char *at = digits_before(end, rest);
  if (value < 0) *--at = '-';
  strbuf_addn(buf, at, (size_t)(end - at));
}

const char *numbered_name(Arena *arena, const char *prefix, unsigned number) {
  char digits[MOST_DIGITS], *end = digits + sizeof digits;
  const char *at = digits_before(end, number);
  size_t length = strlen(prefix), count = (size_t)(end - at);
  char *name = arena_alloc(arena, length + count + 1);
  memcpy(name, prefix, length);
  memcpy(name + length, at, count);
  name[length + count] = '\0';
  return name;
}

void strbuf_printf(Strbuf *buf, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  reserve(buf, (size_t)length);
  vsnprintf(buf->text + buf->length, (size_t)length + 1, format, again);
  buf->length += (size_t)length;
  va_end(again);
  va_end(args);
}
