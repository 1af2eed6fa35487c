/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of instructions: every 128 bits come back from their text, and
 * mistakes in a text are refused where they stand. */
#include "hw/asm.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

static AsmTable make_table(void) {
  HwConfig config;
  AsmTable table;
  hw_config_default(&config);
  asm_table_init(&table, &config);
  return table;
}

static vtac_status parse(const AsmTable *table, const char *text, bool *ret_any,
                         uint64_t ret_word[2], Diag *diag) {
  const AsmLine line = {text, "t.s", strlen(text), 7};
  return asm_parse(table, &line, ret_any, ret_word, diag);
}

/* ---- Round trips -------------------------------------------------------- */

static void check_round_trip(const AsmTable *table, const uint64_t word[2]) {
  char text[ASM_LINE_MAX];
  uint64_t back[2];
  bool any;
  Diag diag;
  int length = asm_print(table, word, text);
  assert_true(length > 0 && length < ASM_LINE_MAX);
  if (parse(table, text, &any, back, &diag))
    fail_msg("%s: %s", text, diag.message);
  assert_true(any);
  if (memcmp(word, back, sizeof back))
    fail_msg("%016llx %016llx came back as %016llx %016llx from %s",
             (unsigned long long)word[1], (unsigned long long)word[0],
             (unsigned long long)back[1], (unsigned long long)back[0], text);
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

static void check_random(const HwConfig *config, uint64_t seed, int count) {
  AsmTable table;
  asm_table_init(&table, config);
  for (int i = 0; i < count; i++) {
    uint64_t word[2] = {next_random(&seed), next_random(&seed)};
    if (i % 2) word[0] &= next_random(&seed); /* sparse ones, too */
    check_round_trip(&table, word);
  }
}

static void test_random_words(void **state) {
  (void)state;
  HwConfig config;
  int count = getenv("VTAC_LONG") ? 1000000 : 20000;
  hw_config_default(&config);
  check_random(&config, 1, count);
  config.log_block = 3;
  config.log_uop_buff_size = 8;
  config.log_inp_buff_size = 9;
  config.log_acc_buff_size = 11;
  config.log_wgt_buff_size = 12;
  assert_int_equal(hw_config_finish(&config, "test", NULL), VTAC_OK);
  check_random(&config, 2, count / 4);
}

static void test_single_bits(void **state) {
  (void)state;
  AsmTable table = make_table();
  for (uint64_t opcode = 0; opcode < 8; opcode++)
    for (int bit = 3; bit < 128; bit++) {
      uint64_t word[2] = {opcode, 0};
      word[bit / 64] |= UINT64_C(1) << bit % 64;
      check_round_trip(&table, word);
    }
}

/* ---- Texts -------------------------------------------------------------- */

static void check_text(Insn insn, const char *want) {
  HwConfig config;
  AsmTable table = make_table();
  uint64_t word[2];
  char text[ASM_LINE_MAX];
  hw_config_default(&config);
  assert_int_equal(hw_encode(&config, &insn, word, NULL), VTAC_OK);
  asm_print(&table, word, text);
  assert_string_equal(text, want);
}

static void test_texts(void **state) {
  (void)state;
  check_text((Insn){.opcode = HW_OP_LOAD,
                    .push_next = 1,
                    .mem = {.memory_type = HW_MEM_INP,
                            .sram_base = 16,
                            .dram_base = 0x100,
                            .y_size = 1,
                            .x_size = 16,
                            .x_stride = 16,
                            .x_pad_1 = 2}},
             "load.inp push_next_dep sram_base=16 dram_base=0x100 y_size=1 "
             "x_size=16 x_stride=16 x_pad_1=2");
  check_text((Insn){.opcode = HW_OP_STORE, .mem = {.memory_type = 7}},
             "store memory_type=7");
  check_text((Insn){.opcode = HW_OP_GEMM,
                    .gemm = {.reset_reg = 1, .uop_end = 2, .iter_out = 3}},
             "gemm reset_reg uop_end=2 iter_out=3");
  check_text((Insn){.opcode = HW_OP_ALU,
                    .alu = {.alu_opcode = HW_ALU_SHR, .use_imm = 1, .imm = -8}},
             "alu.shr use_imm imm=-8");
  check_text((Insn){.opcode = HW_OP_FINISH, .pop_prev = 1},
             "finish pop_prev_dep");
}

static void test_free_form(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t high, low;
  } rows[] = {
      {"\tfinish\tpop_prev_dep=1 ; the end\r", 0, 0xb},
      {"finish# no space", 0, 3},
      {"load memory_type=0x2 push_next_dep=0", 0, 0x100},
      {".word 0x10 0xFFffFFffFFffFFff", 0x10, UINT64_MAX},
      {"alu.min use_imm=0", 0, 4},
  };
  AsmTable table = make_table();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t word[2] = {0, 0};
    bool any = false;
    Diag diag;
    if (parse(&table, rows[i].text, &any, word, &diag))
      fail_msg("%s: %s", rows[i].text, diag.message);
    assert_true(any);
    assert_int_equal(word[0], rows[i].low);
    assert_int_equal(word[1], rows[i].high);
  }
}

static void test_empty_lines(void **state) {
  (void)state;
  static const char *const texts[] = {"", "  \t\r", "# all", " ; finish"};
  AsmTable table = make_table();
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    uint64_t word[2];
    bool any = true;
    assert_int_equal(parse(&table, texts[i], &any, word, NULL), VTAC_OK);
    assert_false(any);
  }
}

/* ---- Refusals ----------------------------------------------------------- */

static void test_refusals(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {" lod.inp",
       "t.s:7:2: there is no instruction 'lod'; there are load, store, gemm, "
       "finish, alu and .word"},
      {"load.foo",
       "t.s:7:1: there is no 'load.foo'; after 'load.' comes uop, "
       "wgt, inp, acc, out, acc_8bit"},
      {"gemm.x", "t.s:7:1: gemm is written without '.'"},
      {"alu imm=1", "t.s:7:1: alu needs '.' and a name, or alu_opcode=NUMBER"},
      {"finish x\001y=1",
       "t.s:7:8: finish has no field 'x?y'; it has pop_prev_dep, pop_next_dep, "
       "push_prev_dep, push_next_dep"},
      {"load.inp y_size=1 y_size=1", "t.s:7:19: y_size is given twice"},
      {"load.inp memory_type=2", "t.s:7:10: memory_type is given twice"},
      {"load.inp y_size", "t.s:7:10: y_size needs a value: y_size=NUMBER"},
      {"load.inp y_size=", "t.s:7:17: a number is missing here"},
      {"load.inp y_size=0x", "t.s:7:17: '0x' is no number"},
      {"load.inp y_size=1k", "t.s:7:17: '1k' is no number"},
      {"load.inp y_size=65536",
       "t.s:7:17: y_size is 65536, allowed is 0..65535"},
      {"load.inp y_size=-1", "t.s:7:17: y_size is -1, allowed is 0..65535"},
      {"gemm reset_reg=2", "t.s:7:16: reset_reg is 2, allowed is 0..1"},
      {"alu.add imm=32768", "t.s:7:13: imm is 32768, allowed is -32768..32767"},
      {"alu.add imm=-32769",
       "t.s:7:13: imm is -32769, allowed is -32768..32767"},
      {"finish spare0=1",
       "t.s:7:15: spare0 sets bits of other fields; it may set "
       "0xffffffffffffff80"},
      {"finish spare1=1 spare1=1", "t.s:7:17: spare1 is given twice"},
      {"finish spare1=-1", "t.s:7:15: bits are not written with a sign"},
      {".word 1", "t.s:7:8: a number is missing here"},
      {".word 1 2 3", "t.s:7:11: .word takes two numbers, '3' is more"},
      {".word 1 0x10000000000000000",
       "t.s:7:9: 0x10000000000000000 does not fit 64 bits"},
  };
  AsmTable table = make_table();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t word[2];
    bool any;
    Diag diag = {0};
    assert_int_equal(parse(&table, rows[i][0], &any, word, &diag),
                     VTAC_REFUSED);
    assert_int_equal(diag.id, D_ASM);
    assert_string_equal(diag.message, rows[i][1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_words), cmocka_unit_test(test_single_bits),
      cmocka_unit_test(test_texts),        cmocka_unit_test(test_free_form),
      cmocka_unit_test(test_empty_lines),  cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
