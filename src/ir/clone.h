/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a function into another arena, so that it outlives the first. */
#ifndef IR_CLONE_H
#define IR_CLONE_H

#include "ir/ir.h"

/* A copy that shares nothing with `func`: nodes, variables, buffers, texts. */
const Func *clone_func(Arena *arena, const Func *func);

#endif
