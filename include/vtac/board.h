/* SPDX-License-Identifier: Apache-2.0 */
/* Boards: the accelerator in an FPGA beside a processor that runs Linux
 * (docs/boards.md).  A device runs on one if its options name it.  `error` may
 * be NULL everywhere. */
#ifndef VTAC_BOARD_H
#define VTAC_BOARD_H

#include <stddef.h>
#include <stdint.h>

#include "vtac/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The description of one board: where its registers are, whose memory it
 * shares, how it is reset.  Immutable; threads may share it. */
typedef struct vtac_board vtac_board;

/* "pynq", "ultra96", …; NULL past the last. */
VTAC_API const char *vtac_board_preset(int index);

/* The preset of that name, or the description in that JSON file.  The caller
 * frees it with vtac_board_free.  NULL with `error` filled in on failure:
 * VTAC_IO where the file cannot be read, VTAC_REFUSED for a key that does not
 * exist or a value out of range. */
VTAC_API vtac_board *vtac_board_load(const char *name_or_path,
                                     vtac_error *error);
VTAC_API void vtac_board_free(vtac_board *board); /* NULL is fine */

/* One key of a description. */
typedef struct vtac_board_value {
  const char *name;    /* "registers", "dma", … */
  const char *text;    /* a text's value, or NULL for a number */
  uint64_t number;     /* a number's value */
  const char *meaning; /* one line */
} vtac_board_value;

/* Key number `index`, counted from 0.  Returns 0, and leaves *ret_value alone,
 * past the last one.  A text lives as long as the board. */
VTAC_API int vtac_board_at(const vtac_board *board, int index,
                           vtac_board_value *ret_value);

/* Programs the FPGA with a bitstream (.bit, .bin or .rbf) through the kernel's
 * FPGA manager, which takes the rights of root.  No device may be open on the
 * board.  VTAC_IO where the file or the manager refuses. */
VTAC_API vtac_status vtac_board_program(const vtac_board *board,
                                        const char *bitstream,
                                        vtac_error *error);

/* One register as it reads. */
typedef struct vtac_board_register {
  const char *unit, *name, *meaning;
  uint32_t offset; /* in bytes, from the first */
  uint32_t value;
} vtac_board_register;

/* Calls `each` with every register of the accelerator: what a person looks at
 * when a run does not end. */
VTAC_API vtac_status
vtac_board_registers(const vtac_board *board,
                     void (*each)(void *user, const vtac_board_register *reg),
                     void *user, vtac_error *error);

#ifdef __cplusplus
}
#endif
#endif
