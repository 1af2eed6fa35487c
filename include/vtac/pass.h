/* SPDX-License-Identifier: Apache-2.0 */
/* Passes of your own: looking at a function while it is lowered, and rebuilding
 * it.
 *
 * Statements and expressions are trees that never change; a pass builds new
 * ones and shares what stays.  Those that a pass is given live until it
 * returns; what it makes lives as long as the context.  The nodes are those of
 * docs/ir-text.md, which names their kinds. */
#ifndef VTAC_PASS_H
#define VTAC_PASS_H

#include "vtac/intrin.h"
#include "vtac/lower.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Passes ------------------------------------------------------------- */

/* Where a pass runs.  The accelerator's own passes run in phases 1 to 3. */
enum {
  VTAC_PHASE_LOOPS,   /* first: buffers have their dimensions */
  VTAC_PHASE_FLAT,    /* memory is flat, loops show the tensors' structure */
  VTAC_PHASE_THREADS, /* virtual threads have been expanded */
  VTAC_PHASE_LAST     /* all is simplified, but for common subexpressions */
};

typedef struct vtac_user_pass {
  const char *name; /* for messages and vtac_pass_event */
  int phase;
  int before; /* not 0: before the accelerator's passes of that phase */
  /* Returns the function's new body, or `body` itself; NULL makes lowering
   * fail, with the context's error if it holds one.  It may use all calls on
   * the context that build expressions and statements, none that lower.  The
   * result must be well formed: lowering fails with VTAC_REFUSED if a variable
   * is not defined where it is used, or types do not fit. */
  vtac_stmt (*run)(void *user, vtac_context *context, vtac_stmt body);
  void *user;
} vtac_user_pass;

/* ---- Looking ------------------------------------------------------------ */

/* "for", "store", …; "add", "call", …: as docs/ir-text.md names the kinds. */
VTAC_API const char *vtac_stmt_kind(vtac_stmt stmt);
VTAC_API const char *vtac_expr_kind(vtac_expr expr);

/* The expressions and statements that stand directly in a node; returns how
 * many.  The lists belong to the context.  Their order: condition, then, else;
 * value before body; min, extent, body; extents, condition, body of an
 * allocation; value and indices of a store; min and extent of each dimension,
 * condition, body of a realization. */
VTAC_API int vtac_stmt_exprs(vtac_context *context, vtac_stmt stmt,
                             const vtac_expr **ret_exprs);
VTAC_API int vtac_stmt_stmts(vtac_context *context, vtac_stmt stmt,
                             const vtac_stmt **ret_stmts);
VTAC_API int vtac_expr_exprs(vtac_context *context, vtac_expr expr,
                             const vtac_expr **ret_exprs);

/* What a node says besides: an attribute's key, an assertion's message, a
 * loop's kind ("serial", "parallel", "vectorized", "unrolled"), an
 * allocation's scope, the name of a buffer or variable, a call's operator, a
 * text.  "" for all others. */
VTAC_API const char *vtac_stmt_label(vtac_stmt stmt);
VTAC_API const char *vtac_expr_label(vtac_expr expr);
/* The variable that a let, a loop or an allocation defines, that an attribute
 * is about, or through which a load or store reaches memory; NULL for none. */
VTAC_API vtac_expr vtac_stmt_var(vtac_stmt stmt);
VTAC_API vtac_expr vtac_expr_var(vtac_expr expr);
/* What a load, a store or a realization accesses; NULL for all others. */
VTAC_API vtac_buffer vtac_stmt_buffer(vtac_stmt stmt);
VTAC_API vtac_buffer vtac_expr_buffer(vtac_expr expr);
VTAC_API const char *vtac_buffer_name(vtac_buffer buffer);
VTAC_API const char *vtac_buffer_dtype(vtac_buffer buffer);
/* The type of the elements of a store, an allocation or a realization; NULL
 * for all others. */
VTAC_API const char *vtac_stmt_dtype(vtac_stmt stmt);
/* 1 and the value, if the expression is a constant of floating point. */
VTAC_API int vtac_expr_float(vtac_expr expr, double *ret_value);
/* Elements of a vector; 1 for scalars. */
VTAC_API int vtac_expr_lanes(vtac_expr expr);
/* Are the two the same?  Variables are the same as themselves only. */
VTAC_API int vtac_expr_same(vtac_expr a, vtac_expr b);

/* ---- Rebuilding --------------------------------------------------------- */

/* The node with other expressions and statements in it, as many and in the
 * order that the lists above have; expressions keep their types. */
VTAC_API vtac_stmt vtac_stmt_with(vtac_context *context, vtac_stmt stmt,
                                  int nexprs, const vtac_expr *exprs,
                                  int nstmts, const vtac_stmt *stmts);
VTAC_API vtac_expr vtac_expr_with(vtac_context *context, vtac_expr expr,
                                  int nexprs, const vtac_expr *exprs);
/* With `values` in the place of the variables `vars`, n of each. */
VTAC_API vtac_stmt vtac_stmt_substitute(vtac_context *context, vtac_stmt stmt,
                                        int n, const vtac_expr *vars,
                                        const vtac_expr *values);
VTAC_API vtac_expr vtac_expr_substitute(vtac_context *context, vtac_expr expr,
                                        int n, const vtac_expr *vars,
                                        const vtac_expr *values);

/* ---- Building ----------------------------------------------------------- */

/* A new variable, to be defined by one statement. */
VTAC_API vtac_expr vtac_var(vtac_context *context, const char *name,
                            const char *dtype);
/* The elements of `buffer` at n indices, as many as it has dimensions. */
VTAC_API vtac_expr vtac_load(vtac_context *context, vtac_buffer buffer, int n,
                             const vtac_expr *indices);
VTAC_API vtac_stmt vtac_store(vtac_context *context, vtac_buffer buffer,
                              vtac_expr value, int n, const vtac_expr *indices);
/* Runs `body` for var = min to min + extent - 1; `kind` as the loop's label. */
VTAC_API vtac_stmt vtac_for(vtac_context *context, const char *kind,
                            vtac_expr var, vtac_expr min, vtac_expr extent,
                            vtac_stmt body);
/* `else_part` may be NULL. */
VTAC_API vtac_stmt vtac_if(vtac_context *context, vtac_expr condition,
                           vtac_stmt then_part, vtac_stmt else_part);
VTAC_API vtac_stmt vtac_let(vtac_context *context, vtac_expr var,
                            vtac_expr value, vtac_stmt body);
/* Says `key` = `value` about `var`, for passes that look for it. */
VTAC_API vtac_stmt vtac_attr(vtac_context *context, vtac_expr var,
                             const char *key, vtac_expr value, vtac_stmt body);
/* Memory for a flat buffer (one dimension) of vtac_buffer_declare. */
VTAC_API vtac_stmt vtac_allocate(vtac_context *context, vtac_buffer buffer,
                                 vtac_stmt body);
/* Running fails with `message` if the condition does not hold. */
VTAC_API vtac_stmt vtac_assert(vtac_context *context, vtac_expr condition,
                               const char *message, vtac_stmt body);

#ifdef __cplusplus
}
#endif
#endif
