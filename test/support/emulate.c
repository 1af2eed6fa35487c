/* SPDX-License-Identifier: Apache-2.0 */
/* Emulating the accelerator one call at a time, in program order.
 *
 * A micro-op kernel is kept while it is recorded and run when it ends: the
 * loops of the instruction stand around all of its micro-ops. */
#include "support/emulate.h"

#include <stdlib.h>
#include <string.h>

#include "hw/alu.h"
#include "hw/lanes.h"

enum { RUBBISH = 0x5a, MOST_LOOPS = 2, STAGES = HW_STAGES };

/* A memory on chip: `bytes` is the emulator's own, `seen` the allocation that
 * a pointer last pointed to. */
typedef struct ChipMemory {
  int lanes, bits; /* of an element */
  size_t size;     /* in bytes */
  uint8_t *bytes;
  const EvalMemory *seen;
} ChipMemory;

typedef struct Micro {
  uint8_t *dst;
  const uint8_t *src, *wgt;
  int mode, reset, opcode, use_imm;
  int32_t imm;
  int loops; /* that were open when it was pushed */
} Micro;

typedef struct MicroLoop {
  int64_t extent, dst, src, wgt;
} MicroLoop;

struct Emulator {
  EvalHooks hooks;
  HwConfig config;
  ChipMemory memory[4]; /* by HwMemory: WGT, INP, ACC */
  int tokens[STAGES][STAGES];
  bool recording;
  int n, capacity, loops, open;
  Micro *micro;
  MicroLoop loop[MOST_LOOPS];
};

/* What a call hands over. */
typedef struct Args {
  const Call *call;
  int n;
  const EvalArg *arg;
  Diag *diag;
} Args;

static int64_t number(const Args *args, int i) { return args->arg[i].value.i; }

static vtac_status broken(Diag *diag, const char *what) {
  return diag_set(diag, D_ASSERTION, "emulator: %s", what);
}

/* ---- Operands ----------------------------------------------------------- */

static size_t element_bytes(const ChipMemory *memory) {
  return (size_t)memory->lanes * (size_t)memory->bits / 8;
}

/* Bytes from the start of its memory to where an access pointer points. */
static int64_t pointer_offset(const Args *args, int i) {
  const Call *pointer = as_call_of(args->call->arg[i], OP_ACCESS_PTR);
  if (!pointer) return 0;
  DType type = pointer->arg[0]->type;
  return args->arg[i].offset * type.bits * type.lanes / 8;
}

/* The first of `elements` elements at argument `i`, or NULL with a
 * diagnostic. */
static uint8_t *operand(Emulator *e, HwMemory which, const Args *args, int i,
                        int64_t elements) {
  ChipMemory *memory = &e->memory[which];
  bool pointer = args->arg[i].kind == ARG_POINTER;
  if (pointer) memory->seen = args->arg[i].value.memory;
  uint8_t *base = memory->seen ? memory->seen->bytes : memory->bytes;
  size_t size = memory->seen ? memory->seen->size : memory->size;
  int64_t bytes = (int64_t)element_bytes(memory);
  int64_t at = pointer ? pointer_offset(args, i) : number(args, i) * bytes;
  if (at % bytes == 0 && at >= 0 && at + elements * bytes <= (int64_t)size)
    return base + at;
  diag_set(args->diag, D_OUT_OF_BOUNDS,
           "emulator: bytes %lld..%lld of a memory of %zu (%s)", (long long)at,
           (long long)(at + elements * bytes), size, hw_memory_name(which));
  return NULL;
}

/* The same of `elements` elements of `bytes` bytes in an argument's tensor. */
static uint8_t *tensor_at(const Args *args, int i, int64_t offset,
                          int64_t elements, size_t bytes) {
  const EvalMemory *memory = args->arg[i].value.memory;
  if (offset >= 0 &&
      (uint64_t)(offset + elements) * bytes <= (uint64_t)memory->size)
    return (uint8_t *)memory->bytes + (size_t)offset * bytes;
  diag_set(args->diag, D_OUT_OF_BOUNDS,
           "emulator: a transfer of elements %lld..%lld leaves its tensor",
           (long long)offset, (long long)(offset + elements));
  return NULL;
}

/* ---- Transfers ---------------------------------------------------------- */

static void widen(uint8_t *to, const uint8_t *from, size_t lanes, int bits,
                  int from_bits) {
  for (size_t i = 0; i < lanes; i++)
    lane_set(to, i, bits, lane_get(from, i, from_bits));
}

static vtac_status load_2d(Emulator *e, const Args *args) {
  bool wide = number(args, 12) == HW_MEM_ACC_8BIT;
  HwMemory which = wide ? HW_MEM_ACC : (HwMemory)number(args, 12);
  if (which != HW_MEM_INP && which != HW_MEM_WGT && which != HW_MEM_ACC)
    return broken(args->diag, "a load into a memory that takes none");
  const ChipMemory *memory = &e->memory[which];
  int from_bits = wide ? 8 : memory->bits;
  size_t bytes = element_bytes(memory);
  size_t from_bytes = (size_t)(memory->lanes * from_bits) / 8;
  int64_t x_size = number(args, 4), y_size = number(args, 5);
  int64_t columns = number(args, 7) + x_size + number(args, 9);
  int64_t rows = number(args, 8) + y_size + number(args, 10);
  uint8_t *to = operand(e, which, args, 11, rows * columns);
  if (!to) return args->diag->status;
  memset(to, 0, (size_t)(rows * columns) * bytes);
  for (int64_t y = 0; y < y_size; y++) {
    const uint8_t *from = tensor_at(
        args, 2, number(args, 3) + y * number(args, 6), x_size, from_bytes);
    if (!from) return args->diag->status;
    int64_t place = (number(args, 8) + y) * columns + number(args, 7);
    widen(to + (size_t)place * bytes, from,
          (size_t)x_size * (size_t)memory->lanes, memory->bits, from_bits);
  }
  return VTAC_OK;
}

static vtac_status store_2d(Emulator *e, const Args *args) {
  const ChipMemory *memory = &e->memory[HW_MEM_ACC];
  size_t bytes = (size_t)(memory->lanes * e->config.out_width) / 8;
  int64_t x_size = number(args, 6), y_size = number(args, 7);
  const uint8_t *from = operand(e, HW_MEM_ACC, args, 2, x_size * y_size);
  if (!from) return args->diag->status;
  size_t row = (size_t)x_size * (size_t)memory->lanes;
  for (int64_t y = 0; y < y_size; y++) {
    uint8_t *to = tensor_at(args, 4, number(args, 5) + y * number(args, 8),
                            x_size, bytes);
    if (!to) return args->diag->status;
    for (size_t i = 0; i < row; i++)
      lane_set(to, i, e->config.out_width,
               lane_get(from, (size_t)y * row + i, memory->bits));
  }
  return VTAC_OK;
}

/* ---- Micro-op kernels --------------------------------------------------- */

static void multiply(const Emulator *e, const Micro *m) {
  const HwConfig *c = &e->config;
  for (int i = 0; i < c->batch; i++)
    for (int j = 0; j < c->block_out; j++) {
      size_t to = (size_t)(i * c->block_out + j);
      uint32_t sum = (uint32_t)lane_get(m->dst, to, c->acc_width);
      for (int k = 0; k < c->block_in && !m->reset; k++) {
        int32_t a =
            lane_get(m->src, (size_t)(i * c->block_in + k), c->inp_width);
        int32_t b =
            lane_get(m->wgt, (size_t)(j * c->block_in + k), c->wgt_width);
        sum += (uint32_t)a * (uint32_t)b;
      }
      lane_set(m->dst, to, c->acc_width, m->reset ? 0 : (int32_t)sum);
    }
}

static void compute(const Emulator *e, const Micro *m) {
  const ChipMemory *acc = &e->memory[HW_MEM_ACC];
  if (m->mode == 0) {
    multiply(e, m);
    return;
  }
  for (size_t i = 0; i < (size_t)acc->lanes; i++) {
    int32_t a = lane_get(m->dst, i, acc->bits);
    int32_t b = m->use_imm ? m->imm : lane_get(m->src, i, acc->bits);
    lane_set(m->dst, i, acc->bits, alu_lane((HwAlu)m->opcode, a, b));
  }
}

static uint8_t *step(const Emulator *e, HwMemory which, const uint8_t *from,
                     int64_t elements) {
  int64_t bytes = elements * (int64_t)element_bytes(&e->memory[which]);
  return from ? (uint8_t *)(uintptr_t)from + bytes : NULL;
}

/* One micro-op at one point of the instruction's loops. */
static Micro moved(const Emulator *e, const Micro *m, const int64_t at[2]) {
  int64_t dst = 0, src = 0, wgt = 0;
  Micro result = *m;
  for (int i = 0; i < e->loops; i++) {
    dst += at[i] * e->loop[i].dst;
    src += at[i] * e->loop[i].src;
    wgt += at[i] * e->loop[i].wgt;
  }
  result.dst = step(e, HW_MEM_ACC, m->dst, dst);
  result.src = step(e, m->mode ? HW_MEM_ACC : HW_MEM_INP, m->src, src);
  result.wgt = step(e, HW_MEM_WGT, m->wgt, wgt);
  return result;
}

static bool lies_in(const Emulator *e, HwMemory which, const uint8_t *at) {
  const ChipMemory *memory = &e->memory[which];
  const uint8_t *base = memory->seen ? memory->seen->bytes : memory->bytes;
  size_t size = memory->seen ? memory->seen->size : memory->size;
  return at >= base && at + element_bytes(memory) <= base + size;
}

static bool reaches_no_further(const Emulator *e, const Micro *m) {
  bool multiplies = m->mode == 0 && !m->reset, reads = m->mode && !m->use_imm;
  return lies_in(e, HW_MEM_ACC, m->dst) &&
         (!multiplies ||
          (lies_in(e, HW_MEM_INP, m->src) && lies_in(e, HW_MEM_WGT, m->wgt))) &&
         (!reads || lies_in(e, HW_MEM_ACC, m->src));
}

static vtac_status run_kernel(Emulator *e, Diag *diag) {
  int64_t outer = e->loops > 0 ? e->loop[0].extent : 1;
  int64_t inner = e->loops > 1 ? e->loop[1].extent : 1;
  for (int64_t y = 0; y < outer; y++)
    for (int64_t x = 0; x < inner; x++)
      for (int i = 0; i < e->n; i++) {
        Micro m = moved(e, &e->micro[i], (int64_t[]){y, x});
        if (!reaches_no_further(e, &m))
          return broken(diag, "a micro-op leaves its memory");
        compute(e, &m);
      }
  return VTAC_OK;
}

static vtac_status uop_push(Emulator *e, const Args *args) {
  Micro m = {.mode = (int)number(args, 0),
             .reset = (int)number(args, 1),
             .opcode = (int)number(args, 5),
             .use_imm = (int)number(args, 6),
             .imm = (int32_t)number(args, 7),
             .loops = e->open};
  if (!e->recording) return broken(args->diag, "a micro-op outside a kernel");
  if (!(m.dst = operand(e, HW_MEM_ACC, args, 2, 1))) return args->diag->status;
  if (m.mode || !m.reset) {
    HwMemory from = m.mode ? HW_MEM_ACC : HW_MEM_INP;
    if (!(m.src = operand(e, from, args, 3, 1))) return args->diag->status;
  }
  if (!m.mode && !m.reset)
    if (!(m.wgt = operand(e, HW_MEM_WGT, args, 4, 1)))
      return args->diag->status;
  if (e->n == e->capacity) {
    e->capacity = e->capacity ? 2 * e->capacity : 64;
    e->micro = realloc(e->micro, (size_t)e->capacity * sizeof *e->micro);
    if (!e->micro) abort();
  }
  e->micro[e->n++] = m;
  return VTAC_OK;
}

static vtac_status loop_begin(Emulator *e, const Args *args) {
  if (!e->recording || e->n || e->loops == MOST_LOOPS)
    return broken(args->diag, "a loop of an instruction out of place");
  e->loop[e->loops++] = (MicroLoop){number(args, 1), number(args, 2),
                                    number(args, 3), number(args, 4)};
  e->open++;
  return VTAC_OK;
}

static vtac_status loop_end(Emulator *e, const Args *args) {
  if (e->open-- == 0) return broken(args->diag, "a loop ends twice");
  return VTAC_OK;
}

static vtac_status on_enter_kernel(void *self, const char *kind, int site,
                                   int n, const int64_t *captured,
                                   bool *ret_run, Diag *diag) {
  Emulator *e = self;
  (void)kind, (void)site, (void)n, (void)captured;
  if (e->recording) return broken(diag, "a kernel inside a kernel");
  e->recording = *ret_run = true;
  e->n = e->loops = e->open = 0;
  return VTAC_OK;
}

static vtac_status on_leave_kernel(void *self, Diag *diag) {
  Emulator *e = self;
  e->recording = false;
  if (e->open) return broken(diag, "a loop of an instruction does not end");
  for (int i = 0; i < e->n; i++)
    if (e->micro[i].loops != e->loops)
      return broken(diag, "a micro-op outside the instruction's loops");
  return run_kernel(e, diag);
}

/* ---- Tokens and other calls --------------------------------------------- */

static vtac_status token(Emulator *e, const Args *args, int change) {
  int64_t from = number(args, 0), to = number(args, 1);
  if (from < 1 || from >= STAGES || to < 1 || to >= STAGES)
    return broken(args->diag, "a token of no unit");
  e->tokens[from][to] += change;
  if (e->tokens[from][to] >= 0) return VTAC_OK;
  return diag_set(args->diag, D_DEADLOCK,
                  "emulator: %s waits for a token of %s that comes later",
                  hw_stage_name((HwStage)to), hw_stage_name((HwStage)from));
}

static vtac_status call_extern(Emulator *e, const Args *args,
                               EvalValue *ret_value) {
  static const struct {
    const char *name;
    int n;
    vtac_status (*run)(Emulator *e, const Args *args);
  } externs[] = {{"VTALoadBuffer2D", 13, load_2d},
                 {"VTAStoreBuffer2D", 9, store_2d},
                 {"VTAUopLoopBegin", 5, loop_begin},
                 {"VTAUopLoopEnd", 1, loop_end}};
  const char *name = args->arg[0].value.text;
  if (!strcmp(name, "VTABufferCPUPtr") && args->n == 3) {
    *ret_value = args->arg[2].value;
    return VTAC_OK;
  }
  for (size_t i = 0; i < sizeof externs / sizeof *externs; i++)
    if (!strcmp(externs[i].name, name) && externs[i].n == args->n)
      return externs[i].run(e, args);
  return broken(args->diag, name);
}

static vtac_status on_call(void *self, const Call *call, int n,
                           const EvalArg *arg, EvalValue *ret_value,
                           Diag *diag) {
  Emulator *e = self;
  const Args args = {call, n, arg, diag};
  switch (call->op) {
    case OP_CALL_EXTERN: return call_extern(e, &args, ret_value);
    case OP_UOP_PUSH: return uop_push(e, &args);
    case OP_COPROC_DEP_PUSH: return token(e, &args, +1);
    case OP_COPROC_DEP_POP: return token(e, &args, -1);
    case OP_COPROC_SYNC: return VTAC_OK;
    default: return broken(diag, op_name(call->op));
  }
}

/* ---- Life --------------------------------------------------------------- */

static void set_memory(ChipMemory *memory, int elem_bits, int bits, int size) {
  *memory = (ChipMemory){.lanes = elem_bits / bits,
                         .bits = bits,
                         .size = (size_t)size,
                         .bytes = malloc((size_t)size)};
}

Emulator *emulator_new(const HwConfig *c) {
  if (c->inp_width < 8 || c->wgt_width < 8 || c->out_width < 8) return NULL;
  Emulator *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  e->config = *c;
  e->hooks = (EvalHooks){.self = e,
                         .call = on_call,
                         .enter_kernel = on_enter_kernel,
                         .leave_kernel = on_leave_kernel};
  set_memory(&e->memory[HW_MEM_WGT], c->wgt_elem_bits, c->wgt_width,
             c->wgt_buff_size);
  set_memory(&e->memory[HW_MEM_INP], c->inp_elem_bits, c->inp_width,
             c->inp_buff_size);
  set_memory(&e->memory[HW_MEM_ACC], c->acc_elem_bits, c->acc_width,
             c->acc_buff_size);
  if (e->memory[HW_MEM_WGT].bytes && e->memory[HW_MEM_INP].bytes &&
      e->memory[HW_MEM_ACC].bytes)
    return e;
  emulator_free(e);
  return NULL;
}

void emulator_free(Emulator *e) {
  if (!e) return;
  for (int i = 0; i < 4; i++) free(e->memory[i].bytes);
  free(e->micro);
  free(e);
}

static void start(Emulator *e) {
  for (int i = 0; i < 4; i++) {
    ChipMemory *memory = &e->memory[i];
    memory->seen = NULL;
    if (memory->bytes) memset(memory->bytes, RUBBISH, memory->size);
  }
  memset(e->tokens, 0, sizeof e->tokens);
  e->recording = false;
}

vtac_status emulator_run(Emulator *e, const EvalProgram *program,
                         const EvalMemory *args, Diag *diag) {
  start(e);
  vtac_status status = eval_run(program, args, &e->hooks, diag);
  for (int from = 0; from < STAGES && !status; from++)
    for (int to = 0; to < STAGES; to++)
      if (e->tokens[from][to])
        status = diag_set(diag, D_DEADLOCK,
                          "emulator: %d tokens of stage %d for stage %d are "
                          "left",
                          e->tokens[from][to], from, to);
  return status;
}
