/* SPDX-License-Identifier: Apache-2.0 */
/* TrackerState: which servers wait for clients and which clients for servers,
 * by key.  It knows connections by their numbers only; what is to be sent to
 * one goes to a sink.
 *
 * A server puts one match key for each client that it can take.  A client's
 * request gets the oldest match key of its key; requests that wait are served
 * by priority, then in the order of their arrival. */
#ifndef RPC_TRACKER_STATE_H
#define RPC_TRACKER_STATE_H

#include "rpc/tracker_wire.h"

typedef struct TrackerState TrackerState;

typedef struct TrackerSink {
  void *self;
  void (*send)(void *self, int64_t connection, const ByteBuf *message);
} TrackerSink;

typedef enum TrackerNext {
  TRACKER_GOES_ON,
  TRACKER_CLOSES, /* the connection, which has broken a rule */
  TRACKER_STOPS,  /* after its answer */
} TrackerNext;

/* NULL when memory is short.  `stop_key` must outlive the state. */
TrackerState *tracker_state_new(TrackerSink sink, const char *stop_key);
void tracker_state_free(TrackerState *state);

/* A request of a connection that comes from `host`. */
TrackerNext tracker_state_handle(TrackerState *state, int64_t connection,
                                 const char *host,
                                 const TrackerRequest *request);
/* Withdraws all that the connection has put and asked for. */
void tracker_state_leave(TrackerState *state, int64_t connection);
/* Whether the connection waits, has put something or is a server's. */
bool tracker_state_needs(const TrackerState *state, int64_t connection);

#endif
