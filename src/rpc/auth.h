/* SPDX-License-Identifier: Apache-2.0 */
/* Showing that one knows a secret without telling it.
 *
 * A proof is HMAC-SHA256, keyed with the secret, of the side ("client" or
 * "server") and both keys of the handshake, nonces and options included, with
 * a NUL after each of the first two.  So neither side can use the other's, nor
 * one of an earlier connection.  What follows the handshake is neither
 * encrypted nor protected. */
#ifndef RPC_AUTH_H
#define RPC_AUTH_H

#include "rpc/hello.h"

enum {
  AUTH_LEAST_SECRET = 16, /* bytes: who listens can try short ones at leisure */
  AUTH_PROOF = 64         /* hexadecimal digits */
};

#define AUTH_PREFIX "proof:" /* of the proof in its message */

/* Random hexadecimal digits of the system; false if it has none. */
bool auth_nonce(char ret[HELLO_NONCE + 1]);
void auth_proof(const char *secret, const char *side, Slice client_key,
                Slice server_key, char ret[AUTH_PROOF + 1]);
/* Whether a message's text is AUTH_PREFIX and this proof; takes as long
 * wherever they differ. */
bool auth_accepts(Slice text, const char proof[AUTH_PROOF + 1]);

#endif
