/* SPDX-License-Identifier: Apache-2.0 */
/* What the public faces of nodes share (inside compile only). */
#ifndef COMPILE_NODES_H
#define COMPILE_NODES_H

#include "compile/context.h"
#include "vtac/intrin.h"

#define BUFFER_OF(handle) ((const Buffer *)(handle))
#define STMT_OF(handle) ((const Stmt *)(handle))
#define TO_BUFFER(node) ((vtac_buffer)(node))
#define TO_STMT(node) ((vtac_stmt)(node))

enum { FOR_KINDS = FOR_UNROLLED + 1 };
extern const char *const for_kind_names[FOR_KINDS];

/* The variable that the argument called `name` is; fails if it is none. */
const Var *need_var(vtac_context *context, vtac_expr expr, const char *name);

#endif
