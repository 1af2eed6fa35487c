/* SPDX-License-Identifier: Apache-2.0 */
/* The two acceptance workloads as the calls that their compiled kernels make,
 * and their plain computation. */
#ifndef TEST_DEVICE_WORKLOADS_H
#define TEST_DEVICE_WORKLOADS_H

#include <stdlib.h>

#include "device/queue.h"

enum {
  LOAD = HW_STAGE_LOAD,
  COMPUTE = HW_STAGE_COMPUTE,
  STORE = HW_STAGE_STORE
};

typedef struct Workload {
  BufferId data, weight, res;
} Workload;

static int clip_shift(int32_t sum) {
  sum >>= 8;
  return sum < 0 ? 0 : sum > 127 ? 127 : sum;
}

static void fill_random(int8_t *to, size_t n, uint32_t seed) {
  for (size_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    to[i] = (int8_t)(seed >> 24);
  }
}

static void load(CommandQueue *q, BufferId from, uint32_t memory, int64_t sram,
                 int64_t offset, int64_t x, int64_t y, int64_t stride) {
  const Transfer2d transfer = {.buffer = from,
                               .offset = offset,
                               .x_size = x,
                               .y_size = y,
                               .x_stride = stride,
                               .sram_index = sram,
                               .memory_type = memory};
  queue_load_2d(q, &transfer);
}

static void store(CommandQueue *q, BufferId to, int64_t sram, int64_t offset) {
  const Transfer2d transfer = {.buffer = to,
                               .offset = offset,
                               .x_size = 1,
                               .y_size = 1,
                               .x_stride = 1,
                               .sram_index = sram,
                               .memory_type = HW_MEM_OUT};
  queue_store_2d(q, &transfer);
}

static void loop(CommandQueue *q, int64_t extent, int64_t dst, int64_t src,
                 int64_t wgt) {
  const UopLoop given = {extent, dst, src, wgt};
  queue_uop_loop_begin(q, &given);
}

static void uop(CommandQueue *q, uint32_t reset, int64_t dst, int64_t src,
                int64_t wgt) {
  const UopPush push = {KERNEL_GEMM, reset, dst, src, wgt, 0, 0, 0};
  queue_uop_push(q, &push);
}

static void alu(CommandQueue *q, uint64_t site, uint32_t opcode, int64_t imm,
                int64_t extent, int64_t at) {
  const UopPush push = {KERNEL_ALU, 0, at, at, 0, opcode, 1, imm};
  queue_kernel_begin(q, KERNEL_ALU, site);
  loop(q, extent, 1, 1, 0);
  queue_uop_push(q, &push);
  queue_uop_loop_end(q);
  queue_kernel_end(q, NULL);
}

static void requantize(CommandQueue *q, int64_t extent, int64_t at) {
  alu(q, 2, HW_ALU_SHR, 8, extent, at);
  alu(q, 3, HW_ALU_MAX, 0, extent, at);
  alu(q, 4, HW_ALU_MIN, 127, extent, at);
}

static void matmul_reduce(CommandQueue *q, Workload w, int outer) {
  for (int k = 0; k < 4; k++) {
    queue_dep_pop(q, COMPUTE, LOAD);
    load(q, w.data, HW_MEM_INP, 0, k * 16, 16, 1, 16);
    load(q, w.weight, HW_MEM_WGT, 0, outer * 1024 + k * 16, 16, 16, 64);
    queue_dep_push(q, LOAD, COMPUTE);
    queue_dep_pop(q, LOAD, COMPUTE);
    queue_kernel_begin(q, KERNEL_GEMM, 1);
    loop(q, 16, 1, 0, 16);
    loop(q, 16, 0, 1, 1);
    uop(q, 0, 0, 0, 0);
    queue_uop_loop_end(q);
    queue_uop_loop_end(q);
    queue_kernel_end(q, NULL);
    queue_dep_push(q, COMPUTE, LOAD);
  }
}

static void matmul_tile(CommandQueue *q, Workload w, int outer) {
  queue_dep_pop(q, STORE, COMPUTE);
  queue_kernel_begin(q, KERNEL_GEMM, 0);
  loop(q, 16, 1, 0, 0);
  uop(q, 1, 0, 0, 0);
  queue_uop_loop_end(q);
  queue_kernel_end(q, NULL);
  queue_dep_push(q, COMPUTE, LOAD);
  matmul_reduce(q, w, outer);
  queue_dep_pop(q, COMPUTE, LOAD);
  requantize(q, 16, 0);
  queue_dep_push(q, COMPUTE, STORE);
  queue_dep_pop(q, COMPUTE, STORE);
  for (int i = 0; i < 16; i++) store(q, w.res, i, outer * 16 + i);
  queue_dep_push(q, STORE, COMPUTE);
}

/* Workload M: 1x1024 by 1024x1024, shifted right by 8 and clipped. */
static vtac_status matmul_run(CommandQueue *q, Workload w) {
  queue_dep_push(q, STORE, COMPUTE);
  for (int outer = 0; outer < 4; outer++) matmul_tile(q, w, outer);
  vtac_status status = queue_synchronize(q);
  queue_dep_pop(q, STORE, COMPUTE);
  return status;
}

/* weight is [64][64][16][16]: output block, input block, output, input. */
static int8_t matmul_expected(const int8_t *data, const int8_t *weight,
                              int out) {
  int32_t sum = 0;
  for (int k = 0; k < 1024; k++)
    sum += data[k] *
           weight[((out / 16 * 64 + k / 16) * 16 + out % 16) * 16 + k % 16];
  return (int8_t)clip_shift(sum);
}

static void conv_reset(CommandQueue *q) {
  for (int thread = 0; thread < 2; thread++) {
    queue_dep_pop(q, STORE, COMPUTE);
    queue_kernel_begin(q, KERNEL_GEMM, 0);
    loop(q, 8, 98, 0, 0);
    loop(q, 7, 14, 0, 0);
    for (int j = 0; j < 14; j++) uop(q, 1, thread * 784 + j, 0, 0);
    queue_kernel_end(q, NULL);
    queue_dep_push(q, COMPUTE, LOAD);
  }
}

static void conv_load(CommandQueue *q, Workload w, int rows, int k,
                      int thread) {
  int above = 1 - rows * 7 > 0 ? 1 - rows * 7 : 0;
  int below = rows * 7 - 6 > 0 ? rows * 7 - 6 : 0;
  const Transfer2d data = {.buffer = w.data,
                           .offset = k * 196 + rows * 98 + above * 14 - 14,
                           .x_size = 14,
                           .y_size = 9 - above - below,
                           .x_stride = 14,
                           .x_pad_before = 1,
                           .y_pad_before = above,
                           .x_pad_after = 1,
                           .y_pad_after = below,
                           .sram_index = thread * 144,
                           .memory_type = HW_MEM_INP};
  queue_dep_pop(q, COMPUTE, LOAD);
  queue_load_2d(q, &data);
  load(q, w.weight, HW_MEM_WGT, thread * 72, k * 9 + thread * 1152, 9, 8, 144);
  queue_dep_push(q, LOAD, COMPUTE);
}

static void conv_gemm(CommandQueue *q, int thread) {
  queue_dep_pop(q, LOAD, COMPUTE);
  queue_kernel_begin(q, KERNEL_GEMM, 1);
  loop(q, 8, 98, 0, 9);
  loop(q, 7, 14, 16, 0);
  for (int dy = 0; dy < 3; dy++)
    for (int dx = 0; dx < 3; dx++)
      for (int j = 0; j < 14; j++)
        uop(q, 0, thread * 784 + j, thread * 144 + dy * 16 + j + dx,
            thread * 72 + dy * 3 + dx);
  queue_kernel_end(q, NULL);
  queue_dep_push(q, COMPUTE, LOAD);
}

static void conv_store(CommandQueue *q, Workload w, int rows, int thread) {
  queue_dep_pop(q, COMPUTE, STORE);
  for (int c = 0; c < 8; c++)
    for (int y = 0; y < 7; y++)
      for (int x = 0; x < 14; x++)
        store(q, w.res, thread * 784 + c * 98 + y * 14 + x,
              thread * 1568 + c * 196 + rows * 98 + y * 14 + x);
  queue_dep_push(q, STORE, COMPUTE);
}

/* Workload C: 256 to 256 channels, 14x14, 3x3 kernel, two threads. */
static vtac_status conv_run(CommandQueue *q, Workload w) {
  queue_dep_push(q, STORE, COMPUTE);
  queue_dep_push(q, STORE, COMPUTE);
  for (int rows = 0; rows < 2; rows++) {
    conv_reset(q);
    for (int k = 0; k < 16; k++) {
      for (int thread = 0; thread < 2; thread++)
        conv_load(q, w, rows, k, thread);
      for (int thread = 0; thread < 2; thread++) conv_gemm(q, thread);
    }
    queue_dep_pop(q, COMPUTE, LOAD);
    queue_dep_pop(q, COMPUTE, LOAD);
    for (int thread = 0; thread < 2; thread++) {
      requantize(q, 784, thread * 784);
      queue_dep_push(q, COMPUTE, STORE);
    }
    for (int thread = 0; thread < 2; thread++) conv_store(q, w, rows, thread);
  }
  queue_dep_pop(q, STORE, COMPUTE);
  queue_dep_pop(q, STORE, COMPUTE);
  return queue_synchronize(q);
}

/* data is [16][14][14][16], weight [16][16][3][3][16][16]. */
static int8_t conv_expected(const int8_t *data, const int8_t *weight, int c,
                            int y, int x) {
  int32_t sum = 0;
  for (int k = 0; k < 256; k++)
    for (int dy = 0; dy < 3; dy++)
      for (int dx = 0; dx < 3; dx++) {
        int row = y + dy - 1, column = x + dx - 1;
        if (row < 0 || row > 13 || column < 0 || column > 13) continue;
        int tap = (c / 16 * 16 + k / 16) * 9 + dy * 3 + dx;
        sum += data[((k / 16 * 14 + row) * 14 + column) * 16 + k % 16] *
               weight[(tap * 16 + c % 16) * 16 + k % 16];
      }
  return (int8_t)clip_shift(sum);
}

#endif
