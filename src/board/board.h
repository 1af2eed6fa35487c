/* SPDX-License-Identifier: Apache-2.0 */
/* Boards: the accelerator in an FPGA, reached through registers in memory and
 * physically contiguous memory that both sides see.
 *
 * Works on Linux.  Whoever opens a board needs the rights to /dev/mem and to
 * the device of the contiguous memory. */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "hw/port.h"

enum { BOARD_TEXT_MAX = 256 };

/* How to reach one board.  A plain value: copy it freely. */
typedef struct BoardSpec {
#define BOARD_TEXT(field, meaning) char field[BOARD_TEXT_MAX];
#define BOARD_NUMBER(field, least, most, meaning) uint64_t field;
#include "board/board_keys.def"
} BoardSpec;

/* "pynq", …; NULL past the last. */
const char *board_preset_name(int index);

/* A preset by its name, or the JSON file of a description: one flat object,
 * whose key "preset" says what the keys that are absent come from. */
vtac_status board_spec_load(const char *name_or_path, BoardSpec *ret,
                            Diag *diag);
vtac_status board_spec_parse(const char *text, size_t size,
                             const char *file_name, BoardSpec *ret, Diag *diag);

/* One row of a description. */
typedef struct BoardValue {
  const char *name, *text; /* text: NULL for a number */
  uint64_t number;
  const char *meaning;
} BoardValue;
bool board_value(const BoardSpec *spec, int index, BoardValue *ret);

/* Opens the board as a port: programs the bitstream that the description
 * names, resets the accelerator and takes over its memory.  One process may
 * hold a board at a time.  `port_destroy` releases it.
 *
 * A stream is checked before the hardware sees it: transfers stay in live
 * blocks, tokens suffice.  A run that does not end in time is VTAC_DEVICE; the
 * message says what each unit shows, and the accelerator is reset.  Where that
 * is impossible, later runs fail until the FPGA is programmed again. */
vtac_status board_create(const HwConfig *config, const BoardSpec *spec,
                         HwPort **ret, Diag *diag);

/* Programs the FPGA through the kernel's FPGA manager, with a .bit file (its
 * header is dropped and its words are swapped as the manager wants them) or
 * with a file that is ready for it (.bin, .rbf).  VTAC_IO on failure; the
 * message says what state the manager reports.  No port may be open. */
vtac_status board_program(const BoardSpec *spec, const char *bitstream,
                          Diag *diag);

/* Calls `body` with each register of the board's design as it reads now. */
typedef struct BoardRegister {
  const char *unit, *name, *meaning;
  uint32_t offset, value;
} BoardRegister;
vtac_status board_registers(const BoardSpec *spec,
                            void (*body)(void *self, BoardRegister reg),
                            void *self, Diag *diag);

#endif
