/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: runs any stage of a lowered function on real memory.
 *
 * It is the oracle of the property tests (the numbers must be the same
 * before and after a pass) and runs the host side of a kernel.  A function
 * is prepared once (variables become slots, nodes become closures) and may
 * then be run any number of times, from several threads at once.
 *
 * Operators that mean something only to a machine (external calls, the
 * accelerator's intrinsics) go to the hooks. */
#ifndef IR_EVAL_H
#define IR_EVAL_H

#include "base/diag.h"
#include "ir/ir.h"

/* Memory that a buffer's data variable points to. */
typedef struct EvalMemory {
  void *bytes;        /* NULL for memory that only a device can reach */
  size_t size;        /* in bytes */
  const void *handle; /* the machine's own name of it, or NULL */
  const char *scope;
  int ndim; /* of multi-dimensional accesses; flat ones have one index */
  const int64_t *min, *extent; /* of each dimension; min NULL: all zero */
} EvalMemory;

typedef union EvalValue {
  int64_t i;
  double f;
  const EvalMemory *memory; /* of a pointer variable */
  const char *text;
} EvalValue;

/* One evaluated argument of a call.  `offset` is set where the argument is
 * an access pointer: elements from the start of value.memory. */
typedef struct EvalArg {
  enum { ARG_INT, ARG_FLOAT, ARG_TEXT, ARG_POINTER, ARG_MACHINE } kind;
  EvalValue value;
  int64_t offset;
} EvalArg;

typedef struct EvalHooks {
  void *self;
  /* A call of an operator the evaluator does not know.  A call_extern's name
   * is arg[0].  A status other than VTAC_OK ends the run. */
  vtac_status (*call)(void *self, const Call *call, int n, const EvalArg *arg,
                      EvalValue *ret_value, Diag *diag);
  /* A coproc_uop_scope is entered: `site` numbers the scopes of the function
   * in textual order, `captured` are the n integer variables its body uses.
   * *ret_run says whether the body must be run. */
  vtac_status (*enter_kernel)(void *self, const char *kind, int site, int n,
                              const int64_t *captured, bool *ret_run,
                              Diag *diag);
  vtac_status (*leave_kernel)(void *self, Diag *diag);
  /* Memory for a temporary that calls name: `ret` gets bytes and
   * handle.  It lives as long as the run and is the machine's.  NULL: any
   * memory will do. */
  vtac_status (*allocate)(void *self, size_t size, EvalMemory *ret, Diag *diag);
} EvalHooks;

typedef struct EvalProgram EvalProgram;

/* Prepares a function; the program lives in `arena`. */
EvalProgram *eval_prepare(Arena *arena, const Func *func);
/* Runs it with one memory for each parameter (shapes are filled in from the
 * function).  `hooks` may be NULL for a function that needs no machine. */
vtac_status eval_run(const EvalProgram *program, const EvalMemory *args,
                     const EvalHooks *hooks, Diag *diag);

/* Bytes that one element, and an array of n, take in memory. */
int dtype_bytes(DType type);
int64_t dtype_array_bytes(DType type, int64_t n);

#endif
