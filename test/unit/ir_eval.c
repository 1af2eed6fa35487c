/* SPDX-License-Identifier: Apache-2.0 */
/* The printer, the verifier, the evaluator and clones of functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/trap.h"
#include "ir/build.h"
#include "ir/clone.h"
#include "ir/eval.h"
#include "ir/print.h"
#include "ir/verify.h"

#include <cmocka.h> /* behind trap.h: it has a macro `fail` */

static Trap trap;
static Arena arena;
static Arena *const A = &arena;

static int set_up(void **state) {
  (void)state;
  arena_init(A, &trap);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_clear(A);
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

enum { SIZE = 8 };

static const Expr *num(int64_t value) { return make_i32(A, value); }

/* f(x, y): for (i, 0, n) y[i + shift] = x[i] * factor, both int8[SIZE]. */
typedef struct Draft {
  const Var *i;
  const Buffer *x, *y;
} Draft;

static const Buffer *vector(Arena *in, const char *name) {
  return make_buffer(in, make_pointer(in, name, INT8, ""), INT8, name, 1,
                     (const Expr *[]){make_i32(in, SIZE)});
}

static Draft draft(Arena *in) {
  return (Draft){make_var(in, "i", INT32), vector(in, "x"), vector(in, "y")};
}

static const Func *function(Arena *in, const Draft *d, const Stmt *body) {
  Param *param = ARENA_ARRAY(in, Param, 2);
  param[0] = (Param){make_var(in, "x", HANDLE), d->x, NULL};
  param[1] = (Param){make_var(in, "y", HANDLE), d->y, NULL};
  Func *func = ARENA_NEW(in, Func);
  *func = (Func){"f", 2, param, body};
  return func;
}

static const Func *scale(Arena *in, int64_t n, int64_t shift, int64_t factor) {
  Draft d = draft(in);
  const Expr *at = &d.i->e;
  const Expr *to = ex_addi(in, at, shift);
  const Expr *value = ex_muli(in, make_load(in, d.x, 1, &at), factor);
  return function(
      in, &d,
      make_for(in, FOR_SERIAL, d.i, make_i32(in, 0), make_i32(in, n),
               make_store(in, d.y, value, 1, &to)));
}

static vtac_status evaluate(const Func *func, int8_t *x, int8_t *y,
                            Diag *diag) {
  const EvalMemory args[] = {{.bytes = x, .size = SIZE},
                             {.bytes = y, .size = SIZE}};
  return eval_run(eval_prepare(A, func), args, NULL, diag);
}

static void functions_print(void **state) {
  (void)state;
  Strbuf text;
  strbuf_init(&text, A);
  print_func(&text, scale(A, 8, 0, 3));
  assert_string_equal(
      text.text,
      "@f = primfn(x_1: handle, y_1: handle) -> ()\n"
      "  attr = {\"from_legacy_te_schedule\": True, \"global_symbol\": \"f\", "
      "\"tir.noalias\": True}\n"
      "  buffers = {x: Buffer(x_2: Pointer(int8), int8, [8], []),\n"
      "             y: Buffer(y_2: Pointer(int8), int8, [8], [])}\n"
      "  buffer_map = {x_1: x, y_1: y} {\n"
      "  for (i: int32, 0, 8) {\n"
      "    y[i] = (x[i]*3i8)\n"
      "  }\n"
      "}\n");
}

static void elements_are_computed_and_wrap(void **state) {
  (void)state;
  int8_t x[SIZE] = {1, -2, 50, 127}, y[SIZE] = {0};
  const int8_t want[SIZE] = {3, -6, -106, 125};
  assert_int_equal(evaluate(scale(A, 8, 0, 3), x, y, NULL), VTAC_OK);
  assert_memory_equal(y, want, SIZE);
}

static void an_access_outside_ends_the_run(void **state) {
  (void)state;
  int8_t x[SIZE] = {0}, y[SIZE] = {0};
  Diag diag;
  assert_int_equal(evaluate(scale(A, 8, 1, 3), x, y, &diag), VTAC_DEVICE);
  assert_string_equal(diag.message,
                      "index 8 of dimension 0 of 'y' is out of bounds");
}

static void a_machine_is_asked_for(void **state) {
  (void)state;
  Draft d = draft(A);
  int8_t x[SIZE] = {0}, y[SIZE] = {0};
  Diag diag;
  const Expr *sync = make_call(A, INT32, OP_COPROC_SYNC, 0, NULL);
  const Func *func = function(A, &d, make_evaluate(A, sync));
  assert_int_equal(evaluate(func, x, y, &diag), VTAC_INVALID);
  assert_string_equal(diag.message,
                      "tir.vta.coproc_sync needs a machine to run on");
}

static void sound_functions_have_no_flaw(void **state) {
  (void)state;
  assert_null(find_flaw(A, scale(A, 8, 0, 3)));
}

static void flaws_are_named(void **state) {
  (void)state;
  Draft d = draft(A);
  const Expr *free_var = &make_var(A, "k", INT32)->e;
  const Stmt *loose = make_store(A, d.y, make_int(A, INT8, 0), 1, &free_var);
  assert_string_equal(find_flaw(A, function(A, &d, loose)),
                      "k: used but not defined");
  const Expr *zero = num(0);
  const Stmt *wide = make_store(A, d.y, num(1), 1, &zero);
  assert_string_equal(find_flaw(A, function(A, &d, wide)),
                      "y: store of a value of another type");
  const Stmt *twice =
      make_store(A, d.y, make_int(A, INT8, 0), 2, (const Expr *[]){zero, zero});
  assert_string_equal(find_flaw(A, function(A, &d, twice)),
                      "y: access with a wrong number of indices");
}

/* The clone must not touch the arena of the original. */
static void clones_outlive_their_arena(void **state) {
  (void)state;
  Arena other;
  Strbuf before, after;
  int8_t x[SIZE] = {5}, y[SIZE] = {0};
  arena_init(&other, &trap);
  const Func *original = scale(&other, 8, 0, 3);
  strbuf_init(&before, A);
  print_func(&before, original);
  const Func *clone = clone_func(A, original);
  arena_clear(&other);
  strbuf_init(&after, A);
  print_func(&after, clone);
  assert_string_equal(after.text, before.text);
  assert_int_equal(evaluate(clone, x, y, NULL), VTAC_OK);
  assert_int_equal(y[0], 15);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(functions_print),
      TEST(elements_are_computed_and_wrap),
      TEST(an_access_outside_ends_the_run),
      TEST(a_machine_is_asked_for),
      TEST(sound_functions_have_no_flaw),
      TEST(flaws_are_named),
      TEST(clones_outlive_their_arena),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
