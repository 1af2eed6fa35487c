/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets and the clock of their loops. */
#define _GNU_SOURCE
#include "rpc/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* ---- Opening ------------------------------------------------------------ */

static bool is_loopback(const struct sockaddr *address) {
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const void *)address;
    return ntohl(in->sin_addr.s_addr) >> 24 == 127;
  }
  const struct sockaddr_in6 *in6 = (const void *)address;
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* -1 if the port is taken or cannot be listened on. */
static int try_port(const struct addrinfo *at) {
  const int on = 1;
  int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bind(fd, at->ai_addr, at->ai_addrlen) && !listen(fd, BACKLOG)) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static void set_port(struct sockaddr *address, int port) {
  if (address->sa_family == AF_INET)
    ((struct sockaddr_in *)(void *)address)->sin_port = htons((uint16_t)port);
  else
    ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons((uint16_t)port);
}

static int port_of(int fd) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &size)) return 0;
  if (address.ss_family == AF_INET)
    return ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
  return ntohs(((struct sockaddr_in6 *)(void *)&address)->sin6_port);
}

static int first_free_port(const struct addrinfo *at, int port, int port_end) {
  int fd = -1;
  if (port < 0) port = port_end = 0; /* the system's choice */
  for (int i = port; i <= port_end && fd < 0; i++) {
    set_port(at->ai_addr, i);
    fd = try_port(at);
  }
  return fd;
}

static vtac_status open_wake(Listener *listener, Diag *diag) {
  if (!pipe2(listener->wake, O_CLOEXEC | O_NONBLOCK)) return VTAC_OK;
  listener->wake[0] = listener->wake[1] = -1;
  return diag_set(diag, D_RPC_SERVER, "cannot make a pipe: %s",
                  strerror(errno));
}

vtac_status listener_open(const char *host, int port, int port_end,
                          Listener *ret, Diag *diag) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                 .ai_flags = AI_PASSIVE};
  struct addrinfo *found;
  Listener listener = {.fd = -1, .wake = {-1, -1}};
  int code = getaddrinfo(host, "0", &hints, &found);
  if (code)
    return diag_set(diag, D_RPC_SERVER, "'%s' is no address: %s", host,
                    gai_strerror(code));
  listener.loopback = is_loopback(found->ai_addr);
  listener.fd = first_free_port(found, port, port_end);
  int error = errno;
  freeaddrinfo(found);
  if (listener.fd < 0)
    return diag_set(diag, D_RPC_SERVER,
                    "cannot listen on '%s', port %d to %d: %s", host, port,
                    port_end, strerror(error));
  listener.port = port_of(listener.fd);
  vtac_status status = open_wake(&listener, diag);
  if (status)
    listener_close(&listener);
  else
    *ret = listener;
  return status;
}

static void close_one(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

void listener_close(Listener *listener) {
  close_one(&listener->fd);
  close_one(&listener->wake[0]);
  close_one(&listener->wake[1]);
}

void listener_wake(const Listener *listener) {
  int error = errno;
  ssize_t n = write(listener->wake[1], "", 1);
  (void)n; /* a full pipe wakes, too */
  errno = error;
}

/* ---- Connections -------------------------------------------------------- */

static void name_peer(const struct sockaddr *address, socklen_t size,
                      char ret[PEER_BYTES]) {
  char host[64], port[8];
  if (getnameinfo(address, size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV))
    snprintf(ret, PEER_BYTES, "unknown");
  else
    snprintf(ret, PEER_BYTES, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
             port);
}

/* A peer that is gone without a word is noticed by the system's probes. */
int listener_accept(const Listener *listener, char ret_peer[PEER_BYTES]) {
  const int on = 1, idle = 60, every = 20, probes = 3;
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  int fd = accept4(listener->fd, (struct sockaddr *)&address, &size,
                   SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return -1;
  name_peer((struct sockaddr *)&address, size, ret_peer);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/* ---- The clock ---------------------------------------------------------- */

#define NANO 1000000000LL

int64_t monotonic_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * NANO + time.tv_nsec;
}

int64_t monotonic_after(double seconds) {
  const double most = 1e9;
  if (!(seconds < most)) return INT64_MAX;
  return monotonic_now() + (int64_t)(seconds * (double)NANO);
}

int monotonic_wait(int64_t deadline) {
  const int64_t most = 60 * NANO;
  int64_t now = monotonic_now();
  if (deadline <= now) return 0;
  int64_t left = deadline - now < most ? deadline - now : most;
  return (int)(left / 1000000) + 1;
}
