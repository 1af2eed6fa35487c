/* SPDX-License-Identifier: Apache-2.0 */
/* CommandQueue's inside, shared by the files of this folder only. */
#ifndef DEVICE_QUEUE_IMPL_H
#define DEVICE_QUEUE_IMPL_H

#include "device/queue.h"

/* A recorded kernel.  What comes before `hash` is its identity. */
typedef struct Kernel {
  uint64_t site;
  KernelMode mode;
  uint32_t reset, opcode, use_imm;
  int32_t imm;
  int loops;
  struct {
    uint32_t extent, dst_factor, src_factor, wgt_factor;
  } loop[2];
  uint32_t count;
  uint32_t *words; /* encoded micro-ops */

  uint64_t hash;
  uint32_t next; /* in its bucket: slot + 1, or 0 */
  uint32_t generation;
  uint64_t used;       /* tick of the last use */
  uint32_t begin, end; /* its place on chip; equal when it has none */
  uint64_t batch;      /* the batch whose image holds it */
  uint32_t image;      /* where, in micro-ops */
} Kernel;

enum { KERNEL_BUCKETS = 4096 };

/* Kernels by content.  A slot is reused after eviction with a new generation,
 * so an old id never names a new kernel. */
typedef struct KernelCache {
  Kernel **slot;
  uint32_t slots, capacity, limit;
  uint32_t bucket[KERNEL_BUCKETS]; /* slot + 1 of the first, or 0 */
  uint32_t generation;
  uint64_t tick;
} KernelCache;

/* The kernels on chip, by their place; `at` is where the next one goes. */
typedef struct Residency {
  uint32_t *slot;
  uint32_t count, capacity, at;
  uint32_t end; /* first free micro-op behind the last load */
} Residency;

typedef struct Recording {
  bool active;
  bool split;    /* a part of the kernel has been pushed */
  Kernel kernel; /* words belong to `words` below */
  uint32_t *words;
  Uop *uops;
  uint32_t capacity;
} Recording;

/* Device memory that grows on demand, for the stream and the image. */
typedef struct Upload {
  HwAddr addr;
  size_t size;
  bool live;
} Upload;

typedef struct Buffer {
  HwAddr addr;
  size_t size;
  uint32_t generation;
  bool live;
} Buffer;

/* Pops that were asked for and wait for an instruction of their stage. */
typedef struct PendingPops {
  bool prev[HW_STAGES], next[HW_STAGES];
} PendingPops;

struct CommandQueue {
  HwPort *port;
  QueueOptions options;
  Diag diag;
  bool failed;

  Insn *insns;
  uint32_t *sites; /* of the instructions */
  uint32_t site;   /* of those to come */
  uint32_t count, capacity, site_capacity;
  PendingPops pops;

  uint32_t *image; /* micro-ops of the batch, each kernel once */
  uint32_t image_count, image_capacity;
  uint32_t *moved; /* instructions whose dram_base counts from the image */
  uint32_t moved_count, moved_capacity;
  uint64_t batch; /* 1 for the first */

  KernelCache cache;
  Residency resident;
  Recording recording;
  uint64_t tokens[HW_TOKENS]; /* on the port; known if streams are verified */
  bool cut;                   /* the last stream ended for want of room */
  bool goes_on;               /* the program has run a stream already */
  Upload stream_memory, image_memory;
  uint32_t last_count;  /* instructions of the last stream */
  uint64_t record_runs; /* when recording began: runs so far, pops */
  PendingPops record_pops;

  Buffer *buffers;
  uint32_t buffer_count, buffer_capacity;
  QueueStats stats;
};

/* queue.c: errors latch. */
vtac_status queue_fail(CommandQueue *queue, DiagId id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
vtac_status queue_latch(CommandQueue *queue, vtac_status status);

/* Room for one more element in a malloc'ed array. */
vtac_status queue_grow(CommandQueue *queue, void **array, uint32_t count,
                       uint32_t *capacity, size_t size);

/* A value of the caller's on its way into a field: refuses what 32 bits do not
 * hold; the field's own width is checked by encoding the instruction. */
typedef struct FieldValue {
  HwLayoutId layout;
  const char *what, *field;
  int64_t value;
} FieldValue;
vtac_status queue_field(CommandQueue *queue, FieldValue value, uint32_t *ret);

vtac_status queue_check_insn(CommandQueue *queue, const Insn *insn);

/* stream.c: instruction construction. */
vtac_status stream_append(CommandQueue *queue, HwStage stage, Insn insn);
vtac_status stream_commit(CommandQueue *queue, HwStage stage);
vtac_status stream_push(CommandQueue *queue, HwStage from, HwStage to);
vtac_status stream_pop(CommandQueue *queue, HwStage from, HwStage to);
vtac_status stream_check_overflow(CommandQueue *queue);
void stream_drop(CommandQueue *queue); /* the batch, not the pending pops */
vtac_status stream_load_uops(CommandQueue *queue, Kernel *kernel);

/* cache.c: kernels by content. */
uint64_t kernel_hash(const Kernel *kernel);
Kernel *cache_find(const KernelCache *cache, const Kernel *content);
Kernel *cache_get(const KernelCache *cache, KernelId id); /* NULL if gone */
KernelId cache_id(const KernelCache *cache, const Kernel *kernel);
vtac_status cache_add(CommandQueue *queue, const Kernel *content, Kernel **ret);
void cache_clear(KernelCache *cache);

/* hazard.c: `separate` puts the recorded kernel into an order in which
 * micro-ops that write one accumulator lie apart as far as the machine wants;
 * `end` says where an instruction that begins with micro-op `begin` has to end.
 */
vtac_status hazard_separate(CommandQueue *queue);
uint32_t hazard_end(const CommandQueue *queue, uint32_t begin, uint32_t count);

/* residency.c: micro-ops on chip. */
vtac_status residency_use(CommandQueue *queue, Kernel *kernel);
void residency_remove(CommandQueue *queue, Kernel *kernel);
void residency_drop(CommandQueue *queue);

/* buffers.c */
Buffer *buffer_find(CommandQueue *queue, BufferId id);
void buffers_clear(CommandQueue *queue);
vtac_status upload(CommandQueue *queue, Upload *memory, size_t size);
void upload_release(CommandQueue *queue, Upload *memory);

#endif
