/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading little-endian bytes. */
#include "rpc/bytes.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

Slice slice_of(const char *text) { return (Slice){text, strlen(text)}; }

bool slice_is(Slice slice, const char *text) {
  size_t n = strlen(text);
  return slice.n == n && (n == 0 || !memcmp(slice.at, text, n));
}

void slice_copy(Slice slice, char *ret, size_t size) {
  size_t n = slice.n < size - 1 ? slice.n : size - 1;
  if (n) n = strnlen(slice.at, n);
  if (n) memcpy(ret, slice.at, n);
  ret[n] = '\0';
}

/* ---- Writing ------------------------------------------------------------ */

void bytebuf_clear(ByteBuf *buffer) {
  buffer->size = 0;
  buffer->failed = false;
}

void bytebuf_free(ByteBuf *buffer) {
  free(buffer->bytes);
  *buffer = (ByteBuf){0};
}

uint8_t *bytebuf_reserve(ByteBuf *buffer, size_t more) {
  enum { START = 256 };
  size_t wanted;
  if (buffer->failed || __builtin_add_overflow(buffer->size, more, &wanted) ||
      wanted > SIZE_MAX / 2) {
    buffer->failed = true;
    return NULL;
  }
  if (wanted > buffer->capacity || !buffer->bytes) {
    size_t capacity = buffer->capacity ? buffer->capacity : START;
    while (capacity < wanted) capacity *= 2;
    uint8_t *bigger = realloc(buffer->bytes, capacity);
    buffer->failed = !bigger;
    if (!bigger) return NULL;
    buffer->bytes = bigger;
    buffer->capacity = capacity;
  }
  return buffer->bytes + buffer->size;
}

void bytebuf_put(ByteBuf *buffer, const void *bytes, size_t n) {
  uint8_t *to = bytebuf_reserve(buffer, n);
  if (!to || !n) return;
  memcpy(to, bytes, n);
  buffer->size += n;
}

void bytebuf_put32(ByteBuf *buffer, uint32_t value) {
  uint32_t wire = htole32(value);
  bytebuf_put(buffer, &wire, sizeof wire);
}

void bytebuf_put64(ByteBuf *buffer, uint64_t value) {
  uint64_t wire = htole64(value);
  bytebuf_put(buffer, &wire, sizeof wire);
}

void bytebuf_put_text(ByteBuf *buffer, Slice text) {
  bytebuf_put64(buffer, text.n);
  bytebuf_put(buffer, text.at, text.n);
}

/* ---- Reading ------------------------------------------------------------ */

static void read_to(Reader *reader, void *ret, size_t n) {
  if (reader->failed || n > reader->left) {
    reader->failed = true;
    memset(ret, 0, n);
    return;
  }
  memcpy(ret, reader->at, n);
  reader->at += n;
  reader->left -= n;
}

uint8_t reader_u8(Reader *reader) {
  uint8_t value;
  read_to(reader, &value, sizeof value);
  return value;
}

uint16_t reader_u16(Reader *reader) {
  uint16_t wire;
  read_to(reader, &wire, sizeof wire);
  return le16toh(wire);
}

uint32_t reader_u32(Reader *reader) {
  uint32_t wire;
  read_to(reader, &wire, sizeof wire);
  return le32toh(wire);
}

uint64_t reader_u64(Reader *reader) {
  uint64_t wire;
  read_to(reader, &wire, sizeof wire);
  return le64toh(wire);
}

Slice reader_slice(Reader *reader, uint64_t n) {
  if (reader->failed || n > reader->left) {
    reader->failed = true;
    return (Slice){"", 0};
  }
  Slice slice = {(const char *)reader->at, (size_t)n};
  reader->at += n;
  reader->left -= (size_t)n;
  return slice;
}
