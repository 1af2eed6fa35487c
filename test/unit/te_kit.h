/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of tensor expressions and schedules share: arenas behind a trap,
 * short ways to write tensors, and the accelerator's GEMM intrinsic. */
#ifndef TEST_TE_KIT_H
#define TEST_TE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/print.h"
#include "te/te.h"

/* Last: its macro `fail` would get in the way of ours. */
#include <cmocka.h>

#if !defined(__clang__)
/* A jump may spoil locals that changed since its setjmp; no test changes one
 * between ASSERT_FAILS and the failure. */
#pragma GCC diagnostic ignored "-Wclobbered"
#endif

enum { BLOCK = 16, MAX_DIMS = 6 };

typedef struct Kit {
  Trap trap;
  Arena arena, scratch;
} Kit;

static inline int kit_setup(void **state) {
  Kit *kit = test_malloc(sizeof *kit);
  arena_init(&kit->arena, &kit->trap);
  arena_init(&kit->scratch, &kit->trap);
  *state = kit;
  return 0;
}

static inline int kit_teardown(void **state) {
  Kit *kit = *state;
  arena_clear(&kit->arena);
  arena_clear(&kit->scratch);
  test_free(kit);
  return 0;
}

#define KIT_TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

/* Runs `call`, which must fail with diagnostic `want` and a message that
 * contains `text`. */
#define ASSERT_FAILS(kit, want, text, ...)                                \
  do {                                                                    \
    if (setjmp((kit)->trap.here) == 0) {                                  \
      __VA_ARGS__;                                                        \
      fail_msg("%s succeeded", #__VA_ARGS__);                             \
    }                                                                     \
    assert_string_equal(diag_slug((kit)->trap.diag.id), diag_slug(want)); \
    if (!strstr((kit)->trap.diag.message, text))                          \
      fail_msg("\"%s\" lacks \"%s\"", (kit)->trap.diag.message, text);    \
  } while (0)

/* A failure where none is expected shows its message. */
#define EXPECT_NO_FAILURE(kit) \
  if (setjmp((kit)->trap.here)) fail_msg("%s", (kit)->trap.diag.message)

/* ---- Expressions -------------------------------------------------------- */

typedef struct Shape {
  int n;
  int dim[MAX_DIMS];
} Shape;

static inline void shape_exprs(Arena *arena, const Shape *shape,
                               const Expr **ret_dim) {
  for (int i = 0; i < shape->n; i++)
    ret_dim[i] = make_i32(arena, shape->dim[i]);
}

static inline const Tensor *input(Arena *arena, const char *name, DType type,
                                  Shape shape) {
  const Expr *dim[MAX_DIMS];
  shape_exprs(arena, &shape, dim);
  return te_placeholder(arena, name, type, shape.n, dim);
}

static inline const Expr *axis_value(const IterVar *axis) {
  return &axis->var->e;
}

typedef const Expr *(*Step)(Arena *arena, const Expr *x);

static inline const Expr *same(Arena *arena, const Expr *x) {
  (void)arena;
  return x;
}
static inline const Expr *shr8(Arena *arena, const Expr *x) {
  return ex_shift_right(arena, x, make_i32(arena, 8));
}
static inline const Expr *max0(Arena *arena, const Expr *x) {
  return ex_max(arena, x, make_i32(arena, 0));
}
static inline const Expr *min127(Arena *arena, const Expr *x) {
  return ex_min(arena, x, make_i32(arena, 127));
}
static inline const Expr *to_int8(Arena *arena, const Expr *x) {
  return ex_cast(arena, INT8, x);
}

/* A tensor of the same shape, one step of its source at each point. */
static inline const Tensor *map_tensor(Arena *arena, const Tensor *source,
                                       const char *name, Step step) {
  const IterVar *axis[MAX_DIMS];
  te_axes(arena, source->n, source->shape, NULL, axis);
  const Expr *value = te_read_axes(arena, source, source->n, axis);
  return te_compute(arena, name, "", source->n, axis, step(arena, value));
}

static inline const Expr *product32(Arena *arena, const Expr *a,
                                    const Expr *b) {
  return ex_mul(arena, ex_cast(arena, INT32, a), ex_cast(arena, INT32, b));
}

/* ---- The GEMM intrinsic ------------------------------------------------- */

static inline const Buffer *chip_buffer(Arena *arena, const char *scope,
                                        const Tensor *tensor, int lanes) {
  BufferDecl decl = {.name = scope,
                     .scope = scope,
                     .type = tensor->type,
                     .n = tensor->n,
                     .shape = tensor->shape,
                     .offset_factor = lanes,
                     .align = lanes};
  return te_decl_buffer(arena, &decl);
}

typedef struct GemmBuffers {
  const IterVar *vta;
  const Expr *kind;
  const Buffer *out, *inp, *wgt;
} GemmBuffers;

static inline const Stmt *gemm_push(Arena *arena, const GemmBuffers *gemm,
                                    bool reset) {
  const Expr *zero = make_i32(arena, 0);
  const Expr *out =
      te_access_ptr(arena, gemm->out, ACCESS_READ | ACCESS_WRITE, INT32, NULL);
  const Expr *inp =
      reset ? zero : te_access_ptr(arena, gemm->inp, ACCESS_READ, INT32, NULL);
  const Expr *wgt =
      reset ? zero : te_access_ptr(arena, gemm->wgt, ACCESS_READ, INT32, NULL);
  const Expr *arg[] = {zero, make_i32(arena, reset), out, inp, wgt, zero, zero,
                       zero};
  const Stmt *push =
      make_evaluate(arena, make_call(arena, INT32, OP_UOP_PUSH, 8, arg));
  AttrNode node = on_iter(gemm->vta);
  push = make_attr(arena, node, "coproc_uop_scope", gemm->kind, push);
  return make_attr(arena, node, "coproc_scope", make_i32(arena, 2), push);
}

static inline const TensorIntrin *gemm_intrin(Arena *arena) {
  const Tensor *inp =
      input(arena, "local.inp_buffer", INT8, (Shape){2, {1, BLOCK}});
  const Tensor *wgt =
      input(arena, "local.wgt_buffer", INT8, (Shape){2, {BLOCK, BLOCK}});
  const Expr *shape[] = {make_i32(arena, 1), make_i32(arena, BLOCK)};
  const char *names[] = {"i", "j"};
  const IterVar *axis[2];
  te_axes(arena, 2, shape, names, axis);
  const IterVar *k = te_reduce_axis(arena, "k", 0, BLOCK);
  const IterVar *ik[] = {axis[0], k}, *jk[] = {axis[1], k};
  const Expr *body = product32(arena, te_read_axes(arena, inp, 2, ik),
                               te_read_axes(arena, wgt, 2, jk));
  const Tensor *out =
      te_compute(arena, "out", "", 2, axis, te_sum(arena, body, 1, &k));
  GemmBuffers gemm = {
      .vta = te_thread_axis(arena, "vta", NULL),
      .kind = make_string(arena, "VTAPushGEMMOp"),
      .out = chip_buffer(arena, "local.acc_buffer", out, BLOCK),
      .inp = chip_buffer(arena, "local.inp_buffer", inp, BLOCK),
      .wgt = chip_buffer(arena, "local.wgt_buffer", wgt, BLOCK * BLOCK)};
  TensorIntrin draft = {.name = "GEMM",
                        .op = out,
                        .inputs = 2,
                        .input = (const Buffer *[]){gemm.inp, gemm.wgt},
                        .output = gemm.out,
                        .body = gemm_push(arena, &gemm, false),
                        .reset = gemm_push(arena, &gemm, true),
                        .update = gemm_push(arena, &gemm, false)};
  return te_tensor_intrin(arena, &draft);
}

#endif
