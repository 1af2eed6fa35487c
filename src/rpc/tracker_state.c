/* SPDX-License-Identifier: Apache-2.0 */
/* Three lists: match keys, requests and servers, each in the order of arrival.
 * A tracker has some hundreds of each, so they are searched from the front. */
#include "rpc/tracker_state.h"

#include <stdlib.h>
#include <string.h>

enum {
  MOST_ENTRIES = 4096,     /* of a list */
  MOST_OF_CONNECTION = 64, /* match keys, or requests */
};

/* A match key, or a server. */
typedef struct Place {
  int64_t connection;
  TrackerKey key;
  TrackerServer server;
} Place;

typedef struct Waiting {
  int64_t connection;
  TrackerKey key;
  int priority;
} Waiting;

typedef struct List {
  void *at;
  size_t size; /* of an entry */
  int n, capacity;
} List;

struct TrackerState {
  TrackerSink sink;
  const char *stop_key;
  List put, waiting, servers; /* of Place, Waiting, Place */
};

/* ---- Lists -------------------------------------------------------------- */

static bool list_add(List *list, const void *entry) {
  if (list->n == MOST_ENTRIES) return false;
  if (list->n == list->capacity) {
    int capacity = list->capacity ? 2 * list->capacity : 16;
    void *bigger = realloc(list->at, (size_t)capacity * list->size);
    if (!bigger) return false;
    list->at = bigger;
    list->capacity = capacity;
  }
  memcpy((char *)list->at + (size_t)list->n++ * list->size, entry, list->size);
  return true;
}

static void list_remove(List *list, int i) {
  char *at = (char *)list->at + (size_t)i * list->size;
  memmove(at, at + list->size, (size_t)(list->n - i - 1) * list->size);
  list->n--;
}

static Place *place_at(const List *list, int i) {
  return (Place *)list->at + i;
}

static Waiting *waiting_at(const TrackerState *state, int i) {
  return (Waiting *)state->waiting.at + i;
}

/* ---- Life --------------------------------------------------------------- */

TrackerState *tracker_state_new(TrackerSink sink, const char *stop_key) {
  TrackerState *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  *state = (TrackerState){.sink = sink,
                          .stop_key = stop_key,
                          .put = {.size = sizeof(Place)},
                          .waiting = {.size = sizeof(Waiting)},
                          .servers = {.size = sizeof(Place)}};
  return state;
}

void tracker_state_free(TrackerState *state) {
  if (!state) return;
  free(state->put.at);
  free(state->waiting.at);
  free(state->servers.at);
  free(state);
}

static void drop_places(List *list, int64_t connection) {
  for (int i = list->n; i-- > 0;)
    if (place_at(list, i)->connection == connection) list_remove(list, i);
}

void tracker_state_leave(TrackerState *state, int64_t connection) {
  drop_places(&state->put, connection);
  drop_places(&state->servers, connection);
  for (int i = state->waiting.n; i-- > 0;)
    if (waiting_at(state, i)->connection == connection)
      list_remove(&state->waiting, i);
}

static int places_of(const List *list, int64_t connection) {
  int n = 0;
  for (int i = 0; i < list->n; i++)
    n += place_at(list, i)->connection == connection;
  return n;
}

static int requests_of(const TrackerState *state, int64_t connection) {
  int n = 0;
  for (int i = 0; i < state->waiting.n; i++)
    n += waiting_at(state, i)->connection == connection;
  return n;
}

bool tracker_state_needs(const TrackerState *state, int64_t connection) {
  return places_of(&state->put, connection) ||
         places_of(&state->servers, connection) ||
         requests_of(state, connection);
}

/* ---- Answers ------------------------------------------------------------ */

static void deliver(TrackerState *state, int64_t connection, ByteBuf *message,
                    vtac_status status) {
  if (!status) state->sink.send(state->sink.self, connection, message);
  bytebuf_free(message);
}

static void answer_code(TrackerState *state, int64_t connection, int code) {
  Diag diag;
  ByteBuf message = {0};
  vtac_status status = tracker_encode_code(code, &message, &diag);
  deliver(state, connection, &message, status);
}

static void answer_server(TrackerState *state, int64_t connection,
                          const TrackerServer *server) {
  Diag diag;
  ByteBuf message = {0};
  vtac_status status = tracker_encode_server(server, &message, &diag);
  deliver(state, connection, &message, status);
}

/* ---- Matching ----------------------------------------------------------- */

/* The request of that key that is next; -1 if none waits. */
static int next_waiting(const TrackerState *state, const char *key) {
  int best = -1;
  for (int i = 0; i < state->waiting.n; i++) {
    const Waiting *waiting = waiting_at(state, i);
    if (!strcmp(waiting->key, key) &&
        (best < 0 || waiting->priority > waiting_at(state, best)->priority))
      best = i;
  }
  return best;
}

/* A change of one key's lists brings at most one pair together. */
static void match(TrackerState *state, const char *key) {
  int request = next_waiting(state, key);
  for (int i = 0; request >= 0 && i < state->put.n; i++) {
    const Place *place = place_at(&state->put, i);
    if (strcmp(place->key, key) != 0) continue;
    answer_server(state, waiting_at(state, request)->connection,
                  &place->server);
    list_remove(&state->put, i);
    list_remove(&state->waiting, request);
    return;
  }
}

/* ---- Requests ----------------------------------------------------------- */

static Place make_place(int64_t connection, const char *host,
                        const TrackerRequest *request) {
  Place place = {.connection = connection};
  memcpy(place.key, request->key, sizeof place.key);
  slice_copy(slice_of(*request->host ? request->host : host), place.server.host,
             sizeof place.server.host);
  place.server.port = request->port;
  return place;
}

static TrackerNext put(TrackerState *state, int64_t connection,
                       const char *host, const TrackerRequest *request) {
  Place place = make_place(connection, host, request);
  memcpy(place.server.key, request->match_key, sizeof place.server.key);
  if (places_of(&state->put, connection) >= MOST_OF_CONNECTION ||
      !list_add(&state->put, &place))
    return TRACKER_CLOSES;
  answer_code(state, connection, 0);
  match(state, request->key);
  return TRACKER_GOES_ON;
}

static TrackerNext ask(TrackerState *state, int64_t connection,
                       const TrackerRequest *request) {
  Waiting waiting = {.connection = connection, .priority = request->priority};
  memcpy(waiting.key, request->key, sizeof waiting.key);
  if (requests_of(state, connection) >= MOST_OF_CONNECTION ||
      !list_add(&state->waiting, &waiting))
    return TRACKER_CLOSES;
  match(state, request->key);
  return TRACKER_GOES_ON;
}

/* The connection is that server's from now on. */
static TrackerNext update(TrackerState *state, int64_t connection,
                          const char *host, const TrackerRequest *request) {
  Place place = make_place(connection, host, request);
  memcpy(place.server.key, request->key, sizeof place.server.key);
  drop_places(&state->servers, connection);
  if (!list_add(&state->servers, &place)) return TRACKER_CLOSES;
  answer_code(state, connection, 0);
  return TRACKER_GOES_ON;
}

static void pending(TrackerState *state, int64_t connection) {
  const char *key[MOST_OF_CONNECTION];
  int n = 0;
  Diag diag;
  ByteBuf message = {0};
  for (int i = 0; i < state->put.n && n < MOST_OF_CONNECTION; i++)
    if (place_at(&state->put, i)->connection == connection)
      key[n++] = place_at(&state->put, i)->server.key;
  vtac_status status = tracker_encode_keys(n, key, &message, &diag);
  deliver(state, connection, &message, status);
}

/* ---- The summary -------------------------------------------------------- */

/* The queue of that key, which is added if it is not there. */
static TrackerQueue *queue_of(TrackerSummary *summary, const char *key) {
  for (int i = 0; i < summary->queues; i++)
    if (!strcmp(summary->queue[i].key, key)) return &summary->queue[i];
  TrackerQueue *queue = &summary->queue[summary->queues++];
  *queue = (TrackerQueue){.free = 0};
  memcpy(queue->key, key, strlen(key) + 1);
  return queue;
}

/* A server's key stands there even when no match key of it does. */
static void fill_summary(const TrackerState *state, TrackerSummary *summary) {
  for (int i = 0; i < state->servers.n; i++) {
    const Place *place = place_at(&state->servers, i);
    queue_of(summary, place->key);
    summary->server[summary->servers++] = place->server;
  }
  for (int i = 0; i < state->put.n; i++)
    queue_of(summary, place_at(&state->put, i)->key)->free++;
  for (int i = 0; i < state->waiting.n; i++)
    queue_of(summary, waiting_at(state, i)->key)->pending++;
}

static void summarise(TrackerState *state, int64_t connection) {
  const size_t queues =
      (size_t)(state->put.n + state->waiting.n + state->servers.n + 1);
  TrackerSummary summary = {
      .queue = calloc(queues, sizeof *summary.queue),
      .server = calloc((size_t)state->servers.n + 1, sizeof *summary.server)};
  Diag diag;
  ByteBuf message = {0};
  vtac_status status = VTAC_NOMEM;
  if (summary.queue && summary.server) {
    fill_summary(state, &summary);
    status = tracker_encode_summary(&summary, &message, &diag);
  }
  deliver(state, connection, &message, status);
  tracker_summary_free(&summary);
}

/* ---- All ---------------------------------------------------------------- */

TrackerNext tracker_state_handle(TrackerState *state, int64_t connection,
                                 const char *host,
                                 const TrackerRequest *request) {
  bool stops;
  switch (request->code) {
    case TRACKER_PING: answer_code(state, connection, 0); break;
    case TRACKER_STOP:
      stops = !strcmp(request->match_key, state->stop_key);
      answer_code(state, connection, stops ? 0 : -1);
      return stops ? TRACKER_STOPS : TRACKER_GOES_ON;
    case TRACKER_PUT: return put(state, connection, host, request);
    case TRACKER_REQUEST: return ask(state, connection, request);
    case TRACKER_UPDATE: return update(state, connection, host, request);
    case TRACKER_SUMMARY: summarise(state, connection); break;
    case TRACKER_PENDING: pending(state, connection); break;
  }
  return TRACKER_GOES_ON;
}
