/* SPDX-License-Identifier: Apache-2.0 */
/* Waits and barriers between host and accelerator.
 *
 * The accelerator runs behind the host: a call only queues its work.  Before
 * the host touches memory that queued work still writes, or writes memory
 * that queued work still reads, it has to wait (coproc_sync).  A sequence is
 * gone through in order with the accelerator's pending accesses; from outside,
 * what matters of it is what the host touches before the first wait, whether
 * there is a wait, and what is pending at its end.  A loop whose pending end
 * conflicts with its beginning waits at the end of its body.
 *
 * Barriers are about caches, not time: the accelerator's writes are made
 * visible before the host reads them (write barrier), and the host's before
 * the accelerator reads them (read barrier), for the range of elements
 * collected since the last one: of an operand of a transfer, all of it.
 * Accesses whose elements are not known take no part.
 *
 * After the analyses of TVM 0.9's CoProcSync; there the host's accesses inside
 * a loop were lost to the statements around it.  Cost: pending accesses times
 * host accesses. */
#include "base/trap.h"
#include "ir/build.h"
#include "vta/coproc_sync.h"

typedef struct HostPlan {
  Arena *arena;
  const PtrMap *shared; /* Var -> Expr, the number of its elements */
  Insertions *out;
  Analyzer *analyzer;
} HostPlan;

/* ---- Waits -------------------------------------------------------------- */

static bool conflicts(const AccessVec *pending, const Access *host) {
  for (int i = 0; i < pending->n; i++) {
    const Access *unit = &pending->at[i];
    if (unit->var == host->var &&
        (host->kind == ACCESS_WRITES || unit->kind == ACCESS_WRITES))
      return true;
  }
  return false;
}

static bool host_conflicts(const AccessVec *pending,
                           const AccessVec *accesses) {
  for (int i = 0; i < accesses->n; i++) {
    const Access *access = &accesses->at[i];
    if (access->kind != ACCESS_SYNC && !access->unit &&
        conflicts(pending, access))
      return true;
  }
  return false;
}

typedef struct WaitState {
  AccessVec entry;   /* the host's, before the first wait */
  AccessVec pending; /* the accelerator's, since the last one */
  bool waited;
} WaitState;

static const Stmt *make_wait(Arena *arena) {
  return make_evaluate(arena, make_call(arena, INT32, OP_COPROC_SYNC, 0, NULL));
}

static void waited(WaitState *state) {
  state->pending.n = 0;
  state->waited = true;
}

static void add_to_state(Arena *arena, const AccessVec *accesses,
                         WaitState *state) {
  for (int i = 0; i < accesses->n; i++) {
    const Access *access = &accesses->at[i];
    if (access->kind == ACCESS_SYNC) {
      waited(state);
    } else if (access->unit) {
      vec_push(arena, &state->pending, *access);
    } else if (!state->waited) {
      vec_push(arena, &state->entry, *access);
    }
  }
}

static AccessVec plan_waits(void *self, const StepVec *seq, const For *loop) {
  HostPlan *plan = self;
  WaitState state = {0};
  for (int i = 0; i < seq->n; i++) {
    const AccessVec *accesses = &seq->at[i].accesses;
    if (host_conflicts(&state.pending, accesses)) {
      coproc_insert_before(plan->out, seq->at[i].stmt,
                           make_wait(plan->out->arena));
      waited(&state);
    }
    add_to_state(plan->arena, accesses, &state);
  }
  if (loop && host_conflicts(&state.pending, &state.entry)) {
    coproc_insert_after(plan->out, seq->at[seq->n - 1].stmt,
                        make_wait(plan->out->arena));
    waited(&state);
  }
  AccessVec result = state.entry;
  if (state.waited)
    vec_push(plan->arena, &result, (Access){.kind = ACCESS_SYNC});
  for (int i = 0; i < state.pending.n; i++)
    vec_push(plan->arena, &result, state.pending.at[i]);
  return result;
}

void coproc_plan_waits(Arena *scratch, const Stmt *stmt, const PtrMap *shared,
                       Insertions *out) {
  HostPlan plan = {.arena = scratch, .shared = shared, .out = out};
  coproc_walk_accesses(scratch, stmt, shared, plan_waits, &plan);
}

/* ---- Barriers ----------------------------------------------------------- */

/* The accelerator's accesses by variable, for which no barrier stands yet. */
typedef struct Collected {
  VEC(AccessVec) by_var;
} Collected;

static void collect(Arena *arena, Collected *collected, const Access *access) {
  int i = 0;
  while (i < collected->by_var.n &&
         collected->by_var.at[i].at[0].var != access->var)
    i++;
  if (i == collected->by_var.n)
    vec_push(arena, &collected->by_var, (AccessVec){0});
  vec_push(arena, &collected->by_var.at[i], *access);
}

/* Takes out what has been collected for a variable. */
static bool take(Collected *collected, const Var *var, AccessVec *ret) {
  for (int i = 0; i < collected->by_var.n; i++) {
    if (collected->by_var.at[i].at[0].var != var) continue;
    *ret = collected->by_var.at[i];
    vec_remove(&collected->by_var, i);
    return true;
  }
  return false;
}

/* The elements that the accesses cover; min is NULL where that cannot be told,
 * or where they see the buffer as elements of another type. */
static Range covered(const HostPlan *plan, const AccessVec *accesses) {
  const Access *first = &accesses->at[0];
  IntSet *sets = ARENA_ARRAY(plan->arena, IntSet, accesses->n);
  for (int i = 0; i < accesses->n; i++) {
    if (!dtype_eq(accesses->at[i].type, first->var->element))
      return (Range){NULL, NULL};
    sets[i] = accesses->at[i].set;
  }
  IntSet all = set_union(plan->analyzer, accesses->n, sets);
  return set_cover(plan->analyzer, &all, (Range){NULL, NULL});
}

static const Stmt *make_barrier(HostPlan *plan, Op op,
                                const AccessVec *accesses) {
  Arena *arena = plan->out->arena;
  const Var *var = accesses->at[0].var;
  const Expr *size = ptrmap_get(plan->shared, var);
  Range range = covered(plan, accesses);
  if (!range.min && size)
    range = (Range){make_const(arena, size->type, 0), size};
  if (!range.min)
    fail(arena, D_ONCHIP_ACCESS,
         "host and accelerator share '%s', but which elements cannot be told",
         var->hint);
  const Expr *arg[4] = {&var->e, make_i32(arena, var->element.bits), range.min,
                        range.extent};
  return make_evaluate(arena, make_call(arena, INT32, op, 4, arg));
}

static bool counts(const Access *access, bool unit, AccessKind kind) {
  return access->has_set && access->unit == unit && access->kind == kind;
}

static void give_back(Arena *arena, const Collected *collected,
                      AccessVec *out) {
  for (int i = 0; i < collected->by_var.n; i++)
    for (int k = 0; k < collected->by_var.at[i].n; k++)
      vec_push(arena, out, collected->by_var.at[i].at[k]);
}

/* Forwards: what the accelerator has written is made visible before the host
 * reads it. */
static AccessVec plan_write_barriers(void *self, const StepVec *seq,
                                     const For *loop) {
  HostPlan *plan = self;
  Collected writes = {0};
  AccessVec reads = {0}, taken;
  for (int i = 0; i < seq->n; i++) {
    const AccessVec *accesses = &seq->at[i].accesses;
    for (int k = 0; k < accesses->n; k++) {
      const Access *access = &accesses->at[k];
      if (!counts(access, false, ACCESS_READS)) continue;
      if (take(&writes, access->var, &taken))
        coproc_insert_before(
            plan->out, seq->at[i].stmt,
            make_barrier(plan, OP_COPROC_WRITE_BARRIER, &taken));
      vec_push(plan->arena, &reads, *access);
    }
    for (int k = 0; k < accesses->n; k++)
      if (counts(&accesses->at[k], true, ACCESS_WRITES))
        collect(plan->arena, &writes, &accesses->at[k]);
  }
  for (int i = 0; loop && i < reads.n; i++)
    if (take(&writes, reads.at[i].var, &taken))
      coproc_insert_after(plan->out, seq->at[seq->n - 1].stmt,
                          make_barrier(plan, OP_COPROC_WRITE_BARRIER, &taken));
  give_back(plan->arena, &writes, &reads);
  return reads;
}

/* Backwards: what the host writes is made visible before the accelerator
 * reads it. */
static AccessVec plan_read_barriers(void *self, const StepVec *seq,
                                    const For *loop) {
  HostPlan *plan = self;
  Collected reads = {0};
  AccessVec writes = {0}, taken;
  for (int i = seq->n - 1; i >= 0; i--) {
    const AccessVec *accesses = &seq->at[i].accesses;
    for (int k = 0; k < accesses->n; k++) {
      const Access *access = &accesses->at[k];
      if (!counts(access, false, ACCESS_WRITES)) continue;
      if (take(&reads, access->var, &taken))
        coproc_insert_before(
            plan->out, seq->at[i + 1].stmt,
            make_barrier(plan, OP_COPROC_READ_BARRIER, &taken));
      vec_push(plan->arena, &writes, *access);
    }
    for (int k = 0; k < accesses->n; k++)
      if (counts(&accesses->at[k], true, ACCESS_READS))
        collect(plan->arena, &reads, &accesses->at[k]);
  }
  for (int i = 0; loop && i < writes.n; i++)
    if (take(&reads, writes.at[i].var, &taken))
      coproc_insert_before(plan->out, seq->at[0].stmt,
                           make_barrier(plan, OP_COPROC_READ_BARRIER, &taken));
  give_back(plan->arena, &reads, &writes);
  return writes;
}

/* The ranges become part of the function, and so do the sets' expressions. */
void coproc_plan_barriers(const Stmt *stmt, const PtrMap *shared,
                          Insertions *out) {
  Arena *arena = out->arena;
  HostPlan plan = {arena, shared, out, analyzer_new(arena)};
  coproc_walk_accesses(arena, stmt, shared, plan_read_barriers, &plan);
  coproc_walk_accesses(arena, stmt, shared, plan_write_barriers, &plan);
}
