/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong with boards: devices that are missing, too small or not
 * programmed, runs that do not end, resets; and which ranges are flushed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include "board/mmio.h"
#include "board/reset.h"
#include "hw/insn.h"
#include "support/emulated_board.h"
#include "support/text.h"
#include "support/temp.h"

#define UDMABUF "/sys/class/u-dma-buf/udmabuf0"
#define MANAGER "/sys/class/fpga_manager/fpga0"
enum { FETCH_CONTROL = 0x43C00000 };

static char folder[64];
static EmulatedBoard board;
static pid_t emulator;
static BoardSpec spec;
static HwPort *port;
static Diag diag;

static const char *at(const char *path) {
  static char ret[2][256];
  static int turn;
  turn = !turn;
  snprintf(ret[turn], sizeof ret[turn], "%s%s", folder, path);
  return ret[turn];
}

static int setup(void **state) {
  (void)state;
  board = (EmulatedBoard){.more = ", \"timeout_ms\": 1000", .memory = 1 << 18};
  hw_config_default(&board.config);
  emulator = 0;
  port = NULL;
  temp_name(folder, sizeof folder, "vtac-board-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  port_destroy(port);
  emulated_board_stop(emulator, folder);
  return 0;
}

/* The folder alone: nobody is behind the registers. */
static void make(void) {
  assert_true(emulated_board_make(&board, folder));
  if (board_spec_load(at("/board.json"), &spec, &diag))
    fail_msg("%s", diag.message);
}

static void start(void) {
  emulator = emulated_board_start(&board, folder);
  assert_true(emulator > 0);
  if (board_spec_load(at("/board.json"), &spec, &diag))
    fail_msg("%s", diag.message);
}

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(at(path), "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void open_well(void) {
  if (board_create(&board.config, &spec, &port, &diag))
    fail_msg("%s", diag.message);
}

/* Opening fails with these words. */
static void expect(DiagId id, const char *words) {
  assert_int_equal(board_create(&board.config, &spec, &port, &diag),
                   diag_status(id));
  assert_int_equal(diag.id, id);
  if (!strstr(diag.message, words)) fail_msg("%s", diag.message);
}

/* ---- Opening ------------------------------------------------------------ */

static void test_missing(void **state) {
  (void)state;
  make();
  assert_int_equal(unlink(at("/dev/mem")), 0);
  expect(D_BOARD_REGISTERS, "/dev/mem: cannot open: No such file");
  teardown(NULL);
  setup(NULL);
  make();
  assert_int_equal(unlink(at("/dev/udmabuf0")), 0);
  expect(D_BOARD_MEMORY, "/dev/udmabuf0: cannot open: No such file");
  strcpy(spec.dma, "udmabuf1");
  expect(D_BOARD_MEMORY, "there is no device 'udmabuf1' of u-dma-buf");
  strcpy(spec.dma, "/nonexistent/libcma.so");
  expect(D_BOARD_MEMORY, "cannot load the CMA library: /nonexistent/libcma.so");
  strcpy(spec.dma, "libc.so.6");
  expect(D_BOARD_MEMORY, "the CMA library has no cma_alloc");
}

static void test_attributes(void **state) {
  (void)state;
  make();
  write_text(UDMABUF "/phys_addr", "nonsense\n");
  expect(D_BOARD_MEMORY, "phys_addr: cannot read: Invalid argument");
  write_text(UDMABUF "/phys_addr", "0xfffd0000\n");
  expect(D_BOARD_MEMORY, "are not pages inside 32 bits");
  write_text(UDMABUF "/phys_addr", "0x1000010\n");
  expect(D_BOARD_MEMORY, "are not pages");
  write_text(UDMABUF "/phys_addr", "0x0\n");
  expect(D_BOARD_MEMORY, "are not pages");
  write_text(UDMABUF "/phys_addr", "0x1000000\n");
  write_text(UDMABUF "/size", "100\n");
  expect(D_BOARD_MEMORY, "has 100 bytes, a board needs a page of 4096");
  strcpy(spec.cache, "sync");
  write_text(UDMABUF "/size", "8192\n");
  assert_int_equal(unlink(at(UDMABUF "/sync_for_cpu")), 0);
  expect(D_BOARD_MEMORY, "sync_for_cpu: cannot open");
}

/* Drivers before u-dma-buf had another name. */
static void test_old_driver(void **state) {
  (void)state;
  start();
  assert_int_equal(rename(at("/sys/class/u-dma-buf"), at("/sys/class/udmabuf")),
                   0);
  open_well();
}

static void test_small(void **state) {
  (void)state;
  HwAddr addr;
  board.memory = 3 * HW_PAGE_BYTES;
  start();
  open_well();
  assert_int_equal(port->ops->alloc(port, 2 * HW_PAGE_BYTES + 1, &addr, &diag),
                   VTAC_NOMEM);
  assert_string_equal(diag.message,
                      "the board's memory is full: 12288 bytes wanted, 4096 of "
                      "12288 in use");
  assert_int_equal(port->ops->alloc(port, 2 * HW_PAGE_BYTES, &addr, &diag), 0);
}

/* Registers of an FPGA without a design are not touched. */
static void test_not_programmed(void **state) {
  (void)state;
  make();
  write_text(MANAGER "/state", "unknown\n");
  expect(D_FPGA, "the FPGA is not programmed: its state is 'unknown'");
}

static void test_no_answer(void **state) {
  (void)state;
  Mmio mmio;
  make();
  assert_int_equal(mmio_map(&spec, FETCH_CONTROL, 4, &mmio, &diag), VTAC_OK);
  mmio_write(&mmio, 0, 0xffffffff);
  mmio_unmap(&mmio);
  expect(D_BOARD_STATE,
         "is not idle after a reset: fetch does not answer (0xffffffff), load");
}

static void test_bitstream(void **state) {
  (void)state;
  start();
  snprintf(spec.bitstream, sizeof spec.bitstream, "%s/vta.bin", folder);
  expect(D_FPGA, "vta.bin: cannot open");
  write_text("/vta.bin", "a design");
  open_well();
  char *name = read_whole_file(at(MANAGER "/firmware"));
  assert_string_equal(name, "vtac-vta.bin.bin");
  free(name);
}

/* ---- Runs --------------------------------------------------------------- */

static HwAddr place(const Insn *insns, uint32_t count) {
  HwAddr code;
  void *bytes;
  assert_int_equal(port->ops->alloc(port, count * 16, &code, &diag), 0);
  assert_int_equal(port->ops->host(port, code, count * 16, &bytes, &diag), 0);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    assert_int_equal(hw_encode(&port->config, &insns[i], word, NULL), 0);
    hw_insn_write(word, (uint8_t *)bytes + i * 16);
  }
  return code;
}

static HwAddr place_finish(void) {
  const Insn finish = {.opcode = HW_OP_FINISH};
  return place(&finish, 1);
}

static void test_timeout(void **state) {
  (void)state;
  board.hang = 2;
  start();
  open_well();
  const Insn push[] = {{.opcode = HW_OP_STORE, .push_prev = 1},
                       {.opcode = HW_OP_FINISH}};
  const Insn pop[] = {{.pop_next = 1}, {.opcode = HW_OP_FINISH}};
  const HwAddr pushes = place(push, 2), pops = place(pop, 2);
  assert_int_equal(port->ops->run(port, pushes, 2, &diag), VTAC_OK);
  assert_int_equal(port->ops->run(port, pops, 2, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_BOARD_TIMEOUT);
  assert_string_equal(
      diag.message,
      "the accelerator has not finished 2 instructions after 1000 ms: fetch is "
      "busy (0x00), load is busy or waits for a token (0x81), compute is busy "
      "or waits for a token (0x81), store is busy or waits for a token (0x81); "
      "it was reset");
  /* The token went with the reset, and the board works again. */
  assert_int_equal(port->ops->run(port, pops, 2, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_DEADLOCK);
  port->ops->reset(port);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(port->ops->run(port, pushes, 2, &diag), VTAC_OK);
    assert_int_equal(port->ops->run(port, pops, 2, &diag), VTAC_OK);
  }
}

static void test_chisel_timeout(void **state) {
  (void)state;
  board.hang = 1;
  board.chisel = true;
  start();
  open_well();
  const HwAddr code = place_finish();
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_DEVICE);
  assert_string_equal(
      diag.message,
      "the accelerator has not finished 1 instructions after 1000 ms: the "
      "accelerator is busy (0x01) at cycle 0; it was reset");
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_OK);
}

/* Without a way to reset, the board stays lost. */
static void test_lost(void **state) {
  (void)state;
  board.hang = 1;
  board.more = ", \"timeout_ms\": 50, \"reset\": \"none\"";
  start();
  open_well();
  const HwAddr code = place_finish();
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_DEVICE);
  assert_non_null(strstr(diag.message,
                         "; resetting it failed: the board's description names "
                         "no way to reset it"));
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_BOARD_STATE);
  port->ops->reset(port);
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_BOARD_STATE);
}

/* Tokens that nobody can clear make a board useless; none do no harm. */
static void test_no_reset(void **state) {
  (void)state;
  board.more = ", \"reset\": \"none\"";
  start();
  open_well();
  const Insn push[] = {{.opcode = HW_OP_STORE, .push_prev = 1},
                       {.opcode = HW_OP_FINISH}};
  const HwAddr code = place_finish(), pushes = place(push, 2);
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_OK);
  port->ops->reset(port);
  assert_int_equal(port->ops->run(port, pushes, 2, &diag), VTAC_OK);
  port->ops->reset(port);
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_BOARD_STATE);
}

/* ---- Resets ------------------------------------------------------------- */

static uint32_t peek(uint32_t address) {
  Mmio mmio;
  assert_int_equal(mmio_map(&spec, address, 4, &mmio, &diag), VTAC_OK);
  uint32_t value = mmio_read(&mmio, 0);
  mmio_unmap(&mmio);
  return value;
}

static void poke(uint32_t address, uint32_t value) {
  Mmio mmio;
  assert_int_equal(mmio_map(&spec, address, 4, &mmio, &diag), VTAC_OK);
  mmio_write(&mmio, 0, value);
  mmio_unmap(&mmio);
}

static vtac_status reset(void) {
  BoardReset reset;
  if (reset_open(&spec, &reset, &diag)) fail_msg("%s", diag.message);
  vtac_status status = reset_run(&reset, &diag);
  reset_close(&reset);
  return status;
}

/* A reset leaves the registers' other bits alone. */
static void test_reset_bits(void **state) {
  (void)state;
  make();
  poke(0xF8000240, 0x0F00000E);
  assert_int_equal(reset(), VTAC_OK);
  assert_int_equal(peek(0xF8000240), 0x0F00000E);
  assert_int_equal(peek(0xF8000008), 0xDF0D);
  strcpy(spec.reset, "zynqmp");
  for (uint32_t reg = 0xFF0A0344; reg <= 0xFF0A0348; reg += 4)
    poke(reg, 0x00000123);
  poke(0xFF0A0054, 0x12345678);
  assert_int_equal(reset(), VTAC_OK);
  assert_int_equal(peek(0xFF0A0344), 0x80000123);
  assert_int_equal(peek(0xFF0A0348), 0x80000123);
  assert_int_equal(peek(0xFF0A0054), 0x92345678);
  strcpy(spec.reset, "bitstream");
  assert_int_equal(reset(), VTAC_DEVICE);
}

/* ---- Caches ------------------------------------------------------------- */

static void check_orders(const char *attribute, const char *want) {
  char *have = read_whole_file(at(attribute));
  assert_non_null(have);
  assert_string_equal(have, want);
  free(have);
}

/* A store of one element: the page of the NOP at opening, then code (page 1)
 * and the block that is written (pages 4 and 5) to the device, the latter back;
 * what the stream does not name (pages 2 and 3) stays where it is. */
static void run_store(void) {
  HwAddr other, result;
  Insn store[] = {{.opcode = HW_OP_STORE}, {.opcode = HW_OP_FINISH}};
  HwAddr code = place(store, 2);
  assert_int_equal(port->ops->alloc(port, 8192, &other, &diag), 0);
  assert_int_equal(port->ops->alloc(port, 5000, &result, &diag), 0);
  store[0].mem = (MemInsn){.memory_type = HW_MEM_OUT,
                           .dram_base = result / 16,
                           .y_size = 1,
                           .x_size = 1,
                           .x_stride = 1};
  assert_int_equal(port->ops->free(port, code, &diag), 0);
  code = place(store, 2);
  if (port->ops->run(port, code, 2, &diag)) fail_msg("%s", diag.message);
}

static void test_sync(void **state) {
  (void)state;
  board.cache = "sync";
  start();
  open_well();
  run_store();
  check_orders(UDMABUF "/sync_for_device",
               "0x0000000000001005\n0x0000100000001005\n0x0000400000002005\n");
  check_orders(UDMABUF "/sync_for_cpu", "0x0000400000002009\n");
}

static void test_coherent(void **state) {
  (void)state;
  start();
  open_well();
  run_store();
  check_orders(UDMABUF "/sync_for_device", "");
  check_orders(UDMABUF "/sync_for_cpu", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_missing),        TEST(test_attributes),
      TEST(test_old_driver),     TEST(test_small),
      TEST(test_not_programmed), TEST(test_no_answer),
      TEST(test_bitstream),      TEST(test_timeout),
      TEST(test_chisel_timeout), TEST(test_lost),
      TEST(test_no_reset),       TEST(test_reset_bits),
      TEST(test_sync),           TEST(test_coherent)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
