/* SPDX-License-Identifier: Apache-2.0 */
/* Listener: the socket of a server, and a way to wake its loop up. */
#ifndef RPC_LISTENER_H
#define RPC_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

typedef struct Listener {
  int fd;
  int port;
  int wake[2]; /* a pipe: what is written to [1] can be read from [0] */
  bool loopback;
} Listener;

/* The first port of port … port_end that is free; any, if both are -1.
 * D_RPC_SERVER on failure. */
vtac_status listener_open(const char *host, int port, int port_end,
                          Listener *ret, Diag *diag);
void listener_close(Listener *listener); /* a closed one is fine */
/* Makes the loop's poll see wake[0]; safe in a signal's handler. */
void listener_wake(const Listener *listener);
/* A new connection, not blocking, and who it comes from ("127.0.0.1:4242"); -1
 * if there is none. */
enum { PEER_BYTES = 80 };
int listener_accept(const Listener *listener, char ret_peer[PEER_BYTES]);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t monotonic_now(void);
/* `seconds` from now; INT64_MAX where that is too far. */
int64_t monotonic_after(double seconds);
/* Milliseconds for poll until then: 0 if it has passed, at most a minute. */
int monotonic_wait(int64_t deadline);

#endif
