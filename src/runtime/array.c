/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays in device memory. */
#include <stdlib.h>

#include "runtime/objects.h"

static vtac_status check_shape(const char *dtype, int ndim,
                               const int64_t *shape, DType *ret_type,
                               size_t *ret_size, Diag *diag) {
  if (!dtype_parse(dtype, ret_type) || ret_type->code == TYPE_HANDLE)
    return diag_set(diag, D_ARGUMENT, "unknown data type '%s'", dtype);
  size_t size = (size_t)dtype_bytes(*ret_type);
  for (int i = 0; i < ndim; i++) {
    if (shape[i] < 1)
      return diag_set(diag, D_ARGUMENT, "dimension %d is %lld; at least 1", i,
                      (long long)shape[i]);
    if (__builtin_mul_overflow(size, (size_t)shape[i], &size))
      return diag_set(diag, D_ARGUMENT, "the array is too large");
  }
  *ret_size = size;
  return VTAC_OK;
}

vtac_array *vtac_array_new(vtac_device *device, const char *dtype, int ndim,
                           const int64_t *shape, vtac_error *error) {
  Diag diag;
  DType type = {0};
  size_t size = 0;
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
  *array = (vtac_array){device, 0, size, type, ndim};
  for (int i = 0; i < ndim; i++) array->shape[i] = shape[i];
  if (!queue_alloc(device->queue, size, &array->buffer)) return array;
  report_error(error, queue_diag(device->queue));
  free(array);
  return NULL;
}

void vtac_array_free(vtac_array *array) {
  if (!array) return;
  queue_free(array->device->queue, array->buffer);
  free(array);
}

size_t vtac_array_size(const vtac_array *array) { return array->size; }

static vtac_status finish(const vtac_array *array, vtac_status status,
                          vtac_error *error) {
  if (!status) return VTAC_OK;
  return report_error(error, queue_diag(array->device->queue));
}

vtac_status vtac_array_write(vtac_array *array, const void *from,
                             vtac_error *error) {
  vtac_status status =
      queue_copy_in(array->device->queue, array->buffer, 0, from, array->size);
  return finish(array, status, error);
}

vtac_status vtac_array_read(const vtac_array *array, void *to,
                            vtac_error *error) {
  vtac_status status =
      queue_copy_out(array->device->queue, array->buffer, 0, to, array->size);
  return finish(array, status, error);
}
