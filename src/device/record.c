/* SPDX-License-Identifier: Apache-2.0 */
/* Records of streams: what a program's calls came to, to be run again without
 * the calls.
 *
 * A program whose calls do not depend on data makes the same stream each time
 * it runs with the same buffers.  The record takes over the device memory that
 * holds the stream and its micro-ops, so a repetition costs what the port
 * makes of it. */
#include <stdlib.h>
#include <string.h>

#include "device/queue_impl.h"

struct QueueRecord {
  Upload stream, image;
  uint32_t count;
  PendingPops before, after;
};

/* Nothing is under way, and nobody wants to see the calls' instructions. */
static bool is_quiet(const CommandQueue *queue) {
  const QueueOptions *options = &queue->options;
  return !queue->failed && !queue->recording.active && !queue->count &&
         !queue->cut && !options->verify && !options->trace.kernel &&
         !options->trace.stream;
}

bool queue_record_begin(CommandQueue *queue) {
  queue->record_runs = queue->stats.runs;
  queue->record_pops = queue->pops;
  return is_quiet(queue);
}

QueueRecord *queue_record_end(CommandQueue *queue) {
  if (!is_quiet(queue) || queue->stats.runs != queue->record_runs + 1)
    return NULL;
  QueueRecord *record = malloc(sizeof *record);
  if (!record) return NULL;
  *record = (QueueRecord){.stream = queue->stream_memory,
                          .image = queue->image_memory,
                          .count = queue->last_count,
                          .before = queue->record_pops,
                          .after = queue->pops};
  queue->stream_memory = queue->image_memory = (Upload){0};
  return record;
}

bool queue_can_repeat(const CommandQueue *queue, const QueueRecord *record) {
  return is_quiet(queue) &&
         !memcmp(&queue->pops, &record->before, sizeof queue->pops);
}

vtac_status queue_repeat(CommandQueue *queue, const QueueRecord *record) {
  HwPort *port = queue->port;
  queue->stats.runs++;
  queue->stats.insns += record->count;
  queue->pops = record->after;
  vtac_status status =
      port->ops->run(port, record->stream.addr, record->count, &queue->diag);
  if (status) queue_reset(queue);
  return status;
}

void queue_record_free(CommandQueue *queue, QueueRecord *record) {
  if (!record) return;
  upload_release(queue, &record->stream);
  upload_release(queue, &record->image);
  free(record);
}
