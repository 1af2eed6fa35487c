/* SPDX-License-Identifier: Apache-2.0 */
/* The C ABI of compiled kernels over a command queue.
 *
 * The functions' signatures are given (TVM 0.9, vtac/kernel.h) and some name no
 * queue: a micro-op is pushed to whatever records.  So here, and nowhere else
 * in the library, a thread has a current device: thread-local, set around each
 * run.  Two threads never share one.
 *
 * The slot of a micro-op scope is only a name: nothing is ever stored in it, so
 * any number of devices may run one module's code at the same time.  Recorded
 * kernels are remembered by slot and closure bytes for the length of a run; the
 * next run records them again, which the queue's own cache, by content, makes
 * cheap.  A module's code may go away between runs, and another's slot may lie
 * at the same address. */
#include "runtime/abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_BUFFERS = 256,
  MOST_CLOSURE = 256,
  MEMO_SLOTS = 256,
  MEMO_BYTES = 32
};

typedef struct Memo {
  uint64_t run; /* entries of other runs are free */
  KernelId id;
  const void *slot;
  int nbytes;
  uint8_t bytes[MEMO_BYTES];
} Memo;

/* What a handle points to. */
typedef struct Binding {
  BufferId buffer;  /* 0: host memory */
  void *host;       /* malloc'ed workspace of the host */
  bool live, owned; /* owned: freed at the end of the run */
} Binding;

struct Abi {
  CommandQueue *queue;
  bool failed;
  Diag diag;
  char message[DIAG_MESSAGE_MAX]; /* of the kernel */
  uint64_t run;
  /* Temporaries that kernels gave back while queued work may still name them:
   * freed once the queue has run. */
  BufferId *retired;
  size_t n_retired, retired_room;
  int n_bindings; /* highest in use */
  Binding binding[MOST_BUFFERS];
  Memo memo[MEMO_SLOTS];
};

static _Thread_local Abi *current;

static void keep(Abi *abi, vtac_status status) {
  if (!status || abi->failed) return;
  abi->failed = true;
  abi->diag = *queue_diag(abi->queue);
}

static int refuse(Abi *abi, DiagId id, const char *what) {
  if (!abi->failed) diag_set(&abi->diag, id, "%s", what);
  abi->failed = true;
  return -1;
}

/* The current device if a call may act on it. */
static Abi *ready(void) { return current && !current->failed ? current : NULL; }

/* ---- Handles ------------------------------------------------------------ */

static Binding *new_binding(Abi *abi) {
  for (int i = 0; i < MOST_BUFFERS; i++)
    if (!abi->binding[i].live) {
      if (i >= abi->n_bindings) abi->n_bindings = i + 1;
      return &abi->binding[i];
    }
  return NULL;
}

void *abi_handle(Abi *abi, BufferId buffer) {
  Binding *binding = new_binding(abi);
  if (!binding) return NULL;
  *binding = (Binding){.buffer = buffer, .live = true};
  return binding;
}

/* The binding that a handle names, or NULL: kernels can pass anything. */
static Binding *find_binding(Abi *abi, const void *handle) {
  uintptr_t first = (uintptr_t)abi->binding, at = (uintptr_t)handle;
  if (at < first || (at - first) % sizeof(Binding)) return NULL;
  size_t i = (at - first) / sizeof(Binding);
  if (i >= (size_t)abi->n_bindings || !abi->binding[i].live) return NULL;
  return &abi->binding[i];
}

static BufferId buffer_of(Abi *abi, const void *handle) {
  const Binding *binding = find_binding(abi, handle);
  return binding ? binding->buffer : 0;
}

static void *alloc_buffer(Abi *abi, size_t size) {
  BufferId buffer;
  vtac_status status = queue_alloc(abi->queue, size, &buffer);
  Binding *binding = status ? NULL : abi_handle(abi, buffer);
  if (status) {
    keep(abi, status);
    return NULL;
  }
  if (!binding) {
    queue_free(abi->queue, buffer);
    refuse(abi, D_INTERNAL_LIMIT, "a kernel holds too many buffers");
    return NULL;
  }
  binding->owned = true;
  return binding;
}

static vtac_status free_binding(Abi *abi, Binding *binding) {
  vtac_status status = VTAC_OK;
  if (binding->host)
    free(binding->host);
  else
    status = queue_free(abi->queue, binding->buffer);
  *binding = (Binding){0};
  return status;
}

/* ---- Retired temporaries ------------------------------------------------ */

static vtac_status retire(Abi *abi, BufferId buffer) {
  if (abi->n_retired == abi->retired_room) {
    size_t room = abi->retired_room ? 2 * abi->retired_room : 16;
    BufferId *list = realloc(abi->retired, room * sizeof *list);
    if (!list) return VTAC_NOMEM;
    abi->retired = list;
    abi->retired_room = room;
  }
  abi->retired[abi->n_retired++] = buffer;
  return VTAC_OK;
}

static void free_retired(Abi *abi) {
  while (abi->n_retired) queue_free(abi->queue, abi->retired[--abi->n_retired]);
}

/* ---- Buffers ------------------------------------------------------------ */

void *VTATLSCommandHandle(void) { return current; }

void *VTABufferAlloc(size_t size) {
  return ready() ? alloc_buffer(current, size) : NULL;
}

void VTABufferFree(void *buffer) {
  Binding *binding = current ? find_binding(current, buffer) : NULL;
  if (binding) keep(current, free_binding(current, binding));
}

enum { FROM_HOST = 1, FROM_DEVICE = 2 };

void VTABufferCopy(const void *from, size_t from_offset, void *to,
                   size_t to_offset, size_t size, int kind) {
  Abi *abi = ready();
  vtac_status status = VTAC_INVALID;
  if (!abi) return;
  BufferRange source = {buffer_of(abi, from), from_offset};
  BufferRange target = {buffer_of(abi, to), to_offset};
  if (kind == (FROM_HOST | FROM_DEVICE))
    status = queue_copy(abi->queue, target, source, size);
  else if (kind == FROM_DEVICE)
    status = queue_copy_out(abi->queue, source.buffer, from_offset,
                            (char *)to + to_offset, size);
  else
    status = queue_copy_in(abi->queue, target.buffer, to_offset,
                           (const char *)from + from_offset, size);
  keep(abi, status);
}

/* A pointer that is no handle is the host's own already. */
void *VTABufferCPUPtr(void *queue, void *buffer) {
  Abi *abi = current;
  void *host = NULL;
  (void)queue;
  const Binding *binding = abi ? find_binding(abi, buffer) : NULL;
  if (!binding) return buffer;
  if (binding->host) return binding->host;
  keep(abi, queue_buffer_host(abi->queue, binding->buffer, &host));
  return host;
}

void VTAReadBarrier(void *queue, void *buffer, uint32_t elem_bits,
                    uint32_t start, uint32_t extent) {
  Abi *abi = ready();
  (void)queue;
  if (!abi) return;
  const ElementRange range = {buffer_of(abi, buffer), elem_bits, start, extent};
  keep(abi, queue_read_barrier(abi->queue, range));
}

void VTAWriteBarrier(void *queue, void *buffer, uint32_t elem_bits,
                     uint32_t start, uint32_t extent) {
  Abi *abi = ready();
  (void)queue;
  if (!abi) return;
  const ElementRange range = {buffer_of(abi, buffer), elem_bits, start, extent};
  keep(abi, queue_write_barrier(abi->queue, range));
}

/* Listings are asked for when the device is opened. */
void VTASetDebugMode(void *queue, int flags) { (void)queue, (void)flags; }

void VTARuntimeShutdown(void) {
  if (current) queue_reset(current->queue);
}

/* ---- Transfers ---------------------------------------------------------- */

void VTALoadBuffer2D(void *queue, void *buffer, uint32_t offset,
                     uint32_t x_size, uint32_t y_size, uint32_t x_stride,
                     uint32_t x_pad_before, uint32_t y_pad_before,
                     uint32_t x_pad_after, uint32_t y_pad_after,
                     uint32_t sram_index, uint32_t memory) {
  Abi *abi = ready();
  (void)queue;
  if (!abi) return;
  const Transfer2d transfer = {.buffer = buffer_of(abi, buffer),
                               .offset = (int32_t)offset,
                               .x_size = (int32_t)x_size,
                               .y_size = (int32_t)y_size,
                               .x_stride = (int32_t)x_stride,
                               .x_pad_before = (int32_t)x_pad_before,
                               .y_pad_before = (int32_t)y_pad_before,
                               .x_pad_after = (int32_t)x_pad_after,
                               .y_pad_after = (int32_t)y_pad_after,
                               .sram_index = (int32_t)sram_index,
                               .memory_type = memory};
  keep(abi, queue_load_2d(abi->queue, &transfer));
}

void VTAStoreBuffer2D(void *queue, uint32_t sram_index, uint32_t memory,
                      void *buffer, uint32_t offset, uint32_t x_size,
                      uint32_t y_size, uint32_t x_stride) {
  Abi *abi = ready();
  (void)queue;
  if (!abi) return;
  const Transfer2d transfer = {.buffer = buffer_of(abi, buffer),
                               .offset = (int32_t)offset,
                               .x_size = (int32_t)x_size,
                               .y_size = (int32_t)y_size,
                               .x_stride = (int32_t)x_stride,
                               .sram_index = (int32_t)sram_index,
                               .memory_type = memory};
  keep(abi, queue_store_2d(abi->queue, &transfer));
}

/* ---- Micro-op kernels --------------------------------------------------- */

void VTAUopLoopBegin(uint32_t extent, uint32_t dst_factor, uint32_t src_factor,
                     uint32_t wgt_factor) {
  Abi *abi = ready();
  if (!abi) return;
  const UopLoop loop = {(int32_t)extent, (int32_t)dst_factor,
                        (int32_t)src_factor, (int32_t)wgt_factor};
  keep(abi, queue_uop_loop_begin(abi->queue, &loop));
}

void VTAUopLoopEnd(void) {
  Abi *abi = ready();
  if (abi) keep(abi, queue_uop_loop_end(abi->queue));
}

void VTAUopPush(uint32_t mode, uint32_t reset_out, uint32_t dst_index,
                uint32_t src_index, uint32_t wgt_index, uint32_t opcode,
                uint32_t use_imm, int32_t imm) {
  Abi *abi = ready();
  if (!abi) return;
  const UopPush push = {.mode = mode,
                        .reset = reset_out,
                        .dst = (int32_t)dst_index,
                        .src = (int32_t)src_index,
                        .wgt = (int32_t)wgt_index,
                        .opcode = opcode,
                        .use_imm = use_imm,
                        .imm = imm};
  keep(abi, queue_uop_push(abi->queue, &push));
}

static Memo *memo_of(Abi *abi, const void *slot, const void *closure,
                     int nbytes) {
  const uint8_t *bytes = closure;
  uint64_t hash = (uint64_t)(uintptr_t)slot;
  if (nbytes > MEMO_BYTES) return NULL;
  for (int i = 0; i < nbytes; i++) hash = (hash ^ bytes[i]) * 0x100000001B3ULL;
  hash *= 0x9E3779B97F4A7C15ULL;
  return &abi->memo[hash >> 56];
}
_Static_assert(MEMO_SLOTS == 1 << 8, "eight bits of the hash choose a slot");

static bool memo_matches(const Abi *abi, const Memo *memo, const void *slot,
                         const void *closure, int nbytes) {
  return memo->run == abi->run && memo->slot == slot &&
         memo->nbytes == nbytes &&
         (!nbytes || !memcmp(memo->bytes, closure, (size_t)nbytes)) &&
         queue_kernel_find(abi->queue, memo->id);
}

static void remember(const Abi *abi, Memo *memo, KernelId id, const void *slot,
                     const void *closure, int nbytes) {
  *memo = (Memo){.run = abi->run, .id = id, .slot = slot, .nbytes = nbytes};
  if (nbytes) memcpy(memo->bytes, closure, (size_t)nbytes);
}

static int push_kernel(KernelMode mode, void **slot, int (*record)(void *),
                       void *closure, int nbytes) {
  Abi *abi = ready();
  KernelId id = 0;
  if (!abi) return -1;
  if (nbytes < 0 || nbytes > MOST_CLOSURE || (nbytes && !closure) || !slot)
    return refuse(abi, D_UOP_KERNEL,
                  "a micro-op kernel's closure has more than 256 bytes");
  Memo *memo = memo_of(abi, slot, closure, nbytes);
  if (memo && memo_matches(abi, memo, slot, closure, nbytes)) {
    keep(abi, queue_kernel_push(abi->queue, memo->id));
    return abi->failed ? -1 : 0;
  }
  keep(abi, queue_kernel_begin(abi->queue, mode, (uint64_t)(uintptr_t)slot));
  if (!abi->failed && record(closure))
    refuse(abi, D_UOP_KERNEL, "a micro-op kernel could not be recorded");
  if (!abi->failed) keep(abi, queue_kernel_end(abi->queue, &id));
  if (abi->failed) return -1;
  if (memo && id) remember(abi, memo, id, slot, closure, nbytes);
  return 0;
}

int VTAPushGEMMOp(void **slot, int (*record)(void *), void *closure,
                  int nbytes) {
  return push_kernel(KERNEL_GEMM, slot, record, closure, nbytes);
}

int VTAPushALUOp(void **slot, int (*record)(void *), void *closure,
                 int nbytes) {
  return push_kernel(KERNEL_ALU, slot, record, closure, nbytes);
}

/* ---- Tokens and running ------------------------------------------------- */

int VTADepPush(void *queue, int from, int to) {
  Abi *abi = ready();
  (void)queue;
  if (!abi) return -1;
  keep(abi, queue_dep_push(abi->queue, from, to));
  return abi->failed ? -1 : 0;
}

int VTADepPop(void *queue, int from, int to) {
  Abi *abi = ready();
  (void)queue;
  if (!abi) return -1;
  keep(abi, queue_dep_pop(abi->queue, from, to));
  return abi->failed ? -1 : 0;
}

void VTASynchronize(void *queue, uint32_t wait_cycles) {
  Abi *abi = ready();
  (void)queue, (void)wait_cycles;
  if (!abi) return;
  keep(abi, queue_synchronize(abi->queue));
  free_retired(abi);
}

/* ---- Services of the packed convention ---------------------------------- */

static void set_last_error(const char *message) {
  Abi *abi = current;
  if (!abi || !message) return;
  snprintf(abi->message, sizeof abi->message, "%s", message);
}

/* The only function that kernels call by name; there is nothing to do. */
static const char set_device[] = "__tvm_set_device";

static int get_function(void *module, const char *name, void **ret_function) {
  (void)module;
  if (strcmp(name, set_device)) {
    char message[128];
    snprintf(message, sizeof message,
             "the runtime has no function '%.60s' to be called by name", name);
    set_last_error(message);
    return -1;
  }
  *ret_function = (void *)(uintptr_t)set_device;
  return 0;
}

static int call_function(void *function, vtac_kernel_value *args,
                         int *type_codes, int num_args, vtac_kernel_value *ret,
                         int *ret_code) {
  (void)args, (void)type_codes, (void)num_args, (void)ret;
  if (function != (const void *)set_device) {
    set_last_error("a function is called that the runtime did not give out");
    return -1;
  }
  *ret_code = VTAC_KERNEL_NULL;
  return 0;
}

static void *alloc_workspace(int device_type, int device_id, uint64_t nbytes,
                             int type_code, int type_bits) {
  enum { ALIGNMENT = 128 };
  Abi *abi = ready();
  (void)device_id, (void)type_code, (void)type_bits;
  if (!abi || nbytes > SIZE_MAX - ALIGNMENT) return NULL;
  if (device_type == VTAC_KERNEL_VTA) return alloc_buffer(abi, (size_t)nbytes);
  Binding *binding = new_binding(abi);
  size_t size = ((size_t)nbytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  void *memory =
      binding ? aligned_alloc(ALIGNMENT, size ? size : ALIGNMENT) : NULL;
  if (!memory) {
    refuse(abi, D_NO_MEMORY, "no memory for a kernel's workspace");
    return NULL;
  }
  *binding = (Binding){.host = memory, .live = true, .owned = true};
  return memory;
}

static Binding *find_workspace(Abi *abi, const void *memory) {
  for (int i = abi->n_bindings - 1; i >= 0; i--)
    if (abi->binding[i].live && abi->binding[i].owned &&
        (abi->binding[i].host == memory || &abi->binding[i] == memory))
      return &abi->binding[i];
  return NULL;
}

static int free_workspace(int device_type, int device_id, void *memory) {
  (void)device_type, (void)device_id;
  Binding *binding = current ? find_workspace(current, memory) : NULL;
  if (!binding) return -1;
  if (binding->host) return free_binding(current, binding) ? -1 : 0;
  if (retire(current, binding->buffer)) return -1;
  *binding = (Binding){0};
  return 0;
}

typedef struct ParallelEnv {
  void *sync_handle;
  int32_t num_task;
} ParallelEnv;

static void blame_task(int i) {
  char text[DIAG_MESSAGE_MAX];
  if (!current) return;
  memcpy(text, current->message, sizeof text);
  snprintf(current->message, sizeof current->message, "Task %d error: %.*s", i,
           (int)sizeof text - 32, text);
}

/* Tasks run one after the other; "as many as there are workers" is one.  All
 * of them run, whatever becomes of the others. */
static int parallel_launch(int (*task)(int, ParallelEnv *, void *),
                           void *closure, int num_task) {
  ParallelEnv env = {NULL, num_task > 0 ? num_task : 1};
  int result = 0;
  for (int i = 0; i < env.num_task; i++)
    if (task(i, &env, closure)) {
      blame_task(i);
      result = -1;
    }
  return result;
}

/* Waiting for others needs others. */
static int parallel_barrier(int task_id, ParallelEnv *env) {
  (void)task_id;
  if (env->num_task == 1) return 0;
  set_last_error("the runtime has no parallel tasks that wait for each other");
  return -1;
}

/* ---- By name ------------------------------------------------------------ */

const NamedFunction abi_services[] = {
    {"__TVMAPISetLastError", (AbiFunction)set_last_error},
    {"__TVMFuncCall", (AbiFunction)call_function},
    {"__TVMBackendGetFuncFromEnv", (AbiFunction)get_function},
    {"__TVMBackendAllocWorkspace", (AbiFunction)alloc_workspace},
    {"__TVMBackendFreeWorkspace", (AbiFunction)free_workspace},
    {"__TVMBackendParallelLaunch", (AbiFunction)parallel_launch},
    {"__TVMBackendParallelBarrier", (AbiFunction)parallel_barrier},
    {NULL, NULL}};

/* ---- Life --------------------------------------------------------------- */

Abi *abi_new(CommandQueue *queue) {
  Abi *abi = calloc(1, sizeof *abi);
  if (abi) abi->queue = queue;
  return abi;
}

void abi_free(Abi *abi) {
  if (current == abi) current = NULL;
  if (abi) free(abi->retired);
  free(abi);
}

Abi *abi_enter(Abi *abi) {
  Abi *before = current;
  current = abi;
  return before;
}

void abi_begin(Abi *abi) {
  queue_begin(abi->queue);
  abi->run++;
  abi->failed = false;
  abi->message[0] = '\0';
}

static void release_leftovers(Abi *abi) {
  free_retired(abi);
  for (int i = 0; i < abi->n_bindings; i++) {
    Binding *binding = &abi->binding[i];
    if (binding->live && binding->owned) free_binding(abi, binding);
    *binding = (Binding){0};
  }
  abi->n_bindings = 0;
}

vtac_status abi_end(Abi *abi, int32_t code, Diag *diag) {
  release_leftovers(abi);
  if (abi->failed) {
    *diag = abi->diag;
    return diag->status;
  }
  if (!code) return VTAC_OK;
  if (*abi->message) return diag_set(diag, D_ARGUMENT, "%s", abi->message);
  return diag_set(diag, D_ASSERTION, "the kernel returned %d", code);
}
