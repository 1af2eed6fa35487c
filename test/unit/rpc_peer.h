/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that follows a script: it compares what it is sent with what the
 * script has, answers as the script says, and closes. */
#ifndef TEST_RPC_PEER_H
#define TEST_RPC_PEER_H

#include <setjmp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/client.h"

enum { MOST_BYTES = 4096 };

/* What the client has to send next, and what it then gets, in hexadecimal. */
typedef struct Exchange {
  const char *request, *answer;
} Exchange;

#define END \
  { NULL, NULL }

typedef struct Peer {
  int fd;
  const Exchange *script;
  char failure[256];
} Peer;

static size_t from_hex(const char *hex, uint8_t *ret) {
  size_t n = 0;
  for (; *hex; hex++) {
    if (!strchr("0123456789ABCDEF", *hex)) continue;
    const char pair[] = {hex[0], hex[1], 0};
    ret[n++] = (uint8_t)strtoul(pair, NULL, 16);
    hex++;
  }
  return n;
}

static bool read_all(int fd, uint8_t *to, size_t n) {
  for (size_t done = 0; done < n;) {
    ssize_t got = read(fd, to + done, n - done);
    if (got <= 0) return false;
    done += (size_t)got;
  }
  return true;
}

static void *play(void *self) {
  Peer *peer = self;
  uint8_t wanted[MOST_BYTES], got[MOST_BYTES];
  for (int i = 0; peer->script[i].request; i++) {
    size_t n = from_hex(peer->script[i].request, wanted);
    if (!read_all(peer->fd, got, n)) {
      snprintf(peer->failure, sizeof peer->failure, "request %d is cut", i);
      break;
    }
    if (memcmp(wanted, got, n) != 0) {
      snprintf(peer->failure, sizeof peer->failure, "request %d differs", i);
      break;
    }
    n = from_hex(peer->script[i].answer, wanted);
    if (n && write(peer->fd, wanted, n) != (ssize_t)n) break;
  }
  shutdown(peer->fd, SHUT_WR);
  while (read(peer->fd, got, sizeof got) > 0) continue;
  close(peer->fd);
  return NULL;
}

typedef struct Scene {
  Peer peer;
  pthread_t thread;
  RpcChannel channel;
} Scene;

static void start(Scene *scene, const Exchange *script) {
  int fds[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  scene->peer = (Peer){fds[1], script, ""};
  channel_open(&scene->channel, fds[0]);
  assert_int_equal(pthread_create(&scene->thread, NULL, play, &scene->peer), 0);
}

static void end(Scene *scene) {
  pthread_join(scene->thread, NULL);
  assert_string_equal(scene->peer.failure, "");
}

#endif
