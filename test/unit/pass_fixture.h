/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of passes share: arenas behind a trap, and short names for
 * building IR by hand. */
#ifndef PASS_FIXTURE_H
#define PASS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/print.h"
#include "pass/pass.h"

#include <cmocka.h> /* behind trap.h: it has a macro `fail` */

static const ScopeInfo test_scopes[] = {
    {"local.inp_buffer", 128, 128, 8 << 15},
    {"local.wgt_buffer", 2048, 2048, 8 << 18},
    {"local.acc_buffer", 512, 512, 8 << 17},
    {"local.byte_buffer", 8, 8, 8 << 10},
};

typedef struct Fixture {
  Trap trap;
  Arena arena, scratch;
  PassContext context;
} Fixture;

static Fixture fixture;
static Arena *const A = &fixture.arena;

static int set_up(void **state) {
  (void)state;
  arena_init(&fixture.arena, &fixture.trap);
  arena_init(&fixture.scratch, &fixture.trap);
  fixture.context =
      (PassContext){&fixture.arena, &fixture.scratch, NULL,
                    sizeof test_scopes / sizeof *test_scopes, test_scopes};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_clear(&fixture.arena);
  arena_clear(&fixture.scratch);
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- Building ----------------------------------------------------------- */

#define LIST(T, ...) \
  (int)(sizeof((T[]){__VA_ARGS__}) / sizeof(T)), (T[]) { __VA_ARGS__ }
#define EXPRS(...) LIST(const Expr *, __VA_ARGS__)
#define SEQ_OF(...) make_seq(A, LIST(const Stmt *, __VA_ARGS__))

static inline const Expr *num(int64_t value) { return make_i32(A, value); }
static inline const Var *var(const char *hint) {
  return make_var(A, hint, INT32);
}
static inline const Expr *add(const Expr *a, const Expr *b) {
  return make_binary(A, ADD, a, b);
}
static inline const Expr *mul(const Var *a, int64_t b) {
  return make_binary(A, MUL, &a->e, num(b));
}
static inline const Stmt *loop(const Var *v, int64_t extent, const Stmt *body) {
  return make_for(A, FOR_SERIAL, v, num(0), num(extent), body);
}
static inline Buffer *buffer_in(const char *scope, const char *name, DType type,
                                int n, const Expr *const *shape) {
  return make_buffer(A, make_pointer(A, name, type, scope), type, name, n,
                     shape);
}
static inline Buffer *flat_buffer_of(const char *name, DType type, int size) {
  return buffer_in("global", name, type, EXPRS(num(size)));
}
static inline const Expr *load_at(const Buffer *buffer, const Expr *index) {
  return make_load(A, buffer, 1, &index);
}
static inline const Stmt *store_at(const Buffer *buffer, const Expr *index,
                                   const Expr *value) {
  return make_store(A, buffer, value, 1, &index);
}

/* ---- Running ------------------------------------------------------------ */

static inline const Stmt *run(Pass pass, const Stmt *body) {
  Func func = {"main", 0, NULL, body};
  return pass(&fixture.context, &func)->body;
}

static inline void assert_prints(const Stmt *stmt, const char *text) {
  assert_string_equal(stmt_text(A, stmt), text);
}

/* Runs a pass that is to find nothing to do. */
static inline void assert_unchanged(Pass pass, const Stmt *body) {
  Func func = {"main", 0, NULL, body};
  assert_ptr_equal(pass(&fixture.context, &func), &func);
}

/* Runs a pass that is to fail with this diagnostic. */
static inline void assert_fails(Pass pass, const Stmt *body, DiagId id,
                                const char *message) {
  if (!setjmp(fixture.trap.here)) {
    run(pass, body);
    fail_msg("the pass did not fail");
  }
  assert_int_equal(fixture.trap.diag.id, id);
  assert_string_equal(fixture.trap.diag.message, message);
}

#endif
