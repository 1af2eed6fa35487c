/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded runs by module and by the memory of the arguments: new arrays at the
 * places of old ones, as a batch makes them, are the old ones to a stream. */
#include "runtime/replay.h"

#include "runtime/module.h"
#include "runtime/objects.h"

static bool locate(CommandQueue *queue, const vtac_array *array,
                   ReplayArg *ret) {
  ret->size = array->size;
  return !queue_buffer_addr(queue, array->buffer, &ret->addr);
}

static bool matches(const Replay *replay, CommandQueue *queue, ReplayKey key) {
  if (replay->module != key.module || replay->n != key.n) return false;
  for (int i = 0; i < key.n; i++) {
    ReplayArg arg;
    if (!locate(queue, key.args[i], &arg) || arg.addr != replay->arg[i].addr ||
        arg.size != replay->arg[i].size)
      return false;
  }
  return true;
}

bool replay_run(ReplaySet *set, CommandQueue *queue, ReplayKey key,
                vtac_status *ret_status) {
  for (int i = 0; i < REPLAYS; i++) {
    Replay *replay = &set->replay[i];
    if (!replay->module || !matches(replay, queue, key) ||
        !queue_can_repeat(queue, replay->record))
      continue;
    replay->used = ++set->tick;
    *ret_status = queue_repeat(queue, replay->record);
    return true;
  }
  return false;
}

static void drop(Replay *replay, CommandQueue *queue) {
  if (!replay->module) return;
  queue_record_free(queue, replay->record);
  vtac_module_free(replay->module);
  *replay = (Replay){0};
}

void replay_add(ReplaySet *set, CommandQueue *queue, ReplayKey key) {
  if (key.n > REPLAY_MOST_ARGS) return;
  QueueRecord *record = queue_record_end(queue);
  if (!record) return;
  Replay *place = &set->replay[0];
  for (int i = 1; i < REPLAYS; i++)
    if (set->replay[i].used < place->used) place = &set->replay[i];
  drop(place, queue);
  *place = (Replay){
      .module = key.module, .n = key.n, .record = record, .used = ++set->tick};
  for (int i = 0; i < key.n; i++) locate(queue, key.args[i], &place->arg[i]);
  module_retain(key.module);
}

void replay_clear(ReplaySet *set, CommandQueue *queue) {
  for (int i = 0; i < REPLAYS; i++) drop(&set->replay[i], queue);
}
