/* SPDX-License-Identifier: Apache-2.0 */
/* The forms that the canonical simplifier computes with.
 *
 *   Split:  ((index mod upper) div lower) * scale
 *   Sum:    base + the splits
 *
 * Splits of one index stand next to each other, larger lower first.  A Form
 * owns its sum: whoever takes a form passes the sum on or releases it. */
#ifndef ARITH_FORM_H
#define ARITH_FORM_H

#include "arith/analyzer.h"

#define UPPER_INF INT64_MAX

typedef enum DivMode { TRUNCATED, FLOORED } DivMode;

typedef struct Split {
  const Expr *index;
  int64_t lower, upper, scale;
  DivMode mode;
  DType type;
} Split;

typedef struct Sum {
  DType type;
  int64_t base;
  VEC(Split) args;
  struct Sum *next; /* in the analyzer's list of free sums */
} Sum;

/* Memory for the sums of an analyzer that lives as long. */
enum { ROOM_SUMS = 2, ROOM_SPLITS = 8 };
typedef struct SumRoom {
  Sum sum[ROOM_SUMS];
  Split split[ROOM_SUMS][ROOM_SPLITS];
} SumRoom;
void sums_lend(Analyzer *analyzer, SumRoom *room);

typedef enum FormKind { FORM_EXPR, FORM_SPLIT, FORM_SUM } FormKind;

typedef struct Form {
  FormKind kind;
  const Expr *expr;
  Split split;
  Sum *sum;
} Form;

/* The form that an expression was found to have, while that stays true. */
typedef struct FormSlot {
  const Expr *expr;
  uint32_t version;
  int depth;
  Form form; /* owns its sum */
} FormSlot;

Form form_copy(Analyzer *analyzer, const Form *form);

Form form_expr(const Expr *expr);
Form form_split(Split split);
Form form_sum(Sum *sum);
DType form_type(const Form *form);
/* The constant it is, or NULL. */
const IntImm *form_int(const Form *form);

/* The expression in its printed form; the form stays as it is. */
const Expr *form_normal(Analyzer *analyzer, const Form *form);
const Expr *split_normal(Analyzer *analyzer, const Split *split);
const Expr *sum_normal(Analyzer *analyzer, const Sum *sum);
void form_release(Analyzer *analyzer, Form *form);

/* These take the form over. */
Split form_to_split(Analyzer *analyzer, Form form);
Sum *form_to_sum(Analyzer *analyzer, Form form);

Sum *sum_new(Analyzer *analyzer, DType type);
Sum *sum_copy(Analyzer *analyzer, const Sum *sum);
void sum_assign(Analyzer *analyzer, Sum *sum, const Sum *from);
void sum_release(Analyzer *analyzer, Sum *sum);
bool sum_is_zero(const Sum *sum);
void sum_add_split(Analyzer *analyzer, Sum *sum, Split split, int64_t scale);
/* sum += form * scale; takes the form over. */
void sum_add(Analyzer *analyzer, Sum *sum, Form form, int64_t scale);
void sum_scale(Sum *sum, int64_t scale);
void sum_divide(Sum *sum, int64_t divisor);
/* Into the order of the printed form; terms of one scale keep theirs. */
void sum_sort(Sum *sum);
/* Takes out of `sum` what `divisor` does not divide: the result. */
Sum *sum_take_rest(Analyzer *analyzer, Sum *sum, int64_t divisor);

bool split_has_mode(const Split *split, DivMode mode);
const Expr *make_div(Arena *arena, DivMode mode, const Expr *a, int64_t b);
const Expr *make_mod(Arena *arena, DivMode mode, const Expr *a, int64_t b);

/* Is a cast to `type` the same as casting every part?  And: does so. */
bool form_cast_moves_in(Analyzer *analyzer, const Form *form, DType type);
void form_cast_parts(Analyzer *analyzer, Form *form, DType type);

/* The canonical simplifier's visit (canonical.c). */
const Expr *canonical_visit(Simplifier *simplifier, const Expr *expr);

/* ---- Plain sums (plain_sum.c) ------------------------------------------- */

/* A sum of variables times constants that are not negative.  The rewriter
 * may shuffle it, but its canonical form comes out the same without. */
bool is_plain_sum(const Analyzer *analyzer, const Expr *expr);
/* Is this a plain sum in canonical form: c > 0 or absent, each variable once,
 * scales that do not grow?  It is what normalising would write; most sums have
 * been written so before.  May miss some. */
bool is_canonical_sum(const Analyzer *analyzer, const Expr *expr);
/* The canonical form of a difference of plain sums where nothing is left of
 * what is subtracted but a constant, or NULL. */
const Expr *plain_rest(Analyzer *analyzer, const Expr *expr);
#endif
