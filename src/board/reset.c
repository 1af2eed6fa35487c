/* SPDX-License-Identifier: Apache-2.0 */
/* Resets: the processor's first reset line into the FPGA, which the designs
 * give to all units and queues, or the bitstream anew. */
#include "board/reset.h"

#include <string.h>
#include <time.h>

enum { HOLD_NS = 1000000 }; /* a clock's lock included */

/* Sets the bits under `mask` of a register to those of `value`. */
typedef struct ResetStep {
  uint32_t address, mask, value;
} ResetStep;

typedef struct ResetWay {
  const char *name;
  ResetStep step[RESET_MOST_STEPS]; /* ends with an address of 0 */
} ResetWay;

static const ResetWay ways[] = {
    /* System registers: unlock them (for good, Linux runs that way), then
     * FPGA_RST_CTRL, whose bit 0 is FCLK_RESET0. */
    {"zynq7000",
     {{0xF8000008, 0xFFFFFFFF, 0xDF0D},
      {0xF8000240, 1, 1},
      {0xF8000240, 1, 0}}},
    /* pl_resetn0 is pin 31 of GPIO bank 5, active low: direction, output
     * enable, data. */
    {"zynqmp",
     {{0xFF0A0344, 0x80000000, 0x80000000},
      {0xFF0A0348, 0x80000000, 0x80000000},
      {0xFF0A0054, 0x80000000, 0x80000000},
      {0xFF0A0054, 0x80000000, 0},
      {0xFF0A0054, 0x80000000, 0x80000000}}},
    {"bitstream", {{0}}},
    {"none", {{0}}}};

static const ResetWay *find_way(const char *name) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (!strcmp(ways[i].name, name)) return &ways[i];
  return NULL;
}

bool reset_is_known(const char *name) { return find_way(name) != NULL; }

bool reset_is_possible(const BoardSpec *spec) {
  if (!strcmp(spec->reset, "bitstream")) return *spec->bitstream;
  return strcmp(spec->reset, "none") != 0;
}

vtac_status reset_open(const BoardSpec *spec, BoardReset *ret, Diag *diag) {
  const ResetStep *step = find_way(spec->reset)->step;
  BoardReset reset = {.spec = spec};
  vtac_status status = VTAC_OK;
  for (int i = 0; step[i].address && !status; i++)
    status = mmio_map(spec, step[i].address, 4, &reset.mmio[i], diag);
  if (status)
    reset_close(&reset);
  else
    *ret = reset;
  return status;
}

void reset_close(BoardReset *reset) {
  for (int i = 0; i < RESET_MOST_STEPS; i++) mmio_unmap(&reset->mmio[i]);
}

static void do_step(const Mmio *mmio, ResetStep step) {
  uint32_t kept = ~step.mask ? mmio_read(mmio, 0) & ~step.mask : 0;
  mmio_write(mmio, 0, kept | step.value);
  mmio_barrier();
  nanosleep(&(struct timespec){0, HOLD_NS}, NULL);
}

vtac_status reset_run(const BoardReset *reset, Diag *diag) {
  const BoardSpec *spec = reset->spec;
  if (!reset_is_possible(spec))
    return diag_set(diag, D_BOARD_STATE,
                    "the board's description names no way to reset it");
  if (!strcmp(spec->reset, "bitstream"))
    return board_program(spec, spec->bitstream, diag);
  const ResetStep *step = find_way(spec->reset)->step;
  for (int i = 0; step[i].address; i++) do_step(&reset->mmio[i], step[i]);
  return VTAC_OK;
}
