/* SPDX-License-Identifier: Apache-2.0 */
/* Host stages of every type: out = a * b + a by the evaluator and by compiled
 * code, against the same computed here.  Elements of less than a byte share
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vtac/vtac.h"

enum { N = 37, BYTES = N * 8 };

static vtac_config *config;

static int set_up(void **state) {
  (void)state;
  vtac_error error;
  config = vtac_config_default(&error);
  return config ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  vtac_config_free(config);
  return 0;
}

static vtac_module *build(const char *type) {
  const int64_t shape[] = {N};
  const char *const names[] = {"i"};
  const vtac_lower_options options = {.accelerator = 0};
  vtac_error error;
  vtac_context *c = vtac_context_new(config, &error);
  assert_non_null(c);
  vtac_tensor a = vtac_placeholder(c, "a", type, 1, shape);
  vtac_tensor b = vtac_placeholder(c, "b", type, 1, shape);
  vtac_iter i;
  vtac_axes(c, 1, shape, names, &i);
  vtac_expr x = vtac_at(c, a, 1, &i), y = vtac_at(c, b, 1, &i);
  vtac_tensor out =
      vtac_compute(c, "out", 1, &i, vtac_add(c, vtac_mul(c, x, y), x));
  vtac_schedule schedule = vtac_schedule_new(c, VTAC_TENSORS(out));
  const vtac_tensor args[] = {a, b, out};
  vtac_module *module = vtac_build(c, schedule, 3, args, "fma", &options);
  if (!module) fail_msg("%s", vtac_context_error(c)->message);
  vtac_context_free(c);
  return module;
}

static void run(const vtac_module *module, const char *type,
                const char data[2][BYTES], char out[BYTES]) {
  const int64_t shape[] = {N};
  vtac_error error;
  vtac_array *args[3];
  vtac_device *device = vtac_device_open(config, NULL, &error);
  assert_non_null(device);
  for (int i = 0; i < 3; i++) {
    args[i] = vtac_array_new(device, type, 1, shape, &error);
    assert_non_null(args[i]);
    assert_int_equal(vtac_array_write(args[i], data[i % 2], &error), VTAC_OK);
  }
  if (vtac_module_run(module, device, 3, args, &error))
    fail_msg("%s", error.message);
  memset(out, 0, BYTES);
  assert_int_equal(vtac_array_read(args[2], out, &error), VTAC_OK);
  for (int i = 0; i < 3; i++) vtac_array_free(args[i]);
  vtac_device_close(device);
}

/* What the kernel must write over the bytes of `a`. */
typedef void Expect(const char data[2][BYTES], char want[BYTES], int bits);

static void check(const char *type, int bits, Expect *expect,
                  const char data[2][BYTES]) {
  char want[BYTES], have[BYTES];
  size_t size = (size_t)(N * bits + 7) / 8;
  vtac_error error;
  vtac_module *module = build(type);
  memcpy(want, data[0], BYTES);
  expect(data, want, bits);
  run(module, type, data, have);
  assert_memory_equal(have, want, size);
  if (vtac_module_target(0)) {
    vtac_module *compiled = vtac_module_compile(module, &error);
    if (!compiled) fail_msg("%s", error.message);
    run(compiled, type, data, have);
    assert_memory_equal(have, want, size);
    vtac_module_free(compiled);
  }
  vtac_module_free(module);
}

/* ---- Integers ----------------------------------------------------------- */

static int bit_of(const char *bytes, int at) {
  return bytes[at / 8] >> at % 8 & 1;
}

/* The low bits do not depend on the sign. */
static uint64_t element(const char *bytes, int i, int bits) {
  uint64_t value = 0;
  for (int b = 0; b < bits; b++)
    value |= (uint64_t)bit_of(bytes, i * bits + b) << b;
  return value;
}

static void expect_int(const char data[2][BYTES], char want[BYTES], int bits) {
  for (int i = 0; i < N; i++) {
    uint64_t a = element(data[0], i, bits), b = element(data[1], i, bits);
    uint64_t sum = a * b + a;
    for (int k = 0; k < bits; k++) {
      int at = i * bits + k;
      want[at / 8] = (char)((want[at / 8] & ~(1 << at % 8)) |
                            (int)(sum >> k & 1) << at % 8);
    }
  }
}

static void test_integers(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int bits;
  } types[] = {{"int1", 1},   {"int2", 2},    {"uint2", 2}, {"int4", 4},
               {"uint4", 4},  {"int8", 8},    {"uint8", 8}, {"int16", 16},
               {"int32", 32}, {"uint32", 32}, {"int64", 64}};
  char data[2][BYTES];
  for (int i = 0; i < 2 * BYTES; i++)
    data[i / BYTES][i % BYTES] = (char)(i * 89 + i / 7);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    check(types[i].name, types[i].bits, expect_int, data);
}

/* ---- Floating point ----------------------------------------------------- */

/* Each operation rounds. */
static void expect_float(const char data[2][BYTES], char want[BYTES],
                         int bits) {
  (void)bits;
  float a[N], b[N], out[N];
  memcpy(a, data[0], sizeof a);
  memcpy(b, data[1], sizeof b);
  for (int i = 0; i < N; i++) {
    volatile float product = a[i] * b[i];
    out[i] = product + a[i];
  }
  memcpy(want, out, sizeof out);
}

static void test_float(void **state) {
  (void)state;
  char data[2][BYTES];
  float numbers[2][N];
  for (int i = 0; i < N; i++) {
    numbers[0][i] = 1.0f / (float)(i + 3);
    numbers[1][i] = (float)(i * i) + 0.1f;
  }
  memset(data, 0, sizeof data);
  memcpy(data[0], numbers[0], sizeof numbers[0]);
  memcpy(data[1], numbers[1], sizeof numbers[1]);
  check("float32", 32, expect_float, data);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_integers),
                                     cmocka_unit_test(test_float)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
