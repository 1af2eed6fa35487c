/* SPDX-License-Identifier: Apache-2.0 */
/* Exchange of tensors with other libraries by DLPack 0.5. */
#ifndef VTAC_DLPACK_H
#define VTAC_DLPACK_H

#include "vtac/runtime.h"

/* DLPack's own structures, unless its header has been included before. */
#ifndef DLPACK_DLPACK_H_
#define DLPACK_DLPACK_H_

#ifdef __cplusplus
extern "C" {
#endif

typedef struct DLDevice {
  int32_t device_type; /* 1 host memory, 12 VTA, others: not taken here */
  int32_t device_id;
} DLDevice;

typedef struct DLDataType {
  uint8_t code; /* 0 int, 1 uint, 2 float */
  uint8_t bits;
  uint16_t lanes;
} DLDataType;

typedef struct DLTensor {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides; /* in elements, or NULL: compact row major */
  uint64_t byte_offset;
} DLTensor;

typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;

#ifdef __cplusplus
}
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct DLManagedTensor;

/* A new array of the device with the tensor's type, shape and contents.  On
 * success the tensor has been consumed: its deleter, if it has one, was called.
 * On failure nothing happened to it.
 *
 * VTAC_INVALID for tensors that are not in host memory (device type 12 of
 * another producer among them), not compact row major, not aligned to 128
 * bytes, or of a type with several lanes or odd bits. */
VTAC_API vtac_array *vtac_array_from_dlpack(vtac_device *device,
                                            struct DLManagedTensor *tensor,
                                            vtac_error *error);

/* The array as a tensor in host memory that shares the array's memory.  The
 * tensor holds one reference of the array: vtac_array_free may be called
 * before the deleter is, but the device must outlive both.  NULL with `error`
 * if the host cannot reach the device's memory or memory is short. */
VTAC_API struct DLManagedTensor *vtac_array_to_dlpack(vtac_array *array,
                                                      vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
