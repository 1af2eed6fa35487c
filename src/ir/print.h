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

/* A statement or expression alone, for messages and tests. */
const char *stmt_text(Arena *arena, const Stmt *stmt);
const char *expr_text(Arena *arena, const Expr *expr);

#endif
