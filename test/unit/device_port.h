/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest port: plain semantics, for tests of what drives a port.  It
 * keeps the last stream it ran. */
#ifndef TEST_DEVICE_PORT_H
#define TEST_DEVICE_PORT_H

#include <stdlib.h>
#include <string.h>

#include "hw/pipeline.h"
#include "hw/port.h"
#include "hw/semantics.h"

typedef struct PlainRange {
  HwAddr addr;
  size_t size;
} PlainRange;

typedef struct PlainPort {
  HwPort port;
  Dram dram;
  OnChip chip;
  uint64_t tokens[HW_TOKENS], counters[HW_COUNTERS];
  bool skip;
  Insn *insns;
  uint32_t count;
  PlainRange flushed, invalidated; /* last */
} PlainPort;

static vtac_status plain_alloc(HwPort *port, size_t size, HwAddr *ret,
                               Diag *diag) {
  return dram_alloc(&((PlainPort *)port->self)->dram, size, ret, diag);
}

static vtac_status plain_free(HwPort *port, HwAddr addr, Diag *diag) {
  return dram_free(&((PlainPort *)port->self)->dram, addr, diag);
}

static vtac_status plain_host(HwPort *port, HwAddr addr, size_t size,
                              void **ret, Diag *diag) {
  return dram_range(&((PlainPort *)port->self)->dram, addr, size, ret, diag);
}

static vtac_status plain_step(void *self, uint32_t index, const Insn *insn,
                              Diag *diag) {
  PlainPort *plain = self;
  (void)index;
  hw_count(&plain->port.config, insn, plain->counters);
  if (plain->skip) return VTAC_OK;
  return onchip_execute(&plain->chip, insn, &plain->dram, diag);
}

static vtac_status plain_run(HwPort *port, HwAddr addr, uint32_t count,
                             Diag *diag) {
  PlainPort *plain = port->self;
  void *bytes;
  vtac_status status =
      plain_host(port, addr, (size_t)count * HW_INSN_BYTES, &bytes, diag);
  plain->insns = realloc(plain->insns, (size_t)count * sizeof(Insn));
  plain->count = count;
  for (uint32_t i = 0; i < count && !status; i++) {
    uint64_t word[2];
    hw_insn_read((uint8_t *)bytes + (size_t)i * HW_INSN_BYTES, word);
    status = hw_decode(&port->config, word, &plain->insns[i], diag);
  }
  if (status) return status;
  return pipeline_run(plain->insns, count, plain->tokens, plain_step, plain,
                      diag);
}

static void plain_counters(const HwPort *port, uint64_t ret[HW_COUNTERS]) {
  const PlainPort *plain = port->self;
  memcpy(ret, plain->counters, sizeof plain->counters);
}

static void plain_counters_clear(HwPort *port) {
  PlainPort *plain = port->self;
  memset(plain->counters, 0, sizeof plain->counters);
}

static void plain_skip(HwPort *port, bool skip) {
  ((PlainPort *)port->self)->skip = skip;
}

static void plain_reset(HwPort *port) {
  PlainPort *plain = port->self;
  memset(plain->tokens, 0, sizeof plain->tokens);
}

static void plain_destroy(HwPort *port) {
  PlainPort *plain = port->self;
  onchip_clear(&plain->chip);
  dram_clear(&plain->dram);
  free(plain->insns);
  free(plain);
}

static void plain_flush(HwPort *port, HwAddr addr, size_t size) {
  ((PlainPort *)port->self)->flushed = (PlainRange){addr, size};
}

static void plain_invalidate(HwPort *port, HwAddr addr, size_t size) {
  ((PlainPort *)port->self)->invalidated = (PlainRange){addr, size};
}

static const HwPortOps plain_ops = {
    .destroy = plain_destroy,
    .alloc = plain_alloc,
    .free = plain_free,
    .host = plain_host,
    .flush = plain_flush,
    .invalidate = plain_invalidate,
    .run = plain_run,
    .counters = plain_counters,
    .counters_clear = plain_counters_clear,
    .skip_execution = plain_skip,
    .reset = plain_reset,
};

static PlainPort *plain_create(const HwConfig *config) {
  PlainPort *plain = calloc(1, sizeof *plain);
  if (!plain) abort();
  plain->port = (HwPort){&plain_ops, plain, *config, 0, false};
  dram_init(&plain->dram);
  if (onchip_init(&plain->chip, &plain->port.config, NULL)) abort();
  return plain;
}

#endif
