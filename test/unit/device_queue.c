/* SPDX-License-Identifier: Apache-2.0 */
/* The command queue's own rules: buffers, latched errors, kernels and their
 * cache, the micro-op memory. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "device_port.h"
#include "device/queue.h"
#include "hw/bounds.h"

static PlainPort *plain;
static CommandQueue *queue;

static void start(const HwConfig *config, const QueueOptions *options) {
  plain = plain_create(config);
  assert_int_equal(queue_create(&plain->port, options, &queue, NULL), VTAC_OK);
}

static int setup(void **state) {
  (void)state;
  HwConfig config;
  hw_config_default(&config);
  start(&config, NULL);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  queue_destroy(queue);
  for (size_t i = 0; i < plain->dram.blocks; i++) {
    HwAddr addr = 0; /* all memory came back: the blocks can be had again */
    assert_int_equal(dram_alloc(&plain->dram, 1, &addr, NULL), VTAC_OK);
    assert_true(addr >> HW_PAGE_BITS <= plain->dram.pages);
  }
  port_destroy(&plain->port);
  return 0;
}

static void expect_message(const char *message) {
  if (!strstr(queue_diag(queue)->message, message))
    fail_msg("\"%s\" is not in \"%s\"", message, queue_diag(queue)->message);
}

/* The queue refuses, says so again at synchronisation, then goes on. */
static void expect_latched(vtac_status status, const char *message) {
  assert_int_not_equal(status, VTAC_OK);
  expect_message(message);
  assert_int_equal(queue_dep_push(queue, 1, 2), status);
  assert_int_equal(queue_synchronize(queue), status);
  expect_message(message);
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
}

/* Barriers reach the port as bytes; those that leave the buffer do not. */
static void test_barriers(void **state) {
  (void)state;
  BufferId a = 0;
  assert_int_equal(queue_alloc(queue, 100, &a), VTAC_OK);
  assert_int_equal(queue_read_barrier(queue, (ElementRange){a, 32, 2, 20}),
                   VTAC_OK);
  assert_int_equal(plain->flushed.addr, 0x1000 + 8);
  assert_int_equal(plain->flushed.size, 80);
  assert_int_equal(queue_write_barrier(queue, (ElementRange){a, 7, 1, 99}),
                   VTAC_OK);
  assert_int_equal(plain->invalidated.addr, 0x1000 + 1);
  assert_int_equal(plain->invalidated.size, 99);
  plain->flushed.size = 0;
  const ElementRange bad[] = {
      {a, 8, 1, 100}, {a, 8, -1, 1}, {a, INT64_MAX, 2, 2}, {a + 1, 8, 0, 1}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(queue_read_barrier(queue, bad[i]), VTAC_INVALID);
  assert_int_equal(plain->flushed.size, 0);
  assert_int_equal(queue_free(queue, a), VTAC_OK);
}

static void test_buffers(void **state) {
  (void)state;
  BufferId a = 0, b = 0;
  HwAddr addr = 0;
  uint8_t bytes[16] = {1, 2, 3};
  void *host = NULL;
  assert_int_equal(queue_alloc(queue, 100, &a), VTAC_OK);
  assert_int_equal(queue_buffer_addr(queue, a, &addr), VTAC_OK);
  assert_int_equal(addr, 0x1000);
  assert_int_equal(queue_copy_in(queue, a, 84, bytes, 16), VTAC_OK);
  assert_int_equal(queue_copy_in(queue, a, 85, bytes, 16), VTAC_INVALID);
  expect_message("16 bytes at offset 85 leave a buffer of 100 bytes");
  assert_int_equal(queue_copy_out(queue, a, SIZE_MAX, bytes, 2), VTAC_INVALID);
  assert_int_equal(queue_alloc(queue, 50, &b), VTAC_OK);
  assert_int_equal(
      queue_copy(queue, (BufferRange){b, 0}, (BufferRange){a, 84}, 16),
      VTAC_OK);
  assert_int_equal(queue_buffer_host(queue, b, &host), VTAC_OK);
  assert_memory_equal(host, bytes, 16);
  assert_int_equal(queue_free(queue, a), VTAC_OK);
  assert_int_equal(queue_free(queue, a), VTAC_INVALID);
  expect_message("there is no device buffer");
  assert_int_equal(queue_alloc(queue, 100, &b), VTAC_OK);
  assert_int_not_equal(a, b);
  assert_int_equal(queue_copy_in(queue, a, 0, bytes, 1), VTAC_INVALID);
  assert_int_equal(queue_free(queue, 0), VTAC_INVALID);
  assert_int_equal(queue_free(queue, 12345), VTAC_INVALID);
  assert_int_equal(queue_synchronize(queue), VTAC_OK); /* nothing latched */
}

static Transfer2d transfer(BufferId buffer, uint32_t memory) {
  return (Transfer2d){.buffer = buffer,
                      .x_size = 4,
                      .y_size = 2,
                      .x_stride = 4,
                      .memory_type = memory};
}

static vtac_status load(Transfer2d given) {
  return queue_load_2d(queue, &given);
}

static vtac_status store(Transfer2d given) {
  return queue_store_2d(queue, &given);
}

static void test_transfers(void **state) {
  (void)state;
  BufferId buffer = 0;
  queue_alloc(queue, 128, &buffer);
  Transfer2d t = transfer(buffer, HW_MEM_INP);
  assert_int_equal(load(t), VTAC_OK);
  t.offset = 1;
  expect_latched(load(t), "LOAD INP moves bytes 16..144 of a buffer of 128");
  t.offset = 9; /* behind the buffer, but of nothing: rows of padding */
  t.y_size = 0;
  t.y_pad_before = 2;
  assert_int_equal(load(t), VTAC_OK);
  t = transfer(buffer, HW_MEM_INP);
  t.offset = 9; /* behind the buffer, but of nothing: rows of padding */
  t.y_size = 0;
  t.y_pad_before = 2;
  assert_int_equal(load(t), VTAC_OK);
  t = transfer(buffer, HW_MEM_INP);
  t.offset = -1;
  expect_latched(load(t), "field dram_base is -1, allowed is 0..4294967295");
  t = transfer(buffer, HW_MEM_INP);
  t.x_size = 65536;
  expect_latched(load(t), "LOAD: field x_size is 65536, allowed is 0..65535");
  t.x_size = 4;
  t.x_pad_before = 16;
  expect_latched(load(t), "field x_pad_0 is 16, allowed is 0..15");
  t.x_pad_before = 0;
  t.sram_index = 2041;
  expect_latched(load(t), "LOAD INP covers elements 2041..2048");
  expect_latched(load(transfer(buffer, HW_MEM_OUT)), "does not support");
  expect_latched(store(transfer(buffer, HW_MEM_INP)), "does not support");
  expect_latched(load(transfer(buffer + 1, HW_MEM_INP)), "no device buffer");
  t = transfer(buffer, HW_MEM_OUT);
  t.y_pad_after = 1;
  expect_latched(store(t), "STORE has padding");
}

static void test_dependences(void **state) {
  (void)state;
  expect_latched(queue_dep_push(queue, 1, 3), "from stage 1 to stage 3");
  expect_latched(queue_dep_pop(queue, 3, 1), "from stage 3 to stage 1");
  expect_latched(queue_dep_pop(queue, 2, 2), "from stage 2 to stage 2");
  expect_latched(queue_dep_push(queue, 0, -7), "from stage 0 to stage -7");
  /* A pop without a push cannot run, and the queue recovers. */
  assert_int_equal(queue_dep_pop(queue, 2, 1), VTAC_OK);
  assert_int_equal(queue_synchronize(queue), VTAC_DEVICE);
  expect_message("lacks a token g2l");
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
}

static UopPush add(int64_t acc, int64_t imm) {
  return (UopPush){.mode = KERNEL_ALU,
                   .dst = acc,
                   .src = acc,
                   .opcode = HW_ALU_ADD,
                   .use_imm = 1,
                   .imm = imm};
}

static vtac_status push_uop(UopPush push) {
  return queue_uop_push(queue, &push);
}

static vtac_status begin_loop(int64_t extent, int64_t dst) {
  const UopLoop loop = {extent, dst, 0, 0};
  return queue_uop_loop_begin(queue, &loop);
}

/* A kernel that adds `imm` to `n` accumulators from `first` on. */
static KernelId record_add(uint64_t site, int first, int n, int64_t imm) {
  KernelId id = 0;
  queue_kernel_begin(queue, KERNEL_ALU, site);
  for (int i = 0; i < n; i++) push_uop(add(first + i, imm));
  assert_int_equal(queue_kernel_end(queue, &id), VTAC_OK);
  return id;
}

static void test_recording_rules(void **state) {
  (void)state;
  expect_latched(push_uop(add(0, 0)), "a micro-op outside of a kernel");
  expect_latched(begin_loop(1, 1), "a micro-op loop outside of a kernel");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  expect_latched(queue_kernel_begin(queue, KERNEL_ALU, 0), "inside");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  assert_int_equal(queue_synchronize(queue), VTAC_REFUSED);
  expect_message("synchronise inside the recording");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  begin_loop(2, 1);
  begin_loop(2, 1);
  expect_latched(begin_loop(2, 1), "a third loop");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  push_uop(add(0, 0));
  expect_latched(begin_loop(2, 1), "loops surround all micro-ops");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  push_uop(add(0, 1));
  expect_latched(push_uop(add(0, 2)), "micro-ops differ");
  queue_kernel_begin(queue, KERNEL_GEMM, 0);
  expect_latched(push_uop(add(0, 2)), "micro-ops differ");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  expect_latched(push_uop(add(0, 32768)), "field imm is 32768");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  expect_latched(push_uop(add(2048, 0)), "dst_idx is 2048, allowed is 0..2047");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  expect_latched(push_uop(add(-1, 0)), "dst_idx is -1, allowed is 0..2047");
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  begin_loop(16384, 1);
  push_uop(add(0, 0));
  expect_latched(queue_kernel_end(queue, NULL),
                 "field iter_in is 16384, allowed is 0..16383");
}

/* One micro-op too many for the memory: two kernels, two instructions. */
static void test_too_many_uops(void **state) {
  (void)state;
  KernelId id = 7;
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  for (int i = 0; i < 8193; i++)
    assert_int_equal(push_uop(add(i % 2048, 1)), VTAC_OK);
  assert_int_equal(queue_kernel_end(queue, &id), VTAC_OK);
  assert_int_equal(id, 0);
  assert_int_equal(queue_stats(queue).kernels, 2);
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
  assert_int_equal(plain->counters[HW_COUNT_alu_counter], 8193);
  assert_int_equal(plain->counters[HW_COUNT_uop_load_nbytes], 4 * 8193);
}

static void test_empty_kernel(void **state) {
  (void)state;
  KernelId id = 7;
  queue_kernel_begin(queue, KERNEL_GEMM, 0);
  assert_int_equal(queue_kernel_end(queue, &id), VTAC_OK);
  assert_int_equal(id, 0);
  assert_false(queue_kernel_find(queue, id));
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
  assert_int_equal(plain->counters[HW_COUNT_uop_load_nbytes], 0);
}

/* The accumulators that the last stream's kernels write, one group for each
 * instruction: "0 1 2 0 | 2 |". */
static void expect_writes(const char *want) {
  char have[256] = "";
  int n = 0;
  for (uint32_t i = 0; i < plain->count; i++) {
    const Insn *insn = &plain->insns[i];
    uint32_t begin =
        insn->opcode == HW_OP_GEMM ? insn->gemm.uop_bgn : insn->alu.uop_bgn;
    uint32_t end =
        insn->opcode == HW_OP_GEMM ? insn->gemm.uop_end : insn->alu.uop_end;
    if (insn->opcode != HW_OP_GEMM && insn->opcode != HW_OP_ALU) continue;
    for (uint32_t k = begin; k < end; k++) {
      Uop uop = hw_uop_at(&plain->port.config, plain->chip.uop, k);
      n += snprintf(have + n, sizeof have - (size_t)n, "%u ", uop.dst);
    }
    n += snprintf(have + n, sizeof have - (size_t)n, "| ");
  }
  assert_string_equal(have, want);
}

static void push_adds(const char *accumulators) {
  KernelId id = 7;
  queue_kernel_begin(queue, KERNEL_ALU, 0);
  for (const char *at = accumulators; *at; at++)
    assert_int_equal(push_uop(add(*at - '0', 1)), VTAC_OK);
  assert_int_equal(queue_kernel_end(queue, &id), VTAC_OK);
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
}

/* Micro-ops are put into another order, and where that is not enough into
 * several instructions. */
static void test_hazard(void **state) {
  (void)state;
  push_adds("0001");
  expect_writes("0 0 0 1 | ");
  plain->port.uop_hazard_distance = 2;
  push_adds("01203");
  expect_writes("0 1 2 0 3 | ");
  push_adds("000111222");
  expect_writes("0 1 2 0 1 2 0 1 2 | ");
  push_adds("0101");
  expect_writes("0 1 | 0 1 | ");
  push_adds("444");
  expect_writes("4 | 4 | 4 | ");
}

static void test_identity(void **state) {
  (void)state;
  KernelId first = record_add(1, 0, 4, 5);
  assert_int_equal(record_add(1, 0, 4, 5), first);
  assert_int_not_equal(record_add(2, 0, 4, 5), first);
  assert_int_not_equal(record_add(1, 0, 4, 6), first);
  assert_int_not_equal(record_add(1, 1, 4, 5), first);
  assert_int_not_equal(record_add(1, 0, 3, 5), first);
  assert_true(queue_kernel_find(queue, first));
  assert_int_equal(queue_kernel_push(queue, first), VTAC_OK);
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
  assert_int_equal(plain->counters[HW_COUNT_uop_load_nbytes], 19 * 4);
  assert_int_equal(plain->counters[HW_COUNT_alu_counter], 27);
  /* Each synchronisation loads what it uses once. */
  assert_int_equal(queue_kernel_push(queue, first), VTAC_OK);
  assert_int_equal(queue_kernel_push(queue, first), VTAC_OK);
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
  assert_int_equal(plain->counters[HW_COUNT_uop_load_nbytes], 23 * 4);
  QueueStats stats = queue_stats(queue);
  assert_int_equal(stats.kernels, 5);
  assert_int_equal(stats.kernel_misses, 5);
  assert_int_equal(stats.kernel_hits, 4);
  expect_latched(queue_kernel_push(queue, first + 7), "no longer in the cache");
}

static void count_kernel(void *self, const Uop *uops, uint32_t count) {
  (void)uops;
  *(uint32_t *)self += count;
}

static int32_t accumulator(int index) {
  return (int32_t)plain->chip.acc[index * plain->port.config.acc_elem_bytes];
}

/* A cache of three kernels and a micro-op memory of eight, used by more
 * kernels than fit: sums stay right, ids of evicted kernels die. */
static void test_eviction(void **state) {
  (void)state;
  HwConfig config;
  hw_config_default(&config);
  config.log_uop_buff_size = 5;
  assert_int_equal(hw_config_finish(&config, "small", NULL), VTAC_OK);
  uint32_t recorded = 0;
  const QueueOptions options = {.max_kernels = 3,
                                .trace = {&recorded, count_kernel, NULL}};
  start(&config, &options);
  int expected[16] = {0};
  KernelId first = record_add(0, 0, 3, 1);
  for (int i = 0; i < 3; i++) expected[i] += 1;
  for (int round = 0; round < 40; round++) {
    int at = round * 5 % 12, n = 1 + round % 4;
    record_add((uint64_t)(round % 7), at, n, round % 3);
    for (int i = 0; i < n; i++) expected[at + i] += round % 3;
    if (round % 11 == 10) assert_int_equal(queue_synchronize(queue), VTAC_OK);
  }
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
  for (int i = 0; i < 16; i++) assert_int_equal(accumulator(i), expected[i]);
  assert_false(queue_kernel_find(queue, first));
  QueueStats stats = queue_stats(queue);
  assert_int_equal(stats.kernels, 3);
  assert_int_equal(stats.kernel_misses, stats.kernel_evictions + 3);
  assert_true(recorded > 40);
  teardown(NULL);
}

/* With room in the cache, kernels that lost their place in the micro-op memory
 * are loaded again from where the batch's image has them. */
static void test_wrap_around(void **state) {
  (void)state;
  HwConfig config;
  hw_config_default(&config);
  config.log_uop_buff_size = 5;
  assert_int_equal(hw_config_finish(&config, "small", NULL), VTAC_OK);
  start(&config, NULL);
  for (int round = 0; round < 3; round++)
    for (int k = 0; k < 5; k++) record_add((uint64_t)k, k * 3, 3, k + 1);
  assert_int_equal(queue_synchronize(queue), VTAC_OK);
  for (int k = 0; k < 5; k++)
    assert_int_equal(accumulator(k * 3 + 2), 3 * (k + 1));
  uint32_t image = 0;
  for (uint32_t i = 0; i < plain->count; i++) {
    const Insn *insn = &plain->insns[i];
    if (insn->opcode != HW_OP_LOAD || hw_is_nop(insn)) continue;
    if (!image) image = insn->mem.dram_base;
    assert_true(insn->mem.dram_base - image < 15);
  }
  assert_int_equal(queue_stats(queue).kernel_misses, 5);
  teardown(NULL);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_barriers),
      TEST(test_buffers),
      TEST(test_transfers),
      TEST(test_dependences),
      TEST(test_recording_rules),
      TEST(test_too_many_uops),
      TEST(test_empty_kernel),
      TEST(test_hazard),
      TEST(test_identity),
      cmocka_unit_test(test_eviction),
      cmocka_unit_test(test_wrap_around),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
