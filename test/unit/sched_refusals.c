/* SPDX-License-Identifier: Apache-2.0 */
/* Every misuse of a primitive is refused by name, and changes nothing. */
#include "sched_seeds.h"

/* A -> B -> C -> D (an output), and E (another output) that reads B; D is a
 * sum over k. */
typedef struct Graph {
  const Tensor *A, *B, *C, *D, *E;
  const IterVar *k;
  Schedule *s;
  Stage *a, *b, *c, *d, *e;
} Graph;

static Graph graph(Kit *kit) {
  Arena *a = &kit->arena;
  Graph g;
  g.A = input(a, "A", INT32, (Shape){2, {10, 12}});
  g.B = map_tensor(a, g.A, "B", max0);
  g.C = map_tensor(a, g.B, "C", shr8);
  g.k = te_reduce_axis(a, "k", 0, 12);
  const Expr *ten = make_i32(a, 10);
  const IterVar *i;
  te_axes(a, 1, &ten, NULL, &i);
  const IterVar *at[] = {i, g.k};
  const Expr *sum = te_sum(a, te_read_axes(a, g.C, 2, at), 1, &g.k);
  g.D = te_compute(a, "D", "", 1, &i, sum);
  g.E = map_tensor(a, g.B, "E", min127);
  g.s = sched_create(a, 2, (const Tensor *[]){g.D, g.E});
  g.a = sched_stage(g.s, g.A);
  g.b = sched_stage(g.s, g.B);
  g.c = sched_stage(g.s, g.C);
  g.d = sched_stage(g.s, g.D);
  g.e = sched_stage(g.s, g.E);
  return g;
}

static const Func *lower(Kit *kit, const Graph *g) {
  const Tensor *args[] = {g->A, g->D, g->E};
  return sched_lower(&kit->arena, &kit->scratch, g->s, 3, args, "f");
}

#define SETUP()               \
  Kit *kit = *state;          \
  EXPECT_NO_FAILURE(kit);     \
  Graph g = graph(kit);       \
  Arena *arena = &kit->arena; \
  (void)arena

static void test_create(void **state) {
  SETUP();
  const Tensor *other = input(arena, "Z", INT8, (Shape){1, {4}});
  ASSERT_FAILS(kit, D_SCHEDULE, "at least one output",
               sched_create(arena, 0, NULL));
  ASSERT_FAILS(kit, D_SCHEDULE, "'A' is a placeholder",
               sched_create(arena, 1, &g.A));
  ASSERT_FAILS(kit, D_SCHEDULE, "'D' is given as an output twice",
               sched_create(arena, 2, (const Tensor *[]){g.D, g.D}));
  ASSERT_FAILS(kit, D_SCHEDULE, "'Z' is no tensor of this schedule",
               sched_stage(g.s, other));
}

static void test_split(void **state) {
  SETUP();
  const IterVar *outer, *inner, *x = g.C->axis[0];
  ASSERT_FAILS(kit, D_SCHEDULE, "axis 'i0' of stage 'C' into steps of 0",
               sched_split(g.c, x, 0, &outer, &inner));
  ASSERT_FAILS(kit, D_SCHEDULE, "into parts: -2",
               sched_split_parts(g.c, x, -2, &outer, &inner));
  ASSERT_FAILS(kit, D_SCHEDULE, "between 1 and 1073741824",
               sched_split(g.c, x, INT64_C(1) << 31, &outer, &inner));
  ASSERT_FAILS(kit, D_AXIS, "axis 'i0' does not belong to stage 'B'",
               sched_split(g.b, x, 2, &outer, &inner));
  sched_split(g.c, x, 2, &outer, &inner);
  ASSERT_FAILS(kit, D_AXIS, "'i0' of stage 'C' is no leaf any more",
               sched_split(g.c, x, 2, &outer, &inner));
  sched_bind(g.c, outer, te_thread_axis(arena, "cthread", NULL));
  ASSERT_FAILS(kit, D_SCHEDULE, "'i0.outer' of stage 'C' is bound to thread",
               sched_split(g.c, outer, 2, &outer, &inner));
}

static void test_fuse(void **state) {
  SETUP();
  const IterVar *const *x = g.C->axis;
  const IterVar *o, *i;
  sched_split(g.c, x[0], 2, &o, &i);
  const IterVar *apart[] = {o, x[1]}, *twice[] = {o, o};
  const IterVar *late[] = {o, i, g.B->axis[0]};
  ASSERT_FAILS(kit, D_AXIS, "axes 'i0.outer' and 'i1' of stage 'C'",
               sched_fuse(g.c, 2, apart));
  ASSERT_FAILS(kit, D_AXIS, "are no neighbours", sched_fuse(g.c, 2, twice));
  ASSERT_FAILS(kit, D_AXIS, "does not belong to stage 'C'",
               sched_fuse(g.c, 3, late));
  assert_int_equal(g.c->leaf.n, 3);
  ASSERT_FAILS(kit, D_SCHEDULE, "'A' is a placeholder",
               sched_fuse(g.a, 0, NULL));
}

static void test_reorder_tile(void **state) {
  SETUP();
  const IterVar *const *x = g.C->axis;
  const IterVar *twice[] = {x[1], x[0], x[1]}, *out[4];
  ASSERT_FAILS(kit, D_AXIS, "axis 'i1' of stage 'C' is given twice",
               sched_reorder(g.c, 3, twice));
  ASSERT_FAILS(kit, D_AXIS, "does not belong to stage 'D'",
               sched_reorder(g.d, 1, x));
  ASSERT_FAILS(kit, D_AXIS, "axis 'i0' of stage 'C' is given twice",
               sched_tile(g.c, x[0], x[0], 2, 2, out));
  ASSERT_FAILS(kit, D_SCHEDULE, "'i1' of stage 'C' into steps of 0",
               sched_tile(g.c, x[0], x[1], 2, 0, out));
  assert_int_equal(g.c->leaf.n, 2);
}

static void test_loops(void **state) {
  SETUP();
  const IterVar *const *x = g.C->axis;
  const IterVar *thread = te_thread_axis(arena, "cthread", NULL);
  const IterVar *gpu = te_thread_axis(arena, "threadIdx.x", NULL);
  ASSERT_FAILS(kit, D_SCHEDULE, "'i1' (for stage 'C') is no thread axis",
               sched_bind(g.c, x[0], x[1]));
  ASSERT_FAILS(kit, D_SCHEDULE, "thread tag 'threadIdx.x'",
               sched_bind(g.c, x[0], gpu));
  ASSERT_FAILS(kit, D_SCHEDULE, "axis 'k' of stage 'D' is a reduction",
               sched_bind(g.d, g.k, thread));
  sched_bind(g.c, x[0], thread);
  ASSERT_FAILS(kit, D_SCHEDULE, "'i0' of stage 'C' is bound to thread",
               sched_bind(g.c, x[0], te_thread_axis(arena, "vthread", NULL)));
  ASSERT_FAILS(kit, D_SCHEDULE, "'cthread' already has axis 'i0'",
               sched_bind(g.c, x[1], thread));
  ASSERT_FAILS(kit, D_SCHEDULE, "vectorize: axis 'k' of stage 'D'",
               sched_vectorize(g.d, g.k));
  ASSERT_FAILS(kit, D_SCHEDULE, "parallel: axis 'k' of stage 'D'",
               sched_parallel(g.d, g.k));
  ASSERT_FAILS(kit, D_AXIS, "pragma: axis 'k' does not belong to stage 'C'",
               sched_pragma(g.c, g.k, "alu", NULL));
  const TensorIntrin *gemm = gemm_intrin(arena);
  sched_tensorize(g.d, g.k, gemm);
  ASSERT_FAILS(kit, D_TENSORIZE, "axis 'k' of stage 'D' is tensorized already",
               sched_tensorize(g.d, g.D->axis[0], gemm));
}

static void test_places(void **state) {
  SETUP();
  const IterVar *i = g.D->axis[0], *o, *n;
  ASSERT_FAILS(kit, D_ATTACH, "stage 'D' is an output",
               sched_compute_at(g.d, g.e, g.E->axis[0]));
  ASSERT_FAILS(kit, D_ATTACH, "'B' can't be inside 'B'",
               sched_compute_at(g.b, g.b, g.B->axis[0]));
  ASSERT_FAILS(kit, D_ATTACH, "'C' at axis 'i0' of 'E', which does not use it",
               sched_compute_at(g.c, g.e, g.E->axis[0]));
  ASSERT_FAILS(kit, D_AXIS, "axis 'i0' does not belong to stage 'D'",
               sched_compute_at(g.c, g.d, g.C->axis[0]));
  ASSERT_FAILS(kit, D_SCHEDULE, "'A' is a placeholder",
               sched_compute_at(g.a, g.b, g.B->axis[0]));
  sched_compute_at(g.c, g.d, i);
  ASSERT_FAILS(kit, D_ATTACH, "'D' is an output", sched_compute_inline(g.d));
  sched_split(g.d, i, 5, &o, &n);
  assert_non_null(lower(kit, &g));
  ASSERT_FAILS(kit, D_SCHEDULE, "'C' in scope 'shard'",
               sched_set_scope(g.c, "shard"));
  ASSERT_FAILS(kit, D_SCHEDULE, "an argument lies in global memory",
               sched_set_scope(g.d, "local.acc_buffer"));
  sched_set_scope(g.d, "global");
}

static void test_inline_reduction(void **state) {
  SETUP();
  const Tensor *F = map_tensor(arena, g.D, "F", shr8);
  Schedule *s = sched_create(arena, 1, &F);
  Stage *d = sched_stage(s, g.D);
  ASSERT_FAILS(kit, D_ATTACH, "stage 'D' is a reduction over 'k'",
               sched_compute_inline(d));
  ASSERT_FAILS(kit, D_ATTACH, "are of two schedules",
               sched_compute_at(d, g.d, g.D->axis[0]));
}

static void test_caches(void **state) {
  SETUP();
  const IterVar *o, *i;
  ASSERT_FAILS(kit, D_SCHEDULE, "nobody is to read the cache of 'A'",
               sched_cache_read(g.s, g.A, "local", 0, NULL));
  ASSERT_FAILS(kit, D_SCHEDULE, "stage 'C' does not read 'A'",
               sched_cache_read(g.s, g.A, "local", 1, &g.C));
  ASSERT_FAILS(
      kit, D_SCHEDULE, "'B' is named twice",
      sched_cache_read(g.s, g.A, "local", 2, (const Tensor *[]){g.B, g.B}));
  ASSERT_FAILS(kit, D_SCHEDULE, "in scope 'chip'",
               sched_cache_read(g.s, g.A, "chip", 1, &g.B));
  ASSERT_FAILS(kit, D_SCHEDULE, "'A' is a placeholder; use cache_read",
               sched_cache_write(g.s, g.A, "local"));
  assert_int_equal(g.s->stage.n, 5);
  sched_split(g.d, g.k, 4, &o, &i);
  ASSERT_FAILS(kit, D_SCHEDULE, "'k.outer' of stage 'D' comes of a reduction",
               sched_cache_write(g.s, g.D, "local"));
}

static void test_arguments(void **state) {
  SETUP();
  const Tensor *other = input(arena, "Z", INT8, (Shape){1, {4}});
#define LOWER(...)                                                             \
  sched_lower(arena, &kit->scratch, g.s,                                       \
              (int)(sizeof((const Tensor *[]){__VA_ARGS__}) / sizeof(void *)), \
              (const Tensor *[]){__VA_ARGS__}, "f")
  ASSERT_FAILS(kit, D_LOWER_ARGS, "argument 1 ('Z') is no tensor",
               LOWER(g.A, other, g.D, g.E));
  ASSERT_FAILS(kit, D_LOWER_ARGS, "argument 2 ('D') is given twice",
               LOWER(g.A, g.D, g.D, g.E));
  ASSERT_FAILS(kit, D_LOWER_ARGS, "output 'E' is not among", LOWER(g.A, g.D));
  ASSERT_FAILS(kit, D_LOWER_ARGS, "placeholder 'A' is not among",
               LOWER(g.D, g.E));
  sched_compute_inline(g.b);
  ASSERT_FAILS(kit, D_LOWER_ARGS, "argument 1 ('B') is computed inline",
               LOWER(g.A, g.B, g.D, g.E));
#undef LOWER
}

/* Faults that only the whole schedule shows. */
static void test_lowering(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_compute_at(g.b, g.c, g.C->axis[0]);
  ASSERT_FAILS(kit, D_ATTACH,
               "stage 'B' is computed at axis 'i0' of 'C', but 'E', which "
               "uses it, runs outside",
               lower(kit, &g));
  sched_compute_root(g.b);
  sched_compute_at(g.c, g.d, g.D->axis[0]);
  sched_fuse(g.d, 2, (const IterVar *[]){g.D->axis[0], g.k});
  ASSERT_FAILS(kit, D_ATTACH, "at axis 'i0' of 'D', which was fused",
               lower(kit, &g));
  sched_compute_root(g.c);
  sched_split(g.c, g.C->axis[0], 5, &o, &i);
  sched_compute_at(g.b, g.c, o);
  sched_compute_inline(g.c);
  ASSERT_FAILS(kit, D_ATTACH, "of 'C', which is inlined", lower(kit, &g));
}

static void test_fuse_too_long(void **state) {
  Kit *kit = *state;
  EXPECT_NO_FAILURE(kit);
  Arena *a = &kit->arena;
  Graph g = {0};
  g.A = input(a, "A", INT8, (Shape){1, {1 << 20}});
  const Expr *shape[] = {make_i32(a, 4096)};
  const IterVar *i;
  te_axes(a, 1, shape, NULL, &i);
  g.k = te_reduce_axis(a, "k", 0, 1 << 20);
  const Expr *sum = te_sum(a, te_read_axes(a, g.A, 1, &g.k), 1, &g.k);
  g.D = te_compute(a, "D", "", 1, &i, sum);
  g.s = sched_create(a, 1, &g.D);
  sched_fuse(sched_stage(g.s, g.D), 2, (const IterVar *[]){i, g.k});
  const Tensor *args[] = {g.A, g.D};
  ASSERT_FAILS(kit, D_SCHEDULE, "axis 'i0.k.fused' of stage 'D' would have",
               sched_lower(a, &kit->scratch, g.s, 2, args, "f"));
}

static void test_threads(void **state) {
  SETUP();
  const IterVar *thread = te_thread_axis(arena, "cthread", NULL);
  sched_bind(g.c, g.C->axis[0], thread);
  sched_bind(g.e, g.E->axis[1], thread);
  ASSERT_FAILS(kit, D_SCHEDULE, "thread 'cthread' is bound to axis",
               lower(kit, &g));
}

/* An attached stage whose root axis, bound to a thread, starts anywhere. */
static void test_thread_start(void **state) {
  SETUP();
  const IterVar *o, *i;
  sched_split(g.d, g.D->axis[0], 5, &o, &i);
  sched_compute_at(g.c, g.d, o);
  sched_bind(g.c, g.C->axis[0], te_thread_axis(arena, "cthread", NULL));
  ASSERT_FAILS(kit, D_SCHEDULE, "'i0' of stage 'C' is bound to a thread but",
               lower(kit, &g));
}

int main(void) {
  const struct CMUnitTest tests[] = {KIT_TEST(test_create),
                                     KIT_TEST(test_split),
                                     KIT_TEST(test_fuse),
                                     KIT_TEST(test_reorder_tile),
                                     KIT_TEST(test_loops),
                                     KIT_TEST(test_places),
                                     KIT_TEST(test_inline_reduction),
                                     KIT_TEST(test_caches),
                                     KIT_TEST(test_arguments),
                                     KIT_TEST(test_lowering),
                                     KIT_TEST(test_fuse_too_long),
                                     KIT_TEST(test_threads),
                                     KIT_TEST(test_thread_start)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
