/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the handshake and the keys in them. */
#include "rpc/hello.h"

#include <stdio.h>
#include <string.h>

enum { CODE_BYTES = 4, HEAD_BYTES = 8 };

static const char timeout_option[] = "-timeout=";
static const char auth_option[] = "-vtac-auth=";

/* ---- Messages ----------------------------------------------------------- */

vtac_status hello_wanted(const uint8_t *bytes, size_t have, size_t *ret_wanted,
                         Diag *diag) {
  Reader reader = {bytes, have, false};
  *ret_wanted = CODE_BYTES;
  if (have < CODE_BYTES || reader_u32(&reader) != HELLO_MAGIC) return VTAC_OK;
  *ret_wanted = HEAD_BYTES;
  if (have < HEAD_BYTES) return VTAC_OK;
  uint32_t length = reader_u32(&reader);
  if (length > HELLO_MOST_KEY)
    return diag_set(diag, D_RPC_LIMIT,
                    "the peer announces a key of %lld bytes, allowed are %d",
                    (long long)(int32_t)length, HELLO_MOST_KEY);
  *ret_wanted += length;
  return VTAC_OK;
}

vtac_status hello_decode(const uint8_t *bytes, size_t size, Hello *ret,
                         Diag *diag) {
  size_t wanted;
  Reader reader = {bytes, size, false};
  vtac_status status = hello_wanted(bytes, size, &wanted, diag);
  if (status) return status;
  if (wanted != size)
    return diag_set(diag, D_RPC_PROTOCOL,
                    "%zu bytes are not the %zu of a handshake", size, wanted);
  ret->code = reader_u32(&reader);
  ret->key = (Slice){"", 0};
  if (ret->code == HELLO_MAGIC)
    ret->key = reader_slice(&reader, reader_u32(&reader));
  return VTAC_OK;
}

vtac_status hello_encode(uint32_t code, const char *key, ByteBuf *to,
                         Diag *diag) {
  bytebuf_put32(to, code);
  if (code == HELLO_MAGIC) {
    bytebuf_put32(to, (uint32_t)strlen(key));
    bytebuf_put(to, key, strlen(key));
  }
  if (!to->failed) return VTAC_OK;
  return diag_set(diag, D_NO_MEMORY, "cannot allocate a handshake");
}

/* ---- Keys --------------------------------------------------------------- */

static bool is_printable(Slice text) {
  for (size_t i = 0; i < text.n; i++)
    if (text.at[i] < 0x20 || text.at[i] > 0x7E) return false;
  return true;
}

/* The text up to the next space, which `rest` then starts behind. */
static Slice next_word(Slice *rest) {
  const char *space = rest->n ? memchr(rest->at, ' ', rest->n) : NULL;
  size_t n = space ? (size_t)(space - rest->at) : rest->n;
  Slice word = {rest->at, n};
  size_t skipped = space ? n + 1 : n;
  *rest = (Slice){rest->at + skipped, rest->n - skipped};
  return word;
}

/* Takes `prefix` off the front of a word. */
static bool take_prefix(Slice *word, const char *prefix) {
  size_t n = strlen(prefix);
  if (word->n < n || memcmp(word->at, prefix, n) != 0) return false;
  *word = (Slice){word->at + n, word->n - n};
  return true;
}

/* Digits, perhaps a point and more digits, in every locale; else 0. */
static double parse_seconds(Slice text) {
  double value = 0, scale = 1;
  bool point = false;
  for (size_t i = 0; i < text.n; i++) {
    if (text.at[i] == '.' && !point) {
      point = true;
    } else if (text.at[i] >= '0' && text.at[i] <= '9') {
      value = value * 10 + (text.at[i] - '0');
      if (point) scale *= 10;
    } else {
      return 0;
    }
  }
  value /= scale;
  return value > 0 && value < 1e9 ? value : 0;
}

static bool is_nonce(Slice text) {
  if (text.n != HELLO_NONCE) return false;
  for (size_t i = 0; i < text.n; i++)
    if (!memchr("0123456789abcdef", text.at[i], 16)) return false;
  return true;
}

static void parse_option(Slice word, HelloKey *ret) {
  if (take_prefix(&word, timeout_option))
    ret->timeout = parse_seconds(word);
  else if (take_prefix(&word, auth_option) && is_nonce(word))
    slice_copy(word, ret->nonce, sizeof ret->nonce);
}

vtac_status hello_parse_key(const char *side, Slice text, HelloKey *ret,
                            Diag *diag) {
  Slice rest = text, word = next_word(&rest);
  if (text.n > HELLO_MOST_KEY || !is_printable(text) ||
      !take_prefix(&word, side) || !take_prefix(&word, ":"))
    return diag_set(diag, D_RPC_KEY, "the peer's key is not that of a %s",
                    side);
  *ret = (HelloKey){0};
  slice_copy(word, ret->key, sizeof ret->key);
  while (rest.n) parse_option(next_word(&rest), ret);
  return VTAC_OK;
}

/* Seconds with a point whatever the locale, and without zeros at the end. */
static void format_seconds(double seconds, char ret[32]) {
  long long milli = (long long)(seconds * 1000 + 0.5);
  if (milli < 1) milli = 1;
  if (milli % 1000 == 0)
    snprintf(ret, 32, "%lld", milli / 1000);
  else
    snprintf(ret, 32, "%lld.%03lld", milli / 1000, milli % 1000);
}

vtac_status hello_format_key(const char *side, const HelloKey *key,
                             char ret[HELLO_MOST_KEY + 1], Diag *diag) {
  char timeout[64] = "", auth[64] = "", seconds[32];
  Slice own = slice_of(key->key);
  if (!is_printable(own) || strchr(key->key, ' '))
    return diag_set(diag, D_RPC_KEY,
                    "a key is made of printable ASCII without spaces");
  if (key->timeout > 0) {
    format_seconds(key->timeout, seconds);
    snprintf(timeout, sizeof timeout, " %s%s", timeout_option, seconds);
  }
  if (*key->nonce)
    snprintf(auth, sizeof auth, " %s%s", auth_option, key->nonce);
  int n = snprintf(ret, HELLO_MOST_KEY + 1, "%s:%s%s%s", side, key->key,
                   timeout, auth);
  if (n <= HELLO_MOST_KEY) return VTAC_OK;
  return diag_set(diag, D_RPC_KEY,
                  "the key has %d bytes with its options, allowed are %d", n,
                  HELLO_MOST_KEY);
}
