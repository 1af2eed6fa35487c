/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels in plain C, with lanes of 32 bits: for any processor, and everywhere
 * for lanes that are wider than 16 bits and for blocks that no vector suits. */
#include "fsim/kernels.h"

#define TARGET

#include "fsim/lane_loops.h"

static void gemm_any_member(const GemmJob *job, const GemmMember *member) {
  const int block = job->block;
  int32_t *acc = job->acc + member->dst;
  const int32_t *inp = (const int32_t *)job->inp + member->src;
  for (uint32_t s = 0; s < job->steps; s++) {
    const int32_t *wgt = (const int32_t *)job->wgt + job->step[s].wgt;
    const int32_t *row = inp + job->step[s].src;
    for (int j = 0; j < block; j++, wgt += block) {
      uint32_t sum = (uint32_t)acc[j];
      for (int k = 0; k < block; k++)
        sum += (uint32_t)row[k] * (uint32_t)wgt[k];
      acc[j] = (int32_t)sum;
    }
  }
}

void gemm_any(const GemmJob *job) {
  for (uint32_t m = 0; m < job->members; m++)
    gemm_any_member(job, &job->member[m]);
}

static void widen_to_32(void *to, const void *from, size_t lanes) {
  int32_t *target = to;
  const int8_t *source = from;
  for (size_t l = 0; l < lanes; l++) target[l] = source[l];
}

/* As limits.h, without vectors. */
static uint64_t multiply_plain(uint32_t rounds) {
  enum { SUMS = 8 };
  volatile uint32_t factor = 3, sink = 0;
  uint32_t sum[SUMS] = {0};
  for (uint32_t round = 0; round < rounds; round++) {
    const uint32_t weight = factor;
    for (uint32_t i = 0; i < SUMS; i++) sum[i] += weight * (round + i);
  }
  for (int i = 0; i < SUMS; i++) sink = sink ^ sum[i];
  return (uint64_t)rounds * SUMS;
}

static void read_plain(const void *from, size_t size) {
  const uint64_t *at = from;
  volatile uint64_t sink;
  uint64_t sum = 0;
  for (size_t i = 0; i < size / sizeof *at; i++) sum += at[i];
  sink = sum;
  (void)sink;
}

static const Kernels kernels = {
    .lane_bits = 32,
    .gemm = {gemm_any, gemm_any, gemm_any, gemm_any, gemm_any, gemm_any,
             gemm_any, gemm_any},
    .load_inp = widen_to_32,
    .alu = alu_run,
    .narrow = narrow,
    .multiply = multiply_plain,
    .read = read_plain};

const Kernels *kernels_plain(void) { return &kernels; }
