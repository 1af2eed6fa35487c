/* SPDX-License-Identifier: Apache-2.0 */
/* Stages of the vector unit as perfect nests of loops. */
#ifndef PASS_ALU_NESTS_H
#define PASS_ALU_NESTS_H

#include "arith/arith.h"
#include "base/ptrmap.h"

/* What is known around a stage; of its own loops, too, afterwards. */
typedef struct NestFacts {
  Analyzer *loops;
  PtrMap partial; /* set of Var: memory that is written under checks */
} NestFacts;

/* The stage's loops, each nest around one store without a condition in its
 * value; the statement itself if it is one such nest. */
const Stmt *alu_nests(Arena *arena, NestFacts *facts, const Stmt *stage);

#endif
