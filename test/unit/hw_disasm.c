/* SPDX-License-Identifier: Apache-2.0 */
/* Listings, byte for byte in the reference runtime's form. */
#include "hw/disasm.h"

#include <stdarg.h>
#include <string.h>

#include "base/trap.h" /* before cmocka, whose `fail` is a macro */

#include <setjmp.h>
#include <cmocka.h>

static const Insn stream[] = {
    {.opcode = HW_OP_STORE, .push_prev = 1},
    {.pop_next = 1,
     .mem = {.dram_base = 0x40c00, .y_size = 1, .x_size = 1, .x_stride = 1}},
    {.opcode = HW_OP_GEMM,
     .push_prev = 1,
     .gemm = {.uop_bgn = 1,
              .uop_end = 2,
              .iter_out = 16,
              .iter_in = 16,
              .dst_factor_out = 1,
              .src_factor_in = 1,
              .wgt_factor_out = 16,
              .wgt_factor_in = 1}},
    {.pop_next = 1,
     .mem = {.memory_type = HW_MEM_INP,
             .sram_base = 0x90,
             .dram_base = 0x100,
             .y_size = 8,
             .x_size = 14,
             .x_stride = 14,
             .y_pad_0 = 1,
             .x_pad_0 = 1,
             .x_pad_1 = 1}},
    {.opcode = HW_OP_ALU,
     .push_next = 1,
     .alu = {.uop_bgn = 3,
             .uop_end = 4,
             .iter_out = 1,
             .iter_in = 16,
             .dst_factor_in = 1,
             .src_factor_in = 1,
             .alu_opcode = HW_ALU_MAX,
             .use_imm = 1}},
    {.opcode = HW_OP_STORE,
     .pop_prev = 1,
     .mem = {.memory_type = HW_MEM_OUT,
             .sram_base = 10,
             .dram_base = 0x1023a,
             .y_size = 1,
             .x_size = 1,
             .x_stride = 1}},
    {.push_next = 1, .mem = {.memory_type = HW_MEM_INP}},
    {.pop_prev = 1},
    {.opcode = HW_OP_FINISH},
};

static const char listing[] =
    "There are 9 instructions\n"
    "INSTRUCTION 0: NOP-STORE-STAGE\n"
    "\tdep - pop prev: 0, pop next: 0, push prev: 1, push next: 0\n"
    "\tl2g_queue = 0, g2l_queue = 0\n"
    "\ts2g_queue = 1, g2s_queue = 0\n"
    "INSTRUCTION 1: LOAD UOP\n"
    "\tdep - pop prev: 0, pop next: 1, push prev: 0, push next: 0\n"
    "\tDRAM: 0x00040c00, SRAM:0x0000\n"
    "\ty: size=1, pad=[0, 0]\n"
    "\tx: size=1, stride=1, pad=[0, 0]\n"
    "\tl2g_queue = 0, g2l_queue = 0\n"
    "\ts2g_queue = 0, g2s_queue = 0\n"
    "INSTRUCTION 2: GEMM\n"
    "\tdep - pop prev: 0, pop next: 0, push prev: 1, push next: 0\n"
    "\treset_out: 0\n"
    "\trange (1, 2)\n"
    "\touter loop - iter: 16, wgt: 16, inp: 0, acc: 1\n"
    "\tinner loop - iter: 16, wgt: 1, inp: 1, acc: 0\n"
    "\tl2g_queue = 0, g2l_queue = 1\n"
    "\ts2g_queue = 0, g2s_queue = 0\n"
    "INSTRUCTION 3: LOAD INP\n"
    "\tdep - pop prev: 0, pop next: 1, push prev: 0, push next: 0\n"
    "\tDRAM: 0x00000100, SRAM:0x0090\n"
    "\ty: size=8, pad=[1, 0]\n"
    "\tx: size=14, stride=14, pad=[1, 1]\n"
    "\tl2g_queue = 0, g2l_queue = 0\n"
    "\ts2g_queue = 0, g2s_queue = 0\n"
    "INSTRUCTION 4: ALU - max imm\n"
    "\tdep - pop prev: 0, pop next: 0, push prev: 0, push next: 1\n"
    "\treset_out: 0\n"
    "\trange (3, 4)\n"
    "\touter loop - iter: 1, dst: 0, src: 0\n"
    "\tinner loop - iter: 16, dst: 1, src: 1\n"
    "\tl2g_queue = 0, g2l_queue = 0\n"
    "\ts2g_queue = 0, g2s_queue = 1\n"
    "INSTRUCTION 5: STORE:\n"
    "\tdep - pop prev: 1, pop next: 0, push prev: 0, push next: 0\n"
    "\tDRAM: 0x0001023a, SRAM:0x000a\n"
    "\ty: size=1, pad=[0, 0]\n"
    "\tx: size=1, stride=1, pad=[0, 0]\n"
    "\tl2g_queue = 0, g2l_queue = 0\n"
    "\ts2g_queue = 0, g2s_queue = 0\n"
    "INSTRUCTION 6: NOP-MEMORY-STAGE\n"
    "\tdep - pop prev: 0, pop next: 0, push prev: 0, push next: 1\n"
    "\tl2g_queue = 1, g2l_queue = 0\n"
    "\ts2g_queue = 0, g2s_queue = 0\n"
    "INSTRUCTION 7: NOP-COMPUTE-STAGE\n"
    "\tdep - pop prev: 1, pop next: 0, push prev: 0, push next: 0\n"
    "\tl2g_queue = 0, g2l_queue = 0\n"
    "\ts2g_queue = 0, g2s_queue = 0\n"
    "INSTRUCTION 8: FINISH\n"
    "\tl2g_queue = 0, g2l_queue = 0\n"
    "\ts2g_queue = 0, g2s_queue = 0\n";

static Trap trap;
static Arena arena;
static Strbuf text;

static int setup(void **state) {
  (void)state;
  arena_init(&arena, &trap);
  strbuf_init(&text, &arena);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_clear(&arena);
  return 0;
}

static void test_insns(void **state) {
  (void)state;
  hw_list_insns(hw_sink_strbuf(&text), stream, sizeof stream / sizeof *stream);
  assert_string_equal(text.text, listing);
}

static void test_uops(void **state) {
  (void)state;
  const Uop uops[] = {{784, 178, 79}, {785, 179, 79}};
  hw_list_uops(hw_sink_strbuf(&text), uops, 2);
  assert_string_equal(text.text,
                      "There are 2 uops\n"
                      "[0000]\t acc=784, inp=178, wgt=79\n"
                      "[0001]\t acc=785, inp=179, wgt=79\n\n");
}

static void test_brief(void **state) {
  (void)state;
  char brief[HW_BRIEF_MAX];
  const char *const expected[] = {
      "NOP-STORE-STAGE",  "LOAD UOP",          "GEMM",
      "LOAD INP",         "ALU max imm",       "STORE OUT",
      "NOP-MEMORY-STAGE", "NOP-COMPUTE-STAGE", "FINISH"};
  for (int i = 0; i < 9; i++)
    assert_string_equal(hw_insn_brief(&stream[i], brief), expected[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_insns, setup, teardown),
      cmocka_unit_test_setup_teardown(test_uops, setup, teardown),
      cmocka_unit_test(test_brief),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
