/* SPDX-License-Identifier: Apache-2.0 */
/* The printed form of IR: a pure function from IR to text (docs/ir-text.md).
 * Names are made unique per print call, so a dump depends on nothing but the
 * function printed. */
#ifndef IR_PRINT_H
#define IR_PRINT_H

#include "base/strbuf.h"
#include "ir/ir.h"

/* Appends the function as `print(module)` of TVM 0.9 shows it, ending in one
 * newline after the closing brace. */
void print_func(Strbuf *out, const Func *func);

/* Where a statement stands in the text: its line, counted from 1, and the
 * variable's name if it is a loop. */
typedef struct PrintPlace {
  int line;
  const char *name;
} PrintPlace;
/* The same; adds the place of every Evaluate, Attr and For of a function in
 * which no statement stands twice to a map, which must be empty. */
void print_func_places(Strbuf *out, const Func *func, PtrMap *ret_places);

/* A statement or expression alone, for messages and tests. */
const char *stmt_text(Arena *arena, const Stmt *stmt);
const char *expr_text(Arena *arena, const Expr *expr);

#endif
