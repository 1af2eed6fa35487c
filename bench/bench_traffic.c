/* SPDX-License-Identifier: Apache-2.0 */
/* What the accelerator does for ResNet-18 with the tiles that vtac chooses:
 * bytes moved against the fewest possible, and cycles.  These are counts, the
 * same on every machine. */
#include <string.h>

#include "bench/groups.h"

/* Bytes to and from device memory. */
static double moved_bytes(const vtac_device *device) {
  static const char *const moved[] = {"inp_load_nbytes", "wgt_load_nbytes",
                                      "acc_load_nbytes", "uop_load_nbytes",
                                      "out_store_nbytes"};
  uint64_t counters[VTAC_COUNTERS];
  double bytes = 0;
  vtac_device_counters(device, counters);
  for (int i = 0; i < VTAC_COUNTERS; i++)
    for (size_t k = 0; k < sizeof moved / sizeof *moved; k++)
      if (!strcmp(vtac_counter_name(i), moved[k])) bytes += (double)counters[i];
  return bytes;
}

/* Each tensor once. */
static double least_bytes(const Kernel *kernel) {
  double bytes = 0;
  for (int i = 0; i < kernel->n; i++)
    bytes += (double)vtac_array_size(kernel->array[i]);
  return bytes;
}

void bench_traffic(Bench *bench) {
  const vtac_device_options timed = {.simulator = VTAC_SIMULATOR_TIMING};
  double moved = 0, least = 0, cycles = 0;
  for (const Layer *layer = resnet_layers; layer->name; layer++) {
    Kernel kernel;
    if (!build_kernel(&kernel, default_config(), layer))
      stop("%s does not fit", layer->name);
    open_kernel(&kernel, &timed);
    run_kernel(&kernel);
    moved += moved_bytes(kernel.device);
    least += least_bytes(&kernel);
    cycles += (double)vtac_device_cycles(kernel.device);
    close_kernel(&kernel);
    free_kernel(&kernel);
  }
  add_row(bench, "resnet18.C2 to C11, bytes moved", "of fewest",
          exactly(moved / least), MOST(1.6));
  add_row(bench, "resnet18.C2 to C11, cycles", "Mcycles",
          exactly(cycles * 1e-6), MOST(3.25));
}
