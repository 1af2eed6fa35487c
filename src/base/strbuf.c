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

void strbuf_char(Strbuf *buf, char c) { strbuf_addn(buf, &c, 1); }

void strbuf_int(Strbuf *buf, long long value) {
  char digits[24];
  char *at = digits + sizeof digits;
  unsigned long long rest =
      value < 0 ? 0ULL - (unsigned long long)value : (unsigned long long)value;
  do *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) *--at = '-';
  strbuf_addn(buf, at, (size_t)(digits + sizeof digits - at));
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
