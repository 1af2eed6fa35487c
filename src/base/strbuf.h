/* SPDX-License-Identifier: Apache-2.0 */
/* Strbuf: text that grows in an arena; `text` is always terminated. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include "base/arena.h"

typedef struct Strbuf {
  Arena *arena;
  char *text;
  size_t length, capacity;
} Strbuf;

void strbuf_init(Strbuf *buf, Arena *arena);
void strbuf_char(Strbuf *buf, char c);
void strbuf_fill(Strbuf *buf, char c, size_t n);
void strbuf_add(Strbuf *buf, const char *text);
void strbuf_addn(Strbuf *buf, const char *text, size_t length);
void strbuf_int(Strbuf *buf, long long value);
void strbuf_printf(Strbuf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "<prefix><number>", in the arena. */
const char *numbered_name(Arena *arena, const char *prefix, unsigned number);

#endif
