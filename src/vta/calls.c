/* SPDX-License-Identifier: Apache-2.0 */
/* The calls and annotations that accelerator passes build and look for. */
#include "vta/calls.h"

#include <string.h>

#include "base/trap.h"
#include "ir/build.h"

bool attr_has_key(const Attr *attr, const char *key) {
  return strcmp(attr->key, key) == 0;
}

bool expr_is_string(const Expr *expr, const char *text) {
  const StringImm *string = as_string(expr);
  return string && strcmp(string->value, text) == 0;
}

bool attr_is_pragma(const Attr *attr, const char *name) {
  static const char prefix[] = "pragma_";
  if (strncmp(attr->key, prefix, sizeof prefix - 1) != 0) return false;
  if (attr_has_key(attr, "pragma_scope"))
    return expr_is_string(attr->value, name);
  return strcmp(attr->key + sizeof prefix - 1, name) == 0;
}

const Call *as_extern(const Expr *expr, const char *name) {
  const Call *call = as_call_of(expr, OP_CALL_EXTERN);
  return call && expr_is_string(call->arg[0], name) ? call : NULL;
}

const Expr *make_extern(Arena *arena, DType type, const char *name, int n,
                        const Expr *const *arg) {
  enum { EXTERN_ARGS = 16 };
  const Expr *all[EXTERN_ARGS];
  CHECK(n < EXTERN_ARGS);
  all[0] = make_string(arena, name);
  for (int i = 0; i < n; i++) all[i + 1] = arg[i];
  return make_call(arena, type, OP_CALL_EXTERN, n + 1, all);
}

bool does_nothing(const Stmt *stmt) {
  while (as_for(stmt)) stmt = AS(For, stmt)->body;
  return is_nop(stmt);
}

noreturn void refuse_host_access(Arena *arena, const Var *data) {
  fail(arena, D_ONCHIP_ACCESS,
       "the host accesses buffer '%s', which lies in the accelerator's %s",
       data->hint, data->scope);
}

const Expr *command_handle(Arena *arena) {
  const Expr *queue = make_call(arena, HANDLE, OP_COMMAND_HANDLE, 0, NULL);
  return make_call(arena, HANDLE, OP_THREAD_CONTEXT, 1, &queue);
}

const Stmt *coproc_scope(const VtaEnv *env, Arena *arena, HwStage stage,
                         const Stmt *body) {
  return make_attr(arena, on_iter(env->axis), "coproc_scope",
                   make_i32(arena, stage), body);
}

const Stmt *uop_scope(const VtaEnv *env, Arena *arena, const Expr *push,
                      const Stmt *body) {
  return make_attr(arena, on_iter(env->axis), "coproc_uop_scope", push, body);
}

const Stmt *uop_push(Arena *arena, const UopPush *push) {
  const Expr *arg[8] = {make_i32(arena, push->mode),
                        make_i32(arena, push->reset),
                        push->dst,
                        push->src,
                        push->wgt,
                        make_i32(arena, push->opcode),
                        make_i32(arena, push->use_imm),
                        push->imm};
  return make_evaluate(arena, make_call(arena, INT32, OP_UOP_PUSH, 8, arg));
}

const Stmt *uop_loop_begin(Arena *arena, const UopLoop *loop) {
  const Expr *arg[4] = {loop->extent, loop->dst, loop->src, loop->wgt};
  return make_evaluate(arena,
                       make_extern(arena, INT32, "VTAUopLoopBegin", 4, arg));
}

const Stmt *uop_loop_end(Arena *arena) {
  return make_evaluate(arena,
                       make_extern(arena, INT32, "VTAUopLoopEnd", 0, NULL));
}
