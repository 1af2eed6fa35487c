/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a stream in an order in which it can run and checks each instruction
 * against what is known of the memories then.  The micro-op memory belongs to
 * one unit, so its contents at each instruction do not depend on the order. */
#include "hw/verify.h"

#include <stdlib.h>
#include <string.h>

#include "hw/bounds.h"
#include "hw/disasm.h"
#include "hw/pipeline.h"
#include "hw/verify_tokens.h"

typedef struct Verifier {
  const HwConfig *config;
  const HwVerifyOptions *options;
  const Insn *insns;
  HwVerifyReport report;
  TokenChecker tokens;
  uint8_t *uops;       /* contents of the micro-op memory */
  uint8_t *written[4]; /* by memory: whether the stream wrote the element */
  uint8_t *stale;      /* by accumulator: whether OUT is behind it */
  uint32_t index;      /* the instruction under the eye */
  vtac_status status;  /* of its accesses */
  Diag *diag;
} Verifier;

static vtac_status fault(const Verifier *verifier, const Diag *why,
                         Diag *diag) {
  char brief[HW_BRIEF_MAX];
  return diag_set(diag, why->id, "instruction %u (%s): %.900s", verifier->index,
                  hw_insn_brief(&verifier->insns[verifier->index], brief),
                  why->message);
}

static vtac_status report_race(Verifier *verifier, HwAccess access,
                               TokenRace race) {
  char brief[HW_BRIEF_MAX], other[HW_BRIEF_MAX];
  return diag_set(
      verifier->diag, D_TOKEN_RACE,
      "instruction %u (%s) %s %s element %u, which instruction %u (%s) %s, and "
      "no token orders the two",
      verifier->index, hw_insn_brief(&verifier->insns[verifier->index], brief),
      access.write ? "writes" : "reads", hw_memory_name(access.memory),
      race.element, race.other,
      hw_insn_brief(&verifier->insns[race.other], other),
      race.other_writes ? "writes" : "reads");
}

/* The first element of the access that the stream has not written, or the
 * end of the access; a write marks them all. */
static uint64_t unwritten(Verifier *verifier, HwAccess access) {
  uint8_t *written = verifier->written[access.memory] + access.first;
  if (access.write) {
    memset(written, 1, (size_t)access.count);
    return access.count;
  }
  uint64_t i = 0;
  while (i < access.count && written[i]) i++;
  return i;
}

static bool is_store(const Insn *insn) {
  return hw_stage(insn) == HW_STAGE_STORE;
}

/* What a LOAD writes does not reach the output memory, and what a reset leaves
 * there is not zero. */
static bool passes_by_output(const Insn *insn) {
  return insn->opcode == HW_OP_LOAD ||
         (insn->opcode == HW_OP_GEMM && insn->gemm.reset_reg);
}

static void note_stale(Verifier *verifier, uint32_t element) {
  HwVerifyReport *report = &verifier->report;
  char brief[HW_BRIEF_MAX];
  if (!report->stale++) report->first_stale = verifier->index;
  if (verifier->options->refuse_stale_output)
    verifier->status = diag_set(
        verifier->diag, D_STALE_OUTPUT,
        "instruction %u (%s) stores ACC element %u, whose value no GEMM or ALU "
        "has computed; hardware stores an older one",
        verifier->index,
        hw_insn_brief(&verifier->insns[verifier->index], brief), element);
}

static void follow_output(Verifier *verifier, HwAccess access) {
  const Insn *insn = &verifier->insns[verifier->index];
  uint8_t *stale = verifier->stale + access.first;
  if (access.memory != HW_MEM_ACC) return;
  if (access.write)
    memset(stale, passes_by_output(insn), (size_t)access.count);
  else if (is_store(insn)) {
    const uint8_t *found = memchr(stale, 1, (size_t)access.count);
    if (found) note_stale(verifier, (uint32_t)(found - verifier->stale));
  }
}

static void check_access(void *self, HwAccess access) {
  Verifier *verifier = self;
  const HwVerifyOptions *options = verifier->options;
  HwStage stage = hw_stage(&verifier->insns[verifier->index]);
  TokenRace race;
  if (verifier->status) return;
  if (!options->allow_races &&
      tokens_access(&verifier->tokens, verifier->index, stage, access, &race)) {
    verifier->status = report_race(verifier, access, race);
    return;
  }
  follow_output(verifier, access);
  uint64_t bad = verifier->status ? access.count : unwritten(verifier, access);
  if (bad == access.count || !options->refuse_uninitialised) return;
  char brief[HW_BRIEF_MAX];
  verifier->status = diag_set(
      verifier->diag, D_UNINITIALISED,
      "instruction %u (%s) reads %s element %u, which nothing has written",
      verifier->index, hw_insn_brief(&verifier->insns[verifier->index], brief),
      hw_memory_name(access.memory), access.first + (uint32_t)bad);
}

static vtac_status check_mem(Verifier *verifier, const Insn *insn, Diag *diag) {
  if (hw_is_nop(insn)) return VTAC_OK;
  vtac_status status = hw_check_mem(verifier->config, insn, diag);
  if (status || !verifier->options->dram) return status;
  DramSpan span = hw_dram_span(verifier->config, &insn->mem);
  const void *bytes = NULL;
  if (span.bytes) {
    bytes =
        verifier->options->dram(verifier->options->self, span.addr, span.bytes);
    if (!bytes)
      return diag_set(diag, D_DRAM_RANGE,
                      "device memory 0x%08llx + %llu bytes is not in one block",
                      (unsigned long long)span.addr,
                      (unsigned long long)span.bytes);
  }
  if (insn->mem.memory_type == HW_MEM_UOP)
    hw_place_uops(&insn->mem, bytes, verifier->uops);
  return VTAC_OK;
}

/* Whether the stream itself loaded every micro-op of the loop, with contents
 * that the verifier could read. */
static bool knows_uops(Verifier *verifier, const GemmInsn *loops) {
  if (!verifier->options->dram) return false;
  const HwAccess range = {HW_MEM_UOP, loops->uop_bgn,
                          loops->uop_end - loops->uop_bgn, false};
  return unwritten(verifier, range) == range.count;
}

static vtac_status check_loops(Verifier *verifier, const Insn *insn,
                               bool *ret_known, Diag *diag) {
  vtac_status status = hw_check_uop_range(verifier->config, insn, diag);
  if (status) return status;
  GemmInsn loops = hw_loops(insn);
  *ret_known = knows_uops(verifier, &loops);
  if (!*ret_known)
    memset(verifier->stale, 0, hw_depth(verifier->config, HW_MEM_ACC));
  if (*ret_known)
    return hw_check_steps(verifier->config, insn, verifier->uops, diag);
  verifier->report.unknown++;
  if (verifier->options->refuse_uninitialised && verifier->options->dram)
    return diag_set(diag, D_UNINITIALISED,
                    "reads micro-ops [%u, %u), which the stream has not loaded",
                    loops.uop_bgn, loops.uop_end);
  return VTAC_OK;
}

static vtac_status check_insn(Verifier *verifier, const Insn *insn,
                              bool *ret_known, Diag *diag) {
  *ret_known = true;
  switch (hw_opcode_layout(insn->opcode)) {
    case HW_LAYOUT_MEM: return check_mem(verifier, insn, diag);
    case HW_LAYOUT_GEMM:
    case HW_LAYOUT_ALU: return check_loops(verifier, insn, ret_known, diag);
    default: return VTAC_OK;
  }
}

static vtac_status verify_step(void *self, uint32_t index, const Insn *insn,
                               Diag *diag) {
  Verifier *verifier = self;
  Diag why;
  bool known = false;
  verifier->index = index;
  if (check_insn(verifier, insn, &known, &why))
    return fault(verifier, &why, diag);
  tokens_begin(&verifier->tokens, insn);
  verifier->status = VTAC_OK;
  if (known)
    hw_each_access(verifier->config, insn, verifier->uops, check_access,
                   verifier);
  tokens_end(&verifier->tokens, index, insn);
  return verifier->status;
}

static void verifier_clear(Verifier *verifier) {
  tokens_clear(&verifier->tokens);
  free(verifier->uops);
  free(verifier->stale);
  for (int memory = 0; memory < 4; memory++) free(verifier->written[memory]);
}

static vtac_status verifier_init(Verifier *verifier, uint32_t count,
                                 Diag *diag) {
  const HwConfig *config = verifier->config;
  vtac_status status = tokens_init(&verifier->tokens, config, verifier->insns,
                                   count, verifier->options->tokens, diag);
  if (status) return status;
  verifier->uops = calloc(1, (size_t)config->uop_buff_size);
  verifier->stale = calloc(hw_depth(config, HW_MEM_ACC), 1);
  bool made = verifier->uops && verifier->stale;
  for (uint32_t memory = 0; memory < 4 && made; memory++) {
    verifier->written[memory] = calloc(hw_depth(config, memory), 1);
    made = verifier->written[memory] != NULL;
  }
  if (made) return VTAC_OK;
  verifier_clear(verifier);
  return diag_set(diag, D_NO_MEMORY, "no memory to verify %u instructions",
                  count);
}

vtac_status hw_verify(const HwConfig *config, const Insn *insns, uint32_t count,
                      const HwVerifyOptions *options, HwVerifyReport *ret,
                      Diag *diag) {
  static const HwVerifyOptions defaults = {.tokens = {0}};
  Verifier verifier = {.config = config,
                       .options = options ? options : &defaults,
                       .insns = insns,
                       .diag = diag};
  vtac_status status = verifier_init(&verifier, count, diag);
  if (status) return status;
  memcpy(verifier.report.tokens, verifier.options->tokens,
         sizeof verifier.report.tokens);
  status = pipeline_run(insns, count, verifier.report.tokens, verify_step,
                        &verifier, diag);
  verifier_clear(&verifier);
  if (!status && ret) *ret = verifier.report;
  return status;
}
