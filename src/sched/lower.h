/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one lowering, from the normalized schedule to the function,
 * and the steps that work on it. */
#ifndef SCHED_LOWER_H
#define SCHED_LOWER_H

#include "sched/message.h"
#include "sched/stage.h"

/* What lowering knows of one stage, by Stage.index. */
typedef struct StagePlan {
  IterVec path;         /* loops around the stage, innermost first */
  StageVec consumers;   /* who reads it, of those that outputs need */
  const Buffer *buffer; /* where its tensor lies; NULL while undecided */
} StagePlan;

typedef struct Lowering {
  Arena *arena, *scratch;
  Schedule *schedule; /* normalized */
  StagePlan *plan;
  PtrMap attached; /* IterVar -> StageVec, in the order of the stages */
  PtrMap thread;   /* IterVar -> the thread axis it is bound to */
  Messages messages;
} Lowering;

/* Fills plan[].path and plan[].consumers, and `attached`. */
void plan_stages(Lowering *lowering);
/* Fills messages.range for every axis of every stage. */
void infer_bounds(Lowering *lowering);
/* The statement of the whole schedule. */
const Stmt *assemble_stages(Lowering *lowering);

/* ---- One stage ---------------------------------------------------------- */

/* The loops of a stage; with `init`, those that only initialise its
 * accumulator: own variables, nothing attached. */
typedef struct LoopNest {
  const Stage *stage;
  bool init;
  const Var **loop; /* the variable of each leaf's loop; NULL: no loop */
  bool *skip;       /* leaves that are not in the nest at all */
  PtrMap value;     /* IterVar -> Expr */
} LoopNest;

LoopNest make_loop_nest(Lowering *lowering, const Stage *stage);
/* Loops from leaf `begin` on, without those in `skip` (a set of IterVars);
 * the leaves before have their values in `outer`. */
LoopNest make_init_nest(Lowering *lowering, const LoopNest *outer, int begin,
                        const PtrMap *skip);
/* `body` inside the loops of leaves first .. end-1, with what is attached. */
const Stmt *wrap_loops(Lowering *lowering, const LoopNest *nest, int first,
                       int end, const Stmt *body);
/* `body` under conditions, the first one outermost. */
const Stmt *wrap_conditions(Arena *arena, const ExprVec *conditions,
                            const Stmt *body);

/* The loops and conditions of a stage's computation. */
typedef struct ComputeNest {
  LoopNest main, init;
  ExprVec main_checks, init_checks;
  int common; /* the leaves before the first one that reduces */
} ComputeNest;
ComputeNest make_compute_nest(Lowering *lowering, const Stage *stage);

/* The statement that computes the stage, what is attached to its loops
 * included; stage_tensorized is the part of it for tensorized stages. */
const Stmt *compute_stage(Lowering *lowering, const Stage *stage);
const Stmt *tensorize_stage(Lowering *lowering, const Stage *stage, int at);

/* A value map IterVar -> Expr as a substitution Var -> Expr. */
PtrMap value_substitution(Lowering *lowering, const PtrMap *values);

/* Allocates the stage around `inside`, which uses it (or NULL). */
const Stmt *realize_stage(Lowering *lowering, const Stage *stage,
                          const Stmt *inside);
/* The buffer that a read of the tensor is a read of. */
const Buffer *tensor_buffer(const Lowering *lowering, const Tensor *tensor);

/* ---- Regions ------------------------------------------------------------ */

typedef VEC(IntSet) SetVec;

/* What of each dimension of `input` the reads in `op` touch, one set a read;
 * `sets` (Var -> IntSet) is where the axes of op lie, and `analyzer` knows
 * their ranges.  ret_dim has input->n entries, to which this appends. */
void read_region(Lowering *lowering, Analyzer *analyzer, const Tensor *op,
                 const PtrMap *sets, const Tensor *input, SetVec *ret_dim);

#endif
