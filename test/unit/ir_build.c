/* SPDX-License-Identifier: Apache-2.0 */
/* Types, folding builders, traversals and substitution. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/trap.h"
#include "ir/analysis.h"
#include "ir/build.h"
#include "ir/print.h"
#include "ir/traverse.h"

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

static const Expr *num(int64_t value) { return make_i32(A, value); }
static const Expr *var(const char *name) {
  return &make_var(A, name, INT32)->e;
}

static void constants_of_vectors_are_broadcasts(void **state) {
  (void)state;
  DType four = INT32;
  four.lanes = 4;
  const Expr *nines = make_const(A, four, 9);
  assert_int_equal(nines->kind, BROADCAST);
  assert_int_equal(nines->type.lanes, 4);
  assert_true(is_const(AS(Broadcast, nines)->value, 9));
}

static void vectors_have_no_names(void **state) {
  (void)state;
  const Expr *start = var("start");
  const Expr *places = make_ramp(A, start, num(2), 4);
  const Var *name = make_var(A, "places", places->type);
  const Expr *one = make_broadcast(A, num(1), 4);
  const Stmt *use = make_evaluate(A, ex_add(A, &name->e, one));
  const Var *scalar = make_var(A, "n", INT32);
  const Stmt *body = make_let_stmt(A, scalar, num(3), use);
  body = inline_vector_lets(A, make_let_stmt(A, name, places, body));
  assert_int_equal(body->kind, LET_STMT); /* the scalar's */
  const Stmt *rest = AS(LetStmt, body)->body;
  const Expr *sum = AS(Evaluate, rest)->value;
  assert_true(expr_equal(sum, ex_add(A, places, one)));
  const Expr *let = make_let(A, name, places, &name->e);
  const Stmt *in_let = inline_vector_lets(A, make_evaluate(A, let));
  assert_true(expr_equal(AS(Evaluate, in_let)->value, places));
}

static void types_have_names_and_limits(void **state) {
  (void)state;
  const char *const names[] = {"int8", "uint16", "int32", "float64", "bool"};
  for (int i = 0; i < 5; i++) {
    DType type;
    assert_true(dtype_parse(names[i], &type));
    assert_string_equal(dtype_name(A, type), names[i]);
  }
  DType type;
  assert_false(dtype_parse("int9", &type));
  assert_false(dtype_parse("int", &type));
  assert_false(dtype_parse("int8x", &type));
  assert_int_equal(dtype_min(INT8), -128);
  assert_int_equal(dtype_max(DTYPE(TYPE_UINT, 8)), 255);
  assert_int_equal(dtype_wrap(INT8, 200), -56);
  assert_int_equal(dtype_wrap(DTYPE(TYPE_UINT, 8), -1), 255);
}

/* Each row: an operator, two constants, what they fold to. */
static void constants_fold(void **state) {
  (void)state;
  const struct {
    ExprKind kind;
    int64_t a, b, result;
  } rows[] = {{ADD, 2, 3, 5},        {SUB, 2, 3, -1},
              {MUL, -4, 3, -12},     {DIV, -7, 2, -3},
              {MOD, -7, 2, -1},      {FLOORDIV, -7, 2, -4},
              {FLOORMOD, -7, 2, 1},  {MIN, 2, 3, 2},
              {MAX, 2, 3, 3},        {EQ, 2, 2, 1},
              {NE, 2, 2, 0},         {LT, 2, 3, 1},
              {LE, 3, 3, 1},         {GT, 2, 3, 0},
              {GE, 2, 3, 0},         {ADD, INT32_MAX, 1, INT32_MIN},
              {FLOORDIV, 7, -2, -4}, {FLOORMOD, 7, -2, -1}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_true(
        is_const(ex_binary(A, rows[i].kind, num(rows[i].a), num(rows[i].b)),
                 rows[i].result));
  assert_true(is_const(ex_shift_right(A, num(-9), num(1)), -5));
  assert_true(is_const(ex_shift_left(A, num(3), num(2)), 12));
}

static void units_fold_to_the_operand(void **state) {
  (void)state;
  const Expr *x = var("x");
  assert_ptr_equal(ex_add(A, x, num(0)), x);
  assert_ptr_equal(ex_add(A, num(0), x), x);
  assert_ptr_equal(ex_sub(A, x, num(0)), x);
  assert_ptr_equal(ex_mul(A, num(1), x), x);
  assert_true(is_const(ex_mul(A, x, num(0)), 0));
  assert_ptr_equal(ex_floordiv(A, x, num(1)), x);
  assert_true(is_const(ex_floormod(A, x, num(1)), 0));
  assert_ptr_equal(ex_shift_right(A, x, num(0)), x);
  assert_ptr_equal(ex_max(A, x, x), x);
  const Expr *less = ex_lt(A, x, num(3));
  assert_ptr_equal(ex_and(A, make_bool(A, true), less), less);
  assert_true(is_const(ex_or(A, less, make_bool(A, true)), 1));
}

static void nothing_divides_by_zero(void **state) {
  (void)state;
  assert_int_equal(ex_floordiv(A, num(3), num(0))->kind, FLOORDIV);
  assert_int_equal(ex_mod(A, num(3), num(0))->kind, MOD);
}

static void operands_are_promoted(void **state) {
  (void)state;
  const Expr *narrow = &make_var(A, "n", INT8)->e;
  const Expr *real = &make_var(A, "f", FLOAT32)->e;
  assert_string_equal(expr_text(A, ex_add(A, narrow, var("x"))),
                      "(cast(int32, n: int8) + x: int32)");
  assert_string_equal(expr_text(A, ex_mul(A, var("x"), real)),
                      "(cast(float32, x: int32)*f: float32)");
}

static void equality_is_structural_but_for_variables(void **state) {
  (void)state;
  const Expr *x = var("x"), *other = var("x");
  assert_true(expr_equal(make_binary(A, ADD, x, num(1)),
                         make_binary(A, ADD, x, num(1))));
  assert_false(expr_equal(x, other));
  assert_false(expr_equal(make_binary(A, ADD, x, num(1)),
                          make_binary(A, ADD, num(1), x)));
  assert_false(expr_equal(POS_INF, NEG_INF));
}

/* ---- Traversals --------------------------------------------------------- */

static const Stmt *store(const Expr *index, const Expr *value) {
  const Buffer *m = make_buffer(A, make_pointer(A, "m", INT32, "global"), INT32,
                                "m", 1, (const Expr *[]){num(16)});
  return make_store(A, m, value, 1, &index);
}

static void an_idle_rewrite_keeps_every_node(void **state) {
  (void)state;
  const Var *i = make_var(A, "i", INT32);
  const Stmt *loop = make_for(A, FOR_SERIAL, i, num(0), num(4),
                              store(&i->e, ex_add(A, &i->e, num(1))));
  Rewriter idle = REWRITER(A, NULL, NULL);
  assert_ptr_equal(rewrite_stmt(&idle, loop), loop);
}

typedef struct LoadCount {
  Walker walker;
  int loads;
} LoadCount;

static void count_load(Walker *walker, const Expr *expr) {
  ((LoadCount *)walker)->loads++;
  walk_expr_children(walker, expr);
}

static const Expr *load(void) {
  const Expr *index = num(3);
  return make_load(A,
                   make_buffer(A, make_pointer(A, "m", INT32, "global"), INT32,
                               "m", 1, &index),
                   1, &index);
}

static int loads_in(const Stmt *stmt) {
  static const ExprVisit exprs[EXPR_KINDS] = {[LOAD] = count_load};
  LoadCount count = {WALKER(exprs, NULL), 0};
  walk_stmt(&count.walker, stmt);
  return count.loads;
}

/* A walk finds what it has a function for, in whatever node it stands. */
static void walks_miss_nothing(void **state) {
  (void)state;
  const Var *v = make_var(A, "v", INT32), *p = make_pointer(A, "p", INT32, "");
  const Expr *one = num(1), *found = load(), *yes = make_bool(A, true);
  const Expr *odd = make_binary(A, NE, found, one);
  const Stmt *nop = make_nop(A), *hit = make_evaluate(A, found);
  const Expr *value[] = {
      make_unary(A, CAST, INT8, found),
      make_binary(A, SUB, one, found),
      make_binary(A, FLOORMOD, found, one),
      make_select(A, odd, one, one),
      make_select(A, yes, one, found),
      make_call(A, INT32, OP_SHIFT_LEFT, 2, (const Expr *[]){one, found}),
      make_let(A, v, found, one),
      make_let(A, v, one, found),
      make_ramp(A, one, found, 4),
      make_broadcast(A, found, 4),
      make_reduce(A, COMBINE_SUM, found, 0, NULL, yes),
  };
  for (size_t i = 0; i < sizeof value / sizeof *value; i++)
    assert_int_equal(loads_in(make_evaluate(A, value[i])), 1);
  const Stmt *holder[] = {
      make_let_stmt(A, v, found, nop),
      make_let_stmt(A, v, one, hit),
      make_attr(A, on_var(p), "key", found, nop),
      make_attr(A, on_var(p), "key", one, hit),
      make_for(A, FOR_SERIAL, v, found, one, nop),
      make_for(A, FOR_SERIAL, v, one, found, nop),
      make_for(A, FOR_SERIAL, v, one, one, hit),
      make_allocate(A, p, INT32, 1, &found, yes, nop),
      make_allocate(A, p, INT32, 1, &one, odd, nop),
      make_allocate(A, p, INT32, 1, &one, yes, hit),
      store(found, one),
      store(one, found),
      make_if(A, odd, nop, NULL),
      make_if(A, yes, hit, NULL),
      make_if(A, yes, nop, hit),
      make_seq(A, 2, (const Stmt *[]){nop, hit}),
      make_assert(A, odd, "", nop),
      make_assert(A, yes, "", hit),
      with_body(A, make_for(A, FOR_SERIAL, v, one, one, nop), hit),
      note_stage(A, make_attr(A, on_var(p), "pragma_key", one, hit), "s"),
  };
  for (size_t i = 0; i < sizeof holder / sizeof *holder; i++)
    assert_int_equal(loads_in(holder[i]), 1);
}

static void substitution_folds_nothing(void **state) {
  (void)state;
  const Var *i = make_var(A, "i", INT32);
  const Expr *sum = ex_add(A, ex_muli(A, &i->e, 16), var("k"));
  assert_string_equal(expr_text(A, substitute_var(A, sum, i, num(0))),
                      "((0*16) + k: int32)");
  assert_ptr_equal(substitute_var(A, sum, make_var(A, "j", INT32), num(0)),
                   sum);
}

static void ssa_renames_second_definitions(void **state) {
  (void)state;
  const Var *i = make_var(A, "i", INT32);
  const Stmt *loop =
      make_for(A, FOR_SERIAL, i, num(0), num(4), store(&i->e, &i->e));
  const Stmt *twice = make_seq(A, 2, (const Stmt *[]){loop, loop});
  const Seq *unique = AS(Seq, convert_ssa(A, twice));
  const For *first = AS(For, unique->at[0]), *second = AS(For, unique->at[1]);
  assert_ptr_equal(first->var, i);
  assert_ptr_not_equal(second->var, i);
  assert_true(stmt_uses(second->body, second->var));
  assert_false(stmt_uses(second->body, i));
}

static void sequences_flatten(void **state) {
  (void)state;
  const Stmt *one = store(num(0), num(1)), *two = store(num(1), num(2));
  const Stmt *pair = make_seq(A, 2, (const Stmt *[]){one, two});
  assert_null(flatten2(A, NULL, NULL));
  assert_ptr_equal(flatten2(A, NULL, one), one);
  assert_int_equal(AS(Seq, flatten2(A, pair, one))->n, 3);
}

static void effects_are_those_of_the_worst_node(void **state) {
  (void)state;
  const Expr *sync = make_call(A, INT32, OP_COPROC_SYNC, 0, NULL);
  assert_int_equal(expr_effect(ex_add(A, var("x"), num(1))), EFFECT_ANNOTATION);
  assert_int_equal(expr_effect(ex_add(A, var("x"), sync)), EFFECT_OPAQUE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(constants_of_vectors_are_broadcasts),
      TEST(vectors_have_no_names),
      TEST(types_have_names_and_limits),
      TEST(constants_fold),
      TEST(units_fold_to_the_operand),
      TEST(nothing_divides_by_zero),
      TEST(operands_are_promoted),
      TEST(equality_is_structural_but_for_variables),
      TEST(an_idle_rewrite_keeps_every_node),
      TEST(walks_miss_nothing),
      TEST(substitution_folds_nothing),
      TEST(ssa_renames_second_definitions),
      TEST(sequences_flatten),
      TEST(effects_are_those_of_the_worst_node),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
