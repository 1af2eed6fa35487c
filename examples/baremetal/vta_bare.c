/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of vtac/kernel.h without an operating system.
 *
 * Instructions and micro-ops go to static arrays; VTASynchronize hands them to
 * the accelerator and polls.  The bit layouts are those of the built-in
 * configuration (docs/isa.md).  A kernel's micro-ops are recorded once a batch
 * and stay on chip; that is enough as long as they fit there together, and an
 * error otherwise.  Temporaries come from a static pool, last in first out, as
 * kernels take and return them.  Caches are off, as after a reset. */
#include <vta_bare.h>

#include "vtac/kernel.h"

enum { LOAD = 0, STORE = 1, GEMM = 2, FINISH = 3, ALU = 4 };
enum { STAGE_LOAD = 1, STAGE_COMPUTE = 2, STAGE_STORE = 3 };
enum { MEMORY_UOP = 0, MEMORY_INP = 2, UOP_DEPTH = 8192 };

/* Two 64-bit words, low one first, as the accelerator reads them. */
typedef struct Insn {
  uint64_t word[2];
} Insn;

typedef struct Buffer {
  uint32_t address, size;
  uint32_t pooled; /* bytes of the pool; 0: memory of the program */
  int dead;        /* given back, but queued work may name it */
} Buffer;

/* A recorded kernel: what tells it apart, and where its micro-ops are. */
typedef struct Kernel {
  void **slot;
  uint8_t closure[VTA_BARE_CLOSURE];
  uint32_t begin, end;
  uint32_t loops, extent[2], dst[2], src[2], wgt[2];
  uint32_t reset, opcode, use_imm, imm;
} Kernel;

static Insn insns[VTA_BARE_INSNS] __attribute__((aligned(64)));
static uint32_t uops[VTA_BARE_UOPS] __attribute__((aligned(64)));
static Kernel kernels[VTA_BARE_KERNELS], *recording;
static Buffer buffers[VTA_BARE_BUFFERS];
static uint8_t pool[VTA_BARE_POOL] __attribute__((aligned(256)));
static uint32_t insn_count, uop_count, kernel_count, buffer_count, pool_used;
static int pop_prev[4], pop_next[4]; /* asked for, by stage */
static const char *error;

static void fail(const char *why) {
  if (!error) error = why;
}

const char *vta_bare_error(void) {
  const char *why = error;
  error = NULL;
  return why;
}

/* ---- Buffers ------------------------------------------------------------ */

void *vta_bare_buffer(void *bytes, uint32_t size) {
  if (buffer_count == VTA_BARE_BUFFERS) return NULL;
  buffers[buffer_count] = (Buffer){(uint32_t)(uintptr_t)bytes, size, 0, 0};
  return &buffers[buffer_count++];
}

static Buffer *find_buffer(const void *handle) {
  for (uint32_t i = 0; i < buffer_count; i++)
    if (&buffers[i] == handle) return &buffers[i];
  return NULL;
}

void *VTABufferAlloc(size_t size) {
  const uint32_t rounded = ((uint32_t)size + 255u) & ~255u;
  Buffer *buffer = size > VTA_BARE_POOL - pool_used || rounded < size
                       ? NULL
                       : vta_bare_buffer(pool + pool_used, (uint32_t)size);
  if (buffer) {
    buffer->pooled = rounded;
    pool_used += rounded;
  }
  return buffer;
}

/* Memory is used again once nothing is queued. */
static void drop_dead(void) {
  while (!insn_count && buffer_count && buffers[buffer_count - 1].dead)
    pool_used -= buffers[--buffer_count].pooled;
}

static int free_pooled(Buffer *buffer) {
  if (!buffer || !buffer->pooled || buffer->dead) return -1;
  buffer->dead = 1;
  drop_dead();
  return 0;
}

void VTABufferFree(void *buffer) {
  if (free_pooled(find_buffer(buffer))) fail("no such buffer can be freed");
}

void *VTABufferCPUPtr(void *queue, void *handle) {
  const Buffer *buffer = find_buffer(handle);
  (void)queue;
  return buffer ? (void *)(uintptr_t)buffer->address : handle;
}

static uint8_t *bytes_at(const void *handle, size_t offset) {
  return (uint8_t *)VTABufferCPUPtr(NULL, (void *)(uintptr_t)handle) + offset;
}

void VTABufferCopy(const void *from, size_t from_offset, void *to,
                   size_t to_offset, size_t size, int kind) {
  const uint8_t *source = bytes_at(from, from_offset);
  uint8_t *target = bytes_at(to, to_offset);
  (void)kind;
  while (size--) *target++ = *source++;
}

/* With caches on: write the elements back to memory. */
void VTAReadBarrier(void *queue, void *buffer, uint32_t elem_bits,
                    uint32_t start, uint32_t extent) {
  (void)queue, (void)buffer, (void)elem_bits, (void)start, (void)extent;
  __sync_synchronize();
}

/* With caches on: drop what they hold of the elements. */
void VTAWriteBarrier(void *queue, void *buffer, uint32_t elem_bits,
                     uint32_t start, uint32_t extent) {
  (void)queue, (void)buffer, (void)elem_bits, (void)start, (void)extent;
  __sync_synchronize();
}

/* ---- Services of the packed convention ---------------------------------- */

enum { DEVICE_VTA = 12 };

static void *alloc_workspace(int device_type, int device_id, uint64_t nbytes,
                             int type_code, int type_bits) {
  (void)device_id, (void)type_code, (void)type_bits;
  void *buffer = nbytes > VTA_BARE_POOL ? NULL : VTABufferAlloc((size_t)nbytes);
  if (!buffer) fail("the pool of temporaries is too small");
  return device_type == DEVICE_VTA ? buffer : VTABufferCPUPtr(NULL, buffer);
}

static int free_workspace(int device_type, int device_id, void *memory) {
  (void)device_type, (void)device_id;
  for (uint32_t i = buffer_count; i-- > 0;)
    if (memory == &buffers[i] ||
        (!buffers[i].dead && (uintptr_t)memory == buffers[i].address))
      return free_pooled(&buffers[i]);
  return -1;
}

static int get_function(void *module, const char *name, void **ret_function) {
  (void)module, (void)name;
  *ret_function = insns; /* __tvm_set_device: there is but one */
  return 0;
}

static int call_function(void *function, vtac_kernel_value *args,
                         int *type_codes, int num_args, vtac_kernel_value *ret,
                         int *ret_code) {
  (void)function, (void)args, (void)type_codes, (void)num_args, (void)ret;
  *ret_code = VTAC_KERNEL_NULL;
  return 0;
}

/* These take the place of the kernels' own, which are weak. */
vtac_TVMAPISetLastError __TVMAPISetLastError = fail;
vtac_TVMFuncCall __TVMFuncCall = call_function;
vtac_TVMBackendGetFuncFromEnv __TVMBackendGetFuncFromEnv = get_function;
vtac_TVMBackendAllocWorkspace __TVMBackendAllocWorkspace = alloc_workspace;
vtac_TVMBackendFreeWorkspace __TVMBackendFreeWorkspace = free_workspace;

void *VTATLSCommandHandle(void) { return insns; }

/* ---- Instructions ------------------------------------------------------- */

static void put(Insn *insn, uint32_t *at, uint64_t value, uint32_t width) {
  if (width < 64 && value >> width) fail("a field of an instruction overflows");
  insn->word[*at / 64] |= value << *at % 64;
  *at += width;
}

/* Opcode and dependence flags: pop previous, next; push previous, next. */
static Insn begin(uint32_t opcode, int stage, uint32_t *at) {
  Insn insn = {{0, 0}};
  *at = 0;
  put(&insn, at, opcode, 3);
  put(&insn, at, (uint64_t)pop_prev[stage], 1);
  put(&insn, at, (uint64_t)pop_next[stage], 1);
  *at += 2;
  pop_prev[stage] = pop_next[stage] = 0;
  return insn;
}

static void append(Insn insn) {
  if (insn_count == VTA_BARE_INSNS)
    fail("too many instructions");
  else
    insns[insn_count++] = insn;
}

static int stage_of(const Insn *insn) {
  uint32_t opcode = insn->word[0] & 7, memory = insn->word[0] >> 7 & 7;
  if (opcode == STORE) return STAGE_STORE;
  if (opcode != LOAD) return STAGE_COMPUTE;
  return memory == 1 || memory == 2 ? STAGE_LOAD : STAGE_COMPUTE;
}

typedef struct Transfer {
  uint32_t opcode, memory, sram, dram, x, y, stride, pad[4]; /* yb ya xb xa */
} Transfer;

static void transfer(int stage, const Transfer *t) {
  uint32_t at;
  Insn insn = begin(t->opcode, stage, &at);
  put(&insn, &at, t->memory, 3);
  put(&insn, &at, t->sram, 16);
  put(&insn, &at, t->dram, 32);
  at = 64;
  put(&insn, &at, t->y, 16);
  put(&insn, &at, t->x, 16);
  put(&insn, &at, t->stride, 16);
  for (int i = 0; i < 4; i++) put(&insn, &at, t->pad[i], 4);
  append(insn);
}

/* The element's number in DRAM; sizes are log2 bytes of one element. */
static uint32_t element(const void *handle, uint32_t memory, uint32_t offset) {
  static const uint32_t log2_bytes[] = {2, 8, 4, 6, 4, 4};
  const Buffer *buffer = find_buffer(handle);
  if (!buffer || memory >= sizeof log2_bytes / sizeof *log2_bytes) {
    fail("a transfer names no buffer");
    return 0;
  }
  return (buffer->address >> log2_bytes[memory]) + offset;
}

void VTALoadBuffer2D(void *queue, void *buffer, uint32_t offset,
                     uint32_t x_size, uint32_t y_size, uint32_t x_stride,
                     uint32_t x_pad_before, uint32_t y_pad_before,
                     uint32_t x_pad_after, uint32_t y_pad_after,
                     uint32_t sram_index, uint32_t memory) {
  int stage = memory == 1 || memory == 2 ? STAGE_LOAD : STAGE_COMPUTE;
  const Transfer t = {
      LOAD,       memory,
      sram_index, element(buffer, memory, offset),
      x_size,     y_size,
      x_stride,   {y_pad_before, y_pad_after, x_pad_before, x_pad_after}};
  (void)queue;
  transfer(stage, &t);
}

void VTAStoreBuffer2D(void *queue, uint32_t sram_index, uint32_t memory,
                      void *buffer, uint32_t offset, uint32_t x_size,
                      uint32_t y_size, uint32_t x_stride) {
  const Transfer t = {
      STORE,  memory, sram_index, element(buffer, memory, offset),
      x_size, y_size, x_stride,   {0, 0, 0, 0}};
  (void)queue;
  transfer(STAGE_STORE, &t);
}

/* ---- Tokens ------------------------------------------------------------- */

/* A stage that must wait with nothing to do yet gets an empty transfer. */
static void commit(int stage) {
  const Transfer t = {stage == STAGE_STORE ? STORE : LOAD,
                      stage == STAGE_LOAD      ? MEMORY_INP
                      : stage == STAGE_COMPUTE ? MEMORY_UOP
                                               : 4u,
                      0,
                      0,
                      0,
                      0,
                      0,
                      {0, 0, 0, 0}};
  if (pop_prev[stage] || pop_next[stage]) transfer(stage, &t);
}

int VTADepPush(void *queue, int from, int to) {
  enum { PUSH_PREV = 5, PUSH_NEXT = 6 };
  uint64_t bit = 1u << (from < to ? PUSH_NEXT : PUSH_PREV);
  (void)queue;
  commit(from);
  Insn *last = insn_count ? &insns[insn_count - 1] : NULL;
  if (!last || stage_of(last) != from || last->word[0] & bit) {
    uint32_t at;
    const Insn none = begin(from == STAGE_STORE ? STORE : LOAD, from, &at);
    append(none);
    last = &insns[insn_count - 1];
    last->word[0] |= (uint64_t)(from == STAGE_LOAD ? MEMORY_INP : 0) << 7;
  }
  last->word[0] |= bit;
  return error ? -1 : 0;
}

int VTADepPop(void *queue, int from, int to) {
  int *wanted = from < to ? &pop_prev[to] : &pop_next[to];
  (void)queue;
  if (*wanted) commit(to);
  *wanted = 1;
  return error ? -1 : 0;
}

/* ---- Kernels ------------------------------------------------------------ */

void VTAUopLoopBegin(uint32_t extent, uint32_t dst_factor, uint32_t src_factor,
                     uint32_t wgt_factor) {
  Kernel *k = recording;
  if (!k || k->loops == 2) {
    fail("a micro-op loop is out of place");
    return;
  }
  k->extent[k->loops] = extent;
  k->dst[k->loops] = dst_factor;
  k->src[k->loops] = src_factor;
  k->wgt[k->loops++] = wgt_factor;
}

void VTAUopLoopEnd(void) {}

void VTAUopPush(uint32_t mode, uint32_t reset_out, uint32_t dst_index,
                uint32_t src_index, uint32_t wgt_index, uint32_t opcode,
                uint32_t use_imm, int32_t imm) {
  (void)mode;
  if (!recording || uop_count == VTA_BARE_UOPS) {
    fail("no room for a micro-op");
    return;
  }
  uops[uop_count++] = dst_index | src_index << 11 | wgt_index << 22;
  recording->reset = reset_out;
  recording->opcode = opcode;
  recording->use_imm = use_imm;
  recording->imm = (uint32_t)imm & 0xffff;
}

static void load_uops(const Kernel *k) {
  const Transfer t = {LOAD,
                      MEMORY_UOP,
                      k->begin,
                      ((uint32_t)(uintptr_t)uops >> 2) + k->begin,
                      k->end - k->begin,
                      1,
                      k->end - k->begin,
                      {0, 0, 0, 0}};
  if (k->end > UOP_DEPTH) fail("the micro-ops do not fit on chip");
  transfer(STAGE_COMPUTE, &t);
}

static Kernel *record_kernel(void **slot, int (*record)(void *), void *closure,
                             int nbytes) {
  if (kernel_count == VTA_BARE_KERNELS) {
    fail("too many kernels");
    return NULL;
  }
  recording = &kernels[kernel_count++];
  *recording = (Kernel){.slot = slot, .begin = uop_count};
  const uint8_t *bytes = closure;
  for (int i = 0; i < nbytes; i++) recording->closure[i] = bytes[i];
  if (record(closure)) fail("a kernel could not be recorded");
  Kernel *k = recording;
  recording = NULL;
  k->end = uop_count;
  load_uops(k);
  return k;
}

/* A place of the program captures the same number of bytes each time. */
static int captured(const Kernel *k, const uint8_t *closure, int nbytes) {
  for (int i = 0; i < nbytes; i++)
    if (k->closure[i] != closure[i]) return 0;
  return 1;
}

static Kernel *find_kernel(void **slot, int (*record)(void *), void *closure,
                           int nbytes) {
  if (nbytes > VTA_BARE_CLOSURE) {
    fail("a kernel captures too much");
    return NULL;
  }
  for (uint32_t i = 0; i < kernel_count; i++)
    if (kernels[i].slot == slot && captured(&kernels[i], closure, nbytes))
      return &kernels[i];
  return record_kernel(slot, record, closure, nbytes);
}

static void put_loops(Insn *insn, uint32_t *at, const Kernel *k,
                      const uint32_t extent[2]) {
  put(insn, at, k->reset, 1);
  put(insn, at, k->begin, 13);
  put(insn, at, k->end, 14);
  put(insn, at, extent[0], 14);
  put(insn, at, extent[1], 14);
}

/* Loops that a kernel does not have run once: a GEMM's only loop is the outer
 * one, an ALU's the inner one. */
static int loop_of(const Kernel *k, int place, int alu) {
  if (k->loops == 2) return place;
  return k->loops == 1 && place == (alu ? 1 : 0) ? 0 : -1;
}

static void push(const Kernel *k, int alu) {
  uint32_t at, extent[2], dst[2], src[2], wgt[2];
  for (int place = 0; place < 2; place++) {
    int i = loop_of(k, place, alu);
    extent[place] = i < 0 ? 1 : k->extent[i];
    dst[place] = i < 0 ? 0 : k->dst[i];
    src[place] = i < 0 ? 0 : k->src[i];
    wgt[place] = i < 0 ? 0 : k->wgt[i];
  }
  Insn insn = begin(alu ? ALU : GEMM, STAGE_COMPUTE, &at);
  put_loops(&insn, &at, k, extent);
  at = 64;
  for (int i = 0; i < 2; i++) put(&insn, &at, dst[i], 11);
  for (int i = 0; i < 2; i++) put(&insn, &at, src[i], 11);
  if (alu) {
    put(&insn, &at, k->opcode, 3);
    put(&insn, &at, k->use_imm, 1);
    put(&insn, &at, k->imm, 16);
  } else {
    for (int i = 0; i < 2; i++) put(&insn, &at, wgt[i], 10);
  }
  append(insn);
}

int VTAPushGEMMOp(void **slot, int (*record)(void *), void *closure,
                  int nbytes) {
  const Kernel *k = find_kernel(slot, record, closure, nbytes);
  if (k) push(k, 0);
  return error ? -1 : 0;
}

int VTAPushALUOp(void **slot, int (*record)(void *), void *closure,
                 int nbytes) {
  const Kernel *k = find_kernel(slot, record, closure, nbytes);
  if (k) push(k, 1);
  return error ? -1 : 0;
}

/* ---- Running ------------------------------------------------------------ */

/* Registers of the four units, by their number of words: fetch runs once,
 * the others take instructions from their queues for ever. */
enum {
  FETCH_CONTROL = 0x0000 / 4,
  FETCH_COUNT = 0x0010 / 4,
  FETCH_INSNS = 0x0018 / 4,
  LOAD_CONTROL = 0x1000 / 4,
  LOAD_INP = 0x1010 / 4,
  LOAD_WGT = 0x1018 / 4,
  COMPUTE_CONTROL = 0x2000 / 4,
  COMPUTE_DONE = 0x2018 / 4,
  COMPUTE_UOP = 0x2020 / 4,
  COMPUTE_ACC = 0x2028 / 4,
  STORE_CONTROL = 0x3000 / 4,
  STORE_OUT = 0x3010 / 4,
  START = 0x01,
  IDLE = 0x04,
  FOR_EVER = 0x81
};

static volatile uint32_t *const registers =
    (volatile uint32_t *)VTA_BARE_REGISTERS;

static void launch(const Insn *first, uint32_t count) {
  registers[FETCH_COUNT] = count;
  registers[FETCH_INSNS] = (uint32_t)(uintptr_t)first;
  registers[LOAD_INP] = registers[LOAD_WGT] = 0;
  registers[COMPUTE_UOP] = registers[COMPUTE_ACC] = 0;
  registers[STORE_OUT] = 0;
  __sync_synchronize();
  registers[FETCH_CONTROL] = START;
  registers[LOAD_CONTROL] = FOR_EVER;
  registers[COMPUTE_CONTROL] = FOR_EVER;
  registers[STORE_CONTROL] = FOR_EVER;
}

/* Until the fetch unit is idle and DONE reads `done`. */
static int wait(uint32_t done, uint32_t *cycles) {
  while (!(registers[FETCH_CONTROL] & IDLE) || registers[COMPUTE_DONE] != done)
    if ((*cycles)-- == 0) return 0;
  return 1;
}

/* DONE stays from one run until the next one's first compute instruction, so a
 * NOP takes it back. */
static void start(uint32_t cycles) {
  static const Insn nop __attribute__((aligned(64))) = {{0, 0}};
  if (registers[COMPUTE_DONE]) {
    launch(&nop, 1);
    if (!wait(0, &cycles)) fail("the accelerator hangs");
  }
  launch(insns, insn_count);
  if (!wait(1, &cycles)) fail("the accelerator does not finish");
  __sync_synchronize();
}

void VTASynchronize(void *queue, uint32_t wait_cycles) {
  uint32_t at;
  VTADepPush(queue, STAGE_STORE, STAGE_COMPUTE);
  VTADepPush(queue, STAGE_LOAD, STAGE_COMPUTE);
  VTADepPop(queue, STAGE_STORE, STAGE_COMPUTE);
  VTADepPop(queue, STAGE_LOAD, STAGE_COMPUTE);
  commit(STAGE_COMPUTE);
  append(begin(FINISH, STAGE_COMPUTE, &at));
  if (!error) start(wait_cycles);
  insn_count = uop_count = kernel_count = 0;
  drop_dead();
}

/* Not called by kernels. */
void VTASetDebugMode(void *queue, int flags) { (void)queue, (void)flags; }
void VTARuntimeShutdown(void) {}
