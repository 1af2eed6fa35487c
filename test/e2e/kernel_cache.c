/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of micro-op kernels of a device: it stays bounded, lets kernels go,
 * and counts hits, misses and bytes; numbers stay right all the while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/api_kit.h"
#include "vtac/kernel.h"

enum { LIMIT = 16384, MANY = LIMIT + 1000, BUFFER = 2048 };

/* A kernel of two micro-ops: adds `imm` to accumulators 0 and 1. */
static int record(void *closure) {
  const int32_t *imm = closure;
  VTAUopPush(1, 0, 0, 0, 0, 2, 1, *imm);
  VTAUopPush(1, 0, 1, 1, 0, 2, 1, *imm);
  return 0;
}

static void push(int32_t imm) {
  static void *slot;
  assert_int_equal(VTAPushALUOp(&slot, record, &imm, sizeof imm), 0);
}

/* Adds 0 to `kernels` - 1 in turn. */
static void push_all(int32_t kernels) {
  void *queue = VTATLSCommandHandle();
  for (int32_t imm = 0; imm < kernels; imm++) {
    push(imm);
    if (imm % BUFFER == 0) VTASynchronize(queue, 1u << 31);
  }
  VTASynchronize(queue, 1u << 31);
}

/* What accumulator 0 holds, in its low bits: all that a store keeps. */
static int8_t sum_so_far(void) {
  int8_t out[LANES] = {0};
  void *queue = VTATLSCommandHandle(), *buffer = VTABufferAlloc(sizeof out);
  assert_int_equal(VTADepPush(queue, 2, 3), 0);
  assert_int_equal(VTADepPop(queue, 2, 3), 0);
  VTAStoreBuffer2D(queue, 0, 4, buffer, 0, 1, 1, 1);
  VTASynchronize(queue, 1u << 31);
  memcpy(out, VTABufferCPUPtr(queue, buffer), sizeof out);
  VTABufferFree(buffer);
  return out[0];
}

static void the_cache_stays_bounded(void **state) {
  (void)state;
  vtac_error error;
  vtac_device *device = vtac_device_open(config, NULL, &error);
  assert_int_equal(vtac_device_use(device, &error), VTAC_OK);
  push_all(100);
  push_all(100);
  vtac_kernel_stats stats = vtac_device_kernels(device);
  assert_int_equal(stats.misses, 100);
  assert_int_equal(stats.hits, 100);
  assert_int_equal(stats.evictions, 0);
  assert_int_equal(stats.kernels, 100);
  assert_int_equal(stats.bytes, 100 * 2 * 4);
  assert_int_equal(sum_so_far(), (int8_t)(2 * 99 * 100 / 2));

  push_all(MANY);
  stats = vtac_device_kernels(device);
  assert_int_equal(stats.misses, MANY);
  assert_int_equal(stats.kernels, LIMIT);
  assert_int_equal(stats.evictions, MANY - LIMIT);
  assert_int_equal(stats.bytes, LIMIT * 2 * 4);
  int64_t sum = 99 * 100 + (int64_t)(MANY - 1) * MANY / 2;
  assert_int_equal(sum_so_far(), (int8_t)sum);
  assert_int_equal(vtac_device_use(NULL, &error), VTAC_OK);
  vtac_device_close(device);
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(the_cache_stays_bounded)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
