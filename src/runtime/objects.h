/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's objects as their own files see them. */
#ifndef RUNTIME_OBJECTS_H
#define RUNTIME_OBJECTS_H

#include <stdatomic.h>

#include "board/board.h"
#include "device/queue.h"
#include "fsim/fsim.h"
#include "hw/port.h"
#include "ir/eval.h"
#include "runtime/abi.h"
#include "runtime/replay.h"
#include "vtac/runtime.h"

struct vtac_config {
  HwConfig hw;
};

struct vtac_board {
  BoardSpec spec;
};

struct vtac_device {
  HwConfig config;
  HwPort *port;
  CommandQueue *queue;
  ReplaySet replays;
  Abi *abi, *direct; /* of compiled code, and of vtac_device_use; or NULL */
  vtac_device_options options;
};

struct vtac_array {
  vtac_device *device;
  BufferId buffer;
  size_t size;
  DType type;
  int ndim;
  atomic_int references; /* the owner, and DLPack tensors made of it */
  int64_t shape[];
};

/* Whether a device that is asked for `simulator` counts cycles. */
bool device_is_timed(const HwConfig *config, vtac_simulator simulator);
/* The simulator that a device is; `port_destroy` releases it. */
vtac_status device_make_port(const HwConfig *config, vtac_simulator simulator,
                             vtac_sim_path sim_path, HwPort **ret, Diag *diag);

/* Lets a recorder, or NULL, listen to a port, which must be the timing
 * simulator's (`timed`) and have the recorder's configuration. */
vtac_status recorder_attach(vtac_recorder *recorder, HwPort *port, bool timed,
                            Diag *diag);
/* Whether device_make_port makes a timing simulator. */
bool device_is_timed(const HwConfig *config, vtac_simulator simulator);

/* The instruction set of a path. */
vtac_status device_path_isa(vtac_sim_path path, FsimIsa *ret_isa, Diag *diag);

/* Copies a diagnostic out to the caller; returns its status. */
vtac_status report_error(vtac_error *error, const Diag *diag);
/* True, with an error, if an argument of the public function `call` is NULL. */
bool is_missing(const void *argument, const char *call, const char *name,
                vtac_error *error);

#endif
