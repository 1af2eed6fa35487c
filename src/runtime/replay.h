/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of one device that can be repeated without evaluating the
 * module's function again. */
#ifndef RUNTIME_REPLAY_H
#define RUNTIME_REPLAY_H

#include "device/queue.h"
#include "vtac/runtime.h"

/* What a recorded run depends on: the module and where its arguments lie. */
typedef struct ReplayKey {
  vtac_module *module;
  int n;
  vtac_array *const *args;
} ReplayKey;

enum { REPLAYS = 16, REPLAY_MOST_ARGS = 8 };

typedef struct ReplayArg {
  HwAddr addr;
  size_t size;
} ReplayArg;

/* A module stays as long as its replay: the address names no other one. */
typedef struct Replay {
  vtac_module *module; /* NULL: a free place */
  int n;
  ReplayArg arg[REPLAY_MOST_ARGS];
  QueueRecord *record;
  uint64_t used;
} Replay;

typedef struct ReplaySet {
  Replay replay[REPLAYS];
  uint64_t tick;
} ReplaySet;

/* Repeats the run of `key`, if it is known and the queue allows it. */
bool replay_run(ReplaySet *set, CommandQueue *queue, ReplayKey key,
                vtac_status *ret_status);
/* Ends a recording that began before the run of `key`; keeps what can be
 * repeated, in place of the run that has not been repeated longest. */
void replay_add(ReplaySet *set, CommandQueue *queue, ReplayKey key);
void replay_clear(ReplaySet *set, CommandQueue *queue);

#endif
