/* SPDX-License-Identifier: Apache-2.0 */
/* The state of an Analyzer, for the files of this module alone.
 *
 * Facts about variables stand in a side table; facts that hold in a scope
 * only (conditions) stand on stacks that analyzer_leave cuts back.  Results
 * are remembered by node identity, in small direct-mapped tables: an entry
 * counts only while `version` is the one it was made under, and every change
 * of what is known makes a new version.  The tables therefore change speed
 * and never results. */
#ifndef ARITH_ANALYZER_H
#define ARITH_ANALYZER_H

#include "arith/arith.h"
#include "base/vec.h"

struct Sum; /* arith/form.h */
struct FormSlot;

typedef struct VarFacts {
  const Expr *value; /* what replaces the variable, or NULL */
  bool has_bound, has_modular;
  Bound bound;
  Modular modular;
} VarFacts;

/* The simplifiers share the visitor and the rewrite rules: a rule met while
 * the canonical one runs has its operands visited by that one.  BOTH is one
 * after the other, for nodes whose operands have nothing to do with each
 * other. */
typedef enum SimplifierKind { REWRITE, CANONICAL, BOTH } SimplifierKind;
typedef struct Simplifier {
  Analyzer *analyzer;
  SimplifierKind kind;
  int depth; /* of rule results being visited again */
} Simplifier;

enum {
  STABLE_SLOTS = 64,
  BOUND_SLOTS = 32,
  FORM_SLOTS = 32,
  SIMPLE_SLOTS = 16
};

/* A node that the rewriter, at this depth, leaves as it is. */
typedef struct StableSlot {
  const Expr *expr;
  uint32_t version;
  int depth;
} StableSlot;

/* What a node is simplified to. */
typedef struct SimpleSlot {
  const Expr *expr;
  uint32_t version;
  const Expr *to;
} SimpleSlot;

typedef struct BoundSlot {
  const Expr *expr;
  uint32_t version;
  Bound bound;
} BoundSlot;

typedef struct BoundFact {
  const Expr *expr;
  Bound bound;
} BoundFact;

typedef struct ModularFact {
  const Var *var;
  Modular set;
} ModularFact;

struct Analyzer {
  Arena *arena;
  PtrMap vars; /* Var -> VarFacts * */
  VEC(BoundFact) bounds;
  VEC(ModularFact) moduli; /* the last of a variable counts */
  VEC(const Expr *) facts; /* conditions taken as true, word for word */
  uint32_t version;        /* of all the above; never 0 */
  uint32_t versions;       /* how many there have been */
  uint32_t last_bind;      /* the version that the last binding made */
  int conditions;          /* of selects, inside each other, being visited */
  Simplifier rewriter, canonicalizer, both;
  struct Sum *free_sums;  /* sums to be used again */
  struct FormSlot *forms; /* FORM_SLOTS of them, or NULL */
  StableSlot stable[STABLE_SLOTS];
  SimpleSlot simple[SIMPLE_SLOTS];
  BoundSlot bound[BOUND_SLOTS];
};

void analyzer_init(Analyzer *analyzer, Arena *arena);
/* What is known about the variable has changed, or a condition has. */
void analyzer_changed(Analyzer *analyzer);
/* NULL if nothing is known. */
const VarFacts *analyzer_facts(const Analyzer *analyzer, const Var *var);
VarFacts *analyzer_own_facts(Analyzer *analyzer, const Var *var);

/* a - b, if it is seen at a glance to be a constant. */
bool plain_difference(const Expr *a, const Expr *b, int64_t *ret_value);
/* Sums, differences and constant multiples of variables and constants? */
bool is_linear(const Expr *expr);
/* The bound of a - b, sums of int32 variables times constants, where it is that
 * of the terms; what simplifying a - b first would not improve. */
bool plain_bound(Analyzer *analyzer, const Expr *a, const Expr *b,
                 Bound *ret_bound);
/* v1 * s1 + v2 * s2 + ... with scales > 0 that fall, each variable once: no
 * rule of additions and multiplications (rewrite_add.c) finds a common factor
 * or a constant in it, so the rewriter leaves it alone. */
bool is_steady_sum(const Analyzer *analyzer, const Expr *expr);
/* With nothing known. */
bool can_prove_equal_alone(Arena *arena, const Expr *a, const Expr *b);

/* Pushes what `condition` says about bounds and about remainders. */
void bound_enter(Analyzer *analyzer, const Expr *condition);
void modular_enter(Analyzer *analyzer, const Expr *condition);

static inline uint32_t analyzer_slot(const Expr *expr, uint32_t slots) {
  uint64_t bits = (uint64_t)(uintptr_t)expr;
  return (uint32_t)((bits * 0x9E3779B97F4A7C15ULL) >> 40) & (slots - 1);
}

/* int64 arithmetic that wraps; overflow of indices is taken not to happen,
 * but a program that provokes it must not be undefined here. */
static inline int64_t wrap_add(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t wrap_sub(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)b);
}
static inline int64_t wrap_mul(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a * (uint64_t)b);
}
/* Does d divide n? */
static inline bool divides(int64_t d, int64_t n) {
  return d == 1 || d == -1 || (d != 0 && n % d == 0);
}

#endif
