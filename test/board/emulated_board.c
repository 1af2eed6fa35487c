/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command beside an emulated board, whose folder the environment's
 * EMULATED_BOARD names; its description is $EMULATED_BOARD/board.json.
 *
 *   emulated_board [--chisel] [--in-mem] [--cache MODE] [--dma NAME] [--hang
 * RUN]
 *                  [--timeout MS] COMMAND [ARGUMENT...]
 *
 * Its exit status is the command's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/emulated_board.h"
#include "support/temp.h"

/* Takes the options; the index of the command, or 0. */
static int take_options(int argc, char **argv, EmulatedBoard *board,
                        int *timeout) {
  int i = 1;
  for (; i < argc && !strncmp(argv[i], "--", 2); i++) {
    bool more = i + 1 < argc;
    if (!strcmp(argv[i], "--chisel"))
      board->chisel = true;
    else if (!strcmp(argv[i], "--in-mem"))
      board->in_mem = true;
    else if (!strcmp(argv[i], "--cache") && more)
      board->cache = argv[++i];
    else if (!strcmp(argv[i], "--dma") && more)
      board->dma = argv[++i];
    else if (!strcmp(argv[i], "--hang") && more)
      board->hang = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--timeout") && more)
      *timeout = atoi(argv[++i]);
    else
      return 0;
  }
  return i < argc ? i : 0;
}

static int run(char **command) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &status, 0) < 0) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv) {
  char dir[64];
  char more[64];
  EmulatedBoard board = {.more = more};
  int timeout = 60000;
  int first = take_options(argc, argv, &board, &timeout);
  snprintf(more, sizeof more, ", \"timeout_ms\": %d", timeout);
  if (!first) {
    fprintf(stderr, "usage: emulated_board [options] COMMAND...\n");
    return 2;
  }
  hw_config_default(&board.config);
  temp_name(dir, sizeof dir, "vtac-board-XXXXXX");
  if (!mkdtemp(dir)) {
    perror("emulated_board");
    return 1;
  }
  int status = 1;
  pid_t child = emulated_board_start(&board, dir);
  if (child < 0)
    perror("emulated_board");
  else if (!setenv("EMULATED_BOARD", dir, 1))
    status = run(argv + first);
  emulated_board_stop(child, dir);
  return status;
}
