/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations of 64-bit RISC-V (psABI: "RISC-V ELF Specification").
 *
 * An address is made by two instructions, auipc and one with a signed offset of
 * 12 bits.  The second one's relocation names the first one's place instead of
 * the target, so the linker hands it the distance that the first one went (see
 * `high`).  Relaxation, which would shorten such pairs, is optional and not
 * done; what was laid out for it (R_RISCV_ALIGN's no-ops) runs as it is. */
#include <elf.h>

#include "elf/arch.h"

/* Bits `top` to `low` of a value, moved to bit `to`. */
static uint32_t field(uint64_t value, int top, int low, int to) {
  return (uint32_t)(value >> low & ((1u << (top - low + 1)) - 1)) << to;
}

static void merge32(uint8_t *at, uint32_t keep, uint32_t bits) {
  put32(at, (get32(at) & keep) | bits);
}

static void merge16(uint8_t *at, uint32_t keep, uint32_t bits) {
  put_bytes(at, (get_bytes(at, 2) & keep) | bits, 2);
}

/* ---- Immediates, by instruction format ---------------------------------- */

/* The part of a distance that auipc adds; the rest is signed. */
static FixResult put_high(uint8_t *at, uint64_t value) {
  if (!fits_signed((int64_t)(value + 0x800), 32)) return FIX_FAR;
  merge32(at, 0xfff, (uint32_t)(value + 0x800) & 0xfffff000);
  return FIX_DONE;
}

static FixResult put_low_i(uint8_t *at, uint64_t value) {
  merge32(at, 0x000fffff, field(value, 11, 0, 20));
  return FIX_DONE;
}

static FixResult put_low_s(uint8_t *at, uint64_t value) {
  merge32(at, 0x01fff07f, field(value, 11, 5, 25) | field(value, 4, 0, 7));
  return FIX_DONE;
}

static bool reaches(uint64_t distance, int bits) {
  return !(distance & 1) && fits_signed((int64_t)distance, bits);
}

static FixResult put_branch(uint8_t *at, uint64_t d) {
  if (!reaches(d, 13)) return FIX_FAR;
  merge32(at, 0x01fff07f,
          field(d, 12, 12, 31) | field(d, 10, 5, 25) | field(d, 4, 1, 8) |
              field(d, 11, 11, 7));
  return FIX_DONE;
}

static FixResult put_jump(uint8_t *at, uint64_t d) {
  if (!reaches(d, 21)) return FIX_FAR;
  merge32(at, 0xfff,
          field(d, 20, 20, 31) | field(d, 10, 1, 21) | field(d, 11, 11, 20) |
              field(d, 19, 12, 12));
  return FIX_DONE;
}

static FixResult put_short_branch(uint8_t *at, uint64_t d) {
  if (!reaches(d, 9)) return FIX_FAR;
  merge16(at, 0xe383,
          field(d, 8, 8, 12) | field(d, 4, 3, 10) | field(d, 7, 6, 5) |
              field(d, 2, 1, 3) | field(d, 5, 5, 2));
  return FIX_DONE;
}

static FixResult put_short_jump(uint8_t *at, uint64_t d) {
  if (!reaches(d, 12)) return FIX_FAR;
  merge16(at, 0xe003,
          field(d, 11, 11, 12) | field(d, 4, 4, 11) | field(d, 9, 8, 9) |
              field(d, 10, 10, 8) | field(d, 6, 6, 7) | field(d, 7, 7, 6) |
              field(d, 3, 1, 3) | field(d, 5, 5, 2));
  return FIX_DONE;
}

/* auipc and jalr, one after the other */
static FixResult put_call(uint8_t *at, uint64_t distance) {
  FixResult result = put_high(at, distance);
  return result == FIX_DONE ? put_low_i(at + 4, distance) : result;
}

/* ---- Data --------------------------------------------------------------- */

static FixResult put_data(uint8_t *at, uint64_t value, int bytes) {
  put_bytes(at, value, bytes);
  return FIX_DONE;
}

static FixResult put_low6(uint8_t *at, uint64_t value) {
  *at = (uint8_t)((*at & 0xc0) | (value & 0x3f));
  return FIX_DONE;
}

/* Distances between labels, which relaxation could change, are left to the
 * linker as sums. */
static FixResult apply_sum(const Fixup *fixup, uint64_t value) {
  uint8_t *at = fixup->at;
  switch (fixup->type) {
    case R_RISCV_ADD8: return put_data(at, get_bytes(at, 1) + value, 1);
    case R_RISCV_ADD16: return put_data(at, get_bytes(at, 2) + value, 2);
    case R_RISCV_ADD32: return put_data(at, get_bytes(at, 4) + value, 4);
    case R_RISCV_ADD64: return put_data(at, get_bytes(at, 8) + value, 8);
    case R_RISCV_SUB6: return put_low6(at, *at - value);
    case R_RISCV_SUB8: return put_data(at, get_bytes(at, 1) - value, 1);
    case R_RISCV_SUB16: return put_data(at, get_bytes(at, 2) - value, 2);
    case R_RISCV_SUB32: return put_data(at, get_bytes(at, 4) - value, 4);
    case R_RISCV_SUB64: return put_data(at, get_bytes(at, 8) - value, 8);
    case R_RISCV_SET6: return put_low6(at, value);
    case R_RISCV_SET8: return put_data(at, value, 1);
    case R_RISCV_SET16: return put_data(at, value, 2);
    case R_RISCV_SET32: return put_data(at, value, 4);
    default: return FIX_UNKNOWN;
  }
}

/* ---- The machine -------------------------------------------------------- */

static FixResult put_word(uint8_t *at, uint64_t value, bool is_signed) {
  bool fits = is_signed ? fits_signed((int64_t)value, 32) : !(value >> 32);
  return fits ? put_data(at, value, 4) : FIX_FAR;
}

static FixResult apply(const Fixup *fixup) {
  uint8_t *at = fixup->at;
  uint64_t target = fixup->symbol + (uint64_t)fixup->addend;
  uint64_t jump = fixup->call + (uint64_t)fixup->addend - fixup->place;
  uint64_t distance;
  switch (fixup->type) {
    case R_RISCV_NONE:
    case R_RISCV_RELAX:
    case R_RISCV_ALIGN: return FIX_DONE;
    case R_RISCV_32: return put_word(at, target, false);
    case R_RISCV_64: return put_data(at, target, 8);
    case R_RISCV_32_PCREL: return put_word(at, target - fixup->place, true);
    case R_RISCV_BRANCH: return put_branch(at, jump);
    case R_RISCV_JAL: return put_jump(at, jump);
    case R_RISCV_RVC_BRANCH: return put_short_branch(at, jump);
    case R_RISCV_RVC_JUMP: return put_short_jump(at, jump);
    case R_RISCV_CALL:
    case R_RISCV_CALL_PLT: return put_call(at, jump);
    case R_RISCV_PCREL_LO12_I:
      return fixup->high ? put_low_i(at, *fixup->high) : FIX_ALONE;
    case R_RISCV_PCREL_LO12_S:
      return fixup->high ? put_low_s(at, *fixup->high) : FIX_ALONE;
    case R_RISCV_HI20: return put_high(at, target);
    case R_RISCV_LO12_I: return put_low_i(at, target);
    case R_RISCV_LO12_S: return put_low_s(at, target);
    default: break;
  }
  return arch_riscv64.high(fixup, &distance) ? put_high(at, distance)
                                             : apply_sum(fixup, target);
}

static bool high(const Fixup *fixup, uint64_t *ret_distance) {
  bool through_got = fixup->type == R_RISCV_GOT_HI20;
  if (!through_got && fixup->type != R_RISCV_PCREL_HI20) return false;
  *ret_distance = (through_got ? fixup->got : fixup->symbol) +
                  (uint64_t)fixup->addend - fixup->place;
  return true;
}

static int width(uint32_t type) {
  switch (type) {
    case R_RISCV_NONE:
    case R_RISCV_RELAX:
    case R_RISCV_ALIGN: return 0;
    case R_RISCV_ADD8:
    case R_RISCV_SUB6:
    case R_RISCV_SUB8:
    case R_RISCV_SET6:
    case R_RISCV_SET8: return 1;
    case R_RISCV_ADD16:
    case R_RISCV_SUB16:
    case R_RISCV_SET16:
    case R_RISCV_RVC_BRANCH:
    case R_RISCV_RVC_JUMP: return 2;
    case R_RISCV_64:
    case R_RISCV_ADD64:
    case R_RISCV_SUB64:
    case R_RISCV_CALL:
    case R_RISCV_CALL_PLT: return 8;
    default: return 4;
  }
}

static void stub(uint8_t *at, uint64_t place, uint64_t target, uint64_t got) {
  (void)target;
  put32(at, 0x00000e17);     /* auipc t3, 0 */
  put32(at + 4, 0x000e3e03); /* ld t3, 0(t3) */
  put32(at + 8, 0x000e0067); /* jr t3 */
  put_call(at, got - place);
}

const Arch arch_riscv64 = {.machine = EM_RISCV,
                           .wide = true,
                           .name = "RISC-V 64",
                           .stub_bytes = 16,
                           .stub = stub,
                           .width = width,
                           .apply = apply,
                           .high = high};
