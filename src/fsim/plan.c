/* SPDX-License-Identifier: Apache-2.0 */
/* Makes plans.
 *
 * GEMM: activations and weights do not change while the instruction runs, and
 * sums wrap, so its steps may run in any order.  The micro-ops are grouped by
 * destination.  Groups that multiply the same weights with activations at
 * the same distances form a class: their destinations (each row of the batch
 * one) are its members, the micro-ops of one group its steps.  A loop that
 * leaves the destination alone multiplies the steps, one that leaves the
 * weight alone multiplies the members; others stay loops.  The kernels then
 * use a weight for several members at a time and keep the sums of a member in
 * registers over all its steps.
 *
 * ALU and reset: the order counts.  Steps that go up by one element in source
 * and destination become one run.
 *
 * Cost: linear in the micro-ops and what they become, but for the search of a
 * group's class, which looks at the last few. */
#include "fsim/plan.h"

#include <stdlib.h>
#include <string.h>

#include "hw/bounds.h"

enum {
  CLASSES_SEARCHED = 8,
  /* More is left to the outer loops. */
  MOST_STEPS = 1 << 14,
  MOST_MEMBERS = 1 << 15,
  MOST_RUN_STEPS = 1 << 14
};

/* ---- Sets of plans ------------------------------------------------------ */

PlanKind plan_kind(const Insn *insn) {
  if (insn->opcode == HW_OP_ALU) return PLAN_ALU;
  return insn->gemm.reset_reg ? PLAN_RESET : PLAN_GEMM;
}

static void plan_free(Plan *plan) {
  free(plan->words);
  free(plan->class);
  free(plan->step);
  free(plan->member);
  free(plan->run);
  free(plan);
}

void plan_set_clear(PlanSet *set) {
  for (int b = 0; b < PLAN_BUCKETS; b++)
    while (set->bucket[b]) {
      Plan *next = set->bucket[b]->next;
      plan_free(set->bucket[b]);
      set->bucket[b] = next;
    }
  set->count = 0;
  set->generation++;
}

/* The loops without the place of their micro-ops. */
static GemmInsn placeless(const GemmInsn *loops) {
  GemmInsn copy = *loops;
  copy.reset_reg = copy.uop_bgn = copy.uop_end = 0;
  return copy;
}

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t size) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < size; i += 4) {
    uint32_t word;
    memcpy(&word, at + i, 4);
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
  }
  return hash;
}

static uint64_t content_hash(PlanKind kind, const GemmInsn *loops,
                             const uint8_t *words) {
  const GemmInsn key = placeless(loops);
  uint64_t hash = mix_bytes((uint64_t)kind, &key, sizeof key);
  return mix_bytes(hash, words,
                   (size_t)(loops->uop_end - loops->uop_bgn) * HW_UOP_BYTES);
}

bool plan_matches(const Plan *plan, PlanKind kind, const GemmInsn *loops,
                  const uint8_t *words) {
  const GemmInsn key = placeless(loops);
  return plan->kind == kind && plan->uops == loops->uop_end - loops->uop_bgn &&
         !memcmp(&plan->loops, &key, sizeof key) &&
         !memcmp(plan->words, words, (size_t)plan->uops * HW_UOP_BYTES);
}

Plan *plan_find(const PlanSet *set, PlanKind kind, const GemmInsn *loops,
                const uint8_t *words) {
  uint64_t hash = content_hash(kind, loops, words);
  for (Plan *plan = set->bucket[hash % PLAN_BUCKETS]; plan; plan = plan->next)
    if (plan->hash == hash && plan_matches(plan, kind, loops, words))
      return plan;
  return NULL;
}

/* ---- GEMM --------------------------------------------------------------- */

/* What is being made of the micro-ops.  `order` lists them by destination,
 * those of one destination in their own order. */
typedef struct Planner {
  Plan *plan;
  const HwConfig *config;
  Uop *uop;
  uint32_t *order;
  GemmStep *step; /* of groups, in elements */
  GemmMember *member;
  uint32_t *member_class;
  uint32_t steps, members;
} Planner;

static void decode_uops(Planner *p) {
  for (uint32_t u = 0; u < p->plan->uops; u++)
    p->uop[u] = hw_uop_at(p->config, p->plan->words, u);
}

/* Counting sort; false when memory is short. */
static bool sort_by_destination(Planner *p) {
  const uint32_t depth = (uint32_t)p->config->acc_buff_depth;
  uint32_t *start = calloc((size_t)depth + 1, sizeof *start);
  if (!start) return false;
  for (uint32_t u = 0; u < p->plan->uops; u++) start[p->uop[u].dst + 1]++;
  for (uint32_t d = 0; d < depth; d++) start[d + 1] += start[d];
  for (uint32_t u = 0; u < p->plan->uops; u++)
    p->order[start[p->uop[u].dst]++] = u;
  free(start);
  return true;
}

/* The micro-ops order[at], ... of one destination; `src` is their least
 * source. */
typedef struct Group {
  uint32_t at, n, dst, src;
} Group;

static Group group_at(const Planner *p, uint32_t at) {
  const Uop *first = &p->uop[p->order[at]];
  Group group = {at, 0, first->dst, first->src};
  for (; at < p->plan->uops; at++, group.n++) {
    const Uop *uop = &p->uop[p->order[at]];
    if (uop->dst != group.dst) break;
    if (uop->src < group.src) group.src = uop->src;
  }
  return group;
}

/* Whether the group does what the class does. */
static bool fits_class(const Planner *p, const PlanClass *class, Group group) {
  if (class->steps != group.n) return false;
  for (uint32_t i = 0; i < group.n; i++) {
    const Uop *uop = &p->uop[p->order[group.at + i]];
    const GemmStep *step = &p->step[class->step + i];
    if (uop->wgt != step->wgt || uop->src - group.src != step->src)
      return false;
  }
  return true;
}

static uint32_t class_of(Planner *p, Group group) {
  Plan *plan = p->plan;
  const uint32_t classes = plan->classes;
  for (uint32_t back = 1; back <= CLASSES_SEARCHED && back <= classes; back++)
    if (fits_class(p, &plan->class[classes - back], group))
      return classes - back;
  plan->class[classes] = (PlanClass){.step = p->steps, .steps = group.n};
  for (uint32_t i = 0; i < group.n; i++) {
    const Uop *uop = &p->uop[p->order[group.at + i]];
    p->step[p->steps++] = (GemmStep){uop->wgt, uop->src - group.src};
  }
  return plan->classes++;
}

static void make_classes(Planner *p) {
  for (uint32_t at = 0; at < p->plan->uops;) {
    const Group group = group_at(p, at);
    const uint32_t class = class_of(p, group);
    p->plan->class[class].members++;
    p->member[p->members] = (GemmMember){group.dst, group.src, 1};
    p->member_class[p->members++] = class;
    at += group.n;
  }
}

/* How often each of two loops multiplies the steps, the members, or is left
 * outside. */
typedef struct LoopSplit {
  PlanLoop steps[2], members[2], outside[2];
} LoopSplit;

static LoopSplit split_loops(const Planner *p) {
  const GemmInsn *l = &p->plan->loops;
  const PlanLoop loop[2] = {
      {l->iter_out, l->dst_factor_out, l->src_factor_out, l->wgt_factor_out},
      {l->iter_in, l->dst_factor_in, l->src_factor_in, l->wgt_factor_in}};
  const PlanLoop once = {1, 0, 0, 0};
  uint64_t steps = p->steps;
  uint64_t members = (uint64_t)p->members * (uint64_t)p->config->batch;
  LoopSplit split;
  for (int i = 1; i >= 0; i--) {
    split.steps[i] = split.members[i] = split.outside[i] = once;
    if (loop[i].dst == 0 && steps * loop[i].count <= MOST_STEPS) {
      split.steps[i] = loop[i];
      steps *= loop[i].count;
    } else if (loop[i].wgt == 0 && members * loop[i].count <= MOST_MEMBERS) {
      split.members[i] = loop[i];
      members *= loop[i].count;
    } else {
      split.outside[i] = loop[i];
    }
  }
  return split;
}

static size_t repeats(const PlanLoop loop[2]) {
  return (size_t)loop[0].count * loop[1].count;
}

/* All steps of a class, in lanes. */
static void expand_steps(const Planner *p, PlanClass *class,
                         const PlanLoop loop[2], GemmStep *to, uint32_t at) {
  const uint32_t block = (uint32_t)p->config->block_in;
  const uint32_t row = block * (uint32_t)p->config->batch;
  const GemmStep *from = p->step + class->step;
  const uint32_t n = class->steps;
  class->step = at;
  for (uint32_t y = 0; y < loop[0].count; y++)
    for (uint32_t x = 0; x < loop[1].count; x++)
      for (uint32_t i = 0; i < n; i++)
        to[at++] = (GemmStep){
            (from[i].wgt + y * loop[0].wgt + x * loop[1].wgt) * block * block,
            (from[i].src + y * loop[0].src + x * loop[1].src) * row};
  class->steps = at - class->step;
}

/* The members that a group stands for in one iteration, in lanes. */
static void expand_member(const HwConfig *config, GemmMember group,
                          uint32_t dst, uint32_t src, GemmMember *to) {
  const uint32_t block = (uint32_t)config->block_in;
  const uint32_t batch = (uint32_t)config->batch;
  for (uint32_t b = 0; b < batch; b++)
    to[b] = (GemmMember){((group.dst + dst) * batch + b) * block,
                         ((group.src + src) * batch + b) * block, 1};
}

/* All groups of one iteration, then those of the next: neighbours tend to read
 * neighbouring activations. */
static void expand_members(const Planner *p, const PlanLoop loop[2]) {
  Plan *plan = p->plan;
  for (uint32_t y = 0; y < loop[0].count; y++)
    for (uint32_t x = 0; x < loop[1].count; x++)
      for (uint32_t m = 0; m < p->members; m++) {
        PlanClass *class = &plan->class[p->member_class[m]];
        expand_member(p->config, p->member[m],
                      y * loop[0].dst + x * loop[1].dst,
                      y * loop[0].src + x * loop[1].src,
                      plan->member + class->member + class->members);
        class->members += (uint32_t)p->config->batch;
      }
}

/* From the last member to the first. */
static void measure_strips(const Planner *p, const PlanClass *class) {
  GemmMember *member = p->plan->member + class->member;
  for (uint32_t m = class->members - 1; m-- > 0;)
    if (member[m + 1].src == member[m].src + (uint32_t)p->config->block_in)
      member[m].strip = member[m + 1].strip + 1;
}

static bool expand(Planner *p) {
  Plan *plan = p->plan;
  const LoopSplit split = split_loops(p);
  const size_t each = repeats(split.members) * (size_t)p->config->batch;
  plan->step = malloc(p->steps * repeats(split.steps) * sizeof *plan->step);
  plan->member = malloc(p->members * each * sizeof *plan->member);
  if (!plan->step || !plan->member) return false;
  uint32_t step = 0, member = 0;
  for (uint32_t c = 0; c < plan->classes; c++) {
    PlanClass *class = &plan->class[c];
    expand_steps(p, class, split.steps, plan->step, step);
    step += class->steps;
    class->member = member;
    member += class->members * (uint32_t)each;
    class->members = 0;
  }
  expand_members(p, split.members);
  for (uint32_t c = 0; c < plan->classes; c++)
    measure_strips(p, &plan->class[c]);
  plan->outer = split.outside[0];
  plan->inner = split.outside[1];
  return true;
}

/* Factors of the loops that are left, in lanes. */
static void scale_loop(const HwConfig *config, PlanLoop *loop) {
  const uint32_t block = (uint32_t)config->block_in;
  const uint32_t row = block * (uint32_t)config->batch;
  loop->dst *= row;
  loop->src *= row;
  loop->wgt *= block * block;
}

static bool plan_gemm(Plan *plan, const HwConfig *config) {
  const size_t n = plan->uops;
  Planner p = {.plan = plan,
               .config = config,
               .uop = malloc(n * sizeof *p.uop),
               .order = malloc(n * sizeof *p.order),
               .step = malloc(n * sizeof *p.step),
               .member = malloc(n * sizeof *p.member),
               .member_class = malloc(n * sizeof *p.member_class)};
  plan->class = malloc(n * sizeof *plan->class);
  bool good =
      p.uop && p.order && p.step && p.member && p.member_class && plan->class;
  if (good) decode_uops(&p);
  if (good) good = sort_by_destination(&p);
  if (good) {
    make_classes(&p);
    good = expand(&p);
    scale_loop(config, &plan->outer);
    scale_loop(config, &plan->inner);
  }
  free(p.uop);
  free(p.order);
  free(p.step);
  free(p.member);
  free(p.member_class);
  return good;
}

/* ---- Resets and arithmetic ---------------------------------------------- */

static void add_run(Plan *plan, uint32_t dst, uint32_t src) {
  PlanRun *last = plan->runs ? &plan->run[plan->runs - 1] : NULL;
  if (last && dst == last->dst + last->count && src == last->src + last->count)
    last->count++;
  else
    plan->run[plan->runs++] = (PlanRun){dst, src, 1};
}

/* The source of a reset or of an immediate's step does not count. */
static bool plan_runs(Plan *plan, const HwConfig *config, bool has_source) {
  const GemmInsn *l = &plan->loops;
  PlanLoop outer = {l->iter_out, l->dst_factor_out, l->src_factor_out, 0};
  PlanLoop inner = {l->iter_in, l->dst_factor_in, l->src_factor_in, 0};
  const PlanLoop once = {1, 0, 0, 0};
  uint64_t steps = (uint64_t)outer.count * inner.count * plan->uops;
  plan->outer = plan->inner = once;
  if (steps > MOST_RUN_STEPS) {
    plan->outer = outer;
    plan->inner = inner;
    outer = inner = once;
    steps = plan->uops;
  }
  plan->run = malloc((size_t)steps * sizeof *plan->run);
  if (!plan->run) return false;
  for (uint32_t y = 0; y < outer.count; y++)
    for (uint32_t x = 0; x < inner.count; x++)
      for (uint32_t u = 0; u < plan->uops; u++) {
        Uop uop = hw_uop_at(config, plan->words, u);
        uint32_t dst = uop.dst + y * outer.dst + x * inner.dst;
        uint32_t src = uop.src + y * outer.src + x * inner.src;
        add_run(plan, dst, has_source ? src : dst);
      }
  return true;
}

/* ---- Any plan ----------------------------------------------------------- */

static bool make(Plan *plan, const HwConfig *config) {
  switch (plan->kind) {
    case PLAN_GEMM: return plan_gemm(plan, config);
    case PLAN_RESET: return plan_runs(plan, config, false);
    case PLAN_ALU: return plan_runs(plan, config, true);
  }
  return false;
}

Plan *plan_add(PlanSet *set, const HwConfig *config, PlanKind kind,
               const GemmInsn *loops, const uint8_t *words) {
  if (set->count >= PLAN_MOST) plan_set_clear(set);
  Plan *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  plan->kind = kind;
  plan->uops = loops->uop_end - loops->uop_bgn;
  plan->loops = placeless(loops);
  plan->hash = content_hash(kind, loops, words);
  plan->words = malloc((size_t)plan->uops * HW_UOP_BYTES);
  if (plan->words)
    memcpy(plan->words, words, (size_t)plan->uops * HW_UOP_BYTES);
  if (!plan->words || !make(plan, config)) {
    plan_free(plan);
    return NULL;
  }
  Plan **bucket = &set->bucket[plan->hash % PLAN_BUCKETS];
  plan->next = *bucket;
  *bucket = plan;
  set->count++;
  return plan;
}
