/* SPDX-License-Identifier: Apache-2.0 */
/* Averages over time against an array with an entry for each cycle, and the
 * occupancy of a stream whose lives are known. */
#include "report/bins.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "report/occupancy.h"

enum { CYCLES = 100000 };

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void check_average(const Bins *bins, const int *level, uint64_t cycles,
                          int n) {
  double *have = malloc((size_t)n * sizeof *have);
  bins_read(bins, cycles, n, have);
  for (int i = 0; i < n; i++) {
    const uint64_t begin = cycles * (uint64_t)i / (uint64_t)n;
    const uint64_t end = cycles * (uint64_t)(i + 1) / (uint64_t)n;
    double want = 0;
    for (uint64_t c = begin; c < end; c++) want += level[c];
    want /= (double)(end - begin);
    if (fabs(have[i] - want) > 1e-6)
      fail_msg("part %d of %d: %g, not %g", i, n, have[i], want);
  }
  free(have);
}

/* Parts that are whole bins are exact, whatever was merged. */
static void test_random_intervals(void **state) {
  (void)state;
  uint32_t seed = 7;
  for (uint64_t cycles = 16; cycles <= 65536; cycles *= 4) {
    Bins *bins = calloc(1, sizeof *bins);
    int *level = calloc(cycles, sizeof *level);
    for (int i = 0; i < 500; i++) {
      const uint64_t a = next_random(&seed) % (cycles + 1);
      const uint64_t b = next_random(&seed) % (cycles + 1);
      bins_add(bins, a, b);
      for (uint64_t c = a; c < b; c++) level[c]++;
    }
    check_average(bins, level, cycles, cycles < BINS ? (int)cycles : BINS);
    check_average(bins, level, cycles, 16);
    free(bins);
    free(level);
  }
}

static void test_long_time(void **state) {
  (void)state;
  Bins *bins = calloc(1, sizeof *bins);
  const uint64_t end = UINT64_C(1) << 40;
  double have[4];
  bins_add(bins, 0, 1);
  bins_add(bins, end / 2, end);
  bins_read(bins, end, 4, have);
  assert_true(have[0] < 1e-6 && have[1] == 0 && have[2] == 1 && have[3] == 1);
  bins_add(bins, 5, 5); /* empty */
  bins_read(bins, end, 4, have);
  assert_true(have[0] < 1e-6);
  free(bins);
}

/* ---- Occupancy ---------------------------------------------------------- */

static const uint32_t uops[] = {0, 1 << 11 | 1}; /* dst = src = 0; 1 */

static const void *micro_ops(void *self, uint64_t address, uint64_t size) {
  (void)self;
  return address + size <= sizeof uops ? (const uint8_t *)uops + address : NULL;
}

static Insn transfer(uint32_t opcode, uint32_t memory, uint32_t count) {
  Insn insn = {.opcode = opcode};
  insn.mem = (MemInsn){.memory_type = memory, .y_size = 1, .x_size = count};
  return insn;
}

static double level_at(const Occupancy *occupancy, HwMemory memory, int cycle) {
  double level[128];
  bins_read(occupancy_bins(occupancy, memory), 128, 128, level);
  return level[cycle];
}

/* Loads 4 activations and 2 weights of which a GEMM reads two of each, and
 * stores what it has summed up. */
static void run_lives(Occupancy *occupancy, const MemoryView *view) {
  Insn gemm = {.opcode = HW_OP_GEMM};
  gemm.gemm = (GemmInsn){.uop_end = 2, .iter_out = 1, .iter_in = 1};
  Insn reset = gemm;
  reset.gemm.reset_reg = 1;
  const Insn loads[] = {transfer(HW_OP_LOAD, HW_MEM_UOP, 2),
                        transfer(HW_OP_LOAD, HW_MEM_INP, 4),
                        transfer(HW_OP_LOAD, HW_MEM_WGT, 2)};
  occupancy_insn(occupancy, &loads[0], 10, view);
  occupancy_insn(occupancy, &reset, 15, view);
  occupancy_insn(occupancy, &loads[1], 20, view);
  occupancy_insn(occupancy, &loads[2], 30, view);
  occupancy_insn(occupancy, &gemm, 50, view);
  const Insn store = transfer(HW_OP_STORE, HW_MEM_OUT, 2);
  occupancy_insn(occupancy, &store, 100, view);
  occupancy_end(occupancy);
}

static void test_occupancy(void **state) {
  (void)state;
  HwConfig config;
  Diag diag;
  const MemoryView view = {micro_ops, NULL};
  hw_config_default(&config);
  Occupancy *occupancy = occupancy_new(&config, &diag);
  assert_non_null(occupancy);
  run_lives(occupancy, &view);
  assert_int_equal(occupancy_unknown(occupancy), 0);
  const struct {
    HwMemory memory;
    int cycle;
    double level;
  } want[] = {{HW_MEM_UOP, 9, 0},  {HW_MEM_UOP, 10, 2}, {HW_MEM_UOP, 49, 2},
              {HW_MEM_UOP, 50, 0}, {HW_MEM_INP, 19, 0}, {HW_MEM_INP, 20, 2},
              {HW_MEM_INP, 49, 2}, {HW_MEM_INP, 50, 0}, {HW_MEM_WGT, 29, 0},
              {HW_MEM_WGT, 30, 1}, {HW_MEM_WGT, 50, 0}, {HW_MEM_ACC, 14, 0},
              {HW_MEM_ACC, 15, 2}, {HW_MEM_ACC, 50, 2}, {HW_MEM_ACC, 99, 2},
              {HW_MEM_ACC, 100, 0}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    const double have = level_at(occupancy, want[i].memory, want[i].cycle);
    if (have != want[i].level)
      fail_msg("%s in cycle %d: %g, not %g", hw_memory_name(want[i].memory),
               want[i].cycle, have, want[i].level);
  }
  occupancy_free(occupancy);
}

/* Without micro-ops the loops' accesses are unknown, and so said. */
static void test_unknown(void **state) {
  (void)state;
  HwConfig config;
  Diag diag;
  const MemoryView none = {NULL, NULL};
  hw_config_default(&config);
  Occupancy *occupancy = occupancy_new(&config, &diag);
  assert_non_null(occupancy);
  run_lives(occupancy, &none);
  assert_int_equal(occupancy_unknown(occupancy), 3);
  assert_true(level_at(occupancy, HW_MEM_INP, 30) == 0);
  occupancy_free(occupancy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_intervals),
      cmocka_unit_test(test_long_time),
      cmocka_unit_test(test_occupancy),
      cmocka_unit_test(test_unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
