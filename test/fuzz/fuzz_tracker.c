/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a tracker's message.  They are refused with a
 * reason, or say what can be sent again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/tracker_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need_reason(vtac_status status, const Diag *diag) {
  if (status && (diag->status != status || !diag->message[0])) abort();
}

/* The text of an encoded message, which must be whole. */
static Slice text_of(const ByteBuf *message) {
  size_t wanted;
  Diag diag;
  if (tracker_wanted(message->bytes, message->size, SIZE_MAX / 2, &wanted,
                     &diag) ||
      wanted != message->size)
    abort();
  return (Slice){(const char *)message->bytes + TRACKER_HEAD_BYTES,
                 wanted - TRACKER_HEAD_BYTES};
}

static void check_request(const char *text, size_t n) {
  TrackerRequest request, again;
  ByteBuf message = {0};
  Diag diag = {0};
  vtac_status status = tracker_decode_request(text, n, &request, &diag);
  need_reason(status, &diag);
  if (status) return;
  if (tracker_encode_request(&request, &message, &diag)) abort();
  Slice sent = text_of(&message);
  if (tracker_decode_request(sent.at, sent.n, &again, &diag)) abort();
  if (memcmp(&request, &again, sizeof again)) abort();
  bytebuf_free(&message);
}

static void check_summary(const char *text, size_t n) {
  TrackerSummary summary, again;
  ByteBuf message = {0};
  Diag diag = {0};
  vtac_status status = tracker_decode_summary(text, n, &summary, &diag);
  need_reason(status, &diag);
  if (status) return;
  if (tracker_encode_summary(&summary, &message, &diag)) abort();
  Slice sent = text_of(&message);
  if (tracker_decode_summary(sent.at, sent.n, &again, &diag)) abort();
  if (again.queues != summary.queues || again.servers != summary.servers)
    abort();
  tracker_summary_free(&summary);
  tracker_summary_free(&again);
  bytebuf_free(&message);
}

static void check_answers(const char *text, size_t n) {
  TrackerServer server;
  bool found;
  int code;
  Diag diag = {0};
  need_reason(tracker_decode_server(text, n, &server, &diag), &diag);
  need_reason(tracker_decode_code(text, n, &code, &diag), &diag);
  need_reason(tracker_decode_keys(text, n, "k", &found, &diag), &diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t wanted;
  Diag diag = {0};
  vtac_status status =
      tracker_wanted(data, size, TRACKER_MOST_TEXT, &wanted, &diag);
  need_reason(status, &diag);
  if (status || wanted > size) return 0;
  const size_t n = wanted - TRACKER_HEAD_BYTES;
  char *text = malloc(n); /* so that a sanitizer sees the end */
  if (!text) abort();
  memcpy(text, data + TRACKER_HEAD_BYTES, n);
  check_request(text, n);
  check_summary(text, n);
  check_answers(text, n);
  free(text);
  return 0;
}
