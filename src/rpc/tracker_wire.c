/* SPDX-License-Identifier: Apache-2.0 */
/* The tracker's messages as JSON. */
#include "rpc/tracker_wire.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char server_prefix[] = "server:";

static vtac_status not_understood(const char *what, Diag *diag) {
  return diag_set(diag, D_RPC_PROTOCOL, "the tracker's peer sends no %s", what);
}

/* ---- Framing ------------------------------------------------------------ */

vtac_status tracker_wanted(const uint8_t *bytes, size_t have, size_t limit,
                           size_t *ret_wanted, Diag *diag) {
  Reader reader = {bytes, have, false};
  *ret_wanted = TRACKER_HEAD_BYTES;
  if (have < TRACKER_HEAD_BYTES) return VTAC_OK;
  uint32_t length = reader_u32(&reader);
  if (length < 1 || length > limit)
    return diag_set(diag, D_RPC_LIMIT,
                    "a tracker's message has %lld bytes, allowed are 1 to %zu",
                    (long long)(int32_t)length, limit);
  *ret_wanted += length;
  return VTAC_OK;
}

/* Appends the message and gives `json` away; NULL stands for no memory. */
static vtac_status put_json(json_t *json, ByteBuf *to, Diag *diag) {
  char *text = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
  json_decref(json);
  if (text) {
    bytebuf_put32(to, (uint32_t)strlen(text));
    bytebuf_put(to, text, strlen(text));
  }
  bool failed = !text || to->failed;
  free(text);
  if (!failed) return VTAC_OK;
  return diag_set(diag, D_NO_MEMORY, "cannot allocate a tracker's message");
}

/* NULL where a part could not be allocated or added. */
static json_t *checked(json_t *json, int failures) {
  if (!failures) return json;
  json_decref(json);
  return NULL;
}

static json_t *parse(const char *text, size_t n) {
  return json_loadb(text, n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
}

/* ---- Parts -------------------------------------------------------------- */

static bool get_text(const json_t *json, char *ret, size_t size) {
  const char *text = json_string_value(json);
  if (!text || strlen(text) >= size) return false;
  memcpy(ret, text, strlen(text) + 1);
  return true;
}

static bool get_int(const json_t *json, int least, int most, int *ret) {
  json_int_t value = json_integer_value(json);
  if (!json_is_integer(json) || value < least || value > most) return false;
  *ret = (int)value;
  return true;
}

/* A number, or (of servers in C++) its text. */
static bool get_port(const json_t *json, int *ret) {
  char *end;
  const char *text = json_string_value(json);
  if (!text) return get_int(json, 1, 65535, ret);
  long value = strtol(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || value < 1 || value > 65535)
    return false;
  *ret = (int)value;
  return true;
}

/* null or a text. */
static bool get_host(const json_t *json, TrackerHost ret) {
  *ret = '\0';
  return json_is_null(json) || get_text(json, ret, sizeof(TrackerHost));
}

static bool get_priority(const json_t *json, int *ret) {
  enum { MOST = 1 << 30 };
  if (json_is_real(json)) {
    double value = json_real_value(json);
    if (!(value >= -MOST && value <= MOST)) return false;
    *ret = (int)value;
    return true;
  }
  return get_int(json, -MOST, MOST, ret);
}

static bool get_server_key(const json_t *json, TrackerKey ret) {
  const size_t n = sizeof server_prefix - 1;
  const char *text = json_string_value(json);
  if (!text || strncmp(text, server_prefix, n) != 0) return false;
  if (strlen(text + n) >= sizeof(TrackerKey)) return false;
  memcpy(ret, text + n, strlen(text + n) + 1);
  return true;
}

/* ---- Requests ----------------------------------------------------------- */

static json_t *host_or_null(const char *host) {
  return *host ? json_string(host) : json_null();
}

static json_t *request_json(const TrackerRequest *r) {
  switch (r->code) {
    case TRACKER_STOP: return json_pack("[is]", r->code, r->match_key);
    case TRACKER_PUT:
      return json_pack("[is[is]o]", r->code, r->key, r->port, r->match_key,
                       host_or_null(r->host));
    case TRACKER_REQUEST:
      return json_pack("[issi]", r->code, r->key, r->user, r->priority);
    case TRACKER_UPDATE:
      return json_pack("[i{s:s+,s:[oi]}]", r->code, "key", server_prefix,
                       r->key, "addr", host_or_null(r->host), r->port);
    case TRACKER_PING:
    case TRACKER_SUMMARY:
    case TRACKER_PENDING: break;
  }
  return json_pack("[i]", r->code);
}

vtac_status tracker_encode_request(const TrackerRequest *request, ByteBuf *to,
                                   Diag *diag) {
  return put_json(request_json(request), to, diag);
}

static bool get_put(const json_t *json, TrackerRequest *ret) {
  const json_t *place = json_array_get(json, 2);
  const json_t *host = json_array_get(json, 3);
  return get_text(json_array_get(json, 1), ret->key, sizeof ret->key) &&
         get_port(json_array_get(place, 0), &ret->port) &&
         get_text(json_array_get(place, 1), ret->match_key,
                  sizeof ret->match_key) &&
         (!host || get_host(host, ret->host));
}

static bool get_request(const json_t *json, TrackerRequest *ret) {
  const json_t *user = json_array_get(json, 2);
  const json_t *priority = json_array_get(json, 3);
  ret->priority = 1;
  return get_text(json_array_get(json, 1), ret->key, sizeof ret->key) &&
         get_text(user, ret->user, sizeof ret->user) &&
         (!priority || get_priority(priority, &ret->priority));
}

static bool get_update(const json_t *json, TrackerRequest *ret) {
  const json_t *info = json_array_get(json, 1);
  const json_t *place = json_object_get(info, "addr");
  return get_server_key(json_object_get(info, "key"), ret->key) &&
         get_host(json_array_get(place, 0), ret->host) &&
         get_port(json_array_get(place, 1), &ret->port);
}

static bool get_any(const json_t *json, TrackerRequest *ret) {
  int code;
  if (!get_int(json_array_get(json, 0), 1, TRACKER_PENDING, &code))
    return false;
  ret->code = (TrackerCode)code;
  switch (ret->code) {
    case TRACKER_STOP:
      return get_text(json_array_get(json, 1), ret->match_key,
                      sizeof ret->match_key);
    case TRACKER_PUT: return get_put(json, ret);
    case TRACKER_REQUEST: return get_request(json, ret);
    case TRACKER_UPDATE: return get_update(json, ret);
    case TRACKER_PING:
    case TRACKER_SUMMARY:
    case TRACKER_PENDING: break;
  }
  return true;
}

vtac_status tracker_decode_request(const char *text, size_t n,
                                   TrackerRequest *ret, Diag *diag) {
  json_t *json = parse(text, n);
  *ret = (TrackerRequest){0};
  bool good = get_any(json, ret);
  json_decref(json);
  return good ? VTAC_OK : not_understood("request that is known", diag);
}

/* ---- Short answers ------------------------------------------------------ */

vtac_status tracker_encode_code(int code, ByteBuf *to, Diag *diag) {
  return put_json(json_integer(code), to, diag);
}

vtac_status tracker_decode_code(const char *text, size_t n, int *ret,
                                Diag *diag) {
  json_t *json = parse(text, n);
  bool good = get_int(json, -1, 0, ret);
  json_decref(json);
  return good ? VTAC_OK : not_understood("code", diag);
}

vtac_status tracker_encode_server(const TrackerServer *server, ByteBuf *to,
                                  Diag *diag) {
  return put_json(
      json_pack("[i[sis]]", 0, server->host, server->port, server->key), to,
      diag);
}

static bool is_success(const json_t *json) {
  int code;
  return get_int(json_array_get(json, 0), 0, 0, &code);
}

vtac_status tracker_decode_server(const char *text, size_t n,
                                  TrackerServer *ret, Diag *diag) {
  json_t *json = parse(text, n);
  const json_t *place = json_array_get(json, 1);
  bool good = is_success(json) &&
              get_text(json_array_get(place, 0), ret->host, sizeof ret->host) &&
              get_port(json_array_get(place, 1), &ret->port) &&
              get_text(json_array_get(place, 2), ret->key, sizeof ret->key);
  json_decref(json);
  return good ? VTAC_OK : not_understood("server", diag);
}

vtac_status tracker_encode_keys(int n, const char *const *keys, ByteBuf *to,
                                Diag *diag) {
  json_t *json = json_array();
  int failures = 0;
  for (int i = 0; i < n; i++)
    failures |= json_array_append_new(json, json_string(keys[i]));
  return put_json(checked(json, failures), to, diag);
}

vtac_status tracker_decode_keys(const char *text, size_t n, const char *key,
                                bool *ret_found, Diag *diag) {
  json_t *json = parse(text, n), *value;
  bool good = json_is_array(json), found = false;
  size_t i;
  json_array_foreach(json, i, value) {
    if (!json_is_string(value)) good = false;
    if (good && !strcmp(json_string_value(value), key)) found = true;
  }
  json_decref(json);
  if (!good) return not_understood("list of keys", diag);
  *ret_found = found;
  return VTAC_OK;
}

/* ---- The summary -------------------------------------------------------- */

static json_t *queues_json(const TrackerSummary *s) {
  json_t *json = json_object();
  int failures = 0;
  for (int i = 0; i < s->queues; i++)
    failures |=
        json_object_set_new(json, s->queue[i].key,
                            json_pack("{s:i,s:i}", "free", s->queue[i].free,
                                      "pending", s->queue[i].pending));
  return checked(json, failures);
}

static json_t *servers_json(const TrackerSummary *s) {
  json_t *json = json_array();
  int failures = 0;
  for (int i = 0; i < s->servers; i++)
    failures |= json_array_append_new(
        json, json_pack("{s:s+,s:[si]}", "key", server_prefix, s->server[i].key,
                        "addr", s->server[i].host, s->server[i].port));
  return checked(json, failures);
}

vtac_status tracker_encode_summary(const TrackerSummary *summary, ByteBuf *to,
                                   Diag *diag) {
  return put_json(
      json_pack("[i{s:o,s:o}]", 0, "queue_info", queues_json(summary),
                "server_info", servers_json(summary)),
      to, diag);
}

void tracker_summary_free(TrackerSummary *summary) {
  free(summary->queue);
  free(summary->server);
  *summary = (TrackerSummary){0};
}

static bool get_queue(const char *key, const json_t *json, TrackerQueue *ret) {
  if (strlen(key) >= sizeof ret->key) return false;
  memcpy(ret->key, key, strlen(key) + 1);
  return get_int(json_object_get(json, "free"), 0, 1 << 30, &ret->free) &&
         get_int(json_object_get(json, "pending"), 0, 1 << 30, &ret->pending);
}

static bool get_server(const json_t *json, TrackerServer *ret) {
  const json_t *place = json_object_get(json, "addr");
  return get_server_key(json_object_get(json, "key"), ret->key) &&
         get_host(json_array_get(place, 0), ret->host) &&
         get_port(json_array_get(place, 1), &ret->port);
}

/* Fills the arrays, which have room. */
static bool get_summary(json_t *queues, const json_t *servers,
                        TrackerSummary *ret) {
  const char *key;
  json_t *value;
  size_t i;
  json_object_foreach(queues, key, value) {
    if (!get_queue(key, value, &ret->queue[ret->queues++])) return false;
  }
  json_array_foreach(servers, i, value) {
    if (!get_server(value, &ret->server[ret->servers++])) return false;
  }
  return true;
}

static vtac_status decode_summary(const json_t *json, TrackerSummary *ret,
                                  Diag *diag) {
  const json_t *state = json_array_get(json, 1);
  json_t *queues = json_object_get(state, "queue_info");
  const json_t *servers = json_object_get(state, "server_info");
  if (!is_success(json) || !json_is_object(queues) || !json_is_array(servers))
    return not_understood("summary", diag);
  ret->queue = calloc(json_object_size(queues) + 1, sizeof *ret->queue);
  ret->server = calloc(json_array_size(servers) + 1, sizeof *ret->server);
  if (!ret->queue || !ret->server)
    return diag_set(diag, D_NO_MEMORY, "cannot allocate a tracker's summary");
  if (!get_summary(queues, servers, ret))
    return not_understood("summary", diag);
  return VTAC_OK;
}

vtac_status tracker_decode_summary(const char *text, size_t n,
                                   TrackerSummary *ret, Diag *diag) {
  json_t *json = parse(text, n);
  TrackerSummary summary = {0};
  vtac_status status = decode_summary(json, &summary, diag);
  json_decref(json);
  if (status)
    tracker_summary_free(&summary);
  else
    *ret = summary;
  return status;
}
