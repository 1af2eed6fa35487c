/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual device memory: addresses, reuse, and every kind of misuse. */
#include "hw/dram.h"

#include <stdarg.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

static Dram dram;

static int setup(void **state) {
  (void)state;
  dram_init(&dram);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  dram_clear(&dram);
  return 0;
}

static HwAddr alloc(size_t size) {
  HwAddr addr = 0;
  assert_int_equal(dram_alloc(&dram, size, &addr, NULL), VTAC_OK);
  return addr;
}

static void test_addresses(void **state) {
  (void)state;
  assert_int_equal(alloc(1), 0x1000);
  assert_int_equal(alloc(4096), 0x2000);
  assert_int_equal(alloc(4097), 0x3000);
  assert_int_equal(alloc(0), 0x5000);
  assert_int_equal(alloc(1), 0x6000);
}

static void test_reuse(void **state) {
  (void)state;
  HwAddr three = alloc(3 * 4096), two = alloc(2 * 4096), again = alloc(8192);
  HwAddr one = alloc(4096);
  assert_int_equal(dram_free(&dram, three, NULL), VTAC_OK);
  assert_int_equal(dram_free(&dram, again, NULL), VTAC_OK);
  assert_int_equal(dram_free(&dram, two, NULL), VTAC_OK);
  assert_int_equal(alloc(1), again); /* smallest fit, first freed */
  assert_int_equal(alloc(8192), two);
  assert_int_equal(alloc(1), three);
  assert_int_equal(dram_free(&dram, one, NULL), VTAC_OK);
  assert_int_equal(alloc(3 * 4096), one + 0x1000);
}

static void test_misuse(void **state) {
  (void)state;
  Diag diag;
  HwAddr addr = alloc(8192);
  assert_int_equal(dram_free(&dram, addr + 4096, &diag), VTAC_INVALID);
  assert_int_equal(dram_free(&dram, 0, &diag), VTAC_INVALID);
  assert_int_equal(dram_free(&dram, 0x9000, &diag), VTAC_INVALID);
  assert_int_equal(dram_free(&dram, addr, &diag), VTAC_OK);
  assert_int_equal(dram_free(&dram, addr, &diag), VTAC_INVALID);
  assert_non_null(strstr(diag.message, "already free"));
}

static vtac_status range(uint64_t addr, uint64_t size) {
  void *bytes;
  vtac_status status = dram_range(&dram, addr, size, &bytes, NULL);
  if (!status && size <= 4096) memset(bytes, 0x5a, size);
  return status;
}

static void test_ranges(void **state) {
  (void)state;
  HwAddr addr = alloc(100), next = alloc(4096);
  assert_int_equal(range(addr, 100), VTAC_OK);
  assert_int_equal(range(addr + 60, 40), VTAC_OK);
  assert_int_equal(range(addr + 60, 41), VTAC_INVALID);
  assert_int_equal(range(addr + 100, 0), VTAC_OK);
  assert_int_equal(range(addr + 101, 0), VTAC_INVALID);
  assert_int_equal(range(addr, UINT64_MAX), VTAC_INVALID);
  assert_int_equal(range(next - 1, 1), VTAC_INVALID);
  assert_int_equal(range(0, 1), VTAC_INVALID);
  assert_int_equal(range(UINT64_C(1) << 32 | addr, 1), VTAC_INVALID);
  assert_int_equal(dram_free(&dram, next, NULL), VTAC_OK);
  assert_int_equal(range(next, 1), VTAC_INVALID);
}

static void test_full(void **state) {
  (void)state;
  HwAddr addr;
  Diag diag;
  assert_int_equal(dram_alloc(&dram, SIZE_MAX, &addr, &diag), VTAC_NOMEM);
  assert_int_equal(dram_alloc(&dram, SIZE_MAX - 4095, &addr, &diag),
                   VTAC_NOMEM);
  assert_int_equal(dram_alloc(&dram, UINT64_C(1) << 32, &addr, &diag),
                   VTAC_NOMEM);
  assert_int_equal(alloc(1), 0x1000);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_addresses), TEST(test_reuse), TEST(test_misuse),
      TEST(test_ranges),    TEST(test_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
