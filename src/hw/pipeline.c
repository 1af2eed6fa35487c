/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the three instruction queues of a stream against their tokens.
 *
 * The queues are never built: a cursor for each unit walks the stream and
 * stops at that unit's instructions.  Cost: each cursor passes the stream
 * once. */
#include "hw/pipeline.h"

#include <stdio.h>
#include <string.h>

typedef struct Pipeline {
  const Insn *insns;
  uint32_t count;
  uint32_t head[HW_STAGES]; /* next instruction of each unit, or count */
  uint64_t *tokens;
  PipelineStep step;
  void *self;
} Pipeline;

/* Moves `stage`'s cursor to its first instruction at or behind `from`. */
static void seek(Pipeline *line, HwStage stage, uint32_t from) {
  while (from < line->count && hw_stage(&line->insns[from]) != stage) from++;
  line->head[stage] = from;
}

/* The token that `insn` waits for and the queues lack, or HW_TOKENS. */
static HwToken missing_token(const Pipeline *line, const Insn *insn) {
  HwStage stage = hw_stage(insn);
  HwToken prev = hw_pop_token(stage, true), next = hw_pop_token(stage, false);
  if (insn->pop_prev && !line->tokens[prev]) return prev;
  if (insn->pop_next && !line->tokens[next]) return next;
  return HW_TOKENS;
}

static vtac_status run_one(Pipeline *line, uint32_t index, Diag *diag) {
  const Insn *insn = &line->insns[index];
  HwStage stage = hw_stage(insn);
  if (insn->pop_prev) line->tokens[hw_pop_token(stage, true)]--;
  if (insn->pop_next) line->tokens[hw_pop_token(stage, false)]--;
  vtac_status status = line->step(line->self, index, insn, diag);
  if (status) return status;
  if (insn->push_prev) line->tokens[hw_push_token(stage, true)]++;
  if (insn->push_next) line->tokens[hw_push_token(stage, false)]++;
  return VTAC_OK;
}

/* Runs a unit until it waits or has no more; counts what it ran. */
static vtac_status run_unit(Pipeline *line, HwStage stage, uint32_t *ran,
                            Diag *diag) {
  while (line->head[stage] < line->count) {
    uint32_t index = line->head[stage];
    if (missing_token(line, &line->insns[index]) != HW_TOKENS) break;
    vtac_status status = run_one(line, index, diag);
    if (status) return status;
    seek(line, stage, index + 1);
    ++*ran;
  }
  return VTAC_OK;
}

static vtac_status report_deadlock(const Pipeline *line, Diag *diag) {
  char text[512] = "";
  size_t used = 0;
  for (int stage = HW_STAGE_LOAD; stage < HW_STAGES; stage++) {
    uint32_t index = line->head[stage];
    int more;
    if (index == line->count) {
      more = snprintf(text + used, sizeof text - used, "; %s has finished",
                      hw_stage_name((HwStage)stage));
    } else {
      const Insn *insn = &line->insns[index];
      more = snprintf(text + used, sizeof text - used,
                      "; %s is at instruction %u (%s) and lacks a token %s",
                      hw_stage_name((HwStage)stage), index,
                      hw_opcode_name(insn->opcode),
                      hw_token_name(missing_token(line, insn)));
    }
    used += (size_t)more;
  }
  return diag_set(diag, D_DEADLOCK, "the stream cannot go on%s", text);
}

static vtac_status check_stream(const Insn *insns, uint32_t count, Diag *diag) {
  for (uint32_t i = 0; i < count; i++) {
    Diag why;
    if (hw_check_flags(&insns[i], &why))
      return diag_set(diag, D_INSN_FLAG, "instruction %u: %.900s", i,
                      why.message);
    if ((insns[i].opcode == HW_OP_FINISH) != (i == count - 1))
      return diag_set(diag, D_STREAM_END,
                      i == count - 1
                          ? "instruction %u is the last but not FINISH"
                          : "instruction %u is FINISH but not the last",
                      i);
  }
  if (count == 0)
    return diag_set(diag, D_STREAM_END, "the stream has no instruction");
  return VTAC_OK;
}

vtac_status pipeline_run(const Insn *insns, uint32_t count,
                         uint64_t tokens[HW_TOKENS], PipelineStep step,
                         void *self, Diag *diag) {
  static const HwStage order[] = {HW_STAGE_COMPUTE, HW_STAGE_LOAD,
                                  HW_STAGE_STORE};
  vtac_status status = check_stream(insns, count, diag);
  if (status) return status;
  Pipeline line = {insns, count, {0}, tokens, step, self};
  for (int i = 0; i < 3; i++) seek(&line, order[i], 0);
  uint32_t done = 0, before;
  do {
    before = done;
    for (int i = 0; i < 3; i++) {
      status = run_unit(&line, order[i], &done, diag);
      if (status) return status;
    }
  } while (done > before);
  return done == count ? VTAC_OK : report_deadlock(&line, diag);
}
