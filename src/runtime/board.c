/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of boards. */
#include "vtac/board.h"

#include <stdlib.h>

#include "runtime/objects.h"

const char *vtac_board_preset(int index) { return board_preset_name(index); }

vtac_board *vtac_board_load(const char *name_or_path, vtac_error *error) {
  Diag diag;
  if (is_missing(name_or_path, "vtac_board_load", "name_or_path", error))
    return NULL;
  vtac_board *board = malloc(sizeof *board);
  vtac_status status =
      board ? board_spec_load(name_or_path, &board->spec, &diag)
            : diag_set(&diag, D_NO_MEMORY, "cannot allocate a board");
  if (!status) return board;
  report_error(error, &diag);
  free(board);
  return NULL;
}

void vtac_board_free(vtac_board *board) { free(board); }

int vtac_board_at(const vtac_board *board, int index,
                  vtac_board_value *ret_value) {
  BoardValue value;
  if (!board || !board_value(&board->spec, index, &value)) return 0;
  *ret_value =
      (vtac_board_value){value.name, value.text, value.number, value.meaning};
  return 1;
}

vtac_status vtac_board_program(const vtac_board *board, const char *bitstream,
                               vtac_error *error) {
  Diag diag;
  if (is_missing(board, "vtac_board_program", "board", error) ||
      is_missing(bitstream, "vtac_board_program", "bitstream", error))
    return VTAC_INVALID;
  vtac_status status = board_program(&board->spec, bitstream, &diag);
  if (status) report_error(error, &diag);
  return status;
}

typedef struct Reader {
  void (*each)(void *user, const vtac_board_register *reg);
  void *user;
} Reader;

static void hand_over(void *self, BoardRegister reg) {
  const Reader *reader = self;
  const vtac_board_register row = {reg.unit, reg.name, reg.meaning, reg.offset,
                                   reg.value};
  reader->each(reader->user, &row);
}

vtac_status vtac_board_registers(const vtac_board *board,
                                 void (*each)(void *user,
                                              const vtac_board_register *reg),
                                 void *user, vtac_error *error) {
  Reader reader = {each, user};
  Diag diag;
  if (is_missing(board, "vtac_board_registers", "board", error) ||
      is_missing((const void *)(uintptr_t)each, "vtac_board_registers", "each",
                 error))
    return VTAC_INVALID;
  vtac_status status = board_registers(&board->spec, hand_over, &reader, &diag);
  if (status) report_error(error, &diag);
  return status;
}
