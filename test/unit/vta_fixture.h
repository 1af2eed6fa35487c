/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of accelerator passes share: the default configuration, and
 * buffers, loops and marks by short names. */
#ifndef VTA_FIXTURE_H
#define VTA_FIXTURE_H

#include "pass_fixture.h"

#include "ir/traverse.h"

#include "arith_text.h"
#include "vta/calls.h"
#include "vta/env.h"

static Text vta_text;

static int set_up_with(void **state, const HwConfig *hw) {
  set_up(state);
  VtaEnv *env = vta_env_new(A, hw);
  fixture.context.config = env;
  fixture.context.scopes = VTA_SCOPES;
  fixture.context.scope = env->scope;
  vta_text = text_new(A);
  return 0;
}

static int set_up_vta(void **state) {
  HwConfig hw;
  hw_config_default(&hw);
  return set_up_with(state, &hw);
}

#define VTA_TEST(name) \
  cmocka_unit_test_setup_teardown(name, set_up_vta, tear_down)

static inline const VtaEnv *test_env(void) { return vta_env(&fixture.context); }

/* ---- Building ----------------------------------------------------------- */

static inline const Expr *ex(const char *source) {
  return text_expr(&vta_text, source);
}
static inline const Var *named(const char *name) {
  return text_var(&vta_text, name, strlen(name));
}
static inline const Stmt *nest(const char *name, int extent, const Stmt *body) {
  return loop(named(name), extent, body);
}
static inline Buffer *in_scope(const char *scope, const char *name, DType type,
                               int size) {
  return buffer_in(scope, name, type, EXPRS(num(size)));
}
static inline const Stmt *mark(const char *key, const char *axis,
                               const Expr *value, const Stmt *body) {
  const IterVar *iter =
      make_iter(A, (Range){NULL, NULL}, var(axis), ITER_DATA_PAR, "");
  return make_attr(A, on_iter(iter), key, value, body);
}
static inline const Stmt *dma(const Stmt *body) {
  return mark("pragma_dma_copy", "i0", num(1), body);
}
static inline const Stmt *alu(const Stmt *body) {
  return mark("pragma_alu", "i0", num(1), body);
}
static inline const Stmt *virtual_thread(const char *tag, int n,
                                         const Stmt *body) {
  const IterVar *iter =
      make_iter(A, (Range){NULL, NULL}, named(tag), ITER_THREAD_INDEX, tag);
  return make_attr(A, on_iter(iter), "virtual_thread", num(n), body);
}
static inline const Stmt *alloc(const Buffer *buffer, const Stmt *body) {
  return make_allocate(A, buffer->data, buffer->type, 1, buffer->shape,
                       make_bool(A, true), body);
}
static inline const Stmt *work(HwStage stage, const Stmt *body) {
  return coproc_scope(test_env(), A, stage, body);
}
/* A call that stands for work; its name shows where it went. */
static inline const Stmt *call(const char *name) {
  return make_evaluate(A, make_extern(A, INT32, name, 0, NULL));
}
static inline const Expr *pointer(const Buffer *buffer, const char *offset,
                                  int extent, int mask) {
  const Expr *arg[] = {make_call(A, buffer->type, OP_TYPE_ANNOTATION, 0, NULL),
                       &buffer->data->e, ex(offset), num(extent), num(mask)};
  return make_call(A, INT32, OP_ACCESS_PTR, 5, arg);
}
/* One GEMM kernel as tensorization leaves it. */
static inline const Stmt *gemm(const Expr *dst, const Expr *src,
                               const Expr *wgt) {
  UopPush push = {.reset = !src,
                  .dst = dst,
                  .src = src ? src : num(0),
                  .wgt = wgt ? wgt : num(0),
                  .imm = num(0)};
  const VtaEnv *env = test_env();
  return work(HW_STAGE_COMPUTE,
              uop_scope(env, A, env->push_gemm, uop_push(A, &push)));
}

/* ---- Looking ------------------------------------------------------------ */

static inline void replace_all(char *text, const char *from, const char *to) {
  size_t n = strlen(from), m = strlen(to);
  assert_true(m <= n);
  for (char *at = text; (at = strstr(at, from)); at += m) {
    memcpy(at, to, m);
    memmove(at + m, at + n, strlen(at + n) + 1);
  }
}

/* A statement's text in the notation of the specification: "@2" for
 * coproc_scope 2, and short names for the calls. */
static inline const char *brief(const Stmt *stmt) {
  static const char *const short_names[][2] = {
      {"attr [IterVar(vta: int32, (nullptr), \"ThreadIndex\", \"vta\")] ", ""},
      {"attr [IterVar(vta, (nullptr), \"ThreadIndex\", \"vta\")] ", ""},
      {"\"coproc_scope\" = ", "@"},
      {"\"coproc_uop_scope\" = \"VTAPushGEMMOp\"", "U[GEMM]"},
      {"\"coproc_uop_scope\" = \"VTAPushALUOp\"", "U[ALU]"},
      {"@tir.tvm_thread_context(@tir.vta.command_handle(, dtype=handle), "
       "dtype=handle)",
       "cmd"},
      {"@tir.vta.coproc_dep_", ""},
      {"@tir.vta.coproc_sync(, dtype=int32)", "sync()"},
      {"@tir.vta.uop_push", "uop_push"},
      {"@tir.call_extern(\"VTALoadBuffer2D\", cmd, ", "LD("},
      {"@tir.call_extern(\"VTAStoreBuffer2D\", cmd, ", "ST("},
      {"@tir.call_extern(\"VTAUopLoopBegin\", ", "Begin("},
      {"@tir.call_extern(\"VTAUopLoopEnd\", dtype=int32)", "End()"},
      {", dtype=int32)", ")"},
      {": int32", ""},
  };
  char *text = arena_strdup(A, stmt_text(A, stmt));
  for (size_t i = 0; i < sizeof short_names / sizeof *short_names; i++)
    replace_all(text, short_names[i][0], short_names[i][1]);
  return text;
}

static inline void assert_brief(const Stmt *stmt, const char *text) {
  assert_string_equal(brief(stmt), text);
}

#endif
