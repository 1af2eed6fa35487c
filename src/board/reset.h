/* SPDX-License-Identifier: Apache-2.0 */
/* Resetting what is programmed into the FPGA. */
#ifndef BOARD_RESET_H
#define BOARD_RESET_H

#include "board/board.h"

bool reset_is_known(const char *name);
/* Whether the description has a way at all. */
bool reset_is_possible(const BoardSpec *spec);
/* Resets units, queues and tokens.  Registers answer when it returns. */
vtac_status board_reset(const BoardSpec *spec, Diag *diag);

#endif
