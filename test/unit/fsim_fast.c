/* SPDX-License-Identifier: Apache-2.0 */
/* The fast paths compute what the plain semantics compute: random streams on
 * a plain simulator and on one for each instruction set that this processor
 * has (only the one named by VTAC_SIM_ISA, if that is set); device memory,
 * counters and errors compared. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "fsim/fsim.h"
#include "hw/insn.h"

enum {
  MOST_PORTS = 6,
  INSNS = 40,
  MAX_INSNS = 2 * INSNS + 2,
  DATA = 1 << 17,
  UOPS = 64,
  WIDE = 16 /* a row of the kernels that walk over their input */
};

typedef struct Trial {
  HwPort *port[MOST_PORTS]; /* the first is plain */
  int ports;
  HwAddr code, data;
  uint64_t seed;
} Trial;

static const struct {
  const char *name;
  FsimIsa isa;
} isas[] = {{"fast", FSIM_ISA_BEST},
            {"portable", FSIM_ISA_PORTABLE},
            {"avx2", FSIM_ISA_AVX2},
            {"avx512vnni", FSIM_ISA_AVX512VNNI},
            {"neondot", FSIM_ISA_NEONDOT}};

static uint32_t below(Trial *t, uint32_t n) {
  t->seed =
      t->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(t->seed >> 33) % n;
}

/* A loop small enough that its indices stay inside memories of 64 elements
 * when the micro-ops' stay below 16. */
static uint32_t factor(Trial *t) { return below(t, 4); }

/* One that moves along a row: many members of a class, or a product of a row
 * with a matrix. */
static Insn walking_gemm(Trial *t) {
  bool matrix = below(t, 2);
  Insn insn = {.opcode = HW_OP_GEMM};
  insn.gemm = (GemmInsn){.uop_bgn = UOPS / 2,
                         .uop_end = UOPS / 2 + 2 * WIDE,
                         .iter_out = 1 + below(t, 3),
                         .iter_in = 1 + below(t, 2),
                         .dst_factor_out = WIDE,
                         .src_factor_in = below(t, 2) * 4,
                         .dst_factor_in = below(t, 2) * 4,
                         .wgt_factor_out = 2};
  if (matrix) {
    insn.gemm.uop_end = UOPS / 2 + 1;
    insn.gemm.iter_out = insn.gemm.iter_in = 1 + below(t, 8);
    insn.gemm.dst_factor_out = insn.gemm.src_factor_in = 1;
    insn.gemm.dst_factor_in = 0;
    insn.gemm.wgt_factor_out = 7;
    insn.gemm.wgt_factor_in = 1;
  }
  return insn;
}

static Insn random_gemm(Trial *t) {
  uint32_t begin = below(t, UOPS / 2);
  return (Insn){.opcode = HW_OP_GEMM,
                .gemm = {.reset_reg = below(t, 8) == 0,
                         .uop_bgn = begin,
                         .uop_end = begin + below(t, UOPS / 2 - begin + 1),
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
                                      HW_MEM_OUT, HW_MEM_ACC_8BIT};
  const HwConfig *config = &t->port[0]->config;
  bool narrow = config->acc_width == 32 && config->inp_width == 8;
  uint32_t memory = memories[below(t, narrow ? 5 : 4)];
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
    uint32_t kind = below(t, 5);
    Insn insn = kind == 0   ? random_gemm(t)
                : kind == 1 ? walking_gemm(t)
                : kind == 2 ? random_alu(t)
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

static void put_uop(Trial *t, uint8_t *data, uint32_t index, Uop uop) {
  uint32_t word;
  assert_int_equal(hw_uop_encode(&t->port[0]->config, &uop, &word, NULL), 0);
  for (uint32_t b = 0; b < 4; b++)
    data[DATA / 2 + index * 4 + b] = (uint8_t)(word >> 8 * b);
}

/* The first half of the micro-ops is random, the second walks. */
static void fill_data(Trial *t, uint8_t *data) {
  for (int i = 0; i < DATA; i++) data[i] = (uint8_t)below(t, 256);
  for (uint32_t u = 0; u < UOPS / 2; u++)
    put_uop(t, data, u, (Uop){below(t, 8), below(t, 8), below(t, 8)});
  for (uint32_t j = 0; j < WIDE; j++)
    for (uint32_t k = 0; k < 2; k++)
      put_uop(t, data, UOPS / 2 + k * WIDE + j, (Uop){j, j + k, k});
}

static void write_stream(Trial *t, const Insn *insns, uint32_t count) {
  uint8_t bytes[MAX_INSNS * HW_INSN_BYTES];
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    assert_int_equal(hw_encode(&t->port[0]->config, &insns[i], word, NULL), 0);
    hw_insn_write(word, bytes + i * HW_INSN_BYTES);
  }
  for (int p = 0; p < t->ports; p++)
    port_copy_in(t->port[p], t->code, bytes, count * HW_INSN_BYTES, NULL);
}

/* Device memory and counters of all ports. */
static void compare(Trial *t) {
  static uint8_t plain[DATA], fast[DATA];
  uint64_t expected[HW_COUNTERS], found[HW_COUNTERS];
  port_copy_out(t->port[0], t->data, plain, DATA, NULL);
  t->port[0]->ops->counters(t->port[0], expected);
  for (int p = 1; p < t->ports; p++) {
    port_copy_out(t->port[p], t->data, fast, DATA, NULL);
    t->port[p]->ops->counters(t->port[p], found);
    assert_memory_equal(plain, fast, DATA);
    assert_memory_equal(expected, found, sizeof found);
  }
}

/* Runs a stream on all ports, which must agree in all that can be seen. */
static vtac_status run_all(Trial *t, const Insn *insns, uint32_t count) {
  Diag plain = {0}, fast = {0};
  write_stream(t, insns, count);
  HwPort *port = t->port[0];
  vtac_status status = port->ops->run(port, t->code, count, &plain);
  for (int p = 1; p < t->ports; p++) {
    port = t->port[p];
    assert_int_equal(port->ops->run(port, t->code, count, &fast), status);
    if (status) assert_string_equal(plain.message, fast.message);
  }
  compare(t);
  return status;
}

static void run_good(Trial *t, const Insn *insns, uint32_t count) {
  assert_int_equal(run_all(t, insns, count), VTAC_OK);
}

/* Stores every accumulator, byte by byte from the lowest, so that nothing
 * stays unseen on chip. */
static void dump(Trial *t) {
  const HwConfig *config = &t->port[0]->config;
  const uint32_t depth = (uint32_t)config->acc_buff_depth;
  const AluInsn shift = {.uop_bgn = UOPS / 2,
                         .uop_end = UOPS / 2 + 1,
                         .iter_out = 1,
                         .iter_in = depth,
                         .dst_factor_in = 1,
                         .src_factor_in = 1,
                         .alu_opcode = HW_ALU_SHR,
                         .use_imm = 1,
                         .imm = config->out_width > 8 ? 8 : config->out_width};
  const MemInsn all = {.memory_type = HW_MEM_OUT,
                       .dram_base = t->data / (uint32_t)config->out_elem_bytes,
                       .y_size = 1,
                       .x_size = depth,
                       .x_stride = depth};
  const Insn stream[] = {
      {.mem = {.memory_type = HW_MEM_UOP,
               .dram_base = (t->data + DATA / 2) / 4,
               .y_size = 1,
               .x_size = UOPS,
               .x_stride = UOPS},
       .push_next = 1},
      {.opcode = HW_OP_STORE, .pop_prev = 1, .push_prev = 1, .mem = all},
      {.opcode = HW_OP_ALU, .pop_next = 1, .alu = shift},
      {.opcode = HW_OP_FINISH}};
  for (int part = 0; part < 4; part++) run_good(t, stream, 4);
}

/* Each instruction in a stream of its own, and all accumulators' low bits
 * after it. */
static void run_singly(Trial *t, const Insn *insns, uint32_t count) {
  const HwConfig *config = &t->port[0]->config;
  Insn stream[3] = {
      [1] = {.opcode = HW_OP_STORE}, [2] = {.opcode = HW_OP_FINISH}};
  stream[1].mem = (MemInsn){.memory_type = HW_MEM_OUT,
                            .dram_base = (t->data + DATA / 2 + 4096) /
                                         (uint32_t)config->out_elem_bytes,
                            .y_size = 1,
                            .x_size = (uint32_t)config->acc_buff_depth,
                            .x_stride = 1};
  for (uint32_t i = 0; i + 1 < count; i++) {
    const Insn *insn = &insns[i];
    HwStage stage = hw_stage(insn);
    stream[0] = *insn;
    stream[0].pop_prev = stream[0].pop_next = 0;
    stream[0].push_prev = stream[0].push_next = 0;
    stream[0].push_next = stage == HW_STAGE_COMPUTE;
    stream[1].pop_prev = stage == HW_STAGE_COMPUTE;
    run_good(t, stream, 3);
  }
}

/* ---- Trials ------------------------------------------------------------- */

static void add_port(Trial *t, const HwConfig *config, FsimOptions options,
                     bool needed) {
  Diag diag;
  HwPort *port;
  vtac_status status = fsim_create_with(config, options, &port, &diag);
  if (status) {
    assert_false(needed);
    assert_int_equal(status, VTAC_INVALID);
    assert_int_equal(diag.id, D_SIM_ISA);
    return;
  }
  t->port[t->ports++] = port;
  assert_int_equal(port->ops->alloc(port, 4096, &t->code, NULL), 0);
  assert_int_equal(port->ops->alloc(port, DATA, &t->data, NULL), 0);
}

static void open_trial(Trial *t, const HwConfig *config, uint64_t seed) {
  static uint8_t data[DATA];
  const char *wanted = getenv("VTAC_SIM_ISA");
  *t = (Trial){.seed = seed};
  add_port(t, config, (FsimOptions){.plain = true}, true);
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
    bool forced = wanted && !strcmp(wanted, isas[i].name);
    if (wanted && *wanted && !forced) continue;
    bool needed = forced || isas[i].isa <= FSIM_ISA_PORTABLE;
    add_port(t, config, (FsimOptions){.isa = isas[i].isa}, needed);
  }
  assert_true(t->ports > 1);
  fill_data(t, data);
  for (int p = 0; p < t->ports; p++)
    port_copy_in(t->port[p], t->data, data, DATA, NULL);
}

static void close_trial(Trial *t) {
  for (int p = 0; p < t->ports; p++) port_destroy(t->port[p]);
}

static void run_trial(const HwConfig *config, uint64_t seed) {
  Insn insns[MAX_INSNS];
  Trial t;
  open_trial(&t, config, seed);
  for (int round = 0; round < 2; round++) {
    uint32_t count = random_stream(&t, insns);
    for (int again = 0; again < 2; again++) run_good(&t, insns, count);
    dump(&t);
    run_singly(&t, insns, count);
  }
  close_trial(&t);
}

/* Sizes by which each memory holds 64 elements. */
static HwConfig make_config(int log_batch, int log_block, int log_inp,
                            int log_wgt, int log_acc) {
  HwConfig config;
  hw_config_default(&config);
  config.log_batch = log_batch;
  config.log_block = log_block;
  config.log_inp_width = log_inp;
  config.log_wgt_width = log_wgt;
  config.log_acc_width = log_acc;
  config.log_inp_buff_size = 6 + log_batch + log_block + log_inp - 3;
  config.log_acc_buff_size = 6 + log_batch + log_block + log_acc - 3;
  config.log_wgt_buff_size = 6 + 2 * log_block + log_wgt - 3;
  Diag diag;
  if (hw_config_finish(&config, "shape", &diag)) fail_msg("%s", diag.message);
  return config;
}

static void run_config(int log_batch, int log_block, int log_inp, int log_wgt,
                       int log_acc) {
  HwConfig config =
      make_config(log_batch, log_block, log_inp, log_wgt, log_acc);
  /* The plain path takes its time over large tiles. */
  const uint64_t trials = getenv("VTAC_LONG") ? 8 : log_block > 4 ? 1 : 3;
  for (uint64_t i = 0; i < trials; i++) {
    uint64_t seed = 1000 * (uint64_t)(log_batch * 10 + log_block) + i;
    printf("%s seed %llu\n", config.bitstream, (unsigned long long)seed);
    run_trial(&config, seed);
  }
}

static void test_shapes(void **state) {
  (void)state;
  run_config(0, 4, 3, 3, 5);
  run_config(1, 4, 3, 3, 5);
  run_config(2, 4, 3, 3, 5);
  run_config(0, 3, 3, 3, 5);
  run_config(2, 3, 3, 3, 5);
  run_config(0, 5, 3, 3, 5);
  run_config(2, 5, 3, 3, 5);
  run_config(0, 6, 3, 3, 5);
  run_config(1, 6, 3, 3, 5);
  run_config(1, 1, 3, 3, 5);
  run_config(0, 2, 3, 3, 5);
  run_config(3, 0, 3, 3, 5);
}

static void test_widths(void **state) {
  (void)state;
  run_config(0, 4, 2, 2, 5);
  run_config(0, 4, 3, 2, 5);
  run_config(1, 4, 1, 3, 5);
  run_config(0, 5, 0, 1, 5);
  run_config(0, 7, 0, 0, 4);
  run_config(0, 4, 4, 3, 5);
  run_config(0, 4, 3, 4, 5);
  run_config(1, 3, 4, 4, 5);
  run_config(0, 4, 5, 3, 5);
  run_config(0, 3, 5, 5, 5);
  run_config(0, 4, 3, 3, 4);
  run_config(1, 4, 3, 3, 3);
  run_config(0, 3, 4, 4, 4);
}

/* ---- Errors ------------------------------------------------------------- */

/* Breaks one instruction of a stream: its range on chip, its address or its
 * micro-ops. */
static void break_one(Trial *t, Insn *insns, uint32_t count) {
  Insn *insn = &insns[below(t, count - 1)];
  if (hw_opcode_layout(insn->opcode) == HW_LAYOUT_MEM && !hw_is_nop(insn)) {
    if (below(t, 2))
      insn->mem.sram_base = 62;
    else
      insn->mem.dram_base += 1u << 20;
  } else if (insn->opcode == HW_OP_GEMM) {
    insn->gemm.iter_in = 300;
    insn->gemm.dst_factor_in = 3;
  }
}

static void test_errors(void **state) {
  (void)state;
  HwConfig config = make_config(0, 4, 3, 3, 5);
  int failures = 0;
  for (uint64_t seed = 0; seed < 60; seed++) {
    Insn insns[MAX_INSNS];
    Trial t;
    open_trial(&t, &config, seed);
    uint32_t count = random_stream(&t, insns);
    run_good(&t, insns, count);
    break_one(&t, insns, count);
    failures += run_all(&t, insns, count) != VTAC_OK;
    failures += run_all(&t, insns, count) != VTAC_OK;
    for (int p = 0; p < t.ports; p++) t.port[p]->ops->reset(t.port[p]);
    dump(&t);
    close_trial(&t);
  }
  assert_true(failures > 60);
}

/* The same stream with other micro-ops behind the same address. */
static void test_changed_uops(void **state) {
  (void)state;
  HwConfig config = make_config(0, 4, 3, 3, 5);
  Insn insns[MAX_INSNS];
  Trial t;
  open_trial(&t, &config, 7);
  uint32_t count = random_stream(&t, insns);
  for (int round = 0; round < 5; round++) {
    static uint8_t data[DATA];
    run_good(&t, insns, count);
    dump(&t);
    fill_data(&t, data);
    for (int p = 0; p < t.ports; p++)
      port_copy_in(t.port[p], t.data, data, DATA, NULL);
  }
  close_trial(&t);
}

/* ---- Weights that wait in DRAM, stores that become one ------------------ */

static Insn transfer(Trial *t, HwOpcode opcode, uint32_t memory, uint32_t sram,
                     uint32_t element, uint32_t n) {
  uint32_t bytes = hw_elem_bytes(&t->port[0]->config, memory);
  return (Insn){.opcode = opcode,
                .mem = {.memory_type = memory,
                        .sram_base = sram,
                        .dram_base = t->data / bytes + element,
                        .y_size = 1,
                        .x_size = n,
                        .x_stride = n}};
}

/* Micro-ops, activations and eight weights, in the order compute, load. */
static uint32_t load_operands(Trial *t, Insn *to) {
  to[0] = transfer(t, HW_OP_LOAD, HW_MEM_UOP, 0, DATA / 2 / 4, UOPS);
  to[1] = transfer(t, HW_OP_LOAD, HW_MEM_INP, 0, 0, 32);
  to[2] = transfer(t, HW_OP_LOAD, HW_MEM_WGT, 0, 8, 8);
  to[2].push_next = 1;
  return 3;
}

/* Products of a row and a matrix, which take weights where they lie. */
static Insn product(void) {
  return (Insn){.opcode = HW_OP_GEMM,
                .gemm = {.uop_bgn = UOPS / 2,
                         .uop_end = UOPS / 2 + 1,
                         .iter_out = 4,
                         .iter_in = 2,
                         .dst_factor_out = 1,
                         .src_factor_in = 1,
                         .wgt_factor_out = 2,
                         .wgt_factor_in = 1}};
}

static void run_product(Trial *t, bool pops) {
  Insn stream[2] = {product(), {.opcode = HW_OP_FINISH}};
  stream[0].pop_prev = pops;
  run_good(t, stream, 2);
}

/* A store over weights that were loaded but not used yet. */
static void test_store_over_weights(void **state) {
  (void)state;
  HwConfig config = make_config(0, 4, 3, 3, 5);
  for (uint32_t at = 0; at < 5; at++) {
    Insn stream[8];
    Trial t;
    open_trial(&t, &config, at);
    const uint32_t tile =
        (uint32_t)config.wgt_elem_bytes / (uint32_t)config.out_elem_bytes;
    uint32_t n = load_operands(&t, stream);
    stream[n] =
        transfer(&t, HW_OP_STORE, HW_MEM_OUT, 0, (6 + 2 * at) * tile, 2 * tile);
    stream[n].push_prev = 1;
    n++;
    stream[n] = product();
    stream[n].pop_prev = stream[n].pop_next = 1;
    n++;
    stream[n++] = (Insn){.opcode = HW_OP_FINISH};
    run_good(&t, stream, n);
    dump(&t);
    close_trial(&t);
  }
}

/* The host writes between the load and the use. */
static void test_weights_between_runs(void **state) {
  (void)state;
  static uint8_t other[DATA / 4];
  HwConfig config = make_config(0, 4, 3, 3, 5);
  Insn stream[8];
  Trial t;
  open_trial(&t, &config, 1);
  uint32_t n = load_operands(&t, stream);
  stream[n++] = (Insn){.opcode = HW_OP_FINISH};
  run_good(&t, stream, n);
  for (int p = 0; p < t.ports; p++)
    port_copy_in(t.port[p], t.data, other, sizeof other, NULL);
  run_product(&t, true);
  dump(&t);
  close_trial(&t);
}

/* Zeros take the place of weights that still lie in DRAM. */
static void test_padded_weights(void **state) {
  (void)state;
  HwConfig config = make_config(0, 4, 3, 3, 5);
  Insn stream[8];
  Trial t;
  open_trial(&t, &config, 1);
  uint32_t n = load_operands(&t, stream);
  stream[n] = transfer(&t, HW_OP_LOAD, HW_MEM_WGT, 1, 20, 2);
  stream[n].mem.x_pad_0 = stream[n].mem.y_pad_1 = 1;
  stream[n].push_next = 1;
  n++;
  stream[n++] = (Insn){.opcode = HW_OP_FINISH, .pop_prev = 1};
  run_good(&t, stream, n);
  run_product(&t, true);
  dump(&t);
  close_trial(&t);
}

/* One store after another, each a small step from the last. */
static void test_small_stores(void **state) {
  (void)state;
  HwConfig config = make_config(0, 4, 3, 3, 5);
  for (uint64_t seed = 0; seed < 40; seed++) {
    Insn stream[INSNS + 4];
    Trial t;
    open_trial(&t, &config, seed);
    stream[0] = transfer(&t, HW_OP_LOAD, HW_MEM_ACC, 0, 0, 64);
    stream[1] = (Insn){.opcode = HW_OP_FINISH};
    run_good(&t, stream, 2);
    uint32_t n = 0, sram = 0, element = 2000, size = 1 + below(&t, 2);
    uint32_t step = below(&t, 4);
    while (n < INSNS && sram + 2 * size < 64) {
      Insn insn = transfer(&t, HW_OP_STORE, HW_MEM_OUT, sram, element, size);
      if (below(&t, 6) == 0) insn.mem.y_size = 2;
      if (below(&t, 2)) insn.mem.x_stride = step * size;
      stream[n++] = insn;
      sram += below(&t, 8) ? size * insn.mem.y_size : 0;
      element += below(&t, 8) ? step * size : 0;
      if (below(&t, 12) == 0) element -= 9;
      if (below(&t, 8) == 0) step = below(&t, 4);
    }
    stream[n - 1].push_prev = 1;
    stream[n++] = (Insn){.opcode = HW_OP_FINISH, .pop_next = 1};
    run_good(&t, stream, n);
    close_trial(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_widths),
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_changed_uops),
      cmocka_unit_test(test_store_over_weights),
      cmocka_unit_test(test_weights_between_runs),
      cmocka_unit_test(test_padded_weights),
      cmocka_unit_test(test_small_stores)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
