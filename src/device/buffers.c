/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers in device memory, named by ids that are validated at each use. */
#include <stdlib.h>

#include "device/queue_impl.h"

/* A buffer call's error leaves a latched one in place. */
static Diag *buffer_diag(CommandQueue *queue) {
  return queue->failed ? NULL : &queue->diag;
}

Buffer *buffer_find(CommandQueue *queue, BufferId id) {
  uint32_t at = (uint32_t)id;
  if (at && at <= queue->buffer_count) {
    Buffer *buffer = &queue->buffers[at - 1];
    if (buffer->live && buffer->generation == id >> 32) return buffer;
  }
  diag_set(buffer_diag(queue), D_BUFFER_HANDLE,
           "there is no device buffer with the handle 0x%llx",
           (unsigned long long)id);
  return NULL;
}

/* A slot that is not in use. */
static vtac_status free_slot(CommandQueue *queue, uint32_t *ret) {
  for (uint32_t i = 0; i < queue->buffer_count; i++)
    if (!queue->buffers[i].live && queue->buffers[i].generation < UINT32_MAX) {
      *ret = i;
      return VTAC_OK;
    }
  if (queue->buffer_count == queue->buffer_capacity) {
    uint32_t more = queue->buffer_capacity ? queue->buffer_capacity * 2 : 16;
    Buffer *bigger = realloc(queue->buffers, more * sizeof *bigger);
    if (!bigger)
      return diag_set(buffer_diag(queue), D_NO_MEMORY,
                      "no memory for a buffer's record");
    queue->buffers = bigger;
    queue->buffer_capacity = more;
  }
  *ret = queue->buffer_count++;
  queue->buffers[*ret] = (Buffer){0};
  return VTAC_OK;
}

vtac_status queue_alloc(CommandQueue *queue, size_t size, BufferId *ret) {
  uint32_t slot = 0;
  vtac_status status = free_slot(queue, &slot);
  if (status) return status;
  Buffer *buffer = &queue->buffers[slot];
  HwAddr addr = 0;
  status =
      queue->port->ops->alloc(queue->port, size, &addr, buffer_diag(queue));
  if (status) return status;
  *buffer = (Buffer){addr, size, buffer->generation + 1, true};
  *ret = (uint64_t)buffer->generation << 32 | (slot + 1);
  return VTAC_OK;
}

static vtac_status missing(const CommandQueue *queue) {
  return queue->failed ? diag_status(D_BUFFER_HANDLE) : queue->diag.status;
}

vtac_status queue_free(CommandQueue *queue, BufferId id) {
  Buffer *buffer = buffer_find(queue, id);
  if (!buffer) return missing(queue);
  buffer->live = false;
  return queue->port->ops->free(queue->port, buffer->addr, buffer_diag(queue));
}

vtac_status queue_buffer_addr(CommandQueue *queue, BufferId id, HwAddr *ret) {
  const Buffer *buffer = buffer_find(queue, id);
  if (!buffer) return missing(queue);
  *ret = buffer->addr;
  return VTAC_OK;
}

/* The address of a range that must lie in the buffer. */
static vtac_status locate(CommandQueue *queue, BufferRange range, size_t size,
                          HwAddr *ret) {
  const Buffer *buffer = buffer_find(queue, range.buffer);
  if (!buffer) return missing(queue);
  if (range.offset > buffer->size || size > buffer->size - range.offset)
    return diag_set(buffer_diag(queue), D_DRAM_RANGE,
                    "%zu bytes at offset %zu leave a buffer of %zu bytes", size,
                    range.offset, buffer->size);
  *ret = buffer->addr + (HwAddr)range.offset;
  return VTAC_OK;
}

vtac_status queue_buffer_host(CommandQueue *queue, BufferId id, void **ret) {
  const Buffer *buffer = buffer_find(queue, id);
  if (!buffer) return missing(queue);
  return queue->port->ops->host(queue->port, buffer->addr, buffer->size, ret,
                                buffer_diag(queue));
}

vtac_status queue_copy_in(CommandQueue *queue, BufferId to, size_t offset,
                          const void *from, size_t size) {
  HwAddr addr = 0;
  vtac_status status = locate(queue, (BufferRange){to, offset}, size, &addr);
  if (status || size == 0) return status;
  return port_copy_in(queue->port, addr, from, size, buffer_diag(queue));
}

vtac_status queue_copy_out(CommandQueue *queue, BufferId from, size_t offset,
                           void *to, size_t size) {
  HwAddr addr = 0;
  vtac_status status = locate(queue, (BufferRange){from, offset}, size, &addr);
  if (status || size == 0) return status;
  return port_copy_out(queue->port, addr, to, size, buffer_diag(queue));
}

vtac_status queue_copy(CommandQueue *queue, BufferRange to, BufferRange from,
                       size_t size) {
  HwAddr source = 0, target = 0;
  vtac_status status = locate(queue, from, size, &source);
  if (!status) status = locate(queue, to, size, &target);
  if (status || size == 0) return status;
  void *bytes;
  status = queue->port->ops->host(queue->port, source, size, &bytes,
                                  buffer_diag(queue));
  if (status) return status;
  return port_copy_in(queue->port, target, bytes, size, buffer_diag(queue));
}

typedef void (*Barrier)(HwPort *port, HwAddr addr, size_t size);

static vtac_status barrier(CommandQueue *queue, ElementRange range,
                           Barrier act) {
  HwAddr addr = 0;
  int64_t bytes = range.bits / 8 + (range.bits % 8 > 0), first, size;
  if (bytes < 0 || range.start < 0 || range.extent < 0 ||
      __builtin_mul_overflow(range.start, bytes, &first) ||
      __builtin_mul_overflow(range.extent, bytes, &size))
    return diag_set(buffer_diag(queue), D_DRAM_RANGE,
                    "a barrier for elements %lld..%lld of %lld bits",
                    (long long)range.start, (long long)range.extent,
                    (long long)range.bits);
  BufferRange at = {range.buffer, (size_t)first};
  vtac_status status = locate(queue, at, (size_t)size, &addr);
  if (!status && size > 0 && act) act(queue->port, addr, (size_t)size);
  return status;
}

vtac_status queue_read_barrier(CommandQueue *queue, ElementRange range) {
  return barrier(queue, range, queue->port->ops->flush);
}

vtac_status queue_write_barrier(CommandQueue *queue, ElementRange range) {
  return barrier(queue, range, queue->port->ops->invalidate);
}

void upload_release(CommandQueue *queue, Upload *memory) {
  if (memory->live) queue->port->ops->free(queue->port, memory->addr, NULL);
  *memory = (Upload){0};
}

vtac_status upload(CommandQueue *queue, Upload *memory, size_t size) {
  if (size <= memory->size) return VTAC_OK;
  size_t room = HW_PAGE_BYTES;
  while (room < size) room *= 2;
  upload_release(queue, memory);
  vtac_status status =
      queue->port->ops->alloc(queue->port, room, &memory->addr, &queue->diag);
  if (status) return queue_latch(queue, status);
  memory->size = room;
  memory->live = true;
  return VTAC_OK;
}

void buffers_clear(CommandQueue *queue) {
  for (uint32_t i = 0; i < queue->buffer_count; i++)
    if (queue->buffers[i].live)
      queue->port->ops->free(queue->port, queue->buffers[i].addr, NULL);
  queue->buffer_count = 0;
  upload_release(queue, &queue->stream_memory);
  upload_release(queue, &queue->image_memory);
}
