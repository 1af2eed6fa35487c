/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction and micro-op encodings: known words, round trips, refusals. */
#include "hw/insn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

static HwConfig config;

typedef struct Golden {
  uint64_t high, low;
  Insn insn;
} Golden;

#define MEM(...) .mem = {__VA_ARGS__}
#define GEMM_LOOPS(...) .opcode = HW_OP_GEMM, .gemm = {__VA_ARGS__}
#define ALU_LOOPS(...) .opcode = HW_OP_ALU, .alu = {__VA_ARGS__}

/* clang-format off */
static const Golden goldens[] = {
    {0, 0x21, {.opcode = HW_OP_STORE, .push_prev = 1}},
    {0, 0x140, {.push_next = 1, MEM(.memory_type = HW_MEM_INP)}},
    {0, 0x18, {.pop_prev = 1, .pop_next = 1}},
    {0, 0x3, {.opcode = HW_OP_FINISH}},
    {0x0000004000100010, 0x00000004000000c0,
     {.push_next = 1, MEM(.memory_type = HW_MEM_WGT, .dram_base = 0x100,
                          .y_size = 16, .x_size = 16, .x_stride = 64)}},
    {0x1101000e000e0008, 0x0000000400000110,
     {.pop_next = 1, MEM(.memory_type = HW_MEM_INP, .dram_base = 0x100,
                         .y_size = 8, .x_size = 14, .x_stride = 14,
                         .y_pad_0 = 1, .x_pad_0 = 1, .x_pad_1 = 1)}},
    {0x0000007e007e0001, 0x00000048d0007008,
     {.pop_prev = 1, MEM(.memory_type = HW_MEM_UOP, .sram_base = 28,
                         .dram_base = 0x1234, .y_size = 1, .x_size = 126,
                         .x_stride = 126)}},
    {0x0000000100010001, 0x00000004fc003e21,
     {.opcode = HW_OP_STORE, .push_prev = 1,
      MEM(.memory_type = HW_MEM_OUT, .sram_base = 15, .dram_base = 0x13f,
          .y_size = 1, .x_size = 1, .x_stride = 1)}},
    {0x0000000000000001, 0x00020080002000a2,
     {.push_prev = 1,
      GEMM_LOOPS(.reset_reg = 1, .uop_end = 1, .iter_out = 16, .iter_in = 1,
                 .dst_factor_out = 1)}},
    {0x0041000200000001, 0x0020008000400122,
     {.push_prev = 1,
      GEMM_LOOPS(.uop_bgn = 1, .uop_end = 2, .iter_out = 16, .iter_in = 16,
                 .dst_factor_out = 1, .src_factor_in = 1,
                 .wgt_factor_out = 16, .wgt_factor_in = 1)}},
    {0x0000902000007062, 0x000e004013401c22,
     {.push_prev = 1,
      GEMM_LOOPS(.uop_bgn = 28, .uop_end = 154, .iter_out = 8, .iter_in = 7,
                 .dst_factor_out = 98, .dst_factor_in = 14,
                 .src_factor_in = 16, .wgt_factor_out = 9)}},
    {0x0008b00200000800, 0x0020000800600204,
     {ALU_LOOPS(.uop_bgn = 2, .uop_end = 3, .iter_out = 1, .iter_in = 16,
                .dst_factor_in = 1, .src_factor_in = 1,
                .alu_opcode = HW_ALU_SHR, .use_imm = 1, .imm = 8)}},
    {0x007f800200000800, 0x0020000800a00444,
     {.push_next = 1,
      ALU_LOOPS(.uop_bgn = 4, .uop_end = 5, .iter_out = 1, .iter_in = 16,
                .dst_factor_in = 1, .src_factor_in = 1,
                .alu_opcode = HW_ALU_MIN, .use_imm = 1, .imm = 127)}},
    {0xfffdb00200000800, 0x0080000800200004,
     {ALU_LOOPS(.uop_end = 1, .iter_out = 1, .iter_in = 64,
                .dst_factor_in = 1, .src_factor_in = 1,
                .alu_opcode = HW_ALU_SHR, .use_imm = 1, .imm = -3)}},
};
/* clang-format on */

static void test_goldens(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
    uint64_t word[2];
    uint8_t bytes[HW_INSN_BYTES];
    Insn insn;
    Diag diag;
    assert_int_equal(hw_encode(&config, &goldens[i].insn, word, &diag), 0);
    assert_int_equal(word[0], goldens[i].low);
    assert_int_equal(word[1], goldens[i].high);
    hw_insn_write(word, bytes);
    assert_int_equal(bytes[0], word[0] & 0xff);
    word[0] = word[1] = 1;
    hw_insn_read(bytes, word);
    assert_int_equal(hw_decode(&config, word, &insn, &diag), 0);
    assert_memory_equal(&insn, &goldens[i].insn, sizeof insn);
  }
}

static void test_uops(void **state) {
  (void)state;
  const Uop uops[] = {{789, 182, 79}, {0, 64, 0}};
  const uint32_t words[] = {0x13c5b315, 0x00020000};
  for (int i = 0; i < 2; i++) {
    uint32_t word;
    assert_int_equal(hw_uop_encode(&config, &uops[i], &word, NULL), 0);
    assert_int_equal(word, words[i]);
    Uop back = hw_uop_decode(&config, word);
    assert_memory_equal(&back, &uops[i], sizeof back);
  }
}

static uint64_t random_word(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

/* All bits that fields cover survive decoding and encoding. */
static void round_trips(const HwConfig *c, uint64_t seed) {
  HwField fields[HW_FIELDS_MAX];
  for (int i = 0; i < 4000; i++) {
    uint64_t word[2] = {random_word(&seed), random_word(&seed)}, again[2];
    uint64_t covered[2] = {0, 0};
    Insn insn;
    word[0] = (word[0] & ~UINT64_C(7)) | (uint64_t)(i % 5);
    assert_int_equal(hw_decode(c, word, &insn, NULL), 0);
    assert_int_equal(hw_encode(c, &insn, again, NULL), 0);
    HwLayoutId layout = hw_opcode_layout(insn.opcode);
    int count = hw_layout(c, layout, fields);
    for (int f = 0; f < count; f++)
      if (strcmp(fields[f].name, "unused"))
        covered[fields[f].position / 64] |=
            ((UINT64_C(1) << fields[f].width) - 1) << fields[f].position % 64;
    assert_int_equal(word[0] & covered[0], again[0]);
    assert_int_equal(word[1] & covered[1], again[1]);
  }
}

static void test_round_trips(void **state) {
  (void)state;
  const uint64_t seed = 0x9e3779b97f4a7c15;
  printf("seed 0x%llx\n", (unsigned long long)seed);
  round_trips(&config, seed);
  HwConfig small = config;
  small.log_uop_buff_size = 10; /* moves dst_factor_out into word 0 */
  small.log_wgt_buff_size = 14;
  assert_int_equal(hw_config_finish(&small, "small", NULL), 0);
  round_trips(&small, seed + 1);
}

static void test_straddling(void **state) {
  (void)state;
  HwField fields[HW_FIELDS_MAX];
  int count = hw_layout(&config, HW_LAYOUT_GEMM, fields);
  assert_int_equal(count, 16);
  assert_string_equal(fields[10].name, "dst_factor_out");
  assert_int_equal(fields[10].position, 64);
  HwConfig small = config;
  small.log_uop_buff_size = 10;
  assert_int_equal(hw_config_finish(&small, "small", NULL), 0);
  hw_layout(&small, HW_LAYOUT_GEMM, fields);
  assert_int_equal(fields[10].position, 53);
  assert_int_equal(fields[11].position, 64);
}

static void refuse_field(const Insn *insn, const char *message) {
  uint64_t word[2];
  Diag diag;
  assert_int_equal(hw_encode(&config, insn, word, &diag), VTAC_REFUSED);
  if (!strstr(diag.message, message))
    fail_msg("\"%s\" is not in \"%s\"", message, diag.message);
}

static void test_refusals(void **state) {
  (void)state;
  Insn flags = {.pop_prev = 2};
  refuse_field(&flags, "field pop_prev_dep is 2, allowed is 0..1");
  Insn imm = {.opcode = HW_OP_ALU, .alu = {.imm = 32768}};
  refuse_field(&imm, "field imm is 32768, allowed is -32768..32767");
  imm.alu.imm = -32769;
  refuse_field(&imm, "field imm is -32769, allowed is -32768..32767");
}

/* Walks the members, which are all 32 bits wide and in the fields' order. */
static void test_every_field(void **state) {
  (void)state;
  const uint32_t opcodes[] = {HW_OP_LOAD, HW_OP_STORE, HW_OP_GEMM, HW_OP_ALU};
  for (size_t o = 0; o < 4; o++) {
    HwField fields[HW_FIELDS_MAX];
    int count = hw_layout(&config, hw_opcode_layout(opcodes[o]), fields);
    for (int f = 5; f < count; f++) {
      if (fields[f].width == 32 || fields[f].is_signed) continue;
      Insn insn = {.opcode = opcodes[o]};
      uint32_t value = UINT32_C(1) << fields[f].width;
      size_t at = offsetof(Insn, mem) + (size_t)(f - 5) * sizeof value;
      char message[80];
      memcpy((char *)&insn + at, &value, sizeof value);
      snprintf(message, sizeof message, "field %s is %u, allowed is 0..%u",
               fields[f].name, value, value - 1);
      refuse_field(&insn, message);
    }
  }
  uint32_t word;
  Diag diag;
  const Uop wide = {0, 0, 1024};
  assert_int_equal(hw_uop_encode(&config, &wide, &word, &diag), VTAC_REFUSED);
  assert_non_null(strstr(diag.message, "wgt_idx is 1024, allowed is 0..1023"));
}

static void test_opcodes(void **state) {
  (void)state;
  for (uint64_t opcode = 5; opcode < 8; opcode++) {
    const uint64_t word[2] = {opcode, 0};
    uint64_t encoded[2];
    Insn insn = {.opcode = (uint32_t)opcode};
    assert_int_equal(hw_encode(&config, &insn, encoded, NULL), VTAC_INVALID);
    assert_int_equal(hw_decode(&config, word, &insn, NULL), VTAC_INVALID);
  }
}

static void test_flags(void **state) {
  (void)state;
  const Insn load = {.pop_prev = 1, .mem = {.memory_type = HW_MEM_WGT}};
  const Insn uops = {.pop_prev = 1, .push_next = 1};
  const Insn store = {.opcode = HW_OP_STORE, .push_next = 1};
  assert_int_equal(hw_stage(&load), HW_STAGE_LOAD);
  assert_int_equal(hw_stage(&uops), HW_STAGE_COMPUTE);
  assert_int_equal(hw_stage(&store), HW_STAGE_STORE);
  assert_int_equal(hw_check_flags(&load, NULL), VTAC_INVALID);
  assert_int_equal(hw_check_flags(&uops, NULL), VTAC_OK);
  assert_int_equal(hw_check_flags(&store, NULL), VTAC_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_goldens),     cmocka_unit_test(test_uops),
      cmocka_unit_test(test_round_trips), cmocka_unit_test(test_straddling),
      cmocka_unit_test(test_refusals),    cmocka_unit_test(test_every_field),
      cmocka_unit_test(test_opcodes),     cmocka_unit_test(test_flags),
  };
  hw_config_default(&config);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
