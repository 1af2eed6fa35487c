/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about IR, and the rewrites that everybody needs. */
#ifndef IR_ANALYSIS_H
#define IR_ANALYSIS_H

#include "ir/ir.h"

/* Structural equality; variables, buffers and iteration variables by
 * identity; a + b and b + a differ. NULL equals only NULL. */
bool expr_equal(const Expr *a, const Expr *b);

Effect expr_effect(const Expr *expr);
/* Does the expression (statement) mention the variable, loads' data vars
 * included? */
bool expr_uses(const Expr *expr, const Var *var);
bool stmt_uses(const Stmt *stmt, const Var *var);
/* Does it mention any variable that is a key of the map? */
bool expr_uses_any(const Expr *expr, const PtrMap *vars);

/* Replaces variables by expressions: `map` is Var -> Expr.  Nothing is folded.
 * A buffer whose data var maps to another Var becomes one new buffer. */
const Expr *substitute_expr(Arena *arena, const Expr *expr, const PtrMap *map);
const Stmt *substitute_stmt(Arena *arena, const Stmt *stmt, const PtrMap *map);
const Expr *substitute_var(Arena *arena, const Expr *expr, const Var *var,
                           const Expr *value);
const Stmt *substitute_var_stmt(Arena *arena, const Stmt *stmt, const Var *var,
                                const Expr *value);

/* Puts vectors in the place of the variables that lets bind to them: what runs
 * vectors lane by lane has no variable for all lanes. */
const Stmt *inline_vector_lets(Arena *arena, const Stmt *stmt);
/* Gives every definition (For, LetStmt, Allocate) its own variable: a second
 * definition of a variable gets a fresh one of the same hint. */
const Stmt *convert_ssa(Arena *arena, const Stmt *stmt);

#endif
