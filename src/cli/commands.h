/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands, one file each; argv[0] is the subcommand's name. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

int command_gemm(int argc, char **argv);
int command_conv2d(int argc, char **argv);
int command_dense(int argc, char **argv);
int command_group_conv2d(int argc, char **argv);
int command_depthwise_conv2d(int argc, char **argv);
int command_conv2d_transpose(int argc, char **argv);
int command_add(int argc, char **argv);
int command_relu(int argc, char **argv);
int command_requantize(int argc, char **argv);
int command_max_pool2d(int argc, char **argv);
int command_avg_pool2d(int argc, char **argv);
int command_global_avg_pool2d(int argc, char **argv);
int command_board(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_config(int argc, char **argv);
int command_passes(int argc, char **argv);
int command_run(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_rpc_query(int argc, char **argv);
int command_asm(int argc, char **argv);
int command_disasm(int argc, char **argv);
int command_stream(int argc, char **argv);
int command_rpc_server(int argc, char **argv);
int command_rpc_tracker(int argc, char **argv);
int command_step(int argc, char **argv);

#endif
