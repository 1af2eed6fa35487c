/* SPDX-License-Identifier: Apache-2.0 */
/* Names of node kinds, operators and iteration types, from their tables. */
#include "ir/ir.h"

static const char *const expr_names[EXPR_KINDS] = {
#define EXPR(kind, layout, name) [kind] = name,
#include "ir/nodes.def"
};

static const char *const stmt_names[STMT_KINDS] = {
#define STMT(kind, layout, name) [kind] = name,
#include "ir/nodes.def"
};

static const struct {
  const char *name;
  Effect effect;
} ops[OPS] = {
#define OP(id, name, effect) [OP_##id] = {name, effect},
#include "ir/ops.def"
#undef OP
};

static const char *const iter_names[] = {
    [ITER_DATA_PAR] = "DataPar",       [ITER_THREAD_INDEX] = "ThreadIndex",
    [ITER_COMM_REDUCE] = "CommReduce", [ITER_ORDERED] = "Ordered",
    [ITER_OPAQUE] = "Opaque",          [ITER_UNROLLED] = "Unrolled",
    [ITER_VECTORIZED] = "Vectorized",  [ITER_PARALLELIZED] = "Parallelized",
    [ITER_TENSORIZED] = "Tensorized",
};

const char *expr_kind_name(ExprKind kind) { return expr_names[kind]; }
const char *stmt_kind_name(StmtKind kind) { return stmt_names[kind]; }
const char *op_name(Op op) { return ops[op].name; }
Effect op_effect(Op op) { return ops[op].effect; }
const char *iter_type_name(IterType type) { return iter_names[type]; }

const char *buffer_scope(const Buffer *buffer) {
  const char *scope = buffer->data->scope;
  return scope && *scope ? scope : "global";
}
