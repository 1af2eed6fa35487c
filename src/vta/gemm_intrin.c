/* SPDX-License-Identifier: Apache-2.0 */
/* The GEMM tensor intrinsic: its pattern, its views and its kernels. */
#include "vta/gemm_intrin.h"

#include "ir/build.h"
#include "vta/calls.h"

enum { READ_WRITE = ACCESS_READ | ACCESS_WRITE };

static const Tensor *tile(Arena *arena, const char *name, DType type, int rows,
                          int columns) {
  const Expr *shape[2] = {make_i32(arena, rows), make_i32(arena, columns)};
  return te_placeholder(arena, name, type, 2, shape);
}

static const Tensor *gemm_pattern(const VtaEnv *env, Arena *arena,
                                  const Tensor *inp, const Tensor *wgt) {
  const char *names[2] = {"i", "j"};
  const Expr *shape[2] = {inp->shape[0], wgt->shape[0]};
  const IterVar *axis[2];
  te_axes(arena, 2, shape, names, axis);
  const IterVar *k = te_reduce_axis(arena, "k", 0, env->hw.block_in);
  const IterVar *ik[2] = {axis[0], k}, *jk[2] = {axis[1], k};
  const Expr *a =
      ex_cast(arena, env->acc_type, te_read_axes(arena, inp, 2, ik));
  const Expr *b =
      ex_cast(arena, env->acc_type, te_read_axes(arena, wgt, 2, jk));
  const Expr *sum = te_sum(arena, ex_mul(arena, a, b), 1, &k);
  return te_compute(arena, "out", "", 2, axis, sum);
}

/* A view of one tile, which starts at a whole element of its memory. */
static const Buffer *tile_view(Arena *arena, const Tensor *of,
                               const char *scope) {
  const IntImm *rows = as_int(of->shape[0]), *columns = as_int(of->shape[1]);
  int lanes = (int)(rows->value * columns->value);
  BufferDecl decl = {.name = scope,
                     .scope = scope,
                     .type = of->type,
                     .n = 2,
                     .shape = of->shape,
                     .offset_factor = lanes,
                     .align = lanes};
  return te_decl_buffer(arena, &decl);
}

static const Stmt *kernel(const VtaEnv *env, Arena *arena,
                          const UopPush *push) {
  const Stmt *scope =
      uop_scope(env, arena, env->push_gemm, uop_push(arena, push));
  return coproc_scope(env, arena, HW_STAGE_COMPUTE, scope);
}

static const Stmt *multiply(const VtaEnv *env, Arena *arena,
                            const TensorIntrin *gemm) {
  UopPush push = {
      .dst = te_access_ptr(arena, gemm->output, READ_WRITE, INT32, NULL),
      .src = te_access_ptr(arena, gemm->input[0], ACCESS_READ, INT32, NULL),
      .wgt = te_access_ptr(arena, gemm->input[1], ACCESS_READ, INT32, NULL),
      .imm = make_i32(arena, 0)};
  return kernel(env, arena, &push);
}

static const Stmt *reset(const VtaEnv *env, Arena *arena,
                         const TensorIntrin *gemm) {
  const Expr *zero = make_i32(arena, 0);
  UopPush push = {
      .reset = 1,
      .dst = te_access_ptr(arena, gemm->output, READ_WRITE, INT32, NULL),
      .src = zero,
      .wgt = zero,
      .imm = zero};
  return kernel(env, arena, &push);
}

const TensorIntrin *gemm_intrin(const VtaEnv *env, Arena *arena) {
  const HwConfig *hw = &env->hw;
  const Tensor *inp =
      tile(arena, VTA_INP_SCOPE, env->inp_type, hw->batch, hw->block_in);
  const Tensor *wgt =
      tile(arena, VTA_WGT_SCOPE, env->wgt_type, hw->block_out, hw->block_in);
  const Tensor *out = gemm_pattern(env, arena, inp, wgt);
  const Buffer *input[2] = {tile_view(arena, inp, VTA_INP_SCOPE),
                            tile_view(arena, wgt, VTA_WGT_SCOPE)};
  TensorIntrin gemm = {.name = "GEMM",
                       .op = out,
                       .inputs = 2,
                       .input = input,
                       .output = tile_view(arena, out, VTA_ACC_SCOPE)};
  gemm.update = multiply(env, arena, &gemm);
  gemm.reset = reset(env, arena, &gemm);
  /* With no reduction left outside, nobody else starts the sum.  (The reference
   * then adds to whatever is there.) */
  const Stmt *whole[2] = {reset(env, arena, &gemm),
                          multiply(env, arena, &gemm)};
  gemm.body = make_seq(arena, 2, whole);
  return te_tensor_intrin(arena, &gemm);
}
