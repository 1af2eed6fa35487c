/* SPDX-License-Identifier: Apache-2.0 */
/* The acceptance workloads through the command queue: results, counters, and
 * the streams instruction by instruction where they are written down. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "device_port.h"
#include "device_workloads.h"
#include "hw/disasm.h"
#include "hw/verify.h"

typedef struct Bench {
  PlainPort *plain;
  CommandQueue *queue;
  Workload workload;
  int8_t *data, *weight, *res;
  size_t data_size, weight_size;
} Bench;

static void bench_init(Bench *b, size_t data_size, size_t weight_size,
                       const QueueOptions *options) {
  HwConfig config;
  hw_config_default(&config);
  b->plain = plain_create(&config);
  assert_int_equal(queue_create(&b->plain->port, options, &b->queue, NULL), 0);
  b->data_size = data_size;
  b->weight_size = weight_size;
  b->data = malloc(data_size);
  b->weight = malloc(weight_size);
  b->res = malloc(data_size);
  fill_random(b->data, data_size, 1);
  fill_random(b->weight, weight_size, 2);
  queue_alloc(b->queue, data_size, &b->workload.data);
  queue_alloc(b->queue, weight_size, &b->workload.weight);
  queue_alloc(b->queue, data_size, &b->workload.res);
  queue_copy_in(b->queue, b->workload.data, 0, b->data, data_size);
  queue_copy_in(b->queue, b->workload.weight, 0, b->weight, weight_size);
}

static void bench_clear(Bench *b) {
  queue_destroy(b->queue);
  port_destroy(&b->plain->port);
  free(b->data);
  free(b->weight);
  free(b->res);
}

static void fetch_result(Bench *b) {
  assert_int_equal(
      queue_copy_out(b->queue, b->workload.res, 0, b->res, b->data_size),
      VTAC_OK);
}

static void check_matmul(Bench *b) {
  fetch_result(b);
  for (int i = 0; i < 1024; i++)
    assert_int_equal(b->res[i], matmul_expected(b->data, b->weight, i));
}

static void check_counters(Bench *b, const uint64_t expected[HW_COUNTERS]) {
  uint64_t found[HW_COUNTERS];
  b->plain->port.ops->counters(&b->plain->port, found);
  for (int i = 0; i < HW_COUNTERS; i++) assert_int_equal(found[i], expected[i]);
}

/* How often a kind of instruction occurs. */
typedef struct Tally {
  const char *brief;
  int count;
} Tally;

static void check_tally(const PlainPort *plain, const Tally *tally, size_t n) {
  int all = 0;
  for (size_t t = 0; t < n; t++) {
    int found = 0;
    for (uint32_t i = 0; i < plain->count; i++) {
      char brief[HW_BRIEF_MAX];
      hw_insn_brief(&plain->insns[i], brief);
      found += !strncmp(brief, tally[t].brief, strlen(tally[t].brief));
    }
    assert_int_equal(found, tally[t].count);
    all += found;
  }
  assert_int_equal(all, plain->count);
}

/* An instruction as the tables of streams write it: its name and the flags
 * pop_prev pop_next push_prev push_next. */
static void check_row(const PlainPort *plain, uint32_t index,
                      const char *expected) {
  char brief[HW_BRIEF_MAX], row[64];
  const Insn *insn = &plain->insns[index];
  snprintf(row, sizeof row, "%s %u%u%u%u", hw_insn_brief(insn, brief),
           insn->pop_prev, insn->pop_next, insn->push_prev, insn->push_next);
  assert_string_equal(row, expected);
}

static void check_rows(const PlainPort *plain, uint32_t first,
                       const char *const *rows, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) check_row(plain, first + i, rows[i]);
}

static void check_matmul_stream(const PlainPort *plain) {
  static const Tally tally[] = {
      {"LOAD UOP", 5},    {"GEMM", 20},  {"LOAD INP", 16}, {"LOAD WGT", 16},
      {"ALU", 12},        {"STORE", 64}, {"NOP-STORE", 2}, {"NOP-MEMORY", 5},
      {"NOP-COMPUTE", 1}, {"FINISH", 1}};
  static const char *const head[] = {"NOP-STORE-STAGE 0010",
                                     "LOAD UOP 0100",
                                     "GEMM 0010",
                                     "LOAD INP 0100",
                                     "LOAD WGT 0001",
                                     "LOAD UOP 1000",
                                     "GEMM 0010",
                                     "LOAD INP 0100",
                                     "LOAD WGT 0001",
                                     "GEMM 1010",
                                     "LOAD INP 0100",
                                     "LOAD WGT 0001",
                                     "GEMM 1010",
                                     "LOAD INP 0100",
                                     "LOAD WGT 0001",
                                     "GEMM 1010",
                                     "LOAD UOP 0000",
                                     "ALU shr 0000",
                                     "LOAD UOP 0000",
                                     "ALU max imm 0000",
                                     "LOAD UOP 0000",
                                     "ALU min imm 0001",
                                     "STORE OUT 1000",
                                     "STORE OUT 0000"};
  static const char *const tail[] = {
      "STORE OUT 0010",         "NOP-STORE-STAGE 0010",
      "NOP-MEMORY-STAGE 0100",  "NOP-MEMORY-STAGE 0001",
      "NOP-COMPUTE-STAGE 1100", "FINISH 0000"};
  assert_int_equal(plain->count, 142);
  check_tally(plain, tally, sizeof tally / sizeof *tally);
  check_rows(plain, 0, head, sizeof head / sizeof *head);
  check_rows(plain, 136, tail, 6);
  check_row(plain, 37, "STORE OUT 0010");
  check_row(plain, 38, "GEMM 0110");
  check_row(plain, 39, "NOP-MEMORY-STAGE 0100");
  const GemmInsn *gemm = &plain->insns[6].gemm;
  assert_int_equal(gemm->uop_bgn, 1);
  assert_int_equal(gemm->uop_end, 2);
  assert_int_equal(gemm->wgt_factor_out, 16);
  assert_int_equal(plain->insns[17].alu.iter_out, 1);
  assert_int_equal(plain->insns[17].alu.iter_in, 16);
  assert_int_equal(plain->insns[37].mem.sram_base, 15);
}

static void test_matmul(void **state) {
  (void)state;
  const uint64_t once[HW_COUNTERS] = {4096, 1048576, 0, 20, 1024, 4096, 192};
  const uint64_t twice[HW_COUNTERS] = {8192, 2097152, 0, 40, 2048, 8192, 384};
  Bench b;
  bench_init(&b, 1024, 1048576, NULL);
  assert_int_equal(matmul_run(b.queue, b.workload), VTAC_OK);
  check_matmul(&b);
  check_matmul_stream(b.plain);
  check_counters(&b, once);
  assert_int_equal(b.plain->tokens[HW_S2G], 1);
  assert_int_equal(matmul_run(b.queue, b.workload), VTAC_OK);
  assert_int_equal(b.plain->count, 143);
  check_row(b.plain, 1, "NOP-COMPUTE-STAGE 0100");
  check_counters(&b, twice);
  QueueStats stats = queue_stats(b.queue);
  assert_int_equal(stats.kernels, 5);
  assert_int_equal(stats.kernel_misses, 5);
  assert_int_equal(stats.kernel_bytes, 20);
  assert_int_equal(stats.insns, 142 + 143);
  bench_clear(&b);
}

static const void *port_dram(void *self, uint64_t addr, uint64_t size) {
  void *bytes;
  return dram_range(self, addr, size, &bytes, NULL) ? NULL : bytes;
}

/* The stream is proved free of races, and without any one of its tokens it
 * is not. */
static void check_tokens(Bench *b, uint32_t step) {
  PlainPort *plain = b->plain;
  HwVerifyReport report;
  HwVerifyOptions options = {
      .dram = port_dram, .self = &plain->dram, .refuse_uninitialised = true};
  Diag diag = {0};
  Insn *insns = plain->insns;
  if (hw_verify(&plain->port.config, insns, plain->count, &options, &report,
                &diag))
    fail_msg("%s", diag.message);
  for (uint32_t i = 0; i < plain->count; i += step) {
    if (!insns[i].push_prev && !insns[i].push_next) continue;
    Insn kept = insns[i];
    insns[i].push_prev = insns[i].push_next = 0;
    HwVerifyReport without;
    vtac_status status = hw_verify(&plain->port.config, insns, plain->count,
                                   &options, &without, &diag);
    if (!status)
      assert_memory_not_equal(without.tokens, report.tokens,
                              sizeof report.tokens);
    insns[i] = kept;
  }
}

static void test_tokens(void **state) {
  (void)state;
  Bench b;
  bench_init(&b, 1024, 1048576, NULL);
  b.plain->port.ops->skip_execution(&b.plain->port, true);
  assert_int_equal(matmul_run(b.queue, b.workload), VTAC_OK);
  check_tokens(&b, 1);
  bench_clear(&b);
}

static void check_conv_stream(const PlainPort *plain) {
  static const Tally tally[] = {
      {"LOAD UOP", 10},   {"GEMM", 68},    {"LOAD INP", 64}, {"LOAD WGT", 64},
      {"ALU", 12},        {"STORE", 3136}, {"NOP-STORE", 3}, {"NOP-MEMORY", 5},
      {"NOP-COMPUTE", 3}, {"FINISH", 1}};
  static const char *const tail[] = {
      "STORE OUT 0010",         "NOP-COMPUTE-STAGE 0100",
      "NOP-STORE-STAGE 0010",   "NOP-MEMORY-STAGE 0100",
      "NOP-MEMORY-STAGE 0001",  "NOP-COMPUTE-STAGE 0100",
      "NOP-COMPUTE-STAGE 1100", "FINISH 0000"};
  static const uint32_t places[] = {0,   14,  28,  154, 280,
                                    281, 282, 283, 284, 285};
  assert_int_equal(plain->count, 3366);
  check_tally(plain, tally, sizeof tally / sizeof *tally);
  check_rows(plain, 3366 - 8, tail, 8);
  uint32_t loads = 0;
  for (uint32_t i = 0; i < plain->count; i++) {
    const Insn *insn = &plain->insns[i];
    if (insn->opcode == HW_OP_LOAD && !hw_is_nop(insn) &&
        insn->mem.memory_type == HW_MEM_UOP)
      assert_int_equal(insn->mem.sram_base, places[loads++]);
  }
  for (int q = 0; q < HW_TOKENS; q++) assert_int_equal(plain->tokens[q], 0);
}

static void test_conv(void **state) {
  (void)state;
  const uint64_t once[HW_COUNTERS] = {114688, 1179648, 0,   1144,
                                      50176,  451584,  9408};
  Bench b;
  bench_init(&b, 50176, 589824, NULL);
  assert_int_equal(conv_run(b.queue, b.workload), VTAC_OK);
  check_counters(&b, once);
  check_conv_stream(b.plain);
  fetch_result(&b);
  for (int c = 0; c < 256; c += 5)
    for (int y = 0; y < 14; y++)
      for (int x = 0; x < 14; x++)
        assert_int_equal(b.res[((c / 16 * 14 + y) * 14 + x) * 16 + c % 16],
                         conv_expected(b.data, b.weight, c, y, x));
  check_tokens(&b, 97);
  b.plain->port.ops->skip_execution(&b.plain->port, true);
  assert_int_equal(conv_run(b.queue, b.workload), VTAC_OK);
  check_conv_stream(b.plain);
  bench_clear(&b);
}

static void test_serial(void **state) {
  (void)state;
  Bench b;
  const QueueOptions options = {.force_serial = true};
  bench_init(&b, 1024, 1048576, &options);
  for (int run = 0; run < 2; run++) {
    assert_int_equal(matmul_run(b.queue, b.workload), VTAC_OK);
    check_matmul(&b);
    for (int q = 0; q < HW_TOKENS; q++) assert_int_equal(b.plain->tokens[q], 0);
  }
  bench_clear(&b);
}

/* A small stream buffer is emptied whenever it fills. */
static void test_overflow(void **state) {
  (void)state;
  Bench b;
  const QueueOptions options = {.max_bytes = 64 * HW_INSN_BYTES};
  bench_init(&b, 1024, 1048576, &options);
  assert_int_equal(matmul_run(b.queue, b.workload), VTAC_OK);
  check_matmul(&b);
  assert_true(queue_stats(b.queue).runs > 2);
  assert_int_equal(matmul_run(b.queue, b.workload), VTAC_OK);
  check_matmul(&b);
  bench_clear(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_matmul),   cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_conv),     cmocka_unit_test(test_serial),
      cmocka_unit_test(test_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
