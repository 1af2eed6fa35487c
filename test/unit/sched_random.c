/* SPDX-License-Identifier: Apache-2.0 */
/* Any schedule computes the same numbers: random schedules of a random small
 * graph against the untouched one, run by the evaluator. */
#include <inttypes.h>
#include <stdlib.h>

#include "ir/eval.h"
#include "sched_seeds.h"

enum { ROUNDS = 1000, MAX_ELEMENTS = 4096 };

/* ---- Random numbers ----------------------------------------------------- */

typedef struct Random {
  uint64_t state;
} Random;

static uint32_t draw(Random *random, uint32_t below) {
  random->state = random->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random->state >> 33) % below;
}

static bool chance(Random *random, int percent) {
  return (int)draw(random, 100) < percent;
}

/* ---- The graph ---------------------------------------------------------- */

/* in -> pad -> scaled; sum = windows of scaled; out = sum + pad.  `sum` has a
 * stride and a reduction of two axes. */
typedef struct Program {
  Kit *kit;
  const Tensor *in, *pad, *scaled, *sum, *out;
  int stride;
  Schedule *s;
} Program;

static const Expr *scale(Arena *arena, const Expr *x) {
  return ex_add(arena, ex_muli(arena, x, 3), make_i32(arena, 1));
}

static const Tensor *windows(Arena *a, const Tensor *from, const int *size,
                             int stride, Combiner combiner) {
  int64_t extent[2];
  const Expr *shape[2];
  for (int i = 0; i < 2; i++) {
    extent[i] = AS(IntImm, from->shape[i])->value;
    shape[i] = make_i32(a, (extent[i] - size[i]) / stride + 1);
  }
  const IterVar *x[2], *r[2];
  te_axes(a, 2, shape, (const char *const[]){"y", "x"}, x);
  r[0] = te_reduce_axis(a, "dy", 0, size[0]);
  r[1] = te_reduce_axis(a, "dx", 0, size[1]);
  const Expr *index[2];
  for (int i = 0; i < 2; i++)
    index[i] =
        ex_add(a, ex_muli(a, axis_value(x[i]), stride), axis_value(r[i]));
  const Expr *source = te_read(a, from, 2, index);
  return te_compute(a, "sum", "", 2, x, te_reduce(a, combiner, source, 2, r));
}

static Program program(Kit *kit, Random *random) {
  Arena *a = &kit->arena;
  Program p = {.kit = kit, .stride = 1 + (int)draw(random, 2)};
  int h = 3 + (int)draw(random, 8), w = 3 + (int)draw(random, 8);
  int64_t before[] = {draw(random, 2), draw(random, 3)};
  int size[] = {1 + (int)draw(random, 3), 1 + (int)draw(random, 3)};
  p.in = input(a, "in", INT32, (Shape){2, {h, w}});
  Padding padding = {.name = "pad", .before = before};
  p.pad = te_pad(a, p.in, &padding);
  p.scaled = map_tensor(a, p.pad, "scaled", scale);
  p.sum = windows(a, p.scaled, size, p.stride,
                  chance(random, 50) ? COMBINE_SUM : COMBINE_MAX);
  const IterVar *x[2];
  te_axes(a, 2, p.sum->shape, NULL, x);
  const Expr *total =
      ex_add(a, te_read_axes(a, p.sum, 2, x), te_read_axes(a, p.pad, 2, x));
  p.out = te_compute(a, "out", "", 2, x, total);
  return p;
}

/* ---- Random schedules --------------------------------------------------- */

static const IterVar *any_leaf(Random *random, const Stage *stage) {
  return stage->leaf.at[draw(random, (uint32_t)stage->leaf.n)];
}

static void split_any(Random *random, Stage *stage) {
  const IterVar *outer, *inner, *axis = any_leaf(random, stage);
  int64_t steps = 1 + draw(random, 6);
  if (chance(random, 70))
    sched_split(stage, axis, steps, &outer, &inner);
  else
    sched_split_parts(stage, axis, steps, &outer, &inner);
}

static void fuse_any(Random *random, Stage *stage) {
  if (stage->leaf.n < 2) return;
  int at = (int)draw(random, (uint32_t)stage->leaf.n - 1);
  const IterVar *pair[] = {stage->leaf.at[at], stage->leaf.at[at + 1]};
  sched_fuse(stage, 2, pair);
}

static void reorder_any(Random *random, Stage *stage) {
  const IterVar *order[32];
  int n = stage->leaf.n;
  for (int i = 0; i < n; i++) {
    int j = (int)draw(random, (uint32_t)i + 1);
    order[i] = order[j];
    order[j] = stage->leaf.at[i];
  }
  sched_reorder(stage, n, order);
}

static void shape_loops(Random *random, Stage *stage) {
  for (int i = (int)draw(random, 4); i > 0; i--) {
    switch (draw(random, 4)) {
      case 0: fuse_any(random, stage); break;
      case 1: reorder_any(random, stage); break;
      default: split_any(random, stage);
    }
  }
  if (chance(random, 10)) sched_unroll(stage, any_leaf(random, stage));
  if (chance(random, 10))
    sched_pragma(stage, any_leaf(random, stage), "x", NULL);
}

/* Where a stage may be computed is for the schedule to say: a refusal leaves
 * the stage where it was. */
static void place(Random *random, Program *p, Stage *stage) {
  if (chance(random, 25) && !stage->op->reduce_axes)
    return sched_compute_inline(stage);
  if (chance(random, 25)) return;
  Stage *parent = p->s->stage.at[draw(random, (uint32_t)p->s->stage.n)];
  if (is_placeholder(parent->op) || parent->attach == ATTACH_INLINE) return;
  const IterVar *axis = any_leaf(random, parent);
  Trap saved = p->kit->trap;
  if (setjmp(p->kit->trap.here) == 0)
    sched_compute_at(stage, parent, axis);
  else
    assert_int_equal(p->kit->trap.diag.id, D_ATTACH);
  p->kit->trap = saved;
}

static void schedule_any(Random *random, Program *p) {
  if (chance(random, 30)) sched_cache_write(p->s, p->sum, "local");
  if (chance(random, 30))
    sched_cache_read(p->s, p->pad, "local", 1, &p->scaled);
  if (chance(random, 30)) sched_cache_read(p->s, p->in, "global", 1, &p->pad);
  for (int i = p->s->stage.n - 1; i >= 0; i--) {
    Stage *stage = p->s->stage.at[i];
    if (is_placeholder(stage->op)) continue;
    shape_loops(random, stage);
    if (!stage->is_output) place(random, p, stage);
  }
}

/* ---- Running ------------------------------------------------------------ */

static int elements(const Tensor *tensor) {
  int n = 1;
  for (int i = 0; i < tensor->n; i++)
    n *= (int)AS(IntImm, tensor->shape[i])->value;
  return n;
}

static void run(Program *p, const Func *func, int32_t *in, int32_t *out) {
  Diag diag;
  EvalMemory args[] = {
      {.bytes = in, .size = (size_t)elements(p->in) * sizeof *in},
      {.bytes = out, .size = (size_t)elements(p->out) * sizeof *out}};
  EvalProgram *eval = eval_prepare(&p->kit->arena, func);
  if (eval_run(eval, args, NULL, &diag))
    fail_msg("%s in\n%s", diag.message, func_text(&p->kit->arena, func));
}

/* The lowered function, or NULL where a stage's place is refused. */
static const Func *try_lower(Program *p) {
  const Tensor *args[] = {p->in, p->out};
  Kit *kit = p->kit;
  Trap saved = kit->trap;
  const Func *func = NULL;
  if (setjmp(kit->trap.here) == 0)
    func = sched_lower(&kit->arena, &kit->scratch, p->s, 2, args, "f");
  else if (kit->trap.diag.id != D_ATTACH)
    fail_msg("%s", kit->trap.diag.message);
  kit->trap = saved;
  return func;
}

/* Returns whether the schedule was a legal one. */
static bool compare_round(Kit *kit, uint64_t seed) {
  Random random = {seed};
  Program p = program(kit, &random);
  int32_t *in = ARENA_ARRAY(&kit->arena, int32_t, elements(p.in));
  int32_t *want = ARENA_ARRAY(&kit->arena, int32_t, elements(p.out));
  int32_t *got = ARENA_ARRAY(&kit->arena, int32_t, elements(p.out));
  for (int i = 0; i < elements(p.in); i++)
    in[i] = (int32_t)draw(&random, 200) - 100;
  p.s = sched_create(&kit->arena, 1, &p.out);
  run(&p, try_lower(&p), in, want);
  schedule_any(&random, &p);
  const Func *func = try_lower(&p);
  if (!func) return false;
  run(&p, func, in, got);
  if (memcmp(want, got, (size_t)elements(p.out) * sizeof *got))
    fail_msg("seed %" PRIu64 ": other numbers from\n%s", seed,
             func_text(&kit->arena, func));
  return true;
}

static void test_random_schedules(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  const char *only = getenv("SCHED_SEED");
  int legal = 0;
  if (only) {
    assert_true(compare_round(kit, strtoull(only, NULL, 10)));
    return;
  }
  for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
    legal += compare_round(kit, seed);
    arena_clear(&kit->arena);
    arena_clear(&kit->scratch);
  }
  assert_true(legal > ROUNDS / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {KIT_TEST(test_random_schedules)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
