/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a server share.
 *
 *   listener --accept--> Client (the handshake, in the server's loop)
 *            --fork----> ServerSession (a process; rpc/session.h inside it)
 *
 * A client costs the loop a descriptor and a few hundred bytes until it has
 * said what it wants, so that one which says nothing keeps nobody waiting. */
#ifndef RPC_SERVER_IMPL_H
#define RPC_SERVER_IMPL_H

#include <poll.h>
#include <sys/types.h>

#include "rpc/auth.h"
#include "rpc/hello.h"
#include "rpc/listener.h"
#include "rpc/log.h"
#include "rpc/tracker_link.h"
#include "vtac/rpc_server.h"

enum { MOST_CLIENTS = 1024, HELLO_BYTES = 8 + HELLO_MOST_KEY };

typedef enum ClientState {
  CLIENT_HELLO,   /* sends its key */
  CLIENT_PROOF,   /* shows that it knows the secret */
  CLIENT_WAITING, /* for a session */
} ClientState;

typedef struct Client {
  int fd;
  ClientState state;
  int64_t deadline;
  size_t have;
  uint8_t bytes[HELLO_BYTES];
  char peer[PEER_BYTES];
  double timeout;                      /* it asked for; 0: none */
  char server_key[HELLO_MOST_KEY + 1]; /* what it is told */
  char proof[AUTH_PROOF + 1];          /* what it has to send */
  char own_proof[AUTH_PROOF + 1];      /* what it gets then */
} Client;

/* What a session's process says of itself when it ends. */
typedef struct SessionReport {
  uint64_t requests, calls, exceptions, bytes_in, bytes_out;
  char reason[160]; /* why it ended */
} SessionReport;

/* Why the server ends a session. */
typedef enum SessionEnd { END_BY_ITSELF, END_BY_TIME, END_BY_STOP } SessionEnd;

typedef struct ServerSession {
  pid_t pid;
  int64_t id;
  int fd;     /* of the connection, to tell the client of a crash */
  int report; /* the process's end of this pipe closes when it is gone */
  int64_t deadline;
  SessionEnd end;
  size_t have;
  SessionReport said;
  char name[24]; /* of its directory */
  char peer[PEER_BYTES];
} ServerSession;

struct vtac_rpc_server {
  vtac_rpc_server_options options; /* its texts are the server's */
  vtac_config *config;
  Listener listener;
  TrackerLink *tracker; /* or NULL */
  int base;             /* the directory of sessions' directories */
  char base_path[256];
  unsigned gaps; /* SandboxGap bits */
  bool stopping;
  int64_t next_id;
  int n_clients, n_sessions;
  Client *client[MOST_CLIENTS];
  ServerSession *session; /* room for limits.sessions */
};

/* ---- Handshakes (server_client.c) --------------------------------------- */

/* Takes connections that wait. */
void server_accept(vtac_rpc_server *server);
/* Reads what a client has sent, or notices that it left; it may be gone
 * afterwards. */
void server_read_client(vtac_rpc_server *server, int index);
/* Drops clients that took too long. */
void server_expire_clients(vtac_rpc_server *server);
void server_drop_client(vtac_rpc_server *server, int index, const char *why);
/* False when the client does not take it at once: it is not worth waiting
 * for. */
bool server_send_hello(const Client *client, uint32_t code, const char *key);

/* ---- Sessions (server_session.c) ---------------------------------------- */

/* Starts sessions for clients that wait, as long as there is room. */
void server_start_sessions(vtac_rpc_server *server);
/* Reads a session's report; when it has ended, cleans up after it. */
void server_read_session(vtac_rpc_server *server, int index);
/* Ends sessions that are over their time. */
void server_expire_sessions(vtac_rpc_server *server);
void server_end_session(vtac_rpc_server *server, int index, SessionEnd why);

/* What runs in the new process; does not return. */
_Noreturn void child_main(const vtac_rpc_server *server, int fd, int report,
                          int dir);

#endif
