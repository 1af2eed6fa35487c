/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of transfers and loops, and their checks.  Factors are not negative,
 * so the largest index of a micro-op is that of the last iteration: a check
 * costs one step for each micro-op, not for each iteration. */
#include "hw/bounds.h"

uint64_t hw_sram_elems(const MemInsn *mem) {
  uint64_t row = (uint64_t)mem->x_pad_0 + mem->x_size + mem->x_pad_1;
  return row * ((uint64_t)mem->y_pad_0 + mem->y_size + mem->y_pad_1);
}

DramSpan hw_dram_span(const HwConfig *config, const MemInsn *mem) {
  uint64_t bytes = hw_elem_bytes(config, mem->memory_type);
  DramSpan span = {mem->dram_base * bytes, 0};
  if (mem->x_size && mem->y_size)
    span.bytes =
        ((uint64_t)(mem->y_size - 1) * mem->x_stride + mem->x_size) * bytes;
  return span;
}

GemmInsn hw_loops(const Insn *insn) {
  if (insn->opcode == HW_OP_GEMM) return insn->gemm;
  const AluInsn *alu = &insn->alu;
  return (GemmInsn){.uop_bgn = alu->uop_bgn,
                    .uop_end = alu->uop_end,
                    .iter_out = alu->iter_out,
                    .iter_in = alu->iter_in,
                    .dst_factor_out = alu->dst_factor_out,
                    .dst_factor_in = alu->dst_factor_in,
                    .src_factor_out = alu->src_factor_out,
                    .src_factor_in = alu->src_factor_in};
}

bool hw_loops_are_empty(const GemmInsn *loops) {
  return !loops->iter_out || !loops->iter_in ||
         loops->uop_end <= loops->uop_bgn;
}

Uop hw_uop_at(const HwConfig *config, const uint8_t *uops, uint32_t index) {
  const uint8_t *at = uops + (size_t)index * HW_UOP_BYTES;
  uint32_t word = (uint32_t)at[0] | (uint32_t)at[1] << 8 |
                  (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
  return hw_uop_decode(config, word);
}

void hw_each_step(const HwConfig *config, const GemmInsn *loops,
                  const uint8_t *uops, void (*body)(void *self, Uop step),
                  void *self) {
  for (uint32_t y = 0; y < loops->iter_out; y++)
    for (uint32_t x = 0; x < loops->iter_in; x++)
      for (uint32_t u = loops->uop_bgn; u < loops->uop_end; u++) {
        Uop step = hw_uop_at(config, uops, u);
        step.dst += y * loops->dst_factor_out + x * loops->dst_factor_in;
        step.src += y * loops->src_factor_out + x * loops->src_factor_in;
        step.wgt += y * loops->wgt_factor_out + x * loops->wgt_factor_in;
        body(self, step);
      }
}

static vtac_status check_memory_type(const HwConfig *config, const Insn *insn,
                                     Diag *diag) {
  uint32_t memory = insn->mem.memory_type;
  if (insn->opcode == HW_OP_STORE) {
    if (memory == HW_MEM_OUT) return VTAC_OK;
    return diag_set(diag, D_INSN_ILLEGAL,
                    "STORE does not support memory_type %u (%s)", memory,
                    hw_memory_name(memory));
  }
  if (memory == HW_MEM_OUT || memory > HW_MEM_ACC_8BIT)
    return diag_set(diag, D_INSN_ILLEGAL,
                    "LOAD does not support memory_type %u (%s)", memory,
                    hw_memory_name(memory));
  if (memory == HW_MEM_ACC_8BIT &&
      (config->acc_width != 32 || config->inp_width != 8))
    return diag_set(diag, D_INSN_ILLEGAL,
                    "LOAD ACC_8BIT needs 32-bit accumulators and 8-bit "
                    "activations, the configuration has %d and %d bits",
                    config->acc_width, config->inp_width);
  return VTAC_OK;
}

vtac_status hw_check_mem(const HwConfig *config, const Insn *insn, Diag *diag) {
  const MemInsn *mem = &insn->mem;
  if (hw_is_nop(insn)) return VTAC_OK;
  vtac_status status = check_memory_type(config, insn, diag);
  if (status) return status;
  if (insn->opcode == HW_OP_STORE &&
      (mem->y_pad_0 || mem->y_pad_1 || mem->x_pad_0 || mem->x_pad_1))
    return diag_set(diag, D_INSN_ILLEGAL,
                    "STORE has padding %u %u %u %u, it must be zero",
                    mem->y_pad_0, mem->y_pad_1, mem->x_pad_0, mem->x_pad_1);
  uint64_t end = mem->sram_base + hw_sram_elems(mem);
  uint32_t depth = hw_depth(config, mem->memory_type);
  if (end > depth)
    return diag_set(
        diag, D_SRAM_RANGE, "%s %s covers elements %u..%llu, the memory has %u",
        hw_opcode_name(insn->opcode), hw_memory_name(mem->memory_type),
        mem->sram_base, (unsigned long long)end - 1, depth);
  return VTAC_OK;
}

vtac_status hw_check_uop_range(const HwConfig *config, const Insn *insn,
                               Diag *diag) {
  GemmInsn loops = hw_loops(insn);
  const char *name = hw_opcode_name(insn->opcode);
  if (insn->opcode == HW_OP_ALU && insn->alu.alu_opcode > HW_ALU_MUL)
    return diag_set(diag, D_INSN_ILLEGAL, "there is no ALU operation %u",
                    insn->alu.alu_opcode);
  if (loops.uop_end < loops.uop_bgn)
    return diag_set(diag, D_INSN_ILLEGAL,
                    "%s has the inverted micro-op range [%u, %u)", name,
                    loops.uop_bgn, loops.uop_end);
  if (loops.uop_end > (uint32_t)config->uop_buff_depth)
    return diag_set(diag, D_SRAM_RANGE,
                    "%s uses micro-ops [%u, %u), the memory has %d", name,
                    loops.uop_bgn, loops.uop_end, config->uop_buff_depth);
  return VTAC_OK;
}

/* One index of a micro-op over all iterations. */
typedef struct IndexLimit {
  HwMemory memory;
  uint32_t uop, first;
  uint64_t last;
} IndexLimit;

static vtac_status check_index(const HwConfig *config, const Insn *insn,
                               const IndexLimit *index, Diag *diag) {
  uint32_t depth = hw_depth(config, index->memory);
  if (index->last < depth) return VTAC_OK;
  return diag_set(diag, D_SRAM_RANGE,
                  "%s: micro-op %u reaches %s elements %u..%llu, the memory "
                  "has %u",
                  hw_opcode_name(insn->opcode), index->uop,
                  hw_memory_name(index->memory), index->first,
                  (unsigned long long)index->last, depth);
}

static uint64_t last_index(uint32_t first, uint64_t out, uint64_t in) {
  return first + out + in;
}

static vtac_status check_step(const HwConfig *config, const Insn *insn,
                              const GemmInsn *loops, uint32_t index, Uop uop,
                              Diag *diag) {
  const uint64_t y = loops->iter_out - 1, x = loops->iter_in - 1;
  const bool gemm = insn->opcode == HW_OP_GEMM;
  const IndexLimit dst = {
      HW_MEM_ACC, index, uop.dst,
      last_index(uop.dst, y * loops->dst_factor_out, x * loops->dst_factor_in)};
  const IndexLimit src = {
      gemm ? HW_MEM_INP : HW_MEM_ACC, index, uop.src,
      last_index(uop.src, y * loops->src_factor_out, x * loops->src_factor_in)};
  const IndexLimit wgt = {
      HW_MEM_WGT, index, uop.wgt,
      last_index(uop.wgt, y * loops->wgt_factor_out, x * loops->wgt_factor_in)};
  vtac_status status = check_index(config, insn, &dst, diag);
  /* A reset reads nothing. */
  if (status || (gemm && loops->reset_reg)) return status;
  status = check_index(config, insn, &src, diag);
  if (!status && gemm) status = check_index(config, insn, &wgt, diag);
  return status;
}

vtac_status hw_check_steps(const HwConfig *config, const Insn *insn,
                           const uint8_t *uops, Diag *diag) {
  GemmInsn loops = hw_loops(insn);
  if (hw_loops_are_empty(&loops)) return VTAC_OK;
  for (uint32_t u = loops.uop_bgn; u < loops.uop_end; u++) {
    Uop uop = hw_uop_at(config, uops, u);
    vtac_status status = check_step(config, insn, &loops, u, uop, diag);
    if (status) return status;
  }
  return VTAC_OK;
}
