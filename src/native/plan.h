/* SPDX-License-Identifier: Apache-2.0 */
/* HostPlan: what the native form of a lowered function consists of, before
 * any code is chosen.  The C source emitter and the LLVM emitter both read it,
 * so that they cannot disagree about the calling convention.
 *
 * A function `f` becomes: the packed entry point f, which checks its arguments
 * (`check`, in order) and calls f_compute_; f_compute_, the body; and for each
 * micro-op scope (`site`) a slot and a function that replays the scope. */
#ifndef NATIVE_PLAN_H
#define NATIVE_PLAN_H

#include "ir/ir.h"

typedef enum CheckKind {
  CHECK_COUNT,   /* number of arguments */
  CHECK_POINTER, /* type code of argument `param` */
  CHECK_NDIM,    /* of the tensor: each of these reads the DLTensor */
  CHECK_DTYPE,
  CHECK_DIM,         /* shape[dim] == value */
  CHECK_STRIDES,     /* none, or compact row major */
  CHECK_BYTE_OFFSET, /* 0 */
  CHECK_DEVICE_TYPE,
  CHECK_DEVICE_ID /* that of the first tensor */
} CheckKind;

typedef struct Check {
  CheckKind kind;
  int param, dim;
  int64_t value;       /* what is expected, where that is one number */
  const char *message; /* "Assert fail: CONDITION, TEXT" */
} Check;

/* A micro-op scope.  Its closure holds the captured variables in this order,
 * each with its natural size and alignment; in front of them the key, if there
 * is one, which then is all that the runtime compares. */
typedef struct Site {
  const Stmt *body;
  const char *push; /* "VTAPushGEMMOp" or "VTAPushALUOp" */
  const Expr *key;  /* an int32 for each value of what is captured, or NULL */
  int n;
  const Var *const *captured;
  bool uses_handle; /* the body calls functions that take the command handle */
} Site;

/* A parameter as its caller knows it. */
typedef struct PlanParam {
  const char *name;
  DType type;
  int n;
  const int64_t *shape;
  bool written;    /* the function stores to it */
  const Var *data; /* what the body calls its memory */
} PlanParam;

enum { DEVICE_CPU = 1, DEVICE_VTA = 12 };

typedef struct HostPlan {
  const Func *func;
  int device_type;
  bool uses_vta; /* fetches the command handle first */
  const char
      *record; /* what loaders read about the module; set by the caller */
  int n_params, n_checks, n_sites;
  const PlanParam *param;
  const Check *check;
  const Site *site;
  PtrMap site_of; /* Attr of the scope -> Site */
} HostPlan;

/* The plan of a function that has been through all passes.  Memory comes from
 * the arena, to whose trap errors jump. */
HostPlan *plan_host(Arena *arena, const Func *func, bool accelerator);

/* Temporaries of the host that are smaller lie on its stack. */
enum { STACK_LIMIT_BYTES = 1024 };
/* The constant size of an allocation in elements; fails if it is none. */
int64_t plan_elements(Arena *arena, const Allocate *allocation);
/* Does a variable of the function live in host memory, or is it a handle? */
bool plan_is_pointer(const Var *var);
/* The constant divisor that makes a check for zero needless, if it is one. */
bool plan_divisor_is_safe(const Expr *divisor);

#endif
