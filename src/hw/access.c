/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerates an instruction's accesses on chip. */
#include "hw/access.h"

#include <string.h>

#include "hw/bounds.h"

/* The steps of a loop turn into accesses by these rules. */
typedef struct StepRule {
  AccessBody body;
  void *self;
  bool accumulates; /* reads its destination */
  bool reads_source, reads_weight;
  HwMemory source;
} StepRule;

static void visit_step(void *self, Uop step) {
  const StepRule *rule = self;
  if (rule->reads_source)
    rule->body(rule->self, (HwAccess){rule->source, step.src, 1, false});
  if (rule->reads_weight)
    rule->body(rule->self, (HwAccess){HW_MEM_WGT, step.wgt, 1, false});
  if (rule->accumulates)
    rule->body(rule->self, (HwAccess){HW_MEM_ACC, step.dst, 1, false});
  rule->body(rule->self, (HwAccess){HW_MEM_ACC, step.dst, 1, true});
}

static void visit_loops(const HwConfig *config, const Insn *insn,
                        const uint8_t *uops, StepRule rule) {
  const GemmInsn loops = hw_loops(insn);
  if (hw_loops_are_empty(&loops)) return;
  const bool gemm = insn->opcode == HW_OP_GEMM;
  const bool reset = gemm && loops.reset_reg;
  rule.accumulates = !reset;
  rule.reads_source = gemm ? !reset : !insn->alu.use_imm;
  rule.reads_weight = gemm && !reset;
  rule.source = gemm ? HW_MEM_INP : HW_MEM_ACC;
  rule.body(rule.self, (HwAccess){HW_MEM_UOP, loops.uop_bgn,
                                  loops.uop_end - loops.uop_bgn, false});
  hw_each_step(config, &loops, uops, visit_step, &rule);
}

static HwMemory on_chip(uint32_t memory) {
  switch (memory) {
    case HW_MEM_UOP: return HW_MEM_UOP;
    case HW_MEM_WGT: return HW_MEM_WGT;
    case HW_MEM_INP: return HW_MEM_INP;
    default: return HW_MEM_ACC;
  }
}

void hw_each_access(const HwConfig *config, const Insn *insn,
                    const uint8_t *uops, AccessBody body, void *self) {
  const MemInsn *mem = &insn->mem;
  switch (hw_opcode_layout(insn->opcode)) {
    case HW_LAYOUT_MEM:
      if (hw_is_nop(insn)) return;
      body(self, (HwAccess){on_chip(mem->memory_type), mem->sram_base,
                            hw_sram_elems(mem), insn->opcode == HW_OP_LOAD});
      return;
    case HW_LAYOUT_GEMM:
    case HW_LAYOUT_ALU:
      visit_loops(config, insn, uops, (StepRule){.body = body, .self = self});
      return;
    default: return;
  }
}

void hw_place_uops(const MemInsn *mem, const uint8_t *from, uint8_t *uops) {
  size_t row = (size_t)mem->x_pad_0 + mem->x_size + mem->x_pad_1;
  size_t total = (size_t)hw_sram_elems(mem);
  uint8_t *to = uops + (size_t)mem->sram_base * HW_UOP_BYTES;
  memset(to, 0, total * HW_UOP_BYTES);
  for (uint32_t y = 0; y < mem->y_size; y++) {
    size_t place = (mem->y_pad_0 + y) * row + mem->x_pad_0;
    memcpy(to + place * HW_UOP_BYTES,
           from + (size_t)y * mem->x_stride * HW_UOP_BYTES,
           (size_t)mem->x_size * HW_UOP_BYTES);
  }
}
