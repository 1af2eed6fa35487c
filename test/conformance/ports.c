/* SPDX-License-Identifier: Apache-2.0 */
/* What every port does, asked of each: the simulators, and boards of both
 * designs over an emulated board. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "board/board.h"
#include "fsim/fsim.h"
#include "hw/insn.h"
#include "support/emulated_board.h"
#include "support/temp.h"
#include "tsim/tsim.h"

typedef struct Kind {
  const char *name;
  enum { FSIM, TSIM, BOARD } what;
  FsimOptions options;
  bool chisel, cma;
  const char *cache;
} Kind;

static const Kind kinds[] = {
    {.name = "fsim", .what = FSIM},
    {.name = "fsim, plain", .what = FSIM, .options = {.plain = true}},
    {.name = "fsim, portable",
     .what = FSIM,
     .options = {false, FSIM_ISA_PORTABLE}},
    {.name = "tsim", .what = TSIM},
    {.name = "board, HLS", .what = BOARD, .cache = "coherent"},
    {.name = "board, HLS, caches", .what = BOARD, .cache = "sync"},
    {.name = "board, HLS, uncached", .what = BOARD, .cache = "off"},
    {.name = "board, HLS, CMA", .what = BOARD, .cache = "sync", .cma = true},
    {.name = "board, Chisel", .what = BOARD, .chisel = true, .cache = "sync"}};

static HwPort *port;
static HwAddr code, data; /* blocks of CODE_SIZE and DATA_SIZE */
static pid_t emulator;
static char folder[64];
enum { CODE_SIZE = 4096, DATA_SIZE = 65536, MOST_INSNS = 64 };

/* ---- Setting up --------------------------------------------------------- */

static void open_board(const Kind *kind, const HwConfig *config) {
  EmulatedBoard board = {.chisel = kind->chisel,
                         .cache = kind->cache,
                         .dma = kind->cma ? getenv("FAKE_CMA") : NULL,
                         .more = ", \"timeout_ms\": 60000",
                         .config = *config};
  char path[128];
  BoardSpec spec;
  Diag diag;
  temp_name(folder, sizeof folder, "vtac-board-XXXXXX");
  assert_non_null(mkdtemp(folder));
  emulator = emulated_board_start(&board, folder);
  assert_true(emulator > 0);
  assert_int_equal(setenv("EMULATED_BOARD", folder, 1), 0);
  snprintf(path, sizeof path, "%s/board.json", folder);
  if (board_spec_load(path, &spec, &diag) ||
      board_create(config, &spec, &port, &diag))
    fail_msg("%s", diag.message);
}

static int setup(void **state) {
  const Kind *kind = *state;
  HwConfig config;
  Diag diag;
  hw_config_default(&config);
  if (kind->what == BOARD)
    open_board(kind, &config);
  else if (fsim_create_with(&config, kind->options, &port, &diag) ||
           (kind->what == TSIM && tsim_create(&config, port, &port, &diag)))
    fail_msg("%s", diag.message);
  return port->ops->alloc(port, CODE_SIZE, &code, NULL) ||
         port->ops->alloc(port, DATA_SIZE, &data, NULL);
}

static int teardown(void **state) {
  const Kind *kind = *state;
  port_destroy(port);
  port = NULL;
  if (kind->what == BOARD) emulated_board_stop(emulator, folder);
  return 0;
}

static vtac_status run(const Insn *insns, uint32_t count, Diag *diag) {
  uint8_t bytes[MOST_INSNS * HW_INSN_BYTES];
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    assert_int_equal(hw_encode(&port->config, &insns[i], word, NULL), 0);
    hw_insn_write(word, bytes + i * HW_INSN_BYTES);
  }
  assert_int_equal(port_copy_in(port, code, bytes, count * HW_INSN_BYTES, NULL),
                   0);
  return port->ops->run(port, code, count, diag);
}

static void run_well(const Insn *insns, uint32_t count) {
  Diag diag;
  if (run(insns, count, &diag)) fail_msg("%s", diag.message);
}

static Insn finish(void) { return (Insn){.opcode = HW_OP_FINISH}; }

/* `n` elements at a byte of the data block. */
static Insn transfer(HwOpcode opcode, uint32_t memory, uint32_t at,
                     uint32_t n) {
  const uint32_t bytes = hw_elem_bytes(&port->config, memory);
  return (Insn){.opcode = opcode,
                .mem = {.memory_type = memory,
                        .dram_base = (data + at) / bytes,
                        .y_size = 1,
                        .x_size = n,
                        .x_stride = n}};
}

static void *host(HwAddr addr, size_t size) {
  void *bytes = NULL;
  Diag diag;
  if (port->ops->host(port, addr, size, &bytes, &diag))
    fail_msg("%s", diag.message);
  return bytes;
}

/* ---- Memory ------------------------------------------------------------- */

static void test_memory(void **state) {
  (void)state;
  char bytes[100], back[100];
  HwAddr block, empty;
  Diag diag;
  assert_int_equal(port->ops->alloc(port, sizeof bytes, &block, &diag), 0);
  assert_true(block != 0 && block % HW_PAGE_BYTES == 0);
  assert_true(block != code && block != data);
  for (size_t i = 0; i < sizeof bytes; i++) {
    assert_int_equal(((char *)host(block, sizeof bytes))[i], 0);
    bytes[i] = (char)i;
  }
  assert_int_equal(port_copy_in(port, block, bytes, 100, &diag), 0);
  assert_int_equal(port_copy_out(port, block, back, 100, &diag), 0);
  assert_memory_equal(bytes, back, 100);
  assert_memory_equal(host(block + 7, 93), bytes + 7, 93);
  assert_int_equal(port_copy_in(port, block + 1, bytes, 100, &diag),
                   VTAC_INVALID);
  assert_int_equal(diag.id, D_DRAM_RANGE);
  assert_int_equal(port->ops->alloc(port, 0, &empty, &diag), 0);
  assert_int_equal(port_copy_in(port, empty, bytes, 1, &diag), VTAC_INVALID);
  assert_int_equal(port->ops->free(port, block + 1, &diag), VTAC_INVALID);
  assert_int_equal(port->ops->free(port, block, &diag), 0);
  assert_int_equal(port->ops->free(port, block, &diag), VTAC_INVALID);
  assert_int_equal(port_copy_out(port, block, back, 1, &diag), VTAC_INVALID);
  assert_int_equal(port->ops->free(port, empty, &diag), 0);
}

static void test_full(void **state) {
  (void)state;
  HwAddr addr;
  Diag diag;
  assert_int_equal(port->ops->alloc(port, SIZE_MAX / 2, &addr, &diag),
                   VTAC_NOMEM);
  assert_int_equal(port->ops->alloc(port, 1, &addr, &diag), 0);
  assert_int_equal(port->ops->free(port, addr, &diag), 0);
}

/* ---- Runs --------------------------------------------------------------- */

/* A load, an addition of 5 and a store of two elements. */
static void make_addition(Insn stream[5]) {
  const AluInsn add = {.uop_end = 1,
                       .iter_out = 1,
                       .iter_in = 2,
                       .dst_factor_in = 1,
                       .src_factor_in = 1,
                       .alu_opcode = HW_ALU_ADD,
                       .use_imm = 1,
                       .imm = 5};
  stream[0] = transfer(HW_OP_LOAD, HW_MEM_UOP, 0, 1);
  stream[1] = transfer(HW_OP_LOAD, HW_MEM_ACC, 4096, 2);
  stream[2] = (Insn){.opcode = HW_OP_ALU, .push_next = 1, .alu = add};
  stream[3] = transfer(HW_OP_STORE, HW_MEM_OUT, 8192, 2);
  stream[3].pop_prev = stream[3].push_prev = 1;
  stream[4] = finish();
  stream[4].pop_next = 1;
}

static void fill_input(int32_t first) {
  int32_t *lanes = host(data + 4096, 128);
  for (int i = 0; i < 32; i++) lanes[i] = first + i;
}

static void check_output(int first) {
  const int8_t *out = host(data + 8192, 48);
  for (int i = 0; i < 32; i++) assert_int_equal(out[i], first + i);
  for (int i = 32; i < 48; i++) assert_int_equal(out[i], 77);
}

static void test_addition(void **state) {
  (void)state;
  static const uint64_t want[HW_COUNTERS] = {0, 0, 128, 4, 32, 0, 2};
  uint64_t counters[HW_COUNTERS];
  Insn stream[5];
  make_addition(stream);
  memset(host(data + 8192, 48), 77, 48);
  for (int i = 1; i <= 3; i++) {
    fill_input(10 * i);
    run_well(stream, 5);
    check_output(10 * i + 5);
    port->ops->counters(port, counters);
    for (int c = 0; c < HW_COUNTERS; c++)
      assert_int_equal(counters[c], want[c] * (uint64_t)i);
  }
  port->ops->counters_clear(port);
  port->ops->counters(port, counters);
  for (int c = 0; c < HW_COUNTERS; c++) assert_int_equal(counters[c], 0);
}

/* Two kernels in turn: what one leaves in memory the other reads. */
static void test_sequence(void **state) {
  (void)state;
  Insn first[5], second[5];
  make_addition(first);
  make_addition(second);
  second[1].mem.memory_type = HW_MEM_ACC_8BIT;
  second[1].mem.dram_base = (data + 8192) / 16;
  second[3].mem.dram_base = (data + 12288) / 16;
  memset(host(data + 8192, 48), 77, 48);
  fill_input(1);
  for (int i = 0; i < 3; i++) {
    run_well(first, 5);
    run_well(second, 5);
    check_output(6);
    const int8_t *out = host(data + 12288, 32);
    for (int lane = 0; lane < 32; lane++)
      assert_int_equal(out[lane], lane + 11);
    memset(host(data + 12288, 32), 0, 32);
  }
}

/* One element of each memory through the matrix unit, with padding. */
static void test_product(void **state) {
  (void)state;
  const GemmInsn clear = {
      .reset_reg = 1, .uop_end = 1, .iter_out = 1, .iter_in = 1};
  const GemmInsn multiply = {.uop_end = 1, .iter_out = 1, .iter_in = 1};
  Insn stream[] = {
      transfer(HW_OP_LOAD, HW_MEM_INP, 0x1000, 1),
      transfer(HW_OP_LOAD, HW_MEM_WGT, 0x2000, 1),
      transfer(HW_OP_LOAD, HW_MEM_UOP, 0, 1),
      {.opcode = HW_OP_GEMM, .gemm = clear},
      {.opcode = HW_OP_GEMM, .pop_prev = 1, .push_next = 1, .gemm = multiply},
      transfer(HW_OP_STORE, HW_MEM_OUT, 0x3000, 1),
      finish()};
  stream[0].mem.x_pad_1 = 2;
  stream[1].push_next = 1;
  stream[5].pop_prev = stream[5].push_prev = 1;
  stream[6].pop_next = 1;
  int8_t *inp = host(data + 0x1000, 16), *wgt = host(data + 0x2000, 256);
  for (int i = 0; i < 16; i++) inp[i] = (int8_t)(i - 8);
  for (int i = 0; i < 256; i++) wgt[i] = (int8_t)(i % 5 - 2);
  run_well(stream, 7);
  const int8_t *out = host(data + 0x3000, 16);
  for (int o = 0; o < 16; o++) {
    int sum = 0;
    for (int i = 0; i < 16; i++) sum += inp[i] * wgt[16 * o + i];
    assert_int_equal(out[o], (int8_t)sum);
  }
}

static void test_skip(void **state) {
  (void)state;
  uint64_t counters[HW_COUNTERS];
  Insn stream[5];
  make_addition(stream);
  uint32_t *uop = host(data, 4);
  *uop = 1 | 1 << 11; /* destination and source 1 */
  memset(host(data + 8192, 48), 77, 48);
  fill_input(0);
  port->ops->skip_execution(port, true);
  run_well(stream, 5);
  port->ops->skip_execution(port, false);
  port->ops->counters(port, counters);
  assert_int_equal(counters[HW_COUNT_out_store_nbytes], 32);
  assert_int_equal(counters[HW_COUNT_alu_counter], 2);
  const int8_t *out = host(data + 8192, 48);
  for (int i = 0; i < 48; i++) assert_int_equal(out[i], 77);
  /* The micro-op has been loaded all the same. */
  stream[0].mem.x_size = 0;
  stream[1].mem.x_size = 3;
  stream[1].mem.x_stride = 3;
  stream[3].mem.x_size = 3;
  stream[3].mem.x_stride = 3;
  run_well(stream, 5);
  for (int i = 0; i < 16; i++) assert_int_equal(out[i], i);
  for (int i = 16; i < 32; i++) assert_int_equal(out[i], i + 5);
}

static void test_timing(void **state) {
  const Kind *kind = *state;
  const bool knows = kind->what == TSIM || kind->chisel;
  const Insn stream[] = {finish()};
  HwTiming timing = {0};
  run_well(stream, 1);
  assert_int_equal(
      port->ops->timing != NULL && port->ops->timing(port, &timing), knows);
  const uint64_t once = timing.cycles;
  assert_int_equal(once > 0, knows);
  if (!knows) return;
  run_well(stream, 1);
  assert_true(port->ops->timing(port, &timing));
  assert_int_equal(timing.cycles, 2 * once);
  port->ops->counters_clear(port);
  assert_true(port->ops->timing(port, &timing));
  assert_int_equal(timing.cycles, 0);
}

/* ---- Tokens ------------------------------------------------------------- */

static void test_tokens(void **state) {
  (void)state;
  const Insn push[] = {{.opcode = HW_OP_STORE, .push_prev = 1}, finish()};
  const Insn pop[] = {{.pop_next = 1}, finish()};
  Diag diag;
  run_well(push, 2);
  run_well(push, 2);
  run_well(pop, 2);
  run_well(pop, 2);
  assert_int_equal(run(pop, 2, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_DEADLOCK);
  assert_non_null(strstr(diag.message, "lacks a token s2g"));
  port->ops->reset(port);
  run_well(push, 2);
  port->ops->reset(port);
  assert_int_equal(run(pop, 2, &diag), VTAC_DEVICE);
  port->ops->reset(port);
  run_well(push, 2);
  run_well(pop, 2);
}

/* ---- Refusals ----------------------------------------------------------- */

static void test_malformed(void **state) {
  (void)state;
  Diag diag;
  const uint8_t unknown[HW_INSN_BYTES] = {7};
  const Insn flag[] = {{.opcode = HW_OP_STORE, .push_next = 1}, finish()};
  const Insn none[] = {{.pop_next = 0}};
  assert_int_equal(run(flag, 2, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_INSN_FLAG);
  assert_int_equal(run(none, 1, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_STREAM_END);
  assert_int_equal(run(none, 0, &diag), VTAC_INVALID);
  assert_int_equal(port_copy_in(port, code, unknown, 16, NULL), 0);
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_INSN_OPCODE);
  assert_int_equal(port->ops->run(port, code, 257, &diag), VTAC_INVALID);
  assert_int_equal(port->ops->run(port, 0, 1, &diag), VTAC_INVALID);
}

static void test_bounds(void **state) {
  (void)state;
  Diag diag;
  Insn stream[5];
  make_addition(stream);
  memset(host(data + 8192, 48), 77, 48);
  fill_input(0);
  stream[3].mem.dram_base = (data + DATA_SIZE) / 16;
  assert_int_equal(run(stream, 5, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_DRAM_RANGE);
  assert_non_null(strstr(diag.message, "instruction 3 (STORE OUT)"));
  port->ops->reset(port);
  make_addition(stream);
  stream[1].mem.sram_base = 2047;
  assert_int_equal(run(stream, 5, &diag), VTAC_REFUSED);
  assert_int_equal(diag.id, D_SRAM_RANGE);
  port->ops->reset(port);
  make_addition(stream);
  stream[2].alu.uop_end = 8193;
  assert_int_equal(run(stream, 5, &diag), VTAC_REFUSED);
  port->ops->reset(port);
  make_addition(stream);
  run_well(stream, 5);
  check_output(5);
}

/* A stream that was right is looked at again when its memory is gone. */
static void test_freed(void **state) {
  (void)state;
  Diag diag;
  Insn stream[5];
  make_addition(stream);
  memset(host(data + 8192, 48), 77, 48);
  fill_input(0);
  for (int i = 0; i < 3; i++) run_well(stream, 5);
  check_output(5);
  assert_int_equal(port->ops->free(port, data, &diag), 0);
  assert_int_equal(run(stream, 5, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_DRAM_RANGE);
  port->ops->reset(port);
  const HwAddr before = data;
  assert_int_equal(port->ops->alloc(port, DATA_SIZE, &data, &diag), 0);
  assert_int_equal(data, before);
  memset(host(data, DATA_SIZE), 0, DATA_SIZE);
  memset(host(data + 8192, 48), 77, 48);
  fill_input(3);
  run_well(stream, 5);
  check_output(8);
}

/* ---- All of it, of each ------------------------------------------------- */

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory),    cmocka_unit_test(test_full),
      cmocka_unit_test(test_addition),  cmocka_unit_test(test_sequence),
      cmocka_unit_test(test_product),   cmocka_unit_test(test_skip),
      cmocka_unit_test(test_timing),    cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_malformed), cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_freed)};
  enum { TESTS = sizeof tests / sizeof *tests };
  int failed = 0;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    struct CMUnitTest mine[TESTS];
    for (int i = 0; i < TESTS; i++) {
      mine[i] = tests[i];
      mine[i].setup_func = setup;
      mine[i].teardown_func = teardown;
      mine[i].initial_state = (void *)(uintptr_t)&kinds[k];
    }
    print_message("%s\n", kinds[k].name);
    failed += cmocka_run_group_tests_name(kinds[k].name, mine, NULL, NULL);
  }
  return failed;
}
