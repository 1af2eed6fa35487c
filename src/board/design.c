/* SPDX-License-Identifier: Apache-2.0 */
/* The two designs.  HLS: four units with a window each; fetch runs once, the
 * others take instructions from their queues for ever.  Chisel: one window;
 * launching starts all. */
#include "board/design.h"

#include <stdio.h>
#include <string.h>

enum { NO_DEVICE = 0xffffffff }; /* what a bus without an answer reads */

/* ---- HLS ---------------------------------------------------------------- */

static void hls_start(const Mmio *mmio, HwAddr insns, uint32_t count) {
  static const uint32_t bases[] = {HLS_LOAD_INP, HLS_LOAD_WGT, HLS_COMPUTE_UOP,
                                   HLS_COMPUTE_ACC, HLS_STORE_OUT};
  mmio_write(mmio, HLS_FETCH_COUNT, count);
  mmio_write(mmio, HLS_FETCH_INSNS, insns);
  for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
    mmio_write(mmio, bases[i], 0);
  mmio_barrier();
  mmio_write(mmio, HLS_FETCH_CONTROL, HLS_START);
  mmio_write(mmio, HLS_LOAD_CONTROL, HLS_START | HLS_AUTO_RESTART);
  mmio_write(mmio, HLS_COMPUTE_CONTROL, HLS_START | HLS_AUTO_RESTART);
  mmio_write(mmio, HLS_STORE_CONTROL, HLS_START | HLS_AUTO_RESTART);
}

static bool hls_idle(const Mmio *mmio) {
  uint32_t control = mmio_read(mmio, HLS_FETCH_CONTROL);
  return control != NO_DEVICE && control & HLS_IDLE && !(control & HLS_START);
}

static bool hls_finished(const Mmio *mmio) {
  return mmio_read(mmio, HLS_COMPUTE_DONE) == 1;
}

static bool hls_fresh(const Mmio *mmio) {
  return mmio_read(mmio, HLS_COMPUTE_DONE) == 0;
}

static void hls_describe(const Mmio *mmio, char ret[DESIGN_STATE_MAX]) {
  static const struct {
    const char *name;
    uint32_t control;
  } units[] = {{"fetch", HLS_FETCH_CONTROL},
               {"load", HLS_LOAD_CONTROL},
               {"compute", HLS_COMPUTE_CONTROL},
               {"store", HLS_STORE_CONTROL}};
  int used = 0;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    uint32_t control = mmio_read(mmio, units[i].control);
    const char *state = control == NO_DEVICE  ? "does not answer"
                        : control & HLS_IDLE  ? "is idle"
                        : control & HLS_START ? "is busy or waits for a token"
                                              : "is busy";
    used += snprintf(ret + used, (size_t)(DESIGN_STATE_MAX - used),
                     "%s%s %s (0x%02x)", i ? ", " : "", units[i].name, state,
                     control);
  }
}

/* ---- Chisel ------------------------------------------------------------- */

static void chisel_start(const Mmio *mmio, HwAddr insns, uint32_t count) {
  static const uint32_t bases[] = {CHISEL_UOP, CHISEL_INP, CHISEL_WGT,
                                   CHISEL_ACC, CHISEL_OUT};
  mmio_write(mmio, CHISEL_CYCLES, 0);
  mmio_write(mmio, CHISEL_COUNT, count);
  mmio_write(mmio, CHISEL_INSNS, insns);
  for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
    mmio_write(mmio, bases[i], 0);
  mmio_barrier();
  mmio_write(mmio, CHISEL_CONTROL, CHISEL_LAUNCH);
}

static bool chisel_idle(const Mmio *mmio) {
  return !(mmio_read(mmio, CHISEL_CONTROL) & CHISEL_LAUNCH);
}

static bool chisel_finished(const Mmio *mmio) {
  uint32_t control = mmio_read(mmio, CHISEL_CONTROL);
  return control != NO_DEVICE && control & CHISEL_FINISHED;
}

static void chisel_timing(const Mmio *mmio, HwTiming *ret) {
  *ret = (HwTiming){mmio_read(mmio, CHISEL_CYCLES),
                    mmio_read(mmio, CHISEL_ACC_WRITES)};
}

static void chisel_describe(const Mmio *mmio, char ret[DESIGN_STATE_MAX]) {
  uint32_t control = mmio_read(mmio, CHISEL_CONTROL);
  const char *state = control == NO_DEVICE        ? "does not answer"
                      : control & CHISEL_FINISHED ? "has finished"
                      : control & CHISEL_LAUNCH   ? "is busy"
                                                  : "is idle";
  snprintf(ret, DESIGN_STATE_MAX, "the accelerator %s (0x%02x) at cycle %u",
           state, control, mmio_read(mmio, CHISEL_CYCLES));
}

/* ---- The table ---------------------------------------------------------- */

static const BoardRegister registers[] = {
#define BOARD_REGISTER(DESIGN, unit, NAME, offset, meaning) \
  {unit, #NAME, meaning, offset, 0},
#include "board/registers.def"
};
enum { HLS_REGISTERS = 12, CHISEL_REGISTERS = 10 };
_Static_assert(sizeof registers / sizeof *registers ==
                   HLS_REGISTERS + CHISEL_REGISTERS,
               "the rows of registers.def");

static const BoardDesign designs[] = {{.name = "hls",
                                       .window = 0x4000,
                                       .registers = registers,
                                       .register_count = HLS_REGISTERS,
                                       .start = hls_start,
                                       .idle = hls_idle,
                                       .finished = hls_finished,
                                       .fresh = hls_fresh,
                                       .describe = hls_describe},
                                      {.name = "chisel",
                                       .window = 0x1000,
                                       .registers = registers + HLS_REGISTERS,
                                       .register_count = CHISEL_REGISTERS,
                                       .start = chisel_start,
                                       .idle = chisel_idle,
                                       .finished = chisel_finished,
                                       .timing = chisel_timing,
                                       .describe = chisel_describe}};

const BoardDesign *board_design(const char *name) {
  for (size_t i = 0; i < sizeof designs / sizeof *designs; i++)
    if (!strcmp(designs[i].name, name)) return &designs[i];
  return NULL;
}

vtac_status board_registers(const BoardSpec *spec,
                            void (*body)(void *self, BoardRegister reg),
                            void *self, Diag *diag) {
  const BoardDesign *design = board_design(spec->design);
  Mmio mmio;
  vtac_status status =
      mmio_map(spec, spec->registers, design->window, &mmio, diag);
  if (status) return status;
  for (int i = 0; i < design->register_count; i++) {
    BoardRegister row = design->registers[i];
    row.value = mmio_read(&mmio, row.offset);
    body(self, row);
  }
  mmio_unmap(&mmio);
  return VTAC_OK;
}
