/* SPDX-License-Identifier: Apache-2.0 */
/* Insn: an instruction in decoded form, and its encoding.
 *
 * A 128-bit instruction holds its fields in the order of insns.def from bit 0
 * up; a field that would straddle bit 64 starts at bit 64 instead.  Widths
 * follow the configuration, so positions are computed at run time. */
#ifndef HW_INSN_H
#define HW_INSN_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/config.h"

typedef enum HwOpcode {
#define HW_OPCODE(NAME, value, layout) HW_OP_##NAME = value,
#include "hw/insns.def"
} HwOpcode;

typedef enum HwMemory {
#define HW_MEMORY(NAME, value, bytes, meaning) HW_MEM_##NAME = value,
#include "hw/insns.def"
} HwMemory;

typedef enum HwAlu {
#define HW_ALU(NAME, value, listed, listed_imm, meaning) HW_ALU_##NAME = value,
#include "hw/insns.def"
} HwAlu;

typedef enum HwLayoutId {
  HW_LAYOUT_MEM,
  HW_LAYOUT_GEMM,
  HW_LAYOUT_FINISH,
  HW_LAYOUT_ALU,
  HW_LAYOUT_UOP,
  HW_LAYOUTS
} HwLayoutId;

/* The units that run instructions; the numbers are the queue ids that
 * dependence calls use. */
typedef enum HwStage {
  HW_STAGE_NONE,
  HW_STAGE_LOAD,
  HW_STAGE_COMPUTE,
  HW_STAGE_STORE,
  HW_STAGES
} HwStage;

/* The token queues between units. */
typedef enum HwToken { HW_L2G, HW_G2L, HW_G2S, HW_S2G, HW_TOKENS } HwToken;

typedef struct MemInsn {
  uint32_t memory_type, sram_base, dram_base, unused;
  uint32_t y_size, x_size, x_stride;
  uint32_t y_pad_0, y_pad_1, x_pad_0, x_pad_1;
} MemInsn;

typedef struct GemmInsn {
  uint32_t reset_reg, uop_bgn, uop_end, iter_out, iter_in;
  uint32_t dst_factor_out, dst_factor_in, src_factor_out, src_factor_in;
  uint32_t wgt_factor_out, wgt_factor_in;
} GemmInsn;

typedef struct AluInsn {
  uint32_t reset_reg, uop_bgn, uop_end, iter_out, iter_in;
  uint32_t dst_factor_out, dst_factor_in, src_factor_out, src_factor_in;
  uint32_t alu_opcode, use_imm;
  int32_t imm;
} AluInsn;

/* `opcode` says which member of the union counts.  Members are wider than
 * the fields, so that encoding can tell what does not fit. */
typedef struct Insn {
  uint32_t opcode;
  uint32_t pop_prev, pop_next, push_prev, push_next;
  union {
    MemInsn mem;
    GemmInsn gemm;
    AluInsn alu;
  };
} Insn;

typedef struct Uop {
  uint32_t dst, src, wgt;
} Uop;

enum { HW_FIELDS_MAX = 24 };

/* Encodes into two little-endian words.  A value that does not fit its field
 * is refused with the field, the value and the limit. */
vtac_status hw_encode(const HwConfig *config, const Insn *insn,
                      uint64_t ret_word[2], Diag *diag);
/* Decodes; only an opcode outside the table is refused.  Bits of no field
 * are ignored. */
vtac_status hw_decode(const HwConfig *config, const uint64_t word[2], Insn *ret,
                      Diag *diag);
/* Where a field lies, and at which byte of its owner its member. */
typedef struct HwFieldPlace {
  uint8_t word, shift, offset;
  uint32_t mask, sign;
} HwFieldPlace;

/* What decoding needs to know of a configuration: for many instructions. */
typedef struct HwDecoder {
  int count[HW_LAYOUTS];
  HwFieldPlace place[HW_LAYOUTS][HW_FIELDS_MAX];
} HwDecoder;

void hw_decoder_init(HwDecoder *decoder, const HwConfig *config);
vtac_status hw_decoder_run(const HwDecoder *decoder, const uint64_t word[2],
                           Insn *ret, Diag *diag);

vtac_status hw_uop_encode(const HwConfig *config, const Uop *uop,
                          uint32_t *ret_word, Diag *diag);
Uop hw_uop_decode(const HwConfig *config, uint32_t word);

/* Instructions in memory: 16 bytes each, little-endian on every host. */
void hw_insn_write(const uint64_t word[2], void *to);
void hw_insn_read(const void *from, uint64_t ret_word[2]);

/* A field as the configuration places it. */
typedef struct HwField {
  const char *name, *width_text, *meaning;
  int width, position;
  bool is_signed;
} HwField;

/* The fields of a layout under `config`; returns how many. */
int hw_layout(const HwConfig *config, HwLayoutId id,
              HwField ret[HW_FIELDS_MAX]);

const char *hw_opcode_name(uint32_t opcode); /* "?" outside the table */
const char *hw_memory_name(uint32_t memory);
const char *hw_alu_name(uint32_t alu_opcode, bool use_imm);
HwLayoutId hw_opcode_layout(uint32_t opcode); /* HW_LAYOUTS if unknown */
const char *hw_stage_name(HwStage stage);
const char *hw_token_name(HwToken token);

/* Bytes of one element of a memory in DRAM; 0 for an unknown memory. */
uint32_t hw_elem_bytes(const HwConfig *config, uint32_t memory);
/* Elements that a memory holds on chip; 0 for an unknown memory. */
uint32_t hw_depth(const HwConfig *config, uint32_t memory);

/* The unit that runs the instruction; NOPs count by their memory. */
HwStage hw_stage(const Insn *insn);
bool hw_is_nop(const Insn *insn); /* a transfer of no elements */

/* The queue in which a flag of `insn` acts, or HW_TOKENS when its unit has
 * no neighbour on that side. */
HwToken hw_pop_token(HwStage stage, bool prev);
HwToken hw_push_token(HwStage stage, bool prev);

/* Refuses a flag towards a unit that does not exist. */
vtac_status hw_check_flags(const Insn *insn, Diag *diag);

#endif
