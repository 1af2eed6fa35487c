/* SPDX-License-Identifier: Apache-2.0 */
/* A command queue's life, its errors, transfers and synchronisation. */
#include "device/queue.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "device/queue_impl.h"
#include "hw/bounds.h"
#include "hw/verify.h"

enum {
  DEFAULT_KERNELS = 1 << 14, /* more than fit on chip at once */
  LEAST_BYTES = 64 * HW_INSN_BYTES
};

vtac_status queue_create(HwPort *port, const QueueOptions *options,
                         CommandQueue **ret, Diag *diag) {
  CommandQueue *queue = calloc(1, sizeof *queue);
  if (!queue) return diag_set(diag, D_NO_MEMORY, "no memory for a queue");
  queue->port = port;
  if (options) queue->options = *options;
  QueueOptions *chosen = &queue->options;
  if (!chosen->max_bytes || chosen->max_bytes > HW_MAX_XFER)
    chosen->max_bytes = HW_MAX_XFER;
  if (chosen->max_bytes < LEAST_BYTES) chosen->max_bytes = LEAST_BYTES;
  queue->cache.limit =
      chosen->max_kernels ? chosen->max_kernels : DEFAULT_KERNELS;
  queue->batch = 1;
  *ret = queue;
  return VTAC_OK;
}

void queue_destroy(CommandQueue *queue) {
  if (!queue) return;
  buffers_clear(queue);
  cache_clear(&queue->cache);
  free(queue->resident.slot);
  free(queue->recording.words);
  free(queue->recording.uops);
  free(queue->insns);
  free(queue->sites);
  free(queue->image);
  free(queue->moved);
  free(queue->buffers);
  free(queue);
}

/* Both sides of the token state go together. */
void queue_reset(CommandQueue *queue) {
  stream_drop(queue);
  queue->pops = (PendingPops){0};
  memset(queue->tokens, 0, sizeof queue->tokens);
  queue->recording.active = false;
  queue->failed = false;
  queue->port->ops->reset(queue->port);
}

const Diag *queue_diag(const CommandQueue *queue) { return &queue->diag; }
QueueStats queue_stats(const CommandQueue *queue) { return queue->stats; }

void queue_set_trace(CommandQueue *queue, QueueTrace trace) {
  queue->options.trace = trace;
}

void queue_set_site(CommandQueue *queue, uint32_t site) { queue->site = site; }

vtac_status queue_fail(CommandQueue *queue, DiagId id, const char *format,
                       ...) {
  va_list args;
  va_start(args, format);
  vtac_status status = diag_vset(&queue->diag, id, format, args);
  va_end(args);
  return queue_latch(queue, status);
}

vtac_status queue_latch(CommandQueue *queue, vtac_status status) {
  if (status) queue->failed = true;
  return status;
}

vtac_status queue_grow(CommandQueue *queue, void **array, uint32_t count,
                       uint32_t *capacity, size_t size) {
  if (count < *capacity) return VTAC_OK;
  uint32_t more = *capacity ? *capacity * 2 : 64;
  void *bigger = realloc(*array, more * size);
  if (!bigger)
    return queue_fail(queue, D_NO_MEMORY, "no memory for the command queue");
  *array = bigger;
  *capacity = more;
  return VTAC_OK;
}

/* What a field can hold, for a message. */
static HwField find_field(const HwConfig *config, HwLayoutId layout,
                          const char *name) {
  HwField fields[HW_FIELDS_MAX];
  int count = hw_layout(config, layout, fields);
  for (int i = 0; i < count; i++)
    if (!strcmp(fields[i].name, name)) return fields[i];
  return (HwField){.name = name, .width = 32};
}

vtac_status queue_field(CommandQueue *queue, FieldValue value, uint32_t *ret) {
  if (value.value >= 0 && value.value <= UINT32_MAX) {
    *ret = (uint32_t)value.value;
    return VTAC_OK;
  }
  HwField field = find_field(&queue->port->config, value.layout, value.field);
  return queue_fail(queue, D_INSN_FIELD,
                    "%s: field %s is %lld, allowed is 0..%lld", value.what,
                    value.field, (long long)value.value,
                    (INT64_C(1) << field.width) - 1LL);
}

vtac_status queue_check_insn(CommandQueue *queue, const Insn *insn) {
  uint64_t word[2];
  return queue_latch(queue,
                     hw_encode(&queue->port->config, insn, word, &queue->diag));
}

/* The transfer as an instruction, with `dram_base` counted from the buffer. */
static vtac_status transfer_insn(CommandQueue *queue, HwOpcode opcode,
                                 const Transfer2d *transfer, Insn *ret) {
  Insn insn = {.opcode = opcode};
  insn.mem.memory_type = transfer->memory_type;
  const struct {
    const char *name;
    int64_t value;
    uint32_t *ret;
  } fields[] = {
      {"sram_base", transfer->sram_index, &insn.mem.sram_base},
      {"dram_base", transfer->offset, &insn.mem.dram_base},
      {"y_size", transfer->y_size, &insn.mem.y_size},
      {"x_size", transfer->x_size, &insn.mem.x_size},
      {"x_stride", transfer->x_stride, &insn.mem.x_stride},
      {"y_pad_0", transfer->y_pad_before, &insn.mem.y_pad_0},
      {"y_pad_1", transfer->y_pad_after, &insn.mem.y_pad_1},
      {"x_pad_0", transfer->x_pad_before, &insn.mem.x_pad_0},
      {"x_pad_1", transfer->x_pad_after, &insn.mem.x_pad_1},
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    FieldValue value = {HW_LAYOUT_MEM, hw_opcode_name(opcode), fields[i].name,
                        fields[i].value};
    vtac_status status = queue_field(queue, value, fields[i].ret);
    if (status) return status;
  }
  vtac_status status = queue_check_insn(queue, &insn);
  if (!status) status = hw_check_mem(&queue->port->config, &insn, &queue->diag);
  if (!status) *ret = insn;
  return queue_latch(queue, status);
}

/* Checks the transfer against its buffer and makes `dram_base` absolute. */
static vtac_status place_transfer(CommandQueue *queue, BufferId id,
                                  Insn *insn) {
  const HwConfig *config = &queue->port->config;
  const Buffer *buffer = buffer_find(queue, id);
  if (!buffer) return queue_latch(queue, queue->diag.status);
  DramSpan span = hw_dram_span(config, &insn->mem);
  uint32_t bytes = hw_elem_bytes(config, insn->mem.memory_type);
  if (span.bytes &&
      (span.addr > buffer->size || span.bytes > buffer->size - span.addr))
    return queue_fail(
        queue, D_DRAM_RANGE,
        "%s %s moves bytes %llu..%llu of a buffer of %zu bytes",
        hw_opcode_name(insn->opcode), hw_memory_name(insn->mem.memory_type),
        (unsigned long long)span.addr,
        (unsigned long long)(span.addr + span.bytes), buffer->size);
  if (bytes) insn->mem.dram_base += buffer->addr / bytes;
  return VTAC_OK;
}

static vtac_status push_transfer(CommandQueue *queue, HwOpcode opcode,
                                 const Transfer2d *transfer) {
  Insn insn;
  if (queue->failed) return queue->diag.status;
  vtac_status status = transfer_insn(queue, opcode, transfer, &insn);
  if (!status) status = place_transfer(queue, transfer->buffer, &insn);
  if (!status) status = stream_append(queue, hw_stage(&insn), insn);
  return status ? status : stream_check_overflow(queue);
}

vtac_status queue_load_2d(CommandQueue *queue, const Transfer2d *transfer) {
  return push_transfer(queue, HW_OP_LOAD, transfer);
}

vtac_status queue_store_2d(CommandQueue *queue, const Transfer2d *transfer) {
  return push_transfer(queue, HW_OP_STORE, transfer);
}

/* FINISH waits for the last store and the last load. */
static vtac_status end_stream(CommandQueue *queue) {
  vtac_status status = stream_push(queue, HW_STAGE_STORE, HW_STAGE_COMPUTE);
  if (!status) status = stream_push(queue, HW_STAGE_LOAD, HW_STAGE_COMPUTE);
  if (!status) status = stream_pop(queue, HW_STAGE_STORE, HW_STAGE_COMPUTE);
  if (!status) status = stream_pop(queue, HW_STAGE_LOAD, HW_STAGE_COMPUTE);
  if (!status) status = stream_commit(queue, HW_STAGE_COMPUTE);
  if (status) return status;
  const Insn finish = {.opcode = HW_OP_FINISH};
  return stream_append(queue, HW_STAGE_COMPUTE, finish);
}

static vtac_status upload_image(CommandQueue *queue) {
  size_t size = (size_t)queue->image_count * HW_UOP_BYTES;
  vtac_status status = upload(queue, &queue->image_memory, size);
  if (status) return status;
  HwAddr base = queue->image_memory.addr;
  for (uint32_t i = 0; i < queue->moved_count; i++)
    queue->insns[queue->moved[i]].mem.dram_base += base / HW_UOP_BYTES;
  if (!size) return VTAC_OK;
  void *to;
  status = queue->port->ops->host(queue->port, base, size, &to, &queue->diag);
  if (status) return queue_latch(queue, status);
  uint8_t *bytes = to;
  for (size_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)(queue->image[i / 4] >> i % 4 * 8);
  return VTAC_OK;
}

static vtac_status upload_stream(CommandQueue *queue) {
  size_t size = (size_t)queue->count * HW_INSN_BYTES;
  vtac_status status = upload(queue, &queue->stream_memory, size);
  if (status) return status;
  void *to;
  status = queue->port->ops->host(queue->port, queue->stream_memory.addr, size,
                                  &to, &queue->diag);
  for (uint32_t i = 0; i < queue->count && !status; i++) {
    uint64_t word[2] = {0, 0};
    status =
        hw_encode(&queue->port->config, &queue->insns[i], word, &queue->diag);
    hw_insn_write(word, (uint8_t *)to + (size_t)i * HW_INSN_BYTES);
  }
  return queue_latch(queue, status);
}

static const void *dram_bytes(void *self, uint64_t addr, uint64_t size) {
  const CommandQueue *queue = self;
  HwPort *port = queue->port;
  void *bytes;
  Diag why;
  if (addr > UINT32_MAX || size > UINT32_MAX) return NULL;
  if (port->ops->host(port, (HwAddr)addr, size, &bytes, &why)) return NULL;
  return bytes;
}

/* A stream brings all that it reads on chip, unless it goes on with what
 * another one of its program left. */
static vtac_status verify_stream(CommandQueue *queue) {
  HwVerifyOptions options = {
      .dram = dram_bytes,
      .self = queue,
      .refuse_uninitialised = !queue->goes_on,
      .refuse_stale_output = queue->port->has_output_memory};
  HwVerifyReport report;
  if (!queue->options.verify) return VTAC_OK;
  memcpy(options.tokens, queue->tokens, sizeof options.tokens);
  vtac_status status = hw_verify(&queue->port->config, queue->insns,
                                 queue->count, &options, &report, &queue->diag);
  if (!status) memcpy(queue->tokens, report.tokens, sizeof queue->tokens);
  return queue_latch(queue, status);
}

static vtac_status run_stream(CommandQueue *queue) {
  const QueueTrace *trace = &queue->options.trace;
  vtac_status status = upload_image(queue);
  if (!status) status = upload_stream(queue);
  if (!status) status = verify_stream(queue);
  if (status) return status;
  if (trace->stream)
    trace->stream(trace->self, queue->insns, queue->sites, queue->count);
  queue->stats.runs++;
  queue->stats.insns += queue->count;
  queue->last_count = queue->count;
  status = queue->port->ops->run(queue->port, queue->stream_memory.addr,
                                 queue->count, &queue->diag);
  return queue_latch(queue, status);
}

void queue_begin(CommandQueue *queue) { queue->goes_on = false; }

vtac_status queue_synchronize(CommandQueue *queue) {
  vtac_status status = queue->failed ? queue->diag.status : VTAC_OK;
  if (!status && queue->recording.active)
    status = queue_fail(queue, D_UOP_KERNEL,
                        "synchronise inside the recording of a kernel");
  if (!status) status = end_stream(queue);
  if (!status) status = run_stream(queue);
  if (status)
    queue_reset(queue);
  else
    stream_drop(queue);
  queue->cut = false;
  queue->goes_on = !status;
  return status;
}
