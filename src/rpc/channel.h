/* SPDX-License-Identifier: Apache-2.0 */
/* A socket on which whole messages are sent and received, with a deadline.
 *
 * Calls block until the message is through, the peer is gone or the deadline is
 * met: D_RPC_CLOSED where the peer closed between two messages, D_RPC_PROTOCOL
 * where it closed within one, D_RPC_TIMEOUT, and what the codecs say.  After a
 * failure the connection can only be closed; a channel never closes its socket
 * by itself and never raises SIGPIPE.
 *
 * Memory grows with what has been received, not with what is announced. */
#ifndef RPC_CHANNEL_H
#define RPC_CHANNEL_H

#include <poll.h>

#include "rpc/hello.h"
#include "rpc/wire.h"

typedef struct RpcChannel {
  int fd;
  int64_t deadline;      /* of CLOCK_MONOTONIC, in nanoseconds; 0: none */
  uint64_t packet_limit; /* of announced lengths: RPC_PACKET_LIMIT */
  ByteBuf in;            /* received: [taken, size) has yet to be decoded */
  size_t taken;
  uint64_t data; /* raw bytes of the last packet that have yet to be received */
  ByteBuf out;
} RpcChannel;

/* Takes over a connected stream socket. */
void channel_open(RpcChannel *ret, int fd);
/* Closes the socket; fine for a channel that is closed or whose fd is -1. */
void channel_close(RpcChannel *channel);
/* All that follows has to be done within these seconds; 0 or less: ever. */
void channel_set_timeout(RpcChannel *channel, double seconds);
/* Milliseconds that are left, for poll: at least one; 0 when the deadline has
 * passed, -1 where there is none. */
int channel_time_left(const RpcChannel *channel);
/* poll(2) of one descriptor, awake for the first 50 microseconds. */
int channel_poll(struct pollfd *ready, int timeout);

/* ---- Addresses ---------------------------------------------------------- */

enum { RPC_MOST_HOST = 255 };

typedef struct RpcAddress {
  char host[RPC_MOST_HOST + 1];
  int port;
} RpcAddress;

/* "host:port", "host", "[::1]:port" or "::1"; D_ARGUMENT for anything else. */
vtac_status rpc_parse_address(const char *text, int default_port,
                              RpcAddress *ret, Diag *diag);
/* Tries each address of the host; the deadline of the new channel is set, too.
 * D_RPC_CONNECT, D_RPC_TIMEOUT.  (The look-up of a name knows no deadline.) */
vtac_status channel_connect(RpcChannel *ret, const RpcAddress *address,
                            double seconds, Diag *diag);

/* ---- Packets ------------------------------------------------------------ */

/* Sends the packet and its raw data, packet->data, which is not copied. */
vtac_status channel_send_packet(RpcChannel *channel, const RpcPacket *packet,
                                Diag *diag);
/* Receives one without its raw data: packet.data.n bytes follow, of which the
 * next packet skips what channel_receive_data has left.  Packets of length
 * zero are passed over.  Texts live until the next call on the channel. */
vtac_status channel_receive_packet(RpcChannel *channel, RpcPacket *ret,
                                   Diag *diag);
/* Takes n bytes of raw data, at most as many as are left. */
vtac_status channel_receive_data(RpcChannel *channel, void *to, size_t n,
                                 Diag *diag);
vtac_status channel_skip_data(RpcChannel *channel, Diag *diag);

/* ---- Other messages ----------------------------------------------------- */

vtac_status channel_send_hello(RpcChannel *channel, uint32_t code,
                               const char *key, Diag *diag);
vtac_status channel_receive_hello(RpcChannel *channel, Hello *ret, Diag *diag);

/* Sends what an encoder of rpc/tracker_wire.h has put into `message`. */
vtac_status channel_send_bytes(RpcChannel *channel, const ByteBuf *message,
                               Diag *diag);
/* Sends or receives a tracker's magic number. */
vtac_status channel_send_magic(RpcChannel *channel, Diag *diag);
vtac_status channel_receive_magic(RpcChannel *channel, Diag *diag);
/* The text of a tracker's message of at most `limit` bytes. */
vtac_status channel_receive_text(RpcChannel *channel, size_t limit, Slice *ret,
                                 Diag *diag);

#endif
