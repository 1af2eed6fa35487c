/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: a port, the command queue that feeds it, and its counters. */
#define _GNU_SOURCE /* secure_getenv */
#include <stdlib.h>
#include <string.h>

#include "fsim/fsim.h"
#include "hw/disasm.h"
#include "runtime/objects.h"
#include "tsim/tsim.h"

_Static_assert(VTAC_COUNTERS == HW_COUNTERS, "one counter, one name");

static const struct {
  const char *name;
  FsimOptions options;
} sim_paths[] = {
    [VTAC_SIM_FAST] = {"fast", {false, FSIM_ISA_BEST}},
    [VTAC_SIM_PORTABLE] = {"portable", {false, FSIM_ISA_PORTABLE}},
    [VTAC_SIM_PLAIN] = {"plain", {true, FSIM_ISA_BEST}},
    [VTAC_SIM_AVX2] = {"avx2", {false, FSIM_ISA_AVX2}},
    [VTAC_SIM_AVX512VNNI] = {"avx512vnni", {false, FSIM_ISA_AVX512VNNI}},
    [VTAC_SIM_NEONDOT] = {"neondot", {false, FSIM_ISA_NEONDOT}}};
enum { SIM_PATHS = sizeof sim_paths / sizeof *sim_paths };

const char *vtac_sim_path_name(int path) {
  return path >= 0 && path < SIM_PATHS ? sim_paths[path].name : NULL;
}

/* What is meant by a path: the fast one may be chosen from outside.  NULL with
 * a diagnostic if there is no such path. */
static const FsimOptions *find_path(vtac_sim_path path, Diag *diag) {
  const char *name =
      path == VTAC_SIM_FAST ? secure_getenv("VTAC_SIM_ISA") : NULL;
  if (!name || !*name) {
    if ((unsigned)path < SIM_PATHS) return &sim_paths[path].options;
    diag_set(diag, D_SIM_ISA, "there is no simulator path %u", (unsigned)path);
    return NULL;
  }
  for (int i = 0; i < SIM_PATHS; i++)
    if (!strcmp(sim_paths[i].name, name)) return &sim_paths[i].options;
  diag_set(diag, D_SIM_ISA, "VTAC_SIM_ISA: there is no simulator path '%s'",
           name);
  return NULL;
}

vtac_status device_path_isa(vtac_sim_path path, FsimIsa *ret_isa, Diag *diag) {
  const FsimOptions *options = find_path(path, diag);
  if (!options) return diag_status(D_SIM_ISA);
  *ret_isa = options->plain ? FSIM_ISA_PORTABLE : options->isa;
  return VTAC_OK;
}

bool device_is_timed(const HwConfig *config, vtac_simulator simulator) {
  switch (simulator) {
    case VTAC_SIMULATOR_BY_TARGET: break;
    case VTAC_SIMULATOR_FUNCTIONAL: return false;
    case VTAC_SIMULATOR_TIMING: return true;
  }
  return !strcmp(config->target, "tsim");
}

vtac_status device_make_port(const HwConfig *config, vtac_simulator simulator,
                             vtac_sim_path sim_path, HwPort **ret, Diag *diag) {
  const FsimOptions *options = find_path(sim_path, diag);
  if (!options) return diag_status(D_SIM_ISA);
  HwPort *port;
  vtac_status status = fsim_create_with(config, *options, &port, diag);
  if (!status && device_is_timed(config, simulator))
    status = tsim_create(config, port, &port, diag);
  if (!status) *ret = port;
  return status;
}

static vtac_status open_port(vtac_device *device, Diag *diag) {
  const vtac_board *board = device->options.board;
  const vtac_simulator simulator = device->options.simulator;
  vtac_status status =
      board ? board_create(&device->config, &board->spec, &device->port, diag)
            : device_make_port(&device->config, simulator,
                               device->options.sim_path, &device->port, diag);
  if (status) return status;
  return recorder_attach(device->options.recorder, device->port,
                         !board && device_is_timed(&device->config, simulator),
                         diag);
}

static HwSink listing(vtac_device *device) {
  return (HwSink){device->options.on_listing, device->options.user};
}

static void on_kernel(void *self, const Uop *uops, uint32_t count) {
  hw_list_uops(listing(self), uops, count);
}

/* The queue has encoded these instructions before, so none is refused. */
static void send_insns(vtac_device *device, const Insn *insns, uint32_t count) {
  enum { PIECE = 256 };
  uint8_t bytes[PIECE * HW_INSN_BYTES];
  for (uint32_t done = 0, n; done < count; done += n) {
    n = count - done < PIECE ? count - done : PIECE;
    for (uint32_t i = 0; i < n; i++) {
      uint64_t word[2] = {0, 0};
      hw_encode(&device->config, &insns[done + i], word, NULL);
      hw_insn_write(word, bytes + (size_t)i * HW_INSN_BYTES);
    }
    device->options.on_insns(device->options.user, bytes, n);
  }
}

static void on_stream(void *self, const Insn *insns, const uint32_t *sites,
                      uint32_t count) {
  vtac_device *device = self;
  (void)sites;
  if (device->options.on_listing) hw_list_insns(listing(device), insns, count);
  if (device->options.on_insns) send_insns(device, insns, count);
}

static vtac_status open_queue(vtac_device *device, Diag *diag) {
  QueueOptions options = {.force_serial = device->options.force_serial,
                          .verify = device->options.verify};
  if (device->options.on_listing || device->options.on_insns)
    options.trace = (QueueTrace){
        device, device->options.on_listing ? on_kernel : NULL, on_stream};
  return queue_create(device->port, &options, &device->queue, diag);
}

vtac_device *vtac_device_open(const vtac_config *config,
                              const vtac_device_options *options,
                              vtac_error *error) {
  Diag diag;
  if (is_missing(config, "vtac_device_open", "config", error)) return NULL;
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
  replay_clear(&device->replays, device->queue);
  abi_free(device->abi);
  abi_free(device->direct);
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

uint64_t vtac_device_cycles(const vtac_device *device) {
  const HwPort *port = device->port;
  HwTiming timing = {0};
  if (!port->ops->timing || !port->ops->timing(port, &timing)) return 0;
  return timing.cycles;
}

vtac_kernel_stats vtac_device_kernels(const vtac_device *device) {
  const QueueStats stats = queue_stats(device->queue);
  return (vtac_kernel_stats){.hits = stats.kernel_hits,
                             .misses = stats.kernel_misses,
                             .evictions = stats.kernel_evictions,
                             .kernels = stats.kernels,
                             .bytes = stats.kernel_bytes};
}

void vtac_device_clear_counters(vtac_device *device) {
  device->port->ops->counters_clear(device->port);
}
