/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's objects as their own files see them. */
#ifndef RUNTIME_OBJECTS_H
#define RUNTIME_OBJECTS_H

#include "device/queue.h"
#include "hw/port.h"
#include "ir/eval.h"
#include "vtac/runtime.h"

struct vtac_config {
  HwConfig hw;
};

struct vtac_device {
  HwConfig config;
  HwPort *port;
  CommandQueue *queue;
  vtac_device_options options;
};

struct vtac_array {
  vtac_device *device;
  BufferId buffer;
  size_t size;
  DType type;
  int ndim;
  int64_t shape[];
};

/* Copies a diagnostic out to the caller; returns its status. */
vtac_status report_error(vtac_error *error, const Diag *diag);

#endif
