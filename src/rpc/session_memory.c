/* SPDX-License-Identifier: Apache-2.0 */
/* A session's buffers: on the processor plain memory, on the accelerator the
 * device's.  Whatever a client says of a buffer is compared with what it is. */
#include <stdlib.h>
#include <string.h>

#include "rpc/session_impl.h"
#include "runtime/objects.h"

enum { ALIGNMENT = 256 }; /* what compiled code takes for granted is 128 */

bool device_exists(RpcDevice device) {
  return device.id == 0 &&
         (device.type == VTAC_KERNEL_CPU || device.type == VTAC_KERNEL_VTA);
}

vtac_status check_device(RpcDevice device, Diag *diag) {
  if (device_exists(device)) return VTAC_OK;
  return diag_set(diag, D_ARGUMENT,
                  "the server has no device %d of type %d: it has 0 of type 1 "
                  "(processor) and 12 (VTA)",
                  (int)device.id, (int)device.type);
}

vtac_status device_attr(const Session *s, RpcDevice device, int64_t kind,
                        RpcValue *ret, Diag *diag) {
  enum { EXISTS = 0, NAME = 5 };
  if (kind == EXISTS) {
    *ret = rpc_int(device_exists(device));
    return VTAC_OK;
  }
  if (kind == NAME && device.type == VTAC_KERNEL_VTA)
    *ret = rpc_string(s->options.board ? "board" : "simulator");
  return check_device(device, diag);
}

static bool same_device(RpcDevice a, RpcDevice b) {
  return a.type == b.type && a.id == b.id;
}

static vtac_status queue_failed(const vtac_device *device, vtac_status status,
                                Diag *diag) {
  if (status) *diag = *queue_diag(device->queue);
  return status;
}

/* ---- Allocation --------------------------------------------------------- */

static vtac_status alloc_host(RpcBuffer *buffer, Diag *diag) {
  size_t size = ((size_t)buffer->size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  if (buffer->size <= SIZE_MAX / 2)
    buffer->host = aligned_alloc(ALIGNMENT, size);
  if (!buffer->host)
    return diag_set(diag, D_NO_MEMORY, "no memory for a buffer of %llu bytes",
                    (unsigned long long)buffer->size);
  memset(buffer->host, 0, size);
  return VTAC_OK;
}

static vtac_status alloc_vta(Session *s, RpcBuffer *buffer, Diag *diag) {
  vtac_device *device;
  vtac_status status = session_device(s, &device, diag);
  if (status) return status;
  status = queue_alloc(device->queue, (size_t)buffer->size, &buffer->buffer);
  if (!status) s->vta_buffers++;
  return queue_failed(device, status, diag);
}

static vtac_status fill(Session *s, RpcBuffer *buffer, Diag *diag) {
  uint64_t left = s->options.memory_bytes - s->allocated;
  if (buffer->size > left)
    return diag_set(diag, D_RPC_LIMIT,
                    "a buffer of %llu bytes is more than the %llu left of the "
                    "session's %llu",
                    (unsigned long long)buffer->size, (unsigned long long)left,
                    (unsigned long long)s->options.memory_bytes);
  return buffer->device.type == VTAC_KERNEL_VTA ? alloc_vta(s, buffer, diag)
                                                : alloc_host(buffer, diag);
}

vtac_status memory_alloc(Session *s, RpcDevice device, uint64_t size,
                         uint64_t *ret_handle, Diag *diag) {
  vtac_status status = check_device(device, diag);
  RpcBuffer *buffer = status ? NULL : calloc(1, sizeof *buffer);
  if (status) return status;
  if (!buffer) return diag_set(diag, D_NO_MEMORY, "no memory for a buffer");
  *buffer = (RpcBuffer){.device = device, .size = size};
  status = fill(s, buffer, diag);
  if (status) {
    free(buffer);
    return status;
  }
  s->allocated += size;
  *ret_handle = handles_add(&s->handles, OBJECT_BUFFER, buffer);
  if (*ret_handle) return VTAC_OK;
  buffer_release(s, buffer);
  return diag_set(diag, D_RPC_LIMIT, "a session has at most %d handles",
                  HANDLES_MOST);
}

void buffer_release(Session *s, RpcBuffer *buffer) {
  if (buffer->device.type == VTAC_KERNEL_VTA) {
    queue_free(s->device->queue, buffer->buffer);
    s->vta_buffers--;
  }
  s->allocated -= buffer->size;
  free(buffer->host);
  free(buffer);
}

vtac_status memory_free(Session *s, RpcDevice device, uint64_t handle,
                        Diag *diag) {
  const RpcBuffer *buffer = handles_get(&s->handles, OBJECT_BUFFER, handle);
  if (!buffer || !same_device(buffer->device, device))
    return diag_set(diag, D_RPC_HANDLE,
                    "handle %llu is no buffer of that device",
                    (unsigned long long)handle);
  buffer_release(s, handles_remove(&s->handles, OBJECT_BUFFER, handle));
  return VTAC_OK;
}

/* ---- Access ------------------------------------------------------------- */

vtac_status memory_find(Session *s, const RpcTensor *tensor, uint64_t n,
                        RpcBuffer **ret, Diag *diag) {
  RpcBuffer *buffer = handles_get(&s->handles, OBJECT_BUFFER, tensor->data);
  if (!buffer || !same_device(buffer->device, tensor->device))
    return diag_set(diag, D_RPC_HANDLE,
                    "a tensor's handle %llu is no buffer of its device",
                    (unsigned long long)tensor->data);
  if (tensor->byte_offset > buffer->size ||
      n > buffer->size - tensor->byte_offset)
    return diag_set(diag, D_DRAM_RANGE,
                    "%llu bytes from offset %llu on leave a buffer of %llu",
                    (unsigned long long)n,
                    (unsigned long long)tensor->byte_offset,
                    (unsigned long long)buffer->size);
  *ret = buffer;
  return VTAC_OK;
}

vtac_status memory_write(Session *s, const RpcBuffer *to, uint64_t offset,
                         const void *from, uint64_t n, Diag *diag) {
  if (!n) return VTAC_OK;
  if (to->device.type == VTAC_KERNEL_CPU) {
    memmove((char *)to->host + offset, from, (size_t)n);
    return VTAC_OK;
  }
  return queue_failed(s->device,
                      queue_copy_in(s->device->queue, to->buffer,
                                    (size_t)offset, from, (size_t)n),
                      diag);
}

vtac_status memory_read(Session *s, const RpcBuffer *from, uint64_t offset,
                        uint64_t n, const void **ret, Diag *diag) {
  *ret = "";
  if (!n) return VTAC_OK;
  if (from->device.type == VTAC_KERNEL_CPU) {
    *ret = (const char *)from->host + offset;
    return VTAC_OK;
  }
  bytebuf_clear(&s->text);
  uint8_t *room = bytebuf_reserve(&s->text, (size_t)n);
  if (!room) return diag_set(diag, D_NO_MEMORY, "no memory for a copy");
  *ret = room;
  return queue_failed(s->device,
                      queue_copy_out(s->device->queue, from->buffer,
                                     (size_t)offset, room, (size_t)n),
                      diag);
}

static vtac_status sizes_of_copy(const RpcTensor *from, const RpcTensor *to,
                                 uint64_t *ret, Diag *diag) {
  uint64_t have, want;
  if (!rpc_tensor_size(from, &have) || !rpc_tensor_size(to, &want))
    return diag_set(diag, D_ARGUMENT, "a tensor's size cannot be counted");
  if (have != want)
    return diag_set(diag, D_ARGUMENT,
                    "%llu bytes cannot be copied to a tensor of %llu",
                    (unsigned long long)have, (unsigned long long)want);
  *ret = have;
  return VTAC_OK;
}

vtac_status memory_copy(Session *s, const RpcTensor *from, const RpcTensor *to,
                        Diag *diag) {
  uint64_t n = 0;
  const void *bytes;
  RpcBuffer *source, *target;
  vtac_status status = sizes_of_copy(from, to, &n, diag);
  if (!status) status = memory_find(s, from, n, &source, diag);
  if (!status) status = memory_find(s, to, n, &target, diag);
  if (!status)
    status = memory_read(s, source, from->byte_offset, n, &bytes, diag);
  if (!status)
    status = memory_write(s, target, to->byte_offset, bytes, n, diag);
  return status;
}
