/* SPDX-License-Identifier: Apache-2.0 */
/* The calls and annotations that accelerator passes build and look for. */
#ifndef VTA_CALLS_H
#define VTA_CALLS_H

#include <stdnoreturn.h>

#include "ir/ir.h"
#include "vta/env.h"

/* Is the annotation the pragma `name`: "pragma_NAME", or "pragma_scope" with
 * the name as its value? */
bool attr_is_pragma(const Attr *attr, const char *name);
bool attr_has_key(const Attr *attr, const char *key);
bool expr_is_string(const Expr *expr, const char *text);

/* The call's node if it calls the extern function `name`, else NULL.  Its
 * first argument is the name. */
const Call *as_extern(const Expr *expr, const char *name);
const Expr *make_extern(Arena *arena, DType type, const char *name, int n,
                        const Expr *const *arg);
/* Is it a nest of loops around nothing, as where no element is needed? */
bool does_nothing(const Stmt *stmt);
/* Fails: the host's code accesses a buffer in the accelerator's memory. */
noreturn void refuse_host_access(Arena *arena, const Var *data);

/* The command queue that runtime functions take first. */
const Expr *command_handle(Arena *arena);

/* Marks `body` as work of a unit (HwStage). */
const Stmt *coproc_scope(const VtaEnv *env, Arena *arena, HwStage stage,
                         const Stmt *body);
/* Marks `body` as a micro-op kernel; `push` names who runs it. */
const Stmt *uop_scope(const VtaEnv *env, Arena *arena, const Expr *push,
                      const Stmt *body);

typedef struct UopPush {
  int mode;  /* 0: GEMM, 1: ALU */
  int reset; /* GEMM: set the output to 0 instead */
  const Expr *dst, *src, *wgt;
  int opcode, use_imm;
  const Expr *imm;
} UopPush;
const Stmt *uop_push(Arena *arena, const UopPush *push);
enum { UOP_PUSH_RESET = 1 }; /* the argument that says so */

typedef struct UopLoop {
  const Expr *extent, *dst, *src, *wgt; /* iterations; step of each index */
} UopLoop;
const Stmt *uop_loop_begin(Arena *arena, const UopLoop *loop);
const Stmt *uop_loop_end(Arena *arena);

#endif
