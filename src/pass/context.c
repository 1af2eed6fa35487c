/* SPDX-License-Identifier: Apache-2.0 */
/* What passes ask of their context, and how they hand back a function. */
#include <string.h>

#include "base/arena.h"
#include "pass/pass.h"

const ScopeInfo *find_scope(const PassContext *context, const char *scope) {
  for (int i = 0; i < context->scopes; i++)
    if (!strcmp(context->scope[i].scope, scope)) return &context->scope[i];
  return NULL;
}

const Func *func_with_body(Arena *arena, const Func *func, const Stmt *body) {
  if (body == func->body) return func;
  Func *changed = arena_copy(arena, func, sizeof *changed);
  changed->body = body;
  return changed;
}
