/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation in a board's memory: placement, merging, refusals, and random
 * sequences against a map of pages. */
#include "board/region.h"

#include <stdarg.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

enum { PAGE = HW_PAGE_BYTES, BASE = 0x10000000, PAGES = 64 };

static Region region;
static Diag diag;

static int setup(void **state) {
  (void)state;
  region_init(&region, BASE, PAGES * PAGE + 100);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  region_clear(&region);
  return 0;
}

static HwAddr take(size_t size) {
  HwAddr addr = 0;
  if (region_alloc(&region, size, &addr, &diag)) fail_msg("%s", diag.message);
  return addr;
}

static void give(HwAddr addr) {
  if (region_free(&region, addr, &diag)) fail_msg("%s", diag.message);
}

static void test_first_gap(void **state) {
  (void)state;
  assert_int_equal(take(1), BASE);
  assert_int_equal(take(PAGE + 1), BASE + PAGE);
  assert_int_equal(take(0), BASE + 3 * PAGE);
  assert_int_equal(take(PAGE), BASE + 4 * PAGE);
  give(BASE + PAGE);
  assert_int_equal(take(3 * PAGE), BASE + 5 * PAGE);
  assert_int_equal(take(PAGE), BASE + PAGE);
  give(BASE);
  give(BASE + PAGE); /* with the page behind it: three in a row */
  assert_int_equal(take(3 * PAGE), BASE);
}

static void test_full(void **state) {
  (void)state;
  HwAddr addr = 7;
  assert_int_equal(region_alloc(&region, PAGES * PAGE + 1, &addr, &diag),
                   VTAC_NOMEM);
  assert_int_equal(addr, 7);
  take(PAGES * PAGE);
  assert_int_equal(region_alloc(&region, 0, &addr, &diag), VTAC_NOMEM);
  assert_int_equal(diag.id, D_BOARD_FULL);
  assert_string_equal(diag.message,
                      "the board's memory is full: 4096 bytes wanted, 262144 "
                      "of 262144 in use");
  assert_int_equal(region_alloc(&region, SIZE_MAX, &addr, &diag), VTAC_NOMEM);
}

static void test_ranges(void **state) {
  (void)state;
  RegionBlock *block = NULL;
  const HwAddr first = take(100), second = take(PAGE);
  assert_int_equal(region_find(&region, first + 40, 60, &block, &diag), 0);
  assert_int_equal(block->addr, first);
  assert_int_equal(region_find(&region, first, 101, &block, &diag),
                   VTAC_INVALID);
  assert_int_equal(region_find(&region, first + 101, 0, &block, &diag),
                   VTAC_INVALID);
  assert_int_equal(region_find(&region, second + PAGE, 1, &block, &diag),
                   VTAC_INVALID);
  assert_non_null(strstr(diag.message, "no block lies there"));
  assert_int_equal(region_find(&region, BASE - 1, 1, &block, &diag),
                   VTAC_INVALID);
  assert_int_equal(region_find(&region, second, UINT64_MAX, &block, &diag),
                   VTAC_INVALID);
  assert_int_equal(region_free(&region, first + 1, &diag), VTAC_INVALID);
  give(first);
  assert_int_equal(region_free(&region, first, &diag), VTAC_INVALID);
  assert_int_equal(region_find(&region, first, 1, &block, &diag), VTAC_INVALID);
}

/* A page map says which first gap fits, and that nothing overlaps. */
static void test_random(void **state) {
  (void)state;
  uint32_t seed = 1;
  uint8_t length[PAGES] = {0}, used[PAGES] = {0};
  for (int round = 0; round < 20000; round++) {
    seed = seed * 1664525u + 1013904223u;
    const unsigned at = seed >> 8 & (PAGES - 1);
    if (seed >> 31 && length[at]) {
      give(BASE + at * PAGE);
      memset(used + at, 0, length[at]);
      length[at] = 0;
      continue;
    }
    const unsigned want = 1 + (seed >> 16) % 9;
    unsigned gap = 0, first = 0;
    while (first < PAGES && gap < want) gap = used[first++] ? 0 : gap + 1;
    HwAddr addr;
    vtac_status status = region_alloc(&region, want * PAGE - 5, &addr, &diag);
    assert_int_equal(status, gap == want ? VTAC_OK : VTAC_NOMEM);
    if (status) continue;
    assert_int_equal(addr, BASE + (first - want) * PAGE);
    memset(used + first - want, 1, want);
    length[first - want] = (uint8_t)want;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_first_gap, setup, teardown),
      cmocka_unit_test_setup_teardown(test_full, setup, teardown),
      cmocka_unit_test_setup_teardown(test_ranges, setup, teardown),
      cmocka_unit_test_setup_teardown(test_random, setup, teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
