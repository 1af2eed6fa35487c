/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays in device memory. */
#include <stdlib.h>

#include "runtime/objects.h"

#define CALL "vtac_array_new: "
#define MOST_BYTES ((size_t)UINT32_MAX)

static vtac_status check_shape(const char *dtype, int ndim,
                               const int64_t *shape, DType *ret_type,
                               size_t *ret_size, Diag *diag) {
  if (!dtype_parse(dtype, ret_type) || ret_type->code == TYPE_HANDLE ||
      ret_type->lanes != 1)
    return diag_set(diag, D_ARGUMENT, CALL "unknown data type '%s'", dtype);
  size_t size = ret_type->bits; /* at first in bits: narrow lanes are packed */
  if (is_bool(*ret_type)) size = 8;
  if (ndim < 0)
    return diag_set(diag, D_ARGUMENT, CALL "%d is no number of dimensions",
                    ndim);
  for (int i = 0; i < ndim; i++) {
    if (shape[i] < 1)
      return diag_set(diag, D_ARGUMENT,
                      CALL "dimension %d is %lld; it must be at least 1", i,
                      (long long)shape[i]);
    if (__builtin_mul_overflow(size, (size_t)shape[i], &size) ||
        size > 8 * MOST_BYTES)
      return diag_set(diag, D_ARGUMENT,
                      CALL
                      "the array is larger than the %lld bytes that a "
                      "device can address",
                      (long long)MOST_BYTES);
  }
  *ret_size = (size + 7) / 8;
  return VTAC_OK;
}

vtac_array *vtac_array_new(vtac_device *device, const char *dtype, int ndim,
                           const int64_t *shape, vtac_error *error) {
  static const char call[] = "vtac_array_new";
  Diag diag;
  DType type = {0};
  size_t size = 0;
  if (is_missing(device, call, "device", error) ||
      is_missing(dtype, call, "dtype", error) ||
      (ndim > 0 && is_missing(shape, call, "shape", error)))
    return NULL;
  if (check_shape(dtype, ndim, shape, &type, &size, &diag)) {
    report_error(error, &diag);
    return NULL;
  }
  size_t dims = (size_t)ndim * sizeof *shape;
  vtac_array *array = malloc(sizeof *array + dims);
  if (!array) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate an array");
    report_error(error, &diag);
    return NULL;
  }
  *array = (vtac_array){device, 0, size, type, ndim, 1};
  for (int i = 0; i < ndim; i++) array->shape[i] = shape[i];
  if (!queue_alloc(device->queue, size, &array->buffer)) return array;
  report_error(error, queue_diag(device->queue));
  free(array);
  return NULL;
}

void vtac_array_free(vtac_array *array) {
  if (!array || atomic_fetch_sub(&array->references, 1) > 1) return;
  queue_free(array->device->queue, array->buffer);
  free(array);
}

size_t vtac_array_size(const vtac_array *array) {
  return array ? array->size : 0;
}

static vtac_status finish(const vtac_array *array, vtac_status status,
                          vtac_error *error) {
  if (!status) return VTAC_OK;
  return report_error(error, queue_diag(array->device->queue));
}

void *vtac_array_data(const vtac_array *array, vtac_error *error) {
  void *data = NULL;
  if (is_missing(array, "vtac_array_data", "array", error)) return NULL;
  vtac_status status =
      queue_buffer_host(array->device->queue, array->buffer, &data);
  return finish(array, status, error) ? NULL : data;
}

vtac_status vtac_array_write(vtac_array *array, const void *from,
                             vtac_error *error) {
  if (is_missing(array, "vtac_array_write", "array", error) ||
      is_missing(from, "vtac_array_write", "from", error))
    return VTAC_INVALID;
  vtac_status status =
      queue_copy_in(array->device->queue, array->buffer, 0, from, array->size);
  return finish(array, status, error);
}

vtac_status vtac_array_read(const vtac_array *array, void *to,
                            vtac_error *error) {
  if (is_missing(array, "vtac_array_read", "array", error) ||
      is_missing(to, "vtac_array_read", "to", error))
    return VTAC_INVALID;
  vtac_status status =
      queue_copy_out(array->device->queue, array->buffer, 0, to, array->size);
  return finish(array, status, error);
}
