/* SPDX-License-Identifier: Apache-2.0 */
/* The event-driven timing model against the cycle-stepped one, on random
 * streams, presets, knobs and tile shapes: same total, same start and end of
 * every instruction, same counters, same deadlocks; and accounts that add up.
 *
 *   tsim_property [--seed N] [--count N]
 *
 * Case number i has the seed N + i, so `--seed N+i --count 1` repeats it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tsim_plain.h"
#include "tsim/model.h"

enum { SHORT_COUNT = 1000, LONG_COUNT = 10000, MOST_INSNS = 160 };

typedef struct Random {
  uint64_t state;
} Random;

/* As in splitmix64 (Steele, Lea, Flood, 2014). */
static uint64_t draw(Random *random) {
  uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static uint32_t below(Random *random, uint32_t n) {
  return (uint32_t)(draw(random) % n);
}

static bool chance(Random *random, uint32_t percent) {
  return below(random, 100) < percent;
}

/* ---- Cases -------------------------------------------------------------- */

typedef struct Case {
  HwConfig config;
  TimingConfig timing;
  uint64_t tokens[HW_TOKENS];
  Insn insns[MOST_INSNS];
  uint32_t count;
} Case;

static void draw_config(Random *random, HwConfig *config) {
  static const int shapes[][2] = {{0, 4}, {1, 4}, {0, 3}, {0, 5}, {2, 2}};
  Diag diag;
  hw_config_default(config);
  uint32_t shape = chance(random, 70) ? 0 : below(random, 5);
  config->log_batch = shapes[shape][0];
  config->log_block = shapes[shape][1];
  config->log_inp_buff_size = config->log_acc_buff_size = 13;
  config->log_wgt_buff_size = 14;
  if (hw_config_finish(config, "random", &diag)) {
    fprintf(stderr, "%s\n", diag.message);
    abort();
  }
}

static TimingConfig draw_timing(Random *random) {
  static const int depths[] = {1, 2, 7, 512};
  static const int tags[] = {1, 2, 5, 16};
  int presets = 0;
  while (timing_preset_name(presets)) presets++;
  TimingConfig timing = timing_preset((int)below(random, (uint32_t)presets));
  if (chance(random, 50)) timing.queue_depth = depths[below(random, 4)];
  if (chance(random, 40)) timing.latency = (int)below(random, 65);
  if (chance(random, 20)) timing.log_burst = 1 + (int)below(random, 8);
  if (chance(random, 20)) timing.read_tags = tags[below(random, 4)];
  return timing;
}

static void draw_mem(Random *random, Insn *insn, uint32_t memory) {
  bool dense = chance(random, 30);
  insn->mem.memory_type = memory;
  if (chance(random, 15)) return;
  insn->mem.dram_base = below(random, chance(random, 30) ? 1u << 31 : 512);
  insn->mem.x_size = 1 + below(random, memory == HW_MEM_WGT ? 12 : 40);
  insn->mem.y_size = chance(random, 50) ? 1 : below(random, 10);
  insn->mem.x_stride = dense ? insn->mem.x_size : below(random, 200);
  if (memory == HW_MEM_OUT || memory == HW_MEM_UOP || chance(random, 60))
    return;
  uint32_t *pads[] = {&insn->mem.y_pad_0, &insn->mem.y_pad_1,
                      &insn->mem.x_pad_0, &insn->mem.x_pad_1};
  for (int i = 0; i < 4; i++)
    if (chance(random, 50)) *pads[i] = below(random, 16);
}

static void draw_loop(Random *random, Insn *insn) {
  GemmInsn *loop = &insn->gemm; /* ALU has the same loops */
  loop->uop_bgn = below(random, 5);
  loop->uop_end = loop->uop_bgn + below(random, 9);
  loop->iter_out = 1 + below(random, 8);
  loop->iter_in = 1 + below(random, 8);
  if (insn->opcode == HW_OP_ALU) insn->alu.use_imm = below(random, 2);
}

static Insn draw_insn(Random *random, int kind) {
  static const uint32_t memories[] = {HW_MEM_INP, HW_MEM_WGT, HW_MEM_UOP,
                                      HW_MEM_ACC, HW_MEM_ACC_8BIT};
  Insn insn = {.opcode = HW_OP_LOAD};
  if (kind < 5) {
    draw_mem(random, &insn, memories[kind]);
  } else if (kind < 7) {
    insn.opcode = HW_OP_STORE;
    draw_mem(random, &insn, HW_MEM_OUT);
  } else {
    insn.opcode = kind == 7 ? HW_OP_GEMM : HW_OP_ALU;
    draw_loop(random, &insn);
  }
  return insn;
}

/* Takes a token if one is there, or sometimes one that is not. */
static bool draw_pop(Random *random, HwToken token, int64_t *tokens,
                     bool careless) {
  if (token == HW_TOKENS) return chance(random, 5);
  if (tokens[token] <= 0 ? !careless || !chance(random, 5)
                         : !chance(random, 50))
    return false;
  tokens[token]--;
  return true;
}

static bool draw_push(Random *random, HwToken token, int64_t *tokens) {
  bool push = chance(random, 30);
  if (push && token != HW_TOKENS) tokens[token]++;
  return push;
}

static void draw_flags(Random *random, Insn *insn, int64_t *tokens,
                       bool careless) {
  HwStage stage = hw_stage(insn);
  insn->pop_prev =
      draw_pop(random, hw_pop_token(stage, true), tokens, careless);
  insn->pop_next =
      draw_pop(random, hw_pop_token(stage, false), tokens, careless);
  insn->push_prev = draw_push(random, hw_push_token(stage, true), tokens);
  insn->push_next = draw_push(random, hw_push_token(stage, false), tokens);
}

static void draw_case(uint64_t seed, Case *ret) {
  Random random = {seed};
  bool careless = chance(&random, 10);
  int64_t tokens[HW_TOKENS];
  draw_config(&random, &ret->config);
  ret->timing = draw_timing(&random);
  for (int i = 0; i < HW_TOKENS; i++) {
    ret->tokens[i] = chance(&random, 10) ? below(&random, 400) : 0;
    tokens[i] = (int64_t)(ret->tokens[i] < 255 ? ret->tokens[i] : 255);
  }
  ret->count = 1 + below(&random, chance(&random, 80) ? 40 : MOST_INSNS);
  /* Some streams keep to a few kinds, so that queues fill and loads meet. */
  int kinds = 1 + (int)below(&random, 9), first = (int)below(&random, 9);
  for (uint32_t i = 0; i < ret->count; i++) {
    int kind = (first + (int)below(&random, (uint32_t)kinds)) % 9;
    ret->insns[i] = draw_insn(&random, kind);
    if (i == ret->count - 1 && !(careless && chance(&random, 20)))
      ret->insns[i] = (Insn){.opcode = HW_OP_FINISH};
    draw_flags(&random, &ret->insns[i], tokens, careless);
  }
}

/* ---- Comparing ---------------------------------------------------------- */

typedef struct Watch {
  PlainTimes times[MOST_INSNS];
  uint64_t at[TSIM_UNITS], insn_causes[TSIM_UNITS];
  uint64_t spent[MOST_INSNS + 1][TSIM_UNITS][TSIM_CAUSES]; /* last: on none */
  uint32_t count;
  bool broken;
} Watch;

static void on_span(void *self, const TsimSpan *span) {
  Watch *watch = self;
  uint32_t insn = span->insn == TSIM_NONE_LEFT ? watch->count : span->insn;
  if (span->begin != watch->at[span->unit] || span->end <= span->begin ||
      span->cause >= TSIM_CAUSES || insn > watch->count)
    watch->broken = true;
  else
    watch->spent[insn][span->unit][span->cause] += span->end - span->begin;
  watch->at[span->unit] = span->end;
}

static void on_insn(void *self, const TsimInsn *insn) {
  Watch *watch = self;
  watch->times[insn->index] = (PlainTimes){insn->start, insn->done};
  for (int cause = 0; cause < TSIM_CAUSES; cause++)
    watch->insn_causes[insn->unit] += insn->causes[cause];
  if (memcmp(watch->spent[insn->index][insn->unit], insn->causes,
             sizeof insn->causes) != 0)
    watch->broken = true;
}

/* What is spent on instructions and on none adds up to the units' causes, and
 * load, compute and store spend on their own instructions only. */
static bool spending_holds(const Watch *watch, const Insn *insns,
                           const TsimResult *result) {
  uint64_t sum[TSIM_UNITS][TSIM_CAUSES] = {0};
  for (uint32_t i = 0; i <= watch->count; i++)
    for (int unit = 0; unit < TSIM_UNITS; unit++)
      for (int cause = 0; cause < TSIM_CAUSES; cause++) {
        uint64_t spent = watch->spent[i][unit][cause];
        bool own = i == watch->count || unit == TSIM_FETCH ||
                   unit == TSIM_MEMORY || unit == (int)hw_stage(&insns[i]);
        if (spent && !own) return false;
        sum[unit][cause] += spent;
      }
  return !memcmp(sum, result->causes, sizeof sum);
}

static bool accounts_hold(const Watch *watch, const TsimResult *result) {
  for (int unit = 0; unit < TSIM_UNITS; unit++) {
    uint64_t sum = 0;
    for (int cause = 0; cause < TSIM_CAUSES; cause++)
      sum += result->causes[unit][cause];
    if (sum != result->cycles || watch->at[unit] != result->cycles)
      return false;
    if (watch->insn_causes[unit] > result->cycles) return false;
  }
  return !watch->broken;
}

/* Instructions that FINISH overtakes may have an end in one model alone. */
static bool times_agree(const Case *c, const PlainTimes *want,
                        const Watch *watch, uint64_t cycles) {
  for (uint32_t i = 0; i < c->count; i++) {
    const PlainTimes *got = &watch->times[i];
    if (!want[i].done || want[i].done >= cycles) continue;
    if (want[i].start != got->start || want[i].done != got->done) {
      fprintf(stderr, "instruction %u: %llu..%llu, plainly %llu..%llu\n", i,
              (unsigned long long)got->start, (unsigned long long)got->done,
              (unsigned long long)want[i].start,
              (unsigned long long)want[i].done);
      return false;
    }
  }
  return true;
}

static bool results_agree(const PlainTiming *want, bool finished,
                          const TsimResult *got) {
  if (want->finished == finished &&
      (!finished ||
       (want->cycles == got->cycles && want->acc_writes == got->acc_writes)))
    return true;
  fprintf(stderr, "%s %llu cycles, %llu writes; plainly %s %llu, %llu\n",
          finished ? "finished" : "stuck", (unsigned long long)got->cycles,
          (unsigned long long)got->acc_writes,
          want->finished ? "finished" : "stuck",
          (unsigned long long)want->cycles,
          (unsigned long long)want->acc_writes);
  return false;
}

static bool check(uint64_t seed, bool *ret_finished) {
  static Case c;
  static PlainTimes want_times[MOST_INSNS];
  static Watch watch;
  TsimResult fast = {0}, booked = {0};
  Diag diag;
  draw_case(seed, &c);
  watch = (Watch){.count = c.count};
  const TsimSink sink = {.self = &watch, .span = on_span, .insn = on_insn};
  TsimJob job = {.config = &c.config,
                 .timing = &c.timing,
                 .insns = c.insns,
                 .count = c.count,
                 .tokens = c.tokens};
  PlainTiming want =
      tsim_plain(&c.config, &c.timing, c.insns, c.count, c.tokens, want_times);
  bool finished = tsim_time(&job, &fast, &diag) == VTAC_OK;
  job.sink = &sink;
  bool again = tsim_time(&job, &booked, &diag) == VTAC_OK;
  *ret_finished = finished;
  if (!results_agree(&want, finished, &fast) || again != finished) return false;
  if (!times_agree(&c, want_times, &watch, want.cycles)) return false;
  return !finished ||
         (booked.cycles == fast.cycles && accounts_hold(&watch, &booked) &&
          spending_holds(&watch, c.insns, &booked));
}

int main(int argc, char **argv) {
  const char *slow = getenv("VTAC_LONG");
  uint64_t seed = 1, count = slow && *slow ? LONG_COUNT : SHORT_COUNT;
  uint64_t stuck = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    uint64_t value = strtoull(argv[i + 1], NULL, 10);
    if (!strcmp(argv[i], "--seed")) seed = value;
    if (!strcmp(argv[i], "--count")) count = value;
  }
  for (uint64_t i = 0; i < count; i++) {
    bool finished;
    if (!check(seed + i, &finished)) {
      fprintf(stderr, "repeat with --seed %llu --count 1\n",
              (unsigned long long)(seed + i));
      return 1;
    }
    stuck += !finished;
  }
  printf("%llu random streams from seed %llu agree, %llu of them deadlocks\n",
         (unsigned long long)count, (unsigned long long)seed,
         (unsigned long long)stuck);
  return 0;
}
