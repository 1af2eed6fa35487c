/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the timing model (inside tsim only).
 *
 * Four units act: fetch, load, compute, store.  Each has at most one event
 * ahead: fetch dispatches, the others end an instruction.  Between events
 * only the memory's read side moves, burst by burst.
 *
 * Within a cycle fetch acts before the others: it may not use a queue entry
 * that they free in the same cycle.  All that an event causes lies in later
 * cycles, so the order of the others does not matter.  An event in cycle t
 * leads to no memory request that could be issued before t + LOOKAHEAD + 1, so
 * the memory may run ahead of the next event by LOOKAHEAD. */
#ifndef TSIM_SIM_H
#define TSIM_SIM_H

#include "tsim/model.h"

typedef int64_t Cycle;
#define NEVER INT64_MAX

enum { ACTORS = TSIM_MEMORY, LOOKAHEAD = 2 };

static inline Cycle later(Cycle a, Cycle b) { return a > b ? a : b; }
static inline Cycle sooner(Cycle a, Cycle b) { return a < b ? a : b; }

/* ---- Memory, read side -------------------------------------------------- */

/* The clients' command slots by priority, first served first.  Load has two
 * clients but never both at once, so they share one. */
typedef enum Slot { SLOT_FETCH, SLOT_UOP, SLOT_LOAD, SLOT_ACC, SLOTS } Slot;

/* Tags and endpoint. */
typedef struct Channel {
  Cycle next_issue;            /* one request a cycle */
  Cycle counted;               /* when the latency counter is full */
  Cycle last_taken, last_beat; /* of the newest request */
  Cycle *tags;                 /* last beats of the requests under way */
  uint32_t oldest, used, mask; /* a ring */
  uint32_t most;               /* tags */
  uint32_t full;               /* beats of the largest burst */
  Cycle latency;
} Channel;

typedef struct Memory {
  Cycle posted[SLOTS]; /* the cycle of the request in a slot, or NEVER */
  uint32_t beats[SLOTS];
  Channel channel;
} Memory;

/* A burst as the accounting keeps it until it lies in the past. */
typedef struct Burst {
  Cycle issued, first, last;
  TsimUnit unit;
  uint32_t insn; /* that it is for */
} Burst;

/* ---- Units -------------------------------------------------------------- */

typedef struct Entry {
  Cycle visible;
  uint32_t insn;
} Entry;

/* Load, compute or store. */
typedef struct Unit {
  Entry *queue; /* a ring; the running instruction is its head */
  uint32_t head, count;
  bool busy;
  Cycle ready; /* when the next instruction may start */
  Cycle start, done;
} Unit;

/* How a memory's elements move. */
typedef struct Transfer {
  uint32_t bytes; /* of an element */
  bool wide;      /* an element is at most a beat */
  Slot slot;
  Cycle written; /* cycles from a beat at the memory to its write */
} Transfer;

/* The zeros that a load writes around its data, in phases. */
typedef enum PadPhase {
  PAD_TOP,
  PAD_SIDES,
  PAD_ROWS,
  PAD_BOTTOM,
  PADS
} PadPhase;

typedef struct Padding {
  bool any;
  Cycle at; /* next cycle of the engine */
  PadPhase phase;
  uint64_t left[PADS]; /* cycles */
} Padding;

/* The command generator of load and of compute. */
typedef struct Loader {
  const Transfer *transfer;
  uint64_t address, stride, row_bytes;
  uint32_t rows;      /* not begun */
  uint32_t row_beats; /* of the current row, not asked for */
  uint32_t limit;     /* beats of the next burst */
  Cycle data_done;
  Padding padding;
} Loader;

typedef struct Fetch {
  uint32_t requested, arrived, enqueued, dispatched; /* instructions */
  Cycle last_beat;                                   /* of the newest chunk */
  Cycle enqueue[2]; /* wide: into the pipe, by parity of the instruction */
  Cycle dispatch[2];
  Cycle bound; /* no dispatch before */
  int blocked; /* the unit whose queue is full, or TSIM_FETCH */
} Fetch;

/* ---- Accounting --------------------------------------------------------- */

/* One unit's account, complete up to cycle `at`. */
typedef struct Account {
  Cycle at;
  Cycle token_at[2]; /* when the last token missed came: prev, next */
  bool reading;      /* waits for beats from `reads_from` on */
  Cycle reads_from;
  uint64_t *total; /* by cause */
  uint64_t insn[TSIM_CAUSES];
  uint32_t spent_on; /* instruction of the spans to come */
} Account;

typedef struct Books {
  bool open;
  const TsimSink *sink; /* members may be NULL */
  Cycle limit;          /* no cycle from here on counts */
  Account account[TSIM_UNITS];
  Burst *bursts; /* issued, not accounted: a ring */
  uint32_t oldest, count, mask;
} Books;

/* ---- All ---------------------------------------------------------------- */

typedef struct Sim {
  const Insn *insns;
  uint32_t count;
  TsimResult *result;

  Cycle next[ACTORS]; /* each unit's event, or NEVER */
  Cycle earliest;     /* of them */
  bool finished;

  int log_bytes;        /* of a beat */
  int log_burst;        /* of burst_beats */
  uint64_t span_mask;   /* bytes of a burst's window - 1 */
  uint32_t burst_beats; /* at most */
  uint32_t fetch_most;  /* instructions of a chunk */
  bool wide_fetch;
  Transfer transfers[8]; /* by memory */
  bool wide_store;
  int log_out_row; /* of out_row_beats */
  uint32_t out_bytes, out_row_beats;

  uint32_t queue_depth, queue_mask;
  uint32_t tokens[HW_TOKENS];
  Unit units[HW_STAGES];
  Loader loaders[HW_STAGES]; /* of load and compute */
  Fetch fetch;
  Memory memory;
  Books books;
} Sim;

static inline void schedule(Sim *sim, TsimUnit unit, Cycle cycle) {
  sim->next[unit] = cycle;
  sim->earliest = sooner(sim->earliest, cycle);
}

/* The instruction at the head of a unit's queue, which must not be empty. */
static inline uint32_t head_insn(const Sim *sim, int number) {
  const Unit *unit = &sim->units[number];
  return unit->queue[unit->head & sim->queue_mask].insn;
}

static inline uint64_t loop_iterations(const GemmInsn *loops) {
  uint64_t uops =
      loops->uop_end > loops->uop_bgn ? loops->uop_end - loops->uop_bgn : 0;
  return uops * loops->iter_out * loops->iter_in;
}

/* ALU shares GEMM's loops; a second operand takes a cycle of its own. */
static inline uint64_t loop_cycles(const Insn *insn) {
  uint64_t iterations = loop_iterations(&insn->gemm);
  bool pair = insn->opcode == HW_OP_ALU && !insn->alu.use_imm;
  return pair ? 2 * iterations : iterations;
}

static inline bool is_transfer(const Insn *insn) {
  return insn->opcode == HW_OP_LOAD || insn->opcode == HW_OP_STORE;
}

static inline HwStage stage_of(const Insn *insn) {
  if (insn->opcode == HW_OP_STORE) return HW_STAGE_STORE;
  bool loads =
      insn->opcode == HW_OP_LOAD && (insn->mem.memory_type == HW_MEM_INP ||
                                     insn->mem.memory_type == HW_MEM_WGT);
  return loads ? HW_STAGE_LOAD : HW_STAGE_COMPUTE;
}

/* memory.c */
void memory_post(Sim *sim, Slot slot, Cycle cycle, uint32_t beats);
/* Issues requests until the next event could bring another one. */
void memory_run(Sim *sim);

/* fetch.c: the first request; a chunk's burst was issued; dispatches; a unit
 * freed a queue entry. */
void fetch_begin(Sim *sim);
void fetch_issued(Sim *sim, Cycle last_beat);
void fetch_event(Sim *sim, Cycle now);
void fetch_wake(Sim *sim, int unit, Cycle freed);

/* unit.c: starts the next instruction if it can, for one that became possible
 * in cycle `now`; ends the running one. */
void unit_step(Sim *sim, int unit, Cycle now);
void unit_done(Sim *sim, int unit, Cycle now);

/* loader.c: begins a load; lets its padding pass a burst; ends it after its
 * last burst. */
void loader_begin(Sim *sim, int unit, const MemInsn *mem);
void loader_pad(Sim *sim, int unit, Cycle last_beat, uint32_t beats);
void loader_end(Sim *sim, int unit, Cycle last_beat);

/* store.c: a row's beats and those of its first burst at most; whether reading
 * on chip interrupts a burst; the whole. */
typedef struct StoreRow {
  uint32_t beats, limit;
} StoreRow;
StoreRow store_row(const Sim *sim, const MemInsn *mem, uint32_t y);
bool store_pauses(const Sim *sim);
Cycle store_cycles(const Sim *sim, const MemInsn *mem);

/* books.c: the accounting; call only while `books.open`. */
void books_begin(Sim *sim);
void books_span(Sim *sim, TsimUnit unit, TsimCause cause, Cycle end);
void books_burst(Sim *sim, Burst burst);
void books_flush(Sim *sim, Cycle now); /* of bursts over by `now` */
/* A unit waits for data from the cycle behind `posted` on. */
void books_reading(Sim *sim, TsimUnit unit, Cycle posted);
void books_insn(Sim *sim, int unit);
void books_end(Sim *sim);

/* books_insn.c: an instruction's waiting and its steps until it reads memory;
 * all that is left of it when it is done. */
void books_until_reading(Sim *sim, int unit);
void books_work(Sim *sim, int unit, const Insn *insn);

#endif
