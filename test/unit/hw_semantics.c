/* SPDX-License-Identifier: Apache-2.0 */
/* The plain semantics: lanes of every width, arithmetic at its corners, padded
 * and narrow transfers, bounds, counters. */
#include "hw/semantics.h"

#include <stdarg.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "hw/alu.h"
#include "hw/lanes.h"

typedef struct Machine {
  HwConfig config;
  OnChip chip;
  Dram dram;
  HwAddr addr;
  uint8_t *bytes; /* of a block of 64 KiB at `addr` */
} Machine;

static void machine_init(Machine *m) {
  void *bytes;
  assert_int_equal(hw_config_finish(&m->config, "test", NULL), VTAC_OK);
  assert_int_equal(onchip_init(&m->chip, &m->config, NULL), VTAC_OK);
  dram_init(&m->dram);
  assert_int_equal(dram_alloc(&m->dram, 65536, &m->addr, NULL), VTAC_OK);
  assert_int_equal(dram_range(&m->dram, m->addr, 65536, &bytes, NULL), 0);
  m->bytes = bytes;
}

static void machine_clear(Machine *m) {
  onchip_clear(&m->chip);
  dram_clear(&m->dram);
}

static vtac_status execute(Machine *m, Insn insn) {
  return onchip_execute(&m->chip, &insn, &m->dram, NULL);
}

static void test_lanes(void **state) {
  (void)state;
  uint8_t bytes[8] = {0};
  for (int log = 0; log <= 5; log++) {
    int bits = 1 << log;
    for (int i = 0; i < 64 / bits; i++) lane_set(bytes, (size_t)i, bits, i - 1);
    for (int i = 0; i < 64 / bits; i++) {
      uint32_t kept = (uint32_t)(i - 1) << (32 - bits);
      assert_int_equal(lane_get(bytes, (size_t)i, bits),
                       (int32_t)kept >> (32 - bits));
    }
  }
  lane_set(bytes, 0, 4, 3);
  lane_set(bytes, 1, 4, -2);
  assert_int_equal(bytes[0], 0xe3);
}

static void test_arithmetic(void **state) {
  (void)state;
  assert_int_equal(alu_lane(HW_ALU_MIN, -5, 3), -5);
  assert_int_equal(alu_lane(HW_ALU_MAX, -5, 3), 3);
  assert_int_equal(alu_lane(HW_ALU_ADD, INT32_MAX, 1), INT32_MIN);
  assert_int_equal(alu_lane(HW_ALU_MUL, 0x10000, 0x10001), 0x10000);
  assert_int_equal(alu_lane(HW_ALU_SHR, -256, 8), -1);
  assert_int_equal(alu_lane(HW_ALU_SHR, -256, 0), -256);
  assert_int_equal(alu_lane(HW_ALU_SHR, -256, 32), -1);
  assert_int_equal(alu_lane(HW_ALU_SHR, 256, INT32_MAX), 0);
  assert_int_equal(alu_lane(HW_ALU_SHR, 3, -31), INT32_MIN);
  assert_int_equal(alu_lane(HW_ALU_SHR, 3, -32), 0);
  assert_int_equal(alu_lane(HW_ALU_SHR, -1, INT32_MIN), 0);
}

/* A load of 2x2 activations with a different pad on each side. */
static void test_padding(void **state) {
  (void)state;
  Machine m;
  hw_config_default(&m.config);
  machine_init(&m);
  memset(m.chip.inp, 0x77, 1024);
  for (int i = 0; i < 64 * 16; i++) m.bytes[i] = (uint8_t)(i / 16 + 1);
  const Insn load = {.mem = {.memory_type = HW_MEM_INP,
                             .sram_base = 1,
                             .dram_base = m.addr / 16,
                             .y_size = 2,
                             .x_size = 2,
                             .x_stride = 5,
                             .y_pad_0 = 1,
                             .y_pad_1 = 2,
                             .x_pad_0 = 2,
                             .x_pad_1 = 1}};
  assert_int_equal(execute(&m, load), VTAC_OK);
  const uint8_t expected[] = {0x77, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0,   6,
                              7,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x77};
  for (size_t i = 0; i < sizeof expected; i++)
    assert_int_equal(m.chip.inp[i * 16 + 3], expected[i]);
  machine_clear(&m);
}

static void test_acc_8bit(void **state) {
  (void)state;
  Machine m;
  hw_config_default(&m.config);
  machine_init(&m);
  for (int i = 0; i < 32; i++) m.bytes[i] = (uint8_t)(i - 16);
  Insn load = {.mem = {.memory_type = HW_MEM_ACC_8BIT,
                       .sram_base = 3,
                       .dram_base = m.addr / 16,
                       .y_size = 1,
                       .x_size = 2,
                       .x_stride = 2}};
  uint64_t counters[HW_COUNTERS] = {0};
  assert_int_equal(execute(&m, load), VTAC_OK);
  for (int i = 0; i < 32; i++)
    assert_int_equal(lane_get(m.chip.acc + 3 * 64, (size_t)i, 32), i - 16);
  hw_count(&m.config, &load, counters);
  assert_int_equal(counters[HW_COUNT_acc_load_nbytes], 128);
  m.config.acc_width = 16;
  assert_int_equal(execute(&m, load), VTAC_INVALID);
  machine_clear(&m);
}

static void put_uop(Machine *m, int index, Uop uop) {
  uint32_t word;
  assert_int_equal(hw_uop_encode(&m->config, &uop, &word, NULL), 0);
  for (int b = 0; b < 4; b++)
    m->chip.uop[index * 4 + b] = (uint8_t)(word >> 8 * b);
}

/* One product of tiles for lanes of `inp`, `wgt` and `acc` bits, against the
 * definition; the accumulator wraps. */
static void check_gemm(int inp, int wgt, int acc) {
  Machine m;
  hw_config_default(&m.config);
  m.config.log_inp_width = inp;
  m.config.log_wgt_width = wgt;
  m.config.log_acc_width = acc;
  m.config.log_batch = 1;
  m.config.log_acc_buff_size = 12;
  m.config.log_inp_buff_size = 12;
  m.config.log_wgt_buff_size = 14;
  machine_init(&m);
  const HwConfig *c = &m.config;
  uint32_t seed = 7;
  for (int i = 0; i < c->inp_buff_size; i++)
    m.chip.inp[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
  for (int i = 0; i < c->wgt_buff_size; i++)
    m.chip.wgt[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
  put_uop(&m, 0, (Uop){1, 2, 3});
  const Insn gemm = {.opcode = HW_OP_GEMM,
                     .gemm = {.uop_end = 1, .iter_out = 1, .iter_in = 3}};
  assert_int_equal(execute(&m, gemm), VTAC_OK);
  const uint8_t *a = m.chip.inp + 2 * c->inp_elem_bytes;
  const uint8_t *w = m.chip.wgt + 3 * c->wgt_elem_bytes;
  uint8_t expected[4096] = {0};
  for (size_t i = 0; i < 2; i++)
    for (size_t j = 0; j < 16; j++) {
      uint32_t sum = 0;
      for (size_t k = 0; k < 16; k++)
        sum += (uint32_t)lane_get(a, i * 16 + k, c->inp_width) *
               (uint32_t)lane_get(w, j * 16 + k, c->wgt_width);
      lane_set(expected, i * 16 + j, c->acc_width, (int32_t)(3 * sum));
    }
  assert_memory_equal(m.chip.acc + c->acc_elem_bytes, expected,
                      (size_t)c->acc_elem_bytes);
  machine_clear(&m);
}

static void test_gemm_widths(void **state) {
  (void)state;
  check_gemm(3, 3, 5);
  check_gemm(2, 1, 5);
  check_gemm(0, 0, 3);
  check_gemm(1, 3, 4);
  check_gemm(4, 4, 5);
  check_gemm(5, 5, 5);
}

static void test_narrow_store(void **state) {
  (void)state;
  Machine m;
  hw_config_default(&m.config);
  m.config.log_inp_width = 2;
  m.config.log_inp_buff_size = 14;
  machine_init(&m);
  for (int i = 0; i < 32; i++)
    lane_set(m.chip.acc, (size_t)i, 32, i * 17 - 200);
  const Insn store = {.opcode = HW_OP_STORE,
                      .mem = {.memory_type = HW_MEM_OUT,
                              .dram_base = m.addr / 8 + 1,
                              .y_size = 2,
                              .x_size = 1,
                              .x_stride = 3}};
  assert_int_equal(execute(&m, store), VTAC_OK);
  for (int i = 0; i < 32; i++) {
    const uint8_t *row = m.bytes + 8 + i / 16 * 24;
    uint32_t cut = (uint32_t)(i * 17 - 200) << 28;
    assert_int_equal(lane_get(row, (size_t)(i % 16), 4), (int32_t)cut >> 28);
  }
  machine_clear(&m);
}

static void test_bounds(void **state) {
  (void)state;
  Machine m;
  hw_config_default(&m.config);
  machine_init(&m);
  put_uop(&m, 0, (Uop){2047, 2047, 1023});
  put_uop(&m, 1, (Uop){0, 2047, 0});
  const struct {
    uint32_t memory, depth, bytes;
  } memories[] = {{HW_MEM_UOP, 8192, 4},
                  {HW_MEM_WGT, 1024, 256},
                  {HW_MEM_INP, 2048, 16},
                  {HW_MEM_ACC, 2048, 64},
                  {HW_MEM_ACC_8BIT, 2048, 16}};
  for (size_t i = 0; i < 5; i++) {
    Insn load = {.mem = {.memory_type = memories[i].memory,
                         .sram_base = memories[i].depth - 2,
                         .dram_base = m.addr / memories[i].bytes,
                         .y_size = 1,
                         .x_size = 2,
                         .x_stride = 2}};
    assert_int_equal(execute(&m, load), VTAC_OK);
    load.mem.x_pad_1 = 1;
    assert_int_equal(execute(&m, load), VTAC_REFUSED);
    load.mem.x_pad_1 = 0;
    load.mem.y_size = 2;
    load.mem.sram_base = 0;
    load.mem.x_stride = 65535;
    assert_int_equal(execute(&m, load), VTAC_INVALID);
  }
  put_uop(&m, 0, (Uop){2047, 2047, 1023});
  put_uop(&m, 1, (Uop){0, 2047, 0});
  Insn store = {.opcode = HW_OP_STORE,
                .mem = {.memory_type = HW_MEM_OUT,
                        .sram_base = 2047,
                        .dram_base = m.addr / 16,
                        .y_size = 1,
                        .x_size = 2}};
  assert_int_equal(execute(&m, store), VTAC_REFUSED);
  store.mem.sram_base = 0;
  store.mem.x_pad_0 = 1;
  assert_int_equal(execute(&m, store), VTAC_INVALID);
  Insn gemm = {.opcode = HW_OP_GEMM,
               .gemm = {.uop_end = 1, .iter_out = 1, .iter_in = 1}};
  assert_int_equal(execute(&m, gemm), VTAC_OK);
  gemm.gemm.iter_in = 2;
  assert_int_equal(execute(&m, gemm), VTAC_OK);
  gemm.gemm.wgt_factor_in = 1;
  assert_int_equal(execute(&m, gemm), VTAC_REFUSED);
  gemm.gemm.reset_reg = 1; /* reads no weight */
  assert_int_equal(execute(&m, gemm), VTAC_OK);
  gemm.gemm.dst_factor_in = 1;
  assert_int_equal(execute(&m, gemm), VTAC_REFUSED);
  gemm.gemm.iter_out = 0;
  assert_int_equal(execute(&m, gemm), VTAC_OK);
  gemm.gemm.uop_bgn = 2;
  assert_int_equal(execute(&m, gemm), VTAC_INVALID);
  Insn alu = {.opcode = HW_OP_ALU,
              .alu = {.uop_bgn = 1,
                      .uop_end = 2,
                      .iter_out = 2,
                      .iter_in = 1,
                      .src_factor_out = 1,
                      .use_imm = 1}};
  assert_int_equal(execute(&m, alu), VTAC_REFUSED); /* though unused */
  alu.alu.src_factor_out = 0;
  assert_int_equal(execute(&m, alu), VTAC_OK);
  alu.alu.alu_opcode = 5;
  assert_int_equal(execute(&m, alu), VTAC_INVALID);
  alu.alu.alu_opcode = 0;
  alu.alu.uop_end = 8193;
  assert_int_equal(execute(&m, alu), VTAC_REFUSED);
  machine_clear(&m);
}

static void test_illegal_memories(void **state) {
  (void)state;
  Machine m;
  hw_config_default(&m.config);
  machine_init(&m);
  for (uint32_t memory = 0; memory < 8; memory++) {
    Insn insn = {.mem = {.memory_type = memory, .y_size = 1, .x_size = 0}};
    assert_int_equal(execute(&m, insn), VTAC_OK); /* a NOP */
    insn.mem.x_size = 1;
    bool loads = memory != HW_MEM_OUT && memory <= HW_MEM_ACC_8BIT;
    assert_int_equal(execute(&m, insn), VTAC_INVALID); /* address 0 */
    insn.mem.y_size = 0; /* touches no device memory */
    assert_int_equal(execute(&m, insn), loads ? VTAC_OK : VTAC_INVALID);
    insn.opcode = HW_OP_STORE;
    assert_int_equal(execute(&m, insn),
                     memory == HW_MEM_OUT ? VTAC_OK : VTAC_INVALID);
  }
  machine_clear(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lanes),
      cmocka_unit_test(test_arithmetic),
      cmocka_unit_test(test_padding),
      cmocka_unit_test(test_acc_8bit),
      cmocka_unit_test(test_gemm_widths),
      cmocka_unit_test(test_narrow_store),
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_illegal_memories),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
