/* SPDX-License-Identifier: Apache-2.0 */
/* The short text of expressions: variables by their bare hints.  Messages
 * show it, and CommonSubexprElim orders expressions of one size by it. */
#ifndef IR_DEBUG_TEXT_H
#define IR_DEBUG_TEXT_H

#include "base/strbuf.h"
#include "ir/ir.h"

void debug_text(Strbuf *buf, const Expr *expr);
/* The same as a text of its own. */
const char *brief_text(Arena *arena, const Expr *expr);

#endif
