/* SPDX-License-Identifier: Apache-2.0 */
/* Names and properties of opcodes, memories, units and token queues. */
#include "hw/insn.h"
#include "hw/port.h"

/* Rows of insns.def, in arrays that the numbers index. */
typedef struct OpcodeRow {
  const char *name;
  HwLayoutId layout;
} OpcodeRow;

static const OpcodeRow opcodes[] = {
#define HW_OPCODE(NAME, value, layout) [value] = {#NAME, HW_LAYOUT_##layout},
#include "hw/insns.def"
};
enum { OPCODES = sizeof opcodes / sizeof *opcodes };

static const char *const memories[] = {
#define HW_MEMORY(NAME, value, bytes, meaning) [value] = #NAME,
#include "hw/insns.def"
};
enum { MEMORIES = sizeof memories / sizeof *memories };

typedef struct AluRow {
  const char *listed, *listed_imm;
} AluRow;

static const AluRow alu_rows[] = {
#define HW_ALU(NAME, value, listed, listed_imm, meaning) \
  [value] = {listed, listed_imm},
#include "hw/insns.def"
};
enum { ALU_ROWS = sizeof alu_rows / sizeof *alu_rows };

const char *hw_opcode_name(uint32_t opcode) {
  return opcode < OPCODES ? opcodes[opcode].name : "?";
}

HwLayoutId hw_opcode_layout(uint32_t opcode) {
  return opcode < OPCODES ? opcodes[opcode].layout : HW_LAYOUTS;
}

const char *hw_memory_name(uint32_t memory) {
  return memory < MEMORIES ? memories[memory] : "?";
}

uint32_t hw_elem_bytes(const HwConfig *config, uint32_t memory) {
  const HwConfig *c = config;
  const int bytes_of[] = {
#define HW_MEMORY(NAME, value, bytes, meaning) [value] = bytes,
#include "hw/insns.def"
  };
  return memory < MEMORIES ? (uint32_t)bytes_of[memory] : 0;
}

uint32_t hw_depth(const HwConfig *config, uint32_t memory) {
  switch (memory) {
    case HW_MEM_UOP: return (uint32_t)config->uop_buff_depth;
    case HW_MEM_WGT: return (uint32_t)config->wgt_buff_depth;
    case HW_MEM_INP: return (uint32_t)config->inp_buff_depth;
    case HW_MEM_ACC:
    case HW_MEM_OUT:
    case HW_MEM_ACC_8BIT: return (uint32_t)config->acc_buff_depth;
    default: return 0;
  }
}

const char *hw_alu_name(uint32_t alu_opcode, bool use_imm) {
  if (alu_opcode >= ALU_ROWS) return "unknown op";
  const AluRow *row = &alu_rows[alu_opcode];
  return use_imm ? row->listed_imm : row->listed;
}

const char *hw_stage_name(HwStage stage) {
  static const char *const names[] = {"none", "load", "compute", "store"};
  return stage < HW_STAGES ? names[stage] : "?";
}

const char *hw_token_name(HwToken token) {
  static const char *const names[] = {"l2g", "g2l", "g2s", "s2g"};
  return token < HW_TOKENS ? names[token] : "?";
}

const char *hw_counter_name(HwCounter counter) {
  static const char *const names[] = {
#define HW_COUNTER(name, meaning) #name,
#include "hw/counters.def"
  };
  return counter < HW_COUNTERS ? names[counter] : "?";
}

const char *hw_counter_meaning(HwCounter counter) {
  static const char *const meanings[] = {
#define HW_COUNTER(name, meaning) meaning,
#include "hw/counters.def"
  };
  return counter < HW_COUNTERS ? meanings[counter] : "?";
}

HwStage hw_stage(const Insn *insn) {
  switch (insn->opcode) {
    case HW_OP_STORE: return HW_STAGE_STORE;
    case HW_OP_LOAD:
      if (insn->mem.memory_type == HW_MEM_INP ||
          insn->mem.memory_type == HW_MEM_WGT)
        return HW_STAGE_LOAD;
      return HW_STAGE_COMPUTE;
    default: return HW_STAGE_COMPUTE;
  }
}

bool hw_is_nop(const Insn *insn) {
  return hw_opcode_layout(insn->opcode) == HW_LAYOUT_MEM &&
         insn->mem.x_size == 0;
}

HwToken hw_pop_token(HwStage stage, bool prev) {
  switch (stage) {
    case HW_STAGE_LOAD: return prev ? HW_TOKENS : HW_G2L;
    case HW_STAGE_COMPUTE: return prev ? HW_L2G : HW_S2G;
    case HW_STAGE_STORE: return prev ? HW_G2S : HW_TOKENS;
    default: return HW_TOKENS;
  }
}

HwToken hw_push_token(HwStage stage, bool prev) {
  switch (stage) {
    case HW_STAGE_LOAD: return prev ? HW_TOKENS : HW_L2G;
    case HW_STAGE_COMPUTE: return prev ? HW_G2L : HW_G2S;
    case HW_STAGE_STORE: return prev ? HW_S2G : HW_TOKENS;
    default: return HW_TOKENS;
  }
}

vtac_status hw_check_flags(const Insn *insn, Diag *diag) {
  HwStage stage = hw_stage(insn);
  bool prev = insn->pop_prev || insn->push_prev;
  bool next = insn->pop_next || insn->push_next;
  if ((prev && stage == HW_STAGE_LOAD) || (next && stage == HW_STAGE_STORE))
    return diag_set(diag, D_INSN_FLAG,
                    "%s has a dependence flag towards the %s stage, but the "
                    "%s stage has no neighbour there",
                    hw_opcode_name(insn->opcode), prev ? "previous" : "next",
                    hw_stage_name(stage));
  return VTAC_OK;
}
