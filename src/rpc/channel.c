/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on a socket.
 *
 * Input is received as far as it is there, so a small message costs one system
 * call; raw data goes past the buffer to where it belongs, and output leaves
 * with its raw data in one call. */
#include "rpc/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "rpc/tracker_wire.h"

#define NANO 1000000000LL

enum { PIECE = 1 << 16 }; /* that much is asked for at once */

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * NANO + time.tv_nsec;
}

void channel_open(RpcChannel *ret, int fd) {
  const int on = 1;
  *ret = (RpcChannel){.fd = fd, .packet_limit = RPC_PACKET_LIMIT};
  /* Requests are small and are waited for.  A pair of sockets refuses this. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  /* A peer that is cut off says nothing; without a deadline, this tells. */
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void channel_close(RpcChannel *channel) {
  if (channel->fd >= 0) close(channel->fd);
  bytebuf_free(&channel->in);
  bytebuf_free(&channel->out);
  *channel = (RpcChannel){.fd = -1};
}

void channel_set_timeout(RpcChannel *channel, double seconds) {
  const double most = 1e9;
  channel->deadline =
      seconds > 0
          ? now() + (int64_t)((seconds < most ? seconds : most) * (double)NANO)
          : 0;
}

/* ---- Waiting ------------------------------------------------------------ */

static vtac_status lost(const char *what, int error, Diag *diag) {
  return diag_set(diag, D_RPC_CLOSED, "%s: %s", what, strerror(error));
}

int channel_time_left(const RpcChannel *channel) {
  if (!channel->deadline) return -1;
  int64_t left = channel->deadline - now();
  if (left <= 0) return 0;
  const int64_t most = 1 << 30;
  left = left / 1000000 + 1;
  return (int)(left < most ? left : most);
}

/* An answer mostly comes sooner than a sleeping core wakes up. */
int channel_poll(struct pollfd *ready, int timeout) {
  enum { SPIN = 50000 }; /* nanoseconds */
  const int64_t begin = now();
  do {
    int n = poll(ready, 1, 0);
    if (n) return n;
  } while (now() - begin < SPIN);
  return poll(ready, 1, timeout);
}

/* Until the socket is ready for `events`. */
static vtac_status wait_for(const RpcChannel *channel, short events,
                            Diag *diag) {
  struct pollfd ready = {channel->fd, events, 0};
  for (;;) {
    int timeout = channel_time_left(channel);
    int n = timeout ? channel_poll(&ready, timeout) : 0;
    if (n > 0) return VTAC_OK;
    if (n < 0 && errno != EINTR)
      return lost("cannot wait for the peer", errno, diag);
    if (n == 0 && !channel_time_left(channel))
      return diag_set(diag, D_RPC_TIMEOUT, "the peer takes too long");
  }
}

static bool would_block(void) {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- Sending ------------------------------------------------------------ */

/* Drops n bytes off the front of the pieces. */
static void advance(struct iovec *piece, int *count, size_t n) {
  for (int i = 0; i < *count && n; i++) {
    size_t part = n < piece[i].iov_len ? n : piece[i].iov_len;
    piece[i].iov_base = (char *)piece[i].iov_base + part;
    piece[i].iov_len -= part;
    n -= part;
  }
  while (*count && !piece[*count - 1].iov_len) --*count;
}

static vtac_status send_pieces(RpcChannel *channel, struct iovec *piece,
                               int count, Diag *diag) {
  advance(piece, &count, 0);
  while (count) {
    struct msghdr message = {.msg_iov = piece, .msg_iovlen = (size_t)count};
    ssize_t n = sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && !would_block())
      return lost("cannot send to the peer", errno, diag);
    if (n < 0) {
      vtac_status status = wait_for(channel, POLLOUT, diag);
      if (status) return status;
    } else {
      advance(piece, &count, (size_t)n);
    }
  }
  return VTAC_OK;
}

vtac_status channel_send_bytes(RpcChannel *channel, const ByteBuf *message,
                               Diag *diag) {
  struct iovec piece = {message->bytes, message->size};
  return send_pieces(channel, &piece, 1, diag);
}

vtac_status channel_send_packet(RpcChannel *channel, const RpcPacket *packet,
                                Diag *diag) {
  bytebuf_clear(&channel->out);
  vtac_status status = rpc_encode(packet, &channel->out, diag);
  if (status) return status;
  struct iovec piece[] = {{channel->out.bytes, channel->out.size},
                          {(void *)(uintptr_t)packet->data.at, packet->data.n}};
  return send_pieces(channel, piece, 2, diag);
}

vtac_status channel_send_hello(RpcChannel *channel, uint32_t code,
                               const char *key, Diag *diag) {
  bytebuf_clear(&channel->out);
  vtac_status status = hello_encode(code, key, &channel->out, diag);
  return status ? status : channel_send_bytes(channel, &channel->out, diag);
}

vtac_status channel_send_magic(RpcChannel *channel, Diag *diag) {
  bytebuf_clear(&channel->out);
  bytebuf_put32(&channel->out, TRACKER_MAGIC);
  if (channel->out.failed)
    return diag_set(diag, D_NO_MEMORY, "cannot allocate a message");
  return channel_send_bytes(channel, &channel->out, diag);
}

/* ---- Receiving ---------------------------------------------------------- */

/* Receives between 1 and n bytes; 0 where the peer has closed. */
static vtac_status receive_some(RpcChannel *channel, void *to, size_t n,
                                size_t *ret_n, Diag *diag) {
  for (;;) {
    ssize_t got = recv(channel->fd, to, n, MSG_DONTWAIT);
    if (got >= 0) {
      *ret_n = (size_t)got;
      return VTAC_OK;
    }
    if (!would_block())
      return lost("cannot receive from the peer", errno, diag);
    vtac_status status = wait_for(channel, POLLIN, diag);
    if (status) return status;
  }
}

static vtac_status report_end(bool within, Diag *diag) {
  if (within)
    return diag_set(diag, D_RPC_PROTOCOL, "the peer closes within a message");
  return diag_set(diag, D_RPC_CLOSED, "the peer has closed the connection");
}

/* Forgets what has been decoded, so that the buffer does not grow. */
static void drop_taken(RpcChannel *channel) {
  ByteBuf *in = &channel->in;
  if (channel->taken && channel->taken < in->size)
    memmove(in->bytes, in->bytes + channel->taken, in->size - channel->taken);
  in->size -= channel->taken;
  channel->taken = 0;
}

/* More bytes into the buffer.  A peer that closes within a packet's length, or
 * before a message, is simply gone. */
static vtac_status receive_more(RpcChannel *channel, Diag *diag) {
  size_t n = 0;
  ByteBuf *in = &channel->in;
  uint8_t *to = bytebuf_reserve(in, PIECE);
  if (!to) return diag_set(diag, D_NO_MEMORY, "cannot allocate a message");
  vtac_status status = receive_some(channel, to, PIECE, &n, diag);
  if (status) return status;
  if (!n) return report_end(in->size > RPC_LENGTH_BYTES, diag);
  in->size += n;
  return VTAC_OK;
}

/* Says of `have` bytes how many are wanted, like rpc_wanted. */
typedef vtac_status Wanted(const uint8_t *bytes, size_t have, uint64_t limit,
                           size_t *ret_wanted, Diag *diag);

/* A whole message at the buffer's front, which is then taken. */
static vtac_status receive_message(RpcChannel *channel, Wanted *measure,
                                   uint64_t limit, Slice *ret, Diag *diag) {
  size_t wanted = 0;
  const ByteBuf *in = &channel->in;
  drop_taken(channel);
  for (;;) {
    vtac_status status = measure(in->bytes, in->size, limit, &wanted, diag);
    if (!status && wanted <= in->size) break;
    if (!status) status = receive_more(channel, diag);
    if (status) return status;
  }
  channel->taken = wanted;
  *ret = (Slice){(const char *)in->bytes, wanted};
  return VTAC_OK;
}

vtac_status channel_receive_packet(RpcChannel *channel, RpcPacket *ret,
                                   Diag *diag) {
  Slice bytes;
  vtac_status status = channel_skip_data(channel, diag);
  if (status) return status;
  do {
    status = receive_message(channel, rpc_wanted, channel->packet_limit, &bytes,
                             diag);
    if (!status)
      status = rpc_decode((const uint8_t *)bytes.at, bytes.n, ret, diag);
    if (status) return status;
  } while (ret->opcode == RPC_NONE);
  channel->data = ret->data.n;
  return VTAC_OK;
}

vtac_status channel_receive_data(RpcChannel *channel, void *to, size_t n,
                                 Diag *diag) {
  char *at = to;
  size_t there = channel->in.size - channel->taken;
  if (n > channel->data)
    return diag_set(diag, D_RPC_PROTOCOL, "%zu bytes are more than follow", n);
  if (there > n) there = n;
  if (there) memcpy(at, channel->in.bytes + channel->taken, there);
  channel->taken += there;
  channel->data -= n;
  for (size_t done = there, more = 0; done < n; done += more) {
    vtac_status status =
        receive_some(channel, at + done, n - done, &more, diag);
    if (!status && !more) status = report_end(true, diag);
    if (status) return status;
  }
  return VTAC_OK;
}

vtac_status channel_skip_data(RpcChannel *channel, Diag *diag) {
  char piece[4096];
  vtac_status status = VTAC_OK;
  while (channel->data && !status) {
    size_t n =
        channel->data < sizeof piece ? (size_t)channel->data : sizeof piece;
    status = channel_receive_data(channel, piece, n, diag);
  }
  return status;
}

static vtac_status want_hello(const uint8_t *bytes, size_t have, uint64_t limit,
                              size_t *ret_wanted, Diag *diag) {
  (void)limit;
  return hello_wanted(bytes, have, ret_wanted, diag);
}

vtac_status channel_receive_hello(RpcChannel *channel, Hello *ret, Diag *diag) {
  Slice bytes;
  vtac_status status = receive_message(channel, want_hello, 0, &bytes, diag);
  if (status) return status;
  return hello_decode((const uint8_t *)bytes.at, bytes.n, ret, diag);
}

static vtac_status want_magic(const uint8_t *bytes, size_t have, uint64_t limit,
                              size_t *ret_wanted, Diag *diag) {
  Reader reader = {bytes, have, false};
  (void)limit;
  *ret_wanted = TRACKER_HEAD_BYTES;
  if (have < TRACKER_HEAD_BYTES || reader_u32(&reader) == TRACKER_MAGIC)
    return VTAC_OK;
  return diag_set(diag, D_RPC_PROTOCOL, "the peer is no tracker");
}

vtac_status channel_receive_magic(RpcChannel *channel, Diag *diag) {
  Slice bytes;
  return receive_message(channel, want_magic, 0, &bytes, diag);
}

static vtac_status want_text(const uint8_t *bytes, size_t have, uint64_t limit,
                             size_t *ret_wanted, Diag *diag) {
  return tracker_wanted(bytes, have, (size_t)limit, ret_wanted, diag);
}

vtac_status channel_receive_text(RpcChannel *channel, size_t limit, Slice *ret,
                                 Diag *diag) {
  vtac_status status = receive_message(channel, want_text, limit, ret, diag);
  if (status) return status;
  *ret = (Slice){ret->at + TRACKER_HEAD_BYTES, ret->n - TRACKER_HEAD_BYTES};
  return VTAC_OK;
}
