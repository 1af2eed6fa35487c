/* SPDX-License-Identifier: Apache-2.0 */
/* CommandQueue: builds instruction streams out of the calls of a compiled
 * kernel, keeps recorded micro-op kernels, and runs the stream on a port.
 *
 * A queue serves one thread and one port.  The first error latches: further
 * calls do nothing and return its status, until `queue_synchronize` reports it
 * or `queue_reset` drops it; both empty the queue and the port's tokens. */
#ifndef DEVICE_QUEUE_H
#define DEVICE_QUEUE_H

#include "hw/insn.h"
#include "hw/port.h"

typedef struct CommandQueue CommandQueue;

typedef uint64_t BufferId; /* 0 is never valid; ids are not used again */
typedef uint64_t KernelId; /* 0 is never valid; an id dies on eviction */

/* Receives what the queue records and runs; members may be NULL. */
typedef struct QueueTrace {
  void *self;
  /* A kernel was recorded that the cache did not hold. */
  void (*kernel)(void *self, const Uop *uops, uint32_t count);
  /* A stream is about to run, with its final DRAM addresses; `sites` says what
   * queue_set_site said when an instruction was appended. */
  void (*stream)(void *self, const Insn *insns, const uint32_t *sites,
                 uint32_t count);
} QueueTrace;

typedef struct QueueOptions {
  bool force_serial;    /* run in strict program order, ignoring tokens */
  bool verify;          /* check each stream (hw_verify) before it runs */
  uint32_t max_bytes;   /* of a stream; 0 means HW_MAX_XFER */
  uint32_t max_kernels; /* in the cache; 0 means a default */
  QueueTrace trace;
} QueueOptions;

typedef struct QueueStats {
  uint64_t kernel_hits, kernel_misses, kernel_evictions;
  uint64_t kernel_bytes; /* micro-op bytes held by the cache now */
  uint64_t kernels;      /* held by the cache now */
  uint64_t runs, insns;  /* since creation */
} QueueStats;

/* `options` may be NULL.  The port must outlive the queue. */
vtac_status queue_create(HwPort *port, const QueueOptions *options,
                         CommandQueue **ret, Diag *diag);
void queue_destroy(CommandQueue *queue); /* frees all buffers; NULL is fine */
void queue_reset(CommandQueue *queue);
/* The latched error, or the one reported last. */
const Diag *queue_diag(const CommandQueue *queue);
QueueStats queue_stats(const CommandQueue *queue);
void queue_set_trace(CommandQueue *queue, QueueTrace trace);
/* A number for the instructions that the following calls append, be they only
 * loads of micro-ops or carriers of tokens; 0 at first. */
void queue_set_site(CommandQueue *queue, uint32_t site);

/* Buffers in device memory.  These do not latch errors: they return them, and
 * `queue_diag` tells them. */
vtac_status queue_alloc(CommandQueue *queue, size_t size, BufferId *ret);
vtac_status queue_free(CommandQueue *queue, BufferId buffer);
vtac_status queue_buffer_addr(CommandQueue *queue, BufferId buffer,
                              HwAddr *ret);
vtac_status queue_buffer_host(CommandQueue *queue, BufferId buffer, void **ret);
vtac_status queue_copy_in(CommandQueue *queue, BufferId to, size_t offset,
                          const void *from, size_t size);
vtac_status queue_copy_out(CommandQueue *queue, BufferId from, size_t offset,
                           void *to, size_t size);
typedef struct BufferRange {
  BufferId buffer;
  size_t offset;
} BufferRange;
vtac_status queue_copy(CommandQueue *queue, BufferRange to, BufferRange from,
                       size_t size);

/* A range that host and device both access, in elements of `bits` bits. */
typedef struct ElementRange {
  BufferId buffer;
  int64_t bits, start, extent;
} ElementRange;
/* Makes what the host wrote to the range visible to the device, or what the
 * device wrote visible to the host, which has waited for it. */
vtac_status queue_read_barrier(CommandQueue *queue, ElementRange range);
vtac_status queue_write_barrier(CommandQueue *queue, ElementRange range);

/* A two-dimensional transfer between a buffer and a memory on chip, in
 * elements of that memory.  A store has no padding. */
typedef struct Transfer2d {
  BufferId buffer;
  int64_t offset; /* of the first element in the buffer */
  int64_t x_size, y_size, x_stride;
  int64_t x_pad_before, y_pad_before, x_pad_after, y_pad_after;
  int64_t sram_index;
  uint32_t memory_type; /* HwMemory */
} Transfer2d;

vtac_status queue_load_2d(CommandQueue *queue, const Transfer2d *transfer);
vtac_status queue_store_2d(CommandQueue *queue, const Transfer2d *transfer);

/* Recording a micro-op kernel.  `site` tells the places of a program apart
 * that record kernels: equal kernels of two sites are two kernels.  `begin`
 * to `end` records, then pushes the instruction that runs the kernel; a
 * kernel without micro-ops pushes nothing and gives id 0, and so does one that
 * outgrows the micro-op memory, which becomes several instructions. */
typedef enum KernelMode { KERNEL_GEMM = 0, KERNEL_ALU = 1 } KernelMode;

typedef struct UopLoop {
  int64_t extent, dst_factor, src_factor, wgt_factor;
} UopLoop;

/* All micro-ops of a kernel agree in all but the indices. */
typedef struct UopPush {
  uint32_t mode, reset;
  int64_t dst, src, wgt;
  uint32_t opcode, use_imm; /* ALU only */
  int64_t imm;
} UopPush;

vtac_status queue_kernel_begin(CommandQueue *queue, KernelMode mode,
                               uint64_t site);
vtac_status queue_uop_loop_begin(CommandQueue *queue, const UopLoop *loop);
vtac_status queue_uop_loop_end(CommandQueue *queue);
vtac_status queue_uop_push(CommandQueue *queue, const UopPush *push);
vtac_status queue_kernel_end(CommandQueue *queue, KernelId *ret);

/* A recorded kernel again, without recording it: `find` says whether the
 * cache still holds it, `push` pushes its instruction. */
bool queue_kernel_find(const CommandQueue *queue, KernelId kernel);
vtac_status queue_kernel_push(CommandQueue *queue, KernelId kernel);

/* Dependence tokens between stages 1 load, 2 compute, 3 store. */
vtac_status queue_dep_push(CommandQueue *queue, int from, int to);
vtac_status queue_dep_pop(CommandQueue *queue, int from, int to);

/* A program begins.  Until then a stream may go on with what the one before it
 * left on the chip; the first one of a program brings all that it reads, which
 * `verify` checks. */
void queue_begin(CommandQueue *queue);

/* Ends the stream, runs it and waits.  Pops asked for afterwards, and tokens
 * left on the port, belong to the next stream. */
vtac_status queue_synchronize(CommandQueue *queue);

/* A stream to be run again without the calls that made it.  Between `begin`
 * and `end` a program makes its calls; if they came to exactly one stream,
 * `end` gives its record, else NULL.  The caller frees it before the queue.  A
 * record holds while there are buffers where those lay that it was made with.
 */
typedef struct QueueRecord QueueRecord;
bool queue_record_begin(CommandQueue *queue); /* false: `end` gives NULL */
QueueRecord *queue_record_end(CommandQueue *queue);
void queue_record_free(CommandQueue *queue, QueueRecord *record);
/* Whether the queue is in a state in which repeating the record has the effect
 * of the calls: idle, with the pops pending that were pending before, neither
 * verified nor traced. */
bool queue_can_repeat(const CommandQueue *queue, const QueueRecord *record);
/* Runs and waits; an error is reported as by queue_synchronize. */
vtac_status queue_repeat(CommandQueue *queue, const QueueRecord *record);

#endif
