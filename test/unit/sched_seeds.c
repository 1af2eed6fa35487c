/* SPDX-License-Identifier: Apache-2.0 */
/* The seeds' statements before any pass, against the reference's text. */
#include "sched_seeds.h"

static void assert_golden(Seed *seed, const char *name) {
  Arena *arena = &seed->kit->arena;
  const char *file = arena_printf(arena, "sched/%s.tir", name);
  assert_string_equal(func_text(arena, lower_seed(seed)),
                      data_file(arena, file));
}

/* One schedule, lowered as it grows. */
static void test_matmul(void **state) {
  EXPECT_NO_FAILURE((Kit *)*state);
  Seed seed = matmul(*state);
  assert_golden(&seed, "matmul-default");
  tile_matmul(&seed);
  assert_golden(&seed, "matmul-tiled");
  offload(&seed, 2);
  assert_golden(&seed, "matmul-vta");
  assert_golden(&seed, "matmul-vta");
}

static void test_conv2d(void **state) {
  EXPECT_NO_FAILURE((Kit *)*state);
  Seed seed = conv2d(*state);
  assert_golden(&seed, "conv2d-default");
  tile_conv2d(&seed);
  assert_golden(&seed, "conv2d-tiled");
  offload(&seed, 4);
  assert_golden(&seed, "conv2d-vta");
  assert_golden(&seed, "conv2d-vta");
}

int main(void) {
  const struct CMUnitTest tests[] = {KIT_TEST(test_matmul),
                                     KIT_TEST(test_conv2d)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
