/* SPDX-License-Identifier: Apache-2.0 */
/* The client's session as its own files see it.
 *
 * A session sends a request, waits for its answer, and knows no more of the
 * server than handles.  How requests get there is a Transport: a socket, or a
 * session of the same process. */
#ifndef RPC_CLIENT_H
#define RPC_CLIENT_H

#include "rpc/channel.h"
#include "vtac/rpc.h"

typedef struct Transport Transport;

typedef struct TransportOps {
  /* The request with its raw data. */
  vtac_status (*send)(Transport *self, const RpcPacket *request, Diag *diag);
  /* The answer; its texts live until the next request. */
  vtac_status (*receive)(Transport *self, RpcPacket *ret, Diag *diag);
  /* n of the raw bytes that follow the answer. */
  vtac_status (*receive_data)(Transport *self, void *to, size_t n, Diag *diag);
  void (*close)(Transport *self); /* frees it, too */
} TransportOps;

struct Transport {
  const TransportOps *ops;
};

/* Functions of the server that a session looks up once. */
typedef enum Helper {
  HELP_UPLOAD,
  HELP_DOWNLOAD,
  HELP_REMOVE,
  HELP_LOAD_MODULE,
  HELP_GET_FUNCTION,
  HELP_TIME_EVALUATOR,
  HELP_RECONFIGURE,
  HELP_PROGRAM,
  HELP_CLEAR_COUNTERS,
  HELP_COUNTERS,
  HELP_CYCLES,
  HELPERS
} Helper;

struct vtac_rpc {
  Transport *transport;
  Diag broken;              /* what made it useless; D_NONE while it is not */
  uint64_t helper[HELPERS]; /* handles; 0: not looked up yet */
  uint64_t packet_size;     /* of the server; 0: it names none */
  bool knows_packet_size;
  RpcPacket request, answer;
  ByteBuf text; /* a result's text, terminated */
};

struct vtac_rpc_module {
  vtac_rpc *session;
  uint64_t handle;
};

struct vtac_rpc_function {
  vtac_rpc *session;
  uint64_t handle;
};

struct vtac_rpc_array {
  vtac_rpc *session;
  RpcTensor tensor;
  size_t size;
  uint64_t owner; /* of an array that a call gave: what FreeHandle takes */
  char dtype[24];
};

/* ---- Sessions ----------------------------------------------------------- */

/* A session over a transport, which it takes over, also on failure; greets the
 * server. */
vtac_rpc *client_new(Transport *transport, Diag *diag);
Transport *transport_of_channel(RpcChannel *channel, double call_seconds);
/* The handshake on a connected channel; `server_key` is what the server has to
 * name itself, `match_key` what it is asked for. */
vtac_status client_greet(RpcChannel *channel, const vtac_rpc_options *options,
                         const char *match_key, const char *server_key,
                         Diag *diag);
/* client_new after a connection and client_greet. */
vtac_rpc *client_connect(const RpcAddress *address, const char *match_key,
                         const vtac_rpc_options *options, Diag *diag);
double client_connect_seconds(const vtac_rpc_options *options);

/* ---- Requests ----------------------------------------------------------- */

/* Sends session->request and waits for session->answer. */
vtac_status client_exchange(vtac_rpc *session, Diag *diag);
/* A request whose answer is one value (NULL: void). */
vtac_status client_request(vtac_rpc *session, RpcOpcode opcode, int n,
                           const RpcValue *args, RpcValue *ret, Diag *diag);
/* CallFunc with the arguments; the result (NULL: none is expected). */
vtac_status client_call(vtac_rpc *session, uint64_t function, int n,
                        const RpcValue *args, RpcValue *ret, Diag *diag);
/* The handle of a global function; 0 if there is none. */
vtac_status client_find(vtac_rpc *session, const char *name, uint64_t *ret,
                        Diag *diag);
/* A call of a helper. */
vtac_status client_help(vtac_rpc *session, Helper helper, int n,
                        const RpcValue *args, RpcValue *ret, Diag *diag);
/* Gives a handle back; what goes wrong does not matter. */
void client_release(vtac_rpc *session, RpcCode kind, uint64_t handle);
/* An answer that is of another type than asked for ends the session. */
vtac_status client_mistyped(vtac_rpc *session, const char *what, Diag *diag);
/* Keeps a text of the answer, terminated, until the next call. */
vtac_status client_keep_text(vtac_rpc *session, Slice text, Diag *diag);

/* ---- Objects ------------------------------------------------------------ */

/* An array that a call has returned. */
vtac_rpc_array *client_array(vtac_rpc *session, const RpcValue *value,
                             Diag *diag);
vtac_rpc_module *client_module(vtac_rpc *session, uint64_t handle, Diag *diag);
vtac_rpc_function *client_function(vtac_rpc *session, uint64_t handle,
                                   Diag *diag);

#endif
