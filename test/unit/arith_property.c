/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for any expression, tried on random ones: simplifying
 * changes no value, bounds and sets contain every value, residues fit.
 *
 * usage: unit_arith_property [CASES [SEED]] */
#include "arith_text.h"

#include "arith_random.h"
#include "ir/traverse.h"

enum { DEPTH = 4, FORMS = 4 };
static int cases = 2000;
static uint64_t seed = 20220707;

/* One random expression and all that is claimed of it. */
typedef struct Claim {
  Random random;
  Analyzer *analyzer;
  const Expr *expr;
  const Expr *condition; /* the claims hold where it does; NULL: anywhere */
  const Expr *form[FORMS];
  Bound bound;
  Modular modular;
  bool has_set;
  IntSet set;
} Claim;

static void broken(const Claim *claim, Assignment *at, const char *what,
                   const Expr *form, int64_t want, int64_t got) {
  Arena *arena = claim->random.arena;
  fail_msg("%s of %s\n  under %s\n  at i=%d j=%d k=%d: %s is %lld, not %lld",
           what, text_of(arena, claim->expr),
           claim->condition ? text_of(arena, claim->condition) : "nothing",
           (int)at->value[0], (int)at->value[1], (int)at->value[2],
           form ? text_of(arena, form) : "it", (long long)got, (long long)want);
}

static void check_forms(Claim *claim, Assignment *at, int64_t want) {
  static const char *const names[FORMS] = {"rewrite", "canonical", "simplify",
                                           "twice"};
  for (int i = 0; i < FORMS; i++) {
    Worth got = worth(at, claim->form[i]);
    if (!got.defined || got.value != want)
      broken(claim, at, names[i], claim->form[i], want, got.value);
  }
}

static void check_set(Claim *claim, Assignment *at, int64_t value) {
  Worth lo = {true, INT64_MIN}, hi = {true, INT64_MAX};
  if (claim->set.lo != NEG_INF) lo = worth(at, claim->set.lo);
  if (claim->set.hi != POS_INF) hi = worth(at, claim->set.hi);
  if (lo.defined && value < lo.value)
    broken(claim, at, "set", claim->set.lo, value, lo.value);
  if (hi.defined && value > hi.value)
    broken(claim, at, "set", claim->set.hi, value, hi.value);
}

static void check_at(void *self, Assignment *at) {
  Claim *claim = self;
  if (claim->condition) {
    Worth holds = worth(at, claim->condition);
    if (!holds.defined || !holds.value) return;
  }
  Worth want = worth(at, claim->expr);
  if (!want.defined) return;
  check_forms(claim, at, want.value);
  if (want.value < claim->bound.lo || want.value > claim->bound.hi)
    broken(claim, at, "bound", NULL, want.value, claim->bound.lo);
  Modular set = claim->modular;
  int64_t rest = want.value - set.base;
  if (set.coeff ? rest % set.coeff != 0 : rest != 0)
    broken(claim, at, "residue", NULL, want.value, set.base);
  if (claim->has_set) check_set(claim, at, want.value);
}

static void bind_ranges(Claim *claim) {
  Arena *arena = claim->random.arena;
  for (int i = 0; i < RANDOM_VARS; i++) {
    Range range = {make_i32(arena, random_vars[i].min),
                   make_i32(arena, random_vars[i].extent)};
    analyzer_bind(claim->analyzer, claim->random.var[i], range);
  }
}

static void simplify_all(Claim *claim) {
  Analyzer *analyzer = claim->analyzer;
  claim->form[0] = rewrite_simplify(analyzer, claim->expr);
  claim->form[1] = canonical_simplify(analyzer, claim->expr);
  claim->form[2] = simplify(analyzer, claim->expr);
  claim->form[3] = simplify(analyzer, claim->form[2]);
  claim->bound = const_bound(analyzer, claim->expr);
  claim->modular = modular_set(analyzer, claim->expr);
}

static void relax(Claim *claim) {
  Arena *arena = claim->random.arena;
  PtrMap sets;
  ptrmap_init(&sets, arena);
  for (int i = 1; i < 3; i++) {
    IntSet *set = ARENA_NEW(arena, IntSet);
    Range range = {make_i32(arena, random_vars[i].min),
                   make_i32(arena, random_vars[i].extent)};
    *set = set_range(arena, range);
    ptrmap_set(&sets, claim->random.var[i], set);
  }
  claim->set = eval_set(claim->analyzer, claim->expr, &sets);
}

/* The set of a truncated remainder supposes that nothing is negative. */
static void find_mod(void *self, const Expr *expr) {
  if (expr->kind == MOD) *(bool *)self = true;
}

static bool uses_mod(Arena *arena, const Expr *expr) {
  bool found = false;
  post_order_expr(arena, expr, &found, find_mod);
  return found;
}

static void check_case(uint64_t number, bool under_condition) {
  Arena arena;
  arena_init(&arena, NULL);
  Claim claim = {.random = random_new(&arena, number * 2654435761u + seed),
                 .analyzer = analyzer_new(&arena)};
  for (int i = 0; i < 8; i++) random_next(&claim.random);
  bind_ranges(&claim);
  claim.expr = random_below(&claim.random, 5)
                   ? random_expr(&claim.random, DEPTH)
                   : random_condition(&claim.random, DEPTH);
  if (under_condition) {
    claim.condition = random_condition(&claim.random, 2);
    Constraint constraint = analyzer_enter(claim.analyzer, claim.condition);
    simplify_all(&claim);
    analyzer_leave(claim.analyzer, constraint);
  } else {
    simplify_all(&claim);
    claim.has_set = is_index(claim.expr->type) && !uses_mod(&arena, claim.expr);
    if (claim.has_set) relax(&claim);
  }
  for_all_assignments(&claim.random, &claim, check_at);
  arena_clear(&arena);
}

static void test_anywhere(void **state) {
  (void)state;
  for (int i = 0; i < cases; i++) check_case((uint64_t)i, false);
}

static void test_under_condition(void **state) {
  (void)state;
  for (int i = 0; i < cases; i++) check_case((uint64_t)i, true);
}

int main(int argc, char **argv) {
  if (argc > 1) cases = atoi(argv[1]);
  if (argc > 2) seed = strtoull(argv[2], NULL, 0);
  printf("%d cases, seed %llu\n", cases, (unsigned long long)seed);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_anywhere),
      cmocka_unit_test(test_under_condition),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
