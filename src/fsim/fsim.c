/* SPDX-License-Identifier: Apache-2.0 */
/* The functional simulator: runs streams on the memories of one device. */
#include "fsim/fsim.h"

#include <stdlib.h>
#include <string.h>

#include "fsim/fast.h"
#include "hw/bounds.h"
#include "hw/disasm.h"
#include "hw/pipeline.h"

typedef struct Fsim {
  HwPort port;
  Dram dram;
  OnChip chip;
  Fast *fast; /* NULL where only the plain semantics apply */
  uint64_t tokens[HW_TOKENS];
  uint64_t counters[HW_COUNTERS];
  bool skip;
  Insn *insns; /* the decoded stream of a run */
  uint32_t capacity;
} Fsim;

static void fsim_destroy(HwPort *port) {
  Fsim *sim = port->self;
  fast_destroy(sim->fast);
  onchip_clear(&sim->chip);
  dram_clear(&sim->dram);
  free(sim->insns);
  free(sim);
}

static vtac_status fsim_alloc(HwPort *port, size_t size, HwAddr *ret,
                              Diag *diag) {
  return dram_alloc(&((Fsim *)port->self)->dram, size, ret, diag);
}

static vtac_status fsim_free(HwPort *port, HwAddr addr, Diag *diag) {
  return dram_free(&((Fsim *)port->self)->dram, addr, diag);
}

static vtac_status fsim_host(HwPort *port, HwAddr addr, size_t size, void **ret,
                             Diag *diag) {
  return dram_range(&((Fsim *)port->self)->dram, addr, size, ret, diag);
}

static vtac_status fsim_copy_in(HwPort *port, HwAddr to, const void *from,
                                size_t size, Diag *diag) {
  void *bytes;
  vtac_status status = fsim_host(port, to, size, &bytes, diag);
  if (!status && size) memcpy(bytes, from, size);
  return status;
}

static vtac_status fsim_copy_out(HwPort *port, HwAddr from, void *to,
                                 size_t size, Diag *diag) {
  void *bytes;
  vtac_status status = fsim_host(port, from, size, &bytes, diag);
  if (!status && size) memcpy(to, bytes, size);
  return status;
}

/* The message of a check, with the instruction that failed it. */
static vtac_status at_insn(uint32_t index, const Insn *insn, const Diag *why,
                           Diag *diag) {
  char brief[HW_BRIEF_MAX];
  return diag_set(diag, why->id, "instruction %u (%s): %.900s", index,
                  insn ? hw_insn_brief(insn, brief) : "undecoded",
                  why->message);
}

static void execute_load(Fsim *sim, const MemInsn *mem) {
  onchip_load(&sim->chip, mem, &sim->dram);
  if (sim->fast && mem->memory_type == HW_MEM_WGT)
    fast_weights_changed(sim->fast, mem->sram_base, hw_sram_elems(mem));
}

static void execute_plain(Fsim *sim, const Insn *insn) {
  switch (insn->opcode) {
    case HW_OP_STORE: onchip_store(&sim->chip, &insn->mem, &sim->dram); break;
    case HW_OP_GEMM: onchip_gemm(&sim->chip, &insn->gemm); break;
    case HW_OP_ALU: onchip_alu(&sim->chip, &insn->alu); break;
    default: break;
  }
}

static void execute_fast(Fsim *sim, const Insn *insn) {
  switch (insn->opcode) {
    case HW_OP_STORE: fast_store(sim->fast, &insn->mem, &sim->dram); break;
    case HW_OP_GEMM: fast_gemm(sim->fast, &insn->gemm); break;
    case HW_OP_ALU: fast_alu(sim->fast, &insn->alu); break;
    default: break;
  }
}

static vtac_status fsim_step(void *self, uint32_t index, const Insn *insn,
                             Diag *diag) {
  Fsim *sim = self;
  Diag why;
  if (onchip_check(&sim->chip, insn, &sim->dram, &why))
    return at_insn(index, insn, &why, diag);
  hw_count(sim->chip.config, insn, sim->counters);
  if (hw_is_nop(insn)) return VTAC_OK;
  bool loads = insn->opcode == HW_OP_LOAD;
  bool loads_uops = loads && insn->mem.memory_type == HW_MEM_UOP;
  if (sim->skip && !loads_uops) return VTAC_OK;
  if (loads)
    execute_load(sim, &insn->mem);
  else if (sim->fast)
    execute_fast(sim, insn);
  else
    execute_plain(sim, insn);
  return VTAC_OK;
}

static vtac_status reserve_insns(Fsim *sim, uint32_t count, Diag *diag) {
  if (count <= sim->capacity) return VTAC_OK;
  Insn *bigger = realloc(sim->insns, (size_t)count * sizeof *bigger);
  if (!bigger)
    return diag_set(diag, D_NO_MEMORY, "no memory for %u instructions", count);
  sim->insns = bigger;
  sim->capacity = count;
  return VTAC_OK;
}

static vtac_status decode_stream(Fsim *sim, const uint8_t *bytes,
                                 uint32_t count, Diag *diag) {
  for (uint32_t i = 0; i < count; i++) {
    uint64_t word[2];
    Diag why;
    hw_insn_read(bytes + (size_t)i * HW_INSN_BYTES, word);
    if (hw_decode(sim->chip.config, word, &sim->insns[i], &why))
      return at_insn(i, NULL, &why, diag);
  }
  return VTAC_OK;
}

static vtac_status fsim_run(HwPort *port, HwAddr addr, uint32_t count,
                            Diag *diag) {
  Fsim *sim = port->self;
  void *bytes;
  vtac_status status = dram_range(
      &sim->dram, addr, (uint64_t)count * HW_INSN_BYTES, &bytes, diag);
  if (!status) status = reserve_insns(sim, count, diag);
  if (!status) status = decode_stream(sim, bytes, count, diag);
  if (status) return status;
  return pipeline_run(sim->insns, count, sim->tokens, fsim_step, sim, diag);
}

static void fsim_counters(const HwPort *port, uint64_t ret[HW_COUNTERS]) {
  const Fsim *sim = port->self;
  memcpy(ret, sim->counters, sizeof sim->counters);
}

static void fsim_counters_clear(HwPort *port) {
  Fsim *sim = port->self;
  memset(sim->counters, 0, sizeof sim->counters);
}

static void fsim_skip_execution(HwPort *port, bool skip) {
  ((Fsim *)port->self)->skip = skip;
}

static void fsim_reset(HwPort *port) {
  Fsim *sim = port->self;
  memset(sim->tokens, 0, sizeof sim->tokens);
  onchip_forget(&sim->chip);
  if (sim->fast)
    fast_weights_changed(sim->fast, 0,
                         (uint64_t)sim->chip.config->wgt_buff_depth);
}

static const HwPortOps fsim_ops = {
    .destroy = fsim_destroy,
    .alloc = fsim_alloc,
    .free = fsim_free,
    .host = fsim_host,
    .copy_in = fsim_copy_in,
    .copy_out = fsim_copy_out,
    .run = fsim_run,
    .counters = fsim_counters,
    .counters_clear = fsim_counters_clear,
    .skip_execution = fsim_skip_execution,
    .reset = fsim_reset,
};

vtac_status fsim_create_with(const HwConfig *config, FsimOptions options,
                             HwPort **ret, Diag *diag) {
  Fsim *sim = calloc(1, sizeof *sim);
  if (!sim) return diag_set(diag, D_NO_MEMORY, "no memory for a simulator");
  sim->port = (HwPort){&fsim_ops, sim, *config, 0};
  dram_init(&sim->dram);
  vtac_status status = onchip_init(&sim->chip, &sim->port.config, diag);
  if (!status && !options.plain && fast_supports(config))
    status = fast_create(&sim->chip, options.portable, &sim->fast, diag);
  if (status) {
    fsim_destroy(&sim->port);
    return status;
  }
  *ret = &sim->port;
  return VTAC_OK;
}

vtac_status fsim_create(const HwConfig *config, HwPort **ret, Diag *diag) {
  return fsim_create_with(config, (FsimOptions){0}, ret, diag);
}
