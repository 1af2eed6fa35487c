/* SPDX-License-Identifier: Apache-2.0 */
/* The context behind the public API: the arenas, the accelerator, and the one
 * boundary at which a user's error in the compiler comes to rest. */
#ifndef COMPILE_CONTEXT_H
#define COMPILE_CONTEXT_H

#include "base/trap.h"
#include "hw/config.h"
#include "pass/pass.h"
#include "te/te.h"
#include "vta/env.h"
#include "vtac/lower.h"

enum { MOST_DIMS = 32 }; /* of a tensor */

struct vtac_context {
  Arena arena;   /* expressions, tensors, schedules, texts */
  Arena work;    /* IR while it is being lowered; emptied after each call */
  Arena scratch; /* emptied after each pass */
  Trap trap;
  const char *call; /* the public function that is running */
  bool in_pass;     /* a user's pass is running */
  vtac_error error; /* the first one; status VTAC_OK if there is none */
  HwConfig config;
  const VtaEnv *env;        /* made when first asked for */
  const TensorIntrin *gemm; /* likewise */
};

/* Opens a public call: returns `failure` at once if the context holds an
 * error, and again from wherever below the call fails.  It must stand in the
 * public function itself, before anything that can fail; locals of that
 * function that change after it are lost on failure. */
#define BOUNDARY(context, failure) BOUNDARY_OF(__func__, context, failure)
/* The same below the public function `name`. */
#define BOUNDARY_OF(name, context, failure)                    \
  do {                                                         \
    if (!(context) || (context)->error.status) return failure; \
    (context)->call = name;                                    \
    if (setjmp((context)->trap.here)) {                        \
      context_failed(context);                                 \
      return failure;                                          \
    }                                                          \
  } while (0)

/* Keeps the trap's diagnostic. */
void context_failed(vtac_context *context);
/* Empties the work and scratch arenas. */
void context_end_call(vtac_context *context);
const VtaEnv *context_env(vtac_context *context);
/* Fails unless the argument called `name` is there. */
void need_argument(vtac_context *context, const void *argument,
                   const char *name);
/* Fails unless the argument called `name` is a list of n things. */
void need_list(vtac_context *context, int n, const void *list,
               const char *name);

/* The argument as the compiler wants it, checked and copied. */
DType type_argument(vtac_context *context, const char *dtype);
const char *name_argument(vtac_context *context, const char *name);
/* Fails unless a tensor can have that many dimensions. */
void need_dims(vtac_context *context, int ndim);
/* The public name of a type; static storage. */
const char *type_text(DType type);

/* The public handles are the compiler's own nodes. */
#define EXPR_OF(handle) ((const Expr *)(handle))
#define ITER_OF(handle) ((const IterVar *)(handle))
#define TENSOR_OF(handle) ((const Tensor *)(handle))
#define SCHEDULE_OF(handle) ((Schedule *)(handle))
#define STAGE_OF(handle) ((Stage *)(handle))
#define TO_EXPR(node) ((vtac_expr)(node))
#define TO_ITER(node) ((vtac_iter)(node))
#define TO_TENSOR(node) ((vtac_tensor)(node))

#endif
