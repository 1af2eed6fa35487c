/* SPDX-License-Identifier: Apache-2.0 */
/* The command as a whole, from its start to its end. */
#include "bench/groups.h"

typedef struct Command {
  const char *const *argv;
  double most_mb;
} Command;

static double time_command(void *self) {
  Command *command = self;
  const Process process = run_process(command->argv);
  if (process.mb > command->most_mb) command->most_mb = process.mb;
  return process.ms;
}

/* The time, and the peak memory if `memory` names its row. */
static void measure_command(Bench *bench, const char *what, const char *memory,
                            const char *const *argv, Target time, Target peak) {
  Command command = {argv, 0};
  const Figure figure = measure(bench, time_command, &command);
  add_row(bench, what, "ms", figure, time);
  if (memory) add_row(bench, memory, "MB", exactly(command.most_mb), peak);
}

void bench_startup(Bench *bench) {
  const char *const version[] = {vtac_path(), "--version", NULL};
  const char *const gemm[] = {vtac_path(), "gemm", NULL};
  const char *const conv2d[] = {vtac_path(), "conv2d", NULL};
  const char *const c2[] = {vtac_path(), "conv2d", "--workload", "resnet18.C2",
                            NULL};
  measure_command(bench, "vtac --version", NULL, version, MOST(3), NO_TARGET);
  measure_command(bench, "vtac gemm", "vtac gemm, peak memory", gemm, MOST(30),
                  MOST(20));
  measure_command(bench, "vtac conv2d", "vtac conv2d, peak memory", conv2d,
                  MOST(25), NO_TARGET);
  measure_command(bench, "vtac conv2d --workload resnet18.C2", NULL, c2,
                  NO_TARGET, NO_TARGET);
}
