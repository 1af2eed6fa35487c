/* SPDX-License-Identifier: Apache-2.0 */
/* The stream verifier on a small, correct stream and on broken copies of it. */
#include "hw/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

static HwConfig config;

/* A device memory of 64 KiB at 0x1000; its first word is a micro-op 0. */
static uint8_t memory[65536];

static const void *dram(void *self, uint64_t addr, uint64_t size) {
  (void)self;
  if (addr < 0x1000 || addr - 0x1000 > sizeof memory) return NULL;
  if (size > sizeof memory - (addr - 0x1000)) return NULL;
  return memory + (addr - 0x1000);
}

enum {
  RESET_UOP,
  RESET,
  LOAD_INP,
  LOAD_WGT,
  GEMM,
  INP_AGAIN,
  WGT_AGAIN,
  GEMM_AGAIN,
  SHIFT,
  STORE,
  RESET_LATER,
  END_STORE,
  END_LOAD,
  END,
  FINISH,
  COUNT
};

#define TRANSFER(type, addr, n)         \
  .mem = {.memory_type = type,          \
          .dram_base = 0x1000 / (addr), \
          .y_size = 1,                  \
          .x_size = n,                  \
          .x_stride = n}

/* Two reductions over inputs that are loaded to the same place, a shift, a
 * store, and a reset of what was stored: every kind of hazard is there. */
static void make_stream(Insn s[COUNT]) {
  const GemmInsn once = {.uop_end = 1,
                         .iter_out = 4,
                         .iter_in = 1,
                         .dst_factor_out = 1,
                         .src_factor_out = 1};
  GemmInsn reset = once;
  reset.reset_reg = 1;
  const AluInsn shift = {.uop_end = 1,
                         .iter_out = 4,
                         .iter_in = 1,
                         .dst_factor_out = 1,
                         .src_factor_out = 1,
                         .alu_opcode = HW_ALU_SHR,
                         .use_imm = 1,
                         .imm = 8};
  const Insn load_inp = {TRANSFER(HW_MEM_INP, 16, 4)};
  const Insn load_wgt = {TRANSFER(HW_MEM_WGT, 256, 1)};
  memset(s, 0, COUNT * sizeof *s);
  s[RESET_UOP] = (Insn){TRANSFER(HW_MEM_UOP, 4, 1)};
  s[RESET] = (Insn){.opcode = HW_OP_GEMM, .push_prev = 1, .gemm = reset};
  s[LOAD_INP] = load_inp;
  s[LOAD_INP].pop_next = 1;
  s[LOAD_WGT] = load_wgt;
  s[LOAD_WGT].push_next = 1;
  s[GEMM] =
      (Insn){.opcode = HW_OP_GEMM, .pop_prev = 1, .push_prev = 1, .gemm = once};
  s[INP_AGAIN] = s[LOAD_INP];
  s[WGT_AGAIN] = s[LOAD_WGT];
  s[GEMM_AGAIN] = s[GEMM];
  s[GEMM_AGAIN].push_prev = 0;
  s[SHIFT] = (Insn){.opcode = HW_OP_ALU, .push_next = 1, .alu = shift};
  s[STORE] = (Insn){.opcode = HW_OP_STORE,
                    .pop_prev = 1,
                    .push_prev = 1,
                    TRANSFER(HW_MEM_OUT, 16, 4)};
  s[RESET_LATER] = s[RESET];
  s[RESET_LATER].push_prev = 0;
  s[RESET_LATER].pop_next = 1;
  s[END_STORE] = (Insn){.opcode = HW_OP_STORE, .push_prev = 1};
  s[END_LOAD] = (Insn){.push_next = 1, .mem = {.memory_type = HW_MEM_INP}};
  s[END] = (Insn){.pop_prev = 1, .pop_next = 1};
  s[FINISH] = (Insn){.opcode = HW_OP_FINISH};
}

static vtac_status verify(const Insn *s, Diag *diag) {
  const HwVerifyOptions options = {.dram = dram, .refuse_uninitialised = true};
  return hw_verify(&config, s, COUNT, &options, NULL, diag);
}

static void expect(const Insn *s, DiagId id, const char *message) {
  Diag diag = {0};
  vtac_status status = verify(s, &diag);
  if (status == VTAC_OK || diag.id != id || !strstr(diag.message, message))
    fail_msg("status %d, \"%s\" is not in \"%s\"", status, message,
             diag.message);
}

static void test_legal(void **state) {
  (void)state;
  Insn s[COUNT];
  HwVerifyReport report;
  Diag diag = {0};
  make_stream(s);
  const HwVerifyOptions options = {.dram = dram, .refuse_uninitialised = true};
  vtac_status status = hw_verify(&config, s, COUNT, &options, &report, &diag);
  if (status) fail_msg("%s", diag.message);
  for (int q = 0; q < HW_TOKENS; q++) assert_int_equal(report.tokens[q], 0);
  assert_int_equal(report.unknown, 0);
  assert_int_equal(hw_verify(&config, s, COUNT, NULL, &report, NULL), 0);
  assert_int_equal(report.unknown, 5);
}

/* Each pair of a push and its pop, removed, must be noticed: either two
 * accesses are no longer ordered or a later pop waits for ever. */
static void test_removed_tokens(void **state) {
  (void)state;
  Insn s[COUNT];
  make_stream(s);
  s[GEMM].push_prev = s[INP_AGAIN].pop_next = 0;
  expect(s, D_TOKEN_RACE, "INP element 0");
  make_stream(s);
  s[WGT_AGAIN].push_next = s[GEMM_AGAIN].pop_prev = 0;
  expect(s, D_TOKEN_RACE, "instruction");
  make_stream(s);
  s[SHIFT].push_next = s[STORE].pop_prev = 0;
  expect(s, D_TOKEN_RACE, "ACC element 0");
  make_stream(s);
  s[STORE].push_prev = s[RESET_LATER].pop_next = 0;
  expect(s, D_TOKEN_RACE,
         "instruction 9 (STORE OUT) reads ACC element 0, which instruction 10 "
         "(GEMM) writes, and no token orders the two");
}

static void test_removed_pushes(void **state) {
  (void)state;
  const int pushes[] = {RESET, LOAD_WGT, GEMM,      WGT_AGAIN,
                        SHIFT, STORE,    END_STORE, END_LOAD};
  for (size_t i = 0; i < sizeof pushes / sizeof *pushes; i++) {
    Insn s[COUNT];
    make_stream(s);
    s[pushes[i]].push_prev = s[pushes[i]].push_next = 0;
    assert_int_not_equal(verify(s, NULL), VTAC_OK);
  }
}

/* Tokens from before the stream satisfy pops but order nothing in it. */
static void test_initial_tokens(void **state) {
  (void)state;
  Insn s[COUNT];
  HwVerifyReport report;
  Diag diag;
  make_stream(s);
  HwVerifyOptions options = {.dram = dram};
  options.tokens[HW_S2G] = 1;
  assert_int_equal(hw_verify(&config, s, COUNT, &options, &report, &diag),
                   VTAC_REFUSED);
  assert_int_equal(diag.id, D_TOKEN_RACE);
  options.allow_races = true;
  assert_int_equal(hw_verify(&config, s, COUNT, &options, &report, &diag), 0);
  assert_int_equal(report.tokens[HW_S2G], 1);
}

static void test_deadlock(void **state) {
  (void)state;
  Insn s[COUNT];
  make_stream(s);
  s[RESET].push_prev = 0;
  expect(s, D_DEADLOCK,
         "load is at instruction 2 (LOAD) and lacks a token g2l");
  expect(s, D_DEADLOCK,
         "compute is at instruction 4 (GEMM) and lacks a token l2g");
  expect(s, D_DEADLOCK,
         "store is at instruction 9 (STORE) and lacks a token g2s");
}

static void test_illegal(void **state) {
  (void)state;
  Insn s[COUNT];
  make_stream(s);
  s[LOAD_INP].pop_prev = 1;
  expect(s, D_INSN_FLAG, "instruction 2");
  make_stream(s);
  s[GEMM].gemm.iter_out = 4000;
  expect(s, D_SRAM_RANGE, "instruction 4 (GEMM): GEMM: micro-op 0 reaches ACC");
  make_stream(s);
  s[GEMM].gemm.uop_bgn = 2;
  expect(s, D_INSN_ILLEGAL, "inverted micro-op range [2, 1)");
  make_stream(s);
  s[LOAD_INP].mem.x_size = 2049;
  expect(s, D_SRAM_RANGE, "instruction 2 (LOAD INP)");
  make_stream(s);
  s[LOAD_WGT].mem.dram_base += 256;
  expect(s, D_DRAM_RANGE, "instruction 3 (LOAD WGT)");
  make_stream(s);
  s[SHIFT].alu.alu_opcode = 7;
  expect(s, D_INSN_ILLEGAL, "no ALU operation 7");
  make_stream(s);
  s[FINISH].opcode = HW_OP_LOAD;
  expect(s, D_STREAM_END, "instruction 14 is the last but not FINISH");
  make_stream(s);
  s[END].opcode = HW_OP_FINISH;
  expect(s, D_STREAM_END, "instruction 13 is FINISH but not the last");
}

static void test_uninitialised(void **state) {
  (void)state;
  Insn s[COUNT];
  make_stream(s);
  s[LOAD_INP].mem.x_size = 3;
  s[INP_AGAIN].mem.x_size = 3;
  expect(s, D_UNINITIALISED, "instruction 4 (GEMM) reads INP element 3");
  make_stream(s);
  s[RESET].gemm.iter_out = 2;
  expect(s, D_UNINITIALISED, "instruction 4 (GEMM) reads ACC element 2");
  make_stream(s);
  s[RESET_UOP].mem.sram_base = 1;
  expect(s, D_UNINITIALISED, "instruction 1 (GEMM): reads micro-ops [0, 1)");
}

/* Of four elements that are stored, only three have been through the ALU. */
static void test_stale_output(void **state) {
  (void)state;
  Insn s[COUNT];
  HwVerifyReport report;
  Diag diag = {0};
  HwVerifyOptions options = {.dram = dram, .refuse_stale_output = true};
  make_stream(s);
  assert_int_equal(hw_verify(&config, s, COUNT, &options, &report, &diag), 0);
  assert_int_equal(report.stale, 0);
  s[GEMM].gemm.reset_reg = s[GEMM_AGAIN].gemm.reset_reg = 1;
  s[SHIFT].alu.iter_out = 3;
  assert_int_equal(hw_verify(&config, s, COUNT, &options, &report, &diag),
                   VTAC_REFUSED);
  assert_int_equal(diag.id, D_STALE_OUTPUT);
  assert_string_equal(
      diag.message,
      "instruction 9 (STORE OUT) stores ACC element 3, whose value no GEMM or "
      "ALU has computed; hardware stores an older one");
  options.refuse_stale_output = false;
  assert_int_equal(hw_verify(&config, s, COUNT, &options, &report, &diag), 0);
  assert_int_equal(report.stale, 1);
  assert_int_equal(report.first_stale, STORE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_legal),
      cmocka_unit_test(test_removed_tokens),
      cmocka_unit_test(test_removed_pushes),
      cmocka_unit_test(test_initial_tokens),
      cmocka_unit_test(test_deadlock),
      cmocka_unit_test(test_illegal),
      cmocka_unit_test(test_uninitialised),
      cmocka_unit_test(test_stale_output),
  };
  hw_config_default(&config);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
