/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle-stepped timing model.
 *
 * All state is in one struct of registers.  A cycle reads the old registers
 * and writes the new ones, as clocked logic does, so blocks may be evaluated
 * in any order.  Registers that do not change in a cycle never will again:
 * that is a deadlock. */
#include "support/tsim_plain.h"

#include <string.h>

enum { FIFO_SIZE = 256, CLIENTS = 5, MODULES = 3, COUNTER_MOST = 255 };

typedef enum Client { C_FETCH, C_UOP, C_INP, C_WGT, C_ACC } Client;
typedef enum Module { M_LOAD, M_COMPUTE, M_STORE } Module;

typedef enum FetchState {
  F_IDLE,
  F_COMMAND,
  F_READ,
  F_SETTLE, /* wide: between the last beat and the first instruction */
  F_FEED,   /* narrow: drain; wide: into the pipe */
  F_REST    /* wide: before the next command */
} FetchState;

typedef struct FetchRegs {
  FetchState state;
  uint32_t end, given; /* of the chunk; narrow: dispatched, wide: enqueued */
  uint32_t sent;       /* dispatched */
  uint32_t beats, wait;
} FetchRegs;

typedef enum ModuleState { S_IDLE, S_SYNC, S_RUN } ModuleState;

typedef struct ModuleRegs {
  ModuleState state;
  uint32_t popped, pushed; /* entries that left and entered the queue */
} ModuleRegs;

/* Splits rows into bursts. */
typedef struct Splitter {
  uint64_t address, stride, row_bytes;
  uint32_t rows, beats, room;
} Splitter;

typedef struct LoadRegs {
  bool active, wide, written;
  uint32_t skip;
  Splitter bursts;
  uint64_t in_flight;
  uint32_t pad_wait;
  uint64_t pad[4]; /* top, sides, rows, bottom */
} LoadRegs;

typedef enum LoopState { L_IDLE, L_STROBE, L_RUN, L_WAIT } LoopState;

typedef struct LoopRegs {
  LoopState state;
  uint64_t left;
  uint32_t wait;
  bool pair;
} LoopRegs;

typedef enum StoreState {
  W_IDLE,
  W_COMMAND,
  W_CHANNEL,
  W_BEAT,
  W_READ,
  W_ANSWER
} StoreState;

typedef struct StoreRegs {
  StoreState state;
  uint32_t wait, beats, row;
  Splitter bursts;
} StoreRegs;

typedef struct Request {
  uint32_t beats;
  uint32_t client;
} Request;

typedef struct Regs {
  FetchRegs fetch;
  ModuleRegs module[MODULES];
  uint32_t token[HW_TOKENS];
  LoadRegs load[CLIENTS];
  LoopRegs loop;
  StoreRegs store;
  uint32_t slot[CLIENTS]; /* beats of the posted request, 0 if empty */
  uint32_t tags;          /* in use */
  uint32_t fifo_in, fifo_out;
  uint32_t delay; /* the endpoint's counter */
  Request serving;
  bool answer; /* a beat on its way to `answer_client` */
  uint32_t answer_client;
  bool launched;
} Regs;

typedef struct Plain {
  const HwConfig *config;
  const TimingConfig *timing;
  const Insn *insns;
  uint32_t count;
  PlainTimes *times;
  PlainTiming timed;
  uint64_t cycle;
  Request fifo[FIFO_SIZE];
  const Regs *old;
  Regs *new;
  bool last_beat, finish;
  uint32_t head[MODULES]; /* each module's next instruction */
  int taken[HW_TOKENS], given[HW_TOKENS];
} Plain;

static uint32_t bus_bytes(const Plain *p) {
  return 1u << (p->timing->log_bus_width - 3);
}
static uint32_t burst_most(const Plain *p) {
  return 1u << p->timing->log_burst;
}

/* ---- Queues ------------------------------------------------------------- */

static Module module_of(const Insn *insn) {
  return (Module)(hw_stage(insn) - HW_STAGE_LOAD);
}

/* Moves a module to its first instruction from `i` on. */
static void seek(Plain *p, Module module, uint32_t i) {
  while (i < p->count && module_of(&p->insns[i]) != module) i++;
  p->head[module] = i;
}

static bool has_room(const Plain *p, Module module) {
  const ModuleRegs *m = &p->old->module[module];
  return m->pushed - m->popped < (uint32_t)p->timing->queue_depth;
}

/* ---- Memory ------------------------------------------------------------- */

static void step_endpoint(Plain *p) {
  const Regs *r = p->old;
  Regs *n = p->new;
  bool waiting = r->fifo_in != r->fifo_out;
  bool ready = r->delay == (uint32_t)p->timing->latency;
  bool beat = r->serving.beats > 0;
  p->last_beat = r->serving.beats == 1;
  n->answer = beat;
  n->answer_client = r->serving.client;
  if (beat) {
    n->serving.beats--;
    p->timed.beats++;
  }
  if (p->last_beat) n->tags--;
  if (waiting && ready && r->serving.beats <= 1)
    n->serving = p->fifo[n->fifo_out++ % FIFO_SIZE];
  if (!waiting)
    n->delay = 0;
  else if (!ready)
    n->delay++;
}

static void step_arbiter(Plain *p) {
  const Regs *r = p->old;
  if (p->last_beat || r->tags == (uint32_t)p->timing->read_tags) return;
  for (uint32_t client = 0; client < CLIENTS; client++) {
    if (!r->slot[client]) continue;
    p->fifo[p->new->fifo_in++ % FIFO_SIZE] = (Request){r->slot[client], client};
    p->new->slot[client] = 0;
    p->new->tags++;
    return;
  }
}

static bool answers(const Plain *p, Client client) {
  return p->old->answer && p->old->answer_client == client;
}

/* ---- Bursts ------------------------------------------------------------- */

static void next_row(const Plain *p, Splitter *s) {
  uint32_t bus = bus_bytes(p);
  uint64_t span = (uint64_t)bus * burst_most(p);
  uint64_t end = s->address + s->row_bytes;
  uint64_t begin = s->address / bus * bus;
  s->beats = (uint32_t)((end - begin + bus - 1) / bus);
  s->room = (uint32_t)((span - begin % span) / bus);
  s->address += s->stride;
  s->rows--;
}

static Splitter split(const Plain *p, const MemInsn *mem, uint32_t bytes) {
  Splitter s = {.address = (uint64_t)mem->dram_base * bytes,
                .stride = (uint64_t)mem->x_stride * bytes,
                .row_bytes = (uint64_t)mem->x_size * bytes,
                .rows = bytes ? mem->y_size : 0};
  if (s.rows) next_row(p, &s);
  return s;
}

static uint32_t burst_of(const Splitter *s) {
  return s->beats < s->room ? s->beats : s->room;
}

static void pass_burst(const Plain *p, Splitter *s) {
  s->beats -= burst_of(s);
  s->room = burst_most(p);
  if (!s->beats && s->rows) next_row(p, s);
}

/* ---- Fetch -------------------------------------------------------------- */

static bool dispatch(Plain *p, uint32_t i) {
  Module module = module_of(&p->insns[i]);
  if (!has_room(p, module)) return false;
  p->new->module[module].pushed++;
  p->new->fetch.sent++;
  return true;
}

static void command_fetch(Plain *p, bool wide) {
  FetchRegs *n = &p->new->fetch;
  uint32_t left = p->count - n->end;
  uint32_t most = wide ? burst_most(p) : burst_most(p) / 2;
  uint32_t chunk = left < most ? left : most;
  uint32_t bus = bus_bytes(p);
  n->end += chunk;
  n->beats = (chunk * HW_INSN_BYTES + bus - 1) / bus;
  n->state = F_READ;
  p->new->slot[C_FETCH] = n->beats;
}

static void feed_narrow(Plain *p) {
  const FetchRegs *r = &p->old->fetch;
  if (r->sent < r->end)
    dispatch(p, r->sent);
  else
    p->new->fetch.state = r->end < p->count ? F_COMMAND : F_IDLE;
}

static void feed_wide(Plain *p) {
  const FetchRegs *r = &p->old->fetch;
  FetchRegs *n = &p->new->fetch;
  if (r->given - r->sent >= 2) return;
  n->given++;
  if (n->given < r->end) return;
  n->state = r->end < p->count ? F_REST : F_IDLE;
  n->wait = 2;
}

static void step_fetch(Plain *p) {
  const FetchRegs *r = &p->old->fetch;
  FetchRegs *n = &p->new->fetch;
  bool wide = bus_bytes(p) >= HW_INSN_BYTES;
  if (wide && r->sent < r->given) dispatch(p, r->sent);
  switch (r->state) {
    case F_IDLE:
      if (!p->old->launched) n->state = F_COMMAND;
      p->new->launched = true;
      break;
    case F_COMMAND: command_fetch(p, wide); break;
    case F_READ:
      if (!answers(p, C_FETCH)) break;
      if (--n->beats) break;
      n->state = wide ? F_SETTLE : F_FEED;
      n->wait = 2;
      break;
    case F_SETTLE:
      if (!--n->wait) n->state = F_FEED;
      break;
    case F_FEED: wide ? feed_wide(p) : feed_narrow(p); break;
    case F_REST:
      if (!--n->wait) n->state = F_COMMAND;
      break;
  }
}

/* ---- Loads -------------------------------------------------------------- */

static Client client_of(const Insn *insn) {
  switch (insn->mem.memory_type) {
    case HW_MEM_UOP: return C_UOP;
    case HW_MEM_INP: return C_INP;
    case HW_MEM_WGT: return C_WGT;
    default: return C_ACC;
  }
}

static void start_load(Plain *p, const Insn *insn) {
  const MemInsn *mem = &insn->mem;
  LoadRegs *n = &p->new->load[client_of(insn)];
  uint32_t bytes = hw_elem_bytes(p->config, mem->memory_type);
  uint64_t sides = mem->x_pad_0 + mem->x_pad_1;
  uint64_t width = sides + mem->x_size;
  memset(n, 0, sizeof *n);
  n->active = true;
  n->wide = mem->memory_type == HW_MEM_UOP || bytes <= bus_bytes(p);
  n->skip = mem->y_pad_0;
  n->bursts = split(p, mem, bytes);
  n->pad_wait = n->wide ? 0 : 1;
  n->pad[0] = mem->y_pad_0 * width;
  n->pad[1] = mem->y_size * sides;
  n->pad[2] = !sides && mem->y_pad_1 ? mem->y_size : 0;
  n->pad[3] = mem->y_pad_1 * width;
}

static void step_pad(const LoadRegs *r, LoadRegs *n, bool writes) {
  if (r->pad_wait) {
    n->pad_wait--;
    return;
  }
  int phase = 0;
  while (phase < 4 && !r->pad[phase]) phase++;
  if (phase < 4 && (phase == 2 || !writes)) n->pad[phase]--;
}

static bool load_is_done(const LoadRegs *r) {
  return !r->in_flight && !r->bursts.beats && !r->pad[0] && !r->pad[1] &&
         !r->pad[2] && !r->pad[3];
}

static void step_load(Plain *p, Client client) {
  const LoadRegs *r = &p->old->load[client];
  LoadRegs *n = &p->new->load[client];
  if (!r->active) return;
  bool arrives = answers(p, client);
  bool writes = r->wide ? arrives : r->written;
  n->written = arrives;
  if (writes) n->in_flight--;
  if (r->skip) {
    n->skip--;
  } else if (r->bursts.beats && !p->old->slot[client]) {
    uint32_t beats = burst_of(&r->bursts);
    p->new->slot[client] = beats;
    n->in_flight += beats;
    pass_burst(p, &n->bursts);
  }
  step_pad(r, n, writes);
  if (load_is_done(r)) n->active = false;
}

/* ---- Loops -------------------------------------------------------------- */

static void start_loop(Plain *p, const Insn *insn) {
  LoopRegs *n = &p->new->loop;
  const GemmInsn *g = &insn->gemm;
  uint64_t uops = g->uop_end > g->uop_bgn ? g->uop_end - g->uop_bgn : 0;
  n->state = L_STROBE;
  n->pair = insn->opcode == HW_OP_ALU && !insn->alu.use_imm;
  n->left = uops * g->iter_in * g->iter_out * (n->pair ? 2 : 1);
}

static bool loop_is_done(const LoopRegs *r) {
  return r->state == L_WAIT && r->wait == 1;
}

static void step_loop(Plain *p) {
  const LoopRegs *r = &p->old->loop;
  LoopRegs *n = &p->new->loop;
  switch (r->state) {
    case L_IDLE: break;
    case L_STROBE:
      n->state = r->left ? L_RUN : L_WAIT;
      n->wait = 5;
      break;
    case L_RUN:
      if (!r->pair || r->left % 2) p->timed.acc_writes++;
      if (!--n->left) n->state = L_WAIT;
      break;
    case L_WAIT:
      if (!--n->wait) n->state = L_IDLE;
      break;
  }
}

/* ---- Stores ------------------------------------------------------------- */

static void start_store(Plain *p, const Insn *insn) {
  StoreRegs *n = &p->new->store;
  n->state = W_COMMAND;
  n->bursts = split(p, &insn->mem, (uint32_t)p->config->out_elem_bytes);
}

static bool store_is_done(const StoreRegs *r) {
  return !r->bursts.beats && (r->state == W_COMMAND || r->state == W_ANSWER);
}

/* Beats between two reads on chip. */
static uint32_t row_beats(const Plain *p) {
  uint32_t bus = bus_bytes(p);
  uint32_t bytes = (uint32_t)p->config->out_elem_bytes;
  if (bytes <= bus) return UINT32_MAX;
  bytes /= (uint32_t)p->config->batch;
  return bytes > bus ? bytes / bus : 1;
}

static void step_store(Plain *p) {
  const StoreRegs *r = &p->old->store;
  StoreRegs *n = &p->new->store;
  switch (r->state) {
    case W_IDLE: break;
    case W_COMMAND:
      n->beats = burst_of(&r->bursts);
      pass_burst(p, &n->bursts);
      n->row = row_beats(p);
      n->wait = 2;
      n->state = W_CHANNEL;
      break;
    case W_CHANNEL:
      if (!--n->wait) n->state = W_BEAT;
      break;
    case W_BEAT:
      n->row--;
      if (!--n->beats)
        n->state = W_ANSWER;
      else if (!n->row)
        n->state = W_READ;
      break;
    case W_READ:
      n->row = row_beats(p);
      n->state = W_BEAT;
      break;
    case W_ANSWER: n->state = W_COMMAND; break;
  }
  if (store_is_done(r)) n->state = W_IDLE;
}

/* ---- Modules ------------------------------------------------------------ */

static bool start_insn(Plain *p, Module module, const Insn *insn) {
  HwToken prev = hw_pop_token((HwStage)(module + HW_STAGE_LOAD), true);
  HwToken next = hw_pop_token((HwStage)(module + HW_STAGE_LOAD), false);
  bool pops_prev = insn->pop_prev && prev != HW_TOKENS;
  bool pops_next = insn->pop_next && next != HW_TOKENS;
  if (pops_prev && !p->old->token[prev]) return false;
  if (pops_next && !p->old->token[next]) return false;
  if (pops_prev) p->taken[prev]++;
  if (pops_next) p->taken[next]++;
  p->new->module[module].state = S_RUN;
  if (hw_is_nop(insn) || insn->opcode == HW_OP_FINISH)
    p->new->module[module].state = S_SYNC;
  else if (insn->opcode == HW_OP_LOAD)
    start_load(p, insn);
  else if (insn->opcode == HW_OP_STORE)
    start_store(p, insn);
  else
    start_loop(p, insn);
  return true;
}

static bool is_done(const Plain *p, const Insn *insn) {
  if (insn->opcode == HW_OP_LOAD)
    return load_is_done(&p->old->load[client_of(insn)]);
  if (insn->opcode == HW_OP_STORE) return store_is_done(&p->old->store);
  return loop_is_done(&p->old->loop);
}

static void end_insn(Plain *p, Module module, const Insn *insn) {
  HwStage stage = (HwStage)(module + HW_STAGE_LOAD);
  HwToken prev = hw_push_token(stage, true);
  HwToken next = hw_push_token(stage, false);
  if (insn->push_prev && prev != HW_TOKENS) p->given[prev]++;
  if (insn->push_next && next != HW_TOKENS) p->given[next]++;
  p->new->module[module].popped++;
  p->new->module[module].state = S_IDLE;
  if (insn->opcode == HW_OP_FINISH) p->finish = true;
}

static void step_module(Plain *p, Module module) {
  const ModuleRegs *r = &p->old->module[module];
  if (r->popped == r->pushed) return;
  uint32_t i = p->head[module];
  const Insn *insn = &p->insns[i];
  if (r->state == S_IDLE) {
    if (start_insn(p, module, insn)) p->times[i].start = p->cycle;
  } else if (r->state == S_SYNC || is_done(p, insn)) {
    end_insn(p, module, insn);
    seek(p, module, i + 1);
    p->times[i].done = p->cycle;
  }
}

static void step_tokens(Plain *p) {
  for (int i = 0; i < HW_TOKENS; i++) {
    int count = (int)p->old->token[i] + p->given[i] - p->taken[i];
    p->new->token[i] = (uint32_t)(count < COUNTER_MOST ? count : COUNTER_MOST);
    p->given[i] = p->taken[i] = 0;
  }
}

/* ---- The clock ---------------------------------------------------------- */

static void step(Plain *p) {
  step_endpoint(p);
  step_arbiter(p);
  step_fetch(p);
  for (int client = C_UOP; client < CLIENTS; client++)
    step_load(p, (Client)client);
  step_loop(p);
  step_store(p);
  for (int module = 0; module < MODULES; module++)
    step_module(p, (Module)module);
  step_tokens(p);
}

PlainTiming tsim_plain(const HwConfig *config, const TimingConfig *timing,
                       const Insn *insns, uint32_t count,
                       const uint64_t tokens[HW_TOKENS], PlainTimes *times) {
  Plain p = {.config = config,
             .timing = timing,
             .insns = insns,
             .count = count,
             .times = times};
  Regs old, new;
  memset(&old, 0, sizeof old);
  memset(times, 0, count * sizeof *times);
  for (int i = 0; i < HW_TOKENS; i++)
    old.token[i] = (uint32_t)(tokens[i] < 255 ? tokens[i] : 255);
  for (int module = 0; module < MODULES; module++) seek(&p, (Module)module, 0);
  for (;; p.cycle++) {
    memcpy(&new, &old, sizeof old);
    p.old = &old;
    p.new = &new;
    step(&p);
    if (p.finish) break;
    if (!memcmp(&old, &new, sizeof old)) return p.timed;
    memcpy(&old, &new, sizeof old);
  }
  p.timed.finished = true;
  p.timed.cycles = p.cycle;
  return p.timed;
}
