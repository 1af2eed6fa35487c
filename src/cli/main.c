/* SPDX-License-Identifier: Apache-2.0 */
/* The vtac command: finds the subcommand and runs it. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

const Command operators[] = {
    {"gemm", "blocked matrix multiply", command_gemm},
    {"conv2d", "2D convolution", command_conv2d},
    {"dense", "dense layer: matrix multiply and bias", command_dense},
    {"group_conv2d", "2D convolution by groups of channels",
     command_group_conv2d},
    {"depthwise_conv2d", "2D convolution of each channel",
     command_depthwise_conv2d},
    {"conv2d_transpose", "transposed 2D convolution", command_conv2d_transpose},
    {"add", "sum of two tensors", command_add},
    {"relu", "non-negative part of a tensor", command_relu},
    {"requantize", "shift and clip of sums", command_requantize},
    {"max_pool2d", "2D maximum pooling", command_max_pool2d},
    {"avg_pool2d", "2D average pooling", command_avg_pool2d},
    {"global_avg_pool2d", "average of each channel", command_global_avg_pool2d},
    {NULL, NULL, NULL}};

const Command commands[] = {
    {"run", "run a saved module", command_run},
    {"explain", "say where the cycles of a run go", command_explain},
    {"rpc-query", "show what an RPC tracker knows", command_rpc_query},
    {"asm", "instructions from their text", command_asm},
    {"disasm", "the text of instructions", command_disasm},
    {"stream", "verify or run a stream of instructions", command_stream},
    {"step", "step through a stream of instructions", command_step},
    {"board", "describe, program or look into a board", command_board},
    {"rpc-server", "serve a simulator or a board to other machines",
     command_rpc_server},
    {"rpc-tracker", "tell clients which servers are free", command_rpc_tracker},
    {"bench", "measure the simulator on this machine", command_bench},
    {"config", "show an accelerator's configuration", command_config},
    {"passes", "list the lowering passes", command_passes},
    {NULL, NULL, NULL}};

static void list(FILE *out, const char *title, const Command *command) {
  fprintf(out, "\n%s:\n", title);
  for (; command->name; command++)
    fprintf(out, "  %-17s %s\n", command->name, command->summary);
}

static int help(FILE *out) {
  fprintf(out,
          "usage: vtac COMMAND [options]\n\n"
          "A tensor compiler, runtime and simulator for the VTA "
          "accelerator.\n");
  list(out, "Operators", operators);
  list(out, "Commands", commands);
  fprintf(out,
          "\n'vtac COMMAND --help' shows a command's options; "
          "'vtac --version' the version.\n");
  return EXIT_RIGHT;
}

/* What was printed must have arrived: a full disk is an error. */
static int flush(int status) {
  if (!fflush(stdout) && !ferror(stdout)) return status;
  complain("cannot write to standard output");
  return EXIT_ENVIRONMENT;
}

const Command *command_find(const Command *list, const char *name) {
  while (list->name && strcmp(list->name, name)) list++;
  return list->name ? list : NULL;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    help(stderr);
    return EXIT_USAGE;
  }
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
      !strcmp(argv[1], "help"))
    return flush(help(stdout));
  if (!strcmp(argv[1], "--version")) {
    printf("vtac %s\n", vtac_version());
    return flush(EXIT_RIGHT);
  }
  const Command *command = command_find(operators, argv[1]);
  if (!command) command = command_find(commands, argv[1]);
  if (command) return flush(command->run(argc - 1, argv + 1));
  complain("there is no command '%s'", argv[1]);
  return bad_usage("");
}
