/* SPDX-License-Identifier: Apache-2.0 */
/* A board without a board: a folder that stands for / of a Linux on it, and a
 * process behind its registers that runs streams on the functional simulator.
 *
 *   DIR/dev/mem         all physical addresses, a sparse file: the registers
 *   DIR/dev/udmabuf0    the contiguous memory
 *   DIR/sys/class/…     attributes of u-dma-buf and of the FPGA manager
 *   DIR/lib/firmware/
 *   DIR/board.json      the description that leads vtac here
 *   DIR/log             a line for each run ("run 142") and reset ("reset")
 *
 * The process sees no more than hardware would: a start bit, the registers,
 * the contiguous memory.  Units that are not started do not run; bases are
 * added to addresses. */
#ifndef TEST_SUPPORT_EMULATED_BOARD_H
#define TEST_SUPPORT_EMULATED_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "hw/config.h"

typedef struct EmulatedBoard {
  bool chisel;       /* else HLS */
  const char *cache; /* coherent (NULL), sync or off.  With sync, the device
                        sees what was flushed, and nothing else. */
  const char *dma;   /* udmabuf0 (NULL) or the path of a CMA library */
  const char *more;  /* keys for board.json: ", \"timeout_ms\": 50" or NULL */
  int hang;          /* this run, counted from 1, never finishes; 0: none */
  size_t memory;     /* of contiguous memory; 0: 8 MiB */
  bool in_mem;       /* it lies in DIR/dev/mem, at its address */
  HwConfig config;
} EmulatedBoard;

enum {
  EMULATED_MEMORY = 0x00100000, /* the contiguous memory as the CPU sees it */
  EMULATED_OFFSET = 0x00800000  /* what the chisel board adds */
};

/* Makes the contents of the empty folder; false, with errno, on failure. */
bool emulated_board_make(const EmulatedBoard *board, const char *dir);
/* The same, and plays in a child process; -1 on failure. */
pid_t emulated_board_start(const EmulatedBoard *board, const char *dir);
/* Ends the child and removes the folder. */
void emulated_board_stop(pid_t child, const char *dir);

#endif
