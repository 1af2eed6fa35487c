/* SPDX-License-Identifier: Apache-2.0 */
/* CommonSubexprElim: what gets a name, in which order, and where. */
#include "pass_fixture.h"

#define CSE pass_common_subexpr_elim

/* The innermost statements of a convolution run by two virtual threads: two
 * stores that share a load's index, and whose other indices differ by a
 * constant.  Names go to the largest expressions first; the parts that the
 * names have in common come in a second round, further out. */
static void virtual_threads_share_indices(void **state) {
  (void)state;
  const Var *co = var("co"), *i = var("i"), *j = var("j"), *ci = var("ci");
  const Var *ic = var("ic.outer"), *outer = var("i2.outer");
  Buffer *res = flat_buffer_of("res", INT32, 25088);
  Buffer *data = flat_buffer_of("data", INT32, 65536);
  Buffer *kernel = flat_buffer_of("kernel", INT32, 589824);
  const Stmt *at[2];
  for (int thread = 0; thread < 2; thread++) {
    const Expr *r =
        add(add(add(mul(co, 1568), mul(i, 224)), mul(j, 16)), &ci->e);
    const Expr *d = add(
        add(add(add(mul(ic, 4096), mul(outer, 1792)), mul(i, 256)), mul(j, 16)),
        &ci->e);
    const Expr *k = add(add(mul(co, 36864), mul(ic, 2304)), mul(ci, 16));
    if (thread) r = add(r, num(12544));
    if (thread) k = add(k, num(294912));
    const Expr *product =
        make_binary(A, MUL, load_at(data, d), load_at(kernel, k));
    at[thread] = store_at(res, r, add(load_at(res, r), product));
  }
  const Stmt *body = make_seq(A, 2, at);
  const Var *loops[] = {ci, j, i, co, outer, ic};
  for (int n = 0; n < 6; n++) body = loop(loops[n], 16, body);
  body = run(CSE, body);
  for (int n = 0; n < 6; n++) body = body_of(body);
  assert_prints(
      body,
      "let cse_var_5: int32 = (j: int32*16)\n"
      "let cse_var_4: int32 = (((co: int32*36864) + (ic.outer: int32*2304)) + "
      "(ci: int32*16))\n"
      "let cse_var_3: int32 = ((((co*1568) + (i: int32*224)) + cse_var_5) + "
      "ci)\n"
      "let cse_var_2: int32 = (cse_var_3 + 12544)\n"
      "let cse_var_1: int32 = (((((ic.outer*4096) + (i2.outer: int32*1792)) + "
      "(i*256)) + cse_var_5) + ci)\n"
      " {\n"
      "  res: Buffer(res_1: Pointer(global int32), int32, [25088], [])"
      "[cse_var_3] = (res[cse_var_3] + (data: Buffer(data_1: "
      "Pointer(global int32), int32, [65536], [])[cse_var_1]*kernel: "
      "Buffer(kernel_1: Pointer(global int32), int32, [589824], [])"
      "[cse_var_4]))\n"
      "  res[cse_var_2] = (res[cse_var_2] + (data[cse_var_1]*kernel"
      "[(cse_var_4 + 294912)]))\n"
      "}");
}

/* Expressions of one size are numbered by their text. */
static void equal_sizes_go_by_text(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Expr *sum = make_binary(A, SUB, &y->e, num(6));
  const Expr *late = make_binary(A, MAX, sum, num(0));
  sum = make_binary(A, SUB, num(1), &x->e);
  const Expr *early = make_binary(A, MAX, sum, num(0));
  const Stmt *body = SEQ_OF(store_at(b, late, early), store_at(b, early, late));
  const Stmt *got = run(CSE, loop(x, 4, loop(y, 4, body)));
  assert_prints(body_of(body_of(got)),
                "let cse_var_2: int32 = max((y: int32 - 6), 0)\n"
                "let cse_var_1: int32 = max((1 - x: int32), 0)\n"
                " {\n"
                "  b: Buffer(b_1: Pointer(global int32), int32, [64], [])"
                "[cse_var_2] = cse_var_1\n"
                "  b[cse_var_1] = cse_var_2\n"
                "}");
}

/* Nothing is shared between neighbouring loops with constant bounds. */
static void loops_hide_their_bodies(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y"), *z = var("z");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Stmt *first = loop(y, 4, store_at(b, mul(x, 4), &y->e));
  const Stmt *second = loop(z, 4, store_at(b, mul(x, 4), &z->e));
  assert_unchanged(CSE, loop(x, 4, SEQ_OF(first, second)));
}

/* Both branches of an If compute it, so it is computed in any case. */
static void branches_share_with_each_other(void **state) {
  (void)state;
  const Var *x = var("x");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Expr *condition = make_binary(A, LT, &x->e, num(2));
  const Stmt *both = make_if(A, condition, store_at(b, mul(x, 4), num(1)),
                             store_at(b, mul(x, 4), num(2)));
  assert_prints(run(CSE, loop(x, 4, both)),
                "for (x: int32, 0, 4) {\n"
                "  let cse_var_1: int32 = (x*4)\n"
                "  if (x < 2) {\n"
                "    b: Buffer(b_1: Pointer(global int32), int32, [64], [])"
                "[cse_var_1] = 1\n"
                "  } else {\n"
                "    b[cse_var_1] = 2\n"
                "  }\n"
                "}");
  const Expr *twice = mul(x, 4);
  const Stmt *one = make_if(A, condition, store_at(b, twice, num(1)), NULL);
  assert_unchanged(CSE, loop(x, 4, one));
}

/* A condition alone is no part of its statement's round; it gets a let
 * expression of its own. */
static void conditions_share_with_themselves(void **state) {
  (void)state;
  const Var *x = var("x");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Expr *low = make_binary(A, LE, num(1), mul(x, 4));
  const Expr *high = make_binary(A, LT, mul(x, 4), num(9));
  const Expr *both = make_binary(A, AND, low, high);
  const Stmt *guarded = make_if(A, both, store_at(b, &x->e, num(1)), NULL);
  const If *got = AS(If, body_of(run(CSE, loop(x, 4, guarded))));
  assert_string_equal(expr_text(A, got->condition),
                      "let cse_var_1: int32 = (x: int32*4) in "
                      "((1 <= cse_var_1) && (cse_var_1 < 9))");
}

/* What a let further out holds is used, even once. */
static void lets_are_used_again(void **state) {
  (void)state;
  const Var *x = var("x"), *cse_var_1 = var("cse_var_1");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Stmt *store = store_at(b, mul(x, 4), &cse_var_1->e);
  const Stmt *let = make_let_stmt(A, cse_var_1, mul(x, 4), store);
  const LetStmt *got = AS(LetStmt, body_of(run(CSE, loop(x, 4, let))));
  /* (x*4) is seen twice at the let, so it is named there, and its value
   * becomes the new name */
  assert_string_equal(got->var->hint, "cse_var_2");
  assert_prints(got->body,
                "let cse_var_1: int32 = cse_var_2: int32\n"
                "b: Buffer(b_1: Pointer(global int32), int32, [64], [])"
                "[cse_var_2] = cse_var_1");
}

/* With the let's variable put in, (y + 1) stands twice. */
static void what_a_let_makes_equal_is_shared(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y"), *z = var("z");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Stmt *both =
      SEQ_OF(store_at(b, add(&y->e, num(1)), add(mul(x, 4), num(1))),
             store_at(b, &z->e, num(1)));
  const Stmt *let = make_let_stmt(A, y, mul(x, 4), loop(z, 4, both));
  assert_prints(body_of(body_of(body_of(run(CSE, loop(x, 4, let))))),
                " {\n"
                "  let cse_var_1: int32 = (y: int32 + 1)\n"
                "  b: Buffer(b_1: Pointer(global int32), int32, [64], [])"
                "[cse_var_1] = cse_var_1\n"
                "  b[z: int32] = 1\n"
                "}");
}

/* Loads and calls may give something else the second time; what stands in
 * them may be shared. */
static void loads_and_calls_stay(void **state) {
  (void)state;
  const Var *x = var("x");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Expr *twice = add(load_at(b, &x->e), load_at(b, &x->e));
  assert_unchanged(CSE, loop(x, 4, store_at(b, num(0), twice)));
  const Expr *inside = add(load_at(b, mul(x, 4)), load_at(b, mul(x, 4)));
  const Stmt *got = run(CSE, loop(x, 4, store_at(b, num(0), inside)));
  assert_prints(body_of(got),
                "let cse_var_1: int32 = (x: int32*4)\n"
                "b: Buffer(b_1: Pointer(global int32), int32, [64], [])[0] = "
                "(b[cse_var_1] + b[cse_var_1])");
}

/* A variable that is not in scope at the statement keeps what uses it. */
static void scope_bounds_sharing(void **state) {
  (void)state;
  const Var *x = var("x"), *free_var = var("n");
  Buffer *b = flat_buffer_of("b", INT32, 64);
  const Expr *index = add(mul(x, 4), &free_var->e);
  const Stmt *body =
      SEQ_OF(store_at(b, index, num(1)), store_at(b, index, num(2)));
  const Stmt *got = run(CSE, loop(x, 4, body));
  assert_ptr_equal(body_of(got), body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(virtual_threads_share_indices),
      TEST(equal_sizes_go_by_text),
      TEST(loops_hide_their_bodies),
      TEST(branches_share_with_each_other),
      TEST(conditions_share_with_themselves),
      TEST(lets_are_used_again),
      TEST(what_a_let_makes_equal_is_shared),
      TEST(loads_and_calls_stay),
      TEST(scope_bounds_sharing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
