/* SPDX-License-Identifier: Apache-2.0 */
/* Packing against its definition, and back; DLPack's rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vtac/dlpack.h"
#include "vtac/pack.h"

/* ---- Packing ------------------------------------------------------------ */

static size_t bytes_of(const vtac_pack_shape *s) {
  return (size_t)(s->outer * s->inner * s->height * s->width *
                  s->element_bytes);
}

/* The packed place of plain element (o, i, y, x). */
static int64_t packed_place(const vtac_pack_shape *s, int64_t o, int64_t i,
                            int64_t y, int64_t x) {
  int64_t tile =
      o / s->outer_block * (s->inner / s->inner_block) + i / s->inner_block;
  int64_t pixel = (tile * s->height + y) * s->width + x;
  return (pixel * s->outer_block + o % s->outer_block) * s->inner_block +
         i % s->inner_block;
}

static void check_packed(const vtac_pack_shape *s, const char *plain,
                         const char *packed) {
  int64_t at = 0;
  for (int64_t o = 0; o < s->outer; o++)
    for (int64_t i = 0; i < s->inner; i++)
      for (int64_t y = 0; y < s->height; y++)
        for (int64_t x = 0; x < s->width; x++, at++)
          assert_memory_equal(
              plain + at * s->element_bytes,
              packed + packed_place(s, o, i, y, x) * s->element_bytes,
              (size_t)s->element_bytes);
}

static void check_shape(const vtac_pack_shape *shape) {
  vtac_error error;
  size_t size = bytes_of(shape);
  char *plain = malloc(size), *packed = malloc(size), *back = malloc(size);
  assert_true(plain && packed && back);
  for (size_t i = 0; i < size; i++) plain[i] = (char)(i * 31 + i / 251);
  assert_int_equal(vtac_pack(shape, plain, packed, &error), VTAC_OK);
  check_packed(shape, plain, packed);
  assert_int_equal(vtac_unpack(shape, packed, back, &error), VTAC_OK);
  assert_memory_equal(plain, back, size);
  free(plain);
  free(packed);
  free(back);
}

static void test_shapes(void **state) {
  static const int64_t sizes[][6] = {
      {1, 16, 14, 14, 1, 16}, {1, 32, 7, 7, 1, 16},   {4, 32, 3, 5, 2, 16},
      {32, 48, 3, 3, 16, 16}, {64, 64, 1, 1, 16, 16}, {6, 24, 1, 1, 3, 8},
      {2, 6, 5, 17, 2, 3},    {1, 64, 1, 33, 1, 32},  {1, 1, 1, 1, 1, 1}};
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int bytes = 1; bytes <= 4; bytes *= 2) {
      const int64_t *s = sizes[i];
      const vtac_pack_shape shape = {s[0], s[1], s[2], s[3], s[4], s[5], bytes};
      check_shape(&shape);
    }
}

static void test_bad_shapes(void **state) {
  vtac_error error;
  char byte[4] = {0};
  const vtac_pack_shape odd = {1, 17, 1, 1, 1, 16, 1};
  const vtac_pack_shape none = {1, 0, 1, 1, 1, 16, 1};
  const vtac_pack_shape wide = {1, 16, 1, 1, 1, 16, 8};
  const vtac_pack_shape huge = {INT64_MAX, 16, 2, 1, 1, 16, 1};
  (void)state;
  assert_int_equal(vtac_pack(&odd, byte, byte, &error), VTAC_INVALID);
  assert_string_equal(error.message,
                      "inner is 17, which is no multiple of its block, 16");
  assert_int_equal(vtac_pack(&none, byte, byte, &error), VTAC_INVALID);
  assert_int_equal(vtac_unpack(&wide, byte, byte, &error), VTAC_INVALID);
  assert_int_equal(vtac_pack(&huge, byte, byte, &error), VTAC_INVALID);
}

/* ---- DLPack ------------------------------------------------------------- */

typedef struct Exchange {
  vtac_config *config;
  vtac_device *device;
  char *memory; /* aligned to 256 */
} Exchange;

static int open_exchange(void **state) {
  vtac_error error;
  Exchange *x = calloc(1, sizeof *x);
  assert_non_null(x);
  x->config = vtac_config_default(&error);
  x->device = vtac_device_open(x->config, NULL, &error);
  x->memory = aligned_alloc(256, 4096);
  assert_true(x->device && x->memory);
  for (int i = 0; i < 4096; i++) x->memory[i] = (char)i;
  *state = x;
  return 0;
}

static int close_exchange(void **state) {
  Exchange *x = *state;
  free(x->memory);
  vtac_device_close(x->device);
  vtac_config_free(x->config);
  free(x);
  return 0;
}

static void count_call(DLManagedTensor *tensor) {
  ++*(int *)tensor->manager_ctx;
}

static int64_t shape[2] = {4, 8};

static DLManagedTensor tensor_of(Exchange *x, int *calls) {
  return (DLManagedTensor){.dl_tensor = {.data = x->memory,
                                         .device = {1, 0},
                                         .ndim = 2,
                                         .dtype = {0, 8, 1},
                                         .shape = shape},
                           .manager_ctx = calls,
                           .deleter = count_call};
}

static void test_import(void **state) {
  Exchange *x = *state;
  vtac_error error;
  char have[32];
  int calls = 0;
  DLManagedTensor tensor = tensor_of(x, &calls);
  tensor.dl_tensor.byte_offset = 128;
  vtac_array *array = vtac_array_from_dlpack(x->device, &tensor, &error);
  assert_non_null(array);
  assert_int_equal(calls, 1);
  assert_int_equal(vtac_array_read(array, have, &error), VTAC_OK);
  assert_memory_equal(have, x->memory + 128, 32);
  vtac_array_free(array);
  tensor.deleter = NULL;
  array = vtac_array_from_dlpack(x->device, &tensor, &error);
  assert_non_null(array);
  vtac_array_free(array);
}

static void refuse(Exchange *x, DLManagedTensor tensor, const char *why) {
  vtac_error error;
  int *calls = tensor.manager_ctx;
  assert_null(vtac_array_from_dlpack(x->device, &tensor, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  if (!strstr(error.message, why)) fail_msg("%s", error.message);
  assert_int_equal(*calls, 0); /* nothing was consumed */
}

static void test_import_refusals(void **state) {
  Exchange *x = *state;
  int calls = 0;
  int64_t compact[2] = {8, 1}, strided[2] = {16, 1};
  DLManagedTensor good = tensor_of(x, &calls), bad = good;
  bad.dl_tensor.data = x->memory + 64;
  refuse(x, bad, "aligned to 64 bytes, it must be to 128");
  bad = good;
  bad.dl_tensor.strides = strided;
  refuse(x, bad, "dimension 0 has stride 16, a compact tensor has 8");
  bad = good;
  bad.dl_tensor.device.device_type = 12;
  refuse(x, bad, "device type 12 (VTA)");
  bad.dl_tensor.device.device_type = 129;
  refuse(x, bad, "remote machine");
  bad.dl_tensor.device.device_type = 2;
  refuse(x, bad, "does not lie in host memory");
  bad = good;
  bad.dl_tensor.dtype = (DLDataType){0, 8, 4};
  refuse(x, bad, "4 lanes");
  bad.dl_tensor.dtype = (DLDataType){0, 12, 1};
  refuse(x, bad, "12 bits");
  bad = good;
  bad.dl_tensor.data = NULL;
  refuse(x, bad, "no data");
  good.dl_tensor.strides = compact;
  vtac_error error;
  vtac_array *array = vtac_array_from_dlpack(x->device, &good, &error);
  assert_non_null(array);
  vtac_array_free(array);
}

static void test_export(void **state) {
  Exchange *x = *state;
  vtac_error error;
  vtac_array *array = vtac_array_new(x->device, "int8", 2, shape, &error);
  assert_non_null(array);
  assert_int_equal(vtac_array_write(array, x->memory, &error), VTAC_OK);
  DLManagedTensor *tensor = vtac_array_to_dlpack(array, &error);
  assert_non_null(tensor);
  vtac_array_free(array); /* the tensor keeps it */
  const DLTensor *t = &tensor->dl_tensor;
  assert_int_equal((uintptr_t)t->data % 128, 0);
  assert_int_equal(t->device.device_type, 1);
  assert_int_equal(t->ndim, 2);
  assert_int_equal(t->shape[1], 8);
  assert_memory_equal(t->data, x->memory, 32);
  vtac_array *back = vtac_array_from_dlpack(x->device, tensor, &error);
  assert_non_null(back); /* which called the deleter */
  vtac_array_free(back);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shapes), cmocka_unit_test(test_bad_shapes),
      cmocka_unit_test_setup_teardown(test_import, open_exchange,
                                      close_exchange),
      cmocka_unit_test_setup_teardown(test_import_refusals, open_exchange,
                                      close_exchange),
      cmocka_unit_test_setup_teardown(test_export, open_exchange,
                                      close_exchange)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
