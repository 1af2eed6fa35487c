/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolic integer arithmetic: what is known about expressions, and their
 * simplest form.
 *
 * An Analyzer holds what is known about variables.  It and all it returns
 * live in the arena it was made in.  It remembers nodes by identity: an
 * expression that it is given must outlive it. */
#ifndef ARITH_ARITH_H
#define ARITH_ARITH_H

#include "ir/ir.h"

typedef struct Analyzer Analyzer;

Analyzer *analyzer_new(Arena *arena);
/* As new; cheaper than another one. */
void analyzer_forget(Analyzer *analyzer);
Arena *analyzer_arena(const Analyzer *analyzer);

/* Binds a variable to a range (an extent of constant 1 binds it to the
 * minimum) or to a value, by which later simplifications replace it. */
void analyzer_bind(Analyzer *analyzer, const Var *var, Range range);
void analyzer_bind_value(Analyzer *analyzer, const Var *var, const Expr *value);

/* Takes `condition` as true until the matching leave. */
typedef struct Constraint {
  int bounds, moduli, facts; /* heights of the analyzer's stacks */
  uint32_t version;          /* of what was known before */
} Constraint;
Constraint analyzer_enter(Analyzer *analyzer, const Expr *condition);
void analyzer_leave(Analyzer *analyzer, Constraint constraint);

/* Rewrite rules, then the canonical form: the simplifier that passes use. */
const Expr *simplify(Analyzer *analyzer, const Expr *expr);
const Expr *rewrite_simplify(Analyzer *analyzer, const Expr *expr);
const Expr *canonical_simplify(Analyzer *analyzer, const Expr *expr);
/* The canonical form of (... (index[0] * size[1] + index[1]) * size[2] ...),
 * normalised after each dimension; NULL unless the sizes are constants and the
 * indices sums of int32 variables times constants that are not negative. */
const Expr *plain_offset(Analyzer *blank, int n, const Expr *const *size,
                         const Expr *const *index);
/* With nothing known. */
const Expr *simplify_alone(Arena *arena, const Expr *expr);

bool can_prove(Analyzer *analyzer, const Expr *condition);
bool can_prove_equal(Analyzer *analyzer, const Expr *a, const Expr *b);
bool can_prove_ge(Analyzer *analyzer, const Expr *expr, int64_t bound);
/* As can_prove_ge; where intervals do not tell, all values of the variables
 * are tried if these are few and have ranges.  Sees what the simplifier, whose
 * forms are printed, must not see. */
bool can_prove_ge_by_cases(Analyzer *analyzer, const Expr *expr, int64_t bound);
bool can_prove_lt(Analyzer *analyzer, const Expr *expr, int64_t bound);

/* ---- Facts -------------------------------------------------------------- */

/* Smallest and largest value; INT64_MAX and -INT64_MAX mean unbounded. */
typedef struct Bound {
  int64_t lo, hi;
} Bound;
#define BOUND_INF INT64_MAX
Bound const_bound(Analyzer *analyzer, const Expr *expr);

/* value = base (mod coeff); coeff 0: the constant base; {1, 0}: anything. */
typedef struct Modular {
  int64_t coeff, base;
} Modular;
Modular modular_set(Analyzer *analyzer, const Expr *expr);
/* The largest that expr mod divisor can be, for a divisor of at least 1. */
int64_t most_remainder(Analyzer *analyzer, const Expr *expr, int64_t divisor);

/* ---- Interval sets ------------------------------------------------------ */

/* The integers from lo to hi; NEG_INF and POS_INF (ir/build.h) are open ends.
 * A single point when both are the same object or provably equal. */
typedef struct IntSet {
  const Expr *lo, *hi;
} IntSet;

IntSet set_point(const Expr *value);
IntSet set_everything(void);
IntSet set_range(Arena *arena, Range range); /* extent 1: the point min */
bool set_is_point(const IntSet *set);        /* same object */
bool set_is_everything(const IntSet *set);
/* The next four prove and simplify with nothing known about variables,
 * whatever the analyzer knows; it says where the results live. */
/* Are the ends the same object, or provably equal? */
bool set_is_single(Analyzer *analyzer, const IntSet *set);
/* Are both ends of `set` provably those of `range`? */
bool set_is_range(Analyzer *analyzer, const IntSet *set, Range range);
IntSet set_union(Analyzer *analyzer, int n, const IntSet *sets);
/* [min, max] as a range, simplified, or `fallback` if an end is open. */
Range set_cover(Analyzer *analyzer, const IntSet *set, Range fallback);

/* What is known of variables as sets: a map Var -> IntSet *. */
IntSet eval_set(Analyzer *analyzer, const Expr *expr, const PtrMap *sets);

/* ---- Linear forms ------------------------------------------------------- */

/* Writes expr as sum(coeff[i] * vars[i]) + coeff[n]; false if it is not
 * linear in the variables, in the order given.  Nothing is simplified: the
 * terms keep the order they had. */
bool detect_linear(Arena *arena, const Expr *expr, int n,
                   const Var *const *vars, const Expr **ret_coeff);

/* The condition, or its opposite, with negations drawn into comparisons and
 * without likely marks. */
const Expr *without_not(Arena *arena, const Expr *condition, bool opposite);

/* Bounds that a conjunction of comparisons sets on each variable; NULL where
 * there is none.  False if a conjunct is anything else. */
typedef struct Clip {
  const Expr *min, *max;
} Clip;
bool detect_clip(Arena *arena, const Expr *condition, int n,
                 const Var *const *vars, Clip *ret_clip);

#endif
