/* SPDX-License-Identifier: Apache-2.0 */
/* The timing simulator as a port and as a device: what the functional one
 * does, and the cycles. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "fsim/fsim.h"
#include "tsim/tsim.h"
#include "vtac/vtac.h"

/* ---- Devices ------------------------------------------------------------ */

enum { IN = 256, OUT = 256, TILE = 64 };

typedef struct Outcome {
  int8_t result[OUT];
  uint64_t counters[VTAC_COUNTERS], cycles;
} Outcome;

static vtac_config *configure(const char *target) {
  char text[600];
  vtac_error error;
  int n = snprintf(
      text, sizeof text,
      "{\"TARGET\": \"%s\", \"HW_VER\": \"0.0.2\", \"LOG_INP_WIDTH\": 3,"
      "\"LOG_WGT_WIDTH\": 3, \"LOG_ACC_WIDTH\": 5, \"LOG_BATCH\": 0,"
      "\"LOG_BLOCK\": 4, \"LOG_UOP_BUFF_SIZE\": 15,"
      "\"LOG_INP_BUFF_SIZE\": 15, \"LOG_WGT_BUFF_SIZE\": 18,"
      "\"LOG_ACC_BUFF_SIZE\": 17}",
      target);
  vtac_config *config = vtac_config_parse(text, (size_t)n, "test", &error);
  if (!config) fail_msg("%s", error.message);
  return config;
}

static void check(vtac_status status, const vtac_error *error) {
  if (status) fail_msg("%s", error->message);
}

static void fill(vtac_array *array, uint32_t seed) {
  const size_t size = vtac_array_size(array);
  int8_t *bytes = malloc(size);
  vtac_error error;
  assert_non_null(bytes);
  for (size_t i = 0; i < size; i++)
    bytes[i] = (int8_t)((seed = seed * 1664525 + 1013904223) >> 24);
  check(vtac_array_write(array, bytes, &error), &error);
  free(bytes);
}

/* Runs a matrix multiply `runs` times. */
static Outcome multiply(const vtac_config *config, vtac_simulator simulator,
                        int runs) {
  const vtac_gemm_params params = {.batch = 1,
                                   .in = IN,
                                   .out = OUT,
                                   .tile_batch = 1,
                                   .tile_in = TILE,
                                   .tile_out = TILE,
                                   .shift = 8,
                                   .vthreads = 2};
  const vtac_device_options options = {.simulator = simulator};
  const vtac_lower_options lower = {.accelerator = 1};
  const vtac_tensor *args;
  vtac_array *array[3];
  vtac_error error;
  Outcome outcome;
  vtac_context *context = vtac_context_new(config, &error);
  vtac_op *op = vtac_gemm(context, &params);
  int n = vtac_op_args(op, &args);
  vtac_op_schedule_to(context, op, VTAC_OP_VTA);
  vtac_module *module =
      vtac_build(context, vtac_op_schedule(op), n, args, "f", &lower);
  if (!module) fail_msg("%s", vtac_context_error(context)->message);
  vtac_device *device = vtac_device_open(config, &options, &error);
  if (!device) fail_msg("%s", error.message);
  for (int i = 0; i < n; i++)
    array[i] = vtac_array_like(device, args[i], &error);
  fill(array[0], 1);
  fill(array[1], 2);
  for (int i = 0; i < runs; i++)
    check(vtac_module_run(module, device, n, array, &error), &error);
  check(vtac_array_read(array[2], outcome.result, &error), &error);
  vtac_device_counters(device, outcome.counters);
  outcome.cycles = vtac_device_cycles(device);
  vtac_device_clear_counters(device);
  assert_int_equal(vtac_device_cycles(device), 0);
  for (int i = 0; i < n; i++) vtac_array_free(array[i]);
  vtac_device_close(device);
  vtac_module_free(module);
  vtac_context_free(context);
  return outcome;
}

static void test_same_results(void **state) {
  (void)state;
  vtac_config *config = configure("sim");
  Outcome plain = multiply(config, VTAC_SIMULATOR_FUNCTIONAL, 1);
  Outcome timed = multiply(config, VTAC_SIMULATOR_TIMING, 1);
  assert_memory_equal(plain.result, timed.result, sizeof plain.result);
  assert_memory_equal(plain.counters, timed.counters, sizeof plain.counters);
  assert_int_equal(plain.cycles, 0);
  assert_true(timed.cycles > 0);
  vtac_config_free(config);
}

static void test_runs_add_up(void **state) {
  (void)state;
  vtac_config *config = configure("sim");
  uint64_t once = multiply(config, VTAC_SIMULATOR_TIMING, 1).cycles;
  uint64_t thrice = multiply(config, VTAC_SIMULATOR_TIMING, 3).cycles;
  /* Later runs may begin with a NOP for a token left over. */
  assert_true(thrice > 2 * once && thrice < 4 * once);
  vtac_config_free(config);
}

static void test_target(void **state) {
  (void)state;
  vtac_config *sim = configure("sim"), *tsim = configure("tsim");
  assert_int_equal(multiply(sim, VTAC_SIMULATOR_BY_TARGET, 1).cycles, 0);
  assert_true(multiply(tsim, VTAC_SIMULATOR_BY_TARGET, 1).cycles > 0);
  assert_int_equal(multiply(tsim, VTAC_SIMULATOR_FUNCTIONAL, 1).cycles, 0);
  vtac_config_free(sim);
  vtac_config_free(tsim);
}

/* ---- Ports -------------------------------------------------------------- */

static HwPort *open_port(void) {
  HwConfig config;
  HwPort *port;
  Diag diag;
  hw_config_default(&config);
  assert_int_equal(fsim_create(&config, &port, &diag), VTAC_OK);
  assert_null(port->ops->timing);
  assert_int_equal(tsim_create(&config, port, &port, &diag), VTAC_OK);
  return port;
}

static vtac_status run(HwPort *port, const Insn *insns, uint32_t count,
                       Diag *diag) {
  HwAddr addr;
  uint8_t bytes[8 * HW_INSN_BYTES];
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    assert_int_equal(hw_encode(&port->config, &insns[i], word, diag), 0);
    hw_insn_write(word, bytes + i * HW_INSN_BYTES);
  }
  const size_t size = count * HW_INSN_BYTES;
  assert_int_equal(port->ops->alloc(port, size, &addr, diag), VTAC_OK);
  assert_int_equal(port_copy_in(port, addr, bytes, size, diag), VTAC_OK);
  vtac_status status = port->ops->run(port, addr, count, diag);
  assert_int_equal(port->ops->free(port, addr, diag), VTAC_OK);
  return status;
}

static uint64_t cycles_of(const HwPort *port) {
  HwTiming timing;
  assert_true(port->ops->timing(port, &timing));
  return timing.cycles;
}

static void test_finish_only(void **state) {
  (void)state;
  const Insn finish = {.opcode = HW_OP_FINISH};
  HwPort *port = open_port();
  Diag diag;
  for (uint64_t i = 1; i <= 3; i++) {
    assert_int_equal(run(port, &finish, 1, &diag), VTAC_OK);
    assert_int_equal(cycles_of(port), 25 * i);
  }
  port->ops->counters_clear(port);
  assert_int_equal(cycles_of(port), 0);
  port_destroy(port);
}

/* A token of one run lets the next one go on, in both simulators alike. */
static void test_tokens_persist(void **state) {
  (void)state;
  Insn push[2] = {{.opcode = HW_OP_LOAD, .push_next = 1},
                  {.opcode = HW_OP_FINISH}};
  push[0].mem.memory_type = HW_MEM_INP;
  const Insn pop[2] = {{.opcode = HW_OP_LOAD, .pop_prev = 1},
                       {.opcode = HW_OP_FINISH}};
  HwPort *port = open_port();
  Diag diag;
  assert_int_equal(run(port, push, 2, &diag), VTAC_OK);
  assert_int_equal(run(port, push, 2, &diag), VTAC_OK);
  assert_int_equal(run(port, pop, 2, &diag), VTAC_OK);
  assert_int_equal(run(port, pop, 2, &diag), VTAC_OK);
  assert_int_equal(run(port, pop, 2, &diag), VTAC_DEVICE);
  assert_int_equal(diag.id, D_DEADLOCK);
  port->ops->reset(port);
  assert_int_equal(run(port, push, 2, &diag), VTAC_OK);
  port->ops->reset(port);
  assert_int_equal(run(port, pop, 2, &diag), VTAC_DEVICE);
  port_destroy(port);
}

static void on_insn(void *self, const TsimInsn *insn) {
  (void)insn;
  ++*(int *)self;
}

static void test_watch(void **state) {
  (void)state;
  const Insn finish = {.opcode = HW_OP_FINISH};
  int seen = 0;
  const TsimSink sink = {.self = &seen, .insn = on_insn};
  HwPort *port = open_port();
  TsimResult sums;
  Diag diag;
  assert_int_equal(run(port, &finish, 1, &diag), VTAC_OK);
  tsim_sums(port, &sums);
  assert_int_equal(sums.causes[TSIM_COMPUTE][TSIM_START], 0);
  tsim_watch(port, &sink, true);
  assert_int_equal(run(port, &finish, 1, &diag), VTAC_OK);
  assert_int_equal(seen, 1);
  tsim_sums(port, &sums);
  assert_int_equal(sums.causes[TSIM_STORE][TSIM_DRAIN], 25);
  tsim_watch(port, NULL, false);
  assert_int_equal(run(port, &finish, 1, &diag), VTAC_OK);
  assert_int_equal(seen, 1);
  port_destroy(port);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_results),   cmocka_unit_test(test_runs_add_up),
      cmocka_unit_test(test_target),         cmocka_unit_test(test_finish_only),
      cmocka_unit_test(test_tokens_persist), cmocka_unit_test(test_watch)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
