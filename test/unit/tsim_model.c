/* SPDX-License-Identifier: Apache-2.0 */
/* The timing model on small streams: the micro-streams of the specification
 * on four buses, what it refuses, and on what cycles are spent. */
#include "tsim/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

enum { MOST = 1100 };

typedef struct Stream {
  Insn at[MOST];
  uint32_t n;
} Stream;

static Insn *add(Stream *s, Insn insn) {
  assert_true(s->n < MOST);
  s->at[s->n] = insn;
  return &s->at[s->n++];
}

static Insn *load(Stream *s, uint32_t memory, uint32_t x, uint32_t y,
                  uint32_t stride) {
  Insn insn = {.opcode = HW_OP_LOAD};
  insn.mem = (MemInsn){
      .memory_type = memory, .y_size = y, .x_size = x, .x_stride = stride};
  return add(s, insn);
}

static Insn *store(Stream *s, uint32_t x, uint32_t y, uint32_t stride) {
  Insn *insn = load(s, HW_MEM_OUT, x, y, stride);
  insn->opcode = HW_OP_STORE;
  return insn;
}

static Insn *loop(Stream *s, uint32_t opcode, uint32_t uops, uint32_t out,
                  uint32_t in) {
  Insn insn = {.opcode = opcode};
  insn.gemm.uop_end = uops;
  insn.gemm.iter_out = out;
  insn.gemm.iter_in = in;
  return add(s, insn);
}

static Insn *nop(Stream *s) { return load(s, HW_MEM_UOP, 0, 0, 0); }
static void finish(Stream *s) { add(s, (Insn){.opcode = HW_OP_FINISH}); }

/* Ends a stream whose last load or store FINISH shall await. */
static void await_load(Stream *s) {
  s->at[s->n - 1].push_next = 1;
  nop(s)->pop_prev = 1;
  finish(s);
}
static void await_store(Stream *s) {
  s->at[s->n - 1].push_prev = 1;
  nop(s)->pop_next = 1;
  finish(s);
}

static vtac_status run(const Stream *s, const char *preset,
                       const uint64_t *tokens, TsimResult *ret, Diag *diag) {
  HwConfig config;
  hw_config_default(&config);
  TimingConfig timing = timing_preset(timing_preset_find(preset));
  TsimJob job = {.config = &config,
                 .timing = &timing,
                 .insns = s->at,
                 .count = s->n,
                 .tokens = tokens,
                 .account = true};
  return tsim_time(&job, ret, diag);
}

static TsimResult time_of(const Stream *s, const char *preset) {
  TsimResult result;
  Diag diag;
  if (run(s, preset, NULL, &result, &diag)) fail_msg("%s", diag.message);
  return result;
}

/* ---- Micro-streams ------------------------------------------------------ */

typedef struct Expected {
  const char *name;
  void (*make)(Stream *s);
  uint64_t de10, pynq, wide128, wide512;
} Expected;

static void nops(Stream *s, int n) {
  for (int i = 0; i < n; i++) nop(s);
  finish(s);
}
static void make_finish(Stream *s) { finish(s); }
static void make_nops_7(Stream *s) { nops(s, 7); }
static void make_nops_8(Stream *s) { nops(s, 8); }
static void make_nops_9(Stream *s) { nops(s, 9); }
static void make_nops_63(Stream *s) { nops(s, 63); }
static void make_nops_199(Stream *s) { nops(s, 199); }

static void make_inp_1(Stream *s) {
  load(s, HW_MEM_INP, 1, 1, 1);
  await_load(s);
}
static void make_inp_16(Stream *s) {
  load(s, HW_MEM_INP, 16, 1, 16);
  await_load(s);
}
static void make_wgt_16(Stream *s) {
  load(s, HW_MEM_WGT, 16, 1, 16);
  await_load(s);
}
static void make_acc_16(Stream *s) {
  load(s, HW_MEM_ACC, 16, 1, 16);
  finish(s);
}
static void make_padded(Stream *s) {
  Insn *insn = load(s, HW_MEM_INP, 14, 8, 14);
  insn->mem.x_pad_0 = insn->mem.x_pad_1 = insn->mem.y_pad_0 = 1;
  await_load(s);
}
static void make_corner(Stream *s) {
  Insn *insn = load(s, HW_MEM_INP, 2, 2, 56);
  insn->mem.x_pad_0 = insn->mem.y_pad_0 = 1;
  await_load(s);
}
static void make_rows_padded(Stream *s) {
  Insn *insn = load(s, HW_MEM_INP, 3, 4, 8);
  insn->mem.y_pad_0 = insn->mem.y_pad_1 = 2;
  await_load(s);
}
static void make_all_padded(Stream *s) {
  Insn *insn = load(s, HW_MEM_INP, 1, 1, 1);
  insn->mem.x_pad_0 = insn->mem.x_pad_1 = 15;
  insn->mem.y_pad_0 = insn->mem.y_pad_1 = 15;
  await_load(s);
}
static void make_wgt_rows(Stream *s) {
  load(s, HW_MEM_WGT, 9, 8, 144);
  await_load(s);
}
static void make_inp_rows(Stream *s) {
  load(s, HW_MEM_INP, 1, 64, 3);
  await_load(s);
}
static void make_uop_3(Stream *s) {
  load(s, HW_MEM_UOP, 3, 1, 3);
  finish(s);
}
static void make_uop_126(Stream *s) {
  load(s, HW_MEM_UOP, 126, 1, 126);
  finish(s);
}
static void make_uop_odd(Stream *s) {
  load(s, HW_MEM_UOP, 14, 1, 14)->mem.dram_base = 1;
  finish(s);
}
static void make_gemm(Stream *s) {
  loop(s, HW_OP_GEMM, 126, 8, 7);
  finish(s);
}
static void make_alu_imm(Stream *s) {
  loop(s, HW_OP_ALU, 1, 8, 8)->alu.use_imm = 1;
  finish(s);
}
static void make_alu_pair(Stream *s) {
  loop(s, HW_OP_ALU, 1, 8, 8);
  finish(s);
}
static void make_store_1(Stream *s) {
  store(s, 1, 1, 1);
  await_store(s);
}
static void make_store_36(Stream *s) {
  store(s, 36, 1, 36);
  await_store(s);
}
static void make_store_rows(Stream *s) {
  store(s, 14, 7, 14);
  await_store(s);
}
static void make_stores_100(Stream *s) {
  for (uint32_t i = 0; i < 100; i++) store(s, 1, 1, 1)->mem.dram_base = i;
  await_store(s);
}
static void make_side_by_side(Stream *s) {
  load(s, HW_MEM_WGT, 64, 1, 64);
  load(s, HW_MEM_ACC, 64, 1, 64);
  load(s, HW_MEM_INP, 0, 0, 0);
  await_load(s);
}
static void make_full_queue(Stream *s) {
  for (uint32_t i = 0; i < 600; i++) store(s, 1, 1, 1)->mem.dram_base = i;
  load(s, HW_MEM_INP, 1, 1, 1);
  await_load(s);
}

static const Expected expected[] = {
    {"FINISH only", make_finish, 25, 25, 27, 27},
    {"7 NOPs", make_nops_7, 53, 53, 48, 42},
    {"8 NOPs", make_nops_8, 70, 57, 51, 45},
    {"9 NOPs", make_nops_9, 74, 61, 54, 47},
    {"63 NOPs", make_nops_63, 368, 277, 240, 192},
    {"199 NOPs", make_nops_199, 1133, 714, 720, 570},
    {"inp 1", make_inp_1, 56, 56, 54, 52},
    {"inp 16", make_inp_16, 86, 86, 69, 55},
    {"wgt 16", make_wgt_16, 566, 566, 310, 116},
    {"acc 16", make_acc_16, 178, 178, 115, 65},
    {"inp 8x14, padded", make_padded, 290, 290, 177, 95},
    {"inp corner", make_corner, 63, 63, 58, 54},
    {"inp rows above and below", make_rows_padded, 80, 80, 67, 57},
    {"inp 1 in zeros", make_all_padded, 996, 996, 994, 992},
    {"wgt 8x9", make_wgt_rows, 2358, 2358, 1206, 340},
    {"inp 64x1", make_inp_rows, 182, 182, 243, 241},
    {"uop 3", make_uop_3, 51, 51, 51, 50},
    {"uop 126", make_uop_126, 112, 112, 82, 57},
    {"uop 14 from an odd one", make_uop_odd, 57, 57, 54, 50},
    {"gemm 7056", make_gemm, 7090, 7090, 7091, 7090},
    {"alu 64, immediate", make_alu_imm, 98, 98, 99, 98},
    {"alu 64, two operands", make_alu_pair, 162, 162, 163, 162},
    {"store 1", make_store_1, 38, 38, 37, 35},
    {"store 36", make_store_36, 155, 143, 80, 43},
    {"store 7x14", make_store_rows, 380, 347, 182, 90},
    {"100 stores", make_stores_100, 741, 929, 644, 632},
    {"wgt beside acc", make_side_by_side, 2618, 2620, 1336, 375},
    {"600 stores", make_full_queue, 3431, 1940, 2142, 1690},
};

static void test_micro_streams(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    static const char *const presets[] = {"De10", "Pynq", "Wide128", "Wide512"};
    const Expected *row = &expected[i];
    const uint64_t want[] = {row->de10, row->pynq, row->wide128, row->wide512};
    static Stream s;
    s.n = 0;
    row->make(&s);
    for (int p = 0; p < 4; p++) {
      uint64_t got = time_of(&s, presets[p]).cycles;
      if (got != want[p])
        fail_msg("%s on %s: %llu cycles, not %llu", row->name, presets[p],
                 (unsigned long long)got, (unsigned long long)want[p]);
    }
  }
}

/* ---- Tokens, counters --------------------------------------------------- */

static void test_tokens_at_start(void **state) {
  (void)state;
  const uint64_t tokens[HW_TOKENS] = {[HW_S2G] = 1};
  static Stream s;
  s.n = 0;
  TsimResult result;
  Diag diag;
  nop(&s)->pop_next = 1;
  finish(&s);
  assert_int_equal(run(&s, "De10", tokens, &result, &diag), VTAC_OK);
  assert_int_equal(run(&s, "De10", NULL, &result, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_DEADLOCK);
  assert_string_equal(
      diag.message,
      "the stream cannot go on; load has no instruction; compute is at "
      "instruction 0 (LOAD) and lacks a token s2g; store has no instruction");
}

/* A counter holds 255 tokens; more are lost. */
static void test_saturation(void **state) {
  (void)state;
  static Stream s;
  TsimResult result;
  Diag diag;
  for (int pops = 255; pops <= 256; pops++) {
    s.n = 0;
    for (int i = 0; i < 300; i++) load(&s, HW_MEM_INP, 0, 0, 0)->push_next = 1;
    /* No pop before all is pushed. */
    loop(&s, HW_OP_GEMM, 8000, 8, 1);
    for (int i = 0; i < pops; i++) nop(&s)->pop_prev = 1;
    finish(&s);
    assert_int_equal(run(&s, "Pynq", NULL, &result, &diag),
                     pops == 255 ? VTAC_OK : VTAC_DEVICE);
  }
}

static void test_queue_deadlock(void **state) {
  (void)state;
  static Stream s;
  TsimResult result;
  Diag diag;
  s.n = 0;
  store(&s, 1, 1, 1)->pop_prev = 1;
  for (int i = 0; i < 512; i++) store(&s, 1, 1, 1);
  loop(&s, HW_OP_GEMM, 1, 1, 1)->push_next = 1;
  finish(&s);
  assert_int_equal(run(&s, "De10", NULL, &result, &diag), VTAC_DEVICE);
  assert_non_null(strstr(diag.message,
                         "fetch is at instruction 512 and the store queue of "
                         "512 entries is full"));
}

static void test_no_finish(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  TsimResult result;
  Diag diag;
  assert_int_equal(run(&s, "De10", NULL, &result, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_STREAM_END);
  nop(&s);
  assert_int_equal(run(&s, "Wide512", NULL, &result, &diag), VTAC_INVALID);
  assert_string_equal(diag.message, "none of the 1 instructions is FINISH");
}

static void test_counters(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  load(&s, HW_MEM_WGT, 2, 3, 5);
  loop(&s, HW_OP_GEMM, 3, 4, 5);
  loop(&s, HW_OP_ALU, 2, 3, 1);
  load(&s, HW_MEM_UOP, 3, 1, 3);
  store(&s, 4, 1, 4);
  await_store(&s);
  TsimResult result = time_of(&s, "De10");
  assert_int_equal(result.acc_writes, 60 + 6);
  assert_int_equal(result.beats[TSIM_LOAD], 6 * 32);
  assert_int_equal(result.beats[TSIM_COMPUTE], 2);
  assert_int_equal(result.beats[TSIM_FETCH], 2 * s.n);
  assert_int_equal(result.insns[TSIM_LOAD], 1);
  assert_int_equal(result.insns[TSIM_COMPUTE], 5);
  assert_int_equal(result.insns[TSIM_STORE], 1);
}

/* ---- Accounts ----------------------------------------------------------- */

static void expect(const TsimResult *result, TsimUnit unit, TsimCause cause,
                   uint64_t want) {
  uint64_t got = result->causes[unit][cause];
  if (got != want)
    fail_msg("%s spends %llu cycles on %s, not %llu", tsim_unit_name(unit),
             (unsigned long long)got, tsim_cause_name(cause),
             (unsigned long long)want);
}

/* Dispatched 27, started 28, command 29, beats 48 and 49, done 52; NOP 53 to
 * 54, FINISH 55 to 56. */
static void test_account_of_load(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  make_inp_1(&s);
  TsimResult r = time_of(&s, "De10");
  expect(&r, TSIM_LOAD, TSIM_START, 30);   /* 0..29 */
  expect(&r, TSIM_LOAD, TSIM_LATENCY, 18); /* 30..47 */
  expect(&r, TSIM_LOAD, TSIM_WORK, 2);
  expect(&r, TSIM_LOAD, TSIM_DRAIN, 6);          /* 50..52, and 53..55 */
  expect(&r, TSIM_COMPUTE, TSIM_TOKEN_LOAD, 24); /* 29..52 */
  expect(&r, TSIM_MEMORY, TSIM_WORK, 8);
  expect(&r, TSIM_STORE, TSIM_DRAIN, 56);
  expect(&r, TSIM_FETCH, TSIM_WORK, 6 + 3);
}

static void test_account_of_loop(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  make_gemm(&s);
  TsimResult r = time_of(&s, "De10");
  expect(&r, TSIM_COMPUTE, TSIM_WORK, 7056);
  expect(&r, TSIM_LOAD, TSIM_DRAIN, r.cycles);
}

static void test_account_of_stores(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  make_store_36(&s);
  TsimResult r = time_of(&s, "De10");
  expect(&r, TSIM_STORE, TSIM_WORK, 72);
  expect(&r, TSIM_STORE, TSIM_LATENCY, 5 * 4 + (36 - 5));
}

/* Stores come faster than they are done. */
static void test_account_of_full_queue(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  for (int i = 0; i < 1000; i++) store(&s, 1, 1, 1);
  await_store(&s);
  TsimResult r = time_of(&s, "Pynq");
  assert_true(r.causes[TSIM_FETCH][TSIM_QUEUE_STORE] > 0);
  expect(&r, TSIM_FETCH, TSIM_QUEUE_COMPUTE, 0);
  r = time_of(&s, "Wide512");
  assert_true(r.causes[TSIM_FETCH][TSIM_QUEUE_STORE] > 0);
}

/* While load streams, fetch and compute wait for its beats. */
static void test_account_of_bus(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  make_side_by_side(&s);
  TsimResult r = time_of(&s, "De10");
  expect(&r, TSIM_LOAD, TSIM_WORK, 64 * 32);
  expect(&r, TSIM_COMPUTE, TSIM_WORK, 64 * 8);
  assert_true(r.causes[TSIM_COMPUTE][TSIM_BUS_LOAD] > 0);
  assert_true(r.causes[TSIM_LOAD][TSIM_BUS_COMPUTE] > 0);
  expect(&r, TSIM_LOAD, TSIM_BUS_LOAD, 0);
}

/* Fetch reads its three instructions while nobody else does, and then is done
 * whatever load reads. */
static void test_account_of_fetch(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  load(&s, HW_MEM_WGT, 64, 1, 64);
  await_load(&s);
  TsimResult r = time_of(&s, "De10");
  expect(&r, TSIM_FETCH, TSIM_START, 3);    /* 0 and 1, and the buffer */
  expect(&r, TSIM_FETCH, TSIM_LATENCY, 18); /* 2..19 */
  expect(&r, TSIM_FETCH, TSIM_WORK, 6 + 3);
  expect(&r, TSIM_FETCH, TSIM_BUS_LOAD, 0);
  expect(&r, TSIM_FETCH, TSIM_DRAIN, r.cycles - 30);
}

/* FINISH does not wait for a load that nobody awaits. */
static void test_account_of_overtaken(void **state) {
  (void)state;
  static Stream s;
  s.n = 0;
  load(&s, HW_MEM_WGT, 64, 4, 64);
  store(&s, 36, 1, 36);
  finish(&s);
  TsimResult r = time_of(&s, "De10");
  assert_int_equal(r.cycles, 21 + 2 * 3 + 4);
  assert_int_equal(r.insns[TSIM_LOAD], 0);
  for (int unit = 0; unit < TSIM_UNITS; unit++) {
    uint64_t sum = 0;
    for (int cause = 0; cause < TSIM_CAUSES; cause++)
      sum += r.causes[unit][cause];
    assert_int_equal(sum, r.cycles);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_micro_streams),
      cmocka_unit_test(test_tokens_at_start),
      cmocka_unit_test(test_saturation),
      cmocka_unit_test(test_queue_deadlock),
      cmocka_unit_test(test_no_finish),
      cmocka_unit_test(test_counters),
      cmocka_unit_test(test_account_of_load),
      cmocka_unit_test(test_account_of_loop),
      cmocka_unit_test(test_account_of_stores),
      cmocka_unit_test(test_account_of_full_queue),
      cmocka_unit_test(test_account_of_bus),
      cmocka_unit_test(test_account_of_fetch),
      cmocka_unit_test(test_account_of_overtaken)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
