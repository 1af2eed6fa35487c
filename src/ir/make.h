/* SPDX-License-Identifier: Apache-2.0 */
/* Constructors.  These build exactly the node asked for; the builders that
 * promote and fold are in build.h.  Arrays passed in are copied. */
#ifndef IR_MAKE_H
#define IR_MAKE_H

#include "ir/ir.h"

/* Which kinds stand in n expressions. */
uint32_t exprs_have(int n, const Expr *const *at);

const Var *make_var(Arena *arena, const char *hint, DType type);
const Var *make_pointer(Arena *arena, const char *hint, DType element,
                        const char *scope);
const Expr *make_int(Arena *arena, DType type, int64_t value);
const Expr *make_i32(Arena *arena, int64_t value);
const Expr *make_bool(Arena *arena, bool value);
const Expr *make_float(Arena *arena, DType type, double value);
const Expr *make_string(Arena *arena, const char *value);
/* A constant of any type; of a vector, a broadcast. */
const Expr *make_const(Arena *arena, DType type, int64_t value);
const Expr *make_unary(Arena *arena, ExprKind kind, DType type, const Expr *a);
/* The result type is that of `a`, or bool for comparisons. */
const Expr *make_binary(Arena *arena, ExprKind kind, const Expr *a,
                        const Expr *b);
const Expr *make_select(Arena *arena, const Expr *condition,
                        const Expr *if_true, const Expr *if_false);
const Expr *make_call(Arena *arena, DType type, Op op, int n,
                      const Expr *const *arg);
/* The call with as many other arguments. */
const Expr *with_args(Arena *arena, const Call *call, const Expr *const *arg);
const Expr *make_load(Arena *arena, const Buffer *buffer, int n,
                      const Expr *const *index);
const Expr *make_reduce(Arena *arena, Combiner combiner, const Expr *source,
                        int n, const IterVar *const *axis,
                        const Expr *condition);
const Expr *make_let(Arena *arena, const Var *var, const Expr *value,
                     const Expr *body);
const Expr *make_ramp(Arena *arena, const Expr *base, const Expr *stride,
                      int lanes);
const Expr *make_broadcast(Arena *arena, const Expr *value, int lanes);

const IterVar *make_iter(Arena *arena, Range dom, const Var *var, IterType type,
                         const char *thread_tag);
/* A compact buffer with default offset, alignment and no tensor; the caller
 * may change fields of the result before it is first used. */
Buffer *make_buffer(Arena *arena, const Var *data, DType type, const char *name,
                    int n, const Expr *const *shape);
Buffer *copy_buffer(Arena *arena, const Buffer *buffer);

const Stmt *make_let_stmt(Arena *arena, const Var *var, const Expr *value,
                          const Stmt *body);
AttrNode on_iter(const IterVar *iter);
AttrNode on_var(const Var *var);
AttrNode on_buffer(const Buffer *buffer);
AttrNode on_pair(const Buffer *view, const Buffer *target);
const Stmt *make_attr(Arena *arena, AttrNode node, const char *key,
                      const Expr *value, const Stmt *body);
/* The same annotation with another value and body. */
const Stmt *with_value(Arena *arena, const Attr *attr, const Expr *value,
                       const Stmt *body);
const Stmt *make_for(Arena *arena, ForKind kind, const Var *var,
                     const Expr *min, const Expr *extent, const Stmt *body);
const Stmt *make_allocate(Arena *arena, const Var *var, DType type, int n,
                          const Expr *const *extent, const Expr *condition,
                          const Stmt *body);
const Stmt *make_store(Arena *arena, const Buffer *buffer, const Expr *value,
                       int n, const Expr *const *index);
const Stmt *make_realize(Arena *arena, const Buffer *buffer, const Range *bound,
                         const Expr *condition, const Stmt *body);
const Stmt *make_if(Arena *arena, const Expr *condition, const Stmt *then_part,
                    const Stmt *else_part);
/* A plain sequence: nothing is spliced. */
const Stmt *make_seq(Arena *arena, int n, const Stmt *const *at);
const Stmt *make_evaluate(Arena *arena, const Expr *value);
const Stmt *make_assert(Arena *arena, const Expr *condition,
                        const char *message, const Stmt *body);

/* The statement that does nothing: evaluates the constant 0. */
const Stmt *make_nop(Arena *arena);
bool is_nop(const Stmt *stmt); /* a constant's Evaluate, or an empty Seq */
/* A sequence of the n statements: NULLs dropped, sequences inside it spliced
 * at any depth, a single statement returned bare, NULL if nothing is left. */
const Stmt *flatten(Arena *arena, int n, const Stmt *const *at);
const Stmt *flatten2(Arena *arena, const Stmt *first, const Stmt *second);
/* Notes in calls that are statements, and in pragmas, whose work they are,
 * where no note is. */
const Stmt *note_stage(Arena *arena, const Stmt *stmt, const char *stage);
/* The same wrapper (LetStmt, Attr, For, Allocate, Realize, Assert, or If
 * without else) with another body. */
const Stmt *with_body(Arena *arena, const Stmt *wrapper, const Stmt *body);
const Stmt *body_of(const Stmt *wrapper);
/* Wraps `body` by the n wrappers, the last one innermost. */
const Stmt *merge_nest(Arena *arena, int n, const Stmt *const *wrapper,
                       const Stmt *body);

#endif
