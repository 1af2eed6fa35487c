/* SPDX-License-Identifier: Apache-2.0 */
/* Session: what one client does on one device, as a machine of states that
 * takes decoded requests and gives answers.  It knows no sockets, no processes
 * and no time but that which it measures; the server's child process and tests
 * feed it.
 *
 *   expect InitServer -> ready -> … -> ended
 *
 * A request that fails is answered by an Exception, and the session goes on,
 * unless the client has broken the protocol.
 *
 *   if (request.data.n) room = session_room(session, &request, &diag);
 *   … the raw bytes into `room`; where that is NULL, they are dropped …
 *   next = session_handle(session, &request, &answer);
 *   … `answer` is sent unless next is SESSION_DONE … */
#ifndef RPC_SESSION_H
#define RPC_SESSION_H

#include "rpc/wire.h"
#include "rpc/workdir.h"
#include "vtac/runtime.h"

typedef struct Session Session;

typedef struct SessionOptions {
  const vtac_config *config; /* of the device at first */
  vtac_simulator simulator;
  vtac_sim_path sim_path;
  const vtac_board *board; /* or NULL */
  bool may_program;        /* clients may program the board's FPGA */
  uint64_t memory_bytes;   /* of all that the client allocates */
  uint64_t packet_bytes;   /* the limit of packets that the client is told */
  Workdir workdir;
} SessionOptions;

typedef enum SessionNext {
  SESSION_GOES_ON,
  SESSION_ENDS, /* after the answer */
  SESSION_DONE, /* without an answer */
} SessionNext;

/* What a session has done, for the log. */
typedef struct SessionCounts {
  uint64_t requests, calls, exceptions, bytes_in, bytes_out;
} SessionCounts;

/* NULL when memory is short. */
Session *session_new(const SessionOptions *options);
/* Opens the device, while the process may still do so. */
vtac_status session_open_device(Session *session, Diag *diag);
void session_free(Session *session); /* with all that the client left */

/* Where the raw bytes of a CopyToRemote belong, request->data.n of them; NULL,
 * and the answer will say why, if they belong nowhere. */
void *session_room(Session *session, const RpcPacket *request);
/* Texts and data of the answer live until the next call on the session. */
SessionNext session_handle(Session *session, const RpcPacket *request,
                           RpcPacket *answer);
SessionCounts session_counts(const Session *session);

#endif
