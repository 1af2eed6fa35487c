/* SPDX-License-Identifier: Apache-2.0 */
/* Prints micro-ops and instructions. */
#include "hw/disasm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void write_strbuf(void *self, const char *text, size_t length) {
  strbuf_addn(self, text, length);
}

HwSink hw_sink_strbuf(Strbuf *buf) { return (HwSink){write_strbuf, buf}; }

/* One piece of a listing; no line is nearly as long as the buffer. */
static void put(HwSink sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put(HwSink sink, const char *format, ...) {
  char line[256];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  sink.write(sink.self, line, (size_t)length);
}

void hw_list_uops(HwSink sink, const Uop *uops, uint32_t count) {
  put(sink, "There are %u uops\n", count);
  for (uint32_t i = 0; i < count; i++)
    put(sink, "[%04u]\t acc=%u, inp=%u, wgt=%u\n", i, uops[i].dst, uops[i].src,
        uops[i].wgt);
  put(sink, "\n");
}

static void list_deps(HwSink sink, const Insn *insn) {
  put(sink,
      "\tdep - pop prev: %u, pop next: %u, push prev: %u, push next: %u\n",
      insn->pop_prev, insn->pop_next, insn->push_prev, insn->push_next);
}

static const char *nop_name(const Insn *insn) {
  switch (hw_stage(insn)) {
    case HW_STAGE_STORE: return "NOP-STORE-STAGE";
    case HW_STAGE_COMPUTE: return "NOP-COMPUTE-STAGE";
    default: return "NOP-MEMORY-STAGE";
  }
}

static void list_mem(HwSink sink, const Insn *insn) {
  const MemInsn *mem = &insn->mem;
  if (insn->opcode == HW_OP_STORE)
    put(sink, "STORE:\n");
  else
    put(sink, "LOAD %s\n", hw_memory_name(mem->memory_type));
  list_deps(sink, insn);
  put(sink, "\tDRAM: 0x%08x, SRAM:0x%04x\n", mem->dram_base, mem->sram_base);
  put(sink, "\ty: size=%u, pad=[%u, %u]\n", mem->y_size, mem->y_pad_0,
      mem->y_pad_1);
  put(sink, "\tx: size=%u, stride=%u, pad=[%u, %u]\n", mem->x_size,
      mem->x_stride, mem->x_pad_0, mem->x_pad_1);
}

static void list_gemm(HwSink sink, const Insn *insn) {
  const GemmInsn *gemm = &insn->gemm;
  put(sink, "GEMM\n");
  list_deps(sink, insn);
  put(sink, "\treset_out: %u\n", gemm->reset_reg);
  put(sink, "\trange (%u, %u)\n", gemm->uop_bgn, gemm->uop_end);
  put(sink, "\touter loop - iter: %u, wgt: %u, inp: %u, acc: %u\n",
      gemm->iter_out, gemm->wgt_factor_out, gemm->src_factor_out,
      gemm->dst_factor_out);
  put(sink, "\tinner loop - iter: %u, wgt: %u, inp: %u, acc: %u\n",
      gemm->iter_in, gemm->wgt_factor_in, gemm->src_factor_in,
      gemm->dst_factor_in);
}

static void list_alu(HwSink sink, const Insn *insn) {
  const AluInsn *alu = &insn->alu;
  put(sink, "ALU - %s\n", hw_alu_name(alu->alu_opcode, alu->use_imm));
  list_deps(sink, insn);
  put(sink, "\treset_out: %u\n", alu->reset_reg);
  put(sink, "\trange (%u, %u)\n", alu->uop_bgn, alu->uop_end);
  put(sink, "\touter loop - iter: %u, dst: %u, src: %u\n", alu->iter_out,
      alu->dst_factor_out, alu->src_factor_out);
  put(sink, "\tinner loop - iter: %u, dst: %u, src: %u\n", alu->iter_in,
      alu->dst_factor_in, alu->src_factor_in);
}

static void list_insn(HwSink sink, const Insn *insn) {
  if (hw_is_nop(insn)) {
    put(sink, "%s\n", nop_name(insn));
    list_deps(sink, insn);
    return;
  }
  switch (hw_opcode_layout(insn->opcode)) {
    case HW_LAYOUT_MEM: list_mem(sink, insn); break;
    case HW_LAYOUT_GEMM: list_gemm(sink, insn); break;
    case HW_LAYOUT_ALU: list_alu(sink, insn); break;
    case HW_LAYOUT_FINISH: put(sink, "FINISH\n"); break;
    default: put(sink, "unknown opcode %u\n", insn->opcode); break;
  }
}

/* What an instruction does to the queues; a flag towards no unit does
 * nothing. */
static void count_tokens(const Insn *insn, int tokens[HW_TOKENS + 1]) {
  HwStage stage = hw_stage(insn);
  if (insn->pop_prev) tokens[hw_pop_token(stage, true)]--;
  if (insn->pop_next) tokens[hw_pop_token(stage, false)]--;
  if (insn->push_prev) tokens[hw_push_token(stage, true)]++;
  if (insn->push_next) tokens[hw_push_token(stage, false)]++;
}

void hw_list_insns(HwSink sink, const Insn *insns, uint32_t count) {
  int tokens[HW_TOKENS + 1] = {0};
  put(sink, "There are %u instructions\n", count);
  for (uint32_t i = 0; i < count; i++) {
    put(sink, "INSTRUCTION %u: ", i);
    list_insn(sink, &insns[i]);
    count_tokens(&insns[i], tokens);
    put(sink, "\tl2g_queue = %d, g2l_queue = %d\n", tokens[HW_L2G],
        tokens[HW_G2L]);
    put(sink, "\ts2g_queue = %d, g2s_queue = %d\n", tokens[HW_S2G],
        tokens[HW_G2S]);
  }
}

const char *hw_insn_brief(const Insn *insn, char ret[HW_BRIEF_MAX]) {
  const char *opcode = hw_opcode_name(insn->opcode);
  const char *detail = "";
  if (hw_is_nop(insn)) {
    opcode = nop_name(insn);
  } else if (hw_opcode_layout(insn->opcode) == HW_LAYOUT_MEM) {
    detail = hw_memory_name(insn->mem.memory_type);
  } else if (insn->opcode == HW_OP_ALU) {
    detail = hw_alu_name(insn->alu.alu_opcode, insn->alu.use_imm);
  }
  snprintf(ret, HW_BRIEF_MAX, "%s%s%s", opcode, *detail ? " " : "", detail);
  return ret;
}
