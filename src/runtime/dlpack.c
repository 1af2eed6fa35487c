/* SPDX-License-Identifier: Apache-2.0 */
/* DLPack import and export. */
#include "vtac/dlpack.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/objects.h"

_Static_assert(sizeof(DLTensor) == (sizeof(void *) == 8 ? 48 : 40),
               "a DLTensor is laid out as DLPack says");
_Static_assert(offsetof(DLTensor, shape) == (sizeof(void *) == 8 ? 24 : 20),
               "a DLTensor is laid out as DLPack says");

enum { ON_HOST = 1, ON_VTA = 12, ON_RPC = 128, ALIGNMENT = 128 };

/* ---- Import ------------------------------------------------------------- */

static vtac_status check_device(const DLTensor *tensor, Diag *diag) {
  int type = tensor->device.device_type;
  if (type == ON_HOST) return VTAC_OK;
  return diag_set(
      diag, D_ARGUMENT,
      type == ON_VTA ? "a tensor of device type %d (VTA) is a handle that "
                       "only its own runtime knows"
      : type >= ON_RPC
          ? "a tensor of device type %d lies on a remote machine"
          : "a tensor of device type %d does not lie in host memory",
      type);
}

static vtac_status check_type(DLDataType type, Diag *diag) {
  bool is_boolean = type.bits == 1 && type.code == 1;
  bool whole =
      type.bits >= 8 && type.bits <= 64 && !(type.bits & (type.bits - 1));
  if (type.code <= 2 && type.lanes == 1 && (is_boolean || whole))
    return VTAC_OK;
  return diag_set(
      diag, D_ARGUMENT,
      "a tensor of type code %d with %d bits and %d lanes cannot be "
      "imported",
      type.code, type.bits, type.lanes);
}

static vtac_status check_layout(const DLTensor *tensor, Diag *diag) {
  uint64_t address = (uint64_t)(uintptr_t)tensor->data + tensor->byte_offset;
  int64_t stride = 1;
  if (tensor->ndim < 0 || (tensor->ndim && !tensor->shape) || !tensor->data)
    return diag_set(diag, D_ARGUMENT, "the tensor has no data or no shape");
  for (int i = tensor->ndim - 1; i >= 0; i--) {
    if (tensor->strides && tensor->strides[i] != stride)
      return diag_set(diag, D_ARGUMENT,
                      "dimension %d has stride %lld, a compact tensor has %lld",
                      i, (long long)tensor->strides[i], (long long)stride);
    if (__builtin_mul_overflow(stride, tensor->shape[i], &stride))
      return diag_set(diag, D_ARGUMENT, "the tensor is too large");
  }
  if (address % ALIGNMENT)
    return diag_set(diag, D_ARGUMENT,
                    "the tensor's data is aligned to %llu bytes, it must be to "
                    "%d",
                    (unsigned long long)(address & -address), ALIGNMENT);
  return VTAC_OK;
}

static void type_name(DLDataType type, char ret[16]) {
  static const char *const codes[] = {"int", "uint", "float"};
  if (type.code == 1 && type.bits == 1)
    snprintf(ret, 16, "bool");
  else
    snprintf(ret, 16, "%s%d", codes[type.code], type.bits);
}

vtac_array *vtac_array_from_dlpack(vtac_device *device, DLManagedTensor *tensor,
                                   vtac_error *error) {
  static const char call[] = "vtac_array_from_dlpack";
  char name[16];
  Diag diag;
  if (is_missing(device, call, "device", error) ||
      is_missing(tensor, call, "tensor", error))
    return NULL;
  const DLTensor *t = &tensor->dl_tensor;
  if (check_device(t, &diag) || check_type(t->dtype, &diag) ||
      check_layout(t, &diag)) {
    report_error(error, &diag);
    return NULL;
  }
  type_name(t->dtype, name);
  vtac_array *array = vtac_array_new(device, name, t->ndim, t->shape, error);
  const char *from = (const char *)t->data + t->byte_offset;
  if (array && vtac_array_write(array, from, error)) {
    vtac_array_free(array);
    return NULL;
  }
  if (array && tensor->deleter) tensor->deleter(tensor);
  return array;
}

/* ---- Export ------------------------------------------------------------- */

static void release(DLManagedTensor *tensor) {
  vtac_array_free(tensor->manager_ctx);
  free(tensor);
}

DLManagedTensor *vtac_array_to_dlpack(vtac_array *array, vtac_error *error) {
  void *host;
  Diag diag;
  if (is_missing(array, "vtac_array_to_dlpack", "array", error)) return NULL;
  CommandQueue *queue = array->device->queue;
  if (queue_buffer_host(queue, array->buffer, &host)) {
    report_error(error, queue_diag(queue));
    return NULL;
  }
  DLManagedTensor *tensor = malloc(sizeof *tensor);
  if (!tensor) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate a tensor");
    report_error(error, &diag);
    return NULL;
  }
  atomic_fetch_add(&array->references, 1);
  *tensor = (DLManagedTensor){
      .dl_tensor = {.data = host,
                    .device = {ON_HOST, 0},
                    .ndim = array->ndim,
                    .dtype = {array->type.code, array->type.bits,
                              array->type.lanes},
                    .shape = array->shape},
      .manager_ctx = array,
      .deleter = release};
  return tensor;
}
