/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's messages: `i32 length`, then JSON.
 *
 * Each side sends TRACKER_MAGIC (4 bytes) first, the client before the tracker
 * and nothing more until it has the tracker's.  Then the client sends requests,
 * each of which is answered. */
#ifndef RPC_TRACKER_WIRE_H
#define RPC_TRACKER_WIRE_H

#include "rpc/hello.h"

enum {
  TRACKER_MAGIC = 0x0002F271,
  TRACKER_PORT = 9190,         /* the usual one */
  TRACKER_MOST_TEXT = 1 << 16, /* bytes of a message; clients: of a summary */
  TRACKER_MOST_HOST = 255,
  TRACKER_HEAD_BYTES = 4
};

typedef enum TrackerCode {
  TRACKER_PING = 1,
  TRACKER_STOP = 2,    /* match_key is the stop key */
  TRACKER_PUT = 3,     /* key, port, match_key, host */
  TRACKER_REQUEST = 4, /* key, user, priority */
  TRACKER_UPDATE = 5,  /* key, host, port: who serves this connection */
  TRACKER_SUMMARY = 6,
  TRACKER_PENDING = 7 /* the match keys of this connection that wait */
} TrackerCode;

typedef char TrackerKey[HELLO_MOST_KEY + 1];
typedef char TrackerHost[TRACKER_MOST_HOST + 1];

typedef struct TrackerRequest {
  TrackerCode code;
  TrackerKey key, match_key;
  TrackerHost host; /* "": the one that the connection comes from */
  int port;
  char user[64];
  int priority;
} TrackerRequest;

/* Where a server waits, and for whom. */
typedef struct TrackerServer {
  TrackerKey key; /* in a summary the server's, else the match key */
  TrackerHost host;
  int port;
} TrackerServer;

typedef struct TrackerQueue {
  TrackerKey key;
  int free, pending;
} TrackerQueue;

/* The state of a tracker; the arrays are the holder's, made by malloc. */
typedef struct TrackerSummary {
  int queues, servers;
  TrackerQueue *queue;
  TrackerServer *server;
} TrackerSummary;

void tracker_summary_free(TrackerSummary *summary);

/* Like rpc_wanted, of a message with its length, which is 1 to `limit`. */
vtac_status tracker_wanted(const uint8_t *bytes, size_t have, size_t limit,
                           size_t *ret_wanted, Diag *diag);

/* Encoders append a whole message with its length; decoders take a message's
 * text, without it.  D_RPC_PROTOCOL for what is no such message. */
vtac_status tracker_encode_request(const TrackerRequest *request, ByteBuf *to,
                                   Diag *diag);
vtac_status tracker_decode_request(const char *text, size_t n,
                                   TrackerRequest *ret, Diag *diag);

/* The answer to most requests: 0 is success, -1 failure. */
vtac_status tracker_encode_code(int code, ByteBuf *to, Diag *diag);
vtac_status tracker_decode_code(const char *text, size_t n, int *ret,
                                Diag *diag);
/* The answer to TRACKER_REQUEST: where to go with which match key. */
vtac_status tracker_encode_server(const TrackerServer *server, ByteBuf *to,
                                  Diag *diag);
vtac_status tracker_decode_server(const char *text, size_t n,
                                  TrackerServer *ret, Diag *diag);
/* The answer to TRACKER_PENDING; the decoder looks for one key. */
vtac_status tracker_encode_keys(int n, const char *const *keys, ByteBuf *to,
                                Diag *diag);
vtac_status tracker_decode_keys(const char *text, size_t n, const char *key,
                                bool *ret_found, Diag *diag);
/* The answer to TRACKER_SUMMARY. */
vtac_status tracker_encode_summary(const TrackerSummary *summary, ByteBuf *to,
                                   Diag *diag);
vtac_status tracker_decode_summary(const char *text, size_t n,
                                   TrackerSummary *ret, Diag *diag);

#endif
