/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernels lie in the micro-op memory, and where the next one goes.
 *
 * Kernels are placed one behind the other; at the end of the memory placing
 * starts again at 0.  The list is ordered by place; `at` is the position of
 * the next kernel in it, and whatever the new kernel covers is removed from
 * there on.  A kernel is resident while begin != end. */
#include <stdlib.h>
#include <string.h>

#include "device/queue_impl.h"

static Kernel *resident_at(const CommandQueue *queue, uint32_t position) {
  return queue->cache.slot[queue->resident.slot[position]];
}

/* Makes the list's entries first..last-1 one entry. */
static vtac_status replace(CommandQueue *queue, uint32_t first, uint32_t last,
                           uint32_t slot) {
  Residency *list = &queue->resident;
  void *array = list->slot;
  vtac_status status = queue_grow(queue, &array, list->count, &list->capacity,
                                  sizeof *list->slot);
  list->slot = array;
  if (status) return status;
  memmove(list->slot + first + 1, list->slot + last,
          (list->count - last) * sizeof *list->slot);
  list->slot[first] = slot;
  list->count += 1 - (last - first);
  return VTAC_OK;
}

static vtac_status place(CommandQueue *queue, Kernel *kernel) {
  Residency *list = &queue->resident;
  uint32_t depth = (uint32_t)queue->port->config.uop_buff_depth;
  if (list->end + kernel->count > depth) list->end = list->at = 0;
  kernel->begin = list->end;
  kernel->end = list->end += kernel->count;
  uint32_t first = list->at, last = first;
  for (; last < list->count; last++) {
    Kernel *covered = resident_at(queue, last);
    if (covered->begin >= kernel->end) break;
    covered->begin = covered->end = 0;
  }
  uint32_t slot = (uint32_t)cache_id(&queue->cache, kernel) - 1;
  vtac_status status = replace(queue, first, last, slot);
  if (!status) list->at = first + 1;
  return status;
}

vtac_status residency_use(CommandQueue *queue, Kernel *kernel) {
  if (kernel->begin != kernel->end) return VTAC_OK;
  uint64_t image = (uint64_t)queue->image_count + kernel->count;
  vtac_status status = VTAC_OK;
  if (queue->image_count && kernel->batch != queue->batch &&
      image * HW_UOP_BYTES > queue->options.max_bytes)
    status = queue_synchronize(queue);
  if (!status) status = place(queue, kernel);
  return status ? status : stream_load_uops(queue, kernel);
}

void residency_remove(CommandQueue *queue, Kernel *kernel) {
  Residency *list = &queue->resident;
  if (kernel->begin == kernel->end) return;
  uint32_t at = 0;
  while (resident_at(queue, at) != kernel) at++;
  memmove(list->slot + at, list->slot + at + 1,
          (list->count - at - 1) * sizeof *list->slot);
  list->count--;
  if (list->at > at) list->at--;
}

void residency_drop(CommandQueue *queue) {
  Residency *list = &queue->resident;
  for (uint32_t i = 0; i < list->count; i++) {
    Kernel *kernel = resident_at(queue, i);
    kernel->begin = kernel->end = 0;
  }
  list->count = list->at = list->end = 0;
}
