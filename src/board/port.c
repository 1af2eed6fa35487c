/* SPDX-License-Identifier: Apache-2.0 */
/* The port of a board: its memory is a region of contiguous memory, a run is
 * a few register writes and a poll with a deadline.
 *
 * Work is counted from the instructions, which determine it; cycles come from
 * the hardware where it counts them. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "board/admit.h"
#include "board/design.h"
#include "board/dma.h"
#include "board/reset.h"
#include "board/sysfs.h"

enum {
  HAZARD_DISTANCE = 2, /* micro-ops in flight that may not be overtaken */
  BUSY_POLLS = 64,     /* before the poll begins to sleep */
  POLL_NS = 50 * 1000
};

typedef struct Board {
  HwPort port;
  BoardSpec spec;
  const BoardDesign *design;
  Mmio mmio;
  BoardReset reset;
  DmaMemory *dma;
  Region region;
  Admission admission;
  HwAddr nop; /* a page with one instruction that does nothing */
  uint64_t counters[HW_COUNTERS];
  HwTiming timing;
  bool skip;
  bool lost; /* it hangs, and no way to reset it has helped */
} Board;

/* ---- Memory ------------------------------------------------------------- */

static uint8_t *host_bytes(const Board *board, HwAddr addr) {
  return board->dma->bytes + (addr - board->region.base);
}

static vtac_status board_host(HwPort *port, HwAddr addr, size_t size,
                              void **ret, Diag *diag) {
  const Board *board = port->self;
  RegionBlock *block;
  vtac_status status = region_find(&board->region, addr, size, &block, diag);
  if (!status) *ret = host_bytes(board, addr);
  return status;
}

/* New memory is zero, whoever had it before. */
static vtac_status board_alloc(HwPort *port, size_t size, HwAddr *ret,
                               Diag *diag) {
  Board *board = port->self;
  vtac_status status = region_alloc(&board->region, size, ret, diag);
  if (!status) memset(host_bytes(board, *ret), 0, size);
  return status;
}

static vtac_status board_free(HwPort *port, HwAddr addr, Diag *diag) {
  return region_free(&((Board *)port->self)->region, addr, diag);
}

static size_t offset_of(const Board *board, const RegionBlock *block) {
  return block->addr - board->region.base;
}

/* What the device will read, and what it will write only a part of. */
static vtac_status give_to_device(const Board *board, Diag *diag) {
  const Region *region = &board->region;
  vtac_status status = VTAC_OK;
  for (size_t i = 0; i < region->blocks && !status; i++) {
    const RegionBlock *block = &region->block[i];
    if (block->read || block->written)
      status = board->dma->ops->sync_for_device(
          board->dma, offset_of(board, block), (size_t)block->span, diag);
  }
  return status;
}

static vtac_status take_from_device(const Board *board, Diag *diag) {
  const Region *region = &board->region;
  vtac_status status = VTAC_OK;
  for (size_t i = 0; i < region->blocks && !status; i++) {
    const RegionBlock *block = &region->block[i];
    if (block->written)
      status = board->dma->ops->sync_for_cpu(
          board->dma, offset_of(board, block), (size_t)block->span, diag);
  }
  return status;
}

/* ---- Waiting ------------------------------------------------------------ */

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Polls until `wanted` holds; false when the deadline has passed. */
static bool wait_until(const Board *board, bool (*wanted)(const Mmio *mmio),
                       uint64_t deadline) {
  for (int polls = 0; !wanted(&board->mmio); polls++) {
    if (polls < BUSY_POLLS) {
      sched_yield();
      continue;
    }
    if (now_ms() > deadline) return wanted(&board->mmio);
    nanosleep(&(struct timespec){0, POLL_NS}, NULL);
  }
  return true;
}

/* Whether the FPGA holds a design: reading registers of one that does not can
 * stop the processor. */
static vtac_status check_operating(const BoardSpec *spec, Diag *diag) {
  char path[SYSFS_PATH_MAX], state[SYSFS_TEXT_MAX];
  if (!*spec->fpga_manager) return VTAC_OK;
  snprintf(path, sizeof path, "%s/sys/class/fpga_manager/%s/state", spec->root,
           spec->fpga_manager);
  if (!sysfs_read(path, state) || !strcmp(state, "operating")) return VTAC_OK;
  return diag_set(diag, D_FPGA, "the FPGA is not programmed: its state is '%s'",
                  state);
}

/* ---- Reset -------------------------------------------------------------- */

static vtac_status restart(Board *board, Diag *diag) {
  enum { RESET_MS = 1000 };
  char state[DESIGN_STATE_MAX];
  vtac_status status = reset_run(&board->reset, diag);
  if (!status && !wait_until(board, board->design->idle, now_ms() + RESET_MS)) {
    board->design->describe(&board->mmio, state);
    status = diag_set(diag, D_BOARD_STATE,
                      "the accelerator is not idle after a reset: %s", state);
  }
  board->lost = status != VTAC_OK;
  return status;
}

/* Without a way to reset, nothing need be done if no token is left. */
static void board_port_reset(HwPort *port) {
  Board *board = port->self;
  bool clean = !board->lost;
  for (int i = 0; i < HW_TOKENS; i++)
    clean = clean && board->admission.tokens[i] == 0;
  memset(board->admission.tokens, 0, sizeof board->admission.tokens);
  if (!clean || reset_is_possible(&board->spec)) restart(board, NULL);
}

static vtac_status time_out(Board *board, uint32_t count, Diag *diag) {
  char state[DESIGN_STATE_MAX];
  Diag why;
  board->design->describe(&board->mmio, state);
  memset(board->admission.tokens, 0, sizeof board->admission.tokens);
  vtac_status status = restart(board, &why);
  return diag_set(diag, D_BOARD_TIMEOUT,
                  "the accelerator has not finished %u instructions after "
                  "%llu ms: %s; %s%.400s",
                  count, (unsigned long long)board->spec.timeout_ms, state,
                  status ? "resetting it failed: " : "it was reset",
                  status ? why.message : "");
}

/* ---- Runs --------------------------------------------------------------- */

static Insn make_nop(HwStage stage) {
  Insn nop = {.opcode = stage == HW_STAGE_STORE ? HW_OP_STORE : HW_OP_LOAD};
  nop.mem.memory_type = stage == HW_STAGE_LOAD    ? HW_MEM_INP
                        : stage == HW_STAGE_STORE ? HW_MEM_OUT
                                                  : HW_MEM_UOP;
  return nop;
}

/* Runs what lies at `addr`; false when it does not end in time. */
static bool launch(const Board *board, HwAddr addr, uint32_t count) {
  const BoardDesign *design = board->design;
  const uint64_t deadline = now_ms() + board->spec.timeout_ms;
  if (!wait_until(board, design->idle, deadline)) return false;
  if (design->fresh && !design->fresh(&board->mmio)) {
    design->start(&board->mmio, board->nop, 1);
    if (!wait_until(board, design->fresh, deadline) ||
        !wait_until(board, design->idle, deadline))
      return false;
  }
  design->start(&board->mmio, addr, count);
  bool done = wait_until(board, design->finished, deadline);
  mmio_barrier();
  return done;
}

static vtac_status launch_and_sync(Board *board, HwAddr addr, uint32_t count,
                                   Diag *diag) {
  vtac_status status = give_to_device(board, diag);
  if (status) return status;
  if (!launch(board, addr, count)) return time_out(board, count, diag);
  if (board->design->timing) {
    HwTiming last;
    board->design->timing(&board->mmio, &last);
    board->timing.cycles += last.cycles;
    board->timing.acc_writes += last.acc_writes;
  }
  return take_from_device(board, diag);
}

/* The same tokens without the work: all but FINISH and the loads of micro-ops
 * become NOPs of their units. */
static vtac_status write_skipping(const Board *board, uint8_t *to, Diag *diag) {
  const Admission *admission = &board->admission;
  for (uint32_t i = 0; i < admission->count; i++) {
    Insn insn = admission->insns[i];
    bool kept =
        insn.opcode == HW_OP_FINISH ||
        (insn.opcode == HW_OP_LOAD && insn.mem.memory_type == HW_MEM_UOP);
    if (!kept) {
      Insn nop = make_nop(hw_stage(&insn));
      nop.pop_prev = insn.pop_prev;
      nop.pop_next = insn.pop_next;
      nop.push_prev = insn.push_prev;
      nop.push_next = insn.push_next;
      insn = nop;
    }
    uint64_t word[2] = {0, 0};
    vtac_status status = hw_encode(&board->port.config, &insn, word, diag);
    if (status) return status;
    hw_insn_write(word, to + (size_t)i * HW_INSN_BYTES);
  }
  return VTAC_OK;
}

static vtac_status run_skipping(Board *board, uint32_t count, Diag *diag) {
  HwAddr addr;
  const size_t size = (size_t)count * HW_INSN_BYTES;
  vtac_status status = board_alloc(&board->port, size, &addr, diag);
  if (status) return status;
  status = write_skipping(board, host_bytes(board, addr), diag);
  RegionBlock *block;
  if (!status) status = region_find(&board->region, addr, size, &block, diag);
  if (!status) {
    block->read = true;
    status = launch_and_sync(board, addr, count, diag);
  }
  board_free(&board->port, addr, NULL);
  return status;
}

static vtac_status board_run(HwPort *port, HwAddr addr, uint32_t count,
                             Diag *diag) {
  Board *board = port->self;
  RegionBlock *block;
  if (board->lost)
    return diag_set(diag, D_BOARD_STATE,
                    "the accelerator hangs since an earlier run and could not "
                    "be reset");
  vtac_status status = region_find(
      &board->region, addr, (uint64_t)count * HW_INSN_BYTES, &block, diag);
  if (!status)
    status = admission_check(&board->admission, host_bytes(board, addr), count,
                             diag);
  if (status) return status;
  block->read = true;
  status = board->skip ? run_skipping(board, count, diag)
                       : launch_and_sync(board, addr, count, diag);
  for (int i = 0; i < HW_COUNTERS && !status; i++)
    board->counters[i] += board->admission.counts[i];
  return status;
}

/* ---- Counters ----------------------------------------------------------- */

static void board_counters(const HwPort *port, uint64_t ret[HW_COUNTERS]) {
  const Board *board = port->self;
  memcpy(ret, board->counters, sizeof board->counters);
}

static void board_counters_clear(HwPort *port) {
  Board *board = port->self;
  memset(board->counters, 0, sizeof board->counters);
  board->timing = (HwTiming){0};
}

static bool board_timing(const HwPort *port, HwTiming *ret) {
  const Board *board = port->self;
  *ret = board->timing;
  return board->design->timing != NULL;
}

static void board_skip_execution(HwPort *port, bool skip) {
  ((Board *)port->self)->skip = skip;
}

/* ---- Life --------------------------------------------------------------- */

static void board_destroy(HwPort *port) {
  Board *board = port->self;
  admission_clear(&board->admission);
  region_clear(&board->region);
  dma_close(board->dma);
  mmio_unmap(&board->mmio);
  reset_close(&board->reset);
  free(board);
}

static const HwPortOps board_ops = {
    .destroy = board_destroy,
    .alloc = board_alloc,
    .free = board_free,
    .host = board_host,
    .run = board_run,
    .counters = board_counters,
    .counters_clear = board_counters_clear,
    .timing = board_timing,
    .skip_execution = board_skip_execution,
    .reset = board_port_reset,
};

/* The instruction that takes back an earlier run's FINISH. */
static vtac_status place_nop(Board *board, Diag *diag) {
  uint64_t word[2] = {0, 0};
  const Insn nop = make_nop(HW_STAGE_COMPUTE);
  vtac_status status =
      board_alloc(&board->port, HW_INSN_BYTES, &board->nop, diag);
  if (!status) status = hw_encode(&board->port.config, &nop, word, diag);
  if (status) return status;
  hw_insn_write(word, host_bytes(board, board->nop));
  return board->dma->ops->sync_for_device(
      board->dma, board->nop - board->region.base, HW_PAGE_BYTES, diag);
}

static vtac_status open_parts(Board *board, Diag *diag) {
  const BoardSpec *spec = &board->spec;
  vtac_status status = VTAC_OK;
  if (*spec->bitstream) status = board_program(spec, spec->bitstream, diag);
  if (!status) status = check_operating(spec, diag);
  if (!status)
    status = mmio_map(spec, spec->registers, board->design->window,
                      &board->mmio, diag);
  if (!status) status = reset_open(spec, &board->reset, diag);
  if (!status) status = dma_open(spec, &board->dma, diag);
  if (status) return status;
  region_init(&board->region, (HwAddr)(board->dma->phys + spec->dma_offset),
              board->dma->size);
  admission_init(&board->admission, &board->port.config, &board->region);
  status = place_nop(board, diag);
  if (!status && reset_is_possible(spec) && !*spec->bitstream)
    status = restart(board, diag);
  return status;
}

vtac_status board_create(const HwConfig *config, const BoardSpec *spec,
                         HwPort **ret, Diag *diag) {
  Board *board = calloc(1, sizeof *board);
  if (!board) return diag_set(diag, D_NO_MEMORY, "no memory for a board");
  board->port = (HwPort){&board_ops, board, *config, HAZARD_DISTANCE, true};
  board->spec = *spec;
  board->design = board_design(spec->design);
  vtac_status status = open_parts(board, diag);
  if (status)
    board_destroy(&board->port);
  else
    *ret = &board->port;
  return status;
}
