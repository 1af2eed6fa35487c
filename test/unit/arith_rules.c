/* SPDX-License-Identifier: Apache-2.0 */
/* The rewrite rules, family by family: what each turns an expression into,
 * and that the value stays the same. */
#include "arith_cases.h"

static void test_add(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(x - y) + y", "x"},
      {"x + (y - x)", "y"},
      {"(x - y) + (y - z)", "(x - z)"},
      {"(x - y) + (z - x)", "(z - y)"},
      {"min(x, y - z) + z", "min((x + z), y)"},
      {"max(x - z, y) + z", "max(x, (y + z))"},
      {"min(x, y + z*4) + z*-4", "min((x + (z*-4)), y)"},
      {"max(y + z*4, x) + z*-4", "max((x + (z*-4)), y)"},
      {"max(x, y) + min(y, x)", "(x + y)"},
      {"min(x, y) + max(x, y)", "(x + y)"},
      {"min(x, y + 3) + -3", "min((x + -3), y)"},
      {"max(x + 3, y) + -3", "max(x, (y + -3))"},
      {"(x + 3) + 4", "(x + 7)"},
      {"x + x", "(x*2)"},
      {"x*y + x", "(x*(y + 1))"},
      {"y*x + x", "(x*(y + 1))"},
      {"x + y*x", "(x*(1 + y))"},
      {"x + x*y", "(x*(1 + y))"},
      {"x*y + x*z", "(x*(y + z))"},
      {"y*x + x*z", "(x*(y + z))"},
      {"x*y + z*x", "(x*(y + z))"},
      {"y*x + z*x", "(x*(y + z))"},
      {"(x / 4)*4 + x %% 4", "x"},
      {"(x // y)*y + x % y", "x"},
      {"y*(x // y) + x % y", "x"},
      {"x % y + (x // y)*y", "x"},
      {"x % y + y*(x // y)", "x"},
      {"(x % 4 + 3)//4 + x // 4", "floordiv((x + 3), 4)"},
      {"x + (3 - y)", "((x - y) + 3)"},
      {"(3 - y) + x", "((x - y) + 3)"},
      {"(x + 3) + y", "((x + y) + 3)"},
      {"x + (3 + y)", "((x + y) + 3)"},
      {"x + max(y, z)", "(max(y, z) + x)"},
      {"y % 4 + x*4", "((x*4) + floormod(y, 4))"},
      {"y %% 4 + x*4", "((x*4) + (y % 4))"},
      {"select(B, x, y) + select(B, z, x)", "select(B, (x + z), (y + x))"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_sub(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(x + y) - y", "x"},
      {"(x + y) - x", "y"},
      {"x - (y + x)", "(0 - y)"},
      {"x - (x + y)", "(0 - y)"},
      {"min(x, y) - x", "min(0, (y - x))"},
      {"max(x, y) - y", "max((x - y), 0)"},
      {"x - max(x, y)", "min(0, (x - y))"},
      {"y - min(x, y)", "max((y - x), 0)"},
      {"x - x", "0"},
      {"x*y - x", "(x*(y + -1))"},
      {"y*x - x", "(x*(y + -1))"},
      {"x - y*x", "(x*(1 - y))"},
      {"x - x*y", "(x*(1 - y))"},
      {"x*y - x*z", "(x*(y - z))"},
      {"y*x - z*x", "(x*(y - z))"},
      {"(x + 3) - 5", "(x + -2)"},
      {"(3 - x) - (5 - y)", "((y - x) + -2)"},
      {"(x + y) - (x + z)", "(y - z)"},
      {"(y + x) - (z + x)", "(y - z)"},
      {"min(x + y, z) - x", "min(y, (z - x))"},
      {"max(z, y + x) - x", "max((z - x), y)"},
      {"x - min(x + y, z)", "max((0 - y), (x - z))"},
      {"x - min(z, y + x)", "max((x - z), (0 - y))"},
      {"min(x, y) - min(y, x)", "0"},
      {"max(x + 1, y + 1) - max(x, y)", "1"},
      {"min(x, y) - min(y - 2, x - 2)", "(min(x, y) - (min(y, x) + -2))"},
      {"x - (x / 4)*4", "(x % 4)"},
      {"(x / 4)*4 - x", "(0 - (x % 4))"},
      {"x - ((x + y)/4)*4", "(((x + y) % 4) - y)"},
      {"((x - y)/4)*4 - x", "((0 - ((x - y) % 4)) - y)"},
      {"x*3 - (x / 4)*12", "((x % 4)*3)"},
      {"(x / 4)*12 - x*3", "((x % 4)*-3)"},
      {"(u + 5)/4 - (u + 1)/4", "((((u + 1) % 4) / 4) + 1)"},
      {"(u + 5)/4 - u/4", "(((u % 4) + 5) / 4)"},
      {"x - (x // 4)*4", "floormod(x, 4)"},
      {"(x // 4)*4 - x", "(0 - floormod(x, 4))"},
      {"x - ((x + y)//4)*4", "(floormod((x + y), 4) - y)"},
      {"((x + y)//4)*4 - x", "(y - floormod((x + y), 4))"},
      {"x - ((x - y)//4)*4", "(floormod((x - y), 4) + y)"},
      {"((x - y)//4)*4 - x", "((0 - floormod((x - y), 4)) - y)"},
      {"x*3 - (x // 4)*12", "(floormod(x, 4)*3)"},
      {"((x + y)//4)*12 - x*3", "((y - floormod((x + y), 4))*3)"},
      {"(x + 5)//4 - (x + 1)//4", "(floordiv(floormod((x + 1), 4), 4) + 1)"},
      {"(x + 5)//4 - x//4", "floordiv((floormod(x, 4) + 5), 4)"},
      {"x - 3", "(x + -3)"},
      {"(x + 3) - y", "((x - y) + 3)"},
      {"x - (y - z)", "((x + z) - y)"},
      {"x - y*3", "(x + (y*-3))"},
      {"select(B, x, y) - select(B, z, x)", "select(B, (x - z), (y - x))"},
      {"select(B, x, y) - y", "select(B, (x - y), 0)"},
      {"select(B, x, y) - x", "select(B, 0, (y - x))"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_mul(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(x + 3)*4", "((x*4) + 12)"},
      {"(x*3)*4", "(x*12)"},
      {"min(x, y)*max(x, y)", "(x*y)"},
      {"((x - x % 4)//-4)*-4", "(x - floormod(x, 4))"},
      {"x*(3*y)", "(x*(y*3))"},
      {"3*x", "(x*3)"},
      {"(x - y)*-2", "((y - x)*2)"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_floordiv(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(x // 3)//4", "floordiv(x, 12)"},
      {"(x // 3 + 2)//4", "floordiv((x + 6), 12)"},
      {"(x*8 + y)//4", "((x*2) + floordiv(y, 4))"},
      {"(x*4 + v)//16", "floordiv(((x*4) + v), 16)"},
      {"(u*16 + v)//16", "u"},
      {"(x*8)//4", "(x*2)"},
      {"(x*4)//8", "floordiv(x, 2)"},
      {"(v + x*16)//16", "x"},
      {"x // x", "1"},
      {"(x*3)//x", "3"},
      {"min(x*8, y)//4", "min((x*2), floordiv(y, 4))"},
      {"max(y, x*8)//4", "max(floordiv(y, 4), (x*2))"},
      {"(x*8 + y + z)//4", "((x*2) + floordiv((y + z), 4))"},
      {"(x*4 + y % 2 + z % 2)//8", "floordiv(x, 2)"},
      {"(x*8 - y + z)//4", "((x*2) + floordiv((z - y), 4))"},
      {"(x*8 + y - z)//4", "((x*2) + floordiv((y - z), 4))"},
      {"(y + x*8 + z)//4", "((x*2) + floordiv((y + z), 4))"},
      {"(x + 8)//4", "(floordiv(x, 4) + 2)"},
      {"(x*3)//(x*2)", "1"},
      {"(u + y)//u", "(floordiv(y, u) + 1)"},
      {"(y + u + z)//u", "(floordiv((y + z), u) + 1)"},
      {"(x*u)//u", "x"},
      {"(x*u + y)//u", "(x + floordiv(y, u))"},
      {"(y + u*x)//u", "(floordiv(y, u) + x)"},
      {"(x - x % 4)//4", "floordiv(x, 4)"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_floormod(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(x*5)%4", "floormod(x, 4)"},
      {"(x*4 + v % 4)%8", "((floormod(x, 2)*4) + floormod(v, 4))"},
      {"(x*5 + y)%4", "floormod((x + y), 4)"},
      {"(x + 8)%4", "floormod(x, 4)"},
      {"(x + y*5)%4", "floormod((x + y), 4)"},
      {"(x*3)%(x*2)", "x"},
      {"(x*y)%y", "0"},
      {"(y*x)%y", "0"},
      {"(x*4 + 3)%4", "3"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_trunc(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(x / 3)/4", "(x / 12)"},
      {"(u / 3 + 2)/4", "((u + 6) / 12)"},
      {"(x*8)/4", "(x*2)"},
      {"(x*4)/8", "(x / 2)"},
      {"x / x", "1"},
      {"(x*3)/x", "3"},
      {"(u*8 + v)/4", "((u*2) + (v / 4))"},
      {"min(u*8, v)/4", "min((u*2), (v / 4))"},
      {"(v + u*8)/4", "((v / 4) + (u*2))"},
      {"(u*8 + v + w)/4", "((u*2) + ((v + w) / 4))"},
      {"(u*8 + v - 20)/4", "((((u*8) + v) + -20) / 4)"},
      {"(v + u*8 + w)/4", "((u*2) + ((v + w) / 4))"},
      {"(u + 8)/4", "((u / 4) + 2)"},
      {"(u + v)/u", "((v / u) + 1)"},
      {"(u*v)/v", "u"},
      {"(u*w + v)/w", "(u + (v / w))"},
      {"(v + u*w)/w", "((v / w) + u)"},
      {"(x*8)%%4", "0"},
      {"(u*8 + v)%%4", "(v % 4)"},
      {"(u + 8)%%4", "(u % 4)"},
      {"(v + u*8)%%4", "(v % 4)"},
      {"x %% -4", "(x % 4)"},
      {"(u*4 + 3)%%4", "3"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_minmax(void **state) {
  (void)state;
  static const Case cases[] = {
      {"min(x, x)", "x"},
      {"min(u, 20)", "u"},
      {"max(u, 15)", "15"},
      {"max(u, -1)", "u"},
      {"min(x + 1, x + 2)", "(x + 1)"},
      {"max(x + 1, x)", "(x + 1)"},
      {"min(x, x + 1)", "x"},
      {"max(3 - x, 4 - x)", "(4 - x)"},
      {"min(((x + 3)//4)*4, x)", "x"},
      {"max(x, ((x + 3)//4)*4)", "(floordiv((x + 3), 4)*4)"},
      {"min(x, (x // 4)*4)", "(floordiv(x, 4)*4)"},
      {"max((x // 4)*4, x)", "x"},
      {"min(((u + 4)//4)*4, max(u + 1, 4))",
       "min((4*(floordiv(u, 4) + 1)), max((u + 1), 4))"},
      {"min(max(x, y), min(y, x))", "min(x, y)"},
      {"max(max(x, y), min(x, y))", "max(x, y)"},
      {"min(max(x, y), x)", "x"},
      {"max(y, max(x, y))", "max(x, y)"},
      {"min(min(min(x, y), z), y)", "min(min(x, y), z)"},
      {"min(min(min(min(x, y), z), a), y)", "min(min(min(x, y), z), a)"},
      {"max(max(max(max(max(x, y), z), a), b), y)",
       "max(max(max(max(x, y), z), a), b)"},
      {"min(max(x, y), max(z, x))", "max(min(y, z), x)"},
      {"max(min(y, x), min(z, x))", "min(max(y, z), x)"},
      {"min(min(x, y), min(z, x))", "min(min(y, z), x)"},
      {"min(y + x, x + z)", "(min(y, z) + x)"},
      {"max(y - x, z - x)", "(max(y, z) - x)"},
      {"min(x - y, x - z)", "(x - max(y, z))"},
      {"max(max(x, 3), 5)", "max(x, 5)"},
      {"min(x // 4, y // 4)", "floordiv(min(x, y), 4)"},
      {"max(x / -4, y / -4)", "(min(x, y) / -4)"},
      {"min(x*4, y*4)", "(min(x, y)*4)"},
      {"max(x*-4, y*-4)", "(min(x, y)*-4)"},
      {"min(x*4, 8)", "(min(x, 2)*4)"},
      {"max(x*-4, 8)", "(min(x, -2)*-4)"},
      {"min(min(x, 3), y)", "min(min(x, y), 3)"},
      {"max(3 - x, 5)", "(3 - min(x, -2))"},
      {"max(3 - x, 0)", "max((3 - x), 0)"},
      {"min(select(B, x, y), select(B, z, x))",
       "select(B, min(x, z), min(y, x))"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_comparisons(void **state) {
  (void)state;
  static const Case cases[] = {
      {"x - 3 == 0", "(x == 3)"},
      {"3 - x == 0", "(x == 3)"},
      {"x + 3 == 0", "(x == -3)"},
      {"x*y == 0", "((x == 0) || (y == 0))"},
      {"u == 20", "False"},
      {"x*2 == 7", "False"},
      {"x != x", "False"},
      {"x <= y", "(x <= y)"},
      {"x > y", "(y < x)"},
      {"x >= y", "(y <= x)"},
      {"u < 16", "True"},
      {"u < 0", "False"},
      {"x + y < z + x", "(y < z)"},
      {"y - x < z - x", "(y < z)"},
      {"x - y < x - z", "(z < y)"},
      {"x < x + z", "(0 < z)"},
      {"x < z + x", "(0 < z)"},
      {"x < x - z", "(z < 0)"},
      {"3 < x + 5", "(-2 < x)"},
      {"3 < 5 - x", "(x < 2)"},
      {"x*3 < y*3", "(x < y)"},
      {"x*-3 < y*-3", "(y < x)"},
      {"x*3 < 7", "(x < 3)"},
      {"x*3 < -7", "(x < -2)"},
      {"x*-3 < 7", "(-3 < x)"},
      {"x*-3 < -7", "(2 < x)"},
      {"7 < x*3", "(2 < x)"},
      {"-7 < x*3", "(-3 < x)"},
      {"7 < x*-3", "(x < -2)"},
      {"-7 < x*-3", "(x < 3)"},
      {"x / 3 < 4", "(x < 12)"},
      {"x / 3 < -4", "(x < -14)"},
      {"3 < x / 4", "(15 < x)"},
      {"-3 < x / 4", "(-12 < x)"},
      {"(x / 4)*4 < x", "(0 < (x % 4))"},
      {"(x / 4)*4 < x + y", "(0 < ((x % 4) + y))"},
      {"(x / 4)*4 < x - y", "(y < (x % 4))"},
      {"((x + 2)/4)*4 < x", "(2 < ((x + 2) % 4))"},
      {"((x + 2)/4)*4 < x + y", "(2 < (((x + 2) % 4) + y))"},
      {"((x + 2)/4)*4 < x - y", "(y < (((x + 2) % 4) + -2))"},
      {"x // 3 < 4", "(x < 12)"},
      {"3 < x // 4", "(15 < x)"},
      {"(x // 4)*4 < x", "(0 < floormod(x, 4))"},
      {"((x + 2)//4)*4 < x - y", "(y < (floormod((x + 2), 4) + -2))"},
      {"min(x, y) < z", "((x < z) || (y < z))"},
      {"max(x, y) < z", "((x < z) && (y < z))"},
      {"z < min(x, y)", "((z < x) && (z < y))"},
      {"z < max(x, y)", "((z < x) || (z < y))"},
      {"x < 3 - y", "((x + y) < 3)"},
      {"x < 3 + y", "((x - y) < 3)"},
      {"3 - y < x", "(3 < (x + y))"},
      {"3 + y < x", "(3 < (x - y))"},
      {"x + 3 < 5", "(x < 2)"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_logic(void **state) {
  (void)state;
  static const Case cases[] = {
      {"!(!B)", "B"},
      {"!(x < y)", "(y <= x)"},
      {"!(x == y)", "(x != y)"},
      {"!(B || C == 0)", "(!B && (C != 0))"},
      {"!(x < y && x == z)", "((y <= x) || (x != z))"},
      {"x == y && x != y", "False"},
      {"B && !B", "False"},
      {"x <= y && y < x", "False"},
      {"x < 3 && 3 < x", "False"},
      {"x < 3 && 3 <= x", "False"},
      {"2 <= x && x <= 1", "False"},
      {"x == 3 && x != 4", "(x == 3)"},
      {"x == 3 && x != 3", "False"},
      {"x == y || x != y", "True"},
      {"B || !B", "True"},
      {"x < 3 || 1 < x", "True"},
      {"x <= 3 || 4 <= x", "True"},
      {"x != 3 || x == 4", "(x != 3)"},
      {"1 <= x && x < 15", "((1 <= x) && (x < 15))"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

static void test_conditions_and_calls(void **state) {
  (void)state;
  static const Case cases[] = {
      {"select(x < 5, select(x < 5, y, z), z)", "select((x < 5), y, z)"},
      {"select(x < 5, y, select(x < 5, y, z))", "select((x < 5), y, z)"},
      {"select(u < 20, x, y)", "x"},
      {"select(x < y, z, z)", "z"},
      {"if(x < 5, min(x, 7), max(x, 3))",
       "@tir.if_then_else((x < 5), x, x, dtype=int32)"},
      {"if(u < 20, x, y)", "x"},
      {"likely(u < 20)", "True"},
      {"select(x < 5, likely(x < 5) && B, B)", "B"},
      {"shr(16, 2)", "4"},
      {"shl(x, 2)", "@tir.shift_left(x, 2, dtype=int32)"},
      {"A[u*16 + (v + 1) - 1]", "A[(((u*16) + (v + 1)) + -1)]"},
      {"i64(u + 1 + 2)", "cast(int64, (u + 3))"},
  };
  CHECK_CASES(rewrite_simplify, cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_add),
      cmocka_unit_test(test_sub),
      cmocka_unit_test(test_mul),
      cmocka_unit_test(test_floordiv),
      cmocka_unit_test(test_floormod),
      cmocka_unit_test(test_trunc),
      cmocka_unit_test(test_minmax),
      cmocka_unit_test(test_comparisons),
      cmocka_unit_test(test_logic),
      cmocka_unit_test(test_conditions_and_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
