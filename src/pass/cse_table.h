/* SPDX-License-Identifier: Apache-2.0 */
/* Which computations a piece of a program makes, and how often: what
 * CommonSubexprElim chooses from. */
#ifndef PASS_CSE_TABLE_H
#define PASS_CSE_TABLE_H

#include "base/vec.h"
#include "ir/ir.h"

/* What is worth knowing of an expression. */
typedef struct ExprFacts {
  uint64_t hash; /* equal for equal expressions; 0 of an atom */
  int size;      /* nodes */
  bool is_atom;  /* a constant or variable */
  bool has_call; /* or a load: another evaluation may differ */
  bool has_let;
  bool may_share; /* worth a name, and safe to give one */
  bool repeats;   /* it or a part of it may stand in the function twice */
} ExprFacts;

/* How often computations of one hash stand in the function. */
typedef struct HashCount {
  uint64_t hash;
  int n; /* 0: a free slot; 2: twice or more */
} HashCount;

/* The facts of every expression asked for, kept by node. */
typedef struct FactTable {
  Arena *arena;
  PtrMap known; /* Expr -> ExprFacts */
  HashCount *count;
  int counts, slots; /* in use; of them all, a power of two */
  bool is_counted;   /* what the function was to begin with */
} FactTable;

/* Counts the computations of a function's body, unless it has lets; true if any
 * may stand there twice. */
bool facts_init(FactTable *table, Arena *arena, const Stmt *body);
const ExprFacts *facts_of(FactTable *table, const Expr *expr);

typedef struct Computation {
  const Expr *expr;
  const ExprFacts *facts;
  int count;
} Computation;

/* Computations, each once, in the order first met. */
typedef struct Computations {
  FactTable *facts;
  VEC(Computation) list;
  int *slot;    /* open addressing by hash: index into the list + 1 */
  int slots;    /* a power of two, or 0 while the list is short */
  bool has_let; /* an expression met binds a variable */
} Computations;

void computations_init(Computations *table, FactTable *facts);
/* The index of an expression equal to this one, or -1. */
int computations_find(const Computations *table, const Expr *expr,
                      uint64_t hash);

/* Adds what a statement or expression computes and may repeat.  A shareable
 * expression counts as it stands, without its parts; of one that must stay, the
 * parts count.  A For or an If adds what at least two of its three parts
 * compute. */
void add_stmt(Computations *table, const Stmt *stmt);
void add_expr(Computations *table, const Expr *expr);
/* Adds what the direct parts of an expression compute. */
void add_parts(Computations *table, const Expr *expr);

#endif
