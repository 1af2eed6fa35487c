/* SPDX-License-Identifier: Apache-2.0 */
/* Stepping through streams: results, tokens, memories and cycles in between,
 * and streams that are wrong or get stuck. */
#include "vtac/step.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

/* Adds 5 to one tile of accumulators at 0x2000 and stores it at 0x4000; the
 * micro-op lies at 0x3000. */
static const char program[] =
    "load.uop dram_base=0xc00 y_size=1 x_size=1 x_stride=1\n"
    "load.acc dram_base=0x80 y_size=1 x_size=1 x_stride=1 sram_base=7\n"
    "alu.add push_next_dep uop_end=1 iter_out=1 iter_in=1 use_imm imm=5\n"
    "store.out pop_prev_dep push_prev_dep dram_base=0x400 y_size=1 x_size=1 "
    "x_stride=1 sram_base=7\n"
    "finish pop_next_dep\n";

typedef struct Fixture {
  vtac_config *config;
  void *stream;
  size_t count;
  vtac_stepper *stepper;
  vtac_error error;
} Fixture;

static Fixture open_fixture(const char *text, vtac_simulator simulator) {
  static int32_t sums[16];
  static const uint32_t uop = 7 | 7 << 11;
  Fixture f = {.config = vtac_config_default(NULL)};
  for (int i = 0; i < 16; i++) sums[i] = 3 * i - 20;
  const vtac_stream_image images[] = {{0x2000, sums, sizeof sums},
                                      {0x3000, &uop, sizeof uop}};
  const vtac_stream_options options = {
      .simulator = simulator, .image_count = 2, .images = images};
  f.stream = vtac_stream_assemble(f.config, text, strlen(text), "program",
                                  &f.count, &f.error);
  assert_non_null(f.stream);
  f.stepper = vtac_stepper_new(f.config, f.stream, f.count, &options, &f.error);
  return f;
}

static void close_fixture(Fixture *f) {
  vtac_stepper_free(f->stepper);
  free(f->stream);
  vtac_config_free(f->config);
}

static void step(Fixture *f, size_t insn, vtac_unit unit) {
  vtac_step next;
  assert_true(vtac_stepper_next(f->stepper, &next));
  assert_int_equal(next.insn, insn);
  assert_int_equal(next.unit, unit);
  assert_false(vtac_stepper_has_run(f->stepper, insn));
  if (vtac_stepper_run(f->stepper, &f->error)) fail_msg("%s", f->error.message);
  assert_true(vtac_stepper_has_run(f->stepper, insn));
}

static void expect_tokens(const Fixture *f, int l2g, int g2l, int g2s,
                          int s2g) {
  const int want[] = {l2g, g2l, g2s, s2g};
  for (int i = 0; i < 4; i++)
    assert_int_equal(vtac_stepper_tokens(f->stepper, i), want[i]);
}

static void expect_acc(Fixture *f, int add) {
  int32_t lanes[16];
  assert_int_equal(vtac_stepper_element(f->stepper, 3, 7, lanes, NULL), 0);
  for (int i = 0; i < 16; i++) assert_int_equal(lanes[i], 3 * i - 20 + add);
}

static void run_program(vtac_simulator simulator) {
  Fixture f = open_fixture(program, simulator);
  int8_t stored[16];
  int32_t lanes[16];
  assert_non_null(f.stepper);
  step(&f, 0, VTAC_UNIT_COMPUTE);
  assert_int_equal(vtac_stepper_element(f.stepper, 0, 0, lanes, NULL), 0);
  assert_int_equal(lanes[0], 7);
  assert_int_equal(lanes[1], 7);
  assert_int_equal(lanes[2], 0);
  step(&f, 1, VTAC_UNIT_COMPUTE);
  expect_acc(&f, 0);
  vtac_step_unit store = vtac_stepper_unit(f.stepper, VTAC_UNIT_STORE);
  assert_int_equal(store.left, 1);
  assert_int_equal(store.next, 3);
  assert_string_equal(store.lacks, "g2s");
  step(&f, 2, VTAC_UNIT_COMPUTE);
  expect_acc(&f, 5);
  expect_tokens(&f, 0, 0, 1, 0);
  assert_null(vtac_stepper_unit(f.stepper, VTAC_UNIT_STORE).lacks);
  step(&f, 3, VTAC_UNIT_STORE);
  expect_tokens(&f, 0, 0, 0, 1);
  assert_int_equal(vtac_stepper_unit(f.stepper, VTAC_UNIT_STORE).next,
                   SIZE_MAX);
  assert_int_equal(vtac_stepper_dram(f.stepper, 0x4000, 16, stored, NULL), 0);
  for (int i = 0; i < 16; i++) assert_int_equal(stored[i], 3 * i - 15);
  step(&f, 4, VTAC_UNIT_COMPUTE);
  expect_tokens(&f, 0, 0, 0, 0);
  assert_int_equal(vtac_stepper_ran(f.stepper), 5);
  assert_int_equal(vtac_stepper_run(f.stepper, &f.error), VTAC_INVALID);
  close_fixture(&f);
}

static void test_functional(void **state) {
  (void)state;
  run_program(VTAC_SIMULATOR_FUNCTIONAL);
}

static void test_timed(void **state) {
  (void)state;
  run_program(VTAC_SIMULATOR_TIMING);
}

static void test_cycles(void **state) {
  (void)state;
  Fixture f = open_fixture(program, VTAC_SIMULATOR_TIMING);
  vtac_step next;
  uint64_t cycles, start = 0, done = 0;
  while (vtac_stepper_next(f.stepper, &next)) {
    assert_true(next.timed);
    assert_true(next.visible <= next.start && next.start < next.done);
    assert_true(next.start >= start);
    start = next.start;
    done = next.done;
    assert_int_equal(vtac_stepper_run(f.stepper, NULL), VTAC_OK);
  }
  assert_int_equal(
      vtac_stream_cycles(f.config, f.stream, f.count, &cycles, NULL), 0);
  assert_int_equal(done, cycles);
  close_fixture(&f);
}

static void test_counters(void **state) {
  (void)state;
  Fixture f = open_fixture(program, VTAC_SIMULATOR_FUNCTIONAL);
  const uint64_t want[VTAC_COUNTERS] = {0, 0, 64, 4, 16, 0, 1};
  uint64_t have[VTAC_COUNTERS];
  while (!vtac_stepper_run(f.stepper, NULL)) continue;
  vtac_stepper_counters(f.stepper, have);
  assert_memory_equal(have, want, sizeof want);
  close_fixture(&f);
}

/* ---- Who touches what --------------------------------------------------- */

static bool touches(const Fixture *f, int memory, uint64_t first, uint64_t last,
                    int how) {
  const vtac_touch_range range = {memory, first, last, how};
  return vtac_stepper_touches(f->stepper, &range);
}

static void test_touches(void **state) {
  (void)state;
  enum { UOP = 0, ACC = 3, READ = VTAC_TOUCH_READ, WRITE = VTAC_TOUCH_WRITE };
  Fixture f = open_fixture(program, VTAC_SIMULATOR_FUNCTIONAL);
  assert_true(touches(&f, UOP, 0, 0, WRITE));
  assert_false(touches(&f, UOP, 0, 0, READ));
  assert_true(touches(&f, VTAC_DRAM, 0x3003, 0x3100, READ));
  assert_false(touches(&f, VTAC_DRAM, 0x3004, 0x3100, READ));
  assert_false(touches(&f, ACC, 0, 2047, READ | WRITE));
  step(&f, 0, VTAC_UNIT_COMPUTE);
  assert_true(touches(&f, ACC, 7, 7, WRITE));
  assert_false(touches(&f, ACC, 0, 6, WRITE));
  assert_false(touches(&f, ACC, 8, 100, WRITE));
  step(&f, 1, VTAC_UNIT_COMPUTE);
  assert_true(touches(&f, ACC, 0, 100, READ));
  assert_true(touches(&f, ACC, 7, 7, WRITE));
  assert_true(touches(&f, UOP, 0, 0, READ));
  step(&f, 2, VTAC_UNIT_COMPUTE);
  assert_true(touches(&f, ACC, 7, 7, READ));
  assert_true(touches(&f, VTAC_DRAM, 0x4000, 0x4000, WRITE));
  step(&f, 3, VTAC_UNIT_STORE);
  assert_false(touches(&f, VTAC_DRAM, 0, UINT64_MAX, READ | WRITE));
  close_fixture(&f);
}

/* ---- Streams that are wrong --------------------------------------------- */

/* An instruction that is refused changes nothing, and is refused again. */
static void test_illegal(void **state) {
  (void)state;
  for (int simulator = VTAC_SIMULATOR_FUNCTIONAL;
       simulator <= VTAC_SIMULATOR_TIMING; simulator++) {
    Fixture f = open_fixture(
        "gemm uop_end=1 iter_out=1 iter_in=1 reset_reg\n"
        "load.acc sram_base=2047 dram_base=0x80 y_size=1 x_size=9 x_stride=9\n"
        "finish\n",
        (vtac_simulator)simulator);
    assert_non_null(f.stepper);
    step(&f, 0, VTAC_UNIT_COMPUTE);
    for (int i = 0; i < 2; i++) {
      assert_int_equal(vtac_stepper_run(f.stepper, &f.error), VTAC_REFUSED);
      assert_non_null(strstr(f.error.message, "instruction 1"));
    }
    assert_int_equal(vtac_stepper_ran(f.stepper), 1);
    close_fixture(&f);
  }
}

static void test_deadlock(void **state) {
  (void)state;
  for (int simulator = VTAC_SIMULATOR_FUNCTIONAL;
       simulator <= VTAC_SIMULATOR_TIMING; simulator++) {
    Fixture f = open_fixture(
        "load.inp dram_base=0x200 y_size=1 x_size=1 x_stride=1\n"
        "finish pop_next_dep\n",
        (vtac_simulator)simulator);
    vtac_step next;
    assert_non_null(f.stepper);
    step(&f, 0, VTAC_UNIT_LOAD);
    assert_false(vtac_stepper_next(f.stepper, &next));
    assert_int_equal(vtac_stepper_run(f.stepper, &f.error), VTAC_DEVICE);
    assert_string_equal(f.error.id, "deadlock");
    assert_string_equal(vtac_stepper_unit(f.stepper, VTAC_UNIT_COMPUTE).lacks,
                        "s2g");
    close_fixture(&f);
  }
}

static void test_refusals(void **state) {
  (void)state;
  Fixture f = open_fixture("load.uop\n", VTAC_SIMULATOR_FUNCTIONAL);
  int32_t lanes[256];
  assert_null(f.stepper);
  assert_string_equal(f.error.id, "stream-end");
  close_fixture(&f);
  f = open_fixture(program, VTAC_SIMULATOR_FUNCTIONAL);
  assert_null(vtac_stepper_new(NULL, f.stream, f.count, NULL, &f.error));
  assert_null(vtac_stepper_new(f.config, NULL, f.count, NULL, &f.error));
  assert_null(vtac_stepper_new(f.config, f.stream, 0, NULL, &f.error));
  assert_int_equal(vtac_stepper_element(f.stepper, 3, 2048, lanes, NULL),
                   VTAC_INVALID);
  assert_int_equal(vtac_stepper_element(f.stepper, 4, 0, lanes, NULL),
                   VTAC_INVALID);
  assert_int_not_equal(vtac_stepper_dram(f.stepper, 0, 1, lanes, NULL), 0);
  assert_int_not_equal(vtac_stepper_dram(f.stepper, UINT64_MAX, 2, lanes, NULL),
                       0);
  assert_null(vtac_chip_memory_name(4));
  assert_int_equal(vtac_stepper_tokens(f.stepper, 4), 0);
  vtac_stepper_free(NULL);
  close_fixture(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_functional), cmocka_unit_test(test_timed),
      cmocka_unit_test(test_cycles),     cmocka_unit_test(test_counters),
      cmocka_unit_test(test_touches),    cmocka_unit_test(test_illegal),
      cmocka_unit_test(test_deadlock),   cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
