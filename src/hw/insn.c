/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes and decodes instructions and micro-ops from the field tables. */
#include "hw/insn.h"

#include <stddef.h>

/* What the table says of a field, whatever the configuration. */
typedef struct FieldInfo {
  const char *name, *width_text, *meaning;
  size_t offset; /* of the 32-bit member */
  bool is_signed;
} FieldInfo;

/* The struct that a layout's members belong to. */
#define OWNER_MEM Insn
#define OWNER_GEMM Insn
#define OWNER_FINISH Insn
#define OWNER_ALU Insn
#define OWNER_UOP Uop

static const FieldInfo infos[] = {
#define HW_FIELD(LAYOUT, name, member, width, is_signed, meaning) \
  {#name, #width, meaning, offsetof(OWNER_##LAYOUT, member), is_signed},
#include "hw/insns.def"
};
enum { INFOS = sizeof infos / sizeof *infos };

/* Rows of a layout stand together: its first row and the one after. */
typedef struct RowRange {
  int begin, end;
} RowRange;

static const unsigned char info_layout[INFOS] = {
#define HW_FIELD(LAYOUT, name, member, width, is_signed, meaning) \
  HW_LAYOUT_##LAYOUT,
#include "hw/insns.def"
};

static RowRange layout_rows(HwLayoutId id) {
  RowRange rows = {0, 0};
  while (rows.begin < INFOS && info_layout[rows.begin] != id) rows.begin++;
  rows.end = rows.begin;
  while (rows.end < INFOS && info_layout[rows.end] == id) rows.end++;
  return rows;
}

/* The widths of all rows under `config`. */
static void compute_widths(const HwConfig *config, unsigned char ret[INFOS]) {
  const int U = config->log_uop_buff_depth, I = config->log_inp_buff_depth;
  const int W = config->log_wgt_buff_depth, A = config->log_acc_buff_depth;
  int row = 0;
#define HW_FIELD(LAYOUT, name, member, width, is_signed, meaning) \
  ret[row++] = (unsigned char)(width);
#include "hw/insns.def"
}

/* Where a field of `width` bits goes when bits below `position` are taken. */
static int place_field(int position, int width) {
  return position % 64 + width > 64 ? (position / 64 + 1) * 64 : position;
}

int hw_layout(const HwConfig *config, HwLayoutId id,
              HwField ret[HW_FIELDS_MAX]) {
  unsigned char widths[INFOS];
  compute_widths(config, widths);
  RowRange rows = layout_rows(id);
  int position = 0;
  for (int i = rows.begin; i < rows.end; i++) {
    position = place_field(position, widths[i]);
    ret[i - rows.begin] = (HwField){infos[i].name,    infos[i].width_text,
                                    infos[i].meaning, widths[i],
                                    position,         infos[i].is_signed};
    position += widths[i];
  }
  return rows.end - rows.begin;
}

static uint64_t low_bits(int width) {
  return width == 64 ? ~UINT64_C(0) : (UINT64_C(1) << width) - 1;
}

/* A field's value as the number it stands for. */
static int64_t member_value(const void *owner, const FieldInfo *info) {
  const char *at = (const char *)owner + info->offset;
  return info->is_signed ? *(const int32_t *)at
                         : (int64_t) * (const uint32_t *)at;
}

static vtac_status check_field(const FieldInfo *info, int width, int64_t value,
                               const char *what, Diag *diag) {
  int64_t least = info->is_signed ? -(INT64_C(1) << (width - 1)) : 0;
  int64_t most = (INT64_C(1) << (info->is_signed ? width - 1 : width)) - 1;
  if (value >= least && value <= most) return VTAC_OK;
  return diag_set(
      diag, D_INSN_FIELD, "%s: field %s is %lld, allowed is %lld..%lld", what,
      info->name, (long long)value, (long long)least, (long long)most);
}

/* Packs the members of `owner` by the rows of a layout. */
static vtac_status pack(const HwConfig *config, HwLayoutId id,
                        const void *owner, const char *what,
                        uint64_t ret_word[2], Diag *diag) {
  unsigned char widths[INFOS];
  compute_widths(config, widths);
  RowRange rows = layout_rows(id);
  uint64_t word[2] = {0, 0};
  int position = 0;
  for (int i = rows.begin; i < rows.end; i++) {
    int64_t value = member_value(owner, &infos[i]);
    vtac_status status = check_field(&infos[i], widths[i], value, what, diag);
    if (status) return status;
    position = place_field(position, widths[i]);
    word[position / 64] |= ((uint64_t)value & low_bits(widths[i]))
                           << position % 64;
    position += widths[i];
  }
  ret_word[0] = word[0];
  ret_word[1] = word[1];
  return VTAC_OK;
}

/* Where the fields of a layout lie; returns how many there are. */
static int place_fields(const HwConfig *config, HwLayoutId id,
                        HwFieldPlace ret[HW_FIELDS_MAX]) {
  unsigned char widths[INFOS];
  compute_widths(config, widths);
  RowRange rows = layout_rows(id);
  int position = 0;
  for (int i = rows.begin; i < rows.end; i++) {
    position = place_field(position, widths[i]);
    uint32_t sign = infos[i].is_signed ? UINT32_C(1) << (widths[i] - 1) : 0;
    ret[i - rows.begin] = (HwFieldPlace){
        (uint8_t)(position / 64), (uint8_t)(position % 64),
        (uint8_t)infos[i].offset, (uint32_t)low_bits(widths[i]), sign};
    position += widths[i];
  }
  return rows.end - rows.begin;
}

static inline void unpack(const HwFieldPlace *place, int n,
                          const uint64_t word[2], void *owner) {
  for (int i = 0; i < n; i++, place++) {
    uint32_t bits = (uint32_t)(word[place->word] >> place->shift) & place->mask;
    *(uint32_t *)((char *)owner + place->offset) =
        (bits ^ place->sign) - place->sign;
  }
}

vtac_status hw_encode(const HwConfig *config, const Insn *insn,
                      uint64_t ret_word[2], Diag *diag) {
  HwLayoutId id = hw_opcode_layout(insn->opcode);
  if (id == HW_LAYOUTS)
    return diag_set(diag, D_INSN_OPCODE, "there is no opcode %u", insn->opcode);
  return pack(config, id, insn, hw_opcode_name(insn->opcode), ret_word, diag);
}

/* Transfers look the same in all configurations: each field's first and last
 * bit, counted by the enumeration.  Most instructions of a stream are some. */
#define PLACE_MEM(name, width) \
  MEM_FIRST_##name, MEM_LAST_##name = MEM_FIRST_##name + (width)-1,
#define PLACE_GEMM(name, width)
#define PLACE_FINISH(name, width)
#define PLACE_ALU(name, width)
#define PLACE_UOP(name, width)
enum {
#define HW_FIELD(LAYOUT, name, member, width, is_signed, meaning) \
  PLACE_##LAYOUT(name, width)
#include "hw/insns.def"
};

#define CHECK_MEM(name)                                         \
  _Static_assert(MEM_FIRST_##name / 64 == MEM_LAST_##name / 64, \
                 #name " lies in one word");
#define CHECK_GEMM(name)
#define CHECK_FINISH(name)
#define CHECK_ALU(name)
#define CHECK_UOP(name)
#define HW_FIELD(LAYOUT, name, member, width, is_signed, meaning) \
  CHECK_##LAYOUT(name)
#include "hw/insns.def"

static inline void unpack_mem(const uint64_t word[2], Insn *ret) {
  const uint64_t low = word[0], high = word[1];
#define UNPACK_MEM(name, member, width)                            \
  ret->member = (uint32_t)((MEM_FIRST_##name < 64 ? low : high) >> \
                           MEM_FIRST_##name % 64) &                \
                (uint32_t)((UINT64_C(1) << (width)) - 1);
#define UNPACK_GEMM(name, member, width)
#define UNPACK_FINISH(name, member, width)
#define UNPACK_ALU(name, member, width)
#define UNPACK_UOP(name, member, width)
  ret->alu.imm = 0; /* the union's last member */
#define HW_FIELD(LAYOUT, name, member, width, is_signed, meaning) \
  UNPACK_##LAYOUT(name, member, width)
#include "hw/insns.def"
  ret->mem.unused = 0;
}

static void unpack_insn(const HwFieldPlace *place, int n, HwLayoutId id,
                        const uint64_t word[2], Insn *ret) {
  *ret = (Insn){0};
  unpack(place, n, word, ret);
  if (id == HW_LAYOUT_MEM) ret->mem.unused = 0;
}

static vtac_status find_layout(const uint64_t word[2], HwLayoutId *ret,
                               Diag *diag) {
  uint32_t opcode = (uint32_t)(word[0] & 7);
  *ret = hw_opcode_layout(opcode);
  if (*ret == HW_LAYOUTS)
    return diag_set(diag, D_INSN_OPCODE, "there is no opcode %u", opcode);
  return VTAC_OK;
}

vtac_status hw_decode(const HwConfig *config, const uint64_t word[2], Insn *ret,
                      Diag *diag) {
  HwFieldPlace place[HW_FIELDS_MAX];
  HwLayoutId id;
  vtac_status status = find_layout(word, &id, diag);
  if (status) return status;
  unpack_insn(place, place_fields(config, id, place), id, word, ret);
  return VTAC_OK;
}

void hw_decoder_init(HwDecoder *decoder, const HwConfig *config) {
  for (int id = 0; id < HW_LAYOUTS; id++)
    decoder->count[id] =
        place_fields(config, (HwLayoutId)id, decoder->place[id]);
}

vtac_status hw_decoder_run(const HwDecoder *decoder, const uint64_t word[2],
                           Insn *ret, Diag *diag) {
  HwLayoutId id;
  vtac_status status = find_layout(word, &id, diag);
  if (status) return status;
  if (id == HW_LAYOUT_MEM)
    unpack_mem(word, ret);
  else
    unpack_insn(decoder->place[id], decoder->count[id], id, word, ret);
  return VTAC_OK;
}

vtac_status hw_uop_encode(const HwConfig *config, const Uop *uop,
                          uint32_t *ret_word, Diag *diag) {
  uint64_t word[2];
  vtac_status status = pack(config, HW_LAYOUT_UOP, uop, "micro-op", word, diag);
  if (!status) *ret_word = (uint32_t)word[0];
  return status;
}

Uop hw_uop_decode(const HwConfig *config, uint32_t word) {
  const int A = config->log_acc_buff_depth, I = config->log_inp_buff_depth;
  const int source = A > I ? A : I;
  return (Uop){word & (uint32_t)low_bits(A),
               word >> A & (uint32_t)low_bits(source),
               (uint32_t)((uint64_t)word >> (A + source) &
                          low_bits(config->log_wgt_buff_depth))};
}

void hw_insn_write(const uint64_t word[2], void *to) {
  unsigned char *at = to;
  for (int i = 0; i < HW_INSN_BYTES; i++)
    at[i] = (unsigned char)(word[i / 8] >> i % 8 * 8);
}

/* Written so that compilers see one load. */
static inline uint64_t read_word(const unsigned char *at) {
  return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 |
         (uint64_t)at[3] << 24 | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 |
         (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

void hw_insn_read(const void *from, uint64_t ret_word[2]) {
  const unsigned char *at = from;
  ret_word[0] = read_word(at);
  ret_word[1] = read_word(at + 8);
}
