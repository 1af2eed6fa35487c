/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces and proofs of the handshake; the hash is Nettle's. */
#include "rpc/auth.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>
#include <sys/random.h>

static void to_hex(const uint8_t *bytes, size_t n, char *ret) {
  for (size_t i = 0; i < n; i++) {
    ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  ret[2 * n] = '\0';
}

bool auth_nonce(char ret[HELLO_NONCE + 1]) {
  uint8_t bytes[HELLO_NONCE / 2];
  if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return false;
  to_hex(bytes, sizeof bytes, ret);
  return true;
}

static void add(struct hmac_sha256_ctx *hmac, const char *at, size_t n) {
  hmac_sha256_update(hmac, n, (const uint8_t *)at);
}

void auth_proof(const char *secret, const char *side, Slice client_key,
                Slice server_key, char ret[AUTH_PROOF + 1]) {
  struct hmac_sha256_ctx hmac;
  uint8_t digest[SHA256_DIGEST_SIZE];
  hmac_sha256_set_key(&hmac, strlen(secret), (const uint8_t *)secret);
  add(&hmac, side, strlen(side) + 1);
  add(&hmac, client_key.at, client_key.n);
  add(&hmac, "", 1);
  add(&hmac, server_key.at, server_key.n);
  hmac_sha256_digest(&hmac, sizeof digest, digest);
  to_hex(digest, sizeof digest, ret);
}

bool auth_accepts(Slice text, const char proof[AUTH_PROOF + 1]) {
  const size_t prefix = sizeof AUTH_PREFIX - 1;
  return text.n == prefix + AUTH_PROOF &&
         !memcmp(text.at, AUTH_PREFIX, prefix) &&
         memeql_sec(text.at + prefix, proof, AUTH_PROOF);
}
