/* SPDX-License-Identifier: Apache-2.0 */
/* What the evaluator's two halves share: expressions and statements. */
#ifndef IR_EVAL_IMPL_H
#define IR_EVAL_IMPL_H

#include "base/trap.h"
#include "ir/eval.h"

typedef struct Code Code;

/* The state of one run. */
typedef struct Run {
  EvalValue *slot; /* the variables' values */
  int lane;        /* of a vector statement, which runs lane by lane */
  const EvalHooks *hooks;
  Arena *arena; /* allocations of the program; errors jump to its trap */
} Run;

typedef EvalValue (*CodeFn)(const Code *code, Run *run);

/* A closure: a function and what it needs of the node it was made from. */
struct Code {
  CodeFn run;
  DType type;
  int n, slot; /* entries of list or slots; the variable */
  const Code *a, *b, *c;
  const Code *const *list;
  EvalValue constant;
  const void *node;
  const int *slots; /* the variables that a kernel captures */
  int site;
};

/* Turning IR into closures. */
typedef struct Preparation {
  Arena *arena;
  PtrMap slots; /* Var -> slot + 1, as an integer */
  PtrMap named; /* the pointer variables that external calls name */
  int n_slots, n_sites;
} Preparation;

int slot_of(Preparation *prep, const Var *var);
Code *new_code(Preparation *prep, CodeFn run);
const Code *prepare_expr(Preparation *prep, const Expr *expr);
const Code *const *prepare_exprs(Preparation *prep, int n,
                                 const Expr *const *at);
const Code *prepare_stmt(Preparation *prep, const Stmt *stmt);

/* Fills in the parts of `code` that an access needs: slot, type, list. */
void prepare_access(Preparation *prep, Code *code, const Buffer *buffer, int n,
                    const Expr *const *index);
/* Reads and writes the element that `code` accesses; out of bounds jumps. */
EvalValue load_element(const Code *code, Run *run);
void store_element(const Code *code, Run *run, EvalValue value);
/* The value as a variable of the type would hold it. */
EvalValue wrap_to(DType type, int64_t value);

static inline EvalValue int_value(int64_t i) { return (EvalValue){.i = i}; }
static inline EvalValue run_code(const Code *code, Run *run) {
  return code->run(code, run);
}

#endif
