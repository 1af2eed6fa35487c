/* SPDX-License-Identifier: Apache-2.0 */
/* What micro-op scopes capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/make.h"
#include "ir/print.h"
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
  assert_null(site->key);
  assert_ptr_equal(site->captured[0], x);
  const LetStmt *outer = AS(LetStmt, site->body);
  assert_ptr_equal(outer->var, twice);
  assert_ptr_equal(AS(LetStmt, outer->body)->var, more);
}

static void one_name_is_captured_as_it_is(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y"), *sum = var("sum");
  const Expr *both = ex_add(A, &x->e, &y->e);
  const Stmt *body = scope(&sum->e, make_i32(A, 0));
  const Site *site =
      only_site(loop(x, loop(y, make_let_stmt(A, sum, both, body))));
  assert_int_equal(site->n, 1);
  assert_null(site->key);
  assert_ptr_equal(site->captured[0], sum);
}

/* Several loops are numbered, as far as numbers go. */
static void loops_become_a_key(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y"), *z = var("z");
  const Expr *sum = ex_add(A, &x->e, &z->e);
  const Site *site = only_site(loop(x, loop(y, scope(&x->e, &y->e))));
  assert_int_equal(site->n, 2);
  assert_string_equal(expr_text(A, site->key), "((x: int32*4) + y: int32)");
  site = only_site(
      loop(x, loop(y, loop(z, make_for(A, FOR_SERIAL, var("w"), make_i32(A, 0),
                                       make_i32(A, 4), scope(sum, &y->e))))));
  assert_int_equal(site->n, 3);
  assert_non_null(site->key);
  const Stmt *many = make_for(A, FOR_SERIAL, x, make_i32(A, 0), make_i32(A, 25),
                              scope(&x->e, &y->e));
  site = only_site(loop(y, many)); /* 100 of them */
  assert_int_equal(site->n, 2);
  assert_null(site->key);
  site = only_site(loop(y, scope(&x->e, &y->e))); /* x comes from elsewhere */
  assert_null(site->key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(names_are_not_captured_beside_their_loop),
      TEST(one_name_is_captured_as_it_is), TEST(loops_become_a_key)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
