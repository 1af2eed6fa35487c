/* SPDX-License-Identifier: Apache-2.0 */
/* BoardDesign: how one register map starts a run and tells that it ended. */
#ifndef BOARD_DESIGN_H
#define BOARD_DESIGN_H

#include "board/mmio.h"

/* The registers' offsets: HLS_FETCH_CONTROL, CHISEL_CONTROL, … */
enum {
#define BOARD_REGISTER(DESIGN, unit, NAME, offset, meaning) \
  DESIGN##_##NAME = offset,
#include "board/registers.def"
};

/* Bits of an HLS unit's control register. */
enum {
  HLS_START = 0x01,
  HLS_IDLE = 0x04,
  HLS_AUTO_RESTART = 0x80,
};
/* Bits of the Chisel design's control register. */
enum { CHISEL_LAUNCH = 1, CHISEL_FINISHED = 2 };

enum { DESIGN_STATE_MAX = 200 };

typedef struct BoardDesign {
  const char *name;
  size_t window; /* bytes of registers */
  const BoardRegister *registers;
  int register_count;
  void (*start)(const Mmio *mmio, HwAddr insns, uint32_t count);
  bool (*idle)(const Mmio *mmio);     /* a run may be started */
  bool (*finished)(const Mmio *mmio); /* the last run has ended */
  /* False while `finished` is still about an earlier run, which only a compute
   * instruction ends; NULL where launching does. */
  bool (*fresh)(const Mmio *mmio);
  /* What the last run took; NULL where the design does not count. */
  void (*timing)(const Mmio *mmio, HwTiming *ret);
  /* What each unit shows, in words. */
  void (*describe)(const Mmio *mmio, char ret[DESIGN_STATE_MAX]);
} BoardDesign;

const BoardDesign *board_design(const char *name); /* NULL if unknown */

#endif
