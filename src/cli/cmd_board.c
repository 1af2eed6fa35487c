/* SPDX-License-Identifier: Apache-2.0 */
/* vtac board: what a board is described by, its registers, its bitstream. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json.h"

typedef struct BoardCommand {
  const char *board, *bitstream;
  bool registers;
} BoardCommand;

static const Option options[] = {
    {"board", "NAME", "a preset, or the file of a description"},
    {"registers", NULL, "print the accelerator's registers as they read now"},
    {"program", "FILE", "program the FPGA with this .bit, .bin or .rbf file"},
    {NULL, NULL, NULL}};

static bool take(void *self, int index, const char *text) {
  BoardCommand *own = self;
  if (index == 0) own->board = text;
  if (index == 1) own->registers = true;
  if (index == 2) own->bitstream = text;
  return true;
}

static int list_presets(void) {
  for (int i = 0; vtac_board_preset(i); i++) puts(vtac_board_preset(i));
  return EXIT_RIGHT;
}

/* As a file that --board takes: all keys, over any preset. */
static int print_description(const vtac_board *board) {
  vtac_board_value value;
  printf("{\n  \"preset\": \"%s\"", vtac_board_preset(0));
  for (int i = 0; vtac_board_at(board, i, &value); i++) {
    printf(",\n  \"%s\": ", value.name);
    if (value.text)
      json_text(value.text);
    else
      printf(value.number < 0x100000 ? "%llu" : "\"0x%llx\"",
             (unsigned long long)value.number);
  }
  puts("\n}");
  return EXIT_RIGHT;
}

static void print_register(void *user, const vtac_board_register *reg) {
  (void)user;
  printf("%04x  %-8s %-16s 0x%08x  %s\n", reg->offset, reg->unit, reg->name,
         reg->value, reg->meaning);
}

static int print_registers(const vtac_board *board) {
  vtac_error error;
  if (vtac_board_registers(board, print_register, NULL, &error))
    return report(&error);
  return EXIT_RIGHT;
}

static int work(const BoardCommand *own, const vtac_board *board) {
  vtac_error error;
  if (own->bitstream && vtac_board_program(board, own->bitstream, &error))
    return report(&error);
  if (own->registers) return print_registers(board);
  return own->bitstream ? EXIT_RIGHT : print_description(board);
}

int command_board(int argc, char **argv) {
  BoardCommand own = {0};
  vtac_error error;
  const OptionParser parser = {
      "board",
      "Prints a board's description, its registers, or programs its FPGA; "
      "without\noptions, the names of the presets.",
      options,
      take,
      &own,
      NULL};
  int status = parse_options(&parser, argc, argv);
  if (status >= 0) return status;
  if (!own.board && (own.registers || own.bitstream)) {
    complain("'board' needs --board NAME");
    return bad_usage("board");
  }
  if (!own.board) return list_presets();
  vtac_board *board = vtac_board_load(own.board, &error);
  if (!board) return report(&error);
  status = work(&own, board);
  vtac_board_free(board);
  return status;
}
