/* SPDX-License-Identifier: Apache-2.0 */
/* The one signature of every pass, and the list of the general ones. */
#ifndef PASS_PASS_H
#define PASS_PASS_H

#include "ir/ir.h"

/* What is known of a tagged storage scope ("local.inp_buffer"). */
typedef struct ScopeInfo {
  const char *scope;
  int unit_bits;    /* one addressable element */
  int simd_bits;    /* alignment of an allocation */
  int64_t max_bits; /* the size of the memory */
} ScopeInfo;

/* What a pass may look at besides the function. */
typedef struct PassContext {
  Arena *arena;       /* the results live here */
  Arena *scratch;     /* emptied after each pass */
  const void *config; /* HwConfig of the target, for accelerator passes */
  int scopes;         /* tagged storage scopes of the target */
  const ScopeInfo *scope;
} PassContext;

const ScopeInfo *find_scope(const PassContext *context, const char *scope);

typedef const Func *(*Pass)(const PassContext *context, const Func *func);

/* The function with another body (itself if the body is the same). */
const Func *func_with_body(Arena *arena, const Func *func, const Stmt *body);

/* Do the threads of a virtual_thread annotation share what does not depend on
 * the thread? */
bool threads_share(const Attr *virtual_thread);

/* The annotation that InjectVirtualThread leaves for StorageRewrite around
 * threads whose work for the accelerator it has interleaved: nothing orders
 * the work of one of them behind that of another. */
#define INTERLEAVED_THREADS "interleaved_threads"

#define PASS(name, function, ...) \
  const Func *function(const PassContext *context, const Func *func);
#include "pass/passes.def"
#undef PASS

#endif
