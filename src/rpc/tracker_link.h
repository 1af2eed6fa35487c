/* SPDX-License-Identifier: Apache-2.0 */
/* TrackerLink: a server's connection to its tracker.
 *
 * While the server has room, the tracker holds one match key of it; a client
 * that asks the tracker gets that key and shows it to the server.  A key that
 * the tracker no longer has, and nobody has shown for six seconds, is replaced.
 * A lost connection is made anew every five seconds. */
#ifndef RPC_TRACKER_LINK_H
#define RPC_TRACKER_LINK_H

#include "rpc/channel.h"
#include "rpc/log.h"

typedef struct TrackerLink TrackerLink;

typedef struct TrackerLinkOptions {
  RpcAddress tracker;
  const char *key;         /* of the server */
  const char *public_host; /* or NULL */
  int port;                /* of the server */
  const vtac_rpc_log *log;
} TrackerLinkOptions;

/* NULL when memory is short; texts must outlive the link. */
TrackerLink *tracker_link_new(const TrackerLinkOptions *options);
void tracker_link_free(TrackerLink *link); /* takes the key back */

/* For poll: the socket (-1: none now), what to wait for, and until when. */
int tracker_link_fd(const TrackerLink *link, short *ret_events);
int64_t tracker_link_deadline(const TrackerLink *link);
/* Does what can be done now.  `has_room`: the server can take a client. */
void tracker_link_step(TrackerLink *link, bool has_room);
/* Whether a client has shown the match key, which is used up then. */
bool tracker_link_take(TrackerLink *link, const char *match_key);

#endif
