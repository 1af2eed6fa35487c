/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules: how a graph of tensors is computed.
 *
 * A Schedule has one Stage for each tensor, producers first.  A stage starts
 * with its tensor's axes as loops (its leaves, outermost first); primitives
 * replace leaves, say where the stage is computed and how its loops run.
 * sched_lower turns the whole into one function over buffers; it leaves the
 * schedule as it was, so that it can be lowered again and extended.
 *
 * Axes are the IterVars of the tensors and those that split, fuse and tile
 * return.  Every misuse ends in fail() with the stage and axis by name. */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "base/vec.h"
#include "te/te.h"

typedef struct Schedule Schedule;
typedef struct Stage Stage;

typedef VEC(const IterVar *) IterVec;
typedef VEC(Stage *) StageVec;

/* How axes came about.  Ranges flow down (parents to results), values and
 * sets flow up. */
typedef enum RelationKind {
  REL_SPLIT,    /* parent -> outer, inner */
  REL_FUSE,     /* outer, inner -> result */
  REL_REBASE,   /* parent -> result, the same range from 0 */
  REL_SINGLETON /* nothing -> result, of extent 1 */
} RelationKind;

typedef struct Relation {
  RelationKind kind;
  const IterVar *parent, *outer, *inner, *result;
  const Expr *factor, *parts; /* of a split: one of them, the other NULL */
} Relation;

typedef struct Pragma {
  const char *key;   /* with its prefix: "pragma_dma_copy" */
  const Expr *value; /* NULL: 1 */
} Pragma;

/* What primitives said of one axis. */
typedef struct IterAttr {
  IterType type;              /* ITER_DATA_PAR: a plain loop */
  const IterVar *thread;      /* bound to it, or NULL */
  const TensorIntrin *intrin; /* of ITER_TENSORIZED */
  VEC(Pragma) pragma;
} IterAttr;

typedef enum AttachType {
  ATTACH_ROOT,   /* before everything that follows */
  ATTACH_INLINE, /* in each reader's body */
  ATTACH_AT      /* inside a loop of another stage */
} AttachType;

struct Stage {
  Schedule *schedule;
  const Tensor *op;     /* what is computed now (caching rewrites it) */
  const Tensor *origin; /* what the user declared */
  IterVec all, leaf;    /* every axis but rebased ones; the loops */
  VEC(Relation) relation;
  PtrMap attr; /* IterVar -> IterAttr */
  AttachType attach;
  Stage *attach_stage;
  const IterVar *attach_iter;
  const char *scope; /* storage scope; "" is not decided */
  bool is_output;
  int index; /* among the stages; set while lowering */
};

struct Schedule {
  Arena *arena;
  StageVec output, stage;
  PtrMap of; /* Tensor -> Stage; replaced tensors too */
};

/* ---- Making and looking up ---------------------------------------------- */

Schedule *sched_create(Arena *arena, int n, const Tensor *const *outputs);
Stage *sched_stage(Schedule *schedule, const Tensor *tensor);

/* ---- Loops -------------------------------------------------------------- */

/* axis -> axis.outer, axis.inner; the inner one has `factor` steps. */
void sched_split(Stage *stage, const IterVar *axis, int64_t factor,
                 const IterVar **ret_outer, const IterVar **ret_inner);
/* The same; the outer one has `parts` steps. */
void sched_split_parts(Stage *stage, const IterVar *axis, int64_t parts,
                       const IterVar **ret_outer, const IterVar **ret_inner);
/* Adjacent axes become one; n = 0 makes an outermost loop of one step. */
const IterVar *sched_fuse(Stage *stage, int n, const IterVar *const *axis);
/* The n axes take the places they hold together, in the order given. */
void sched_reorder(Stage *stage, int n, const IterVar *const *axis);
/* Splits x and y; ret_axis gets xo, yo, xi, yi, which is their new order. */
void sched_tile(Stage *stage, const IterVar *x, const IterVar *y,
                int64_t x_factor, int64_t y_factor, const IterVar **ret_axis);
/* The axis becomes the virtual thread `thread` ("cthread" or "vthread…"). */
void sched_bind(Stage *stage, const IterVar *axis, const IterVar *thread);
/* Marks the loop for a pass; the keys "unroll" and "vectorize" are those
 * primitives.  value NULL means 1. */
void sched_pragma(Stage *stage, const IterVar *axis, const char *key,
                  const Expr *value);
/* The axis and all loops inside it become the intrinsic. */
void sched_tensorize(Stage *stage, const IterVar *axis,
                     const TensorIntrin *intrin);
void sched_unroll(Stage *stage, const IterVar *axis);
void sched_vectorize(Stage *stage, const IterVar *axis);
void sched_parallel(Stage *stage, const IterVar *axis);

/* ---- Places ------------------------------------------------------------- */

void sched_compute_at(Stage *stage, Stage *parent, const IterVar *axis);
void sched_compute_inline(Stage *stage);
void sched_compute_root(Stage *stage);
void sched_set_scope(Stage *stage, const char *scope);

/* ---- Caches ------------------------------------------------------------- */

/* A copy of `tensor` in `scope` that the n readers read instead. */
const Tensor *sched_cache_read(Schedule *schedule, const Tensor *tensor,
                               const char *scope, int n,
                               const Tensor *const *readers);
/* A stage that computes `tensor` in `scope`, in the order of the stage's
 * loops; `tensor` itself becomes a copy of it and loses its loops. */
const Tensor *sched_cache_write(Schedule *schedule, const Tensor *tensor,
                                const char *scope);

/* ---- Lowering ----------------------------------------------------------- */

/* Refuses a schedule one of whose stages certainly reads outside of a tensor.
 */
void sched_check_reads(Arena *arena, Arena *scratch, const Schedule *schedule);

/* The schedule, or a copy in `scratch`, without splits and fuses whose loops
 * all stand inside a mark of a unit that takes a part of a tensor as a whole.
 * `marks` are names of pragmas, NULL at the end. */
const Schedule *sched_undo_inside(Arena *scratch, const Schedule *schedule,
                                  const char *const *marks);

/* The function that computes the schedule: parameters in the order of `args`,
 * which holds every placeholder and output (and any other tensor that the
 * caller wants to see) once.  The result is in `arena` and shares nodes with
 * the tensors; `scratch`, another arena, holds what is not needed afterwards
 * and is the caller's to empty. */
const Func *sched_lower(Arena *arena, Arena *scratch, const Schedule *schedule,
                        int nargs, const Tensor *const *args, const char *name);

#endif
