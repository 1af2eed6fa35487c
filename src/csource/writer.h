/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the C emitter share. */
#ifndef CSOURCE_WRITER_H
#define CSOURCE_WRITER_H

#include "base/strbuf.h"
#include "ir/name_supply.h"
#include "native/plan.h"

typedef struct Writer {
  Arena *arena;
  const HostPlan *plan;
  Strbuf text;
  NameSupply names;
  int indent;
  bool in_lanes; /* inside the loop over a vector statement's lanes */
} Writer;

/* ---- Text (write.c) ----------------------------------------------------- */

/* One line at the current depth. */
void c_line(Writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void c_open(Writer *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void c_open_block(Writer *w);
void c_close(Writer *w);
/* The text as a C string constant, quotes included. */
const char *c_quoted(Writer *w, const char *text);
/* The variable's name in the text, chosen when it is first asked for. */
const char *c_var(Writer *w, const Var *var);
const char *c_param(Writer *w, int i);
/* "int8_t x", "void *x" */
const char *c_declared(Writer *w, const char *type, const char *name);
/* "int8_t"; fails for types that C lacks. */
const char *c_type(Writer *w, DType type);

/* ---- Parts -------------------------------------------------------------- */

/* The expression as C, whole and safe to be an operand. */
const char *c_expr(Writer *w, const Expr *expr);
void c_stmt(Writer *w, const Stmt *stmt);
/* The packed entry point. */
void c_entry(Writer *w);

#endif
