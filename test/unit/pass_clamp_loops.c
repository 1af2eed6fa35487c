/* SPDX-License-Identifier: Apache-2.0 */
/* ClampLoops: bound checks become the ends of loops. */
#include "pass_fixture.h"

/* for (outer, 0, outers) { for (inner, 0, inners) { if likely(check) {..} } }
 * around a call, which takes the place of an accelerator instruction. */
typedef struct Nest {
  const Var *outer, *inner;
  int64_t outers, inners;
} Nest;

static Nest nest(int64_t outers, int64_t inners) {
  return (Nest){var("o"), var("i"), outers, inners};
}

static const Stmt *instruction(const Var *arg) {
  const Expr *expr = &arg->e;
  return make_evaluate(A, make_call(A, INT32, OP_COPROC_DEP_PUSH, 1, &expr));
}

static const char *clamped(const Nest *n, const Expr *check) {
  const Expr *likely = make_call(A, BOOL, OP_LIKELY, 1, &check);
  const Stmt *guarded = make_if(A, likely, instruction(n->inner), NULL);
  return stmt_text(
      A, run(pass_clamp_loops,
             loop(n->outer, n->outers, loop(n->inner, n->inners, guarded))));
}

static const Expr *at(const Nest *n, int64_t scale) {
  return add(mul(n->outer, scale), &n->inner->e);
}

static void a_tail_shortens_the_inner_loop(void **state) {
  (void)state;
  Nest n = nest(4, 4); /* 14 in tiles of 4 */
  assert_string_equal(clamped(&n, make_binary(A, LT, at(&n, 4), num(14))),
                      "for (o: int32, 0, 4) {\n"
                      "  for (i: int32, 0, min(4, (14 - (o*4)))) {\n"
                      "    @tir.vta.coproc_dep_push(i, dtype=int32)\n"
                      "  }\n"
                      "}");
}

static void a_lower_bound_moves_the_start(void **state) {
  (void)state;
  Nest n = nest(4, 4);
  assert_string_equal(
      clamped(&n, make_binary(A, LE, num(2), at(&n, 4))),
      "for (o: int32, 0, 4) {\n"
      "  for (i: int32, 0, (4 - max(0, (2 - (o*4))))) {\n"
      "    @tir.vta.coproc_dep_push((i + max(0, (2 - (o*4)))), dtype=int32)\n"
      "  }\n"
      "}");
}

/* With five tiles of 4 over 14, the last one has no step at all. */
static void an_empty_tile_is_left_out(void **state) {
  (void)state;
  Nest n = nest(5, 4);
  assert_non_null(strstr(clamped(&n, make_binary(A, LT, at(&n, 4), num(14))),
                         "if (0 < min("));
}

static void every_check_shortens_the_loop(void **state) {
  (void)state;
  Nest n = nest(4, 4); /* 14 in tiles of 4, of which only 3 */
  const Expr *both =
      make_binary(A, AND, make_binary(A, LT, &n.inner->e, num(3)),
                  make_binary(A, LT, at(&n, 4), num(14)));
  assert_string_equal(clamped(&n, both),
                      "for (o: int32, 0, 4) {\n"
                      "  for (i: int32, 0, min(3, (14 - (o*4)))) {\n"
                      "    @tir.vta.coproc_dep_push(i, dtype=int32)\n"
                      "  }\n"
                      "}");
}

/* The outer part of a split stands inside: every third element. */
static void a_loop_of_large_steps_is_shortened(void **state) {
  (void)state;
  Nest n = nest(3, 4); /* 10 = 3 * 4 - 2 */
  const Expr *index = add(mul(n.inner, 3), &n.outer->e);
  assert_string_equal(clamped(&n, make_binary(A, LT, index, num(10))),
                      "for (o: int32, 0, 3) {\n"
                      "  for (i: int32, 0, min(4, (floordiv((0 - o), 3) + 4))) "
                      "{\n"
                      "    @tir.vta.coproc_dep_push(i, dtype=int32)\n"
                      "  }\n"
                      "}");
}

static void a_check_of_outer_loops_moves_out(void **state) {
  (void)state;
  Nest n = nest(4, 4);
  assert_string_equal(clamped(&n, make_binary(A, LT, mul(n.outer, 3), num(7))),
                      "for (o: int32, 0, 3) {\n"
                      "  for (i: int32, 0, 4) {\n"
                      "    @tir.vta.coproc_dep_push(i, dtype=int32)\n"
                      "  }\n"
                      "}");
  assert_string_equal(clamped(&n, make_binary(A, LT, mul(var("x"), 3), num(7))),
                      "if ((x: int32*3) < 7) {\n"
                      "  for (o: int32, 0, 4) {\n"
                      "    for (i: int32, 0, 4) {\n"
                      "      @tir.vta.coproc_dep_push(i, dtype=int32)\n"
                      "    }\n"
                      "  }\n"
                      "}");
}

static void what_cannot_be_solved_stays(void **state) {
  (void)state;
  Nest n = nest(4, 4);
  const Expr *half = make_binary(A, FLOORDIV, &n.inner->e, num(2));
  assert_non_null(strstr(clamped(&n, make_binary(A, LT, half, num(1))),
                         "if (floordiv(i, 2) < 1)"));
}

static void without_checks_nothing_changes(void **state) {
  (void)state;
  Nest n = nest(4, 4);
  const Stmt *plain = loop(n.outer, 4, loop(n.inner, 4, instruction(n.inner)));
  assert_ptr_equal(run(pass_clamp_loops, plain), plain);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_tail_shortens_the_inner_loop),
      TEST(a_lower_bound_moves_the_start),
      TEST(an_empty_tile_is_left_out),
      TEST(every_check_shortens_the_loop),
      TEST(a_loop_of_large_steps_is_shortened),
      TEST(a_check_of_outer_loops_moves_out),
      TEST(what_cannot_be_solved_stays),
      TEST(without_checks_nothing_changes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
