/* SPDX-License-Identifier: Apache-2.0 */
/* What micro-op scopes capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/make.h"
#include "native/plan.h"

#include <cmocka.h> /* behind trap.h: it has a macro `fail` */

static Arena arena;
static Arena *const A = &arena;

static int set_up(void **state) {
  (void)state;
  arena_init(&arena, NULL);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_clear(&arena);
  return 0;
}

static const Var *var(const char *hint) { return make_var(A, hint, INT32); }

static const Stmt *loop(const Var *v, const Stmt *body) {
  return make_for(A, FOR_SERIAL, v, make_i32(A, 0), make_i32(A, 4), body);
}

/* A scope whose one micro-op uses two values. */
static const Stmt *scope(const Expr *a, const Expr *b) {
  const Expr *arg[] = {a, b};
  const Expr *push = make_call(A, INT32, OP_UOP_PUSH, 2, arg);
  const AttrNode on = {ON_VAR, var("vta"), NULL};
  return make_attr(A, on, "coproc_uop_scope", make_string(A, "VTAPushGEMMOp"),
                   make_evaluate(A, push));
}

static const Site *only_site(const Stmt *body) {
  const Func func = {"f", 0, NULL, body};
  const HostPlan *plan = plan_host(A, &func, true);
  assert_int_equal(plan->n_sites, 1);
  return plan->site;
}

/* A name for arithmetic on a loop is computed again inside. */
static void names_are_not_captured_beside_their_loop(void **state) {
  (void)state;
  const Var *x = var("x"), *twice = var("twice"), *more = var("more");
  const Stmt *body = scope(ex_add(A, &twice->e, &more->e), &x->e);
  body = make_let_stmt(A, more, ex_addi(A, &twice->e, 1), body);
  body = make_let_stmt(A, twice, ex_muli(A, &x->e, 2), body);
  const Site *site = only_site(loop(x, body));
  assert_int_equal(site->n, 1);
  assert_ptr_equal(site->captured[0], x);
  const LetStmt *outer = AS(LetStmt, site->body);
  assert_ptr_equal(outer->var, twice);
  assert_ptr_equal(AS(LetStmt, outer->body)->var, more);
}

/* One name is captured as it is; so are names that need as many loops. */
static void names_that_save_nothing_are_captured(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y"), *sum = var("sum");
  const Expr *both = ex_add(A, &x->e, &y->e);
  const Expr *zero = make_i32(A, 0);
  const Site *site = only_site(
      loop(x, loop(y, make_let_stmt(A, sum, both, scope(&sum->e, zero)))));
  assert_int_equal(site->n, 1);
  assert_ptr_equal(site->captured[0], sum);
  site = only_site(
      loop(x, loop(y, make_let_stmt(A, sum, both, scope(&sum->e, &x->e)))));
  assert_int_equal(site->n, 2);
  assert_ptr_equal(site->captured[0], sum);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(names_are_not_captured_beside_their_loop),
      TEST(names_that_save_nothing_are_captured)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
