/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of expressions and what a simplifier makes of them.  u, v and w lie
 * in [0, 15], the other variables may be anything.  Each result is also
 * compared with the original by value, under random assignments. */
#ifndef TEST_ARITH_CASES_H
#define TEST_ARITH_CASES_H

#include "arith_text.h"

#include "arith_worth.h"

typedef struct Case {
  const char *from, *to;
} Case;

typedef const Expr *(*Simplifying)(Analyzer *analyzer, const Expr *expr);

enum { ASSIGNMENTS = 500 };

static inline bool is_small(const Var *var) {
  return strlen(var->hint) == 1 && strchr("uvw", *var->hint);
}

static inline void check_values(const Text *text, const Expr *from,
                                const Expr *to, const char *source) {
  int64_t value[32];
  uint64_t state = 1;
  Assignment at = {text->vars, text->var, value, .lets = 0};
  for (int i = 0; i < ASSIGNMENTS; i++) {
    for (int v = 0; v < text->vars; v++) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      int64_t random = (int64_t)(state >> 40);
      value[v] = is_small(text->var[v]) ? random % 16 : random % 51 - 25;
      if (is_bool(text->var[v]->e.type)) value[v] = random % 2;
    }
    Worth want = worth(&at, from), got = worth(&at, to);
    if (want.defined && (!got.defined || got.value != want.value))
      fail_msg("%s: %lld, not %lld", source, (long long)got.value,
               (long long)want.value);
  }
}

static inline void check_case(Arena *arena, Simplifying simplifying,
                              const Case *to_check) {
  Text text = text_new(arena);
  Analyzer *analyzer = analyzer_new(arena);
  Range range = {make_i32(arena, 0), make_i32(arena, 16)};
  for (const char *name = "uvw"; *name; name++)
    analyzer_bind(analyzer, text_var(&text, name, 1), range);
  const Expr *from = text_expr(&text, to_check->from);
  const Expr *to = simplifying(analyzer, from);
  text_check(&text, to, to_check->to, to_check->from);
  check_values(&text, from, to, to_check->from);
  /* What is simple stays the same object. */
  const Expr *simple = simplify(analyzer, simplify(analyzer, to));
  assert_ptr_equal(simplify(analyzer, simple), simple);
}

static inline void check_cases(Simplifying simplifying, size_t n,
                               const Case *cases) {
  Arena arena;
  arena_init(&arena, NULL);
  for (size_t i = 0; i < n; i++) check_case(&arena, simplifying, &cases[i]);
  arena_clear(&arena);
}

#define CHECK_CASES(simplifying, cases) \
  check_cases(simplifying, sizeof(cases) / sizeof *(cases), cases)

#endif
