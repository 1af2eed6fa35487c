/* SPDX-License-Identifier: Apache-2.0 */
/* Serving a device to other machines, and keeping track of such servers, by
 * the RPC protocol of TVM 0.9 (docs/rpc.md).
 *
 * A server runs the code that its clients send.  Each client gets a process of
 * its own, with limits and without rights; docs/rpc.md says against what that
 * protects.  A server or tracker runs in one thread and must not run beside
 * other threads of its process, because sessions are forked. */
#ifndef VTAC_RPC_SERVER_H
#define VTAC_RPC_SERVER_H

#include "vtac/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Logs --------------------------------------------------------------- */

typedef enum vtac_log_level {
  VTAC_LOG_DEBUG,
  VTAC_LOG_INFO,
  VTAC_LOG_WARNING,
  VTAC_LOG_ERROR
} vtac_log_level;

typedef struct vtac_rpc_log {
  /* Gets each line, with its line feed; NULL: no log. */
  void (*line)(void *user, const char *text, size_t length);
  void *user;
  int json;             /* JSON objects; else logfmt */
  vtac_log_level least; /* lines below it are not made */
} vtac_rpc_log;

/* ---- The server --------------------------------------------------------- */

/* What a session may use; vtac_rpc_limits_default gives sensible values. */
typedef struct vtac_rpc_limits {
  int sessions;           /* processes at one time */
  int waiting;            /* clients that wait for one of them */
  uint64_t packet_bytes;  /* of one message */
  uint64_t memory_bytes;  /* of a session's process */
  uint64_t storage_bytes; /* of the files in a session's directory */
  int files;              /* in it */
  double hello_seconds;   /* until a client has said what it wants */
  double idle_seconds;    /* between two requests */
  double packet_seconds;  /* until a message has arrived or left */
  double call_seconds;    /* of one request */
  double session_seconds; /* of all of a session */
  double cpu_seconds;     /* of the processor's time in a session */
} vtac_rpc_limits;

VTAC_API vtac_rpc_limits vtac_rpc_limits_default(void);

/* Zeros are the defaults, except where it says otherwise; texts are copied. */
typedef struct vtac_rpc_server_options {
  const char *host; /* to listen on; NULL: 127.0.0.1 */
  int port, port_end; /* the first free one of port … port_end; 0: 9091 … 9198,
                         both -1: any */
  const char *key;    /* what clients ask for; NULL: "" */
  /* What clients must know besides, or NULL: see docs/rpc.md. */
  const char *secret;
  const char *tracker; /* to register with: "HOST:PORT" or "HOST"; NULL: none */
  const char *public_host;   /* where clients reach the server, as the tracker
                                tells them; NULL: as the tracker sees it */
  const char *work_dir;      /* sessions' directories lie in it; NULL: $TMPDIR
                                or /tmp */
  const vtac_config *config; /* NULL: the built-in one */
  vtac_simulator simulator;
  vtac_sim_path sim_path;
  const vtac_board *board; /* not NULL: instead of a simulator; it outlives the
                              server, which has one session at a time */
  vtac_rpc_limits limits;  /* all as they are given */
  vtac_rpc_log log;
  int no_sandbox; /* sessions keep the server's rights; limits stay */
} vtac_rpc_server_options;

typedef struct vtac_rpc_server vtac_rpc_server;

/* Listens.  NULL with `error` on failure: VTAC_IO if no port is free or the
 * work directory cannot be used, VTAC_REFUSED for an address that is not
 * loopback without a secret, VTAC_INVALID for limits that make no sense. */
VTAC_API vtac_rpc_server *vtac_rpc_server_open(
    const vtac_rpc_server_options *options, vtac_error *error);
VTAC_API int vtac_rpc_server_port(const vtac_rpc_server *server);
/* Serves clients until it is told to stop; then ends the sessions, takes back
 * what the tracker knows and removes the sessions' directories. */
VTAC_API vtac_status vtac_rpc_server_serve(vtac_rpc_server *server,
                                           vtac_error *error);
/* Makes vtac_rpc_server_serve return; may be called by a signal's handler. */
VTAC_API void vtac_rpc_server_stop(vtac_rpc_server *server);
VTAC_API void vtac_rpc_server_close(vtac_rpc_server *server);

/* ---- The tracker -------------------------------------------------------- */

typedef struct vtac_rpc_tracker_options {
  const char *host;    /* to listen on; NULL: 127.0.0.1 */
  int port, port_end;  /* as a server's; 0: 9190 … 9198 */
  int connections;     /* at one time; 0: 1024 */
  double idle_seconds; /* until a connection that says nothing and waits for
                          nothing is closed; 0: 600 */
  vtac_rpc_log log;
} vtac_rpc_tracker_options;

typedef struct vtac_rpc_tracker vtac_rpc_tracker;

/* As a server's functions.  A tracker also stops when a client sends its stop
 * key, which holds 128 random bits. */
VTAC_API vtac_rpc_tracker *vtac_rpc_tracker_open(
    const vtac_rpc_tracker_options *options, vtac_error *error);
VTAC_API int vtac_rpc_tracker_port(const vtac_rpc_tracker *tracker);
VTAC_API const char *vtac_rpc_tracker_stop_key(const vtac_rpc_tracker *tracker);
VTAC_API vtac_status vtac_rpc_tracker_serve(vtac_rpc_tracker *tracker,
                                            vtac_error *error);
VTAC_API void vtac_rpc_tracker_stop(vtac_rpc_tracker *tracker);
VTAC_API void vtac_rpc_tracker_close(vtac_rpc_tracker *tracker);

#ifdef __cplusplus
}
#endif
#endif
