/* SPDX-License-Identifier: Apache-2.0 */
/* The accelerator's calls, forwarded to the command queue.
 *
 * A micro-op kernel is recorded the first time a run meets it; the machine
 * remembers by the place in the function and the values of the loop variables
 * its body uses, so that meeting it again only pushes its instruction. */
#include "runtime/machine.h"

#include <stdlib.h>
#include <string.h>

enum { MEMO_SLOTS = 256, MOST_KEY = 8 };

/* A kernel that this run has recorded; id 0 marks a free slot. */
typedef struct Memo {
  KernelId id;
  int site, n;
  int64_t captured[MOST_KEY];
} Memo;

/* Device memory of the function's temporaries.  It is kept till the end of the
 * run, since queued work may name it. */
typedef struct Temporary {
  struct Temporary *next;
  BufferId buffer;
} Temporary;

struct Machine {
  CommandQueue *queue;
  EvalHooks hooks;
  const SiteTable *sites; /* NULL: nobody asks where instructions come from */
  Temporary *temporaries;
  Memo *recording; /* where the kernel being recorded goes; may be NULL */
  Memo memo[MEMO_SLOTS];
};

static vtac_status queue_error(Machine *machine, vtac_status status,
                               Diag *diag) {
  if (status) *diag = *queue_diag(machine->queue);
  return status;
}

/* ---- Calls -------------------------------------------------------------- */

typedef struct CallArgs {
  int n;
  const EvalArg *arg;
  Diag *diag;
} CallArgs;

static int64_t int_arg(const CallArgs *args, int i) {
  return args->arg[i].value.i;
}

/* A handle points to the id, which is wider than a pointer may be. */
static BufferId buffer_arg(const CallArgs *args, int i) {
  const BufferId *id = args->arg[i].value.memory->handle;
  return id ? *id : 0;
}

static vtac_status load_2d(Machine *machine, const CallArgs *args) {
  const Transfer2d transfer = {
      .buffer = buffer_arg(args, 2),
      .offset = int_arg(args, 3),
      .x_size = int_arg(args, 4),
      .y_size = int_arg(args, 5),
      .x_stride = int_arg(args, 6),
      .x_pad_before = int_arg(args, 7),
      .y_pad_before = int_arg(args, 8),
      .x_pad_after = int_arg(args, 9),
      .y_pad_after = int_arg(args, 10),
      .sram_index = int_arg(args, 11),
      .memory_type = (uint32_t)int_arg(args, 12),
  };
  return queue_load_2d(machine->queue, &transfer);
}

static vtac_status store_2d(Machine *machine, const CallArgs *args) {
  const Transfer2d transfer = {
      .sram_index = int_arg(args, 2),
      .memory_type = (uint32_t)int_arg(args, 3),
      .buffer = buffer_arg(args, 4),
      .offset = int_arg(args, 5),
      .x_size = int_arg(args, 6),
      .y_size = int_arg(args, 7),
      .x_stride = int_arg(args, 8),
  };
  return queue_store_2d(machine->queue, &transfer);
}

static vtac_status loop_begin(Machine *machine, const CallArgs *args) {
  const UopLoop loop = {int_arg(args, 1), int_arg(args, 2), int_arg(args, 3),
                        int_arg(args, 4)};
  return queue_uop_loop_begin(machine->queue, &loop);
}

static vtac_status loop_end(Machine *machine, const CallArgs *args) {
  (void)args;
  return queue_uop_loop_end(machine->queue);
}

static const struct {
  const char *name;
  int n; /* arguments, the name included */
  vtac_status (*run)(Machine *machine, const CallArgs *args);
} externs[] = {
    {"VTALoadBuffer2D", 13, load_2d},
    {"VTAStoreBuffer2D", 9, store_2d},
    {"VTAUopLoopBegin", 5, loop_begin},
    {"VTAUopLoopEnd", 1, loop_end},
};

static vtac_status call_extern(Machine *machine, const CallArgs *args,
                               EvalValue *ret_value) {
  const char *name = args->arg[0].value.text;
  if (!strcmp(name, "VTABufferCPUPtr") && args->n == 3) {
    *ret_value = args->arg[2].value; /* its host view came with it */
    return VTAC_OK;
  }
  for (size_t i = 0; i < sizeof externs / sizeof *externs; i++)
    if (!strcmp(externs[i].name, name) && externs[i].n == args->n)
      return queue_error(machine, externs[i].run(machine, args), args->diag);
  return diag_set(args->diag, D_NO_MACHINE,
                  "the device has no function '%s' with %d arguments", name,
                  args->n);
}

static vtac_status uop_push(Machine *machine, const CallArgs *args) {
  const UopPush push = {
      .mode = (uint32_t)int_arg(args, 0),
      .reset = (uint32_t)int_arg(args, 1),
      .dst = int_arg(args, 2),
      .src = int_arg(args, 3),
      .wgt = int_arg(args, 4),
      .opcode = (uint32_t)int_arg(args, 5),
      .use_imm = (uint32_t)int_arg(args, 6),
      .imm = int_arg(args, 7),
  };
  return queue_uop_push(machine->queue, &push);
}

static ElementRange range_arg(const CallArgs *args) {
  return (ElementRange){buffer_arg(args, 0), int_arg(args, 1), int_arg(args, 2),
                        int_arg(args, 3)};
}

static vtac_status on_call(void *self, const Call *call, int n,
                           const EvalArg *arg, EvalValue *ret_value,
                           Diag *diag) {
  Machine *machine = self;
  CommandQueue *queue = machine->queue;
  const CallArgs args = {n, arg, diag};
  int site = machine->sites ? site_of_call(machine->sites, call) : 0;
  vtac_status status;
  if (site) queue_set_site(queue, (uint32_t)site);
  switch (call->op) {
    case OP_CALL_EXTERN: return call_extern(machine, &args, ret_value);
    case OP_UOP_PUSH: status = uop_push(machine, &args); break;
    case OP_COPROC_DEP_PUSH:
      status = queue_dep_push(queue, (int)arg[0].value.i, (int)arg[1].value.i);
      break;
    case OP_COPROC_DEP_POP:
      status = queue_dep_pop(queue, (int)arg[0].value.i, (int)arg[1].value.i);
      break;
    case OP_COPROC_SYNC: status = queue_synchronize(queue); break;
    case OP_COPROC_READ_BARRIER:
      status = queue_read_barrier(queue, range_arg(&args));
      break;
    case OP_COPROC_WRITE_BARRIER:
      status = queue_write_barrier(queue, range_arg(&args));
      break;
    default:
      return diag_set(diag, D_NO_MACHINE, "the device cannot run %s",
                      op_name(call->op));
  }
  return queue_error(machine, status, diag);
}

/* ---- Micro-op kernels --------------------------------------------------- */

static Memo *memo_of(Machine *machine, int site, int n,
                     const int64_t *captured) {
  if (n > MOST_KEY) return NULL;
  uint64_t hash = (uint64_t)site;
  for (int i = 0; i < n; i++)
    hash = (hash ^ (uint64_t)captured[i]) * 0x9E3779B97F4A7C15ULL;
  return &machine->memo[(hash >> 32 ^ hash) % MEMO_SLOTS];
}

static bool memo_matches(const Memo *memo, int site, int n,
                         const int64_t *captured) {
  return memo->id && memo->site == site && memo->n == n &&
         !memcmp(memo->captured, captured, (size_t)n * sizeof *captured);
}

static vtac_status on_enter_kernel(void *self, const char *kind, int site,
                                   int n, const int64_t *captured,
                                   bool *ret_run, Diag *diag) {
  Machine *machine = self;
  Memo *memo = memo_of(machine, site, n, captured);
  *ret_run = true;
  if (machine->sites)
    queue_set_site(machine->queue, (uint32_t)machine->sites->kernel[site]);
  if (memo && memo_matches(memo, site, n, captured) &&
      queue_kernel_find(machine->queue, memo->id)) {
    *ret_run = false;
    return queue_error(machine, queue_kernel_push(machine->queue, memo->id),
                       diag);
  }
  machine->recording = memo;
  if (memo) {
    *memo = (Memo){.site = site, .n = n};
    memcpy(memo->captured, captured, (size_t)n * sizeof *captured);
  }
  KernelMode mode = strcmp(kind, "VTAPushALUOp") ? KERNEL_GEMM : KERNEL_ALU;
  return queue_error(
      machine, queue_kernel_begin(machine->queue, mode, (uint64_t)site), diag);
}

static vtac_status on_leave_kernel(void *self, Diag *diag) {
  Machine *machine = self;
  KernelId id = 0;
  vtac_status status = queue_kernel_end(machine->queue, &id);
  if (machine->recording) machine->recording->id = id;
  return queue_error(machine, status, diag);
}

/* ---- Temporaries -------------------------------------------------------- */

static vtac_status on_allocate(void *self, size_t size, EvalMemory *ret,
                               Diag *diag) {
  Machine *machine = self;
  void *host;
  Temporary *temporary = malloc(sizeof *temporary);
  if (!temporary)
    return diag_set(diag, D_NO_MEMORY, "no memory for a temporary's record");
  vtac_status status = queue_alloc(machine->queue, size, &temporary->buffer);
  if (status) {
    free(temporary);
    return queue_error(machine, status, diag);
  }
  temporary->next = machine->temporaries;
  machine->temporaries = temporary;
  status = queue_buffer_host(machine->queue, temporary->buffer, &host);
  if (status) return queue_error(machine, status, diag);
  ret->bytes = host;
  ret->handle = &temporary->buffer;
  return VTAC_OK;
}

static void free_temporaries(Machine *machine) {
  while (machine->temporaries) {
    Temporary *first = machine->temporaries;
    machine->temporaries = first->next;
    queue_free(machine->queue, first->buffer);
    free(first);
  }
}

/* ---- Life --------------------------------------------------------------- */

Machine *machine_new(CommandQueue *queue, const SiteTable *sites) {
  Machine *machine = calloc(1, sizeof *machine);
  if (!machine) return NULL;
  machine->queue = queue;
  machine->sites = sites;
  machine->hooks = (EvalHooks){.self = machine,
                               .call = on_call,
                               .enter_kernel = on_enter_kernel,
                               .leave_kernel = on_leave_kernel,
                               .allocate = on_allocate};
  return machine;
}

void machine_free(Machine *machine) {
  if (!machine) return;
  free_temporaries(machine);
  free(machine);
}

const EvalHooks *machine_hooks(Machine *machine) { return &machine->hooks; }

vtac_status machine_bind(CommandQueue *queue, int n, vtac_array *const *args,
                         EvalMemory *ret_memory, Diag *diag) {
  for (int i = 0; i < n; i++) {
    void *host;
    vtac_status status = queue_buffer_host(queue, args[i]->buffer, &host);
    if (status) {
      *diag = *queue_diag(queue);
      return status;
    }
    ret_memory[i] = (EvalMemory){.bytes = host,
                                 .size = args[i]->size,
                                 .handle = &args[i]->buffer,
                                 .scope = "global"};
  }
  return VTAC_OK;
}
