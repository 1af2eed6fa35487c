/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds, residues, proofs, conditions, interval sets and linear forms. */
#include "arith_text.h"

#include "base/trap.h"

static Arena arena;
static Text text;
static Analyzer *analyzer;

static int set_up(void **state) {
  (void)state;
  arena_init(&arena, NULL);
  text = text_new(&arena);
  analyzer = analyzer_new(&arena);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_clear(&arena);
  return 0;
}

static const Expr *expr_of(const char *source) {
  return text_expr(&text, source);
}

static const Var *var_of(const char *name) {
  return text_var(&text, name, strlen(name));
}

static void bind(const char *name, int64_t min, int64_t extent) {
  Range range = {make_i32(&arena, min), make_i32(&arena, extent)};
  analyzer_bind(analyzer, var_of(name), range);
}

/* ---- Bounds and residues ------------------------------------------------ */

static void check_bound(const char *source, int64_t lo, int64_t hi) {
  Bound bound = const_bound(analyzer, expr_of(source));
  if (bound.lo != lo || bound.hi != hi)
    fail_msg("%s lies in [%lld, %lld]", source, (long long)bound.lo,
             (long long)bound.hi);
}

static void test_bounds(void **state) {
  (void)state;
  bind("u", 0, 16);
  bind("k", -3, 7);
  check_bound("x", INT32_MIN, INT32_MAX);
  check_bound("L", -BOUND_INF, BOUND_INF);
  check_bound("T", -128, 127);
  check_bound("B", 0, 1);
  check_bound("A[u]", INT32_MIN, INT32_MAX);
  check_bound("u + k", -3, 18);
  check_bound("u - k", -3, 18);
  check_bound("u*k", -45, 45);
  check_bound("L*2 + L", -BOUND_INF, BOUND_INF);
  check_bound("k // 2", -2, 1);
  check_bound("k / 2", -1, 1);
  check_bound("u // k", -15, 15);
  check_bound("k % 5", 0, 4);
  check_bound("u % 20", 0, 15);
  check_bound("k %% 5", -3, 3);
  check_bound("x % -3", -2, 0);
  check_bound("min(u, k)", -3, 3);
  check_bound("max(u, 20)", 20, 20);
  check_bound("select(B, u, k)", -3, 15);
  check_bound("i8(u*100)", 0, 127);
  check_bound("shr(u, 2)", 0, 3);
  check_bound("shl(u, 2)", 0, 60);
  check_bound("shl(k, 2)", INT32_MIN, INT32_MAX);
  check_bound("band(x, 7)", 0, 7);
  check_bound("u < k", 0, 1);
  check_bound("x // 0", INT32_MIN, INT32_MAX);
  check_bound("x % 0", 0, 0);
}

static void check_modular(const char *source, int64_t coeff, int64_t base) {
  Modular set = modular_set(analyzer, expr_of(source));
  if (set.coeff != coeff || set.base != base)
    fail_msg("%s is %lld mod %lld", source, (long long)set.base,
             (long long)set.coeff);
}

static void check_most(const char *source, int64_t divisor, int64_t most) {
  int64_t have = most_remainder(analyzer, expr_of(source), divisor);
  if (have != most)
    fail_msg("%s mod %lld is at most %lld", source, (long long)divisor,
             (long long)have);
}

static void test_residues(void **state) {
  (void)state;
  bind("u", 0, 16);
  check_modular("7", 0, 7);
  check_modular("x", 1, 0);
  check_modular("x*6 + y*4 + 3", 2, 1);
  check_modular("x*6 - 1", 6, 5);
  check_modular("(x*4 + 1)*(y*4 + 3)", 4, 3);
  check_modular("(x*12 + 6)//3", 4, 2);
  check_modular("(x*12 + 6)/3", 1, 0);
  check_modular("(u*12 + 6)/3", 4, 2);
  check_modular("(x*12 + 5)%8", 4, 1);
  check_modular("min(x*4 + 1, y*6 + 3)", 2, 1);
  check_modular("min(x*4 + 1, y*6 + 2)", 1, 0);
  check_modular("min(x*4 + 2, y*6)", 2, 0);
  check_modular("select(B, x*4 + 2, y*8 + 6)", 4, 2);
  check_modular("shr(x*8 + 4, 2)", 2, 1);
  check_modular("x // 0", 1, 0);
  check_most("x", 4, 3);
  check_most("x*6", 4, 2);
  check_most("x*8", 4, 0);
  check_most("x*8 + 5", 4, 1);
  check_most("7", 4, 3);
}

/* ---- Proofs and conditions ---------------------------------------------- */

static void test_proofs(void **state) {
  (void)state;
  bind("u", 0, 16);
  bind("one", 5, 1);
  assert_true(can_prove(analyzer, expr_of("u < 16 && 0 <= u")));
  assert_false(can_prove(analyzer, expr_of("u < 15")));
  assert_true(
      can_prove_equal(analyzer, expr_of("x*2 + 6"), expr_of("(x + 3)*2")));
  assert_false(can_prove_equal(analyzer, expr_of("x"), expr_of("y")));
  assert_true(can_prove_ge(analyzer, expr_of("u*4 + 1"), 1));
  assert_false(can_prove_ge(analyzer, expr_of("u*4 + 1"), 2));
  assert_true(can_prove_lt(analyzer, expr_of("u*4 + 1 - u*3"), 17));
  assert_string_equal(text_of(&arena, simplify(analyzer, expr_of("one*2 + x"))),
                      "(x + 10)");
  analyzer_bind_value(analyzer, var_of("w"), expr_of("y + y"));
  assert_string_equal(text_of(&arena, simplify(analyzer, expr_of("w + y"))),
                      "(y*3)");
}

/* Comparisons of sums, whose variables may be met once, twice, or not be
 * independent. */
static void test_comparisons_of_sums(void **state) {
  (void)state;
  bind("u", 0, 16);
  bind("k", -3, 7);
  assert_true(can_prove(analyzer, expr_of("u*4 + k < 64")));
  assert_false(can_prove(analyzer, expr_of("u*4 + k < 63")));
  assert_true(can_prove(analyzer, expr_of("u*4 - k >= 0 - 3")));
  assert_false(can_prove(analyzer, expr_of("u*4 - k >= 0 - 2")));
  assert_true(can_prove(analyzer, expr_of("k <= u*2 + 3")));
  assert_false(can_prove(analyzer, expr_of("k > u - 18")));
  assert_true(can_prove(analyzer, expr_of("k > u - 19")));
  assert_true(can_prove(analyzer, expr_of("u + k < u + 4")));
  assert_true(can_prove(analyzer, expr_of("u - u == 0")));
  assert_false(can_prove(analyzer, expr_of("u == 0")));
  Constraint small = analyzer_enter(analyzer, expr_of("u + k < 4"));
  assert_true(can_prove(analyzer, expr_of("u + k < 5")));
  analyzer_leave(analyzer, small);
  assert_false(can_prove(analyzer, expr_of("u + k < 5")));
  analyzer_bind_value(analyzer, var_of("w"), expr_of("u + 1"));
  assert_true(can_prove(analyzer, expr_of("w > 0")));
  assert_string_equal(
      text_of(&arena, simplify(analyzer, expr_of("(x*7 + y + 5) - x*7"))),
      "(y + 5)");
  assert_string_equal(
      text_of(&arena, simplify(analyzer, expr_of("(w*2 + y) - w"))),
      text_of(&arena, simplify(analyzer, expr_of("u + 1 + y"))));
}

static void test_proofs_by_cases(void **state) {
  (void)state;
  bind("u", 0, 17);
  bind("k", -3, 7);
  const Expr *rows = expr_of("3 - max(2 - u, 0) - max(u - 14, 0)");
  assert_false(can_prove_ge(analyzer, rows, 1));
  assert_true(can_prove_ge_by_cases(analyzer, rows, 1));
  assert_false(can_prove_ge_by_cases(analyzer, rows, 2));
  const Expr *both = expr_of("u*k - u // 2 * k - k*(u % 17) + min(k*k, 9)");
  assert_false(can_prove_ge_by_cases(analyzer, both, -14));
  assert_true(can_prove_ge_by_cases(analyzer, both, -15));
  /* Neither memory, nor what has no range, nor too much has cases. */
  assert_false(can_prove_ge_by_cases(analyzer, expr_of("x*x - x*x"), 1));
  assert_false(can_prove_ge_by_cases(analyzer, expr_of("max(x, 0 - x)"), 0));
  assert_false(can_prove_ge_by_cases(analyzer, expr_of("A[u]*A[u]"), 0));
  bind("y", 0, 1 << 20);
  rows = expr_of("3 - max(2 - y, 0) - max(y - 1048572, 0)");
  assert_false(can_prove_ge_by_cases(analyzer, rows, 0));
}

static void check_under(const char *condition, const char *source,
                        const char *want) {
  Constraint constraint = analyzer_enter(analyzer, expr_of(condition));
  const Expr *to = simplify(analyzer, expr_of(source));
  analyzer_leave(analyzer, constraint);
  text_check(&text, to, want, source);
}

static void test_conditions(void **state) {
  (void)state;
  bind("u", 0, 16);
  check_under("x < 8 && 0 <= x", "x // 8", "0");
  check_under("x < 8 && 0 <= x", "x % 8 + 1", "(x + 1)");
  check_under("x == 3", "max(x, 2)", "x");
  check_under("x % 4 == 1", "(x + 3) % 2", "0");
  check_under("x < y", "x < y || z < x", "True");
  check_under("x < y", "y <= x", "False");
  check_under("x <= y", "y < x", "False");
  check_under("x <= y", "x <= y", "True");
  check_under("B", "select(B, x, y)", "x");
  check_under("!(x < y || z < y)", "z < y", "False");
  check_under("A[x] < y", "A[x] < y", "(A[x] < y)"); /* memory may change */
  /* Nothing of it is left. */
  assert_string_equal(text_of(&arena, simplify(analyzer, expr_of("x < y"))),
                      "(x < y)");
  assert_int_equal(const_bound(analyzer, expr_of("x")).lo, INT32_MIN);
}

/* ---- Interval sets ------------------------------------------------------ */

static PtrMap sets;

static void relax(const char *name, const char *lo, const char *hi) {
  IntSet *set = ARENA_NEW(&arena, IntSet);
  *set = (IntSet){expr_of(lo), expr_of(hi)};
  ptrmap_set(&sets, var_of(name), set);
}

static const char *end_text(const Expr *end) {
  if (end == POS_INF) return "inf";
  if (end == NEG_INF) return "-inf";
  return text_of(&arena, end);
}

static void check_set(const char *source, const char *lo, const char *hi) {
  IntSet set = eval_set(analyzer, expr_of(source), &sets);
  if (strcmp(end_text(set.lo), lo) || strcmp(end_text(set.hi), hi))
    fail_msg("%s lies in [%s, %s], not [%s, %s]", source, end_text(set.lo),
             end_text(set.hi), lo, hi);
}

static void test_sets(void **state) {
  (void)state;
  ptrmap_init(&sets, &arena);
  relax("i", "0", "7");
  relax("j", "i*2", "i*2 + 1"); /* relaxed in turn */
  relax("f", "f", "f");
  bind("u", 0, 16);
  check_set("x + y*2", "(x + (y*2))", "(x + (y*2))");
  check_set("i + x", "x", "(7 + x)");
  check_set("x - i", "(x - 7)", "x");
  check_set("j", "0", "15");
  check_set("f + 1", "(f + 1)", "(f + 1)");
  check_set("i*3", "0", "21");
  check_set("i*-3", "-21", "0");
  check_set("i*u", "0", "(7*u)");
  check_set("i*x", "select((x >= 0), 0, (7*x))", "select((x >= 0), (7*x), 0)");
  check_set("i*i", "-inf", "inf");
  check_set("i // 2", "0", "3");
  check_set("i // -2", "-4", "0");
  check_set("(i + 1) // 0", "-inf", "inf");
  check_set("(i + 8) % 16", "8", "15");
  check_set("(i + 8) % 10", "0", "9");
  check_set("i % u", "0", "(u - 1)");
  check_set("i %% -4", "-3", "3");
  check_set("min(i, x)", "min(0, x)", "min(7, x)");
  check_set("max(i, i*i)", "0", "inf");
  check_set("i < 3", "0", "1");
  check_set("1 < 3", "(1 < 3)", "(1 < 3)");
  check_set("!(i < 3)", "-inf", "inf");
  check_set("select(B, i, x)", "min(x, 0)", "max(x, 7)");
  check_set("i64(i)", "0i64", "7i64");
  check_set("A[x]", "A[x]", "A[x]");
  check_set("A[i]", "-inf", "inf");
  check_set("A[i]*0 + i", "0", "7");
  check_set("shr(x, 1)", "-inf", "inf");
}

static void test_set_operations(void **state) {
  (void)state;
  Range range = {expr_of("x"), make_i32(&arena, 16)};
  IntSet set = set_range(&arena, range);
  assert_string_equal(text_of(&arena, set.hi), "((16 + x) - 1)");
  assert_true(set_is_range(analyzer, &set, range));
  assert_false(set_is_range(analyzer, &set,
                            (Range){expr_of("x"), make_i32(&arena, 15)}));
  assert_false(set_is_point(&set));
  assert_false(set_is_single(analyzer, &set));
  IntSet same = {expr_of("x + 1"), expr_of("1 + x")};
  assert_false(set_is_point(&same));
  assert_true(set_is_single(analyzer, &same));
  IntSet point = set_range(&arena, (Range){range.min, make_i32(&arena, 1)});
  assert_true(set_is_point(&point));

  IntSet parts[] = {set, {expr_of("x + 16"), expr_of("x + 20")}};
  IntSet all = set_union(analyzer, 2, parts);
  assert_string_equal(text_of(&arena, all.lo), "x");
  assert_string_equal(text_of(&arena, all.hi), "(x + 20)");
  Range cover = set_cover(analyzer, &all, range);
  assert_string_equal(text_of(&arena, cover.extent), "21");
  IntSet everything = set_everything();
  assert_true(set_is_everything(&everything));
  assert_ptr_equal(set_cover(analyzer, &everything, range).min, range.min);
}

/* ---- Linear forms ------------------------------------------------------- */

static void check_linear(const char *source, const char *of_i, const char *of_j,
                         const char *rest) {
  const Var *vars[] = {var_of("i"), var_of("j")};
  const Expr *coeff[3];
  bool linear = detect_linear(&arena, expr_of(source), 2, vars, coeff);
  assert_int_equal(linear, of_i != NULL);
  if (!linear) return;
  text_check(&text, coeff[0], of_i, source);
  text_check(&text, coeff[1], of_j, source);
  text_check(&text, coeff[2], rest, source);
}

static void test_linear(void **state) {
  (void)state;
  check_linear("c*8 + i*98 + j*14 + d", "98", "14", "((c*8) + d)");
  check_linear("x - i*3 - (j - y)", "-3", "-1", "(x - (0 - y))");
  check_linear("(i + x)*y", "y", "0", "(y*x)");
  check_linear("x", "0", "0", "x");
  check_linear("i*j", NULL, NULL, NULL);
  check_linear("i*i", NULL, NULL, NULL);
  check_linear("i // 2", NULL, NULL, NULL);
  check_linear("max(x, 3) + i", "1", "0", "max(x, 3)");
}

static void check_clip(const char *source, const char *min, const char *max) {
  const Var *vars[] = {var_of("i"), var_of("j")};
  Clip clip[2];
  bool clips = detect_clip(&arena, expr_of(source), 2, vars, clip);
  assert_int_equal(clips, min || max);
  if (!clips) return;
  assert_int_equal(!clip[0].min, !min);
  assert_int_equal(!clip[0].max, !max);
  if (min) text_check(&text, clip[0].min, min, source);
  if (max) text_check(&text, clip[0].max, max, source);
}

static void test_clip(void **state) {
  (void)state;
  check_clip("1 <= o*7 + i && o*7 + i < 15", "(1 - (o*7))", "(14 - (o*7))");
  check_clip("1 <= i && i < 15", "1", "14");
  check_clip("i >= x && i > 3", "max(x, 4)", NULL);
  check_clip("i < 3 && x < 3", NULL, NULL); /* says nothing of i or j */
  check_clip("i*2 < 3", NULL, "1");
  check_clip("i*4 + o < 10", NULL, "floordiv((9 - o), 4)");
  check_clip("x <= i*4", "(0 - floordiv((0 - x), 4))", NULL);
  check_clip("i*x < 3", NULL, NULL);
  check_clip("i*0 < 3", NULL, NULL);
  check_clip("i == 3", NULL, NULL);
  check_clip("i < j", NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_bounds),
      TEST(test_residues),
      TEST(test_proofs),
      TEST(test_proofs_by_cases),
      TEST(test_comparisons_of_sums),
      TEST(test_conditions),
      TEST(test_sets),
      TEST(test_set_operations),
      TEST(test_linear),
      TEST(test_clip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
