/* SPDX-License-Identifier: Apache-2.0 */
/* The functional simulator: runs streams on the memories of one device.
 *
 * On the plain path instructions are run one by one, as hw/semantics.h has
 * them.  On the fast path a stream becomes a program (program.h), its loops
 * become plans (plan.h), and kernels (kernels.h) do the work.  Checks that
 * depend on what the memories hold are made at every run. */
#include "fsim/fsim.h"

#include <stdlib.h>
#include <string.h>

#include "fsim/fast.h"
#include "fsim/program.h"
#include "hw/bounds.h"
#include "hw/pipeline.h"

typedef struct Fsim {
  HwPort port;
  Dram dram;
  OnChip chip;
  Fast *fast; /* NULL where only the plain semantics apply */
  ProgramCache programs;
  PlanSet plans;
  uint64_t tokens[HW_TOKENS];
  uint64_t counters[HW_COUNTERS];
  bool skip;
} Fsim;

static void fsim_destroy(HwPort *port) {
  Fsim *sim = port->self;
  fast_destroy(sim->fast);
  onchip_clear(&sim->chip);
  dram_clear(&sim->dram);
  program_cache_clear(&sim->programs);
  plan_set_clear(&sim->plans);
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

/* In this mode all is checked and counted but only micro-ops are loaded. */
static bool is_skipped(const Fsim *sim, const Insn *insn) {
  bool loads_uops =
      insn->opcode == HW_OP_LOAD && insn->mem.memory_type == HW_MEM_UOP;
  return sim->skip && !loads_uops;
}

/* ---- The plain path ----------------------------------------------------- */

static void execute_plain(Fsim *sim, const Insn *insn) {
  switch (insn->opcode) {
    case HW_OP_LOAD: onchip_load(&sim->chip, &insn->mem, &sim->dram); break;
    case HW_OP_STORE: onchip_store(&sim->chip, &insn->mem, &sim->dram); break;
    case HW_OP_GEMM: onchip_gemm(&sim->chip, &insn->gemm); break;
    case HW_OP_ALU: onchip_alu(&sim->chip, &insn->alu); break;
    default: break;
  }
}

static vtac_status plain_step(void *self, uint32_t index, const Insn *insn,
                              Diag *diag) {
  Fsim *sim = self;
  Diag why;
  if (onchip_check(&sim->chip, insn, &sim->dram, &why))
    return program_error(index, insn, &why, diag);
  hw_count(sim->chip.config, insn, sim->counters);
  if (!hw_is_nop(insn) && !is_skipped(sim, insn)) execute_plain(sim, insn);
  return VTAC_OK;
}

static vtac_status run_plain(Fsim *sim, const uint8_t *bytes, uint32_t count,
                             Diag *diag) {
  const Insn *insns;
  vtac_status status = program_decode(&sim->programs, sim->chip.config, bytes,
                                      count, &insns, diag);
  if (status) return status;
  return pipeline_run(insns, count, sim->tokens, plain_step, sim, diag);
}

/* ---- The fast path ------------------------------------------------------ */

/* The plan of a GEMM or ALU instruction: the operation's last one if its
 * micro-ops are what they were, else one from the set, or a new one after a
 * check.  NULL for loops that are empty, or on failure. */
static vtac_status find_plan(Fsim *sim, ProgramOp *op, Plan **ret, Diag *diag) {
  const Insn *insn = &op->insn;
  const GemmInsn loops = hw_loops(insn);
  const PlanKind kind = plan_kind(insn);
  const uint8_t *words = sim->chip.uop + (size_t)loops.uop_bgn * HW_UOP_BYTES;
  *ret = NULL;
  if (op->plan && op->generation == sim->plans.generation &&
      plan_matches(op->plan, kind, &loops, words)) {
    *ret = op->plan;
    return VTAC_OK;
  }
  vtac_status status = onchip_check(&sim->chip, insn, &sim->dram, diag);
  if (status || hw_loops_are_empty(&loops)) return status;
  Plan *plan = plan_find(&sim->plans, kind, &loops, words);
  if (!plan)
    plan = plan_add(&sim->plans, sim->chip.config, kind, &loops, words);
  if (!plan) return diag_set(diag, D_NO_MEMORY, "no memory for its plan");
  op->plan = *ret = plan;
  op->generation = sim->plans.generation;
  return VTAC_OK;
}

static vtac_status run_loops(Fsim *sim, ProgramOp *op, Diag *diag) {
  Plan *plan;
  vtac_status status = find_plan(sim, op, &plan, diag);
  if (status) return status;
  hw_count(sim->chip.config, &op->insn, sim->counters);
  if (!plan || sim->skip) return VTAC_OK;
  if (op->insn.opcode == HW_OP_GEMM)
    fast_gemm(sim->fast, plan);
  else
    fast_alu(sim->fast, plan, &op->insn.alu);
  return VTAC_OK;
}

/* The host's view of what a transfer moves; NULL when that is nothing. */
static vtac_status transfer_bytes(const Fsim *sim, const MemInsn *mem,
                                  void **ret, Diag *diag) {
  const DramSpan span = hw_dram_span(sim->chip.config, mem);
  *ret = NULL;
  if (!span.bytes) return VTAC_OK;
  return dram_range(&sim->dram, span.addr, span.bytes, ret, diag);
}

static vtac_status run_transfer(Fsim *sim, const Insn *insn, Diag *diag) {
  void *bytes;
  vtac_status status = transfer_bytes(sim, &insn->mem, &bytes, diag);
  if (status) return status;
  hw_count(sim->chip.config, insn, sim->counters);
  if (is_skipped(sim, insn)) return VTAC_OK;
  if (insn->opcode == HW_OP_STORE)
    fast_store(sim->fast, &insn->mem, bytes);
  else if (insn->mem.memory_type == HW_MEM_UOP)
    onchip_load(&sim->chip, &insn->mem, &sim->dram);
  else
    fast_load(sim->fast, &insn->mem, bytes);
  return VTAC_OK;
}

/* The instructions of an operation one by one, with their own checks. */
static vtac_status run_singly(Fsim *sim, const Program *program,
                              const ProgramOp *op, uint32_t *ret_place,
                              Diag *diag) {
  const HwConfig *config = sim->chip.config;
  for (uint32_t i = 0; i < op->count; i++) {
    const uint32_t index = program->order[op->first + i];
    const Insn insn = program_insn(program, config, index);
    Diag why;
    vtac_status status = onchip_check(&sim->chip, &insn, &sim->dram, &why);
    if (!status) status = run_transfer(sim, &insn, &why);
    if (!status) continue;
    *ret_place = op->first + i;
    return program_error(index, &insn, &why, diag);
  }
  return VTAC_OK;
}

/* Runs an operation; on failure says in which place of the order. */
static vtac_status run_op(Fsim *sim, const Program *program, ProgramOp *op,
                          uint32_t *ret_place, Diag *diag) {
  Diag why;
  if (op->insn.opcode == HW_OP_LOAD || op->insn.opcode == HW_OP_STORE) {
    if (op->legal && !run_transfer(sim, &op->insn, &why)) return VTAC_OK;
    return run_singly(sim, program, op, ret_place, diag);
  }
  if (!run_loops(sim, op, &why)) return VTAC_OK;
  *ret_place = op->first;
  return program_error(program->order[op->first], &op->insn, &why, diag);
}

static vtac_status run_program(Fsim *sim, Program *program, Diag *diag) {
  for (uint32_t i = 0; i < program->ops; i++) {
    uint32_t place = 0;
    vtac_status status = run_op(sim, program, &program->op[i], &place, diag);
    if (!status) continue;
    program_tokens_at(&sim->programs, program, sim->chip.config, place,
                      sim->tokens);
    return status;
  }
  memcpy(sim->tokens, program->after, sizeof sim->tokens);
  if (program->complete) return VTAC_OK;
  if (diag) *diag = program->failure;
  return program->failure.status;
}

static vtac_status run_fast(Fsim *sim, const uint8_t *bytes, uint32_t count,
                            Diag *diag) {
  Program *program;
  vtac_status status = program_get(&sim->programs, sim->chip.config, bytes,
                                   count, sim->tokens, &program, diag);
  if (!status) status = run_program(sim, program, diag);
  fast_settle(sim->fast);
  return status;
}

static vtac_status fsim_run(HwPort *port, HwAddr addr, uint32_t count,
                            Diag *diag) {
  Fsim *sim = port->self;
  void *bytes;
  vtac_status status = dram_range(
      &sim->dram, addr, (uint64_t)count * HW_INSN_BYTES, &bytes, diag);
  if (status) return status;
  return sim->fast ? run_fast(sim, bytes, count, diag)
                   : run_plain(sim, bytes, count, diag);
}

/* ---- Counters and state ------------------------------------------------- */

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
  if (sim->fast) fast_forget(sim->fast);
}

static const HwPortOps fsim_ops = {
    .destroy = fsim_destroy,
    .alloc = fsim_alloc,
    .free = fsim_free,
    .host = fsim_host,
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
  sim->port = (HwPort){&fsim_ops, sim, *config, 0, false};
  dram_init(&sim->dram);
  vtac_status status = onchip_init(&sim->chip, &sim->port.config, diag);
  if (!status && !options.plain && FAST_HOST)
    status = fast_create(&sim->chip, options.isa, &sim->fast, diag);
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
