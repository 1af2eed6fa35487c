/* SPDX-License-Identifier: Apache-2.0 */
/* State of the fast paths, and arithmetic and stores on whole elements. */
#include "fsim/fast.h"

#include <stdlib.h>
#include <string.h>

#include "fsim/tile.h"
#include "hw/alu.h"
#include "hw/bounds.h"

bool fast_supports(const HwConfig *config) {
  return config->inp_width == 8 && config->wgt_width == 8 &&
         config->acc_width == 32 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

vtac_status fast_create(OnChip *chip, bool portable, Fast **ret, Diag *diag) {
  const HwConfig *config = chip->config;
  Fast *fast = calloc(1, sizeof *fast);
  if (!fast) return diag_set(diag, D_NO_MEMORY, "no memory for a simulator");
  fast->chip = chip;
  fast->avx2 = !portable && gemm_avx2_supports(config);
  fast->uops = calloc((size_t)config->uop_buff_depth, sizeof *fast->uops);
  fast->reuses = calloc((size_t)config->wgt_buff_depth, 1);
  if (fast->avx2)
    fast->pairs = calloc((size_t)config->wgt_buff_size, sizeof *fast->pairs);
  if (!fast->uops || !fast->reuses || (fast->avx2 && !fast->pairs)) {
    fast_destroy(fast);
    return diag_set(diag, D_NO_MEMORY, "no memory for a simulator");
  }
  *ret = fast;
  return VTAC_OK;
}

void fast_destroy(Fast *fast) {
  if (!fast) return;
  free(fast->uops);
  free(fast->pairs);
  free(fast->reuses);
  free(fast);
}

void fast_weights_changed(Fast *fast, uint32_t first, uint64_t count) {
  memset(fast->reuses + first, 0, (size_t)count);
}

void fast_decode_uops(Fast *fast, const GemmInsn *loops) {
  for (uint32_t u = loops->uop_bgn; u < loops->uop_end; u++)
    fast->uops[u - loops->uop_bgn] =
        hw_uop_at(fast->chip->config, fast->chip->uop, u);
}

/* All steps of an arithmetic instruction; called with a constant operation,
 * so that the loop over lanes vectorises.  Equal or distinct elements: lane
 * `l` of the source is read before lane `l` of the destination is written. */
FAST_INLINE void alu_loop(Fast *fast, const GemmInsn *loops, const AluInsn *alu,
                          HwAlu operation) {
  const uint32_t lanes = (uint32_t)fast->chip->config->batch *
                         (uint32_t)fast->chip->config->block_out;
  const uint32_t n = loops->uop_end - loops->uop_bgn;
  const int32_t imm = alu->imm;
  int32_t *acc = (int32_t *)(void *)fast->chip->acc;
  for (uint32_t y = 0; y < loops->iter_out; y++)
    for (uint32_t x = 0; x < loops->iter_in; x++) {
      Uop base = iteration_base(loops, y, x);
      for (uint32_t u = 0; u < n; u++) {
        int32_t *dst = acc + (size_t)(base.dst + fast->uops[u].dst) * lanes;
        const int32_t *src =
            acc + (size_t)(base.src + fast->uops[u].src) * lanes;
        if (alu->use_imm)
          for (uint32_t l = 0; l < lanes; l++)
            dst[l] = alu_lane(operation, dst[l], imm);
        else
          for (uint32_t l = 0; l < lanes; l++)
            dst[l] = alu_lane(operation, dst[l], src[l]);
      }
    }
}

void fast_alu(Fast *fast, const AluInsn *alu) {
  const Insn insn = {.opcode = HW_OP_ALU, .alu = *alu};
  const GemmInsn loops = hw_loops(&insn);
  if (hw_loops_are_empty(&loops)) return;
  fast_decode_uops(fast, &loops);
  switch ((HwAlu)alu->alu_opcode) {
#define HW_ALU(NAME, value, listed, listed_imm, meaning) \
  case value:                                            \
    alu_loop(fast, &loops, alu, (HwAlu)value);           \
    break;
#include "hw/insns.def"
  }
}

void fast_store(Fast *fast, const MemInsn *mem, const Dram *dram) {
  const HwConfig *config = fast->chip->config;
  const size_t lanes = (size_t)config->batch * (size_t)config->block_out;
  const DramSpan span = hw_dram_span(config, mem);
  void *start;
  if (!span.bytes || dram_range(dram, span.addr, span.bytes, &start, NULL))
    return;
  const int32_t *from =
      (const int32_t *)(const void *)fast->chip->acc + mem->sram_base * lanes;
  for (uint32_t y = 0; y < mem->y_size; y++, from += mem->x_size * lanes) {
    uint8_t *row = (uint8_t *)start + (size_t)y * mem->x_stride * lanes;
    for (size_t l = 0; l < mem->x_size * lanes; l++) row[l] = (uint8_t)from[l];
  }
}
