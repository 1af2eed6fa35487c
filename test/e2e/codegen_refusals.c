/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be loaded or run is refused with an error that says why:
 * damaged, cut off and foreign files, other configurations, wrong arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vtac/vtac.h"
#include "support/temp.h"

enum { MOST_FILE = 1 << 20 };

/* A saved matrix multiply, as bytes. */
typedef struct Fixture {
  vtac_config *config;
  vtac_module *module;
  unsigned char *bytes;
  size_t size;
} Fixture;

static vtac_module *build_gemm(const vtac_config *config) {
  vtac_error error;
  const vtac_gemm_params params = {.batch = 1,
                                   .in = 32,
                                   .out = 32,
                                   .tile_batch = 1,
                                   .tile_in = 32,
                                   .tile_out = 32,
                                   .shift = 8};
  const vtac_lower_options options = {.accelerator = 1};
  const vtac_tensor *args;
  vtac_context *context = vtac_context_new(config, &error);
  assert_non_null(context);
  vtac_op *op = vtac_gemm(context, &params);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  int n = vtac_op_args(op, &args);
  vtac_module *module =
      vtac_build(context, vtac_op_schedule(op), n, args, "my_gemm", &options);
  assert_non_null(module);
  vtac_context_free(context);
  return module;
}

static void save_bytes(Fixture *f, const char *target) {
  vtac_error error;
  char name[32], path[256];
  const vtac_save_options options = {.target = target};
  snprintf(name, sizeof name, "refusals.%d.o", (int)getpid());
  temp_name(path, sizeof path, name);
  if (vtac_module_save(f->module, path, &options, &error))
    fail_msg("%s", error.message);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  f->size = fread(f->bytes, 1, MOST_FILE, file);
  fclose(file);
  unlink(path);
}

static int set_up(void **state) {
  vtac_error error;
  Fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->config = vtac_config_default(&error);
  assert_non_null(f->config);
  f->module = build_gemm(f->config);
  f->bytes = malloc(MOST_FILE);
  assert_non_null(f->bytes);
  if (vtac_module_target(0)) save_bytes(f, NULL);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  Fixture *f = *state;
  vtac_module_free(f->module);
  vtac_config_free(f->config);
  free(f->bytes);
  free(f);
  return 0;
}

/* Loads a copy of `size` bytes that a sanitizer watches the end of. */
static vtac_module *load_copy(const unsigned char *bytes, size_t size,
                              vtac_error *error) {
  unsigned char *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, size);
  vtac_module *module = vtac_module_load_bytes(copy, size, "m.o", error);
  free(copy);
  return module;
}

static void need_object(const Fixture *f) {
  if (!f->size) skip();
}

static void test_cut_off(void **state) {
  const Fixture *f = *state;
  vtac_error error;
  need_object(f);
  for (size_t size = 0; size < f->size; size += size < 256 ? 1 : 61) {
    assert_null(load_copy(f->bytes, size, &error));
    assert_int_equal(error.status, VTAC_IO);
    assert_string_equal(error.id, "module-file");
  }
}

/* Any damaged byte leaves a module or an error, never a crash. */
static void test_damaged(void **state) {
  Fixture *f = *state;
  vtac_error error;
  need_object(f);
  for (size_t at = 0; at < f->size; at++) {
    unsigned char kept = f->bytes[at];
    f->bytes[at] = (unsigned char)(at % 3 ? kept ^ 0xff : kept + 1);
    vtac_module *module = load_copy(f->bytes, f->size, &error);
    if (!module) assert_true(*error.message != '\0');
    vtac_module_free(module);
    f->bytes[at] = kept;
  }
}

static void test_foreign_machine(void **state) {
  static const char *const targets[] = {"armv7", "aarch64", "riscv64"};
  Fixture *f = *state;
  vtac_error error;
  int foreign = 0;
  need_object(f);
  for (int i = 0; i < 3; i++) {
    save_bytes(f, targets[i]);
    vtac_module *module = load_copy(f->bytes, f->size, &error);
    foreign += !module && strstr(error.message, "not for this machine");
    vtac_module_free(module);
  }
  save_bytes(f, NULL);
  assert_true(foreign >= 2);
}

/* ---- Another configuration ---------------------------------------------- */

static vtac_config *other_config(void) {
  vtac_error error;
  static const char text[] =
      "{\"TARGET\": \"sim\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": 3,"
      "\"LOG_WGT_WIDTH\": 3, \"LOG_ACC_WIDTH\": 5, \"LOG_BATCH\": 0,"
      "\"LOG_BLOCK\": 4, \"LOG_UOP_BUFF_SIZE\": 15,"
      "\"LOG_INP_BUFF_SIZE\": 14, \"LOG_WGT_BUFF_SIZE\": 18,"
      "\"LOG_ACC_BUFF_SIZE\": 17}";
  vtac_config *config =
      vtac_config_parse(text, sizeof text - 1, "other.json", &error);
  if (!config) fail_msg("%s", error.message);
  return config;
}

typedef struct Device {
  vtac_device *device;
  vtac_array *array[3];
} Device;

static const int64_t shapes[3][4] = {
    {1, 2, 1, 16}, {2, 2, 16, 16}, {1, 2, 1, 16}};

static Device open_device(const vtac_config *config) {
  vtac_error error;
  Device d = {.device = vtac_device_open(config, NULL, &error)};
  assert_non_null(d.device);
  for (int i = 0; i < 3; i++) {
    d.array[i] = vtac_array_new(d.device, "int8", 4, shapes[i], &error);
    assert_non_null(d.array[i]);
  }
  return d;
}

static void close_device(Device *d) {
  for (int i = 0; i < 3; i++) vtac_array_free(d->array[i]);
  vtac_device_close(d->device);
}

static void test_other_configuration(void **state) {
  const Fixture *f = *state;
  vtac_error error;
  need_object(f);
  vtac_module *module = load_copy(f->bytes, f->size, &error);
  assert_non_null(module);
  vtac_config *config = other_config();
  Device d = open_device(config);
  assert_int_equal(vtac_module_run(module, d.device, 3, d.array, &error),
                   VTAC_INVALID);
  assert_string_equal(error.id, "config-mismatch");
  assert_non_null(strstr(error.message, "LOG_INP_BUFF_SIZE = 15"));
  assert_non_null(strstr(error.message, "the device has 14"));
  close_device(&d);
  vtac_config_free(config);
  vtac_module_free(module);
}

/* ---- Arguments ---------------------------------------------------------- */

static void test_arguments(void **state) {
  const Fixture *f = *state;
  vtac_error error;
  need_object(f);
  vtac_module *module = load_copy(f->bytes, f->size, &error);
  assert_non_null(module);
  Device d = open_device(f->config);
  assert_int_equal(vtac_module_run(module, d.device, 2, d.array, &error),
                   VTAC_INVALID);
  assert_string_equal(error.message, "'my_gemm' takes 3 arguments, got 2");
  vtac_array *swapped[] = {d.array[1], d.array[0], d.array[2]};
  assert_int_equal(vtac_module_run(module, d.device, 3, swapped, &error),
                   VTAC_INVALID);
  assert_string_equal(error.message,
                      "argument 0 (data): dimension 0 is 2, expected 1");
  vtac_array *wide = vtac_array_new(d.device, "int32", 4, shapes[0], &error);
  vtac_array *typed[] = {wide, d.array[1], d.array[2]};
  assert_int_equal(vtac_module_run(module, d.device, 3, typed, &error),
                   VTAC_INVALID);
  assert_string_equal(
      error.message,
      "argument 0 (data) has elements of type int32, expected int8");
  vtac_array *missing[] = {d.array[0], NULL, d.array[2]};
  assert_int_equal(vtac_module_run(module, d.device, 3, missing, &error),
                   VTAC_INVALID);
  vtac_array_free(wide);
  close_device(&d);
  vtac_module_free(module);
}

static void test_saving(void **state) {
  const Fixture *f = *state;
  vtac_error error;
  const vtac_save_options foreign = {.target = "pdp11"};
  assert_int_equal(vtac_module_save(f->module, "m.exe", NULL, &error),
                   VTAC_INVALID);
  assert_non_null(strstr(error.message, ".o, .so or .c"));
  assert_int_equal(
      vtac_module_save(f->module, "/nowhere/at/all/m.c", NULL, &error),
      VTAC_IO);
  assert_null(vtac_module_load("/nowhere/at/all/m.o", &error));
  assert_int_equal(error.status, VTAC_IO);
  need_object(f);
  assert_int_equal(vtac_module_save(f->module, "m.o", &foreign, &error),
                   VTAC_INVALID);
  assert_non_null(strstr(error.message, "there is no target 'pdp11'"));
  vtac_module *module = load_copy(f->bytes, f->size, &error);
  assert_int_equal(vtac_module_save(module, "m.o", NULL, &error), VTAC_INVALID);
  vtac_module_free(module);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut_off),
                                     cmocka_unit_test(test_damaged),
                                     cmocka_unit_test(test_foreign_machine),
                                     cmocka_unit_test(test_other_configuration),
                                     cmocka_unit_test(test_arguments),
                                     cmocka_unit_test(test_saving)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
