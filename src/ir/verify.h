/* SPDX-License-Identifier: Apache-2.0 */
/* The IR verifier: a malformed function is a bug of the pass that made it. */
#ifndef IR_VERIFY_H
#define IR_VERIFY_H

#include "ir/ir.h"

/* The first thing wrong with the function, in `scratch`, or NULL.  Checked:
 * variables are defined before use and defined once on each path; operands
 * have the types their operator asks for; accesses have as many indices as
 * their buffer has dimensions; memory is allocated where it is used. */
const char *find_flaw(Arena *scratch, const Func *func);

/* Aborts with the name of the pass if the function has a flaw. */
void verify_func(Arena *scratch, const Func *func, const char *pass);

#endif
