/* SPDX-License-Identifier: Apache-2.0 */
/* Records of streams: repeating one has the effect of the calls, and only what
 * can be repeated is recorded. */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "device/queue.h"
#include "device_port.h"

enum { SIZE = 256 };

static PlainPort *plain;
static CommandQueue *queue;
static BufferId from, to;

static void start(const QueueOptions *options) {
  HwConfig config;
  hw_config_default(&config);
  plain = plain_create(&config);
  assert_int_equal(queue_create(&plain->port, options, &queue, NULL), 0);
  assert_int_equal(queue_alloc(queue, SIZE, &from), 0);
  assert_int_equal(queue_alloc(queue, SIZE, &to), 0);
}

static int teardown(void **state) {
  (void)state;
  queue_destroy(queue);
  port_destroy(&plain->port);
  return 0;
}

/* to = from + 3, four accumulators; leaves a pop for the next run, as
 * compiled programs do. */
static vtac_status program(void) {
  const Transfer2d in = {.buffer = from,
                         .x_size = 4,
                         .y_size = 1,
                         .x_stride = 4,
                         .memory_type = HW_MEM_ACC};
  Transfer2d out = in;
  out.buffer = to;
  out.memory_type = HW_MEM_OUT;
  const UopLoop loop = {4, 1, 1, 0};
  const UopPush add = {KERNEL_ALU, 0, 0, 0, 0, HW_ALU_ADD, 1, 3};
  queue_dep_push(queue, HW_STAGE_STORE, HW_STAGE_COMPUTE);
  queue_dep_pop(queue, HW_STAGE_STORE, HW_STAGE_COMPUTE);
  queue_load_2d(queue, &in);
  queue_kernel_begin(queue, KERNEL_ALU, 1);
  queue_uop_loop_begin(queue, &loop);
  queue_uop_push(queue, &add);
  queue_uop_loop_end(queue);
  queue_kernel_end(queue, NULL);
  queue_dep_push(queue, HW_STAGE_COMPUTE, HW_STAGE_STORE);
  queue_dep_pop(queue, HW_STAGE_COMPUTE, HW_STAGE_STORE);
  queue_store_2d(queue, &out);
  queue_dep_push(queue, HW_STAGE_STORE, HW_STAGE_COMPUTE);
  vtac_status status = queue_synchronize(queue);
  queue_dep_pop(queue, HW_STAGE_STORE, HW_STAGE_COMPUTE);
  return status;
}

static void set_input(int8_t value) {
  int32_t lanes[SIZE / 4];
  for (size_t i = 0; i < SIZE / 4; i++) lanes[i] = value;
  assert_int_equal(queue_copy_in(queue, from, 0, lanes, SIZE), 0);
}

static void expect(int8_t value) {
  int8_t lanes[64];
  assert_int_equal(queue_copy_out(queue, to, 0, lanes, sizeof lanes), 0);
  for (size_t i = 0; i < sizeof lanes; i++) assert_int_equal(lanes[i], value);
}

static QueueRecord *record(void) {
  assert_true(queue_record_begin(queue));
  assert_int_equal(program(), VTAC_OK);
  return queue_record_end(queue);
}

/* The second run differs from the first by the pop that the first left. */
static void test_repeat(void **state) {
  (void)state;
  start(NULL);
  set_input(1);
  QueueRecord *first = record();
  QueueRecord *second = record();
  assert_non_null(first);
  assert_non_null(second);
  expect(4);
  assert_false(queue_can_repeat(queue, first));
  assert_true(queue_can_repeat(queue, second));
  uint64_t runs = queue_stats(queue).runs;
  for (int8_t i = 10; i < 14; i++) {
    set_input(i);
    assert_true(queue_can_repeat(queue, second));
    assert_int_equal(queue_repeat(queue, second), VTAC_OK);
    expect(i + 3);
  }
  assert_int_equal(queue_stats(queue).runs, runs + 4);
  /* Calls and repetitions may alternate. */
  set_input(20);
  assert_int_equal(program(), VTAC_OK);
  expect(23);
  set_input(30);
  assert_int_equal(queue_repeat(queue, second), VTAC_OK);
  expect(33);
  queue_record_free(queue, first);
  queue_record_free(queue, second);
}

/* A reset drops the pop: now the first record fits. */
static void test_after_reset(void **state) {
  (void)state;
  start(NULL);
  set_input(1);
  QueueRecord *first = record();
  queue_reset(queue);
  assert_true(queue_can_repeat(queue, first));
  set_input(2);
  assert_int_equal(queue_repeat(queue, first), VTAC_OK);
  expect(5);
  queue_record_free(queue, first);
}

static void test_not_one_stream(void **state) {
  (void)state;
  start(NULL);
  set_input(1);
  assert_true(queue_record_begin(queue));
  assert_null(queue_record_end(queue)); /* no stream */
  assert_true(queue_record_begin(queue));
  program();
  program();
  assert_null(queue_record_end(queue)); /* two */
  assert_true(queue_record_begin(queue));
  program();
  queue_dep_push(queue, HW_STAGE_COMPUTE, HW_STAGE_LOAD);
  assert_null(queue_record_end(queue)); /* the next one has begun */
}

static void ignore(void *self, const Insn *insns, const uint32_t *sites,
                   uint32_t count) {
  (void)self;
  (void)insns;
  (void)sites;
  (void)count;
}

/* Who listens or has streams verified gets the calls. */
static void test_watched(void **state) {
  (void)state;
  start(NULL);
  set_input(1);
  QueueRecord *first = record();
  QueueRecord *second = record();
  queue_set_trace(queue, (QueueTrace){.stream = ignore});
  assert_false(queue_can_repeat(queue, second));
  assert_false(queue_record_begin(queue));
  queue_record_free(queue, first);
  queue_record_free(queue, second);
}

/* An error of the port is the queue's, which is usable afterwards. */
static void test_error(void **state) {
  (void)state;
  start(NULL);
  set_input(1);
  QueueRecord *first = record();
  QueueRecord *second = record();
  plain->port.ops->reset(&plain->port); /* takes the token it waits for */
  assert_int_equal(queue_repeat(queue, second), VTAC_DEVICE);
  assert_int_equal(queue_diag(queue)->id, D_DEADLOCK);
  assert_int_equal(program(), VTAC_OK);
  expect(4);
  queue_record_free(queue, first);
  queue_record_free(queue, second);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_repeat, teardown),
      cmocka_unit_test_teardown(test_after_reset, teardown),
      cmocka_unit_test_teardown(test_not_one_stream, teardown),
      cmocka_unit_test_teardown(test_watched, teardown),
      cmocka_unit_test_teardown(test_error, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
