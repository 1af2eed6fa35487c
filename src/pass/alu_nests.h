/* SPDX-License-Identifier: Apache-2.0 */
/* Stages of the vector unit as perfect nests of loops. */
#ifndef PASS_ALU_NESTS_H
#define PASS_ALU_NESTS_H

#include "ir/ir.h"

/* The stage's loops, each nest around one store without a condition in its
 * value; the statement itself if it is one such nest. */
const Stmt *alu_nests(Arena *arena, const Stmt *stage);

#endif
