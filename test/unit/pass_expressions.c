/* SPDX-License-Identifier: Apache-2.0 */
/* The passes that shape expressions: RenormalizeSplitPattern and
 * RewriteUnsafeSelect; and the text that CommonSubexprElim orders by. */
#include "pass_fixture.h"

#include "ir/debug_text.h"

static const char *rewritten(Pass pass, const Expr *expr) {
  return expr_text(A, AS(Evaluate, run(pass, make_evaluate(A, expr)))->value);
}

static const Expr *divided(const Expr *a, int64_t b) {
  return make_binary(A, FLOORDIV, a, num(b));
}

static const char *renormalized(const Expr *expr) {
  return rewritten(pass_renormalize_split, expr);
}

static void common_factors_cancel(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y"), *z = var("z");
  assert_string_equal(renormalized(divided(add(mul(x, 4), &y->e), 10)),
                      "floordiv(((x: int32*2) + floordiv(y: int32, 2)), 5)");
  const Expr *three = add(add(mul(x, 6), &y->e), &z->e);
  assert_string_equal(renormalized(divided(three, 9)),
                      "floordiv(((x: int32*2) + floordiv((y: int32 + "
                      "z: int32), 3)), 3)");
  const Expr *product = make_binary(A, MUL, num(1), num(294912));
  assert_string_equal(renormalized(divided(add(product, mul(x, 2304)), 256)),
                      "(1152 + floordiv((x: int32*2304), 256))");
  const Expr *rest = make_binary(A, FLOORMOD, &x->e, num(12));
  assert_string_equal(renormalized(divided(rest, 4)),
                      "floormod(floordiv(x: int32, 4), 3)");
}

static void bounds_become_divisions(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Expr *sum = add(mul(x, 4), &y->e);
  assert_string_equal(
      renormalized(make_binary(A, LT, sum, num(10))),
      "(floordiv(((x: int32*2) + floordiv(y: int32, 2)), 5) < 1)");
  assert_string_equal(renormalized(make_binary(A, GT, num(15), &x->e)),
                      "(floordiv(x: int32, 15) < 1)");
  assert_string_equal(renormalized(make_binary(A, GE, &x->e, &y->e)),
                      "(y: int32 <= x: int32)");
}

static void negations_move_inwards(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Expr *less = make_binary(A, LT, &x->e, &y->e);
  const Expr *negated = make_unary(A, NOT, BOOL, less);
  assert_string_equal(renormalized(negated), "(y: int32 <= x: int32)");
}

static void normal_forms_stay(void **state) {
  (void)state;
  const Var *x = var("x"), *y = var("y");
  const Expr *low = make_binary(A, LE, num(1), &x->e);
  const Expr *high = make_binary(A, LT, &x->e, &y->e);
  const Expr *prime = divided(add(mul(x, 4), &y->e), 7);
  const Stmt *body = SEQ_OF(make_evaluate(A, make_binary(A, AND, low, high)),
                            make_evaluate(A, prime));
  assert_unchanged(pass_renormalize_split, body);
}

static void unsafe_selects_become_calls(void **state) {
  (void)state;
  const Var *x = var("x");
  Buffer *b = flat_buffer_of("b", INT32, 8);
  const Expr *condition = make_binary(A, LT, &x->e, num(8));
  const Expr *unsafe = make_select(A, condition, load_at(b, &x->e), num(0));
  assert_string_equal(rewritten(pass_rewrite_unsafe_select, unsafe),
                      "@tir.if_then_else((x: int32 < 8), b: Buffer(b_1: "
                      "Pointer(global int32), int32, [8], [])[x], 0, "
                      "dtype=int32)");
  const Expr *safe = make_select(A, condition, &x->e, num(0));
  const Expr *around = make_select(A, condition, unsafe, num(0));
  assert_unchanged(pass_rewrite_unsafe_select, make_evaluate(A, safe));
  /* the inner one guards its load, so the outer one is safe */
  const Evaluate *got =
      AS(Evaluate, run(pass_rewrite_unsafe_select, make_evaluate(A, around)));
  assert_int_equal(got->value->kind, SELECT);
  assert_int_equal(AS(Select, got->value)->if_true->kind, CALL);
}

static void assert_debug_text(const Expr *expr, const char *text) {
  Strbuf buf;
  strbuf_init(&buf, A);
  debug_text(&buf, expr);
  assert_string_equal(buf.text, text);
}

static void debug_text_has_bare_names(void **state) {
  (void)state;
  const Var *x = var("i2.outer"), *twin = var("i2.outer");
  const Expr *sum = add(mul(x, 7), &twin->e);
  assert_debug_text(make_binary(A, MAX, sum, num(-6)),
                    "max(((i2.outer*7) + i2.outer), -6)");
  assert_debug_text(make_binary(A, DIV, sum, num(2)),
                    "(((i2.outer*7) + i2.outer)/2)");
  assert_debug_text(
      make_binary(A, EQ, make_binary(A, MOD, &x->e, num(16)), num(0)),
      "((i2.outer % 16) == 0)");
  assert_debug_text(divided(&x->e, 3), "floordiv(i2.outer, 3)");
  const Expr *wide = make_unary(A, CAST, INT64, &x->e);
  assert_debug_text(make_binary(A, SUB, wide, make_int(A, INT64, 5)),
                    "(int64(i2.outer) - (int64)5)");
  const Expr *less = make_binary(A, LT, &x->e, num(1));
  const Expr *not_less = make_unary(A, NOT, BOOL, less);
  assert_debug_text(make_binary(A, AND, not_less, make_bool(A, true)),
                    "(!(i2.outer < 1) && (bool)1)");
  assert_debug_text(make_select(A, less, make_float(A, FLOAT32, 0.5),
                                make_float(A, FLOAT32, 2)),
                    "select((i2.outer < 1), 0.5f, 2f)");
  Buffer *b = flat_buffer_of("b", INT32, 8);
  const Expr *load = load_at(b, &x->e);
  assert_debug_text(make_call(A, INT32, OP_SHIFT_RIGHT, EXPRS(load, num(8))),
                    "tir.shift_right(b[i2.outer], 8)");
  assert_debug_text(make_let(A, x, num(1), &x->e),
                    "(let i2.outer = 1 in i2.outer)");
  assert_debug_text(make_ramp(A, &x->e, num(1), 4), "ramp(i2.outer, 1, 4)");
  assert_debug_text(make_broadcast(A, num(3), 4), "x4(3)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(common_factors_cancel),       TEST(bounds_become_divisions),
      TEST(negations_move_inwards),      TEST(normal_forms_stay),
      TEST(unsafe_selects_become_calls), TEST(debug_text_has_bare_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
