/* SPDX-License-Identifier: Apache-2.0 */
/* Stepping through a stream.
 *
 * The order of instructions does not depend on data, so it is found before the
 * first one runs: from the timing model, or from the pipeline with steps that
 * do nothing.  An order that ends early keeps what the simulator said about it.
 */
#include "vtac/step.h"

#include <stdlib.h>
#include <string.h>

#include "hw/access.h"
#include "hw/bounds.h"
#include "hw/lanes.h"
#include "hw/pipeline.h"
#include "hw/semantics.h"
#include "runtime/objects.h"
#include "runtime/stream.h"
#include "tsim/model.h"

struct vtac_stepper {
  HwConfig config;
  Insn *insns;
  uint32_t count;
  vtac_step *order;
  uint32_t planned; /* instructions in the order */
  vtac_status end;  /* why it ends before the stream does, and in words */
  Diag why;

  uint32_t ran;
  bool *done; /* by instruction */
  uint64_t tokens[HW_TOKENS], counters[HW_COUNTERS];
  OnChip chip;
  Dram dram;
};

/* ---- The order ---------------------------------------------------------- */

static vtac_status plan_step(void *self, uint32_t index, const Insn *insn,
                             Diag *diag) {
  vtac_stepper *stepper = self;
  (void)diag;
  stepper->order[stepper->planned++] =
      (vtac_step){.insn = index, .unit = (vtac_unit)hw_stage(insn)};
  return VTAC_OK;
}

static void plan_timed(void *self, const TsimInsn *insn) {
  vtac_stepper *stepper = self;
  stepper->order[stepper->planned++] =
      (vtac_step){.insn = insn->index,
                  .unit = (vtac_unit)insn->unit,
                  .timed = 1,
                  .visible = insn->visible,
                  .start = insn->start,
                  .done = insn->done};
}

/* Tokens are taken when an instruction starts, after others have posted them
 * when they were done; so the order of starts is one that tokens allow. */
static int by_start(const void *a, const void *b) {
  const vtac_step *left = a, *right = b;
  if (left->start != right->start) return left->start < right->start ? -1 : 1;
  return (left->unit > right->unit) - (left->unit < right->unit);
}

static void plan_by_time(vtac_stepper *stepper) {
  const TsimSink sink = {.self = stepper, .insn = plan_timed};
  const TsimJob job = {.config = &stepper->config,
                       .timing = &stepper->config.timing,
                       .insns = stepper->insns,
                       .count = stepper->count,
                       .sink = &sink};
  TsimResult result;
  stepper->end = tsim_time(&job, &result, &stepper->why);
  qsort(stepper->order, stepper->planned, sizeof *stepper->order, by_start);
}

/* Fails where there is nothing to step through. */
static vtac_status plan(vtac_stepper *stepper, vtac_simulator simulator,
                        Diag *diag) {
  uint64_t tokens[HW_TOKENS] = {0};
  vtac_status status = pipeline_run(stepper->insns, stepper->count, tokens,
                                    plan_step, stepper, &stepper->why);
  if (status && !stepper->planned) {
    *diag = stepper->why;
    return status;
  }
  stepper->end = status;
  if (!device_is_timed(&stepper->config, simulator)) return VTAC_OK;
  stepper->planned = 0;
  plan_by_time(stepper);
  return VTAC_OK;
}

/* ---- Life --------------------------------------------------------------- */

void vtac_stepper_free(vtac_stepper *stepper) {
  if (!stepper) return;
  onchip_clear(&stepper->chip);
  dram_clear(&stepper->dram);
  free(stepper->insns);
  free(stepper->order);
  free(stepper->done);
  free(stepper);
}

static vtac_status decode(vtac_stepper *stepper, const void *stream,
                          size_t count, Diag *diag) {
  const size_t most = UINT32_MAX / HW_INSN_BYTES;
  if (count > most)
    return diag_set(diag, D_ARGUMENT, "a stream has at most %zu instructions",
                    most);
  stepper->count = (uint32_t)count;
  stepper->insns = malloc((count + 1) * sizeof *stepper->insns);
  stepper->order = malloc((count + 1) * sizeof *stepper->order);
  stepper->done = calloc(count + 1, sizeof *stepper->done);
  if (!stepper->insns || !stepper->order || !stepper->done)
    return diag_set(diag, D_NO_MEMORY, "no memory for %zu instructions", count);
  return stream_decode(&stepper->config, stream, stepper->count, stepper->insns,
                       diag);
}

static vtac_status place_memory(vtac_stepper *stepper,
                                const vtac_stream_options *options,
                                Diag *diag) {
  uint64_t end = stream_memory_end(&stepper->config, options, stepper->insns,
                                   stepper->count);
  if (end > STREAM_MEMORY_END - HW_PAGE_BYTES)
    end = STREAM_MEMORY_END - HW_PAGE_BYTES;
  HwAddr start;
  vtac_status status = stream_check_ranges(options, diag);
  if (!status)
    status = dram_alloc(&stepper->dram, (size_t)(end - STREAM_MEMORY_BEGIN),
                        &start, diag);
  for (size_t i = 0; i < options->image_count && !status; i++) {
    const vtac_stream_image *image = &options->images[i];
    void *to;
    status = dram_range(&stepper->dram, image->address, image->size, &to, diag);
    if (!status && image->size) memcpy(to, image->bytes, image->size);
  }
  return status;
}

vtac_stepper *vtac_stepper_new(const vtac_config *config, const void *stream,
                               size_t count, const vtac_stream_options *options,
                               vtac_error *error) {
  static const char call[] = "vtac_stepper_new";
  const vtac_stream_options none = {.image_count = 0};
  Diag diag;
  if (is_missing(config, call, "config", error) ||
      is_missing(stream, call, "stream", error))
    return NULL;
  if (!options) options = &none;
  vtac_stepper *stepper = calloc(1, sizeof *stepper);
  vtac_status status = VTAC_OK;
  if (!stepper)
    status = diag_set(&diag, D_NO_MEMORY, "cannot allocate a stepper");
  if (!status) {
    stepper->config = config->hw;
    dram_init(&stepper->dram);
    status = onchip_init(&stepper->chip, &stepper->config, &diag);
  }
  if (!status) status = decode(stepper, stream, count, &diag);
  if (!status) status = plan(stepper, options->simulator, &diag);
  if (!status) status = place_memory(stepper, options, &diag);
  if (!status) return stepper;
  report_error(error, &diag);
  vtac_stepper_free(stepper);
  return NULL;
}

/* ---- Going on ----------------------------------------------------------- */

int vtac_stepper_next(const vtac_stepper *stepper, vtac_step *ret) {
  if (stepper->ran == stepper->planned) return 0;
  *ret = stepper->order[stepper->ran];
  return 1;
}

static void move_tokens(vtac_stepper *stepper, const Insn *insn) {
  HwStage stage = hw_stage(insn);
  if (insn->pop_prev) stepper->tokens[hw_pop_token(stage, true)]--;
  if (insn->pop_next) stepper->tokens[hw_pop_token(stage, false)]--;
  if (insn->push_prev) stepper->tokens[hw_push_token(stage, true)]++;
  if (insn->push_next) stepper->tokens[hw_push_token(stage, false)]++;
}

static vtac_status run_next(vtac_stepper *stepper, Diag *diag) {
  uint32_t index = (uint32_t)stepper->order[stepper->ran].insn;
  const Insn *insn = &stepper->insns[index];
  Diag why;
  if (!hw_is_nop(insn) &&
      onchip_execute(&stepper->chip, insn, &stepper->dram, &why))
    return diag_set(diag, why.id, "instruction %u: %.900s", index, why.message);
  hw_count(&stepper->config, insn, stepper->counters);
  move_tokens(stepper, insn);
  stepper->done[index] = true;
  stepper->ran++;
  return VTAC_OK;
}

vtac_status vtac_stepper_run(vtac_stepper *stepper, vtac_error *error) {
  Diag diag;
  vtac_status status;
  if (stepper->ran < stepper->planned) {
    status = run_next(stepper, &diag);
  } else if (stepper->end) {
    diag = stepper->why;
    status = stepper->end;
  } else {
    status = diag_set(&diag, D_ARGUMENT, "the stream has ended");
  }
  return status ? report_error(error, &diag) : VTAC_OK;
}

size_t vtac_stepper_ran(const vtac_stepper *stepper) { return stepper->ran; }

int vtac_stepper_has_run(const vtac_stepper *stepper, size_t insn) {
  return insn < stepper->count && stepper->done[insn];
}

/* ---- Looking around ----------------------------------------------------- */

uint64_t vtac_stepper_tokens(const vtac_stepper *stepper, int queue) {
  return queue >= 0 && queue < HW_TOKENS ? stepper->tokens[queue] : 0;
}

/* The token queue that an instruction waits for, or NULL. */
static const char *missing_token(const vtac_stepper *stepper,
                                 const Insn *insn) {
  HwStage stage = hw_stage(insn);
  HwToken prev = hw_pop_token(stage, true), next = hw_pop_token(stage, false);
  if (insn->pop_prev && prev < HW_TOKENS && !stepper->tokens[prev])
    return hw_token_name(prev);
  if (insn->pop_next && next < HW_TOKENS && !stepper->tokens[next])
    return hw_token_name(next);
  return NULL;
}

/* Instructions that fetch has given to a unit before the next one starts. */
static size_t count_queued(const vtac_stepper *stepper, vtac_unit unit) {
  size_t queued = 0;
  uint32_t at = stepper->ran;
  if (at == stepper->planned || !stepper->order[at].timed) return 0;
  uint64_t now = stepper->order[at].start;
  for (; at < stepper->planned; at++)
    queued +=
        stepper->order[at].unit == unit && stepper->order[at].visible <= now;
  return queued;
}

vtac_step_unit vtac_stepper_unit(const vtac_stepper *stepper, vtac_unit unit) {
  vtac_step_unit found = {.next = SIZE_MAX};
  found.queued = count_queued(stepper, unit);
  for (uint32_t i = 0; i < stepper->count; i++) {
    if (stepper->done[i] || (int)hw_stage(&stepper->insns[i]) != (int)unit)
      continue;
    if (!found.left++) {
      found.next = i;
      found.lacks = missing_token(stepper, &stepper->insns[i]);
    }
  }
  return found;
}

void vtac_stepper_counters(const vtac_stepper *stepper,
                           uint64_t ret_counters[VTAC_COUNTERS]) {
  memcpy(ret_counters, stepper->counters, sizeof stepper->counters);
}

/* ---- Memories ----------------------------------------------------------- */

/* In the numbers of HwMemory. */
static const char *const memory_names[] = {[HW_MEM_UOP] = "uop",
                                           [HW_MEM_WGT] = "wgt",
                                           [HW_MEM_INP] = "inp",
                                           [HW_MEM_ACC] = "acc"};
enum { MEMORIES = sizeof memory_names / sizeof *memory_names };

const char *vtac_chip_memory_name(int memory) {
  return memory >= 0 && memory < MEMORIES ? memory_names[memory] : NULL;
}

vtac_chip_shape vtac_stepper_shape(const vtac_stepper *stepper, int memory) {
  const HwConfig *config = &stepper->config;
  vtac_chip_shape shape = {0, 0, 0};
  switch (memory) {
    case HW_MEM_UOP: shape = (vtac_chip_shape){0, 1, 3}; break;
    case HW_MEM_WGT:
      shape = (vtac_chip_shape){0, config->block_out, config->block_in};
      break;
    case HW_MEM_INP:
      shape = (vtac_chip_shape){0, config->batch, config->block_in};
      break;
    case HW_MEM_ACC:
      shape = (vtac_chip_shape){0, config->batch, config->block_out};
      break;
    default: return shape;
  }
  shape.elements = hw_depth(config, (uint32_t)memory);
  return shape;
}

static int lane_bits(const HwConfig *config, int memory) {
  return memory == HW_MEM_WGT   ? config->wgt_width
         : memory == HW_MEM_INP ? config->inp_width
                                : config->acc_width;
}

vtac_status vtac_stepper_element(const vtac_stepper *stepper, int memory,
                                 size_t element, int32_t *ret_lanes,
                                 vtac_error *error) {
  const HwConfig *config = &stepper->config;
  vtac_chip_shape shape = vtac_stepper_shape(stepper, memory);
  Diag diag;
  if (element >= shape.elements) {
    diag_set(&diag, D_ARGUMENT, "there is no element %zu of %zu", element,
             shape.elements);
    return report_error(error, &diag);
  }
  if (memory == HW_MEM_UOP) {
    Uop uop = hw_uop_at(config, stepper->chip.uop, (uint32_t)element);
    ret_lanes[0] = (int32_t)uop.dst;
    ret_lanes[1] = (int32_t)uop.src;
    ret_lanes[2] = (int32_t)uop.wgt;
    return VTAC_OK;
  }
  const size_t lanes = (size_t)shape.rows * (size_t)shape.columns;
  const uint8_t *bytes = onchip_memory(&stepper->chip, (uint32_t)memory) +
                         element * hw_elem_bytes(config, (uint32_t)memory);
  for (size_t i = 0; i < lanes; i++)
    ret_lanes[i] = lane_get(bytes, i, lane_bits(config, memory));
  return VTAC_OK;
}

vtac_status vtac_stepper_dram(const vtac_stepper *stepper, uint64_t address,
                              size_t size, void *ret_bytes, vtac_error *error) {
  Diag diag;
  void *bytes;
  if (dram_range(&stepper->dram, address, size, &bytes, &diag))
    return report_error(error, &diag);
  if (size) memcpy(ret_bytes, bytes, size);
  return VTAC_OK;
}

/* ---- Who touches what --------------------------------------------------- */

typedef struct Search {
  const vtac_touch_range *range;
  bool found;
} Search;

static bool overlaps(const vtac_touch_range *range, uint64_t first,
                     uint64_t count, int how) {
  return count && how & range->how && first <= range->last &&
         first + count > range->first;
}

static void meet_access(void *self, HwAccess access) {
  Search *search = self;
  int how = access.write ? VTAC_TOUCH_WRITE : VTAC_TOUCH_READ;
  if ((int)access.memory == search->range->memory &&
      overlaps(search->range, access.first, access.count, how))
    search->found = true;
}

static bool touches_dram(const vtac_stepper *stepper, const Insn *insn,
                         const vtac_touch_range *range) {
  if (hw_opcode_layout(insn->opcode) != HW_LAYOUT_MEM || hw_is_nop(insn))
    return false;
  DramSpan span = hw_dram_span(&stepper->config, &insn->mem);
  return overlaps(
      range, span.addr, span.bytes,
      insn->opcode == HW_OP_STORE ? VTAC_TOUCH_WRITE : VTAC_TOUCH_READ);
}

int vtac_stepper_touches(const vtac_stepper *stepper,
                         const vtac_touch_range *range) {
  vtac_step step;
  if (!vtac_stepper_next(stepper, &step)) return 0;
  const Insn *insn = &stepper->insns[step.insn];
  Search search = {range, false};
  if (range->memory == VTAC_DRAM) return touches_dram(stepper, insn, range);
  if (onchip_check(&stepper->chip, insn, &stepper->dram, NULL)) return 0;
  hw_each_access(&stepper->config, insn, stepper->chip.uop, meet_access,
                 &search);
  return search.found;
}
