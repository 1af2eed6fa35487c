/* SPDX-License-Identifier: Apache-2.0 */
/* Raw streams: from text to results in device memory, and what is refused. */
#include "vtac/stream.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

/* Adds 5 to one tile of accumulators at 0x2000 and stores it at 0x4000; the
 * micro-op lies at 0x3000. */
static const char program[] =
    "load.uop dram_base=0xc00 y_size=1 x_size=1 x_stride=1\n"
    "load.acc dram_base=0x80 y_size=1 x_size=1 x_stride=1\n"
    "alu.add push_next_dep uop_end=1 iter_out=1 iter_in=1 use_imm imm=5\n"
    "store.out pop_prev_dep push_prev_dep dram_base=0x400 y_size=1 x_size=1 "
    "x_stride=1\n"
    "finish pop_next_dep\n";

typedef struct Fixture {
  vtac_config *config;
  void *stream;
  size_t count;
  vtac_error error;
} Fixture;

static Fixture assemble(const char *text) {
  Fixture f = {.config = vtac_config_default(NULL)};
  assert_non_null(f.config);
  f.stream = vtac_stream_assemble(f.config, text, strlen(text), "program",
                                  &f.count, &f.error);
  if (!f.stream) fail_msg("%s", f.error.message);
  return f;
}

static void clear(Fixture *f) {
  free(f->stream);
  vtac_config_free(f->config);
}

static void check_run(Fixture *f, vtac_stream_options options,
                      vtac_stream_result *ret) {
  int32_t sums[16];
  const uint32_t uop = 0;
  int8_t stored[16] = {0};
  for (int i = 0; i < 16; i++) sums[i] = 3 * i - 20;
  const vtac_stream_image images[] = {{0x2000, sums, sizeof sums},
                                      {0x3000, &uop, sizeof uop}};
  const vtac_stream_dump dump = {0x4000, stored, sizeof stored};
  options.images = images;
  options.image_count = 2;
  options.dumps = &dump;
  options.dump_count = 1;
  if (vtac_stream_run(f->config, f->stream, f->count, &options, ret, &f->error))
    fail_msg("%s", f->error.message);
  for (int i = 0; i < 16; i++) assert_int_equal(stored[i], 3 * i - 15);
}

static void test_run(void **state) {
  (void)state;
  Fixture f = assemble(program);
  uint64_t cycles;
  vtac_stream_result functional, timed;
  check_run(&f, (vtac_stream_options){.sim_path = VTAC_SIM_PLAIN}, &functional);
  check_run(&f, (vtac_stream_options){.simulator = VTAC_SIMULATOR_TIMING},
            &timed);
  assert_int_equal(
      vtac_stream_cycles(f.config, f.stream, f.count, &cycles, &f.error),
      VTAC_OK);
  assert_false(functional.timed);
  assert_true(timed.timed);
  assert_int_equal(timed.cycles, cycles);
  assert_int_equal(timed.unknown, 0);
  assert_memory_equal(timed.counters, functional.counters,
                      sizeof timed.counters);
  clear(&f);
}

/* Without images nobody knows the micro-ops. */
static void test_verify(void **state) {
  (void)state;
  Fixture f = assemble(program);
  vtac_stream_result result;
  assert_int_equal(
      vtac_stream_verify(f.config, f.stream, f.count, NULL, &result, &f.error),
      VTAC_OK);
  assert_int_equal(result.unknown, 1);
  clear(&f);
}

typedef struct Refusal {
  const char *text, *id;
} Refusal;

static void test_verify_refuses(void **state) {
  (void)state;
  static const Refusal rows[] = {
      {"", "stream-end"},
      {"finish\nfinish", "stream-end"},
      {".word 0 5", "insn-opcode"},
      {"load.inp pop_prev_dep\nfinish", "insn-flag"},
      {"finish pop_prev_dep", "deadlock"},
      {"load.inp sram_base=65535 y_size=1 x_size=2\nfinish", "sram-range"},
      {"load.acc y_size=1 x_size=1\nstore.out y_size=1 x_size=1\nfinish",
       "token-race"},
      {"store.inp y_size=1 x_size=1\nfinish", "insn-illegal"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    Fixture f = assemble(rows[i].text);
    assert_int_not_equal(
        vtac_stream_verify(f.config, f.stream, f.count, NULL, NULL, &f.error),
        VTAC_OK);
    assert_string_equal(f.error.id, rows[i].id);
    clear(&f);
  }
}

static void check_refused_run(const char *text, vtac_stream_options options,
                              const char *id) {
  Fixture f = assemble(text);
  assert_int_not_equal(
      vtac_stream_run(f.config, f.stream, f.count, &options, NULL, &f.error),
      VTAC_OK);
  assert_string_equal(f.error.id, id);
  clear(&f);
}

static void test_run_refuses(void **state) {
  (void)state;
  char byte = 0;
  const vtac_stream_image low = {0xfff, &byte, 1};
  const vtac_stream_dump high = {0xffffffff, &byte, 2};
  const vtac_stream_options none = {.no_verify = 1};
  check_refused_run("finish",
                    (vtac_stream_options){.images = &low, .image_count = 1},
                    "dram-range");
  check_refused_run("finish",
                    (vtac_stream_options){.dumps = &high, .dump_count = 1},
                    "dram-range");
  check_refused_run("load.inp y_size=1 x_size=1\nfinish", none, "dram-range");
  check_refused_run("load.inp dram_base=0xffffffff y_size=1 x_size=1\nfinish",
                    none, "dram-range");
  check_refused_run("finish pop_prev_dep", none, "deadlock");
  check_refused_run("gemm", none, "stream-end");
  check_refused_run("", none, "stream-end");
}

static void test_missing_arguments(void **state) {
  (void)state;
  size_t count;
  vtac_error error;
  assert_null(vtac_stream_disassemble(NULL, "", 0, &error));
  assert_int_equal(error.status, VTAC_INVALID);
  assert_null(vtac_stream_assemble(NULL, "", 0, "x", &count, &error));
  assert_int_equal(vtac_stream_run(NULL, "", 0, NULL, NULL, &error),
                   VTAC_INVALID);
  assert_int_equal(vtac_stream_verify(NULL, "", 0, NULL, NULL, NULL),
                   VTAC_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_run), cmocka_unit_test(test_verify),
      cmocka_unit_test(test_verify_refuses), cmocka_unit_test(test_run_refuses),
      cmocka_unit_test(test_missing_arguments)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
