/* SPDX-License-Identifier: Apache-2.0 */
/* Resetting what is programmed into the FPGA.  The registers for it are mapped
 * when the board is opened: later the process may lack the rights. */
#ifndef BOARD_RESET_H
#define BOARD_RESET_H

#include "board/mmio.h"

enum { RESET_MOST_STEPS = 6 };

typedef struct BoardReset {
  const BoardSpec *spec;
  Mmio mmio[RESET_MOST_STEPS];
} BoardReset;

bool reset_is_known(const char *name);
/* Whether the description has a way at all. */
bool reset_is_possible(const BoardSpec *spec);

/* `spec` must outlive it; a zeroed one may be closed. */
vtac_status reset_open(const BoardSpec *spec, BoardReset *ret, Diag *diag);
void reset_close(BoardReset *reset);
/* Resets units, queues and tokens.  Registers answer when it returns. */
vtac_status reset_run(const BoardReset *reset, Diag *diag);

#endif
