/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of tensor intrinsics (vtac/intrin.h). */
#include "vtac/intrin.h"

#include <string.h>

#include "compile/nodes.h"
#include "ir/build.h"
#include "ir/print.h"
#include "sched/sched.h"
#include "vta/calls.h"
#include "vta/gemm_intrin.h"

#define INTRIN_OF(handle) ((const TensorIntrin *)(handle))

/* ---- Buffers ------------------------------------------------------------ */

/* Extents or strides, of the type that those of tensors have. */
static const Expr *const *sizes(vtac_context *c, const char *what, int n,
                                const int64_t *size) {
  need_dims(c, n);
  if (n > 0) need_argument(c, size, what);
  const Expr **exprs = ARENA_ARRAY(&c->arena, const Expr *, n);
  for (int i = 0; i < n; i++) {
    if (size[i] < 1 || size[i] > INT32_MAX)
      fail(&c->arena, D_ARGUMENT, "%s: %s[%d] is %lld; it must be 1 to %d",
           c->call, what, i, (long long)size[i], INT32_MAX);
    exprs[i] = make_i32(&c->arena, size[i]);
  }
  return exprs;
}

vtac_buffer vtac_buffer_declare(vtac_context *c,
                                const vtac_buffer_params *params) {
  BOUNDARY(c, NULL);
  need_argument(c, params, "params");
  if (params->offset_factor < 0 || params->alignment < 0)
    fail(&c->arena, D_ARGUMENT,
         "%s: offset_factor %d and alignment %d must not be negative", c->call,
         params->offset_factor, params->alignment);
  BufferDecl decl = {.name = name_argument(c, params->name),
                     .scope = params->scope ? params->scope : "global",
                     .type = type_argument(c, params->dtype),
                     .n = params->ndim,
                     .offset_factor = params->offset_factor,
                     .align = params->alignment};
  decl.shape = sizes(c, "shape", params->ndim, params->shape);
  if (params->strides)
    decl.stride = sizes(c, "strides", params->ndim, params->strides);
  return (vtac_buffer)te_decl_buffer(&c->arena, &decl);
}

vtac_expr vtac_buffer_access(vtac_context *c, vtac_buffer buffer, int mask,
                             const char *dtype, vtac_expr offset) {
  BOUNDARY(c, NULL);
  need_argument(c, buffer, "buffer");
  need_argument(c, dtype, "dtype");
  if (mask < 1 || mask > (ACCESS_READ | ACCESS_WRITE))
    fail(&c->arena, D_ARGUMENT, "%s: %d is no access mask", c->call, mask);
  DType type = strcmp(dtype, "handle") ? type_argument(c, dtype) : HANDLE;
  return TO_EXPR(
      te_access_ptr(&c->arena, BUFFER_OF(buffer), mask, type, EXPR_OF(offset)));
}

/* ---- Statements --------------------------------------------------------- */

/* What may be called by name, with how many arguments: passes rely on it. */
static const struct {
  Op op;
  int args;
} callable[] = {
    {OP_LIKELY, 1},      {OP_IF_THEN_ELSE, 3},    {OP_SHIFT_RIGHT, 2},
    {OP_SHIFT_LEFT, 2},  {OP_BITWISE_AND, 2},     {OP_BITWISE_OR, 2},
    {OP_BITWISE_XOR, 2}, {OP_BITWISE_NOT, 1},     {OP_COMMAND_HANDLE, 0},
    {OP_COPROC_SYNC, 0}, {OP_COPROC_DEP_PUSH, 2}, {OP_COPROC_DEP_POP, 2},
    {OP_UOP_PUSH, 8}};

static DType result_type(vtac_context *c, const char *dtype) {
  need_argument(c, dtype, "dtype");
  return strcmp(dtype, "handle") ? type_argument(c, dtype) : HANDLE;
}

vtac_expr vtac_call(vtac_context *c, const char *dtype, const char *operation,
                    int n, const vtac_expr *args) {
  BOUNDARY(c, NULL);
  DType type = result_type(c, dtype);
  need_argument(c, operation, "operation");
  need_list(c, n, args, "args");
  for (size_t i = 0; i < sizeof callable / sizeof *callable; i++) {
    if (strcmp(op_name(callable[i].op), operation)) continue;
    if (callable[i].args != n)
      fail(&c->arena, D_ARGUMENT, "%s: '%s' takes %d arguments, got %d",
           c->call, operation, callable[i].args, n);
    return TO_EXPR(make_call(&c->arena, type, callable[i].op, n,
                             (const Expr *const *)args));
  }
  fail(&c->arena, D_ARGUMENT, "%s: there is no operator '%s' to call", c->call,
       operation);
}

vtac_expr vtac_call_extern(vtac_context *c, const char *dtype,
                           const char *function, int n, const vtac_expr *args) {
  enum { MOST_ARGS = 15 };
  BOUNDARY(c, NULL);
  DType type = result_type(c, dtype);
  need_list(c, n, args, "args");
  if (n > MOST_ARGS)
    fail(&c->arena, D_ARGUMENT, "%s: %d arguments; a call has 0 to %d", c->call,
         n, MOST_ARGS);
  return TO_EXPR(make_extern(&c->arena, type, name_argument(c, function), n,
                             (const Expr *const *)args));
}

vtac_stmt vtac_evaluate(vtac_context *c, vtac_expr expr) {
  BOUNDARY(c, NULL);
  need_argument(c, expr, "expr");
  return TO_STMT(make_evaluate(&c->arena, EXPR_OF(expr)));
}

vtac_stmt vtac_sequence(vtac_context *c, int n, const vtac_stmt *stmts) {
  BOUNDARY(c, NULL);
  need_list(c, n, stmts, "stmts");
  if (n == 0) return TO_STMT(make_nop(&c->arena));
  return TO_STMT(flatten(&c->arena, n, (const Stmt *const *)stmts));
}

vtac_stmt vtac_unit_scope(vtac_context *c, int unit, vtac_stmt body) {
  BOUNDARY(c, NULL);
  need_argument(c, body, "body");
  if (unit < HW_STAGE_LOAD || unit > HW_STAGE_STORE)
    fail(&c->arena, D_ARGUMENT,
         "%s: there is no unit %d (1 load, 2 compute, 3 store)", c->call, unit);
  return TO_STMT(
      coproc_scope(context_env(c), &c->arena, (HwStage)unit, STMT_OF(body)));
}

vtac_stmt vtac_kernel_scope(vtac_context *c, vtac_stmt body) {
  BOUNDARY(c, NULL);
  need_argument(c, body, "body");
  const VtaEnv *env = context_env(c);
  return TO_STMT(uop_scope(env, &c->arena, env->push_gemm, STMT_OF(body)));
}

const char *vtac_stmt_text(vtac_context *c, vtac_stmt stmt) {
  BOUNDARY(c, NULL);
  need_argument(c, stmt, "stmt");
  return stmt_text(&c->arena, STMT_OF(stmt));
}

/* ---- Intrinsics --------------------------------------------------------- */

vtac_intrin vtac_intrin_new(vtac_context *c, const vtac_intrin_params *params) {
  BOUNDARY(c, NULL);
  need_argument(c, params, "params");
  need_argument(c, params->pattern, "pattern");
  need_argument(c, params->output, "output");
  need_argument(c, params->body, "body");
  need_list(c, params->ninputs, params->inputs, "inputs");
  TensorIntrin draft = {.name = name_argument(c, params->name),
                        .op = TENSOR_OF(params->pattern),
                        .inputs = params->ninputs,
                        .input = (const Buffer *const *)params->inputs,
                        .output = BUFFER_OF(params->output),
                        .body = STMT_OF(params->body),
                        .reset = STMT_OF(params->reset),
                        .update = STMT_OF(params->update)};
  return (vtac_intrin)te_tensor_intrin(&c->arena, &draft);
}

static const TensorIntrin *context_gemm(vtac_context *c) {
  if (!c->gemm) c->gemm = gemm_intrin(context_env(c), &c->arena);
  return c->gemm;
}

vtac_intrin vtac_intrin_gemm(vtac_context *c) {
  BOUNDARY(c, NULL);
  return (vtac_intrin)context_gemm(c);
}

vtac_intrin vtac_intrin_gemm_mock(vtac_context *c) {
  BOUNDARY(c, NULL);
  TensorIntrin draft = *context_gemm(c);
  draft.body = draft.reset = draft.update = make_nop(&c->arena);
  return (vtac_intrin)te_tensor_intrin(&c->arena, &draft);
}

void vtac_tensorize(vtac_context *c, vtac_stage stage, vtac_iter axis,
                    vtac_intrin intrin) {
  BOUNDARY(c, );
  need_argument(c, stage, "stage");
  need_argument(c, axis, "axis");
  need_argument(c, intrin, "intrin");
  sched_tensorize(STAGE_OF(stage), ITER_OF(axis), INTRIN_OF(intrin));
}
