/* SPDX-License-Identifier: Apache-2.0 */
/* Runs plans on the memories: loops of kernels. */
#include <string.h>

#include "fsim/fast.h"

enum { MOST_RAW_MEMBERS = 4, LEAST_STRIP = 8 };

/* ---- GEMM --------------------------------------------------------------- */

/* The offsets of one iteration of the loops that a plan leaves, in lanes. */
typedef struct Base {
  uint32_t dst, src, wgt;
} Base;

static Base base_at(const Plan *plan, uint32_t y, uint32_t x) {
  return (Base){y * plan->outer.dst + x * plan->inner.dst,
                y * plan->outer.src + x * plan->inner.src,
                y * plan->outer.wgt + x * plan->inner.wgt};
}

/* What the members' products are too large by, negated: it does not depend on
 * the weights, so it is summed up once for all outputs. */
static void sum_bias(Fast *fast, const Plan *plan, const PlanClass *class,
                     uint32_t src) {
  const int shift = fast->chip->config->log_block_in;
  const GemmStep *step = plan->step + class->step;
  const GemmMember *member = plan->member + class->member;
  for (uint32_t m = 0; m < class->members; m++) {
    const int32_t *sums = fast->row_sums + ((src + member[m].src) >> shift);
    uint32_t sum = 0;
    for (uint32_t s = 0; s < class->steps; s++)
      sum += (uint32_t)sums[step[s].src >> shift];
    fast->bias[m] = (int32_t)(0 - sum);
  }
}

/* The same where members come in strips. */
static void sum_bias_of_strips(Fast *fast, const Plan *plan,
                               const PlanClass *class, uint32_t src) {
  const int shift = fast->chip->config->log_block_in;
  const GemmMember *member = plan->member + class->member;
  for (uint32_t m = 0, n; m < class->members; m += n) {
    const uint32_t left = class->members - m;
    n = member[m].strip < left ? member[m].strip : left;
    fast->kernels->sum_strip(fast->bias + m,
                             fast->row_sums + ((src + member[m].src) >> shift),
                             n, plan->step + class->step, class->steps, shift);
  }
}

/* The first weight of the step, counted in tiles. */
static size_t tile_of(const Fast *fast, const GemmStep *step, Base base) {
  const int log_tile = 2 * fast->chip->config->log_block_in;
  return (base.wgt + step->wgt) >> log_tile;
}

/* Whether all weights are still in DRAM and few rows need them. */
static bool takes_raw(const Fast *fast, const GemmJob *job, Base base) {
  if (job->members > MOST_RAW_MEMBERS) return false;
  for (uint32_t s = 0; s < job->steps; s++)
    if (!fast->raw[tile_of(fast, &job->step[s], base)]) return false;
  return true;
}

static void prepare_steps(Fast *fast, const GemmJob *job, Base base) {
  for (uint32_t s = 0; s < job->steps; s++) {
    size_t tile = tile_of(fast, &job->step[s], base);
    if (fast->raw[tile]) fast_prepare(fast, tile);
  }
}

static void multiply(Fast *fast, const Plan *plan, const PlanClass *class,
                     Base base) {
  const Kernels *kernels = fast->kernels;
  const HwConfig *config = fast->chip->config;
  const size_t bytes = (size_t)kernels->lane_bits / 8;
  GemmJob job = {.wgt = (uint8_t *)fast->wgt + base.wgt * bytes,
                 .inp = (uint8_t *)fast->inp + base.src * bytes,
                 .acc = fast->acc + base.dst,
                 .step = plan->step + class->step,
                 .member = plan->member + class->member,
                 .steps = class->steps,
                 .members = class->members,
                 .block = config->block_in,
                 .bias = fast->bias};
  if (fast->raws) {
    if (takes_raw(fast, &job, base)) {
      job.tile = fast->raw + (base.wgt >> 2 * config->log_block_in);
      kernels->gemm_raw[config->log_block_in](&job);
      return;
    }
    prepare_steps(fast, &job, base);
  }
  kernels->gemm[config->log_block_in](&job);
}

/* Narrow accumulators: back to the sign-extended form. */
static void cut_members(const Fast *fast, const Plan *plan,
                        const PlanClass *class, Base base) {
  const int cut = 32 - fast->chip->config->acc_width;
  const size_t block = (size_t)fast->chip->config->block_out;
  if (cut == 0) return;
  for (uint32_t m = 0; m < class->members; m++) {
    int32_t *acc = fast->acc + base.dst + plan->member[class->member + m].dst;
    for (size_t l = 0; l < block; l++)
      acc[l] = (int32_t)((uint32_t)acc[l] << cut) >> cut;
  }
}

static void run_part(Fast *fast, const Plan *plan, const PlanClass *class) {
  uint32_t summed = UINT32_MAX;
  for (uint32_t y = 0; y < plan->outer.count; y++)
    for (uint32_t x = 0; x < plan->inner.count; x++) {
      Base base = base_at(plan, y, x);
      if (fast->bias && base.src != summed) {
        if (plan->member[class->member].strip < LEAST_STRIP)
          sum_bias(fast, plan, class, base.src);
        else
          sum_bias_of_strips(fast, plan, class, base.src);
        summed = base.src;
      }
      multiply(fast, plan, class, base);
      cut_members(fast, plan, class, base);
    }
}

/* No more members at a time than there is room for their bias. */
static void run_class(Fast *fast, const Plan *plan, const PlanClass *class) {
  PlanClass part = *class;
  const uint32_t end = class->member + class->members;
  for (; part.member < end; part.member += part.members) {
    uint32_t left = end - part.member;
    part.members = left < FAST_MOST_MEMBERS ? left : FAST_MOST_MEMBERS;
    run_part(fast, plan, &part);
  }
}

static size_t element_lanes(const Fast *fast) {
  const HwConfig *config = fast->chip->config;
  return (size_t)config->batch * (size_t)config->block_out;
}

static void reset(const Fast *fast, const Plan *plan, Base base) {
  const size_t lanes = element_lanes(fast);
  for (uint32_t r = 0; r < plan->runs; r++) {
    const PlanRun *run = &plan->run[r];
    memset(fast->acc + (base.dst + run->dst) * lanes, 0,
           run->count * lanes * sizeof *fast->acc);
  }
}

void fast_gemm(Fast *fast, const Plan *plan) {
  if (plan->kind == PLAN_GEMM) {
    for (uint32_t c = 0; c < plan->classes; c++)
      run_class(fast, plan, &plan->class[c]);
    return;
  }
  for (uint32_t y = 0; y < plan->outer.count; y++)
    for (uint32_t x = 0; x < plan->inner.count; x++)
      reset(fast, plan, base_at(plan, y, x));
}

/* ---- Arithmetic --------------------------------------------------------- */

static void alu_runs(const Fast *fast, const Plan *plan, const AluInsn *alu,
                     Base base) {
  const size_t lanes = element_lanes(fast);
  AluLoop loop = {.operation = (HwAlu)alu->alu_opcode,
                  .imm = alu->imm,
                  .cut = 32 - fast->chip->config->acc_width};
  for (uint32_t r = 0; r < plan->runs; r++) {
    const PlanRun *run = &plan->run[r];
    loop.dst = fast->acc + (base.dst + run->dst) * lanes;
    loop.src = alu->use_imm ? NULL : fast->acc + (base.src + run->src) * lanes;
    loop.lanes = run->count * lanes;
    fast->kernels->alu(&loop);
  }
}

void fast_alu(Fast *fast, const Plan *plan, const AluInsn *alu) {
  for (uint32_t y = 0; y < plan->outer.count; y++)
    for (uint32_t x = 0; x < plan->inner.count; x++)
      alu_runs(fast, plan, alu, base_at(plan, y, x));
}
