/* SPDX-License-Identifier: Apache-2.0 */
/* What expressions simplify to: the worked examples of the lowering, then
 * the rules, family by family. */
#include "arith_text.h"

typedef struct Case {
  const char *from, *to;
} Case;

typedef const Expr *(*Simplifying)(Analyzer *analyzer, const Expr *expr);

static void bind_small(Text *text, Analyzer *analyzer) {
  /* u, v, w lie in [0, 15]; the others may be anything. */
  Range range = {make_i32(text->arena, 0), make_i32(text->arena, 16)};
  for (const char *name = "uvw"; *name; name++)
    analyzer_bind(analyzer, text_var(text, name, 1), range);
}

static void check_all(Simplifying simplifying, const Case *cases, size_t n) {
  Arena arena;
  arena_init(&arena, NULL);
  for (size_t i = 0; i < n; i++) {
    Text text = text_new(&arena);
    Analyzer *analyzer = analyzer_new(&arena);
    bind_small(&text, analyzer);
    const Expr *expr = text_expr(&text, cases[i].from);
    const Expr *simpler = simplifying(analyzer, expr);
    text_check(&text, simpler, cases[i].to, cases[i].from);
    /* What is simple stays the same object. */
    assert_ptr_equal(simplify(analyzer, simplify(analyzer, simpler)),
                     simplify(analyzer, simpler));
  }
  arena_clear(&arena);
}

#define CHECK_ALL(simplifying, cases) \
  check_all(simplifying, cases, sizeof(cases) / sizeof *(cases))

static void test_one(void **state) {
  (void)state;
  const char *from = getenv("ARITH_TEXT");
  if (!from) return;
  Arena arena;
  arena_init(&arena, NULL);
  Text text = text_new(&arena);
  Analyzer *analyzer = analyzer_new(&arena);
  bind_small(&text, analyzer);
  const Expr *expr = text_expr(&text, from);
  printf("rw %s\ncn %s\nsi %s\n", expr_text(&arena, rewrite_simplify(analyzer, expr)),
   expr_text(&arena, canonical_simplify(analyzer, expr)),
   expr_text(&arena, simplify(analyzer, expr)));
}

static void test_index_arithmetic(void **state) {
  (void)state;
  static const Case cases[] = {
      {"(i0*64 + i1)*16 + i2", "(((i0*1024) + (i1*16)) + i2)"},
      {"((i0*64 + i1)*16 + i2)*16 + i3",
       "((((i0*16384) + (i1*256)) + (i2*16)) + i3)"},
      {"((i1.inner + i1.outer*16)*1 + 0)*16 + i3",
       "(((i1.outer*256) + (i1.inner*16)) + i3)"},
  };
  CHECK_ALL(simplify, cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_index_arithmetic),
      cmocka_unit_test(test_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
