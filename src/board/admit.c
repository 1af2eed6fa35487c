/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a stream: decoded once, then walked in one legal order; a stream
 * that comes again costs a comparison. */
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
  free(admission->bytes);
  admission->insns = NULL;
  admission->bytes = NULL;
}

static vtac_status refuse(uint32_t index, const Insn *insn, const Diag *why,
                          Diag *diag) {
  char brief[HW_BRIEF_MAX];
  return diag_set(diag, why->id, "instruction %u (%s): %.900s", index,
                  insn ? hw_insn_brief(insn, brief) : "undecoded",
                  why->message);
}

static vtac_status make_room(Admission *admission, uint32_t count, Diag *diag) {
  if (count <= admission->capacity) return VTAC_OK;
  Insn *insns = realloc(admission->insns, count * sizeof *insns);
  if (insns) admission->insns = insns;
  uint8_t *bytes = realloc(admission->bytes, (size_t)count * HW_INSN_BYTES);
  if (bytes) admission->bytes = bytes;
  if (!insns || !bytes)
    return diag_set(diag, D_NO_MEMORY, "no memory to decode a stream");
  admission->capacity = count;
  return VTAC_OK;
}

static vtac_status decode(Admission *admission, const uint8_t *bytes,
                          uint32_t count, Diag *diag) {
  vtac_status status = make_room(admission, count, diag);
  if (status) return status;
  if (count) memcpy(admission->bytes, bytes, (size_t)count * HW_INSN_BYTES);
  admission->count = count;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    Diag why;
    hw_insn_read(admission->bytes + (size_t)i * HW_INSN_BYTES, word);
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

static bool is_same(const Admission *admission, const uint8_t *bytes,
                    uint32_t count) {
  return admission->admitted && admission->count == count &&
         admission->changes == admission->region->changes &&
         !memcmp(admission->before, admission->tokens,
                 sizeof admission->before) &&
         !memcmp(admission->bytes, bytes, (size_t)count * HW_INSN_BYTES);
}

static vtac_status look_at(Admission *admission, const uint8_t *bytes,
                           uint32_t count, Diag *diag) {
  Region *region = admission->region;
  memcpy(admission->before, admission->tokens, sizeof admission->before);
  memcpy(admission->after, admission->tokens, sizeof admission->after);
  memset(admission->counts, 0, sizeof admission->counts);
  for (size_t i = 0; i < region->blocks; i++)
    region->block[i].read = region->block[i].written = false;
  vtac_status status = decode(admission, bytes, count, diag);
  if (!status)
    status = pipeline_run(admission->insns, count, admission->after, step,
                          admission, diag);
  admission->changes = region->changes;
  admission->admitted = status == VTAC_OK;
  return status;
}

vtac_status admission_check(Admission *admission, const uint8_t *bytes,
                            uint32_t count, Diag *diag) {
  if (!is_same(admission, bytes, count)) {
    vtac_status status = look_at(admission, bytes, count, diag);
    if (status) return status;
  }
  memcpy(admission->tokens, admission->after, sizeof admission->tokens);
  return VTAC_OK;
}
