/* SPDX-License-Identifier: Apache-2.0 */
/* Plan: the steps of a GEMM or ALU instruction, arranged for the kernels.
 *
 * A plan depends on the instruction's micro-ops and loops alone, so it serves
 * as often as the same micro-ops run with the same loops. */
#ifndef FSIM_PLAN_H
#define FSIM_PLAN_H

#include "fsim/kernels.h"

/* Members that run the same steps. */
typedef struct PlanClass {
  uint32_t step, steps, member, members;
} PlanClass;

/* Steps of consecutive elements in this order. */
typedef struct PlanRun {
  uint32_t dst, src, count;
} PlanRun;

/* A loop that the classes and runs leave; factors in lanes for GEMM, in
 * elements for ALU and resets. */
typedef struct PlanLoop {
  uint32_t count, dst, src, wgt;
} PlanLoop;

typedef enum PlanKind { PLAN_GEMM, PLAN_RESET, PLAN_ALU } PlanKind;

typedef struct Plan {
  struct Plan *next; /* in its bucket */
  uint64_t hash;
  PlanKind kind;
  GemmInsn loops; /* but for the place of the micro-ops */
  uint32_t uops;
  uint8_t *words; /* the micro-ops as they lie on chip */
  PlanLoop outer, inner;
  uint32_t classes, runs;
  PlanClass *class;
  GemmStep *step;
  GemmMember *member;
  PlanRun *run; /* of resets and ALU instructions */
} Plan;

/* The kind of plan that `insn` needs. */
PlanKind plan_kind(const Insn *insn);

/* Plans by their content. */
enum { PLAN_BUCKETS = 64, PLAN_MOST = 4096 };
typedef struct PlanSet {
  Plan *bucket[PLAN_BUCKETS];
  uint32_t count;
  uint32_t generation; /* how often it was emptied */
} PlanSet;

bool plan_matches(const Plan *plan, PlanKind kind, const GemmInsn *loops,
                  const uint8_t *words);
Plan *plan_find(const PlanSet *set, PlanKind kind, const GemmInsn *loops,
                const uint8_t *words);
/* Makes a plan of loops that are not empty and passed the checks.  A set that
 * is full is emptied first.  NULL when memory is short. */
Plan *plan_add(PlanSet *set, const HwConfig *config, PlanKind kind,
               const GemmInsn *loops, const uint8_t *words);
void plan_set_clear(PlanSet *set);

#endif
