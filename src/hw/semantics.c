/* SPDX-License-Identifier: Apache-2.0 */
/* The plain semantics of LOAD, STORE, GEMM and ALU. */
#include "hw/semantics.h"

#include <stdlib.h>
#include <string.h>

#include "base/trap.h"
#include "hw/alu.h"
#include "hw/bounds.h"
#include "hw/lanes.h"

vtac_status onchip_init(OnChip *chip, const HwConfig *config, Diag *diag) {
  chip->config = config;
  chip->uop = calloc(1, (size_t)config->uop_buff_size);
  chip->wgt = calloc(1, (size_t)config->wgt_buff_size);
  chip->inp = calloc(1, (size_t)config->inp_buff_size);
  chip->acc = calloc(1, (size_t)config->acc_buff_size);
  if (chip->uop && chip->wgt && chip->inp && chip->acc) return VTAC_OK;
  onchip_clear(chip);
  return diag_set(diag, D_NO_MEMORY, "no memory for the memories on chip");
}

void onchip_clear(OnChip *chip) {
  free(chip->uop);
  free(chip->wgt);
  free(chip->inp);
  free(chip->acc);
  chip->uop = chip->wgt = chip->inp = chip->acc = NULL;
}

void onchip_forget(OnChip *chip) {
  memset(chip->uop, 0, (size_t)chip->config->uop_buff_size);
  memset(chip->wgt, 0, (size_t)chip->config->wgt_buff_size);
  memset(chip->inp, 0, (size_t)chip->config->inp_buff_size);
  memset(chip->acc, 0, (size_t)chip->config->acc_buff_size);
}

uint8_t *onchip_memory(const OnChip *chip, uint32_t memory) {
  switch (memory) {
    case HW_MEM_UOP: return chip->uop;
    case HW_MEM_WGT: return chip->wgt;
    case HW_MEM_INP: return chip->inp;
    default: return chip->acc;
  }
}

/* Bytes of one element on chip; DRAM may hold it narrower. */
static size_t onchip_elem_bytes(const HwConfig *config, uint32_t memory) {
  if (memory == HW_MEM_OUT || memory == HW_MEM_ACC_8BIT) memory = HW_MEM_ACC;
  return hw_elem_bytes(config, memory);
}

vtac_status onchip_check(const OnChip *chip, const Insn *insn, const Dram *dram,
                         Diag *diag) {
  const HwConfig *config = chip->config;
  vtac_status status;
  switch (hw_opcode_layout(insn->opcode)) {
    case HW_LAYOUT_MEM: {
      if (hw_is_nop(insn)) return VTAC_OK;
      status = hw_check_mem(config, insn, diag);
      if (status) return status;
      DramSpan span = hw_dram_span(config, &insn->mem);
      void *bytes;
      if (!span.bytes) return VTAC_OK;
      return dram_range(dram, span.addr, span.bytes, &bytes, diag);
    }
    case HW_LAYOUT_GEMM:
    case HW_LAYOUT_ALU:
      status = hw_check_uop_range(config, insn, diag);
      if (status) return status;
      return hw_check_steps(config, insn, chip->uop, diag);
    default: return VTAC_OK;
  }
}

/* The host's view of the transfer's first element; NULL if it moves none. */
static uint8_t *dram_start(const OnChip *chip, const MemInsn *mem,
                           const Dram *dram) {
  DramSpan span = hw_dram_span(chip->config, mem);
  void *bytes = NULL;
  if (span.bytes) CHECK(!dram_range(dram, span.addr, span.bytes, &bytes, NULL));
  return bytes;
}

/* `n` narrow accumulator elements, sign-extended. */
static void widen(const HwConfig *config, uint8_t *to, const uint8_t *from,
                  size_t n) {
  size_t lanes = n * (size_t)config->batch * (size_t)config->block_out;
  for (size_t i = 0; i < lanes; i++) lane_set(to, i, 32, lane_get(from, i, 8));
}

void onchip_load(OnChip *chip, const MemInsn *mem, const Dram *dram) {
  if (mem->x_size == 0) return;
  const HwConfig *config = chip->config;
  size_t bytes = onchip_elem_bytes(config, mem->memory_type);
  size_t from_bytes = hw_elem_bytes(config, mem->memory_type);
  size_t row = ((size_t)mem->x_pad_0 + mem->x_size + mem->x_pad_1) * bytes;
  size_t before = mem->x_pad_0 * bytes, after = mem->x_pad_1 * bytes;
  const uint8_t *from = dram_start(chip, mem, dram);
  uint8_t *to = onchip_memory(chip, mem->memory_type) + mem->sram_base * bytes;
  memset(to, 0, row * mem->y_pad_0);
  to += row * mem->y_pad_0;
  for (uint32_t y = 0; y < mem->y_size; y++, to += row) {
    const uint8_t *source = from + (size_t)y * mem->x_stride * from_bytes;
    memset(to, 0, before);
    if (mem->memory_type == HW_MEM_ACC_8BIT)
      widen(config, to + before, source, mem->x_size);
    else
      memcpy(to + before, source, mem->x_size * bytes);
    memset(to + row - after, 0, after);
  }
  memset(to, 0, row * mem->y_pad_1);
}

void onchip_store(OnChip *chip, const MemInsn *mem, const Dram *dram) {
  const HwConfig *config = chip->config;
  size_t lanes =
      mem->x_size * (size_t)config->batch * (size_t)config->block_out;
  size_t bytes = (size_t)config->acc_elem_bytes;
  uint8_t *to = dram_start(chip, mem, dram);
  if (!to) return;
  for (uint32_t y = 0; y < mem->y_size; y++) {
    const uint8_t *from =
        chip->acc + (mem->sram_base + (size_t)y * mem->x_size) * bytes;
    uint8_t *row =
        to + (size_t)y * mem->x_stride * (size_t)config->out_elem_bytes;
    for (size_t i = 0; i < lanes; i++)
      lane_set(row, i, config->out_width, lane_get(from, i, config->acc_width));
  }
}

/* One step of a GEMM or ALU: the indices are in place. */
typedef struct StepContext {
  OnChip *chip;
  const AluInsn *alu;
} StepContext;

static uint8_t *acc_element(const OnChip *chip, uint32_t index) {
  return chip->acc + (size_t)index * (size_t)chip->config->acc_elem_bytes;
}

static void reset_step(void *self, Uop step) {
  OnChip *chip = ((StepContext *)self)->chip;
  memset(acc_element(chip, step.dst), 0, (size_t)chip->config->acc_elem_bytes);
}

static void gemm_step(void *self, Uop step) {
  OnChip *chip = ((StepContext *)self)->chip;
  const HwConfig *c = chip->config;
  const size_t in = (size_t)c->block_in, out = (size_t)c->block_out;
  uint8_t *acc = acc_element(chip, step.dst);
  const uint8_t *inp = chip->inp + (size_t)step.src * (size_t)c->inp_elem_bytes;
  const uint8_t *wgt = chip->wgt + (size_t)step.wgt * (size_t)c->wgt_elem_bytes;
  for (size_t i = 0; i < (size_t)c->batch; i++)
    for (size_t j = 0; j < out; j++) {
      uint32_t sum = (uint32_t)lane_get(acc, i * out + j, c->acc_width);
      for (size_t k = 0; k < in; k++)
        sum += (uint32_t)lane_get(inp, i * in + k, c->inp_width) *
               (uint32_t)lane_get(wgt, j * in + k, c->wgt_width);
      lane_set(acc, i * out + j, c->acc_width, (int32_t)sum);
    }
}

void onchip_gemm(OnChip *chip, const GemmInsn *gemm) {
  StepContext context = {chip, NULL};
  hw_each_step(chip->config, gemm, chip->uop,
               gemm->reset_reg ? reset_step : gemm_step, &context);
}

static void alu_step(void *self, Uop step) {
  const StepContext *context = self;
  const HwConfig *c = context->chip->config;
  const AluInsn *alu = context->alu;
  uint8_t *dst = acc_element(context->chip, step.dst);
  const uint8_t *src = acc_element(context->chip, step.src);
  size_t lanes = (size_t)c->batch * (size_t)c->block_out;
  for (size_t i = 0; i < lanes; i++) {
    int32_t a = lane_get(dst, i, c->acc_width);
    int32_t b = alu->use_imm ? alu->imm : lane_get(src, i, c->acc_width);
    lane_set(dst, i, c->acc_width, alu_lane((HwAlu)alu->alu_opcode, a, b));
  }
}

void onchip_alu(OnChip *chip, const AluInsn *alu) {
  StepContext context = {chip, alu};
  const Insn insn = {.opcode = HW_OP_ALU, .alu = *alu};
  GemmInsn loops = hw_loops(&insn);
  hw_each_step(chip->config, &loops, chip->uop, alu_step, &context);
}

vtac_status onchip_execute(OnChip *chip, const Insn *insn, const Dram *dram,
                           Diag *diag) {
  vtac_status status = onchip_check(chip, insn, dram, diag);
  if (status) return status;
  switch (insn->opcode) {
    case HW_OP_LOAD: onchip_load(chip, &insn->mem, dram); break;
    case HW_OP_STORE: onchip_store(chip, &insn->mem, dram); break;
    case HW_OP_GEMM: onchip_gemm(chip, &insn->gemm); break;
    case HW_OP_ALU: onchip_alu(chip, &insn->alu); break;
    default: break;
  }
  return VTAC_OK;
}

static void count_transfer(const HwConfig *config, const Insn *insn,
                           uint64_t counters[HW_COUNTERS]) {
  const MemInsn *mem = &insn->mem;
  uint64_t elems = (uint64_t)mem->x_size * mem->y_size;
  /* ACC_8BIT counts as if the lanes were wide in DRAM, too. */
  uint64_t acc = elems * (uint64_t)config->acc_elem_bytes;
  uint64_t bytes = elems * hw_elem_bytes(config, mem->memory_type);
  switch (mem->memory_type) {
    case HW_MEM_UOP: counters[HW_COUNT_uop_load_nbytes] += bytes; break;
    case HW_MEM_WGT: counters[HW_COUNT_wgt_load_nbytes] += bytes; break;
    case HW_MEM_INP: counters[HW_COUNT_inp_load_nbytes] += bytes; break;
    case HW_MEM_ACC:
    case HW_MEM_ACC_8BIT: counters[HW_COUNT_acc_load_nbytes] += acc; break;
    case HW_MEM_OUT: counters[HW_COUNT_out_store_nbytes] += bytes; break;
    default: break;
  }
}

void hw_count(const HwConfig *config, const Insn *insn,
              uint64_t counters[HW_COUNTERS]) {
  GemmInsn loops;
  uint64_t steps;
  switch (hw_opcode_layout(insn->opcode)) {
    case HW_LAYOUT_MEM:
      if (!hw_is_nop(insn)) count_transfer(config, insn, counters);
      break;
    case HW_LAYOUT_GEMM:
    case HW_LAYOUT_ALU:
      loops = hw_loops(insn);
      steps = (uint64_t)loops.iter_out * loops.iter_in *
              (loops.uop_end - loops.uop_bgn);
      if (insn->opcode == HW_OP_ALU)
        counters[HW_COUNT_alu_counter] += steps;
      else if (!loops.reset_reg)
        counters[HW_COUNT_gemm_counter] += steps;
      break;
    default: break;
  }
}
