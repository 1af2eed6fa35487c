/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction construction: a pop rides on the next instruction of its stage,
 * a push on the preceding instruction if that is of its stage; what finds no
 * carrier travels on a NOP.
 *
 * In serial mode the program's own tokens are ignored.  Instead each change of
 * unit in program order gets one push and one pop, with a compute NOP between
 * load and store, which share no token queue. */
#include <string.h>

#include "device/queue_impl.h"

static vtac_status append(CommandQueue *queue, Insn insn) {
  void *array = queue->insns;
  vtac_status status =
      queue_grow(queue, &array, queue->count, &queue->capacity, sizeof insn);
  queue->insns = array;
  if (status) return status;
  array = queue->sites;
  status = queue_grow(queue, &array, queue->count, &queue->site_capacity,
                      sizeof *queue->sites);
  queue->sites = array;
  if (status) return status;
  queue->sites[queue->count] = queue->site;
  queue->insns[queue->count++] = insn;
  return VTAC_OK;
}

static Insn make_nop(HwStage stage) {
  Insn nop = {.opcode = stage == HW_STAGE_STORE ? HW_OP_STORE : HW_OP_LOAD};
  nop.mem.memory_type = stage == HW_STAGE_LOAD ? HW_MEM_INP : HW_MEM_UOP;
  return nop;
}

static vtac_status append_serial(CommandQueue *queue, HwStage stage,
                                 Insn insn) {
  Insn *last = queue->count ? &queue->insns[queue->count - 1] : NULL;
  HwStage before = last ? hw_stage(last) : stage;
  if (before != stage && before != HW_STAGE_COMPUTE &&
      stage != HW_STAGE_COMPUTE) {
    vtac_status status =
        append_serial(queue, HW_STAGE_COMPUTE, make_nop(HW_STAGE_COMPUTE));
    if (status) return status;
    before = HW_STAGE_COMPUTE;
    last = &queue->insns[queue->count - 1];
  }
  if (before < stage) last->push_next = insn.pop_prev = 1;
  if (before > stage) last->push_prev = insn.pop_next = 1;
  return append(queue, insn);
}

vtac_status stream_append(CommandQueue *queue, HwStage stage, Insn insn) {
  if (queue->options.force_serial) return append_serial(queue, stage, insn);
  insn.pop_prev = queue->pops.prev[stage];
  insn.pop_next = queue->pops.next[stage];
  queue->pops.prev[stage] = queue->pops.next[stage] = false;
  return append(queue, insn);
}

vtac_status stream_commit(CommandQueue *queue, HwStage stage) {
  if (!queue->pops.prev[stage] && !queue->pops.next[stage]) return VTAC_OK;
  return stream_append(queue, stage, make_nop(stage));
}

/* The stage to whose pushes the last instruction may lend itself.  A load-type
 * NOP lends itself to none, a store NOP does: so the reference's streams. */
static HwStage carrier_stage(const CommandQueue *queue) {
  if (queue->count == 0) return HW_STAGE_NONE;
  const Insn *last = &queue->insns[queue->count - 1];
  if (last->opcode == HW_OP_LOAD && hw_is_nop(last)) return HW_STAGE_NONE;
  return hw_stage(last);
}

static vtac_status check_pair(CommandQueue *queue, int from, int to) {
  bool known = from >= HW_STAGE_LOAD && from <= HW_STAGE_STORE &&
               to >= HW_STAGE_LOAD && to <= HW_STAGE_STORE;
  if (known && (from - to == 1 || to - from == 1)) return VTAC_OK;
  return queue_fail(queue, D_INSN_FLAG,
                    "there is no token queue from stage %d to stage %d", from,
                    to);
}

vtac_status stream_pop(CommandQueue *queue, HwStage from, HwStage to) {
  if (queue->options.force_serial) return VTAC_OK;
  bool *pending = from < to ? &queue->pops.prev[to] : &queue->pops.next[to];
  vtac_status status = *pending ? stream_commit(queue, to) : VTAC_OK;
  *pending = true;
  return status;
}

vtac_status stream_push(CommandQueue *queue, HwStage from, HwStage to) {
  if (queue->options.force_serial) return VTAC_OK;
  vtac_status status = stream_commit(queue, from);
  if (status) return status;
  if (carrier_stage(queue) == from) {
    Insn *last = &queue->insns[queue->count - 1];
    uint32_t *flag = from < to ? &last->push_next : &last->push_prev;
    if (!*flag) {
      *flag = 1;
      return VTAC_OK;
    }
  }
  Insn nop = make_nop(from);
  nop.push_next = from < to;
  nop.push_prev = from > to;
  return stream_append(queue, from, nop);
}

vtac_status queue_dep_pop(CommandQueue *queue, int from, int to) {
  if (queue->failed) return queue->diag.status;
  vtac_status status = check_pair(queue, from, to);
  if (!status) status = stream_pop(queue, (HwStage)from, (HwStage)to);
  return status ? status : stream_check_overflow(queue);
}

vtac_status queue_dep_push(CommandQueue *queue, int from, int to) {
  if (queue->failed) return queue->diag.status;
  vtac_status status = check_pair(queue, from, to);
  if (!status) status = stream_push(queue, (HwStage)from, (HwStage)to);
  return status ? status : stream_check_overflow(queue);
}

/* More than one call and a synchronisation together append. */
enum { SPARE_INSNS = 16 };

vtac_status stream_check_overflow(CommandQueue *queue) {
  uint64_t bytes = ((uint64_t)queue->count + SPARE_INSNS) * HW_INSN_BYTES;
  if (bytes <= queue->options.max_bytes) return VTAC_OK;
  vtac_status status = queue_synchronize(queue);
  queue->cut = !status;
  return status;
}

/* Appends a kernel's micro-ops to the image unless the batch holds them. */
static vtac_status add_to_image(CommandQueue *queue, Kernel *kernel) {
  if (kernel->batch == queue->batch) return VTAC_OK;
  for (uint32_t i = 0; i < kernel->count; i++) {
    void *array = queue->image;
    vtac_status status = queue_grow(queue, &array, queue->image_count,
                                    &queue->image_capacity, HW_UOP_BYTES);
    queue->image = array;
    if (status) return status;
    queue->image[queue->image_count++] = kernel->words[i];
  }
  kernel->image = queue->image_count - kernel->count;
  kernel->batch = queue->batch;
  return VTAC_OK;
}

vtac_status stream_load_uops(CommandQueue *queue, Kernel *kernel) {
  vtac_status status = add_to_image(queue, kernel);
  if (status) return status;
  Insn load = {.opcode = HW_OP_LOAD};
  load.mem = (MemInsn){.memory_type = HW_MEM_UOP,
                       .sram_base = kernel->begin,
                       .dram_base = kernel->image,
                       .y_size = 1,
                       .x_size = kernel->count,
                       .x_stride = kernel->count};
  status = stream_append(queue, HW_STAGE_COMPUTE, load);
  if (status) return status;
  void *array = queue->moved;
  status = queue_grow(queue, &array, queue->moved_count, &queue->moved_capacity,
                      sizeof *queue->moved);
  queue->moved = array;
  if (!status) queue->moved[queue->moved_count++] = queue->count - 1;
  return status;
}

void stream_drop(CommandQueue *queue) {
  queue->count = queue->image_count = queue->moved_count = 0;
  queue->batch++;
  residency_drop(queue);
}
