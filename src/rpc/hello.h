/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake that opens a connection, as bytes.
 *
 *   1  client -> server  magic, key "client:KEY[ -timeout=S][ -vtac-auth=N]"
 *   2  server -> client  magic, key "server:KEY[ -vtac-auth=M]"
 *                        or another code alone, which ends the connection
 *
 * Steps 1 and 2 are TVM 0.9's; KEY is what client and server agreed on, or the
 * match key of a tracker.  A server that has a secret answers HELLO_MISMATCH to
 * a client that offers no -vtac-auth, and sends its own nonce to one that does.
 * Both then show that they know the secret (rpc/auth.h), in messages of the
 * same form:
 *
 *   3  client -> server  magic, "proof:HEX"
 *   4  server -> client  magic, "proof:HEX", or HELLO_MISMATCH alone
 *
 * A server of TVM ignores options that it does not know, so a client with a
 * secret sees an answer without a nonce and ends: it is told that the server
 * asks for none. */
#ifndef RPC_HELLO_H
#define RPC_HELLO_H

#include "base/diag.h"
#include "rpc/bytes.h"

enum {
  HELLO_MAGIC = 0x000FF271,     /* and the code of success */
  HELLO_DUPLICATE = 0x000FF272, /* of proxies: somebody waits with that key */
  HELLO_MISMATCH = 0x000FF273,  /* the key is another one */
  HELLO_MOST_KEY = 512,         /* bytes of a key with prefix and options */
  HELLO_NONCE = 32              /* hexadecimal digits of a nonce */
};

/* A decoded message; the key points into the bytes. */
typedef struct Hello {
  uint32_t code;
  Slice key; /* empty unless the code is HELLO_MAGIC */
} Hello;

/* Like rpc_wanted: more than `have` while something is missing. */
vtac_status hello_wanted(const uint8_t *bytes, size_t have, size_t *ret_wanted,
                         Diag *diag);
vtac_status hello_decode(const uint8_t *bytes, size_t size, Hello *ret,
                         Diag *diag);
/* `key` is left out where the code is not HELLO_MAGIC. */
vtac_status hello_encode(uint32_t code, const char *key, ByteBuf *to,
                         Diag *diag);

/* ---- Keys --------------------------------------------------------------- */

/* What stands in a key.  Keys are printable ASCII; no part holds a space. */
typedef struct HelloKey {
  char key[HELLO_MOST_KEY + 1];
  double timeout;              /* seconds; 0: none was given */
  char nonce[HELLO_NONCE + 1]; /* "": none was given */
} HelloKey;

/* `side` is "client" or "server".  D_RPC_KEY for a key of another form.
 * Options that are unknown, or have a value that makes no sense, count as not
 * given. */
vtac_status hello_parse_key(const char *side, Slice text, HelloKey *ret,
                            Diag *diag);
/* D_RPC_KEY where the text would be longer than HELLO_MOST_KEY or hold what a
 * key can't. */
vtac_status hello_format_key(const char *side, const HelloKey *key,
                             char ret[HELLO_MOST_KEY + 1], Diag *diag);

#endif
