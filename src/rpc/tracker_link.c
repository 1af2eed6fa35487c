/* SPDX-License-Identifier: Apache-2.0 */
/* A server's side of the tracker's protocol, one request at a time:
 *
 *   down --connect--> greeting --magic--> idle <--answer-- busy
 */
#define _GNU_SOURCE
#include "rpc/tracker_link.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/auth.h"
#include "rpc/listener.h"
#include "rpc/tracker_wire.h"

#define RETRY_SECONDS 5.0
#define ASK_SECONDS 2.0
#define LOST_SECONDS 6.0
#define ANSWER_SECONDS 10.0

typedef enum LinkState {
  LINK_DOWN,
  LINK_CONNECTING,
  LINK_GREETING, /* the tracker's magic is awaited */
  LINK_IDLE,
  LINK_BUSY, /* an answer is awaited */
} LinkState;

struct TrackerLink {
  TrackerLinkOptions options;
  LinkState state;
  int fd;
  int64_t deadline; /* of what is awaited; when idle, of the next question */
  TrackerCode asked;
  bool known;           /* the tracker knows where this server is */
  TrackerKey match_key; /* that it holds; "": none */
  int64_t missed;       /* since then it no longer has it; 0: it has */
  bool complained;
  ByteBuf in, out;
};

TrackerLink *tracker_link_new(const TrackerLinkOptions *options) {
  TrackerLink *link = calloc(1, sizeof *link);
  if (!link) return NULL;
  link->options = *options;
  link->fd = -1;
  return link;
}

void tracker_link_free(TrackerLink *link) {
  if (!link) return;
  if (link->fd >= 0) close(link->fd);
  bytebuf_free(&link->in);
  bytebuf_free(&link->out);
  free(link);
}

int tracker_link_fd(const TrackerLink *link, short *ret_events) {
  bool writes = link->state == LINK_CONNECTING || link->out.size;
  *ret_events = writes ? POLLIN | POLLOUT : POLLIN;
  return link->fd;
}

int64_t tracker_link_deadline(const TrackerLink *link) {
  return link->deadline;
}

bool tracker_link_take(TrackerLink *link, const char *match_key) {
  if (!*link->match_key || strcmp(link->match_key, match_key) != 0)
    return false;
  *link->match_key = '\0';
  link->deadline = 0;
  return true;
}

/* ---- The connection ----------------------------------------------------- */

static void log_state(const TrackerLink *link, vtac_log_level level,
                      const char *event, const char *reason) {
  LogLine line;
  log_begin(&line, link->options.log, level, event);
  log_text(&line, "host", link->options.tracker.host);
  log_int(&line, "port", link->options.tracker.port);
  if (reason) log_text(&line, "reason", reason);
  log_end(&line);
}

/* Told once, not at every attempt. */
static void go_down(TrackerLink *link, const char *reason) {
  if (!link->complained)
    log_state(link, VTAC_LOG_WARNING, "tracker-lost", reason);
  link->complained = true;
  if (link->fd >= 0) close(link->fd);
  link->fd = -1;
  link->state = LINK_DOWN;
  link->deadline = monotonic_after(RETRY_SECONDS);
  link->known = false;
  *link->match_key = '\0';
  bytebuf_clear(&link->in);
  bytebuf_clear(&link->out);
}

static void await(TrackerLink *link, LinkState state) {
  link->state = state;
  link->deadline = monotonic_after(ANSWER_SECONDS);
}

static void connect_to_tracker(TrackerLink *link) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *found;
  char port[8];
  snprintf(port, sizeof port, "%d", link->options.tracker.port);
  int code = getaddrinfo(link->options.tracker.host, port, &hints, &found);
  if (code) {
    go_down(link, gai_strerror(code));
    return;
  }
  link->fd =
      socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool good =
      link->fd >= 0 && (!connect(link->fd, found->ai_addr, found->ai_addrlen) ||
                        errno == EINPROGRESS);
  int error = errno;
  freeaddrinfo(found);
  if (good)
    await(link, LINK_CONNECTING);
  else
    go_down(link, strerror(error));
}

static void finish_connect(TrackerLink *link) {
  struct pollfd ready = {link->fd, POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  if (poll(&ready, 1, 0) < 1) return;
  getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    go_down(link, strerror(error));
    return;
  }
  bytebuf_put32(&link->out, TRACKER_MAGIC);
  await(link, LINK_GREETING);
}

static void flush(TrackerLink *link) {
  if (!link->out.size) return;
  ssize_t n = send(link->fd, link->out.bytes, link->out.size,
                   MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR)
    go_down(link, strerror(errno));
  if (n <= 0) return;
  memmove(link->out.bytes, link->out.bytes + n, link->out.size - (size_t)n);
  link->out.size -= (size_t)n;
}

static void receive(TrackerLink *link) {
  enum { PIECE = 4096 };
  for (;;) {
    uint8_t *room = bytebuf_reserve(&link->in, PIECE);
    ssize_t n = room ? recv(link->fd, room, PIECE, MSG_DONTWAIT) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      go_down(link, n ? strerror(errno) : "the tracker has closed");
      return;
    }
    link->in.size += (size_t)n;
    if (link->in.size > 2 * TRACKER_MOST_TEXT) {
      go_down(link, "the tracker says more than it was asked");
      return;
    }
  }
}

static void drop_input(TrackerLink *link, size_t n) {
  memmove(link->in.bytes, link->in.bytes + n, link->in.size - n);
  link->in.size -= n;
}

/* ---- Requests ----------------------------------------------------------- */

static void ask(TrackerLink *link, const TrackerRequest *request) {
  Diag diag;
  if (tracker_encode_request(request, &link->out, &diag)) {
    go_down(link, diag.message);
    return;
  }
  link->asked = request->code;
  await(link, LINK_BUSY);
}

static void ask_about(TrackerLink *link, TrackerCode code) {
  TrackerRequest request = {.code = code, .port = link->options.port};
  const char *host = link->options.public_host;
  snprintf(request.key, sizeof request.key, "%s", link->options.key);
  snprintf(request.host, sizeof request.host, "%s", host ? host : "");
  memcpy(request.match_key, link->match_key, sizeof request.match_key);
  ask(link, &request);
}

/* 128 random bits behind the key: they cannot be guessed. */
static void offer(TrackerLink *link) {
  char random[HELLO_NONCE + 1];
  if (!auth_nonce(random)) {
    go_down(link, "the system has no random numbers");
    return;
  }
  snprintf(link->match_key, sizeof link->match_key, "%.*s:%s",
           HELLO_MOST_KEY - HELLO_NONCE - 1, link->options.key, random);
  link->missed = 0;
  ask_about(link, TRACKER_PUT);
}

/* What an idle server has to ask or say. */
static void choose_request(TrackerLink *link, bool has_room) {
  if (!link->known)
    ask_about(link, TRACKER_UPDATE);
  else if (!*link->match_key && has_room)
    offer(link);
  else if (*link->match_key && link->deadline <= monotonic_now())
    ask_about(link, TRACKER_PENDING);
}

/* ---- Answers ------------------------------------------------------------ */

static void note_pending(TrackerLink *link, bool found) {
  if (found)
    link->missed = 0;
  else if (!link->missed)
    link->missed = monotonic_after(LOST_SECONDS);
  else if (link->missed <= monotonic_now())
    *link->match_key = '\0';
}

static void take_answer(TrackerLink *link, const char *text, size_t n) {
  Diag diag;
  bool found = false;
  int code = 0;
  if (link->asked == TRACKER_PENDING) {
    if (tracker_decode_keys(text, n, link->match_key, &found, &diag)) {
      go_down(link, diag.message);
      return;
    }
    note_pending(link, found);
  } else if (tracker_decode_code(text, n, &code, &diag) || code) {
    go_down(link, code ? "the tracker refuses the server" : diag.message);
    return;
  } else if (link->asked == TRACKER_UPDATE) {
    link->known = true;
    link->complained = false;
    log_state(link, VTAC_LOG_INFO, "tracker-joined", NULL);
  }
  link->state = LINK_IDLE;
  link->deadline = monotonic_after(ASK_SECONDS);
}

static void take_magic(TrackerLink *link) {
  Reader reader = {link->in.bytes, link->in.size, false};
  if (link->in.size < TRACKER_HEAD_BYTES) return;
  if (reader_u32(&reader) != TRACKER_MAGIC) {
    go_down(link, "what listens there is no tracker");
    return;
  }
  drop_input(link, TRACKER_HEAD_BYTES);
  link->state = LINK_IDLE;
  link->deadline = 0;
}

static void take_message(TrackerLink *link) {
  size_t wanted;
  Diag diag;
  if (tracker_wanted(link->in.bytes, link->in.size, TRACKER_MOST_TEXT, &wanted,
                     &diag)) {
    go_down(link, diag.message);
    return;
  }
  if (link->in.size < wanted) return;
  take_answer(link, (const char *)link->in.bytes + TRACKER_HEAD_BYTES,
              wanted - TRACKER_HEAD_BYTES);
  if (link->state != LINK_DOWN) drop_input(link, wanted);
}

/* ---- The loop's step ---------------------------------------------------- */

static bool is_late(const TrackerLink *link) {
  return link->state != LINK_DOWN && link->state != LINK_IDLE &&
         link->deadline <= monotonic_now();
}

void tracker_link_step(TrackerLink *link, bool has_room) {
  if (link->state == LINK_DOWN) {
    if (link->deadline > monotonic_now()) return;
    connect_to_tracker(link);
  }
  if (link->state == LINK_CONNECTING) finish_connect(link);
  if (link->state > LINK_CONNECTING) receive(link);
  if (link->state == LINK_GREETING) take_magic(link);
  if (link->state == LINK_BUSY) take_message(link);
  if (link->state == LINK_IDLE) choose_request(link, has_room);
  if (link->state == LINK_IDLE && link->deadline <= monotonic_now())
    link->deadline = monotonic_after(ASK_SECONDS);
  if (link->state > LINK_CONNECTING) flush(link);
  if (is_late(link)) go_down(link, "the tracker does not answer");
}
