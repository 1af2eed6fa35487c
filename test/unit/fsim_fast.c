/* SPDX-License-Identifier: Apache-2.0 */
/* The fast paths compute what the plain semantics compute: random legal
 * streams on three simulators, all device memory and counters compared. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "fsim/fsim.h"
#include "hw/insn.h"

enum {
  PORTS = 3,
  INSNS = 60,
  MAX_INSNS = 2 * INSNS + 2,
  DATA = 1 << 17,
  UOPS = 64
};

typedef struct Trial {
  HwPort *port[PORTS];
  HwAddr code, data;
  uint64_t seed;
} Trial;

static uint32_t below(Trial *t, uint32_t n) {
  t->seed =
      t->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(t->seed >> 33) % n;
}

/* A loop small enough that its indices stay inside memories of 64 elements
 * when the micro-ops' stay below 16. */
static uint32_t factor(Trial *t) { return below(t, 4); }

static Insn random_gemm(Trial *t) {
  uint32_t begin = below(t, UOPS / 2);
  return (Insn){.opcode = HW_OP_GEMM,
                .gemm = {.reset_reg = below(t, 8) == 0,
                         .uop_bgn = begin,
                         .uop_end = begin + below(t, UOPS / 2),
                         .iter_out = below(t, 8),
                         .iter_in = below(t, 8),
                         .dst_factor_out = factor(t),
                         .dst_factor_in = factor(t),
                         .src_factor_out = factor(t),
                         .src_factor_in = factor(t),
                         .wgt_factor_out = below(t, 2),
                         .wgt_factor_in = below(t, 2)}};
}

static Insn random_alu(Trial *t) {
  const Insn like = random_gemm(t);
  const GemmInsn *g = &like.gemm;
  return (Insn){.opcode = HW_OP_ALU,
                .alu = {.uop_bgn = g->uop_bgn,
                        .uop_end = g->uop_end,
                        .iter_out = g->iter_out,
                        .iter_in = g->iter_in,
                        .dst_factor_out = g->dst_factor_out,
                        .dst_factor_in = g->dst_factor_in,
                        .src_factor_out = g->src_factor_out,
                        .src_factor_in = g->src_factor_in,
                        .alu_opcode = below(t, 5),
                        .use_imm = below(t, 2),
                        .imm = (int32_t)below(t, 200) - 100}};
}

static Insn random_transfer(Trial *t) {
  static const uint32_t memories[] = {HW_MEM_WGT, HW_MEM_INP, HW_MEM_ACC,
                                      HW_MEM_ACC_8BIT, HW_MEM_OUT};
  uint32_t memory = memories[below(t, 5)];
  bool store = memory == HW_MEM_OUT;
  uint32_t bytes = hw_elem_bytes(&t->port[0]->config, memory);
  Insn insn = {.opcode = store ? HW_OP_STORE : HW_OP_LOAD};
  insn.mem = (MemInsn){.memory_type = memory,
                       .sram_base = below(t, 8),
                       .dram_base = t->data / bytes + below(t, 4),
                       .y_size = below(t, 3),
                       .x_size = below(t, 5),
                       .x_stride = below(t, 6)};
  if (!store) {
    insn.mem.y_pad_0 = below(t, 2);
    insn.mem.x_pad_1 = below(t, 2);
  }
  return insn;
}

/* Tokens order everything: load and store hand over to compute and back. */
static uint32_t random_stream(Trial *t, Insn insns[MAX_INSNS]) {
  uint32_t n = 0;
  insns[n++] = (Insn){.mem = {.memory_type = HW_MEM_UOP,
                              .dram_base = (t->data + DATA / 2) / 4,
                              .y_size = 1,
                              .x_size = UOPS,
                              .x_stride = UOPS}};
  for (int i = 0; i < INSNS; i++) {
    uint32_t kind = below(t, 3);
    Insn insn = kind == 0   ? random_gemm(t)
                : kind == 1 ? random_alu(t)
                            : random_transfer(t);
    HwStage stage = hw_stage(&insn), last = hw_stage(&insns[n - 1]);
    if (stage != last && stage != HW_STAGE_COMPUTE &&
        last != HW_STAGE_COMPUTE) {
      insns[n] = (Insn){.pop_prev = last == HW_STAGE_LOAD,
                        .pop_next = last == HW_STAGE_STORE};
      if (last == HW_STAGE_LOAD)
        insns[n - 1].push_next = 1;
      else
        insns[n - 1].push_prev = 1;
      last = HW_STAGE_COMPUTE;
      n++;
    }
    if (last < stage) insns[n - 1].push_next = insn.pop_prev = 1;
    if (last > stage) insns[n - 1].push_prev = insn.pop_next = 1;
    insns[n++] = insn;
  }
  Insn finish = {.opcode = HW_OP_FINISH};
  HwStage last = hw_stage(&insns[n - 1]);
  if (last < HW_STAGE_COMPUTE) insns[n - 1].push_next = finish.pop_prev = 1;
  if (last > HW_STAGE_COMPUTE) insns[n - 1].push_prev = finish.pop_next = 1;
  insns[n++] = finish;
  return n;
}

static void fill_data(Trial *t, uint8_t *data) {
  for (int i = 0; i < DATA; i++) data[i] = (uint8_t)below(t, 256);
  for (uint32_t u = 0; u < UOPS; u++) {
    const Uop uop = {below(t, 8), below(t, 8), below(t, 8)};
    uint32_t word;
    assert_int_equal(hw_uop_encode(&t->port[0]->config, &uop, &word, NULL), 0);
    for (uint32_t b = 0; b < 4; b++)
      data[DATA / 2 + u * 4 + b] = (uint8_t)(word >> 8 * b);
  }
}

static void run_on(Trial *t, HwPort *port, const Insn *insns, uint32_t count) {
  Diag diag;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    uint8_t bytes[HW_INSN_BYTES];
    assert_int_equal(hw_encode(&port->config, &insns[i], word, &diag), 0);
    hw_insn_write(word, bytes);
    port->ops->copy_in(port, t->code + i * HW_INSN_BYTES, bytes, sizeof bytes,
                       NULL);
  }
  if (port->ops->run(port, t->code, count, &diag)) fail_msg("%s", diag.message);
}

/* Stores every accumulator, so that nothing stays unseen on chip. */
static uint32_t dump_stream(Trial *t, Insn insns[5]) {
  const HwConfig *config = &t->port[0]->config;
  uint32_t depth = (uint32_t)config->acc_buff_depth;
  uint32_t bytes = (uint32_t)config->out_elem_bytes;
  const AluInsn shift = {.uop_end = 1,
                         .iter_out = 1,
                         .iter_in = 56,
                         .dst_factor_in = 1,
                         .alu_opcode = HW_ALU_SHR,
                         .use_imm = 1,
                         .imm = 8};
  const MemInsn all = {.memory_type = HW_MEM_OUT,
                       .dram_base = t->data / bytes,
                       .y_size = 1,
                       .x_size = depth < 64 ? depth : 64,
                       .x_stride = 1};
  insns[0] = (Insn){.opcode = HW_OP_ALU, .push_next = 1, .alu = shift};
  insns[1] = (Insn){.opcode = HW_OP_STORE, .pop_prev = 1, .mem = all};
  insns[2] = (Insn){.opcode = HW_OP_FINISH};
  return 3;
}

static void compare(Trial *t, uint8_t *plain, uint8_t *fast) {
  uint64_t expected[HW_COUNTERS], found[HW_COUNTERS];
  t->port[0]->ops->copy_out(t->port[0], t->data, plain, DATA, NULL);
  t->port[0]->ops->counters(t->port[0], expected);
  for (int p = 1; p < PORTS; p++) {
    t->port[p]->ops->copy_out(t->port[p], t->data, fast, DATA, NULL);
    t->port[p]->ops->counters(t->port[p], found);
    assert_memory_equal(plain, fast, DATA);
    assert_memory_equal(expected, found, sizeof found);
  }
}

static void run_trial(const HwConfig *config, uint64_t seed) {
  static const FsimOptions options[PORTS] = {
      {.plain = true}, {.portable = true}, {.plain = false}};
  static uint8_t data[DATA], fast[DATA];
  Insn insns[MAX_INSNS];
  Trial t = {.seed = seed};
  for (int p = 0; p < PORTS; p++) {
    assert_int_equal(fsim_create_with(config, options[p], &t.port[p], NULL), 0);
    t.port[p]->ops->alloc(t.port[p], sizeof insns, &t.code, NULL);
    t.port[p]->ops->alloc(t.port[p], DATA, &t.data, NULL);
  }
  fill_data(&t, data);
  for (int p = 0; p < PORTS; p++)
    t.port[p]->ops->copy_in(t.port[p], t.data, data, DATA, NULL);
  for (int round = 0; round < 4; round++) {
    uint32_t count = random_stream(&t, insns);
    for (int p = 0; p < PORTS; p++) run_on(&t, t.port[p], insns, count);
    compare(&t, data, fast);
    count = dump_stream(&t, insns);
    for (int p = 0; p < PORTS; p++) run_on(&t, t.port[p], insns, count);
    compare(&t, data, fast);
  }
  for (int p = 0; p < PORTS; p++) port_destroy(t.port[p]);
}

static void run_shape(int log_batch, int log_block) {
  HwConfig config;
  hw_config_default(&config);
  config.log_batch = log_batch;
  config.log_block = log_block;
  /* 64 elements of each kind */
  config.log_inp_buff_size = 6 + log_batch + log_block;
  config.log_acc_buff_size = 8 + log_batch + log_block;
  config.log_wgt_buff_size = 6 + 2 * log_block;
  Diag diag;
  if (hw_config_finish(&config, "shape", &diag)) fail_msg("%s", diag.message);
  for (uint64_t i = 0; i < 6; i++) {
    uint64_t seed = 1000 * (uint64_t)(log_batch * 10 + log_block) + i;
    printf("batch 2^%d block 2^%d seed %llu\n", log_batch, log_block,
           (unsigned long long)seed);
    run_trial(&config, seed);
  }
}

static void test_shapes(void **state) {
  (void)state;
  run_shape(0, 4);
  run_shape(1, 4);
  run_shape(0, 3);
  run_shape(2, 5);
  run_shape(0, 6);
  run_shape(1, 1);
  run_shape(0, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
