/* SPDX-License-Identifier: Apache-2.0 */
/* Messages along the relations of a stage: what is known of some of its axes
 * (ranges, values, sets) carried to all others. */
#ifndef SCHED_MESSAGE_H
#define SCHED_MESSAGE_H

#include "arith/arith.h"
#include "sched/sched.h"

typedef VEC(const Expr *) ExprVec;

typedef struct Messages {
  Arena *arena, *scratch; /* expressions; tables */
  Analyzer *analyzer;     /* knows the ranges of the axes met so far */
  Analyzer *blank;        /* knows nothing */
  Analyzer *reader;       /* knows the axes of one stage that reads another */
  PtrMap range;           /* IterVar -> Range */
  Analyzer *known;        /* knows all ranges; made by know_ranges */
  PtrMap sets;            /* Var -> IntSet, of all ranges */
} Messages;

void messages_init(Messages *messages, Arena *arena, Arena *scratch);

/* The range of an axis that has one. */
Range iter_range(const Messages *messages, const IterVar *axis);
void set_iter_range(Messages *messages, const IterVar *axis, Range range);
/* Fills `known` and `sets`; no range may be added afterwards. */
void know_ranges(Messages *messages);

/* From the root axes' ranges to those of all axes and of the threads bound to
 * them.  `tighten`: a split axis is no longer than its parent, unless a
 * thread is bound to something made of it. */
void pass_down_ranges(Messages *messages, const Stage *stage, bool tighten);

/* Value maps: IterVar -> Expr.  Up: from leaves to their ancestors, as far as
 * the leaves are there; down: from root axes to all that derive from them. */
void pass_up_values(const Messages *messages, const Stage *stage,
                    PtrMap *values);
void pass_down_values(const Messages *messages, const Stage *stage,
                      PtrMap *values);

/* Sets that the leaves run over to those of their ancestors: a map
 * IterVar -> IntSet. */
void pass_up_sets(Messages *messages, const Stage *stage, PtrMap *sets);
const IntSet *keep_set(Arena *arena, IntSet set);

/* Which kinds of root axes each axis comes of. */
enum { FROM_DATA = 1, FROM_REDUCTION = 2 };
/* A map IterVar -> flags (as pointers to int), root axes filled in. */
void pass_down_flags(Arena *arena, const Stage *stage, PtrMap *flags);
int flags_of(const PtrMap *flags, const IterVar *axis);

/* ---- Bound checks ------------------------------------------------------- */

typedef struct BoundCheck {
  const PtrMap *value; /* IterVar -> Expr */
  PtrMap skip;         /* axes that are not checked */
  bool skip_domain;    /* don't compare with the declared domains */
} BoundCheck;

/* The conditions under which a point of the loops is one of the tensor. */
ExprVec bound_checks(Messages *messages, const Stage *stage,
                     const BoundCheck *check);

#endif
