/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, and connecting to one. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/channel.h"

/* ---- Texts -------------------------------------------------------------- */

static vtac_status bad_address(const char *text, Diag *diag) {
  return diag_set(diag, D_ARGUMENT,
                  "'%s' is no address; write host:port, with a port of 1 to "
                  "65535",
                  text);
}

static bool parse_port(const char *text, int *ret) {
  char *end;
  long port = strtol(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || port < 1 || port > 65535)
    return false;
  *ret = (int)port;
  return true;
}

/* A colon parts host and port unless there are several: IPv6 addresses with a
 * port stand in brackets. */
vtac_status rpc_parse_address(const char *text, int default_port,
                              RpcAddress *ret, Diag *diag) {
  const bool bracket = *text == '[';
  const char *host = text + bracket;
  const char *end = bracket ? strchr(host, ']') : strchr(host, ':');
  if (bracket && !end) return bad_address(text, diag);
  const char *rest = bracket ? end + 1 : end;
  if (!bracket && end && strchr(end + 1, ':')) end = rest = NULL;
  const size_t n = end ? (size_t)(end - host) : strlen(host);
  int port = default_port;
  if (n == 0 || n > RPC_MOST_HOST) return bad_address(text, diag);
  if (rest && *rest && (*rest != ':' || !parse_port(rest + 1, &port)))
    return bad_address(text, diag);
  memcpy(ret->host, host, n);
  ret->host[n] = '\0';
  ret->port = port;
  return VTAC_OK;
}

/* ---- Connecting --------------------------------------------------------- */

static vtac_status look_up(const RpcAddress *address, struct addrinfo **ret,
                           Diag *diag) {
  char port[16];
  const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                 .ai_socktype = SOCK_STREAM,
                                 .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
  snprintf(port, sizeof port, "%d", address->port);
  int error = getaddrinfo(address->host, port, &hints, ret);
  if (!error) return VTAC_OK;
  return diag_set(diag, D_RPC_CONNECT, "cannot find host %s: %s", address->host,
                  gai_strerror(error));
}

/* The socket's error once a connection in progress has ended: 0 is success. */
static int finish_connect(int fd, const RpcChannel *clock) {
  struct pollfd ready = {fd, POLLOUT, 0};
  int error = 0, n;
  socklen_t size = sizeof error;
  do n = poll(&ready, 1, channel_time_left(clock));
  while (n < 0 && errno == EINTR);
  if (n < 0) return errno;
  if (n == 0) return ETIMEDOUT;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) ? errno : error;
}

/* A connected socket, or -1 with errno. */
static int connect_to(const struct addrinfo *info, const RpcChannel *clock) {
  int fd = socket(info->ai_family,
                  info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int error = 0;
  if (connect(fd, info->ai_addr, info->ai_addrlen))
    error = errno == EINPROGRESS ? finish_connect(fd, clock) : errno;
  if (!error) return fd;
  close(fd);
  errno = error;
  return -1;
}

vtac_status channel_connect(RpcChannel *ret, const RpcAddress *address,
                            double seconds, Diag *diag) {
  struct addrinfo *list;
  RpcChannel clock = {.fd = -1};
  channel_set_timeout(&clock, seconds);
  vtac_status status = look_up(address, &list, diag);
  if (status) return status;
  int fd = -1, error = 0;
  for (struct addrinfo *info = list; info && fd < 0; info = info->ai_next) {
    fd = connect_to(info, &clock);
    if (fd < 0) error = errno;
  }
  freeaddrinfo(list);
  if (fd < 0)
    return diag_set(diag, error == ETIMEDOUT ? D_RPC_TIMEOUT : D_RPC_CONNECT,
                    "cannot connect to %s port %d: %s", address->host,
                    address->port, strerror(error));
  channel_open(ret, fd);
  ret->deadline = clock.deadline;
  return VTAC_OK;
}
