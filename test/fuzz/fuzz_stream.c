/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as an instruction stream.  The simulator reports or
 * runs it; what the verifier accepts and stores nothing, the simulator runs;
 * and the fast path leaves the same memory as the plain one.
 *
 * The first byte picks a configuration, then come instructions of 16 bytes;
 * device memory behind the stream holds the input once more, as data. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fsim/fsim.h"
#include "hw/verify.h"

enum { MEMORY = 1 << 14, MAX_INSNS = 128, MAX_STEPS = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small machine of 64 elements a memory, so that indices of random bits are
 * often legal. */
static void pick_config(uint8_t choice, HwConfig *config) {
  hw_config_default(config);
  config->log_block = 3 + (choice & 1);
  config->log_batch = choice >> 1 & 1;
  config->log_uop_buff_size = choice & 4 ? 8 : 15;
  config->log_inp_width = choice & 8 ? 2 : 3;
  int row = config->log_batch + config->log_block;
  config->log_inp_buff_size = 3 + row + config->log_inp_width;
  config->log_acc_buff_size = 8 + row;
  config->log_wgt_buff_size = 6 + 2 * config->log_block;
  if (hw_config_finish(config, "fuzz", NULL)) abort();
}

/* Steps of a loop, to keep one input short. */
static uint64_t steps(const Insn *insn) {
  if (insn->opcode == HW_OP_GEMM)
    return (uint64_t)insn->gemm.iter_out * insn->gemm.iter_in *
           (insn->gemm.uop_end + 1);
  if (insn->opcode == HW_OP_ALU)
    return (uint64_t)insn->alu.iter_out * insn->alu.iter_in *
           (insn->alu.uop_end + 1);
  return 0;
}

typedef struct Device {
  HwPort *port;
  HwAddr addr;
  uint8_t *bytes;
} Device;

static Device make_device(const HwConfig *config, bool plain,
                          const uint8_t *data, size_t size) {
  Device device;
  void *bytes;
  FsimOptions options = {.plain = plain};
  if (fsim_create_with(config, options, &device.port, NULL) ||
      device.port->ops->alloc(device.port, MEMORY, &device.addr, NULL) ||
      device.port->ops->host(device.port, device.addr, MEMORY, &bytes, NULL))
    abort();
  device.bytes = bytes;
  for (size_t at = 0; at + size <= MEMORY && size; at += size)
    memcpy(device.bytes + at, data, size);
  return device;
}

static const void *device_bytes(void *self, uint64_t addr, uint64_t size) {
  const Device *device = self;
  if (addr < device->addr || addr - device->addr > MEMORY) return NULL;
  uint64_t offset = addr - device->addr;
  return size <= MEMORY - offset ? device->bytes + offset : NULL;
}

/* The verifier takes micro-ops from device memory as it is before the run. */
static bool stores(const Insn *insns, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (insns[i].opcode == HW_OP_STORE && !hw_is_nop(&insns[i])) return true;
  return false;
}

/* Decodes what can be run within the budget; returns how many. */
static uint32_t decode(const HwConfig *config, const uint8_t *data, size_t size,
                       Insn insns[MAX_INSNS]) {
  uint32_t count = 0;
  uint64_t budget = MAX_STEPS;
  while (count < MAX_INSNS && size - count * HW_INSN_BYTES >= HW_INSN_BYTES) {
    uint64_t word[2];
    hw_insn_read(data + count * HW_INSN_BYTES, word);
    if (hw_decode(config, word, &insns[count], NULL)) return 0;
    if (steps(&insns[count]) > budget) return 0;
    budget -= steps(&insns[count++]);
  }
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Insn insns[MAX_INSNS];
  HwConfig config;
  if (size == 0 || size > MEMORY) return 0;
  pick_config(*data++, &config);
  uint32_t count = decode(&config, data, --size, insns);
  if (!count) return 0;
  Device plain = make_device(&config, true, data, size);
  Device fast = make_device(&config, false, data, size);
  const HwVerifyOptions options = {
      .dram = device_bytes, .self = &plain, .refuse_uninitialised = true};
  vtac_status legal = hw_verify(&config, insns, count, &options, NULL, NULL);
  vtac_status first = plain.port->ops->run(plain.port, plain.addr, count, NULL);
  vtac_status second = fast.port->ops->run(fast.port, fast.addr, count, NULL);
  if (first != second) abort();
  if (!legal && first && !stores(insns, count)) abort();
  if (memcmp(plain.bytes, fast.bytes, MEMORY)) abort();
  port_destroy(plain.port);
  port_destroy(fast.port);
  return 0;
}
