/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on the functional simulator: tokens, deadlocks, malformed streams,
 * counters, skipped execution, reset. */
#include "fsim/fsim.h"

#include <stdarg.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "hw/insn.h"

static HwPort *port;
static HwAddr code, data;

static int setup(void **state) {
  (void)state;
  HwConfig config;
  hw_config_default(&config);
  if (fsim_create(&config, &port, NULL)) return -1;
  if (port->ops->alloc(port, 4096, &code, NULL)) return -1;
  return port->ops->alloc(port, 65536, &data, NULL) ? -1 : 0;
}

static int teardown(void **state) {
  (void)state;
  port_destroy(port);
  return 0;
}

static vtac_status run(const Insn *insns, uint32_t count, Diag *diag) {
  uint8_t bytes[64 * HW_INSN_BYTES];
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    assert_int_equal(hw_encode(&port->config, &insns[i], word, NULL), 0);
    hw_insn_write(word, bytes + i * HW_INSN_BYTES);
  }
  assert_int_equal(port_copy_in(port, code, bytes, count * HW_INSN_BYTES, NULL),
                   VTAC_OK);
  return port->ops->run(port, code, count, diag);
}

static Insn finish(void) { return (Insn){.opcode = HW_OP_FINISH}; }

static Insn transfer(HwOpcode opcode, uint32_t memory, uint32_t n) {
  return (Insn){
      .opcode = opcode,
      .mem = {.memory_type = memory,
              .dram_base = data / hw_elem_bytes(&port->config, memory),
              .y_size = 1,
              .x_size = n,
              .x_stride = n}};
}

static void test_tokens_persist(void **state) {
  (void)state;
  const Insn push[] = {{.opcode = HW_OP_STORE, .push_prev = 1}, finish()};
  const Insn pop[] = {{.pop_next = 1}, finish()};
  Diag diag;
  assert_int_equal(run(push, 2, &diag), VTAC_OK);
  assert_int_equal(run(pop, 2, &diag), VTAC_OK);
  assert_int_equal(run(pop, 2, &diag), VTAC_DEVICE);
  assert_non_null(strstr(diag.message,
                         "compute is at instruction 0 (LOAD) and lacks a token "
                         "s2g; store has finished"));
  assert_int_equal(run(push, 2, &diag), VTAC_OK);
  port->ops->reset(port);
  assert_int_equal(run(pop, 2, &diag), VTAC_DEVICE);
}

/* Compute consumes both of its tokens or none. */
static void test_both_or_none(void **state) {
  (void)state;
  Diag diag;
  const Insn stream[] = {{.opcode = HW_OP_STORE, .push_prev = 1},
                         {.pop_prev = 1, .pop_next = 1},
                         finish()};
  const Insn load[] = {{.push_next = 1, .mem = {.memory_type = HW_MEM_INP}},
                       {.pop_prev = 1, .pop_next = 1},
                       finish()};
  assert_int_equal(run(stream, 3, &diag), VTAC_DEVICE);
  assert_non_null(strstr(diag.message, "lacks a token l2g"));
  assert_int_equal(run(load, 3, &diag), VTAC_OK);
}

static void test_malformed(void **state) {
  (void)state;
  Diag diag;
  const Insn flag[] = {{.opcode = HW_OP_STORE, .push_next = 1}, finish()};
  const Insn none[] = {{.pop_next = 0}};
  assert_int_equal(run(flag, 2, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_INSN_FLAG);
  assert_int_equal(run(none, 1, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_STREAM_END);
  assert_int_equal(run(none, 0, &diag), VTAC_INVALID);
  const uint8_t bad[HW_INSN_BYTES] = {7};
  assert_int_equal(port_copy_in(port, code, bad, sizeof bad, NULL), 0);
  assert_int_equal(port->ops->run(port, code, 1, &diag), VTAC_INVALID);
  assert_string_equal(diag.message,
                      "instruction 0 (undecoded): there is no opcode 7");
  assert_int_equal(port->ops->run(port, code, 257, &diag), VTAC_INVALID);
  assert_int_equal(port->ops->run(port, 0, 1, &diag), VTAC_INVALID);
}

static void test_bounds(void **state) {
  (void)state;
  Diag diag;
  Insn stream[] = {transfer(HW_OP_LOAD, HW_MEM_INP, 2049), finish()};
  assert_int_equal(run(stream, 2, &diag), VTAC_REFUSED);
  assert_string_equal(diag.message,
                      "instruction 0 (LOAD INP): LOAD INP covers elements "
                      "0..2048, the memory has 2048");
  stream[0] = transfer(HW_OP_LOAD, HW_MEM_WGT, 257);
  assert_int_equal(run(stream, 2, &diag), VTAC_INVALID);
  assert_int_equal(diag.id, D_DRAM_RANGE);
  stream[0] = transfer(HW_OP_STORE, HW_MEM_OUT, 1);
  stream[0].mem.sram_base = 2048;
  assert_int_equal(run(stream, 2, &diag), VTAC_REFUSED);
}

static void count(uint64_t counters[HW_COUNTERS]) {
  port->ops->counters(port, counters);
}

/* A load, an addition of an immediate and a store of two elements. */
static void make_addition(Insn stream[5]) {
  const AluInsn add = {.uop_end = 1,
                       .iter_out = 1,
                       .iter_in = 2,
                       .dst_factor_in = 1,
                       .src_factor_in = 1,
                       .alu_opcode = HW_ALU_ADD,
                       .use_imm = 1,
                       .imm = 5};
  stream[0] = transfer(HW_OP_LOAD, HW_MEM_UOP, 1);
  stream[1] = transfer(HW_OP_LOAD, HW_MEM_ACC, 2);
  stream[2] = (Insn){.opcode = HW_OP_ALU, .push_next = 1, .alu = add};
  stream[3] = transfer(HW_OP_STORE, HW_MEM_OUT, 2);
  stream[3].mem.dram_base += 64;
  stream[3].pop_prev = 1;
  stream[4] = finish();
}

static void test_counters_and_skipping(void **state) {
  (void)state;
  Insn stream[5];
  uint64_t n[HW_COUNTERS];
  uint8_t out[32], zero[32] = {0};
  make_addition(stream);
  port->ops->skip_execution(port, true);
  assert_int_equal(run(stream, 5, NULL), VTAC_OK);
  port_copy_out(port, data + 1024, out, sizeof out, NULL);
  assert_memory_equal(out, zero, sizeof out);
  count(n);
  assert_int_equal(n[HW_COUNT_uop_load_nbytes], 4);
  assert_int_equal(n[HW_COUNT_acc_load_nbytes], 128);
  assert_int_equal(n[HW_COUNT_out_store_nbytes], 32);
  assert_int_equal(n[HW_COUNT_alu_counter], 2);
  assert_int_equal(n[HW_COUNT_gemm_counter], 0);
  port->ops->skip_execution(port, false);
  assert_int_equal(run(stream, 5, NULL), VTAC_OK);
  port_copy_out(port, data + 1024, out, sizeof out, NULL);
  for (int i = 0; i < 32; i++) assert_int_equal(out[i], 5);
  count(n);
  assert_int_equal(n[HW_COUNT_alu_counter], 4);
  port->ops->counters_clear(port);
  count(n);
  assert_int_equal(n[HW_COUNT_alu_counter], 0);
}

static void test_counter_names(void **state) {
  (void)state;
  assert_string_equal(hw_counter_name((HwCounter)0), "inp_load_nbytes");
  assert_string_equal(hw_counter_name(HW_COUNT_alu_counter), "alu_counter");
  assert_int_equal(HW_COUNTERS, 7);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_tokens_persist),
      TEST(test_both_or_none),
      TEST(test_malformed),
      TEST(test_bounds),
      TEST(test_counters_and_skipping),
      TEST(test_counter_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
