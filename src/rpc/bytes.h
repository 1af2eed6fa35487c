/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are written and read front to back, all numbers little-endian.
 * Both ends remember their first failure, so a sequence of calls is checked
 * once, at its end. */
#ifndef RPC_BYTES_H
#define RPC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of somebody else; a text has no terminator. */
typedef struct Slice {
  const char *at;
  size_t n;
} Slice;

Slice slice_of(const char *text);
bool slice_is(Slice slice, const char *text);
/* The text up to its first NUL, cut to `size` - 1 bytes and terminated. */
void slice_copy(Slice slice, char *ret, size_t size);

/* A block that grows as it is written.  {0} is an empty one. */
typedef struct ByteBuf {
  uint8_t *bytes;
  size_t size, capacity;
  bool failed; /* no memory was left: what was put since is missing */
} ByteBuf;

void bytebuf_clear(ByteBuf *buffer); /* empties it and keeps the memory */
void bytebuf_free(ByteBuf *buffer);
/* Room for `more` bytes behind the end, or NULL; the caller adds to `size`. */
uint8_t *bytebuf_reserve(ByteBuf *buffer, size_t more);
void bytebuf_put(ByteBuf *buffer, const void *bytes, size_t n);
void bytebuf_put32(ByteBuf *buffer, uint32_t value);
void bytebuf_put64(ByteBuf *buffer, uint64_t value);
void bytebuf_put_text(ByteBuf *buffer, Slice text); /* u64 length, bytes */

/* What has yet to be read.  Reading past the end gives zeros and `failed`. */
typedef struct Reader {
  const uint8_t *at;
  size_t left;
  bool failed;
} Reader;

uint16_t reader_u16(Reader *reader);
uint32_t reader_u32(Reader *reader);
uint64_t reader_u64(Reader *reader);
uint8_t reader_u8(Reader *reader);
Slice reader_slice(Reader *reader, uint64_t n);

#endif
