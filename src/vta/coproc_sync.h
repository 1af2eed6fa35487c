/* SPDX-License-Identifier: Apache-2.0 */
/* The three analyses of CoProcSync.  Each looks at the same statement and says
 * what is to be put before or after which of its statements. */
#ifndef VTA_COPROC_SYNC_H
#define VTA_COPROC_SYNC_H

#include "arith/arith.h"
#include "base/vec.h"
#include "ir/ir.h"

typedef struct Insertions {
  Arena *arena;
  PtrMap before, after; /* Stmt -> StmtVec */
} Insertions;
typedef VEC(const Stmt *) StmtVec;

void coproc_insert_before(Insertions *insertions, const Stmt *node,
                          const Stmt *stmt);
void coproc_insert_after(Insertions *insertions, const Stmt *node,
                         const Stmt *stmt);

/* Dependence tokens between the units (coproc_depend.c). */
void coproc_plan_tokens(Arena *scratch, const Stmt *stmt, Insertions *out);

/* Waits of the host for the accelerator inside the program (coproc_host.c). */
void coproc_plan_waits(Arena *scratch, const Stmt *stmt, const PtrMap *shared,
                       Insertions *out);
/* Barriers that make the memory writes of one side visible to the other. */
void coproc_plan_barriers(const Stmt *stmt, const PtrMap *shared,
                          Insertions *out);

/* ---- Accesses to what host and accelerator share (coproc_access.c) ------ */

typedef enum AccessKind {
  ACCESS_READS,
  ACCESS_WRITES,
  ACCESS_SYNC /* the host has waited for the accelerator */
} AccessKind;

typedef struct Access {
  AccessKind kind;
  bool unit; /* by the accelerator, else by the host */
  const Var *var;
  DType type;
  bool has_set; /* which elements is known */
  IntSet set;
} Access;
typedef VEC(Access) AccessVec;

/* One statement of a sequence and what it accesses. */
typedef struct Step {
  const Stmt *stmt;
  AccessVec accesses;
} Step;
typedef VEC(Step) StepVec;

/* What remains to be known about a sequence from outside; `loop` is the loop
 * whose body it is, or NULL. */
typedef AccessVec (*Summary)(void *self, const StepVec *seq, const For *loop);

/* Walks the statement; each sequence, innermost first, goes through `summary`.
 * Only variables in `shared` count.  The sets of accesses are in `arena`. */
void coproc_walk_accesses(Arena *arena, const Stmt *stmt, const PtrMap *shared,
                          Summary summary, void *self);

/* The variables that host and accelerator both access: a map Var -> Expr, how
 * many elements there are, or NULL where that is not known. */
void coproc_find_shared(Arena *scratch, const Func *func, PtrMap *ret_shared);

#endif
