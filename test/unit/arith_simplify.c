/* SPDX-License-Identifier: Apache-2.0 */
/* What expressions simplify to: those that the lowering of the two seeds
 * meets, then the canonical forms. */
#include "arith_cases.h"

#include "ir/build.h"

static void test_lowering(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(i0*64 + i1)*16 + i2", "(((i0*1024) + (i1*16)) + i2)"},
      {"((i0*64 + i1)*16 + i2)*16 + i3",
       "((((i0*16384) + (i1*256)) + (i2*16)) + i3)"},
      {"i1.outer*256 + i3 + i1.inner*16",
       "(((i1.outer*256) + (i1.inner*16)) + i3)"},
      {"(((co + i1.outer*16)*64 + (ic.inner + ic.outer*16))*16 + ci)*16 + "
       "ic_tns",
       "((((((i1.outer*262144) + (co*16384)) + (ic.outer*4096)) + "
       "(ic.inner*256)) + (ci*16)) + ic_tns)"},
      {"i1*14 + (i2 - 1)", "(((i1*14) + i2) - 1)"},
      {"(((i1*14) + i2) - 1)*14 + (i3 - 1)",
       "((((i1*196) + (i2*14)) + i3) - 15)"},
      {"((((i1*196) + (i2*14)) + i3) - 15)*16 + i5",
       "(((((i1*3136) + (i2*224)) + (i3*16)) + i5) - 240)"},
      {"((ic*16 + (i + dy))*16 + (j + dx))*16 + ic_tns",
       "((((((ic*4096) + (i*256)) + (dy*256)) + (j*16)) + (dx*16)) + ic_tns)"},
      {"((ic.outer*16 + ((i + i2.outer*7) + dy))*16 + (j + dx))*16 + ic_tns",
       "(((((((ic.outer*4096) + (i2.outer*1792)) + (i*256)) + (dy*256)) + "
       "(j*16)) + (dx*16)) + ic_tns)"},
      {"((((co*1568) + (i*224)) + (j*16)) + ci) + (1*12544)",
       "(((((co*1568) + (i*224)) + (j*16)) + ci) + 12544)"},
      {"(((co*1568) + (i*224)) + (j*16)) + (cthread.s*12544)",
       "((((cthread.s*12544) + (co*1568)) + (i*224)) + (j*16))"},
      {"((((cthread.s*12544) + (co*1568)) + (i*224)) + (j*16))/16",
       "((((cthread.s*784) + (co*98)) + (i*14)) + j)"},
      {"(((((cthread.s*144) + (i*16)) + (dy*16)) + j) + dx) - i*16",
       "((((cthread.s*144) + (dy*16)) + j) + dx)"},
      {"0 - (i2.outer*7 - 1)", "(1 - (i2.outer*7))"},
      {"max(1 - i2.outer*7, 0)", "max((1 - (i2.outer*7)), 0)"},
      {"15 - (i2.outer*7 + 0) - 1", "(14 - (i2.outer*7))"},
      {"max(9 - (14 - i2.outer*7) - 1, 0)", "max(((i2.outer*7) - 6), 0)"},
      {"9 - max(1 - i*7, 0) - max(i*7 - 6, 0)",
       "((9 - max((1 - (i*7)), 0)) - max(((i*7) - 6), 0))"},
      {"((((ic.outer*3136) + (i2.outer*1568)) - 240) + max(1 - i2.outer*7, "
       "0)*224) + (1*16)",
       "((((ic.outer*3136) + (i2.outer*1568)) + (max((1 - (i2.outer*7)), "
       "0)*224)) - 224)"},
      {"(((((ic.outer*3136) + (i2.outer*1568)) - 240) + max(1 - i2.outer*7, "
       "0)*224) + 16)//16",
       "((((ic.outer*196) + (i2.outer*98)) + (max((1 - (i2.outer*7)), 0)*14)) "
       "- 14)"},
      {"max(16 - 14 - 1, 0)", "1"},
      {"(A[i] + 1)*4 + b.k*2 - 5", "(((A[i]*4) + (b.k*2)) - 1)"},
      {"3 + A[j]*2 + (A[i] + 1)*4 - 5", "(((A[i]*4) + (A[j]*2)) + 2)"},
      {"((3 + (q[j]*2)) + ((q[i] + 1)*4)) - 5",
       "(((3i8 + (q[j]*2i8)) + ((q[i] + 1i8)*4i8)) - 5i8)"},
      {"(A[i] + 1)*2", "((A[i]*2) + 2)"},
      {"5 - A[i]", "(5 - A[i])"},
      {"0 - x", "(0 - x)"},
      {"x*-1", "(x*-1)"},
      {"i >= j", "(j <= i)"},
      {"a*224 + max(1 - b, 0)*224", "((max((1 - b), 0)*224) + (a*224))"},
  };
  CHECK_CASES(simplify, cases);
}

static void test_both_simplifiers(void **state) {
  (void)state;
  static const Case cases[] = {
      {"x*3 + y*3", "((x*3) + (y*3))"},
      {"x + y + x*3 - y", "(x*4)"},
      {"(x + y)*2 + y*3", "((y*5) + (x*2))"},
      {"(u*8 + v)*4 + (u*8 + v)//8", "(((u*33) + (v*4)) + floordiv(v, 8))"},
      {"min(x, y) - min(x - 2, y - 2)", "2"},
      {"select(x < y, x + 1 + 1, x + 2)", "(x + 2)"},
      {"likely(x + 1 < y + 1)", "@tir.likely((x < y), dtype=bool)"},
      {"A[A[x + 1 - 1] + 0] - A[A[x]]", "0"},
      {"(x + 3)*4 - 2*y + 9 - (4*x - y)", "(21 - y)"},
      {"L*4 + i64(x) + 0", "((L*4i64) + cast(int64, x))"},
  };
  CHECK_CASES(simplify, cases);
}

static void test_canonical_forms(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(x // 4)*4 + x % 4", "x"},
      {"((x // 8)*2 + (x % 8)//4)*4", "(floordiv(x, 4)*4)"},
      {"((x % 16)//8)*2 + (x % 8)//4", "floordiv(floormod(x, 16), 4)"},
      {"(x % 8) % 4", "floormod(x, 4)"},
      {"(x % 4) % 8", "floormod(x, 4)"},
      {"(x // 4) % 2", "floordiv(floormod(x, 8), 4)"},
      {"(x*6) // 4", "floordiv((x*6), 4)"},
      {"(x*6 + y*4) // 4", "(floordiv((x*6), 4) + y)"},
      {"(x*8 + y)//4 - x*2", "floordiv(y, 4)"},
      {"(x*8 + v)//16", "floordiv(((x*8) + v), 16)"},
      {"(x*16 + v) % 16", "v"},
      {"(x*16 + v + 20) % 16", "floormod((v + 4), 16)"},
      {"(x + 21) % 8", "floormod((x + 5), 8)"},
      {"(u*8 + v)%%8", "(v % 8)"},
      {"(u*8 + 13)%%8", "5"},
      {"(x*8 + y*4)%%4", "0"},
      {"(u*16 + v)/16", "u"},
      {"((u + 3)/16)", "((u + 3) / 16)"},
      {"(x // 3) % 4", "floordiv(floormod(x, 12), 3)"},
      {"(x % 12) // 3", "floordiv(floormod(x, 12), 3)"},
      {"(x % 12) // 5", "floordiv(floormod(x, 12), 5)"},
      {"i64(x*4 + y) + 3", "(((cast(int64, x)*4i64) + cast(int64, y)) + 3i64)"},
      {"i32(i64(u*4) + i64(v))",
       "((cast(int32, cast(int64, u))*4) + cast(int32, cast(int64, v)))"},
      {"i64(x) * 4 + i64(y)", "((cast(int64, x)*4i64) + cast(int64, y))"},
      {"y + x + y - x", "(y*2)"},
      {"x*y + y*x", "((x*y) + (y*x))"},
      {"x*2 - y*2 - 3 + z*2", "((((x*2) + (z*2)) - (y*2)) - 3)"},
      {"(i2//8 + i2.outer) < 2", "((floordiv(i2, 8) + i2.outer) < 2)"},
      {"shr(x + 0, 2) + 3", "(@tir.shift_right(x, 2, dtype=int32) + 3)"},
      {"min(x + 2 - 1, y)*4 + 1", "((min((x + 1), y)*4) + 1)"},
      {"A[x + 0 + 1] + A[1 + x]", "(A[(x + 1)]*2)"},
      {"(x*-2) // 4", "floordiv(x, -2)"},
      {"((x // 4)*-1) // 8", "floordiv((floordiv(x, 4)*-1), 8)"},
      {"floor % -3", "floormod(floor, -3)"},
      {"(0 - x) % 4", "(floormod(x, -4)*-1)"},
      {"(16 - x % 2) % 8", "floormod((floormod(x, 2)*-1), 8)"},
      {"(4 - x) % 4 // 3", "floordiv(floormod(x, -4), -3)"},
      {"(x*3) // 0", "floordiv((x*3), 0)"},
      {"x % 0", "floormod(x, 0)"},
  };
  CHECK_CASES(canonical_simplify, cases);
}

/* Each select stands in the condition of the next: the time is linear in their
 * number, and so the test ends. */
static void test_conditions_of_conditions(void **state) {
  (void)state;
  enum { DEPTH = 60 };
  Arena arena;
  arena_init(&arena, NULL);
  Text text = text_new(&arena);
  Analyzer *analyzer = analyzer_new(&arena);
  const Expr *x = text_expr(&text, "x"), *value = text_expr(&text, "y*3");
  for (int i = 1; i <= DEPTH; i++)
    value = make_select(&arena, ex_lt(&arena, value, ex_addi(&arena, x, i)),
                        ex_addi(&arena, x, 2 * i), ex_muli(&arena, x, i));
  const Expr *simple = simplify(analyzer, value);
  check_values(&text, value, simple, "nested selects");
  arena_clear(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lowering),
      cmocka_unit_test(test_both_simplifiers),
      cmocka_unit_test(test_canonical_forms),
      cmocka_unit_test(test_conditions_of_conditions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
