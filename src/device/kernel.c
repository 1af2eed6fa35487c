/* SPDX-License-Identifier: Apache-2.0 */
/* Recording micro-op kernels and pushing the instructions that run them. */
#include <string.h>

#include "device/queue_impl.h"

vtac_status queue_kernel_begin(CommandQueue *queue, KernelMode mode,
                               uint64_t site) {
  if (queue->failed) return queue->diag.status;
  if (queue->recording.active)
    return queue_fail(queue, D_UOP_KERNEL,
                      "a kernel begins inside the recording of another");
  queue->recording.active = true;
  queue->recording.split = false;
  queue->recording.kernel = (Kernel){.site = site, .mode = mode};
  return VTAC_OK;
}

static vtac_status check_recording(CommandQueue *queue, const char *call) {
  if (queue->failed) return queue->diag.status;
  if (queue->recording.active) return VTAC_OK;
  return queue_fail(queue, D_UOP_KERNEL, "%s outside of a kernel", call);
}

static HwLayoutId layout_of(const Kernel *kernel) {
  return kernel->mode == KERNEL_GEMM ? HW_LAYOUT_GEMM : HW_LAYOUT_ALU;
}

/* Converts the values of a loop; an ALU has no weights. */
static vtac_status add_loop(CommandQueue *queue, const UopLoop *loop,
                            Kernel *kernel) {
  const HwLayoutId layout = layout_of(kernel);
  const struct {
    const char *name;
    int64_t value;
    uint32_t *ret;
  } fields[] = {
      {"iter_out", loop->extent, &kernel->loop[kernel->loops].extent},
      {"dst_factor_out", loop->dst_factor,
       &kernel->loop[kernel->loops].dst_factor},
      {"src_factor_out", loop->src_factor,
       &kernel->loop[kernel->loops].src_factor},
      {"wgt_factor_out", loop->wgt_factor,
       &kernel->loop[kernel->loops].wgt_factor},
  };
  const size_t count = kernel->mode == KERNEL_GEMM ? 4 : 3;
  for (size_t i = 0; i < count; i++) {
    FieldValue value = {layout, "micro-op loop", fields[i].name,
                        fields[i].value};
    vtac_status status = queue_field(queue, value, fields[i].ret);
    if (status) return status;
  }
  kernel->loops++;
  return VTAC_OK;
}

vtac_status queue_uop_loop_begin(CommandQueue *queue, const UopLoop *loop) {
  vtac_status status = check_recording(queue, "a micro-op loop");
  if (status) return status;
  Kernel *kernel = &queue->recording.kernel;
  if (kernel->count)
    return queue_fail(queue, D_UOP_KERNEL,
                      "a loop begins behind the kernel's first micro-op; loops "
                      "surround all micro-ops");
  if (kernel->loops == 2)
    return queue_fail(queue, D_UOP_KERNEL,
                      "a kernel has a third loop; an instruction has two");
  return add_loop(queue, loop, kernel);
}

vtac_status queue_uop_loop_end(CommandQueue *queue) {
  return check_recording(queue, "a micro-op loop's end");
}

/* The first micro-op says what all the kernel's micro-ops share. */
static vtac_status check_shared(CommandQueue *queue, const UopPush *push,
                                Kernel *kernel) {
  bool alu = kernel->mode == KERNEL_ALU;
  Kernel given = {.mode = (KernelMode)push->mode, .reset = push->reset};
  if (alu) {
    if (push->opcode > HW_ALU_MUL)
      return queue_fail(queue, D_INSN_ILLEGAL, "there is no ALU operation %u",
                        push->opcode);
    if (push->imm < INT16_MIN || push->imm > INT16_MAX)
      return queue_fail(queue, D_INSN_FIELD,
                        "micro-op: field imm is %lld, allowed is -32768..32767",
                        (long long)push->imm);
    given.opcode = push->opcode;
    given.use_imm = push->use_imm;
    given.imm = (int32_t)push->imm;
  }
  if (kernel->count == 0 && given.mode == kernel->mode) {
    kernel->reset = given.reset;
    kernel->opcode = given.opcode;
    kernel->use_imm = given.use_imm;
    kernel->imm = given.imm;
  }
  if (given.mode == kernel->mode && given.reset == kernel->reset &&
      given.opcode == kernel->opcode && given.use_imm == kernel->use_imm &&
      given.imm == kernel->imm && given.reset <= 1 && given.use_imm <= 1)
    return VTAC_OK;
  return queue_fail(queue, D_UOP_KERNEL,
                    "a kernel's micro-ops differ in mode, reset, operation or "
                    "immediate; one instruction runs them all");
}

static vtac_status reserve_uop(CommandQueue *queue) {
  Recording *recording = &queue->recording;
  uint32_t count = recording->kernel.count, capacity = recording->capacity;
  void *array = recording->uops;
  vtac_status status =
      queue_grow(queue, &array, count, &capacity, sizeof *recording->uops);
  recording->uops = array;
  if (status) return status;
  capacity = recording->capacity;
  array = recording->words;
  status =
      queue_grow(queue, &array, count, &capacity, sizeof *recording->words);
  recording->words = array;
  if (!status) recording->capacity = capacity;
  return status;
}

static vtac_status uop_indices(CommandQueue *queue, const UopPush *push,
                               Uop *ret) {
  const FieldValue dst = {HW_LAYOUT_UOP, "micro-op", "dst_idx", push->dst};
  const FieldValue src = {HW_LAYOUT_UOP, "micro-op", "src_idx", push->src};
  const FieldValue wgt = {HW_LAYOUT_UOP, "micro-op", "wgt_idx", push->wgt};
  vtac_status status = queue_field(queue, dst, &ret->dst);
  if (!status) status = queue_field(queue, src, &ret->src);
  return status ? status : queue_field(queue, wgt, &ret->wgt);
}

/* Loops of the instruction: a GEMM's only loop is its outer one, an ALU's is
 * its inner one. */
static Insn gemm_insn(const Kernel *kernel) {
  Insn insn = {.opcode = HW_OP_GEMM};
  insn.gemm = (GemmInsn){.reset_reg = kernel->reset,
                         .uop_bgn = kernel->begin,
                         .uop_end = kernel->end,
                         .iter_out = 1,
                         .iter_in = 1};
  if (kernel->loops > 0) {
    insn.gemm.iter_out = kernel->loop[0].extent;
    insn.gemm.dst_factor_out = kernel->loop[0].dst_factor;
    insn.gemm.src_factor_out = kernel->loop[0].src_factor;
    insn.gemm.wgt_factor_out = kernel->loop[0].wgt_factor;
  }
  if (kernel->loops > 1) {
    insn.gemm.iter_in = kernel->loop[1].extent;
    insn.gemm.dst_factor_in = kernel->loop[1].dst_factor;
    insn.gemm.src_factor_in = kernel->loop[1].src_factor;
    insn.gemm.wgt_factor_in = kernel->loop[1].wgt_factor;
  }
  return insn;
}

static Insn alu_insn(const Kernel *kernel) {
  Insn insn = {.opcode = HW_OP_ALU};
  insn.alu = (AluInsn){.reset_reg = kernel->reset,
                       .uop_bgn = kernel->begin,
                       .uop_end = kernel->end,
                       .iter_out = 1,
                       .iter_in = 1,
                       .alu_opcode = kernel->opcode,
                       .use_imm = kernel->use_imm,
                       .imm = kernel->imm};
  if (kernel->loops == 2) {
    insn.alu.iter_out = kernel->loop[0].extent;
    insn.alu.dst_factor_out = kernel->loop[0].dst_factor;
    insn.alu.src_factor_out = kernel->loop[0].src_factor;
  }
  if (kernel->loops > 0) {
    int inner = kernel->loops - 1;
    insn.alu.iter_in = kernel->loop[inner].extent;
    insn.alu.dst_factor_in = kernel->loop[inner].dst_factor;
    insn.alu.src_factor_in = kernel->loop[inner].src_factor;
  }
  return insn;
}

static Insn kernel_insn(const Kernel *kernel) {
  return kernel->mode == KERNEL_GEMM ? gemm_insn(kernel) : alu_insn(kernel);
}

static vtac_status push_kernel(CommandQueue *queue, Kernel *kernel) {
  kernel->used = ++queue->cache.tick;
  vtac_status status = residency_use(queue, kernel);
  if (status) return status;
  status = stream_append(queue, HW_STAGE_COMPUTE, kernel_insn(kernel));
  return status ? status : stream_check_overflow(queue);
}

/* Checks a kernel that is new and adds it to the cache. */
static vtac_status add_recorded(CommandQueue *queue, const Uop *uops,
                                Kernel **ret) {
  const Kernel *content = &queue->recording.kernel;
  const QueueTrace *trace = &queue->options.trace;
  const Insn insn = kernel_insn(content);
  vtac_status status = queue_check_insn(queue, &insn);
  if (status) return status;
  queue->stats.kernel_misses++;
  if (trace->kernel) trace->kernel(trace->self, uops, content->count);
  return cache_add(queue, content, ret);
}

/* The cached kernel equal to a part of the recorded one, which is added if need
 * be. */
static vtac_status intern_recorded(CommandQueue *queue, uint32_t begin,
                                   uint32_t end, Kernel **ret) {
  Kernel *content = &queue->recording.kernel;
  content->words = queue->recording.words + begin;
  content->count = end - begin;
  content->hash = kernel_hash(content);
  Kernel *found = cache_find(&queue->cache, content);
  if (!found) return add_recorded(queue, queue->recording.uops + begin, ret);
  queue->stats.kernel_hits++;
  *ret = found;
  return VTAC_OK;
}

/* Pushes what has been recorded, in several instructions where the machine
 * needs it; *ret is the kernel that holds it, or its last part. */
static vtac_status flush_recorded(CommandQueue *queue, Kernel **ret) {
  uint32_t count = queue->recording.kernel.count;
  vtac_status status = hazard_separate(queue);
  for (uint32_t begin = 0, end; begin < count && !status; begin = end) {
    end = hazard_end(queue, begin, count);
    if (end - begin < count) queue->recording.split = true;
    status = intern_recorded(queue, begin, end, ret);
    if (!status) status = push_kernel(queue, *ret);
  }
  return status;
}

/* A kernel that outgrows the micro-op memory goes on as a second instruction
 * with the same loops.  The order in which steps reach an accumulator then
 * differs, which neither sums nor minima and maxima can tell. */
static vtac_status split_recording(CommandQueue *queue) {
  Kernel *part;
  vtac_status status = flush_recorded(queue, &part);
  queue->recording.kernel.count = 0;
  queue->recording.split = true;
  return status;
}

vtac_status queue_uop_push(CommandQueue *queue, const UopPush *push) {
  Recording *recording = &queue->recording;
  Kernel *kernel = &recording->kernel;
  Uop uop = {0};
  vtac_status status = check_recording(queue, "a micro-op");
  if (!status) status = check_shared(queue, push, kernel);
  if (!status) status = uop_indices(queue, push, &uop);
  if (status) return status;
  if (kernel->count == (uint32_t)queue->port->config.uop_buff_depth)
    status = split_recording(queue);
  if (!status) status = reserve_uop(queue);
  if (status) return status;
  uint32_t *word = &recording->words[kernel->count];
  recording->uops[kernel->count] = uop;
  status = hw_uop_encode(&queue->port->config, &uop, word, &queue->diag);
  if (!status) kernel->count++;
  return queue_latch(queue, status);
}

vtac_status queue_kernel_end(CommandQueue *queue, KernelId *ret) {
  vtac_status status = check_recording(queue, "a kernel's end");
  if (status) return status;
  queue->recording.active = false;
  if (ret) *ret = 0;
  if (queue->recording.kernel.count == 0) return VTAC_OK;
  Kernel *kernel = NULL;
  status = flush_recorded(queue, &kernel);
  if (!status && ret && !queue->recording.split)
    *ret = cache_id(&queue->cache, kernel);
  return status;
}

bool queue_kernel_find(const CommandQueue *queue, KernelId kernel) {
  return cache_get(&queue->cache, kernel) != NULL;
}

vtac_status queue_kernel_push(CommandQueue *queue, KernelId id) {
  if (queue->failed) return queue->diag.status;
  if (queue->recording.active)
    return queue_fail(queue, D_UOP_KERNEL,
                      "a kernel is pushed inside the recording of another");
  Kernel *kernel = cache_get(&queue->cache, id);
  if (!kernel)
    return queue_fail(queue, D_UOP_KERNEL,
                      "the kernel to be pushed is no longer in the cache");
  queue->stats.kernel_hits++;
  return push_kernel(queue, kernel);
}
