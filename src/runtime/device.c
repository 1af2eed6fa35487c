/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: a port, the command queue that feeds it, and its counters. */
#include <stdlib.h>

#include "fsim/fsim.h"
#include "hw/disasm.h"
#include "runtime/objects.h"

_Static_assert(VTAC_COUNTERS == HW_COUNTERS, "one counter, one name");

static vtac_status open_port(vtac_device *device, Diag *diag) {
  vtac_sim_path path = device->options.sim_path;
  FsimOptions options = {.plain = path == VTAC_SIM_PLAIN,
                         .portable = path == VTAC_SIM_PORTABLE};
  return fsim_create_with(&device->config, options, &device->port, diag);
}

static HwSink listing(vtac_device *device) {
  return (HwSink){device->options.on_listing, device->options.user};
}

static void on_kernel(void *self, const Uop *uops, uint32_t count) {
  hw_list_uops(listing(self), uops, count);
}

static void on_stream(void *self, const Insn *insns, uint32_t count) {
  hw_list_insns(listing(self), insns, count);
}

static vtac_status open_queue(vtac_device *device, Diag *diag) {
  QueueOptions options = {.force_serial = device->options.force_serial,
                          .verify = device->options.verify};
  if (device->options.on_listing)
    options.trace = (QueueTrace){device, on_kernel, on_stream};
  return queue_create(device->port, &options, &device->queue, diag);
}

vtac_device *vtac_device_open(const vtac_config *config,
                              const vtac_device_options *options,
                              vtac_error *error) {
  Diag diag;
  vtac_device *device = calloc(1, sizeof *device);
  if (!device) {
    diag_set(&diag, D_NO_MEMORY, "cannot allocate a device");
    report_error(error, &diag);
    return NULL;
  }
  device->config = config->hw;
  if (options) device->options = *options;
  if (!open_port(device, &diag) && !open_queue(device, &diag)) return device;
  report_error(error, &diag);
  vtac_device_close(device);
  return NULL;
}

void vtac_device_close(vtac_device *device) {
  if (!device) return;
  queue_destroy(device->queue);
  port_destroy(device->port);
  free(device);
}

const char *vtac_counter_name(int counter) {
  if (counter < 0 || counter >= HW_COUNTERS) return NULL;
  return hw_counter_name((HwCounter)counter);
}

void vtac_device_counters(const vtac_device *device,
                          uint64_t ret_counters[VTAC_COUNTERS]) {
  device->port->ops->counters(device->port, ret_counters);
}

void vtac_device_clear_counters(vtac_device *device) {
  device->port->ops->counters_clear(device->port);
}
