/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations of x86-64, AArch64 and ARM: those which code generators use for
 * position-independent code (ELF supplements of the machines' ABIs). */
#include "elf/arch.h"

#include <elf.h>
#include <stddef.h>

/* ---- x86-64 ------------------------------------------------------------- */

static void stub_x86_64(uint8_t *at, uint64_t place, uint64_t target,
                        uint64_t got) {
  enum { LENGTH = 6 };
  (void)target;
  at[0] = 0xff; /* jmp *got(%rip) */
  at[1] = 0x25;
  put32(at + 2, got - (place + LENGTH));
}

static FixResult put_signed32(const Fixup *fixup, uint64_t value) {
  if (!fits_signed((int64_t)value, 32)) return FIX_FAR;
  put32(fixup->at, value);
  return FIX_DONE;
}

static FixResult apply_x86_64(const Fixup *fixup) {
  uint64_t addend = (uint64_t)fixup->addend;
  uint64_t relative = addend - fixup->place;
  switch (fixup->type) {
    case R_X86_64_NONE: return FIX_DONE;
    case R_X86_64_64: put64(fixup->at, fixup->symbol + addend); return FIX_DONE;
    case R_X86_64_PC64:
      put64(fixup->at, fixup->symbol + relative);
      return FIX_DONE;
    case R_X86_64_32:
      if ((fixup->symbol + addend) >> 32) return FIX_FAR;
      put32(fixup->at, fixup->symbol + addend);
      return FIX_DONE;
    case R_X86_64_32S: return put_signed32(fixup, fixup->symbol + addend);
    case R_X86_64_PC32: return put_signed32(fixup, fixup->symbol + relative);
    case R_X86_64_PLT32: return put_signed32(fixup, fixup->call + relative);
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
      return put_signed32(fixup, fixup->got + relative);
    default: return FIX_UNKNOWN;
  }
}

static int width_x86_64(uint32_t type) {
  if (type == R_X86_64_NONE) return 0;
  return type == R_X86_64_64 || type == R_X86_64_PC64 ? 8 : 4;
}

const Arch arch_x86_64 = {.machine = EM_X86_64,
                          .wide = true,
                          .name = "x86-64",
                          .stub_bytes = 8,
                          .stub = stub_x86_64,
                          .width = width_x86_64,
                          .apply = apply_x86_64};

/* ---- AArch64 ------------------------------------------------------------ */

static void stub_aarch64(uint8_t *at, uint64_t place, uint64_t target,
                         uint64_t got) {
  (void)place;
  (void)got;
  put32(at, 0x58000050);     /* ldr x16, .+8 */
  put32(at + 4, 0xd61f0200); /* br x16 */
  put64(at + 8, target);
}

static FixResult branch26(const Fixup *fixup, uint64_t target) {
  int64_t delta = (int64_t)(target - fixup->place);
  if (!fits_signed(delta, 28)) return FIX_FAR;
  uint32_t insn = get32(fixup->at) & 0xfc000000;
  put32(fixup->at, insn | ((uint32_t)((uint64_t)delta >> 2) & 0x03ffffff));
  return FIX_DONE;
}

/* adrp: the distance in pages, low two bits apart. */
static FixResult page21(const Fixup *fixup, uint64_t target) {
  int64_t pages = (int64_t)(target >> 12) - (int64_t)(fixup->place >> 12);
  if (!fits_signed(pages, 21)) return FIX_FAR;
  uint32_t bits = (uint32_t)pages & 0x1fffff;
  uint32_t insn = get32(fixup->at) & 0x9f00001f;
  put32(fixup->at, insn | (bits & 3) << 29 | (bits >> 2) << 5);
  return FIX_DONE;
}

/* The offset in the page, in units of 1 << scale. */
static FixResult low12(const Fixup *fixup, uint64_t target, int scale) {
  uint32_t low = target & 0xfff;
  if (low & ((1u << scale) - 1)) return FIX_FAR;
  uint32_t insn = get32(fixup->at) & 0xffc003ff;
  put32(fixup->at, insn | (low >> scale) << 10);
  return FIX_DONE;
}

static FixResult apply_aarch64(const Fixup *fixup) {
  uint64_t target = fixup->symbol + (uint64_t)fixup->addend;
  uint64_t got = fixup->got + (uint64_t)fixup->addend;
  switch (fixup->type) {
    case R_AARCH64_NONE: return FIX_DONE;
    case R_AARCH64_ABS64: put64(fixup->at, target); return FIX_DONE;
    case R_AARCH64_PREL64:
      put64(fixup->at, target - fixup->place);
      return FIX_DONE;
    case R_AARCH64_PREL32: return put_signed32(fixup, target - fixup->place);
    case R_AARCH64_CALL26:
    case R_AARCH64_JUMP26:
      return branch26(fixup, fixup->call + (uint64_t)fixup->addend);
    case R_AARCH64_ADR_PREL_PG_HI21: return page21(fixup, target);
    case R_AARCH64_ADR_GOT_PAGE: return page21(fixup, got);
    case R_AARCH64_LD64_GOT_LO12_NC: return low12(fixup, got, 3);
    case R_AARCH64_ADD_ABS_LO12_NC:
    case R_AARCH64_LDST8_ABS_LO12_NC: return low12(fixup, target, 0);
    case R_AARCH64_LDST16_ABS_LO12_NC: return low12(fixup, target, 1);
    case R_AARCH64_LDST32_ABS_LO12_NC: return low12(fixup, target, 2);
    case R_AARCH64_LDST64_ABS_LO12_NC: return low12(fixup, target, 3);
    case R_AARCH64_LDST128_ABS_LO12_NC: return low12(fixup, target, 4);
    default: return FIX_UNKNOWN;
  }
}

static int width_aarch64(uint32_t type) {
  if (type == R_AARCH64_NONE) return 0;
  return type == R_AARCH64_ABS64 || type == R_AARCH64_PREL64 ? 8 : 4;
}

const Arch arch_aarch64 = {.machine = EM_AARCH64,
                           .wide = true,
                           .name = "AArch64",
                           .stub_bytes = 16,
                           .stub = stub_aarch64,
                           .width = width_aarch64,
                           .apply = apply_aarch64};

/* ---- 32-bit ARM --------------------------------------------------------- */

static void stub_arm(uint8_t *at, uint64_t place, uint64_t target,
                     uint64_t got) {
  (void)place;
  (void)got;
  put32(at, 0xe51ff004); /* ldr pc, [pc, #-4] */
  put32(at + 4, target);
}

static FixResult branch24(const Fixup *fixup) {
  int64_t delta =
      (int32_t)(uint32_t)(fixup->call + (uint64_t)fixup->addend - fixup->place);
  if (delta & 3 || !fits_signed(delta, 26)) return FIX_FAR;
  uint32_t insn = get32(fixup->at) & 0xff000000;
  put32(fixup->at, insn | ((uint32_t)((uint64_t)delta >> 2) & 0x00ffffff));
  return FIX_DONE;
}

/* movw and movt take a half each, its top four bits apart. */
static FixResult half16(const Fixup *fixup, uint32_t value) {
  uint32_t insn = get32(fixup->at) & 0xfff0f000;
  put32(fixup->at, insn | (value & 0xf000) << 4 | (value & 0xfff));
  return FIX_DONE;
}

static FixResult apply_arm(const Fixup *fixup) {
  uint32_t target = (uint32_t)(fixup->symbol + (uint64_t)fixup->addend);
  uint32_t relative = target - (uint32_t)fixup->place;
  uint32_t old = get32(fixup->at);
  switch (fixup->type) {
    case R_ARM_NONE:
    case R_ARM_V4BX: return FIX_DONE;
    case R_ARM_ABS32: put32(fixup->at, target); return FIX_DONE;
    case R_ARM_REL32: put32(fixup->at, relative); return FIX_DONE;
    case R_ARM_PREL31:
      put32(fixup->at, (old & 0x80000000) | (relative & 0x7fffffff));
      return FIX_DONE;
    case R_ARM_GOT_PREL:
      put32(fixup->at, fixup->got + (uint64_t)fixup->addend - fixup->place);
      return FIX_DONE;
    case R_ARM_GOT32:
      put32(fixup->at, fixup->got + (uint64_t)fixup->addend - fixup->got_base);
      return FIX_DONE;
    case R_ARM_GOTPC:
      put32(fixup->at,
            fixup->got_base + (uint64_t)fixup->addend - fixup->place);
      return FIX_DONE;
    case R_ARM_GOTOFF:
      put32(fixup->at, target - (uint32_t)fixup->got_base);
      return FIX_DONE;
    case R_ARM_CALL:
    case R_ARM_JUMP24: return branch24(fixup);
    case R_ARM_MOVW_ABS_NC: return half16(fixup, target);
    case R_ARM_MOVT_ABS: return half16(fixup, target >> 16);
    case R_ARM_MOVW_PREL_NC: return half16(fixup, relative);
    case R_ARM_MOVT_PREL: return half16(fixup, relative >> 16);
    default: return FIX_UNKNOWN;
  }
}

static int64_t addend_arm(const uint8_t *at, uint32_t type) {
  uint32_t insn = get32(at);
  switch (type) {
    case R_ARM_CALL:
    case R_ARM_JUMP24: return (int32_t)(insn << 8) >> 6;
    case R_ARM_PREL31: return (int32_t)(insn << 1) >> 1;
    case R_ARM_MOVW_ABS_NC:
    case R_ARM_MOVT_ABS:
    case R_ARM_MOVW_PREL_NC:
    case R_ARM_MOVT_PREL:
      return (int16_t)((insn >> 4 & 0xf000) | (insn & 0xfff));
    default: return (int32_t)insn;
  }
}

static int width_arm(uint32_t type) {
  return type == R_ARM_NONE || type == R_ARM_V4BX ? 0 : 4;
}

const Arch arch_arm = {.machine = EM_ARM,
                       .wide = false,
                       .name = "32-bit ARM",
                       .stub_bytes = 8,
                       .stub = stub_arm,
                       .width = width_arm,
                       .apply = apply_arm,
                       .addend = addend_arm};

const Arch *arch_of(uint16_t machine, bool wide) {
  static const Arch *const all[] = {&arch_x86_64, &arch_aarch64, &arch_arm,
                                    &arch_riscv64};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (all[i]->machine == machine && all[i]->wide == wide) return all[i];
  return NULL;
}
