/* SPDX-License-Identifier: Apache-2.0 */
/* The passes that shape statements: Simplify, LoopPartition, UnrollLoop,
 * VectorizeLoop, RemoveNoOp, HoistIfThenElse. */
#include "pass_fixture.h"

static Buffer *memory(void) { return flat_buffer_of("m", INT32, 4096); }

static const Expr *less(const Expr *a, int64_t b) {
  return make_binary(A, LT, a, num(b));
}

static const Expr *likely(const Expr *condition) {
  return make_call(A, BOOL, OP_LIKELY, 1, &condition);
}

static const Expr *effect(const Expr *arg) {
  return make_call(A, INT32, OP_COPROC_DEP_PUSH, 1, &arg);
}

/* ---- Simplify ----------------------------------------------------------- */

static void simplify_uses_loops_and_conditions(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  Buffer *m = memory();
  const Stmt *store = store_at(m, &y->e, num(1));
  const Expr *condition = make_binary(A, GE, &x->e, &y->e);
  const Stmt *inner = make_if(A, less(&x->e, 8), store, NULL); /* is true */
  const Stmt *again = make_if(A, condition, inner, NULL);
  const Stmt *outer = make_if(A, condition, again, NULL);
  assert_prints(run(pass_simplify, loop(x, 8, loop(y, 8, outer))),
                "for (x: int32, 0, 8) {\n"
                "  for (y: int32, 0, 8) {\n"
                "    if (y <= x) {\n"
                "      m: Buffer(m_1: Pointer(global int32), int32, [4096], "
                "[])[y] = 1\n"
                "    }\n"
                "  }\n"
                "}");
}

static void simplify_takes_the_known_branch(void **state) {
  (void)state;
  const Var *x = var("x");
  Buffer *m = memory();
  const Stmt *never = make_if(A, less(&x->e, 0), store_at(m, num(0), num(1)),
                              store_at(m, num(0), num(2)));
  const Stmt *got = body_of(run(pass_simplify, loop(x, 8, never)));
  assert_true(is_const(AS(Store, got)->value, 2));
}

static void simplify_inlines_lets(void **state) {
  (void)state;
  const Var *x = var("x"), *v = var("v");
  Buffer *m = memory();
  const Stmt *store = store_at(m, add(&v->e, num(1)), num(0));
  const Stmt *let = make_let_stmt(A, v, add(mul(x, 2), num(3)), store);
  const Stmt *got = body_of(run(pass_simplify, loop(x, 8, let)));
  assert_string_equal(expr_text(A, AS(Store, got)->index[0]),
                      "((x: int32*2) + 4)");
  /* what reads memory stays */
  const Stmt *reads = make_let_stmt(A, v, load_at(m, &x->e), store);
  assert_unchanged(pass_simplify, loop(x, 8, reads));
}

static void simplify_drops_copies_onto_themselves(void **state) {
  (void)state;
  const Var *x = var("x");
  Buffer *m = memory();
  const Expr *index = add(&x->e, num(1));
  const Stmt *copy = store_at(m, index, load_at(m, add(num(1), &x->e)));
  assert_true(is_nop(body_of(run(pass_simplify, loop(x, 8, copy)))));
}

static void simplify_keeps_what_is_simple(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  Buffer *m = memory();
  const Expr *index = add(add(mul(x, 16), mul(y, 2)), num(1));
  const Stmt *store = store_at(m, index, load_at(m, mul(y, 2)));
  const Stmt *guarded =
      make_if(A, likely(less(add(mul(x, 3), &y->e), 9)), store, NULL);
  assert_unchanged(pass_simplify, loop(x, 8, loop(y, 8, guarded)));
}

/* ---- LoopPartition ------------------------------------------------------ */

static void partition_drops_marks(void **state) {
  (void)state;
  const Var *x = var("x");
  const Stmt *store = store_at(memory(), &x->e, num(1));
  const Stmt *marked = make_if(A, likely(less(&x->e, 3)), store, NULL);
  const Stmt *hinted = make_attr(A, on_var(x), "pragma_loop_partition_hint",
                                 num(1), loop(x, 4, marked));
  const Stmt *got = run(pass_loop_partition, hinted);
  assert_int_equal(got->kind, FOR);
  assert_int_equal(AS(If, body_of(got))->condition->kind, LT);
  assert_unchanged(pass_loop_partition, got);
}

/* ---- UnrollLoop --------------------------------------------------------- */

static void unroll_copies_and_renames(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Stmt *inner = loop(y, 4, store_at(memory(), add(&x->e, &y->e), num(1)));
  const Stmt *marked = make_for(A, FOR_UNROLLED, x, num(0), num(2), inner);
  assert_prints(run(pass_unroll_loop, marked),
                " {\n"
                "  for (y: int32, 0, 4) {\n"
                "    m: Buffer(m_1: Pointer(global int32), int32, [4096], [])"
                "[(0 + y)] = 1\n"
                "  }\n"
                "  for (y_1: int32, 0, 4) {\n"
                "    m[(1 + y_1)] = 1\n"
                "  }\n"
                "}");
  assert_unchanged(pass_unroll_loop, loop(x, 2, inner));
}

static void unroll_obeys_pragmas(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Stmt *inner = loop(y, 4, store_at(memory(), &y->e, num(1)));
  const Stmt *automatic = make_attr(A, on_var(x), "pragma_auto_unroll_max_step",
                                    num(4), loop(x, 3, inner));
  const Stmt *got = run(pass_unroll_loop, automatic);
  assert_int_equal(got->kind, FOR); /* 3 * 4 steps are too many */
  assert_int_equal(AS(Seq, body_of(got))->n, 4);
  const Stmt *marking =
      make_attr(A, on_var(x), "pragma_unroll_explicit", num(0), automatic);
  got = run(pass_unroll_loop, marking);
  assert_int_equal(AS(For, body_of(got))->kind, FOR_UNROLLED);
}

/* ---- VectorizeLoop ------------------------------------------------------ */

static const Stmt *vector_loop(const Var *v, int64_t extent, const Stmt *body) {
  return make_for(A, FOR_VECTORIZED, v, num(0), num(extent), body);
}

static void vector_indices_are_ramps(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  Buffer *m = memory(), *n = flat_buffer_of("n", INT32, 4096);
  const Expr *index = add(mul(x, 4), &y->e);
  const Stmt *store = store_at(m, index, add(load_at(n, index), num(1)));
  assert_prints(run(pass_vectorize_loop, loop(x, 8, vector_loop(y, 4, store))),
                "for (x: int32, 0, 8) {\n"
                "  m: Buffer(m_1: Pointer(global int32), int32, [4096], [])"
                "[ramp((x*4), 1, 4)] = (n: Buffer(n_1: Pointer(global int32), "
                "int32, [4096], [])[ramp((x*4), 1, 4)] + broadcast(1, 4))\n"
                "}");
}

static void what_has_no_vector_form_runs_by_lane(void **state) {
  (void)state;
  const Var *x = var("x");
  const Stmt *guarded =
      make_if(A, less(&x->e, 3), store_at(memory(), &x->e, num(1)), NULL);
  const Stmt *body = SEQ_OF(guarded, make_evaluate(A, effect(num(1))));
  assert_prints(run(pass_vectorize_loop, vector_loop(x, 4, body)),
                " {\n"
                "  for (x.s: int32, 0, 4) {\n"
                "    if (x.s < 3) {\n"
                "      m: Buffer(m_1: Pointer(global int32), int32, [4096], "
                "[])[x.s] = 1\n"
                "    }\n"
                "  }\n"
                "  @tir.vta.coproc_dep_push(1, dtype=int32)\n"
                "}");
}

/* Two steps' transfers through one memory must not be mixed. */
static void work_of_a_unit_stays_a_loop(void **state) {
  (void)state;
  const Var *x = var("x");
  const Stmt *body = make_evaluate(A, effect(&x->e));
  body = make_attr(A, on_var(var("vta")), "coproc_scope", num(1), body);
  assert_prints(run(pass_vectorize_loop, vector_loop(x, 4, body)),
                "for (x: int32, 0, 4) {\n"
                "  attr [vta: int32] \"coproc_scope\" = 1;\n"
                "  @tir.vta.coproc_dep_push(x, dtype=int32)\n"
                "}");
}

static void lanes_have_memory_of_their_own(void **state) {
  (void)state;
  const Var *x = var("x");
  Buffer *m = memory(), *t = flat_buffer_of("t", INT32, 2);
  const Stmt *body = SEQ_OF(store_at(t, num(1), &x->e),
                            store_at(m, &x->e, load_at(t, num(1))));
  const Expr *extent = num(2);
  const Stmt *allocate =
      make_allocate(A, t->data, INT32, 1, &extent, make_bool(A, true), body);
  assert_prints(run(pass_vectorize_loop, vector_loop(x, 4, allocate)),
                "allocate(t: Pointer(global int32), int32, [8]), "
                "storage_scope = global {\n"
                "  t_1: Buffer(t, int32, [8], [])[ramp(4, 1, 4)] = "
                "ramp(0, 1, 4)\n"
                "  m: Buffer(m_1: Pointer(global int32), int32, [4096], [])"
                "[ramp(0, 1, 4)] = t_1[ramp(4, 1, 4)]\n"
                "}");
}

static void vector_extent_is_checked(void **state) {
  (void)state;
  const Var *x = var("x");
  const Stmt *huge = vector_loop(x, 100000, store_at(memory(), &x->e, num(1)));
  assert_fails(pass_vectorize_loop, huge, D_VECTORIZE,
               "loop x cannot be a vector: it needs a constant extent from 1 "
               "to 65535");
  assert_unchanged(pass_vectorize_loop,
                   loop(x, 4, store_at(memory(), &x->e, num(1))));
}

/* ---- RemoveNoOp --------------------------------------------------------- */

static void no_ops_vanish(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Stmt *store = store_at(memory(), &x->e, num(1));
  const Stmt *reads = make_evaluate(A, load_at(memory(), &x->e));
  const Stmt *empty = loop(y, 4, SEQ_OF(make_nop(A), reads));
  const Stmt *skipped =
      make_attr(A, on_var(x), "pragma_debug_skip_region", num(1), store);
  const Stmt *body = SEQ_OF(empty, SEQ_OF(store, skipped), make_nop(A));
  const Stmt *got = run(pass_remove_no_op, loop(x, 4, body));
  assert_ptr_equal(body_of(got), store);
  assert_unchanged(pass_remove_no_op, got);
}

static void sequences_are_spliced(void **state) {
  (void)state;
  const Stmt *push = make_evaluate(A, effect(num(1)));
  const Stmt *nested = SEQ_OF(push, SEQ_OF(push, SEQ_OF(push, push)));
  assert_int_equal(AS(Seq, run(pass_remove_no_op, nested))->n, 4);
}

static void effects_of_headers_stay(void **state) {
  (void)state;
  const Var *v = var("v");
  const Stmt *let = make_let_stmt(A, v, effect(num(1)), make_nop(A));
  const Stmt *got = run(pass_remove_no_op, let);
  assert_ptr_equal(AS(Evaluate, got)->value, AS(LetStmt, let)->value);
  const Stmt *branch = make_if(A, less(&v->e, 1), got, make_nop(A));
  assert_null(AS(If, run(pass_remove_no_op, branch))->else_part);
}

/* ---- HoistIfThenElse ---------------------------------------------------- */

static void conditions_leave_loops(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y"), *z = var("z");
  const Stmt *store = store_at(memory(), add(mul(y, 4), &z->e), num(1));
  const Expr *condition = likely(less(add(mul(x, 4), &y->e), 7));
  const Stmt *guarded = make_if(A, condition, store, NULL);
  const Stmt *nest = loop(x, 2, loop(y, 4, loop(z, 4, guarded)));
  assert_prints(run(pass_hoist_if_then_else, nest),
                "for (x: int32, 0, 2) {\n"
                "  for (y: int32, 0, 4) {\n"
                "    if @tir.likely((((x*4) + y) < 7), dtype=bool) {\n"
                "      for (z: int32, 0, 4) {\n"
                "        m: Buffer(m_1: Pointer(global int32), int32, [4096], "
                "[])[((y*4) + z)] = 1\n"
                "      }\n"
                "    }\n"
                "  }\n"
                "}");
}

static void sequences_and_attributes_stop_conditions(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Stmt *push = make_evaluate(A, effect(num(1)));
  const Stmt *guarded = make_if(A, less(&x->e, 2), push, NULL);
  assert_unchanged(pass_hoist_if_then_else,
                   loop(x, 4, loop(y, 4, SEQ_OF(guarded, push))));
  const Stmt *marked = make_attr(A, on_var(x), "pragma_x", num(1), guarded);
  assert_unchanged(pass_hoist_if_then_else, loop(x, 4, loop(y, 4, marked)));
}

static void both_branches_leave_loops(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Stmt *guarded =
      make_if(A, less(&x->e, 2), make_evaluate(A, effect(&y->e)),
              make_evaluate(A, effect(num(7))));
  assert_prints(run(pass_hoist_if_then_else, loop(x, 4, loop(y, 4, guarded))),
                "for (x: int32, 0, 4) {\n"
                "  if (x < 2) {\n"
                "    for (y: int32, 0, 4) {\n"
                "      @tir.vta.coproc_dep_push(y, dtype=int32)\n"
                "    }\n"
                "  } else {\n"
                "    for (y_1: int32, 0, 4) {\n"
                "      @tir.vta.coproc_dep_push(7, dtype=int32)\n"
                "    }\n"
                "  }\n"
                "}");
}

/* Simplify leaves a form that it would simplify further: it runs again. */
static void simplifying_goes_on_where_nothing_is_hoisted(void **state) {
  (void)state;
  const Var *x = var("x");
  const Expr *rest = make_binary(A, SUB, num(1), mul(x, 8));
  const Expr *padding = make_binary(A, MAX, rest, num(0));
  const Expr *sum = add(add(mul(x, 8), padding), num(14));
  const Stmt *store = store_at(memory(), sum, num(1));
  const Stmt *got = run(pass_hoist_if_then_else, loop(x, 2, store));
  assert_string_equal(expr_text(A, AS(Store, AS(For, got)->body)->index[0]),
                      "(max((x: int32*8), 1) + 14)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(simplify_uses_loops_and_conditions),
      TEST(simplify_takes_the_known_branch),
      TEST(simplify_inlines_lets),
      TEST(simplify_drops_copies_onto_themselves),
      TEST(simplify_keeps_what_is_simple),
      TEST(partition_drops_marks),
      TEST(unroll_copies_and_renames),
      TEST(unroll_obeys_pragmas),
      TEST(vector_indices_are_ramps),
      TEST(what_has_no_vector_form_runs_by_lane),
      TEST(work_of_a_unit_stays_a_loop),
      TEST(lanes_have_memory_of_their_own),
      TEST(vector_extent_is_checked),
      TEST(no_ops_vanish),
      TEST(sequences_are_spliced),
      TEST(effects_of_headers_stay),
      TEST(conditions_leave_loops),
      TEST(sequences_and_attributes_stop_conditions),
      TEST(both_branches_leave_loops),
      TEST(simplifying_goes_on_where_nothing_is_hoisted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
