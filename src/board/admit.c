/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a stream: decoded once, then walked in one legal order. */
#include "board/admit.h"

#include <stdlib.h>
#include <string.h>

#include "hw/bounds.h"
#include "hw/disasm.h"
#include "hw/pipeline.h"
#include "hw/semantics.h"

void admission_init(Admission *admission, const HwConfig *config,
                    Region *region) {
  *admission = (Admission){.config = config, .region = region};
  hw_decoder_init(&admission->decoder, config);
}

void admission_clear(Admission *admission) {
  free(admission->insns);
  admission->insns = NULL;
}

static vtac_status refuse(uint32_t index, const Insn *insn, const Diag *why,
                          Diag *diag) {
  char brief[HW_BRIEF_MAX];
  return diag_set(diag, why->id, "instruction %u (%s): %.900s", index,
                  insn ? hw_insn_brief(insn, brief) : "undecoded",
                  why->message);
}

static vtac_status decode(Admission *admission, const uint8_t *bytes,
                          uint32_t count, Diag *diag) {
  if (count > admission->capacity) {
    Insn *bigger = realloc(admission->insns, count * sizeof *bigger);
    if (!bigger)
      return diag_set(diag, D_NO_MEMORY, "no memory to decode a stream");
    admission->insns = bigger;
    admission->capacity = count;
  }
  admission->count = count;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    Diag why;
    hw_insn_read(bytes + (size_t)i * HW_INSN_BYTES, word);
    if (hw_decoder_run(&admission->decoder, word, &admission->insns[i], &why))
      return refuse(i, NULL, &why, diag);
  }
  return VTAC_OK;
}

static vtac_status check_transfer(const Admission *admission, const Insn *insn,
                                  Diag *diag) {
  const DramSpan span = hw_dram_span(admission->config, &insn->mem);
  RegionBlock *block;
  vtac_status status = hw_check_mem(admission->config, insn, diag);
  if (status || !span.bytes) return status;
  status = region_find(admission->region, span.addr, span.bytes, &block, diag);
  if (status) return status;
  if (insn->opcode == HW_OP_STORE)
    block->written = true;
  else
    block->read = true;
  return VTAC_OK;
}

static vtac_status check_insn(const Admission *admission, const Insn *insn,
                              Diag *diag) {
  switch (hw_opcode_layout(insn->opcode)) {
    case HW_LAYOUT_MEM: return check_transfer(admission, insn, diag);
    case HW_LAYOUT_GEMM:
    case HW_LAYOUT_ALU:
      return hw_check_uop_range(admission->config, insn, diag);
    default: return VTAC_OK;
  }
}

static vtac_status step(void *self, uint32_t index, const Insn *insn,
                        Diag *diag) {
  Admission *admission = self;
  Diag why;
  if (check_insn(admission, insn, &why)) return refuse(index, insn, &why, diag);
  hw_count(admission->config, insn, admission->counts);
  return VTAC_OK;
}

vtac_status admission_check(Admission *admission, const uint8_t *bytes,
                            uint32_t count, Diag *diag) {
  uint64_t tokens[HW_TOKENS];
  Region *region = admission->region;
  memcpy(tokens, admission->tokens, sizeof tokens);
  memset(admission->counts, 0, sizeof admission->counts);
  for (size_t i = 0; i < region->blocks; i++)
    region->block[i].read = region->block[i].written = false;
  vtac_status status = decode(admission, bytes, count, diag);
  if (!status)
    status =
        pipeline_run(admission->insns, count, tokens, step, admission, diag);
  if (!status) memcpy(admission->tokens, tokens, sizeof tokens);
  return status;
}
