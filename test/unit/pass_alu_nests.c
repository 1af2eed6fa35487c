/* SPDX-License-Identifier: Apache-2.0 */
/* Stages of the vector unit as perfect nests. */
#include "pass_fixture.h"

#include "arith_text.h"
#include "ir/build.h"
#include "pass/alu_nests.h"

static Text text;

static int set_up_text(void **state) {
  set_up(state);
  text = text_new(A);
  return 0;
}

#define NEST_TEST(name) \
  cmocka_unit_test_setup_teardown(name, set_up_text, tear_down)

static const Expr *ex(const char *source) { return text_expr(&text, source); }
static const Var *named(const char *name) {
  return text_var(&text, name, strlen(name));
}
static const Stmt *both(const Stmt *a, const Stmt *b) {
  return make_seq(A, 2, (const Stmt *[]){a, b});
}

/* Nothing is known. */
static NestFacts *facts(void) {
  NestFacts *none = ARENA_NEW(A, NestFacts);
  none->loops = analyzer_new(A);
  ptrmap_init(&none->partial, A);
  return none;
}

/* for i { d[i] = 0; for k { d[i] += s[i*4 + k] } } */
static void a_reduction_becomes_two_nests(void **state) {
  (void)state;
  Buffer *d = flat_buffer_of("d", INT32, 64),
         *s = flat_buffer_of("s", INT32, 64);
  const Expr *sum =
      make_binary(A, ADD, load_at(d, ex("i")), load_at(s, ex("i*4 + k")));
  const Stmt *stage =
      loop(named("i"), 8,
           both(store_at(d, ex("i"), num(0)),
                loop(named("k"), 4, store_at(d, ex("i"), sum))));
  const Seq *seq = as_seq(alu_nests(A, facts(), stage));
  assert_non_null(seq);
  assert_int_equal(seq->n, 2);
  assert_non_null(as_store(AS(For, seq->at[0])->body));
  const For *outer = AS(For, seq->at[1]);
  assert_non_null(as_store(AS(For, outer->body)->body));
  assert_ptr_not_equal(outer->var, AS(For, seq->at[0])->var);
}

static void one_nest_stays(void **state) {
  (void)state;
  Buffer *d = flat_buffer_of("d", INT32, 64);
  const Stmt *stage =
      loop(named("i"), 8, store_at(d, ex("i"), load_at(d, ex("i"))));
  assert_ptr_equal(alu_nests(A, facts(), stage), stage);
}

/* d[i] = 1 <= i && i < 7 ? s[i] : -9 */
static void a_choice_fills_each_side(void **state) {
  (void)state;
  Buffer *d = flat_buffer_of("d", INT32, 64),
         *s = flat_buffer_of("s", INT32, 64);
  const Expr *i = &named("i")->e;
  const Expr *inside = make_binary(A, AND, make_binary(A, LE, num(1), i),
                                   make_binary(A, LT, i, num(7)));
  const Expr *value = ex_if_then_else(A, inside, load_at(s, ex("i")), num(-9));
  const Stmt *got =
      alu_nests(A, facts(), loop(named("i"), 8, store_at(d, ex("i"), value)));
  const Seq *seq = as_seq(got);
  assert_non_null(seq);
  assert_int_equal(seq->n, 3);
  assert_non_null(as_store(AS(For, seq->at[0])->body));
  const If *left = as_if(AS(For, seq->at[1])->body);
  const If *right = as_if(AS(For, seq->at[2])->body);
  assert_int_equal(left->condition->kind, GT);
  assert_int_equal(right->condition->kind, GE);
  assert_true(is_const(AS(Store, right->then_part)->value, -9));
}

/* d[i] += i*2 < 9 || k < 1 ? 0 : s[i*4 + k] is no start and has one nest, that
 * of what is added. */
static void a_choice_inside_a_value_is_guarded(void **state) {
  (void)state;
  Buffer *d = flat_buffer_of("d", INT32, 64),
         *s = flat_buffer_of("s", INT32, 64);
  const Expr *outside = make_binary(A, OR, ex("i*2 < 9"), ex("k < 1"));
  const Expr *some =
      ex_if_then_else(A, outside, num(0), load_at(s, ex("i*4 + k")));
  const Expr *sum = ex_add(A, load_at(d, ex("i")), some);
  const Stmt *stage =
      loop(named("i"), 8,
           both(store_at(d, ex("i"), num(0)),
                loop(named("k"), 4, store_at(d, ex("i"), sum))));
  const Seq *seq = as_seq(alu_nests(A, facts(), stage));
  assert_non_null(seq);
  assert_int_equal(seq->n, 2);
  const For *k = AS(For, AS(For, seq->at[1])->body);
  assert_int_equal(as_if(k->body)->condition->kind, AND);
}

/* Two values: each under its condition, apart from the other. */
static void a_choice_of_two_values_has_a_part_for_each(void **state) {
  (void)state;
  Buffer *d = flat_buffer_of("d", INT32, 64),
         *s = flat_buffer_of("s", INT32, 64);
  const Expr *inside = make_binary(A, AND, ex("1 <= i"), ex("i < 7"));
  const Expr *value =
      ex_if_then_else(A, inside, load_at(s, ex("i")), load_at(s, ex("i + 8")));
  const Stmt *got =
      alu_nests(A, facts(), loop(named("i"), 8, store_at(d, ex("i"), value)));
  const Seq *seq = as_seq(got);
  assert_non_null(seq);
  assert_int_equal(seq->n, 3);
  for (int i = 0; i < 3; i++) assert_non_null(as_if(AS(For, seq->at[i])->body));
  const If *right = as_if(AS(For, seq->at[2])->body);
  assert_int_equal(right->condition->kind, AND); /* where 1 <= i holds */
}

/* What lies outside of the source, or was written under a check, is not read
 * even where it would be overwritten. */
static void a_value_that_is_not_everywhere_is_guarded(void **state) {
  (void)state;
  Buffer *d = flat_buffer_of("d", INT32, 64),
         *s = flat_buffer_of("s", INT32, 64);
  NestFacts *partial = facts();
  ptrmap_set(&partial->partial, s->data, s);
  for (int i = 0; i < 2; i++) {
    const Expr *read = load_at(s, ex(i ? "i" : "i - 1"));
    const Expr *value = ex_if_then_else(A, ex("1 <= i"), read, num(0));
    const Stmt *stage = loop(named("i"), 8, store_at(d, ex("i"), value));
    const Seq *seq = as_seq(alu_nests(A, i ? partial : facts(), stage));
    assert_non_null(seq);
    assert_non_null(as_if(AS(For, seq->at[0])->body));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NEST_TEST(a_reduction_becomes_two_nests),
      NEST_TEST(one_nest_stays),
      NEST_TEST(a_choice_fills_each_side),
      NEST_TEST(a_choice_inside_a_value_is_guarded),
      NEST_TEST(a_choice_of_two_values_has_a_part_for_each),
      NEST_TEST(a_value_that_is_not_everywhere_is_guarded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
